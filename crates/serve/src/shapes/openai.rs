//! OpenAI's `POST /v1/moderations`.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::Router;

use super::Shape;
use crate::refusal::Refusal;

/// Returns the shape.
pub(crate) fn shape() -> Shape {
    Shape::new("openai", Router::new(), refuse).under("/v1/moderations")
}

fn refuse(_: Refusal) -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
