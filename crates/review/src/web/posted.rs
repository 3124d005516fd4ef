//! The fields of a form, once its token is checked.

use std::str::FromStr;

use axum::Form;
use axum::extract::{FromRequest, FromRequestParts, Request};

use super::answer::Fault;
use super::page::Page;

/// The fields of a form whose token fits the session.
#[derive(Debug)]
pub(crate) struct Posted(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let (mut parts, body) = request.into_parts();
        let Ok(page) = Page::from_request_parts(&mut parts, state).await;
        let form = Form::<Vec<(String, String)>>::from_request(Request::from_parts(parts, body), state).await;
        let Form(fields) = form.map_err(|_| Fault::Wrong("error.form"))?;
        let posted = Self(fields);
        let is_ours: bool =
            subtle::ConstantTimeEq::ct_eq(posted.text("token").as_bytes(), page.token.as_bytes()).into();
        // Before a login, without its cookie, there is no token at all.
        if page.token.is_empty() || !is_ours {
            return Err(Fault::Token);
        }
        Ok(posted)
    }
}

impl Posted {
    /// Returns a field without the space around it; blank if the form lacks it.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
    }

    /// Returns a field as it is; blank if the form lacks it.
    pub(crate) fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// Returns true if the form has the field, as a checked box does.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// Returns a field as a value.
    ///
    /// # Errors
    /// [`Fault::Wrong`] if it is missing or none.
    pub(crate) fn value<T: FromStr>(&self, name: &str) -> Result<T, Fault> {
        self.text(name).parse().map_err(|_| Fault::Wrong("error.form"))
    }
}
