//! The keys of clients.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use axum::extract::Query;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::refusal::Refusal;

/// The shortest key, in bytes. Shorter ones can be guessed.
const MIN_KEY_BYTES: usize = 16;

/// The keys of clients, each with a name for logs and metrics. Only their SHA-256 is in memory.
#[derive(Clone, Default)]
pub struct Keys(Vec<(Arc<str>, [u8; 32])>);

/// Error of a list of keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The list is not lines of `name = "key"`. The message doesn't quote the list.
    #[error("line {0}: not a key; write name = \"key\"")]
    Syntax(usize),
    /// A key is too short.
    #[error("the key `{0}` has less than {MIN_KEY_BYTES} bytes; create one with `openssl rand -hex 24`")]
    Short(String),
    /// Two names have the same key.
    #[error("the keys `{0}` and `{1}` are the same; give each client a key of its own")]
    Same(String, String),
    /// There is no key in the list.
    #[error("there is no key; write name = \"key\", one a line")]
    Empty,
}

impl Keys {
    /// Parses lines of `name = "key"` (TOML).
    ///
    /// # Errors
    /// [`KeysError`] if the list isn't such lines, has no key, or has one that is too short or the
    /// same as another.
    pub fn parse(toml: &str) -> Result<Self, KeysError> {
        let list: BTreeMap<String, String> = toml::from_str(toml).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start.min(toml.len()));
            KeysError::Syntax(1 + toml.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count())
        })?;
        if list.is_empty() {
            return Err(KeysError::Empty);
        }
        let mut keys: Vec<(Arc<str>, [u8; 32])> = Vec::new();
        for (name, key) in list {
            if key.len() < MIN_KEY_BYTES {
                return Err(KeysError::Short(name));
            }
            let digest = Sha256::digest(&key).into();
            if let Some((other, _)) = keys.iter().find(|(_, known)| *known == digest) {
                return Err(KeysError::Same(other.to_string(), name));
            }
            keys.push((name.into(), digest));
        }
        Ok(Self(keys))
    }

    /// Returns true if clients need no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the name of the key that a request has.
    ///
    /// # Errors
    /// It has no key, or only others.
    pub(crate) fn name(&self, request: &Parts) -> Result<Arc<str>, Refusal> {
        let query = Query::<Vec<(String, String)>>::try_from_uri(&request.uri);
        let query = query.map(|Query(pairs)| pairs).unwrap_or_default();
        let in_query = query.iter().filter(|(name, _)| name == "key" || name == "access_token");
        let sent = in_headers(&request.headers).chain(in_query.map(|(_, key)| key.as_bytes()));
        let mut refusal = Refusal::NoKey;
        for key in sent.filter(|key| !key.is_empty()) {
            match self.find(key) {
                Some(name) => return Ok(name),
                None => refusal = Refusal::WrongKey,
            }
        }
        Err(refusal)
    }

    /// Returns the name of a key. The time that it takes depends on no byte of any key.
    fn find(&self, key: &[u8]) -> Option<Arc<str>> {
        let digest = Sha256::digest(key);
        let mut found = None;
        for (name, known) in &self.0 {
            if bool::from(known[..].ct_eq(&digest[..])) {
                found = Some(name.clone());
            }
        }
        found
    }
}

/// Returns the keys in the headers where clients of the services that we imitate put them.
fn in_headers(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let bearer = headers.get_all(header::AUTHORIZATION).iter().filter_map(|value| {
        let (scheme, token) = value.as_bytes().split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"bearer ").then_some(token.trim_ascii())
    });
    let plain = ["x-api-key", "api-key", "x-goog-api-key"];
    bearer.chain(plain.into_iter().flat_map(|name| headers.get_all(name)).map(|value| value.as_bytes()))
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;

    use super::*;

    const LIST: &str = "forum = \"0123456789abcdef\"\nwiki = \"a key with = and ü in it\"\n";

    fn name(header: Option<(&str, &[u8])>, uri: &str) -> Option<String> {
        let mut request = Request::builder().uri(uri);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let (head, _) = request.body(Body::empty()).unwrap().into_parts();
        Keys::parse(LIST).unwrap().name(&head).ok().map(|name| name.to_string())
    }

    #[test]
    fn a_key_is_found_wherever_clients_put_it() {
        let key = "0123456789abcdef";
        for (header, value) in [
            ("authorization", format!("Bearer {key}")),
            ("authorization", format!("bearer  {key}")),
            ("x-api-key", key.to_owned()),
            ("api-key", key.to_owned()),
            ("X-Goog-Api-Key", key.to_owned()),
        ] {
            assert_eq!(name(Some((header, value.as_bytes())), "/").as_deref(), Some("forum"), "{header}");
        }
        for uri in ["/x?key=0123456789abcdef", "/?a=b&access_token=0123456789abcdef"] {
            assert_eq!(name(None, uri).as_deref(), Some("forum"), "{uri}");
        }
        assert_eq!(name(None, "/?key=a+key%20with+%3D+and+%C3%BC+in+it").as_deref(), Some("wiki"));
        assert_eq!(name(Some(("x-api-key", b"no key")), "/?key=0123456789abcdef").as_deref(), Some("forum"));
    }

    #[test]
    fn other_keys_are_refused() {
        for (header, uri) in [
            (None, "/"),
            (None, "/?key="),
            (None, "/?key=0123456789abcde"),
            (None, "/?Key=0123456789abcdef"),
            (None, "/?key=%FF0123456789abcdef"),
            (Some(("authorization", &b"Basic 0123456789abcdef"[..])), "/"),
            (Some(("authorization", &b"Bearer"[..])), "/"),
            (Some(("authorization", &b"0123456789abcdef"[..])), "/"),
            (Some(("x-api-key", &b"\xff\xfe0123456789abcdef"[..])), "/"),
        ] {
            assert_eq!(name(header, uri), None, "{header:?} {uri}");
        }
    }

    #[test]
    fn a_bad_list_is_refused_without_quoting_it() {
        for (list, message) in [
            ("", "there is no key"),
            ("# nothing\n", "there is no key"),
            ("a = \"0123456789abcdef\"\nsecret-0123456789\n", "line 2: not a key"),
            ("a = 12345678901234567890", "line 1: not a key"),
            ("a = \"secret\"", "the key `a` has less than 16 bytes"),
            ("a = \"0123456789abcdef\"\nb = \"0123456789abcdef\"", "`a` and `b` are the same"),
        ] {
            let error = Keys::parse(list).unwrap_err().to_string();
            assert!(error.contains(message), "{list}: {error}");
            assert!(!error.contains("secret") && !error.contains("0123456789"), "{error}");
        }
    }

    #[test]
    fn debugging_shows_names_only() {
        assert_eq!(format!("{:?}", Keys::parse(LIST).unwrap()), "[\"forum\", \"wiki\"]");
    }
}
