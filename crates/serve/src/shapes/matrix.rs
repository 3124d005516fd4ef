//! The callbacks of `synapse-http-antispam`, by which the Matrix server Synapse asks before it
//! accepts an event.
//!
//! The module posts to `/matrix/CALLBACK`, takes any 2xx as approval, and any other answer with a
//! JSON body as a rejection that the client is told. An answer that is not JSON counts as a failure
//! of ours, which by default lets events pass: so refusals are plain text here.
//!
//! The shape can allow or block, nothing between: it blocks what the policy would reject, and allows
//! the rest.

#[cfg(test)]
mod tests;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{Router, post};
use comity_core::comment::Comment;
use comity_core::policy::Action;
use serde_json::{Map, Value, json};

use super::Shape;
use crate::app::{Shared, comment};
use crate::refusal::Refusal;
use crate::scoring::{Languages, Priority};

/// The callbacks that are about people and rooms, not about words: they are allowed. The module
/// enables all of them unless it is configured otherwise.
const ALLOWED: [&str; 10] = [
    "accept_make_join",
    "check_login_for_spam",
    "check_username_for_spam",
    "federated_user_may_invite",
    "user_may_create_room",
    "user_may_create_room_alias",
    "user_may_invite",
    "user_may_join_room",
    "user_may_publish_room",
    "user_may_send_3pid_invite",
];

/// Returns the shape.
pub(crate) fn shape() -> Shape {
    let routes = Router::new()
        .route("/matrix/check_event_for_spam", post(check_event))
        .route("/matrix/ping", post(ping))
        .route("/matrix/{callback}", post(allow));
    Shape::new("matrix", routes, refuse).under("/matrix/")
}

/// Reads any bytes as the body of a request. For fuzzing.
pub(crate) fn read_any(bytes: &[u8]) {
    if let Some(Value::Object(event)) = object(bytes).and_then(|mut body| body.remove("event")) {
        let _ = words(&event);
    }
}

async fn check_event(State(app): State<Shared>, body: Bytes) -> Response {
    let Some(event) = object(&body).and_then(|mut body| body.remove("event")) else { return malformed() };
    let Value::Object(event) = event else { return malformed() };
    let Some(comment) = words(&event) else { return allowed() };
    let scored = match app.scoring.score(vec![comment], &Languages::Detect, Priority::Interactive).await {
        Ok(scored) => scored,
        Err(refusal) => return refuse(refusal),
    };
    let policy = app.policy();
    let decision = scored.first().and_then(|scored| policy.decide(scored));
    if decision.is_some_and(|decision| decision.action == Action::Reject) {
        let error = "This message was blocked by the moderation policy of this server.";
        return (StatusCode::FORBIDDEN, Json(json!({ "errcode": "M_FORBIDDEN", "error": error })))
            .into_response();
    }
    allowed()
}

/// Answers the request by which the module finds out if the server is there.
async fn ping(body: Bytes) -> Response {
    match object(&body).and_then(|mut body| body.remove("id")) {
        Some(Value::String(id)) => Json(json!({ "id": id, "status": "ok" })).into_response(),
        _ => malformed(),
    }
}

async fn allow(Path(callback): Path<String>) -> Response {
    if ALLOWED.contains(&&*callback) { allowed() } else { refuse(Refusal::NotFound) }
}

fn allowed() -> Response {
    Json(json!({})).into_response()
}

fn object(body: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Some(fields),
        _ => None,
    }
}

/// Returns what an event says: a message, the new words of an edited one, or the name or the topic
/// of a room. `None` if the event has no words, or they are encrypted.
fn words(event: &Map<String, Value>) -> Option<Comment> {
    let content = event.get("content")?;
    let kind = event.get("type")?.as_str()?;
    let text = match kind {
        "m.room.message" => content.get("m.new_content").unwrap_or(content).get("body"),
        "m.room.name" => content.get("name"),
        "m.room.topic" => content.get("topic"),
        _ => None,
    };
    let mut comment = comment(text?.as_str()?);
    let string = |name: &str| event.get(name).and_then(Value::as_str);
    comment.author = string("sender").map(str::to_owned);
    comment.thread = string("room_id").unwrap_or_default().to_owned();
    Some(comment)
}

fn malformed() -> Response {
    (StatusCode::BAD_REQUEST, "the body is not a request of synapse-http-antispam\n").into_response()
}

/// Writes a refusal, which must not be JSON.
fn refuse(refusal: Refusal) -> Response {
    let mut response = (refusal.status(), format!("{refusal}\n")).into_response();
    if let Some(seconds) = refusal.retry_after() {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}
