use axum::http::Method;
use comity_core::label::Label::Toxicity;
use proptest::prelude::*;

use super::*;
use crate::shapes::testing::{GERMAN, any_json, app, policy, post, scores, send};

const PATH: &str = "/matrix/check_event_for_spam";
const TEXT: &str = "So bad.";

fn with(action: &'static str) -> Shared {
    let threshold = scores(TEXT).get(Toxicity).unwrap();
    app(|config| config.policy = policy(&[(Toxicity, threshold, action)]))
}

/// A request as the module sends it.
fn event(kind: &str, content: &Value) -> String {
    json!({ "event": {
        "type": kind,
        "content": content,
        "sender": "@ana:hs.example",
        "room_id": "!r:hs.example",
        "event_id": "$1",
        "origin_server_ts": 1_700_000_000_000_u64,
        "unsigned": {},
    } })
    .to_string()
}

#[tokio::test]
async fn what_the_policy_rejects_is_blocked() {
    let message = event("m.room.message", &json!({ "msgtype": "m.text", "body": TEXT }));
    for action in ["approve", "review"] {
        let answer = post(&with(action), PATH, message.clone()).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({})), "{action}");
    }
    let app = with("reject");
    let answer = post(&app, PATH, message).await;
    assert_eq!((answer.status, &answer.json()["errcode"]), (StatusCode::FORBIDDEN, &json!("M_FORBIDDEN")));
    let edit = json!({ "msgtype": "m.text", "body": " * So bad.", "m.new_content": { "body": TEXT } });
    for (kind, content, status) in [
        ("m.room.message", edit, 403),
        ("m.room.topic", json!({ "topic": TEXT }), 403),
        ("m.room.name", json!({ "name": TEXT }), 403),
        ("m.room.message", json!({ "body": GERMAN }), 200),
        ("m.room.message", json!({ "body": "" }), 200),
        ("m.room.message", json!({}), 200),
        ("m.room.message", json!({ "body": 7 }), 200),
        ("m.room.encrypted", json!({ "body": TEXT }), 200),
        ("m.room.member", json!({ "membership": "join" }), 200),
    ] {
        assert_eq!(post(&app, PATH, event(kind, &content)).await.status.as_u16(), status, "{kind} {content}");
    }
}

#[tokio::test]
async fn other_callbacks_are_allowed() {
    let app = with("reject");
    for callback in ALLOWED {
        let answer = post(&app, &format!("/matrix/{callback}"), r#"{"user":"@ana:hs.example"}"#).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({})), "{callback}");
    }
    let answer = post(&app, "/matrix/ping", r#"{"id":"abcdefgh"}"#).await;
    assert_eq!(answer.json(), json!({ "id": "abcdefgh", "status": "ok" }));
}

#[tokio::test]
async fn a_refusal_is_not_json() {
    let app = with("reject");
    let post = async |path, body: &'static str| post(&app, path, body).await;
    for (answer, status) in [
        (post(PATH, "{").await, 400),
        (post(PATH, r#"{"event":[]}"#).await, 400),
        (post(PATH, "[]").await, 400),
        (post("/matrix/ping", "{}").await, 400),
        (post("/matrix/unheard_of", "{}").await, 404),
        (post("/matrix/a/b", "{}").await, 404),
        (send(&app, Method::GET, PATH, &[], "").await, 405),
    ] {
        assert_eq!(answer.status.as_u16(), status);
        assert!(serde_json::from_slice::<Value>(&answer.body).is_err(), "the module would block the event");
        assert!(!answer.body.is_empty());
    }
}

proptest! {
    #[test]
    fn any_event_has_words_or_none(
        body in any_json(&["event", "type", "content", "m.room.message", "body", "m.new_content", "sender"]),
    ) {
        if let Some(event) = object(body.to_string().as_bytes()) {
            let _ = words(&event);
        }
    }
}
