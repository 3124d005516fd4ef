//! The records of a request as comments.

use comity_core::comment::Comment;
use comity_read::{Lines, Options as ReadOptions, Record};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Fault, Options};
use crate::refusal::Refusal;

/// A record of a request.
#[derive(Debug)]
pub(super) struct Item {
    /// Its number, from 1; of a line, the number of the line.
    pub(super) number: u64,
    /// The record as read.
    pub(super) read: Read,
}

/// A record as read.
#[derive(Debug)]
pub(super) enum Read {
    /// A comment, and the language that the record names.
    Comment(Box<Comment>, Option<String>),
    /// No comment, for this reason.
    Reject(String),
}

/// Turns records into comments, with the keys of `comity score --stream` and `language`.
pub(super) struct Reader {
    lines: Lines,
    supports: Box<dyn Fn(&str) -> bool + Send>,
}

/// The only key of a record that [`Lines`] does not know.
#[derive(Deserialize)]
struct OwnKeys {
    language: Option<String>,
}

impl Reader {
    /// Creates a reader; `supports` returns true for a language that can be scored.
    pub(super) fn new(supports: impl Fn(&str) -> bool + Send + 'static) -> Result<Self, Fault> {
        let lines = Lines::in_thread(&ReadOptions::default(), "").map_err(|_| Refusal::Internal)?;
        Ok(Self { lines, supports: Box::new(supports) })
    }

    /// Checks that a language is supported.
    pub(super) fn check(&self, language: Option<&str>) -> Result<(), Fault> {
        match language {
            Some(language) if !(self.supports)(language) => {
                Err(Fault::bad("unsupported_language", unsupported(language)))
            }
            _ => Ok(()),
        }
    }

    /// Reads the JSON of a record; `None` if it is blank. `bytes` is its length, and `json` any
    /// part of one that is longer than [`comity_read::MAX_LINE_BYTES`].
    pub(super) fn json(&mut self, json: &[u8], bytes: u64) -> Result<Option<Item>, Refusal> {
        let record = self.lines.line(json, bytes).map_err(|_| Refusal::Internal)?;
        Ok(record.map(|record| match record {
            Record::Reject(reject) => {
                Item { number: reject.record, read: Read::Reject(without_options(&reject.cause)) }
            }
            Record::Comment(comment) => {
                let number = comment.origin.record;
                Item { number, read: self.comment(comment, language(json)) }
            }
        }))
    }

    /// Returns a comment, or a reject if its language is not supported.
    pub(super) fn comment(&self, comment: Comment, language: Result<Option<String>, String>) -> Read {
        match language {
            Err(cause) => Read::Reject(cause),
            Ok(Some(language)) if !(self.supports)(&language) => Read::Reject(unsupported(&language)),
            Ok(language) => Read::Comment(Box::new(comment), language),
        }
    }
}

fn unsupported(language: &str) -> String {
    let language: String = language.chars().take(20).collect();
    format!("no model supports the language `{language}`; GET / lists those that are supported")
}

/// Returns the language that the JSON of a comment names.
fn language(json: &[u8]) -> Result<Option<String>, String> {
    match serde_json::from_slice::<OwnKeys>(json) {
        Ok(keys) => Ok(keys.language),
        Err(error) if error.is_data() => {
            Err("its `language` is not one text; send a code such as \"en\"".to_owned())
        }
        // JSON that is mended before it is read: numbers alone, which no language is.
        Err(_) => Ok(None),
    }
}

/// Returns a cause without a remedy that only the command line has.
fn without_options(cause: &str) -> String {
    match cause.split_once("; ") {
        Some((cause, remedy)) if remedy.contains(" --") => cause.to_owned(),
        _ => cause.to_owned(),
    }
}

/// A JSON object with comments and options.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Object<'a> {
    #[serde(borrow)]
    comments: Vec<&'a RawValue>,
    explain: Option<bool>,
    language: Option<String>,
}

/// Reads a JSON request: an array of texts and objects, or an object with the array and options.
/// Returns the records, all of which are comments, and the options in force.
///
/// # Errors
/// [`Fault`] names the fault, and the record if one is at fault.
pub(super) fn whole(
    json: &[u8],
    mut reader: Reader,
    options: Options,
    most: usize,
) -> Result<(Vec<Item>, Options), Fault> {
    let not_json = |error: serde_json::Error| {
        let message = if error.is_data() {
            format!("not a request: {error}; send an array of texts or comments, or {{\"comments\": [...]}}")
        } else {
            format!("not JSON: {error}")
        };
        Fault::bad("bad_request", message)
    };
    let (records, options) = if json.trim_ascii_start().starts_with(b"{") {
        let Object { comments, explain, language } = serde_json::from_slice(json).map_err(not_json)?;
        let explain = explain.unwrap_or(options.explain);
        (comments, Options { explain, language: language.or(options.language) })
    } else {
        (serde_json::from_slice::<Vec<&RawValue>>(json).map_err(not_json)?, options)
    };
    if records.len() > most {
        return Err(Refusal::TooMany(most).into());
    }
    reader.check(options.language.as_deref())?;
    let mut items = Vec::with_capacity(records.len());
    for (index, record) in records.into_iter().enumerate() {
        let json = record.get();
        let of_text;
        let json = match json.as_bytes().first() {
            Some(b'"') => {
                of_text = format!("{{\"text\":{json}}}");
                &of_text
            }
            Some(b'{') => json,
            _ => {
                let message = format!("record {index}: neither a text nor an object; send one of them");
                return Err(Fault::bad("bad_record", message).at(index));
            }
        };
        match reader.json(json.as_bytes(), json.len() as u64)? {
            Some(Item { read: Read::Reject(cause), .. }) => {
                return Err(Fault::bad("bad_record", format!("record {index}: {cause}")).at(index));
            }
            item => items.extend(item),
        }
    }
    Ok((items, options))
}
