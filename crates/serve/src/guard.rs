//! What every request passes before a shape reads it: its key, its size, its time.

use std::error::Error;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Version, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::Router;
use futures_util::stream;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::Shared;
use crate::observe::Details;
use crate::refusal::Refusal;
use crate::shapes::Shape;

/// The longest that the rest of a refused body is read, so that the client gets to see the answer.
const LINGER: Duration = Duration::from_secs(2);

/// Writes a refusal in the envelope of a shape.
pub(crate) type Refuse = fn(Refusal) -> Response;

/// Puts a shape's routes behind the checks. Its handlers find the whole body as `Bytes`, or a body
/// with bounds if the shape streams.
pub(crate) fn guarded(shape: Shape, app: &Shared) -> Router<Shared> {
    let Shape { name, routes, refuse, streams, open, .. } = shape;
    let check = move |State(app): State<Shared>, request: Request, next: Next| async move {
        let (head, mut body) = request.into_parts();
        let details = head.extensions.get::<Details>().cloned().unwrap_or_default();
        details.set_shape(name, head.extensions.get());
        let keys = app.keys();
        if !open && !keys.is_empty() {
            match keys.name(&head) {
                Ok(name) => details.set_key(name),
                Err(refusal) => return closing(refuse(refusal), &head, body),
            }
        }
        let limits = &app.limits;
        if streams {
            let body = bounded(body, limits.stream, limits.pause);
            return next.run(Request::from_parts(head, body)).await;
        }
        match whole(&mut body, limits.body, limits.body_time).await {
            Ok(bytes) => next.run(Request::from_parts(head, bytes.into())).await,
            Err(refusal) => closing(refuse(refusal), &head, body),
        }
    };
    routes
        .method_not_allowed_fallback(move || async move { refuse(Refusal::MethodNotAllowed) })
        .layer(CatchPanicLayer::custom(move |_| refuse(Refusal::Internal)))
        .layer(from_fn_with_state(app.clone(), check))
}

/// Reads a body of at most `limit` bytes that arrives within `time`.
///
/// # Errors
/// [`Refusal`] if it is larger, too slow or incomplete. What has not been read stays in `body`.
pub(crate) async fn whole(body: &mut Body, limit: usize, time: Duration) -> Result<Bytes, Refusal> {
    let announced = body.size_hint().lower();
    if announced > limit as u64 {
        return Err(Refusal::TooLarge(limit));
    }
    match timeout(time, Limited::new(body, limit).collect()).await {
        Ok(Ok(read)) => Ok(read.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge(limit)),
        Ok(Err(error)) => Err(fault(&*error)),
        Err(_) => Err(Refusal::TimedOut),
    }
}

/// Returns a body that fails after `limit` bytes, or once its client pauses for longer than `pause`.
fn bounded(body: Body, limit: usize, pause: Duration) -> Body {
    let parts = stream::try_unfold((body, limit), move |(mut body, left)| async move {
        let next = timeout(pause, body.frame()).await.map_err(|_| axum::Error::new(Refusal::TimedOut))?;
        let Some(frame) = next else { return Ok(None) };
        // Trailers are not for us.
        let data = frame?.into_data().unwrap_or_default();
        let Some(left) = left.checked_sub(data.len()) else {
            return Err(axum::Error::new(Refusal::TooLarge(limit)));
        };
        Ok(Some((data, (body, left))))
    });
    Body::from_stream(parts)
}

/// Returns the refusal that the error of a body stands for.
pub(crate) fn fault(error: &(dyn Error + 'static)) -> Refusal {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(refusal) = error.downcast_ref::<Refusal>() {
            return refusal.clone();
        }
        cause = error.source();
    }
    Refusal::Interrupted
}

/// Answers a request before its body has been read, and ends its connection. The rest of the body
/// is read for a moment: closing a connection with unread data discards the answer, too.
pub(crate) fn closing(mut response: Response, head: &Parts, mut body: Body) -> Response {
    if body.is_end_stream() || head.version >= Version::HTTP_2 {
        return response;
    }
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    // Reading would ask a client that waits for `100 Continue` to send the body.
    if !head.headers.contains_key(header::EXPECT) {
        tokio::spawn(timeout(LINGER, async move { while let Some(Ok(_)) = body.frame().await {} }));
    }
    response
}
