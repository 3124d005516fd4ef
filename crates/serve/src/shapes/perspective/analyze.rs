//! `comments:analyze`: scores a comment.

use std::ops::Range;

use comity_core::comment::Comment;
use comity_core::label::Label;
use comity_core::record::{Outcome, Scored, Scores, Unscored};
use serde_json::{Map, Value, json};

use super::attributes::Attribute;
use super::failure::Failure;
use super::languages;
use super::requests::AnalyzeRequest;
use super::spans;
use crate::app::comment;
use crate::scoring::{Languages, Scoring};

/// A request whose texts can be scored.
#[derive(Debug)]
pub(super) struct Plan {
    request: AnalyzeRequest,
    /// The text that is scored: the comment, without its tags if it is HTML.
    text: String,
    /// The byte ranges of the text that are scored on their own.
    sentences: Vec<Range<usize>>,
    /// The detected languages of the text, the likeliest first.
    detected: Vec<String>,
    /// The languages that the text is scored as: those of the request, or else a detected one.
    assumed: Vec<String>,
    /// The languages that the request names and no model supports.
    unsupported: Vec<String>,
    /// The languages that the request allows.
    pub(super) languages: Languages,
}

impl Plan {
    /// Checks a request and decides what is scored.
    ///
    /// # Errors
    /// [`Failure`] if the languages that the request names are not supported.
    pub(super) fn new(request: AnalyzeRequest, scoring: &Scoring) -> Result<Self, Failure> {
        let html = request.comment.is_html().then(|| comity_read::html_text(&request.comment.text));
        let text = html.unwrap_or_else(|| request.comment.text.clone());
        if text.trim().is_empty() {
            return Err(Failure::comment_empty());
        }
        let named = &request.languages;
        let unsupported = languages::unsupported(named, scoring);
        if !named.is_empty() && !request.drops_unsupported {
            for requested in &request.attributes {
                match requested.attribute {
                    Attribute::Served(_) if unsupported.is_empty() => {}
                    Attribute::Served(_) => {
                        return Err(Failure::language(&requested.name, &unsupported, true));
                    }
                    Attribute::Unserved => return Err(Failure::language(&requested.name, named, true)),
                }
            }
        }
        let detected = languages::detected(&text, scoring);
        let assumed = match named.is_empty() {
            // A text without words has no language. Its scores would mean nothing.
            true => vec![languages::assumed(&detected, scoring).ok_or_else(Failure::detection)?],
            false => named.clone(),
        };
        // Places in the text of an HTML body are not places in the body.
        let splits = request.has_spans && !request.comment.is_html();
        let sentences = if splits { spans::sentences(&text) } else { Vec::new() };
        let languages = languages::allowed(named, &detected, scoring);
        Ok(Self { request, text, sentences, detected, assumed, unsupported, languages })
    }

    /// Returns the number of texts to score.
    pub(super) fn texts(&self) -> usize {
        1 + self.sentences.len()
    }

    /// Returns the texts to score: the whole comment, and its sentences.
    pub(super) fn comments(&self) -> impl Iterator<Item = Comment> {
        let sentences = self.sentences.iter().map(|range| &self.text[range.clone()]);
        std::iter::once(self.text.as_str()).chain(sentences).map(comment)
    }

    /// Returns the comment as it is stored for a console; `None` if the client names it by no token,
    /// or asks that nothing is stored.
    pub(super) fn kept(&self, scored: &Scored) -> Option<Scored> {
        let token = self.request.client_token.as_ref().filter(|token| !token.is_empty())?;
        if self.request.is_private {
            return None;
        }
        let mut kept = scored.clone();
        kept.comment.id.clone_from(token);
        kept.comment.thread = self.request.community.clone().unwrap_or_default();
        Some(kept)
    }

    /// Writes the answer from the scored texts.
    ///
    /// # Errors
    /// [`Failure`] if the comment has no scores, or an attribute is not served.
    pub(super) fn answer(&self, scored: &[Scored]) -> Result<Value, Failure> {
        let (whole, sentences) = scored.split_first().ok_or_else(Failure::detection)?;
        let attributes = match &whole.outcome {
            _ if !self.unsupported.is_empty() => Map::new(),
            Outcome::Scored(scores) => self.attributes(Some(scores), sentences)?,
            Outcome::Unscored(Unscored::Language) => self.attributes(None, sentences)?,
            Outcome::Unscored(_) => return Err(Failure::comment_empty()),
        };
        // Empty fields are not sent.
        let mut answer = Map::new();
        if !attributes.is_empty() {
            answer.insert("attributeScores".into(), Value::Object(attributes));
        }
        answer.insert("languages".into(), json!(self.assumed));
        if !self.detected.is_empty() {
            answer.insert("detectedLanguages".into(), json!(self.detected));
        }
        if let Some(token) = self.request.client_token.as_ref().filter(|token| !token.is_empty()) {
            answer.insert("clientToken".into(), json!(token));
        }
        Ok(Value::Object(answer))
    }

    /// Returns the scores of the attributes. `scores` is `None` if no model supports the comment's
    /// languages.
    fn attributes(
        &self,
        scores: Option<&Scores>,
        sentences: &[Scored],
    ) -> Result<Map<String, Value>, Failure> {
        let mut all = Map::new();
        for requested in &self.request.attributes {
            let served = match requested.attribute {
                // A model may lack a label.
                Attribute::Served(label) => scores.and_then(|scores| Some((label, scores.get(label)?))),
                Attribute::Unserved => None,
            };
            match served {
                Some((label, value)) if value >= requested.threshold => {
                    let spans = self.spans(label, value, sentences);
                    let scores = json!({ "spanScores": spans, "summaryScore": score(value) });
                    all.insert(requested.name.clone(), scores);
                }
                Some(_) => {}
                None if self.request.drops_unsupported => {}
                None => {
                    let are_named = !self.request.languages.is_empty();
                    return Err(Failure::language(&requested.name, &self.assumed, are_named));
                }
            }
        }
        Ok(all)
    }

    /// Returns the scores of the sentences, or else one span with the score of the whole comment.
    /// A sentence without scores has no span.
    fn spans(&self, label: Label, value: f64, sentences: &[Scored]) -> Vec<Value> {
        let values = sentences.iter().map(|sentence| sentence.outcome.scores()?.get(label));
        let units = spans::utf16(&self.text, &self.sentences);
        let scored = units.iter().zip(values).filter_map(|(range, value)| Some(span(range, value?)));
        let spans: Vec<Value> = scored.collect();
        if spans.is_empty() {
            return vec![span(&(0..self.request.comment.text.encode_utf16().count()), value)];
        }
        spans
    }
}

fn span(range: &Range<usize>, value: f64) -> Value {
    json!({ "begin": range.start, "end": range.end, "score": score(value) })
}

fn score(value: f64) -> Value {
    json!({ "value": value, "type": "PROBABILITY" })
}
