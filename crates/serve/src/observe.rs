//! The line in the log and the figures of each request. No text of a comment gets here: addresses
//! are logged as the routes they match.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt;
use tracing::field::Empty;
use tracing::{Instrument, Span, info, info_span};

use crate::app::Shared;

/// The header that has a request's id, in both directions.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The target of the spans of requests, which only the feature `otel` uses.
pub(crate) const SPANS: &str = "requests";

/// The longest id of a client that is accepted, in bytes.
const MAX_ID_BYTES: usize = 64;

/// What the inner parts of the server find out about a request.
#[derive(Clone, Default)]
pub(crate) struct Details(Arc<Found>);

#[derive(Default)]
struct Found {
    shape: OnceLock<&'static str>,
    path: OnceLock<MatchedPath>,
    key: OnceLock<Arc<str>>,
}

impl Details {
    /// Notes the shape that answers the request, and the route that it matches, if any.
    pub(crate) fn set_shape(&self, name: &'static str, path: Option<&MatchedPath>) {
        let _ = self.0.shape.set(name);
        let _ = path.map(|path| self.0.path.set(path.clone()));
    }

    /// Notes the name of the client's key.
    pub(crate) fn set_key(&self, name: Arc<str>) {
        let _ = self.0.key.set(name);
    }
}

/// Gives a request its id, and logs and counts it once its answer has been sent.
pub(crate) async fn observe(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    let id = request.headers().get(&REQUEST_ID).filter(|id| is_sane(id)).cloned();
    let id = id.unwrap_or_else(new_id);
    let details = Details::default();
    request.extensions_mut().insert(details.clone());
    app.metrics.begin();
    let method = method(request.method());
    let span = info_span!(
        target: SPANS,
        "request",
        otel.kind = "server",
        http.request.method = method,
        http.route = Empty,
        http.response.status_code = Empty,
        shape = Empty,
        id = id.to_str().unwrap_or_default(),
    );
    #[cfg(feature = "otel")]
    crate::spans::join(&span, request.headers());
    let (began, status, bytes) = (Instant::now(), None, 0);
    let mut ended = Ended { app, span: span.clone(), method, id: id.clone(), details, began, status, bytes };
    let mut response = next.run(request).instrument(span).await;
    ended.status = Some(response.status());
    response.headers_mut().insert(REQUEST_ID, id);
    response.map(|body| {
        // The method has the closure keep `ended` as a whole, until the body is dropped.
        Body::new(body.inspect_frame(move |frame| ended.count(frame.data_ref())))
    })
}

/// Logs and counts a request when it is dropped: its answer has been sent, or its client has left.
struct Ended {
    app: Shared,
    span: Span,
    method: &'static str,
    id: HeaderValue,
    details: Details,
    began: Instant,
    status: Option<StatusCode>,
    bytes: u64,
}

impl Ended {
    /// Counts the bytes of a part of the answer.
    fn count(&mut self, data: Option<&Bytes>) {
        self.bytes += data.map_or(0, |data| data.len() as u64);
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        let (found, duration) = (&self.details.0, self.began.elapsed());
        let shape = found.shape.get().copied().unwrap_or("none");
        let key = found.key.get().map_or("none", |name| &**name);
        self.app.metrics.end([self.method, shape, key], self.status, duration);
        let path = found.path.get().map_or("unknown", MatchedPath::as_str);
        // 499 is nginx's number for a client that left.
        let status = self.status.map_or(499, |status| status.as_u16());
        #[cfg(feature = "otel")]
        crate::spans::name(&self.span, format!("{} {path}", self.method));
        self.span.record("http.route", path);
        // OpenTelemetry has signed numbers only.
        self.span.record("http.response.status_code", i64::from(status));
        self.span.record("shape", shape);
        info!(
            id = self.id.to_str().unwrap_or_default(),
            method = self.method,
            path,
            shape,
            key,
            status,
            ms = duration.as_micros() as f64 / 1000.0,
            bytes = self.bytes,
            "request"
        );
    }
}

/// Returns a method's name, but none that a client has made up.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Returns true for an id of a client that may go into the log.
fn is_sane(id: &HeaderValue) -> bool {
    let id = id.as_bytes();
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
    (1..=MAX_ID_BYTES).contains(&id.len()) && id.iter().all(is_plain)
}

/// Returns an id that no other request of this server has, nor, in all likelihood, of another.
fn new_id() -> HeaderValue {
    static SERVER: LazyLock<u64> = LazyLock::new(|| RandomState::new().build_hasher().finish());
    static REQUESTS: AtomicU64 = AtomicU64::new(1);
    let id = format!("{:016x}-{:x}", *SERVER, REQUESTS.fetch_add(1, Ordering::Relaxed));
    HeaderValue::from_str(&id).expect("hexadecimal digits are fine in a header")
}
