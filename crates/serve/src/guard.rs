//! What every request passes before a shape reads it: its key, its size, its time.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::Router;

use crate::app::Shared;
use crate::refusal::Refusal;
use crate::shapes::Shape;

/// Puts a shape's routes behind the checks. Its handlers find the whole body as `Bytes`.
pub(crate) fn guarded(shape: Shape, app: &Shared) -> Router<Shared> {
    let Shape { routes, refuse, .. } = shape;
    let check = move |State(app): State<Shared>, request: Request, next: Next| async move {
        match whole(request, &app).await {
            Ok(request) => next.run(request).await,
            Err(refusal) => refuse(refusal),
        }
    };
    routes
        .method_not_allowed_fallback(move || async move { refuse(Refusal::MethodNotAllowed) })
        .layer(from_fn_with_state(app.clone(), check))
}

/// Reads the body of a request.
async fn whole(request: Request, app: &Shared) -> Result<Request, Refusal> {
    let (head, body) = request.into_parts();
    let bytes: Bytes =
        to_bytes(body, app.max_body).await.map_err(|_| Refusal::TooLarge(app.max_body))?;
    Ok(Request::from_parts(head, Body::from(bytes)))
}

/// Refuses a request as a handler does.
pub(crate) type Refuse = fn(Refusal) -> Response;
