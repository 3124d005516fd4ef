//! Coral's external moderation phase: Coral posts every new and every edited comment before it is
//! published, and reads flags and a status from the answer.
//!
//! Coral cannot send a key. It signs the body instead, with a secret that the server must know.

#[cfg(test)]
mod tests;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{Router, post};
use comity_core::comment::Comment;
use comity_core::policy::{Action, Decision};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::Shape;
use crate::app::{Shared, comment};
use crate::refusal::Refusal;
use crate::scoring::{Languages, Priority};

/// The header with the signatures.
const SIGNATURE: &str = "x-coral-signature";

/// Returns the shape.
pub(crate) fn shape() -> Shape {
    Shape::new("coral", Router::new().route("/coral/moderate", post(moderate)), refuse)
        .under("/coral/")
        .open()
}

/// Reads any bytes as the signatures and the body of a request, with a line end between them. For
/// fuzzing.
pub(crate) fn read_any(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (header, body) = bytes.split_at(end);
    if let Ok(header) = std::str::from_utf8(header) {
        assert!(!is_signed(b"unknown", body, [header].into_iter()), "no one knows the secret");
    }
    if let Ok(moderation) = serde_json::from_slice::<Moderation>(body) {
        moderation.into_comment();
    }
}

/// A request, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Moderation {
    comment: Body,
    #[serde(default)]
    author: Option<Author>,
    #[serde(default)]
    story: Option<Story>,
}

#[derive(Debug, Deserialize)]
struct Body {
    /// HTML, or HTML without its tags, as the phase is configured.
    body: String,
    /// The comment that it answers.
    #[serde(default, rename = "parentID")]
    parent: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Author {
    #[serde(default)]
    id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Story {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    url: Option<String>,
}

impl Moderation {
    /// Returns the comment. Its thread is named as in an export, so that exceptions of a policy
    /// hold here, too.
    fn into_comment(self) -> Comment {
        let mut comment = comment(comity_read::html_text(&self.comment.body));
        comment.author = self.author.and_then(|author| author.id);
        comment.parent = self.comment.parent;
        if let Some(Story { id, url }) = self.story {
            comment.thread = url.or(id).unwrap_or_default();
        }
        comment
    }
}

/// The answer to a comment that is flagged.
#[derive(Debug, Serialize)]
struct Flagged {
    actions: [Flag; 1],
    /// None leaves the comment to Coral's other phases.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Flag {
    action_type: &'static str,
    reason: &'static str,
    /// The rule and the score, for moderators.
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_details: Option<String>,
}

impl Flagged {
    /// Returns the answer that a decision calls for, if any. A comment to review is published with
    /// a flag, which puts it into the reported queue. One that the policy would reject is held back
    /// until a moderator has seen it. None is rejected: that is a person's decision.
    fn new(decision: &Decision<'_>) -> Option<Self> {
        let status = match decision.action {
            Action::Approve => return None,
            Action::Review => None,
            Action::Reject => Some("SYSTEM_WITHHELD"),
        };
        let additional_details = decision.fired.map(|fired| {
            let (rule, label) = (&fired.rule.name, fired.rule.label);
            format!("rule {rule}: {label} {} (threshold {})", fired.score, fired.threshold)
        });
        let flag = Flag { action_type: "FLAG", reason: "COMMENT_DETECTED_TOXIC", additional_details };
        Some(Self { actions: [flag], status })
    }
}

async fn moderate(State(app): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(secret) = &app.coral_secret else {
        let message =
            "the server has no signing secret of this moderation phase; set it with --coral-secret-file";
        return error(StatusCode::FORBIDDEN, message);
    };
    let signatures = headers.get_all(SIGNATURE).iter().filter_map(|header| header.to_str().ok());
    if !is_signed(secret, &body, signatures) {
        return error(StatusCode::UNAUTHORIZED, "the signature in X-Coral-Signature is missing or wrong");
    }
    let moderation: Moderation = match serde_json::from_slice(&body) {
        Ok(moderation) => moderation,
        // The message of the parser could repeat the comment.
        Err(fault) => {
            let (line, column) = (fault.line(), fault.column());
            let message = format!(
                "the body is not a request of an external moderation phase (line {line}, column {column}): \
                 `comment.body` must be a string"
            );
            return error(StatusCode::BAD_REQUEST, &message);
        }
    };
    let comments = vec![moderation.into_comment()];
    let scored = match app.scoring.score(comments, &Languages::Detect, Priority::Interactive).await {
        Ok(scored) => scored,
        Err(refusal) => return refuse(refusal),
    };
    if let Some(scored) = scored.first() {
        // Coral's decision does not wait for a database that fails; the cause is in the log.
        let _ = app.keep("coral", scored, &Languages::Detect).await;
    }
    let policy = app.policy();
    let decision = scored.first().and_then(|scored| policy.decide(scored));
    match decision.as_ref().and_then(Flagged::new) {
        Some(flagged) => Json(flagged).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

/// Returns true if one of the signatures of a body is made with a secret. While a secret is being
/// replaced, Coral signs with the old and the new one, separated by a comma.
fn is_signed<'a>(secret: &[u8], body: &[u8], headers: impl Iterator<Item = &'a str>) -> bool {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length will do");
    mac.update(body);
    let signatures = headers.flat_map(|header| header.split(','));
    let digests =
        signatures.filter_map(|signature| signature.trim().strip_prefix("sha256=").and_then(digest));
    // Each comparison takes the same time, whatever it finds.
    digests.into_iter().any(|digest| mac.clone().verify_slice(&digest).is_ok())
}

/// Reads a SHA-256 digest in hexadecimal.
fn digest(hex: &str) -> Option<[u8; 32]> {
    let hex = hex.as_bytes();
    let mut digest = [0; 32];
    if hex.len() != 2 * digest.len() {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(hex.chunks_exact(2)) {
        let digit = |hex: u8| char::from(hex).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(digest)
}

fn error(status: StatusCode, message: &str) -> Response {
    #[derive(Serialize)]
    struct Envelope<'a> {
        error: &'a str,
    }
    (status, Json(Envelope { error: message })).into_response()
}

/// Writes a refusal. Coral reads the status alone, and continues with its next phase.
fn refuse(refusal: Refusal) -> Response {
    let mut response = error(refusal.status(), &refusal.to_string());
    if let Some(seconds) = refusal.retry_after() {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}
