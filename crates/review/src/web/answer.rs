//! Answers: pages, redirects, and the faults that end a request.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use tracing::error;

use super::page::Page;
use crate::store::StoreError;

/// The end of a request that cannot be done. [`super::guard`] makes a page of it.
#[derive(Debug)]
pub(crate) enum Fault {
    /// There is no such page, item or person.
    Missing,
    /// The user's role does not allow it.
    Forbidden,
    /// The form's token is missing or of another session.
    Token,
    /// The request comes from another site, or names another host.
    Foreign,
    /// The request is not one: a key of the catalogue says why.
    Wrong(&'static str),
    /// Too many failed logins.
    Limited,
    /// The database failed.
    Store(StoreError),
}

/// A fault as the answer carries it to [`super::guard`].
#[derive(Clone, Copy)]
pub(crate) struct Kept {
    /// The key of its title.
    pub(crate) title: &'static str,
    /// The key of its explanation.
    pub(crate) words: &'static str,
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing(..) => Self::Missing,
            error => Self::Store(error),
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let (status, title, words) = match &self {
            Self::Missing => (StatusCode::NOT_FOUND, "error.missing_title", "error.missing"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "error.forbidden_title", "error.forbidden"),
            Self::Token => (StatusCode::FORBIDDEN, "error.token_title", "error.token"),
            Self::Foreign => (StatusCode::FORBIDDEN, "error.foreign_title", "error.foreign"),
            Self::Wrong(words) => (StatusCode::BAD_REQUEST, "error.wrong_title", *words),
            Self::Limited => (StatusCode::TOO_MANY_REQUESTS, "error.limited_title", "error.limited"),
            Self::Store(_) => (StatusCode::INTERNAL_SERVER_ERROR, "error.store_title", "error.store"),
        };
        if let Self::Store(cause) = &self {
            error!(%cause, "a request failed");
        }
        let mut response = status.into_response();
        if let Self::Limited = self {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("900"));
        }
        response.extensions_mut().insert(Kept { title, words });
        response
    }
}

/// Renders a page.
pub(crate) fn html(template: &impl Template) -> Response {
    match template.render() {
        Ok(page) => Html(page).into_response(),
        Err(cause) => {
            error!(%cause, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Sends the browser to another page after a form.
pub(crate) fn go(address: &str) -> Response {
    Redirect::to(address).into_response()
}

/// The page of a fault.
#[derive(Template)]
#[template(path = "fault.html")]
pub(crate) struct FaultPage<'a> {
    pub(crate) page: &'a Page,
    pub(crate) title: &'a str,
    pub(crate) words: &'a str,
}
