//! Reads a request for predictions.

use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::ErrorType::{Empty, Validation};
use super::Fault;

const PAIR: &str = "`inputs` is a pair of strings, and no model of this server compares two texts; a batch is a list of \
                    lists of one string each: [[\"a\"], [\"b\"]]";
const FORMS: &str = "`inputs` must be a string, or a batch [[\"a\"], [\"b\"]]";

/// The texts of a request.
#[derive(Debug, PartialEq)]
pub(super) enum Inputs {
    /// One text.
    One(String),
    /// Several, each with an answer of its own.
    Batch(Vec<String>),
}

/// Reads the body of a request for at most `max_texts` texts. Unknown fields are ignored, as TEI
/// does.
///
/// # Errors
/// [`Fault`] of the kind `Validation` or `Empty`.
pub(super) fn parse(body: &[u8], max_texts: usize) -> Result<Inputs, Fault> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return Err(Fault::new(Validation, "the body is not JSON").with(StatusCode::BAD_REQUEST));
    };
    let Value::Object(fields) = body else { return Err(malformed("the body must be an object")) };
    check_options(&fields)?;
    let inputs = match fields.get("inputs") {
        None => return Err(malformed("`inputs` is missing")),
        Some(Value::String(text)) => Inputs::One(text.clone()),
        Some(Value::Array(items)) => sequence(items)?,
        Some(_) => return Err(malformed(FORMS)),
    };
    match &inputs {
        Inputs::One(text) if text.is_empty() => Err(Fault::new(Empty, "`inputs` cannot be empty")),
        Inputs::Batch(texts) if texts.len() > max_texts => {
            let texts = texts.len();
            let error = format!("batch size {texts} > maximum allowed batch size {max_texts}");
            Err(Fault::new(Validation, error))
        }
        _ => Ok(inputs),
    }
}

/// Checks the fields next to `inputs`. Both of truncation are without effect: a long text is scored
/// whole, in windows.
fn check_options(fields: &Map<String, Value>) -> Result<(), Fault> {
    for name in ["truncate", "raw_scores"] {
        if !matches!(fields.get(name), None | Some(Value::Null | Value::Bool(_))) {
            return Err(malformed(format!("`{name}` must be true or false")));
        }
    }
    match fields.get("truncation_direction") {
        None | Some(Value::Null) => {}
        Some(Value::String(side))
            if ["left", "right"].iter().any(|known| side.eq_ignore_ascii_case(known)) => {}
        Some(_) => return Err(malformed("`truncation_direction` must be `left` or `right`")),
    }
    if fields.get("raw_scores") == Some(&Value::Bool(true)) {
        let error =
            "this server has no raw scores: its scores are calibrated probabilities; leave `raw_scores` out";
        return Err(Fault::new(Validation, error));
    }
    Ok(())
}

/// Reads a list: one text as `["a"]`, a pair, or a batch.
fn sequence(items: &[Value]) -> Result<Inputs, Fault> {
    match items {
        [] => Err(Fault::new(Empty, "`inputs` cannot be empty")),
        [Value::String(text)] => Ok(Inputs::One(text.clone())),
        [Value::String(_), ..] if items.iter().all(Value::is_string) => Err(Fault::new(Validation, PAIR)),
        _ => items.iter().map(of_batch).collect::<Result<_, _>>().map(Inputs::Batch),
    }
}

fn of_batch(item: &Value) -> Result<String, Fault> {
    let Value::Array(texts) = item else { return Err(malformed(FORMS)) };
    match &texts[..] {
        [Value::String(text)] => Ok(text.clone()),
        [Value::String(_), Value::String(_)] => Err(Fault::new(Validation, PAIR)),
        _ => Err(malformed(FORMS)),
    }
}

/// Returns the fault of a body that is JSON of another form.
fn malformed(error: impl Into<String>) -> Fault {
    Fault::new(Validation, error).with(StatusCode::UNPROCESSABLE_ENTITY)
}
