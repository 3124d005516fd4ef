//! Requests that are not answered with scores. Each shape writes them in its own envelope.

use std::time::Duration;

use axum::http::StatusCode;

/// A reason to refuse a request that has nothing to do with its shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The server requires a key, and the request has none.
    #[error("missing API key")]
    NoKey,
    /// The request has a key that the server does not know.
    #[error("unknown API key")]
    WrongKey,
    /// The body is larger than the server accepts; the limit in bytes.
    #[error("the request body is larger than {0} bytes")]
    TooLarge(usize),
    /// The request has more texts than the server accepts; the limit.
    #[error("the request has more than {0} texts")]
    TooMany(usize),
    /// The body did not arrive in time.
    #[error("the request body did not arrive in time")]
    TimedOut,
    /// The body ended early, or is not what HTTP allows.
    #[error("the request body ended early")]
    Interrupted,
    /// The queue is full; the client may try again after this time.
    #[error("the server is busy; try again in {} s", seconds(.0))]
    Busy(Duration),
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Stopping,
    /// There is no such address.
    #[error("no such address")]
    NotFound,
    /// The address exists, but not with this method.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// The server is at fault. The cause is in its log.
    #[error("internal server error")]
    Internal,
}

impl Refusal {
    /// Returns the status that HTTP has for this reason. Shapes that imitate a service with other
    /// habits use their own.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NoKey | Self::WrongKey => StatusCode::UNAUTHORIZED,
            Self::TooLarge(_) | Self::TooMany(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TimedOut => StatusCode::REQUEST_TIMEOUT,
            Self::Interrupted => StatusCode::BAD_REQUEST,
            Self::Busy(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Stopping => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Returns the seconds after which the client may try again, at least one. `None` if waiting
    /// does not help.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Busy(time) => Some(seconds(time)),
            _ => None,
        }
    }
}

/// Returns a time in whole seconds, at least one.
fn seconds(time: &Duration) -> u64 {
    time.as_secs_f64().ceil().max(1.0) as u64
}
