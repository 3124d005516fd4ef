//! Reads a request for moderation, and describes its faults in OpenAI's words.

use serde_json::{Map, Value};

use super::{Fault, MODELS};

/// The number of characters of a value that a message repeats.
const SHOWN: usize = 64;

/// A request for moderation.
#[derive(Debug, PartialEq)]
pub(super) struct Moderation {
    /// The model that the client asked for; the first of [`MODELS`] if it named none.
    pub(super) model: &'static str,
    /// The texts.
    pub(super) input: Input,
}

/// The texts of a request.
#[derive(Debug, PartialEq)]
pub(super) enum Input {
    /// One text: a string, or the text parts of a list of parts, joined by line ends.
    One(String),
    /// A list of texts, each with a result of its own.
    List(Vec<String>),
}

/// Reads the body of a request for at most `max_texts` texts. Fields that OpenAI does not have are
/// ignored.
///
/// # Errors
/// [`Fault`] names the field.
pub(super) fn parse(body: &[u8], max_texts: usize) -> Result<Moderation, Fault> {
    let body: Value = serde_json::from_slice(body).map_err(|_| Fault {
        message: "We could not parse the JSON body of your request.".to_owned(),
        kind: "invalid_request_error",
        param: None,
        code: None,
    })?;
    let Value::Object(fields) = body else {
        return Err(Fault {
            message: format!("Invalid type for the body: expected an object, but got {}.", kind(&body)),
            kind: "invalid_request_error",
            param: None,
            code: Some("invalid_type"),
        });
    };
    let model = model(fields.get("model"))?;
    let input = match fields.get("input") {
        None => {
            let message = "Missing required parameter: 'input'.".to_owned();
            return Err(Fault::at("input", "missing_required_parameter", message));
        }
        Some(Value::String(text)) => Input::One(text.clone()),
        Some(Value::Array(items)) => list(items, model, max_texts)?,
        Some(other) => {
            return Err(wrong_type("input", "one of a string, array of strings, or array of objects", other));
        }
    };
    Ok(Moderation { model, input })
}

/// Returns the model that a client named.
fn model(value: Option<&Value>) -> Result<&'static str, Fault> {
    let name = match value {
        None | Some(Value::Null) => return Ok(MODELS[0]),
        Some(Value::String(name)) => name,
        Some(other) => return Err(wrong_type("model", "a string", other)),
    };
    let known = MODELS.into_iter().find(|known| known == name);
    known.ok_or_else(|| wrong_value("model", name, &MODELS))
}

/// Reads a list: of strings, or of parts.
fn list(items: &[Value], model: &str, max_texts: usize) -> Result<Input, Fault> {
    if items.is_empty() {
        let message = "Invalid 'input': empty array. Expected an array with minimum length 1, but got an empty array \
                       instead.";
        return Err(Fault::at("input", "empty_array", message.to_owned()));
    }
    if items[0].is_object() {
        return parts(items, model).map(Input::One);
    }
    if items.len() > max_texts {
        let message = format!(
            "Invalid 'input': array too long. Expected an array with maximum length {max_texts}, but got an array with \
             length {} instead.",
            items.len()
        );
        return Err(Fault::at("input", "array_above_max_length", message));
    }
    let text = |(place, item): (usize, &Value)| match item {
        Value::String(text) => Ok(text.clone()),
        other if place == 0 => Err(wrong_type("input[0]", "a string or an object", other)),
        other => Err(wrong_type(format!("input[{place}]"), "a string", other)),
    };
    items.iter().enumerate().map(text).collect::<Result<_, _>>().map(Input::List)
}

/// Reads a list of parts, and returns its text.
fn parts(items: &[Value], model: &str) -> Result<String, Fault> {
    let mut texts = Vec::new();
    let mut images = 0;
    for (place, item) in items.iter().enumerate() {
        let part = format!("input[{place}]");
        let Value::Object(fields) = item else { return Err(wrong_type(part, "an object", item)) };
        match string(fields, &part, "type")? {
            "text" => texts.push(string(fields, &part, "text")?),
            "image_url" => {
                let path = format!("{part}.image_url");
                match fields.get("image_url") {
                    Some(Value::Object(image)) => string(image, &path, "url")?,
                    other => return Err(missing_or_wrong(path, "an object", other)),
                };
                if model.starts_with("text-") {
                    return Err(wrong_value(format!("{part}.type"), "image_url", &["text"]));
                }
                images += 1;
            }
            other => return Err(wrong_value(format!("{part}.type"), other, &["text", "image_url"])),
        }
    }
    if images > 1 {
        let message = format!("Number of images ({images}) exceeds maximum of 1");
        return Err(Fault::at("input", "too_many_images", message));
    }
    if texts.is_empty() {
        let message = "This server does not evaluate images. Add a part of the type 'text'.".to_owned();
        return Err(Fault::at("input", "image_not_supported", message));
    }
    Ok(texts.join("\n"))
}

/// Returns a string of an object at `path`.
fn string<'a>(fields: &'a Map<String, Value>, path: &str, name: &str) -> Result<&'a str, Fault> {
    match fields.get(name) {
        Some(Value::String(text)) => Ok(text),
        other => Err(missing_or_wrong(format!("{path}.{name}"), "a string", other)),
    }
}

fn missing_or_wrong(path: String, expected: &str, value: Option<&Value>) -> Fault {
    match value {
        Some(value) => wrong_type(path, expected, value),
        None => {
            let message = format!("Missing required parameter: '{path}'.");
            Fault::at(path, "missing_required_parameter", message)
        }
    }
}

fn wrong_type(path: impl Into<String>, expected: &str, value: &Value) -> Fault {
    let path = path.into();
    let message = format!("Invalid type for '{path}': expected {expected}, but got {} instead.", kind(value));
    Fault::at(path, "invalid_type", message)
}

fn wrong_value(path: impl Into<String>, value: &str, supported: &[&str]) -> Fault {
    let value: String = value.chars().take(SHOWN).collect();
    let quoted: Vec<String> = supported.iter().map(|value| format!("'{value}'")).collect();
    let supported = match &quoted[..] {
        [only] => format!("Supported value is: {only}"),
        [rest @ .., last] => format!("Supported values are: {} and {last}", rest.join(", ")),
        [] => String::new(),
    };
    Fault::at(path, "invalid_value", format!("Invalid value: '{value}'. {supported}."))
}

/// Returns the kind of a JSON value, with its article.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a decimal number",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
