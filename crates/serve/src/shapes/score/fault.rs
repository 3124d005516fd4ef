//! The envelope of errors: `{"error": {"code": ..., "message": ..., "index": ...}}`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::refusal::Refusal;

/// A reason to refuse a request, as the client reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// The place of the record at fault in the list of the request, from 0.
    index: Option<usize>,
    /// The seconds after which the client may try again.
    retry_after: Option<u64>,
}

impl Fault {
    /// Creates the fault of a request that the client must change.
    pub(super) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, code, message)
    }

    /// Creates a fault with a status of its own.
    pub(super) fn of(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), index: None, retry_after: None }
    }

    /// Adds the place of the record at fault, from 0.
    pub(super) fn at(self, index: usize) -> Self {
        Self { index: Some(index), ..self }
    }

    /// Returns the fault as a JSON value: an answer, or the last line of a stream.
    pub(super) fn value(&self) -> Value {
        let mut error = json!({"code": self.code, "message": self.message});
        if let Some(index) = self.index {
            error["index"] = json!(index);
        }
        json!({"error": error})
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let (code, remedy) = match &refusal {
            Refusal::NoKey | Refusal::WrongKey => ("unauthorized", "send it as `Authorization: Bearer KEY`"),
            Refusal::TooLarge(_) => ("too_large", "send fewer texts, or a stream: application/x-ndjson"),
            Refusal::TooMany(_) => ("too_many", "send several requests, or a stream: application/x-ndjson"),
            Refusal::TimedOut => ("timed_out", "send it faster"),
            Refusal::Interrupted => ("interrupted", "send all of it"),
            Refusal::Busy(_) => ("busy", ""),
            Refusal::Stopping => ("stopping", "try again in a few seconds"),
            Refusal::NotFound => ("not_found", "GET / lists the addresses"),
            Refusal::MethodNotAllowed => ("method_not_allowed", "GET /openapi.json lists the methods"),
            Refusal::Internal => ("internal", "the cause is in the log of the server"),
        };
        let message = if remedy.is_empty() { refusal.to_string() } else { format!("{refusal}; {remedy}") };
        let retry_after = match &refusal {
            Refusal::Busy(after) => Some(after.as_millis().div_ceil(1000).max(1) as u64),
            _ => None,
        };
        Self { retry_after, ..Self::of(refusal.status(), code, message) }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.value())).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
