//! OpenAI's `POST /v1/moderations`, as its SDKs call it after a change of the base URL.
//!
//! A request for one text (a string, or a list of parts) has one result, and is refused if the text
//! cannot be scored. A list of strings has a result each: one that could not be scored is marked as
//! OpenAI marks what it did not evaluate, by empty lists of input types, so that one comment in a
//! foreign language costs a client nothing but its own scores.

mod answer;
mod request;
#[cfg(test)]
mod tests;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{Router, post};
use comity_core::record::{Outcome, Scored, Unscored};
use serde::Serialize;

use self::answer::{Answer, MODELS};
use self::request::{Input, Moderation};
use super::Shape;
use crate::app::{Shared, comment};
use crate::refusal::Refusal;
use crate::scoring::{Languages, Priority};

/// Returns the shape.
pub(crate) fn shape() -> Shape {
    let routes = Router::new().route("/v1/moderations", post(moderations));
    Shape::new("openai", routes, refuse).under("/v1/moderations")
}

/// Reads any bytes as the body of a request. For fuzzing.
pub(crate) fn read_any(bytes: &[u8]) {
    if let Ok(Moderation { input: Input::List(texts), .. }) = request::parse(bytes, 8) {
        assert!((1..=8).contains(&texts.len()), "a list is neither empty nor too long");
    }
}

/// A fault of a request, as OpenAI describes it.
#[derive(Debug, PartialEq, Serialize)]
struct Fault {
    message: String,
    #[serde(rename = "type")]
    kind: &'static str,
    /// The path of the field at fault, such as `input[2]`.
    param: Option<String>,
    /// A word for programs.
    code: Option<&'static str>,
}

impl Fault {
    /// Creates a fault of the field at `param`.
    fn at(param: impl Into<String>, code: &'static str, message: String) -> Self {
        Self { message, kind: "invalid_request_error", param: Some(param.into()), code: Some(code) }
    }
}

/// The reasons not to answer with scores.
enum Error {
    Fault(Fault),
    Refusal(Refusal),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

async fn moderations(State(app): State<Shared>, body: Bytes) -> Response {
    match moderate(&app, &body).await {
        Ok(answer) => Json(answer).into_response(),
        Err(Error::Fault(fault)) => envelope(StatusCode::BAD_REQUEST, fault),
        Err(Error::Refusal(refusal)) => refuse(refusal),
    }
}

async fn moderate(app: &Shared, body: &[u8]) -> Result<Answer, Error> {
    let Moderation { model, input } = request::parse(body, app.limits.texts)?;
    let (texts, is_list) = match input {
        Input::One(text) => (vec![text], false),
        Input::List(texts) => (texts, true),
    };
    let priority = if is_list { Priority::Bulk } else { Priority::Interactive };
    let comments = texts.into_iter().map(comment).collect();
    let scored = app.scoring.score(comments, &Languages::Detect, priority).await?;
    match &scored[..] {
        [Scored { outcome: Outcome::Unscored(cause), language, .. }] if !is_list => {
            Err(unscored(*cause, language.as_deref()).into())
        }
        _ => Ok(Answer::new(model, &scored, &app.policy())),
    }
}

/// Returns the fault of the only text of a request, which was not scored.
fn unscored(cause: Unscored, language: Option<&str>) -> Fault {
    match cause {
        Unscored::Language => {
            let language = language.unwrap_or("und");
            let message = format!("'input' was not scored: no model supports its language ({language}).");
            Fault::at("input", "unsupported_language", message)
        }
        _ => {
            let message = "'input' was not scored: it has no words that a model knows.".to_owned();
            Fault::at("input", "empty_input", message)
        }
    }
}

fn envelope(status: StatusCode, fault: Fault) -> Response {
    #[derive(Serialize)]
    struct Envelope {
        error: Fault,
    }
    (status, Json(Envelope { error: fault })).into_response()
}

/// Writes a refusal as OpenAI does. The SDKs read the status, `error.code`, and the time to wait.
fn refuse(refusal: Refusal) -> Response {
    const INVALID: &str = "invalid_request_error";
    let (status, kind, code, message) = match refusal {
        Refusal::NoKey => (
            StatusCode::UNAUTHORIZED,
            INVALID,
            None,
            "You didn't provide an API key. Send a key of this server as `Authorization: Bearer KEY`."
                .to_owned(),
        ),
        Refusal::WrongKey => (
            StatusCode::UNAUTHORIZED,
            INVALID,
            Some("invalid_api_key"),
            "Incorrect API key provided. Send a key of this server as `Authorization: Bearer KEY`."
                .to_owned(),
        ),
        Refusal::TooMany(limit) => (
            StatusCode::BAD_REQUEST,
            INVALID,
            Some("array_above_max_length"),
            format!("The request has more than {limit} texts."),
        ),
        Refusal::TooLarge(limit) => (
            StatusCode::PAYLOAD_TOO_LARGE,
            INVALID,
            Some("request_too_large"),
            format!("The body of the request is larger than {limit} bytes."),
        ),
        Refusal::TimedOut => (
            StatusCode::REQUEST_TIMEOUT,
            INVALID,
            Some("request_timeout"),
            "The body of the request did not arrive in time.".to_owned(),
        ),
        Refusal::Interrupted => {
            (StatusCode::BAD_REQUEST, INVALID, None, "The body of the request ended early.".to_owned())
        }
        Refusal::Busy(_) => (
            StatusCode::TOO_MANY_REQUESTS,
            "requests",
            Some("rate_limit_exceeded"),
            "The queue of this server is full. Please try again later.".to_owned(),
        ),
        Refusal::Stopping => (
            StatusCode::SERVICE_UNAVAILABLE,
            "server_error",
            None,
            "The server is shutting down. Please try again later.".to_owned(),
        ),
        Refusal::NotFound => {
            (StatusCode::NOT_FOUND, INVALID, Some("unknown_url"), "Unknown request URL.".to_owned())
        }
        Refusal::MethodNotAllowed => (
            StatusCode::METHOD_NOT_ALLOWED,
            INVALID,
            Some("method_not_supported"),
            "Only POST is allowed for this URL.".to_owned(),
        ),
        Refusal::Internal => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            None,
            "The server had an error while processing your request.".to_owned(),
        ),
    };
    let mut response = envelope(status, Fault { message, kind, param: None, code });
    let headers = response.headers_mut();
    match refusal {
        Refusal::NoKey | Refusal::WrongKey => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        Refusal::Busy(wait) => {
            // The SDKs prefer the header in milliseconds.
            let milliseconds = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            headers.insert("retry-after-ms", milliseconds.into());
            headers.insert(header::RETRY_AFTER, milliseconds.div_ceil(1000).max(1).into());
        }
        Refusal::MethodNotAllowed => {
            headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        _ => {}
    }
    response
}
