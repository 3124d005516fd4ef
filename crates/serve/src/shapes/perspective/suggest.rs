//! `comments:suggestscore`: keeps the scores that people suggest, if the operator asks for them.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::task::spawn_blocking;

use super::failure::Failure;
use super::languages;
use super::requests::SuggestRequest;
use crate::app::Shared;
use crate::refusal::Refusal;

/// Adds the scores of a request to the operator's file, if there is one, and returns the answer.
///
/// # Errors
/// [`Failure`] if the file cannot be written.
pub(super) async fn answer(request: SuggestRequest, app: &Shared) -> Result<Value, Failure> {
    if let Some(file) = app.suggestions.clone() {
        let lines = lines(&request, Timestamp::now());
        let written = spawn_blocking(move || {
            let written = append(&file, &lines);
            // The error names no text, only the cause.
            let log = |error: &io::Error| {
                tracing::error!(file = %file.display(), %error, "cannot keep suggestions");
            };
            written.inspect_err(log)
        });
        let is_written = written.await.is_ok_and(|written| written.is_ok());
        is_written.then_some(()).ok_or(Refusal::Internal)?;
    }
    let mut answer = Map::new();
    if let Some(token) = request.client_token.filter(|token| !token.is_empty()) {
        answer.insert("clientToken".into(), json!(token));
    }
    let detected = languages::detected(&request.comment.text, &app.scoring);
    if !detected.is_empty() {
        answer.insert("detectedLanguages".into(), json!(detected));
    }
    if !request.languages.is_empty() {
        answer.insert("requestedLanguages".into(), json!(request.languages));
    }
    Ok(Value::Object(answer))
}

/// Returns the scores as lines of JSON, each with the text that it is about.
fn lines(request: &SuggestRequest, now: Timestamp) -> String {
    let SuggestRequest { comment, scores, languages, client_token, community_id } = request;
    let mut lines = String::new();
    for score in scores {
        let line = json!({
            "time": now.to_string(),
            "client_token": client_token,
            "community_id": community_id,
            "languages": languages,
            "text": comment.text,
            "text_sha256": comity_core::digest::sha256(&comment.text),
            "attribute": score.attribute,
            "begin": score.span.map(|(begin, _)| begin),
            "end": score.span.map(|(_, end)| end),
            "value": score.value,
        });
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    lines
}

/// Adds lines to the end of a file that only its owner can read. One call writes them all, so that
/// lines of requests at the same time do not mix.
fn append(file: &Path, lines: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(lines.as_bytes())
}
