//! What every page has: its words, its user, its token.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::answer::Fault;
use crate::store::{Role, User};
use crate::words::{Language, Words};

/// The frame of a page, from the request.
#[derive(Clone)]
pub(crate) struct Page {
    /// The words of its language.
    pub(crate) w: &'static Words,
    /// The user; `None` before the login.
    pub(crate) user: Option<User>,
    /// The session; `None` in single-user mode and before the login.
    pub(crate) session: Option<i64>,
    /// True if there is no login.
    pub(crate) is_single: bool,
    /// The token of its forms.
    pub(crate) token: String,
    /// True if texts are shown without asking.
    pub(crate) is_clear: bool,
    /// True if single keys act on pages.
    pub(crate) has_keys: bool,
    /// The part of the console that it belongs to.
    pub(crate) here: &'static str,
    /// The outcome of the form before it.
    pub(crate) notice: Option<Notice>,
}

/// The outcome of a form, from the address that the browser was sent to. An address can be made up
/// by others, so that it selects a sentence and contains none.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    /// The sentence.
    pub(crate) words: String,
    /// The decision that can be undone.
    pub(crate) undo: Option<i64>,
    /// The bulk action that can be undone.
    pub(crate) undo_bulk: Option<i64>,
    /// True if nothing was done.
    pub(crate) is_bad: bool,
}

/// The outcomes that are no failures, with their sentences.
const DONE: [(&str, &str); 18] = [
    ("approve", "done.approve"),
    ("reject", "done.reject"),
    ("defer", "done.defer"),
    ("escalate", "done.escalate"),
    ("second", "done.second"),
    ("undone", "done.undone"),
    ("released", "done.released"),
    ("claimed", "done.claimed"),
    ("appealed", "done.appealed"),
    ("flagged", "done.flagged"),
    ("saved", "done.saved"),
    ("deleted", "done.deleted"),
    ("published", "done.published"),
    ("shadowed", "done.shadowed"),
    ("drawn", "done.drawn"),
    ("ended", "done.ended"),
    ("bulk", "done.bulk"),
    ("forgotten", "done.forgotten"),
];

/// The outcomes that are failures.
const NOT_DONE: [(&str, &str); 12] = [
    ("decided", "undone.decided"),
    ("claimed-by", "undone.claimed_by"),
    ("not-open", "undone.not_open"),
    ("changed", "undone.changed"),
    ("own", "undone.own"),
    ("kept", "undone.kept"),
    ("empty", "undone.empty"),
    ("blurred", "undone.blurred"),
    ("none", "undone.none"),
    ("no-sample", "undone.no_sample"),
    ("no-appeal", "undone.no_appeal"),
    ("rights", "undone.rights"),
];

impl Page {
    /// Returns the frame of a page of a part of the console.
    pub(crate) fn at(mut self, here: &'static str) -> Self {
        self.here = here;
        self
    }

    /// Returns the user.
    ///
    /// # Errors
    /// [`Fault::Forbidden`] before the login.
    pub(crate) fn me(&self) -> Result<&User, Fault> {
        self.user.as_ref().ok_or(Fault::Forbidden)
    }

    /// Returns the user if the role has the rights of `role`.
    ///
    /// # Errors
    /// [`Fault::Forbidden`] if it has not.
    pub(crate) fn must(&self, role: Role) -> Result<&User, Fault> {
        self.user.as_ref().filter(|user| user.role >= role).ok_or(Fault::Forbidden)
    }

    fn may(&self, role: Role) -> bool {
        self.must(role).is_ok()
    }

    /// Returns true if the user may decide.
    pub(crate) fn decides(&self) -> bool {
        self.may(Role::Moderator)
    }

    /// Returns true if the user may act in bulk, decide about escalated items and publish.
    pub(crate) fn leads(&self) -> bool {
        self.may(Role::Lead)
    }

    /// Returns true if the user manages people.
    pub(crate) fn manages(&self) -> bool {
        self.may(Role::Admin)
    }

    /// Returns true if it is the user's id.
    pub(crate) fn is_me(&self, user: &i64) -> bool {
        self.user.as_ref().is_some_and(|me| me.id == *user)
    }

    /// Returns true for the current part of the navigation.
    pub(crate) fn current(&self, part: &str) -> bool {
        self.here == part
    }

    /// Returns the languages, for the choice in the settings.
    pub(crate) fn languages(&self) -> [Language; 2] {
        Language::ALL
    }
}

/// Returns the outcome that the query of an address names.
pub(crate) fn notice(query: &str, w: &Words) -> Option<Notice> {
    let value = |name: &str| {
        let mut fields = query.split('&').filter_map(|field| field.split_once('='));
        fields.find_map(|(key, value)| (key == name).then_some(value))
    };
    let number = |name: &str| value(name).and_then(|value| value.parse::<i64>().ok());
    let sentence = |list: &[(&str, &'static str)], word: &str| {
        list.iter().find(|(known, _)| *known == word).map(|(_, key)| *key)
    };
    let (undo, undo_bulk) = (number("undo"), number("undo_bulk"));
    if let Some(key) = value("done").and_then(|word| sentence(&DONE, word)) {
        let words = match number("count") {
            Some(count) if key == "done.bulk" => w.n("done.bulk_count", count),
            Some(count) if key == "done.undone" => w.n("done.undone_count", count),
            _ => w.t(key).to_owned(),
        };
        return Some(Notice { words, undo, undo_bulk, is_bad: false });
    }
    let key = value("not").and_then(|word| sentence(&NOT_DONE, word))?;
    Some(Notice { words: w.t(key).to_owned(), undo: None, undo_bulk: None, is_bad: true })
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let page = parts.extensions.get::<Self>().cloned();
        Ok(page.unwrap_or_else(|| Self::outside(Language::English.words())))
    }
}

impl Page {
    /// Returns the frame of a page for somebody unknown.
    pub(crate) fn outside(w: &'static Words) -> Self {
        Self {
            w,
            user: None,
            session: None,
            is_single: false,
            token: String::new(),
            is_clear: false,
            has_keys: true,
            here: "",
            notice: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_selects_sentences_and_brings_none() {
        let w = Language::English.words();
        let found = notice("done=reject&undo=12", w).unwrap();
        assert_eq!((found.words.as_str(), found.undo), (w.t("done.reject"), Some(12)));
        let found = notice("a=b&done=bulk&count=3&undo_bulk=4", w).unwrap();
        assert_eq!((found.words, found.undo_bulk), (w.n("done.bulk_count", 3), Some(4)));
        assert!(notice("not=decided", w).unwrap().is_bad);
        for query in ["", "done=<script>", "done", "not=reject", "undo=12"] {
            assert!(notice(query, w).is_none(), "{query}");
        }
    }
}
