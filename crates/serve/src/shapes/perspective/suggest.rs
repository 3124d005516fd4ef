//! `comments:suggestscore`: keeps the scores that people suggest, if the operator asks for them.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use comity_core::comment::Comment;
use comity_core::record::Scored;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::languages;
use super::requests::SuggestRequest;
use crate::app::comment;
use crate::refusal::Refusal;

/// A request whose scores can be kept.
pub(super) struct Plan {
    request: SuggestRequest,
}

impl Plan {
    /// Creates the plan of a request.
    pub(super) fn new(request: SuggestRequest) -> Self {
        Self { request }
    }

    /// Returns the text whose language is detected.
    pub(super) fn comments(&self) -> Vec<Comment> {
        vec![comment(self.request.comment.text.as_str())]
    }

    /// Adds the scores to a file, if there is one, and writes the answer.
    ///
    /// # Errors
    /// [`Failure`] if the file cannot be written.
    pub(super) fn answer(&self, scored: &[Scored], file: Option<&Path>) -> Result<Value, Failure> {
        if let Some(file) = file {
            append(file, &self.lines(Timestamp::now())).map_err(|error| {
                // The error names no text, only the cause.
                tracing::error!(file = %file.display(), %error, "cannot write the suggested scores");
                Failure::from(Refusal::Internal)
            })?;
        }
        let mut answer = Map::new();
        if let Some(token) = self.request.client_token.as_ref().filter(|token| !token.is_empty()) {
            answer.insert("clientToken".into(), json!(token));
        }
        let detected = scored.first().map(languages::detected).unwrap_or_default();
        if !detected.is_empty() {
            answer.insert("detectedLanguages".into(), json!(detected));
        }
        if !self.request.languages.is_empty() {
            answer.insert("requestedLanguages".into(), json!(self.request.languages));
        }
        Ok(Value::Object(answer))
    }

    /// Returns the scores as lines of JSON, each with the text that it is about.
    fn lines(&self, now: Timestamp) -> String {
        let SuggestRequest { comment, scores, languages, client_token, community_id } = &self.request;
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
