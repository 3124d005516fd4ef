//! Perspective's `comments:analyze` and its relatives, as Google served them.
//!
//! `query` reads the parameters that all of Google's methods take, `payload` and `message` read
//! JSON as Google reads protocol buffers, `requests` checks the requests, `call` takes calls to
//! their scores together, and `analyze` and `suggest` write the answers. `batch` takes many calls
//! in one request, and `discovery` serves the description of the API that client libraries fetch.

mod analyze;
mod attributes;
mod batch;
mod call;
mod discovery;
mod failure;
mod fields;
mod languages;
mod message;
mod payload;
mod query;
mod requests;
mod spans;
mod suggest;
#[cfg(test)]
mod tests;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{Router, get, post};

use self::call::Call;
use self::failure::Failure;
use self::query::Form;
use super::Shape;
use crate::app::Shared;
use crate::refusal::Refusal;
use crate::scoring::Priority;

/// Returns the shape: single calls.
pub(crate) fn shape() -> Shape {
    let routes = Router::new()
        .route("/v1alpha1/comments:analyze", post(single))
        .route("/v1alpha1/comments%3Aanalyze", post(single))
        .route("/v1alpha1/comments:suggestscore", post(single))
        .route("/v1alpha1/comments%3Asuggestscore", post(single));
    Shape::new("perspective", routes, refuse).under("/v1alpha1/")
}

/// Returns the rest of the shape: a batch, each of whose calls has a key of its own, and the
/// discovery document, which is public.
pub(crate) fn open() -> Shape {
    let routes = Router::new()
        .route("/batch", post(batch::serve))
        .route("/batch/commentanalyzer/v1alpha1", post(batch::serve))
        .route("/$discovery/rest", get(discovery::serve));
    Shape::new("perspective", routes, refuse).open()
}

/// Answers a call that is not part of a batch.
async fn single(State(app): State<Shared>, method: Method, uri: Uri, body: Bytes) -> Response {
    let mut answers =
        call::answer(vec![Call { method, uri, body, refused: None }], &app, Priority::Interactive).await;
    answers.pop().map_or_else(|| refuse(Refusal::Internal), IntoResponse::into_response)
}

fn refuse(refusal: Refusal) -> Response {
    Form::default().write(Err(Failure::from(refusal))).into_response()
}

/// Reads any bytes as the body of each request. For fuzzing.
pub(crate) fn read_any(bytes: &[u8]) {
    if let Ok(value) = payload::parse(bytes) {
        drop(requests::AnalyzeRequest::read(&value));
        drop(requests::SuggestRequest::read(&value));
    }
    batch::read_any(bytes);
}
