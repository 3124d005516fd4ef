use std::fmt::Write;

use axum::http::Method;
use comity_core::label::Label::Toxicity;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::shapes::testing::{Answer, GERMAN, any_json, app, policy, scores, send};

const SECRET: &[u8] = b"a secret for the tests";
const TEXT: &str = "So bad.";

/// Signs a body as Coral does.
fn sign(secret: &[u8], body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(body.as_bytes());
    mac.finalize().into_bytes().iter().fold("sha256=".to_owned(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

/// A request of Coral's, which writes its JSON with an indentation of two.
fn request(body: &str) -> String {
    let request = json!({
        "tenant": { "id": "t", "domain": "coral.example" },
        "action": "NEW",
        "comment": { "body": body, "parentID": null },
        "author": { "id": "u", "role": "COMMENTER" },
        "story": { "id": "s", "url": "https://news.example/bridge" },
        "site": { "id": "n" },
        "tenantID": "t",
        "tenantDomain": "coral.example",
    });
    serde_json::to_string_pretty(&request).unwrap()
}

async fn moderate_signed(app: &Shared, body: &str, signature: &str) -> Answer {
    let headers = [("content-type", "application/json"), ("x-coral-signature", signature)];
    send(app, Method::POST, "/coral/moderate", &headers, body.to_owned()).await
}

fn with(action: &'static str) -> Shared {
    let threshold = scores(TEXT).get(Toxicity).unwrap();
    app(|config| {
        config.coral_secret = Some(SECRET.to_vec());
        config.policy = policy(&[(Toxicity, threshold, action)]);
    })
}

#[tokio::test]
async fn a_flagged_comment_has_a_flag_and_a_status_by_the_policy() {
    let body = request("<div>So bad.</div>");
    let score = scores(TEXT).get(Toxicity).unwrap();
    let flag = json!({
        "actionType": "FLAG",
        "reason": "COMMENT_DETECTED_TOXIC",
        "additionalDetails": format!("rule r0: toxicity {score} (threshold {score})"),
    });
    for (action, expected) in [
        ("review", json!({ "actions": [flag] })),
        ("reject", json!({ "actions": [flag], "status": "SYSTEM_WITHHELD" })),
    ] {
        let answer = moderate_signed(&with(action), &body, &sign(SECRET, &body)).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json(), expected);
    }
    let answer = moderate_signed(&with("approve"), &body, &sign(SECRET, &body)).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::NO_CONTENT, 0));
    // Comments that are not scored.
    let app = with("reject");
    for body in [request(GERMAN), request(""), request("<p> </p>")] {
        let answer = moderate_signed(&app, &body, &sign(SECRET, &body)).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
    }
}

#[tokio::test]
async fn exceptions_of_the_policy_hold_for_the_story() {
    let toml = "name='p'\n[[rule]]\nname='r'\nlabel='toxicity'\nthreshold=1.0\naction='review'\n\
                [[rule.at]]\nthread='https://news.example/bridge'\nthreshold=0.0\n";
    let app = app(|config| {
        config.coral_secret = Some(SECRET.to_vec());
        config.policy = comity_core::policy::Policy::parse(toml).unwrap();
    });
    let body = request(TEXT);
    assert_eq!(moderate_signed(&app, &body, &sign(SECRET, &body)).await.status, StatusCode::OK);
    let body = body.replace("/bridge", "/rain");
    assert_eq!(moderate_signed(&app, &body, &sign(SECRET, &body)).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn only_signed_requests_are_served() {
    let app = with("review");
    let body = request(TEXT);
    let right = sign(SECRET, &body);
    let other = sign(b"another secret", &body);
    for signatures in [&right, &format!("{other},{right}"), &format!("{right}, {other}")] {
        assert_eq!(moderate_signed(&app, &body, signatures).await.status, StatusCode::OK, "{signatures}");
    }
    let digest = &right["sha256=".len()..];
    let upper = format!("sha256={}", digest.to_uppercase());
    assert_eq!(moderate_signed(&app, &body, &upper).await.status, StatusCode::OK);
    for signatures in [
        "",
        "sha256=",
        "sha256",
        &other,
        digest,
        &right[..right.len() - 2],
        &right.replace("sha256", "sha1"),
        &format!("{right}00"),
        &sign(SECRET, &body.replace("bad", "mad")),
        &format!("sha256={}", digest.replace(|digit: char| digit.is_ascii_digit(), "g")),
    ] {
        let answer = moderate_signed(&app, &body, signatures).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{signatures}");
        assert!(answer.json()["error"].as_str().unwrap().contains("X-Coral-Signature"));
    }
    let answer = send(&app, Method::POST, "/coral/moderate", &[], body.clone()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);

    let without = crate::shapes::testing::app(|_| {});
    let answer = moderate_signed(&without, &body, &right).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.json()["error"].as_str().unwrap().contains("--coral-secret-file"));
}

#[test]
fn a_signature_is_a_keyed_hash_of_the_body() {
    // Node: crypto.createHmac("sha256", "key").update("The quick brown fox ...").digest("hex")
    let signature = "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
    let body = b"The quick brown fox jumps over the lazy dog";
    assert!(is_signed(b"key", body, [signature].into_iter()));
    assert!(!is_signed(b"Key", body, [signature].into_iter()));
}

#[tokio::test]
async fn a_malformed_request_is_refused_without_its_text() {
    let app = with("review");
    for body in
        ["{", "[]", "{}", r#"{"comment":{}}"#, r#"{"comment":"a secret word"}"#, r#"{"comment":{"body":7}}"#]
    {
        let answer = moderate_signed(&app, body, &sign(SECRET, body)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains("`comment.body` must be a string") && !error.contains("secret"), "{error}");
    }
}

#[test]
fn a_request_may_lack_everything_but_the_body() {
    let request: Moderation = serde_json::from_value(json!({ "comment": { "body": "a&amp;b" } })).unwrap();
    let comment = request.into_comment();
    assert_eq!((&*comment.text, &*comment.thread, comment.author), ("a&b", "", None));
}

#[test]
fn refusals_have_the_status_of_http() {
    let busy = Refusal::Busy(std::time::Duration::from_secs(1));
    for (refusal, status) in [(Refusal::WrongKey, 401), (busy, 429), (Refusal::Internal, 500)] {
        assert_eq!(refuse(refusal).status().as_u16(), status);
    }
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused(
        body in any_json(&["comment", "body", "author", "id", "story", "url"]),
    ) {
        if let Ok(moderation) = serde_json::from_str::<Moderation>(&body.to_string()) {
            moderation.into_comment();
        }
    }

    #[test]
    fn any_header_is_read_or_refused(header in "(sha256=|[0-9a-f]{64}|,| |\\PC){0,6}") {
        prop_assert!(!is_signed(SECRET, b"body", [header.as_str()].into_iter()));
    }
}
