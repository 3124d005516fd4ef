//! Google's errors: the envelope, and the errors of Perspective in it.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::refusal::Refusal;

const SERVICE: &str = "commentanalyzer.googleapis.com";

/// An error, as Google's servers answer it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Failure {
    /// The status of the answer.
    pub(super) code: StatusCode,
    /// The canonical name of the error, like `INVALID_ARGUMENT`.
    status: &'static str,
    message: String,
    details: Vec<Value>,
    /// The reason in the older format of errors, like `badRequest`.
    reason: &'static str,
    /// The time after which the client may try again.
    pub(super) retry_after: Option<Duration>,
}

impl Failure {
    fn new(code: StatusCode, status: &'static str, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, status, message: message.into(), details: Vec::new(), reason, retry_after: None }
    }

    /// Creates an error of a request that is not as it should be.
    pub(super) fn invalid(message: impl Into<String>, details: Vec<Value>) -> Self {
        let failure = Self::new(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", "badRequest", message);
        Self { details, ..failure }
    }

    /// Creates an error of Perspective's own, of a type like `COMMENT_EMPTY`.
    fn perspective(error_type: &str, message: impl Into<String>) -> Self {
        let detail = json!({
            "@type": "type.googleapis.com/google.commentanalyzer.v1alpha1.Error",
            "errorType": error_type,
        });
        Self::invalid(message, vec![detail])
    }

    /// Creates an error of a request that has no error type of its own.
    pub(super) fn request(message: impl Into<String>) -> Self {
        Self::perspective("INVALID_REQUEST", message)
    }

    /// Creates the error of a comment without text.
    pub(super) fn comment_empty() -> Self {
        Self::perspective("COMMENT_EMPTY", "Comment must be non-empty.")
    }

    /// Creates the error of a comment that has more bytes than `limit`. Clients look for the words
    /// "too many bytes".
    pub(super) fn comment_too_long(bytes: usize, limit: usize) -> Self {
        let message = format!("Comment text was too many bytes. Value ({bytes}) exceeded limit ({limit}).");
        Self::perspective("COMMENT_TOO_LONG", message)
    }

    /// Creates the error of a request without attributes.
    pub(super) fn no_attributes() -> Self {
        Self::perspective("NO_REQUESTED_ATTRIBUTES", "Missing requested_attributes")
    }

    /// Creates the error of a comment whose language cannot be detected.
    pub(super) fn detection() -> Self {
        Self::perspective("LANGUAGE_DETECTION_FAILED", "Unable to detect language")
    }

    /// Creates the error of an attribute that is not served in these languages, which the request
    /// named or which were detected.
    pub(super) fn language(attribute: &str, languages: &[String], are_named: bool) -> Self {
        let list = languages.join(", ");
        let message = format!("Attribute {attribute} does not support request languages: {list}");
        let mut failure = Self::perspective("LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE", message);
        let key = if are_named { "requestedLanguages" } else { "detectedLanguages" };
        failure.details[0]["languageNotSupportedByAttributeError"] =
            json!({ key: languages, "attribute": attribute });
        failure
    }

    /// Returns the body of the answer. `is_old` asks for the older format, with `errors` in place
    /// of `details` (`$.xgafv=1`).
    pub(super) fn body(&self, is_old: bool) -> Value {
        let mut error = Map::new();
        error.insert("code".into(), json!(self.code.as_u16()));
        error.insert("message".into(), json!(self.message));
        if is_old {
            let entry = json!({ "message": self.message, "domain": "global", "reason": self.reason });
            error.insert("errors".into(), json!([entry]));
        }
        error.insert("status".into(), json!(self.status));
        if !is_old && !self.details.is_empty() {
            error.insert("details".into(), json!(self.details));
        }
        json!({ "error": error })
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            // Google answers a missing key with 403, and a wrong one with 400.
            Refusal::NoKey => {
                let message = "Method doesn't allow unregistered callers (callers without established identity). \
                               Please use API Key or other form of API consumer identity to call this API.";
                Self::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", "forbidden", message)
            }
            Refusal::WrongKey => {
                let message = "API key not valid. Please pass a valid API key.";
                let info = info("API_KEY_INVALID", json!({ "service": SERVICE }));
                let localized = json!({
                    "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
                    "locale": "en-US",
                    "message": message,
                });
                Self::invalid(message, vec![info, localized])
            }
            Refusal::TooLarge(limit) => {
                let message = format!("Request payload size exceeds the limit: {limit} bytes.");
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "INVALID_ARGUMENT", "uploadTooLarge", message)
            }
            Refusal::TooMany(limit) => {
                let message = format!("The request has more than {limit} texts.");
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "INVALID_ARGUMENT", "uploadTooLarge", message)
            }
            Refusal::Interrupted => Self::invalid("The request body ended early.", Vec::new()),
            Refusal::TimedOut => {
                let message = "The request body did not arrive in time.";
                Self::new(StatusCode::REQUEST_TIMEOUT, "DEADLINE_EXCEEDED", "requestTimeout", message)
            }
            Refusal::Busy(after) => Self::busy(after),
            Refusal::Stopping => {
                let message = "The service is currently unavailable.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "backendError", message)
            }
            Refusal::NotFound => {
                Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", "notFound", "Method not found.")
            }
            Refusal::MethodNotAllowed => {
                let message = "Request method not allowed.";
                Self::new(StatusCode::METHOD_NOT_ALLOWED, "UNIMPLEMENTED", "httpMethodNotAllowed", message)
            }
            Refusal::Internal => {
                let message = "Internal error encountered.";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "backendError", message)
            }
        }
    }
}

impl Failure {
    /// Creates the error of a server whose queue is full. Clients take it for an exceeded quota,
    /// and wait.
    fn busy(after: Duration) -> Self {
        let limit = "Queue of this server";
        let message = format!(
            "Quota exceeded for quota metric 'Analysis requests (AnalyzeComment)' and limit '{limit}' of service \
             '{SERVICE}'."
        );
        let metadata = json!({
            "service": SERVICE,
            "quota_metric": format!("{SERVICE}/analyze_requests"),
            "quota_limit": limit,
        });
        let help = json!({
            "@type": "type.googleapis.com/google.rpc.Help",
            "links": [{ "description": "Send fewer requests at a time, or run more servers.", "url": "/" }],
        });
        let seconds = after.as_secs_f64();
        let retry = json!({
            "@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retryDelay": format!("{seconds}s"),
        });
        let status = StatusCode::TOO_MANY_REQUESTS;
        let failure = Self::new(status, "RESOURCE_EXHAUSTED", "rateLimitExceeded", message);
        let details = vec![info("RATE_LIMIT_EXCEEDED", metadata), help, retry];
        Self { details, retry_after: Some(after), ..failure }
    }
}

fn info(reason: &str, metadata: Value) -> Value {
    json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": metadata,
    })
}
