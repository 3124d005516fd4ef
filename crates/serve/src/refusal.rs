//! Requests that are not answered with scores. Each shape writes them in its own envelope.

use std::time::Duration;

/// A reason to refuse a request that has nothing to do with its shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The server requires a key, and the request has none or a wrong one.
    Unauthorized,
    /// The body is larger than the server accepts; the limit in bytes.
    TooLarge(usize),
    /// The body did not arrive in time.
    TimedOut,
    /// The queue is full; the client may try again after this time.
    Busy(Duration),
    /// The server is shutting down.
    Stopping,
    /// There is no such address.
    NotFound,
    /// The address exists, but not with this method.
    MethodNotAllowed,
    /// The server is at fault. The cause is in its log.
    Internal,
}
