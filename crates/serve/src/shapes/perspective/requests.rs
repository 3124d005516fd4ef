//! The requests of the two methods, read and checked against the schema.

use serde_json::Value;

use super::attributes::Attribute;
use super::failure::Failure;
use super::message::{Faults, Message};

/// The largest comment, in bytes.
pub(super) const MAX_TEXT: usize = 20_480;

const TEXT_TYPES: [&str; 3] = ["TEXT_TYPE_UNSPECIFIED", "PLAIN_TEXT", "HTML"];
const HTML: i32 = 2;
const SCORE_TYPES: [&str; 5] =
    ["SCORE_TYPE_UNSPECIFIED", "PROBABILITY", "STD_DEV_SCORE", "PERCENTILE", "RAW"];
const PROBABILITY: i32 = 1;

/// A text of a request.
#[derive(Debug)]
pub(super) struct TextEntry {
    /// The text as it was sent.
    pub(super) text: String,
    text_type: i32,
}

impl TextEntry {
    fn read(message: &Message<'_>) -> Self {
        let text_type = message.enumeration("type", "TextEntry.TextType", &TEXT_TYPES);
        Self { text: message.string("text").unwrap_or_default(), text_type: text_type.unwrap_or(0) }
    }

    /// Returns true if the text is HTML.
    pub(super) fn is_html(&self) -> bool {
        self.text_type == HTML
    }

    /// Checks that it is a comment that can be scored.
    fn check(&self) -> Result<(), Failure> {
        if self.text.trim().is_empty() {
            return Err(Failure::comment_empty());
        }
        if self.text.len() > MAX_TEXT {
            return Err(Failure::comment_too_long(self.text.len(), MAX_TEXT));
        }
        if !(0..=HTML).contains(&self.text_type) {
            return Err(Failure::request("Unknown text type"));
        }
        Ok(())
    }
}

/// Reads the comment of a request.
fn comment(root: &Message<'_>) -> Option<TextEntry> {
    let message = root.message("comment", "TextEntry", &["text", "type"])?;
    Some(TextEntry::read(&message))
}

/// Reads the context of a request, which no model uses. Returns true if it has both of its fields,
/// of which it may have one.
fn has_two_contexts(root: &Message<'_>) -> bool {
    let text = ["text", "type"];
    let Some(context) = root.message("context", "Context", &["entries", "article_and_parent_comment"]) else {
        return false;
    };
    let entries = context.messages("entries", "TextEntry", &text);
    entries.iter().for_each(|entry| drop(TextEntry::read(entry)));
    let parents = ["article", "parent_comment"];
    let pair = context.message("article_and_parent_comment", "ArticleAndParentComment", &parents);
    for parent in parents {
        if let Some(entry) = pair.as_ref().and_then(|pair| pair.message(parent, "TextEntry", &text)) {
            TextEntry::read(&entry);
        }
    }
    !entries.is_empty() && pair.is_some()
}

fn check_context(has_two: bool) -> Result<(), Failure> {
    if has_two {
        let message =
            "Context can have either entries or article_and_parent_comment, but both fields were populated.";
        return Err(Failure::request(message));
    }
    Ok(())
}

/// Checks the name of an attribute and the type of its scores.
fn check_attribute(name: &str, score_type: i32) -> Result<Attribute, Failure> {
    let attribute = Attribute::find(name);
    let attribute =
        attribute.ok_or_else(|| Failure::request(format!("Unknown requested attribute: {name}")))?;
    // The unspecified type is a probability too.
    if !(0..=PROBABILITY).contains(&score_type) {
        let place = usize::try_from(score_type).ok();
        let known = place.and_then(|place| SCORE_TYPES.get(place)).map(|name| (*name).to_owned());
        let score_type = known.unwrap_or_else(|| score_type.to_string());
        let message = format!("Requested score type {score_type} is not supported by attribute {name}");
        return Err(Failure::request(message));
    }
    Ok(attribute)
}

/// An attribute of a request.
#[derive(Debug)]
pub(super) struct Requested {
    /// Its name, as it was sent.
    pub(super) name: String,
    /// The attribute of that name.
    pub(super) attribute: Attribute,
    /// The smallest score that is answered.
    pub(super) threshold: f64,
}

/// A request for scores.
#[derive(Debug)]
pub(super) struct AnalyzeRequest {
    /// The text to score: not empty, and at most [`MAX_TEXT`] bytes.
    pub(super) comment: TextEntry,
    /// The attributes to score, in the order of the request; at least one.
    pub(super) attributes: Vec<Requested>,
    /// The languages of the comment; none: they are detected.
    pub(super) languages: Vec<String>,
    /// A text to send back.
    pub(super) client_token: Option<String>,
    /// Score each sentence too.
    pub(super) has_spans: bool,
    /// Keep nothing of it.
    pub(super) is_private: bool,
    /// The community that the comment was posted in.
    pub(super) community: Option<String>,
    /// Leave out the attributes that are not served in a language, instead of refusing the request.
    pub(super) drops_unsupported: bool,
}

impl AnalyzeRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// [`Failure`] that Perspective answers to a request of this kind.
    pub(super) fn read(value: &Value) -> Result<Self, Failure> {
        let faults = Faults::default();
        let known = [
            "comment",
            "context",
            "requested_attributes",
            "languages",
            "do_not_store",
            "client_token",
            "session_id",
            "community_id",
            "span_annotations",
            "drop_unsupported_attributes",
        ];
        let root = Message::root(value, &known, &faults);
        let comment = comment(&root);
        let has_two_contexts = has_two_contexts(&root);
        let attributes =
            root.map("requested_attributes", "AttributeParameters", &["score_type", "score_threshold"]);
        let attributes: Vec<_> = attributes
            .into_iter()
            .map(|(name, parameters)| {
                let score_type =
                    parameters.enumeration("score_type", "AttributeParameters.ScoreType", &SCORE_TYPES);
                let threshold = parameters.number("score_threshold");
                (name, score_type.unwrap_or(0), threshold.unwrap_or(0.0))
            })
            .collect();
        let languages = root.strings("languages");
        let client_token = root.string("client_token");
        let has_spans = root.flag("span_annotations");
        let drops_unsupported = root.flag("drop_unsupported_attributes");
        let is_private = root.flag("do_not_store");
        let community = root.string("community_id");
        // It is checked and has no effect.
        root.string("session_id");
        drop(root);
        faults.check()?;

        let comment = comment.ok_or_else(Failure::comment_empty)?;
        comment.check()?;
        check_context(has_two_contexts)?;
        if attributes.is_empty() {
            return Err(Failure::no_attributes());
        }
        let read = |(name, score_type, threshold): (String, i32, f64)| {
            let attribute = check_attribute(&name, score_type)?;
            Ok(Requested { name, attribute, threshold })
        };
        let attributes = attributes.into_iter().map(read).collect::<Result<_, Failure>>()?;
        Ok(Self {
            comment,
            attributes,
            languages,
            client_token,
            has_spans,
            is_private,
            community,
            drops_unsupported,
        })
    }
}

/// A score that someone suggests for a comment.
#[derive(Debug, PartialEq)]
pub(super) struct Suggested {
    /// The name of the attribute, as it was sent.
    pub(super) attribute: String,
    /// The part of the comment that it is about, in UTF-16 code units; `None` for all of it.
    pub(super) span: Option<(usize, usize)>,
    /// The score, from 0 to 1.
    pub(super) value: f64,
}

/// A request to store scores.
#[derive(Debug)]
pub(super) struct SuggestRequest {
    /// The text that the scores are about: not empty, and at most [`MAX_TEXT`] bytes.
    pub(super) comment: TextEntry,
    /// The scores, at least one.
    pub(super) scores: Vec<Suggested>,
    /// The languages of the comment; none: they are detected.
    pub(super) languages: Vec<String>,
    /// A text to send back.
    pub(super) client_token: Option<String>,
    /// The site that the comment is from.
    pub(super) community_id: Option<String>,
}

/// A score and its span, as they were sent.
struct Score {
    span: Option<(Option<i32>, Option<i32>)>,
    value: Option<f64>,
    score_type: i32,
}

impl Score {
    fn read(message: Option<&Message<'_>>, span: Option<(Option<i32>, Option<i32>)>) -> Self {
        let value = message.and_then(|score| score.number("value"));
        let score_type = message.and_then(|score| score.enumeration("type", "Score.Type", &SCORE_TYPES));
        Self { span, value, score_type: score_type.unwrap_or(0) }
    }
}

impl SuggestRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// [`Failure`] that Perspective answers to a request of this kind.
    pub(super) fn read(value: &Value) -> Result<Self, Failure> {
        let faults = Faults::default();
        let known = [
            "comment",
            "context",
            "attribute_scores",
            "languages",
            "client_token",
            "session_id",
            "community_id",
        ];
        let root = Message::root(value, &known, &faults);
        let comment = comment(&root);
        let has_two_contexts = has_two_contexts(&root);
        let attributes = root.map("attribute_scores", "AttributeScores", &["summary_score", "span_scores"]);
        let attributes: Vec<(String, Vec<Score>)> = attributes
            .into_iter()
            .map(|(name, scores)| {
                let score = ["value", "type"];
                let summary = scores.message("summary_score", "Score", &score);
                let summary = summary.map(|summary| Score::read(Some(&summary), None));
                let spans = scores.messages("span_scores", "SpanScore", &["begin", "end", "score"]);
                let spans = spans.iter().map(|span| {
                    let bounds = (span.integer("begin"), span.integer("end"));
                    Score::read(span.message("score", "Score", &score).as_ref(), Some(bounds))
                });
                (name, summary.into_iter().chain(spans).collect())
            })
            .collect();
        let languages = root.strings("languages");
        let client_token = root.string("client_token");
        let community_id = root.string("community_id");
        root.string("session_id");
        drop(root);
        faults.check()?;

        let comment = comment.ok_or_else(Failure::comment_empty)?;
        comment.check()?;
        check_context(has_two_contexts)?;
        if attributes.is_empty() {
            return Err(Failure::request("Missing attribute_scores"));
        }
        let units = comment.text.encode_utf16().count();
        let mut scores = Vec::new();
        for (attribute, sent) in attributes {
            if sent.is_empty() {
                check_attribute(&attribute, 0)?;
                let message = format!("Attribute {attribute} has neither summary_score nor span_scores");
                return Err(Failure::request(message));
            }
            for Score { span, value, score_type } in sent {
                check_attribute(&attribute, score_type)?;
                let value = value.filter(|value| (0.0..=1.0).contains(value)).ok_or_else(|| {
                    let message = format!("Scores of attribute {attribute} need a value from 0 to 1");
                    Failure::request(message)
                })?;
                let span = match span {
                    None => None,
                    Some(bounds) => Some(span_of(bounds, units).ok_or_else(|| {
                        let message =
                            format!("Span scores of attribute {attribute} need begin and end in the comment");
                        Failure::request(message)
                    })?),
                };
                scores.push(Suggested { attribute: attribute.clone(), span, value });
            }
        }
        Ok(Self { comment, scores, languages, client_token, community_id })
    }
}

/// Returns the bounds of a span if both are there and within a text of this many code units.
fn span_of((begin, end): (Option<i32>, Option<i32>), units: usize) -> Option<(usize, usize)> {
    let (begin, end) = (usize::try_from(begin?).ok()?, usize::try_from(end?).ok()?);
    (begin <= end && end <= units).then_some((begin, end))
}
