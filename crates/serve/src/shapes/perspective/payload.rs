//! Reads the body of a request as JSON, and words its faults as Google's parser does.

use serde_json::error::Category;
use serde_json::{Map, Value};

use super::failure::Failure;

/// The number of bytes that an error quotes before and after the place where the parser stopped.
const CONTEXT: usize = 20;

/// Reads a body as JSON. An empty body is an empty message, as with Google.
///
/// # Errors
/// [`Failure`] if the body is not JSON (RFC 8259) in UTF-8, or nests deeper than 128 levels.
pub(super) fn parse(body: &[u8]) -> Result<Value, Failure> {
    if body.trim_ascii().is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    serde_json::from_slice(body).map_err(|error| refuse(body, &error))
}

fn refuse(body: &[u8], error: &serde_json::Error) -> Failure {
    let text = error.to_string();
    let is = |words: &str| text.starts_with(words);
    if error.classify() == Category::Eof {
        let expected = match () {
            () if is("EOF while parsing an object") => "Expected , or } after key:value pair.",
            () if is("EOF while parsing a list") => "Expected , or ] after array value.",
            () if is("EOF while parsing a string") => "Closing quote expected in string.",
            () => "Expected a value.",
        };
        let message = format!("Unexpected end of string. {expected}\n\n^");
        return Failure::invalid(received(&message), Vec::new());
    }
    let message = match () {
        () if is("expected `:`") => "Expected : between key:value pair.",
        () if is("expected `,` or `}`") => "Expected , or } after key:value pair.",
        () if is("expected `,` or `]`") => "Expected , or ] after array value.",
        () if is("key must be a string") => "Expected an object key or }.",
        () if is("trailing characters") => "Parsing terminated before end of input.",
        () if is("invalid escape") => "Invalid escape sequence.",
        () if is("lone leading surrogate") || is("unexpected end of hex") => "Missing low surrogate.",
        () if is("invalid unicode code point") => "Encountered non UTF-8 code points.",
        () if is("invalid number") || is("number out of range") => "Unable to parse number.",
        () if is("control character") => "Invalid control character in string.",
        () if is("recursion limit") => "Message too deep. Max recursion depth reached.",
        () => "Unexpected token.",
    };
    Failure::invalid(received(&format!("{message}\n{}", context(body, error))), Vec::new())
}

fn received(message: &str) -> String {
    format!("Invalid JSON payload received. {message}")
}

/// Quotes the body around the place of an error, with a caret under that place on the next line.
fn context(body: &[u8], error: &serde_json::Error) -> String {
    let line_start = match error.line() {
        0 | 1 => 0,
        line => body
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n')
            .nth(line - 2)
            .map_or(0, |(at, _)| at + 1),
    };
    let mut at = (line_start + error.column().saturating_sub(1)).min(body.len());
    // A word is quoted from its beginning.
    if body.get(at).is_some_and(u8::is_ascii_alphabetic) {
        at -= body[..at].iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    }
    let start = at.saturating_sub(CONTEXT);
    let end = (at + CONTEXT).min(body.len());
    format!("{}\n{}^", String::from_utf8_lossy(&body[start..end]), " ".repeat(at - start))
}
