//! The words that carry the score of a flagged comment: a line of `explanations.ndjson`.

use serde::{Deserialize, Serialize};

use crate::label::Label;

/// Name of the file in a report's folder: one [`Explanation`] a line.
pub const EXPLANATIONS: &str = "explanations.ndjson";

/// Number of flagged texts that are explained, the worst first, each once: those that the queue's
/// page shows.
pub const MOST_EXPLAINED: usize = 200;

/// Number of characters of a comment's own words that are explained: as many as the queue's page
/// shows.
pub const EXPLAINED_CHARS: usize = 4_000;

/// The parts that carry the score of a flagged comment. A line of `explanations.ndjson`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// Thread of the comment.
    pub thread: String,
    /// The id of the comment.
    pub id: String,
    /// The label that flagged it.
    pub label: Label,
    /// The comment's score for that label.
    pub score: f64,
    /// True if the comment's own words are longer than the excerpt of [`EXPLAINED_CHARS`] that is
    /// explained.
    #[serde(default, skip_serializing_if = "is_false")]
    pub partial: bool,
    /// The excerpt as the model reads it, if its spelling hides words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_as: Option<String>,
    /// Every sentence of the excerpt, in order, with its own score.
    pub sentences: Vec<Part>,
    /// The words that carry the score, in order, each with its weight: the mean of its score
    /// standing alone and of the fall of its sentence's score without it (0 if that rises, or was
    /// not tried).
    pub words: Vec<Part>,
}

impl Explanation {
    /// Returns true if its parts lie within a text, on character boundaries.
    pub fn is_within(&self, text: &str) -> bool {
        self.sentences.iter().chain(&self.words).all(|part| text.get(part.start..part.end).is_some())
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

/// A part of a comment's text.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// First byte in the original text.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// A score or a weight, with six decimals; see [`Explanation`].
    pub score: f64,
}
