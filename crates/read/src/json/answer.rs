//! Recognizes the error answers of interfaces, which are saved in place of comments.

use serde_json::Value;

use super::choice::{Choice, Kind};
use super::survey::Place;
use crate::keys;
use crate::mapping::{self, Field};
use crate::objects::Object;

/// Keys that contain an error.
const ERRORS: [&str; 5] = ["error", "errors", "fault", "exception", "Error"];
/// Keys that contain the number of an error.
const CODES: [&str; 7] =
    ["code", "documentation_url", "statusCode", "status_code", "errcode", "error_code", "status"];
/// Keys that contain the message of an error, the best first.
const MESSAGES: [&str; 12] = [
    "message",
    "detail",
    "error_description",
    "errorMessage",
    "error_message",
    "errmsg",
    "msg",
    "faultstring",
    "reason",
    "response",
    "title",
    "type",
];

/// Returns the message of an interface's error answer; `None` if the input is something else.
pub(crate) fn error_answer(root: &Place, choice: &Choice) -> Option<String> {
    if root.objects != 1 || root.count() != 1 {
        return None;
    }
    // The object around the answer, if there is nothing else in it.
    let mut place = root;
    while let [(_, inner)] = &place.keys[..]
        && inner.objects == 1
        && inner.count() == 1
        && !ERRORS.iter().any(|key| place.key(key).is_some())
    {
        place = inner;
    }
    let object = place.sample.first()?;
    let are_messages = |kind: &Kind| *kind == Kind::Text && is_failed(object);
    if choice.chosen.iter().any(|chosen| chosen.is_list() && !are_messages(&chosen.kind)) {
        return None;
    }
    let listed = ERRORS.iter().chain(&["messages"]).find_map(|key| {
        let elements = place.key(key)?.elements.as_deref()?;
        match elements.sample.first() {
            Some(object) => message_of(object),
            None => elements.scalars.first()?.as_str().map(str::to_owned),
        }
    });
    // Within another object, `status` and `message` may be those of a comment.
    let is_root = std::ptr::eq(place, root);
    let has_list = ERRORS.iter().any(|key| place.key(key).is_some_and(|list| list.elements.is_some()));
    let is_plain = || has_list || is_failed(object) || ERRORS.iter().any(|key| object.contains_key(*key));
    if is_root || is_plain() { error_of(object, has_list, listed) } else { None }
}

/// Returns the message of an object that reports an error; `None` for any other object.
pub(crate) fn error_object(object: &Object) -> Option<String> {
    error_of(object, false, None)
}

/// Does the same as [`error_object`]; with whether it has a list of errors, and the message of the
/// first of them.
fn error_of(object: &Object, has_list: bool, listed: Option<String>) -> Option<String> {
    // Any key that a comment has and an error does not.
    let is_of_comment = |key: &str| match mapping::field_of_name(key) {
        Some(Field::Text) => !MESSAGES.contains(&key),
        Some(Field::Author | Field::Parent | Field::CreatedAt) => {
            !matches!(key, "timestamp" | "time" | "data" | "date")
        }
        _ => false,
    };
    let scalars = object.iter().filter(|(_, value)| !value.is_object() && !value.is_null());
    if scalars.into_iter().any(|(key, _)| is_of_comment(key)) {
        return None;
    }
    let is_set = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Object(object) => !object.is_empty(),
        Value::Bool(true) | Value::Array(_) => true,
    };
    let error = ERRORS.iter().find_map(|key| object.get(*key).filter(|value| is_set(value)));
    let codes = || CODES.iter().filter_map(|key| object.get(*key)).filter(|_| !object.contains_key("id"));
    // The numbers of HTTP from 400 on are errors.
    let is_of_http = |code: &Value| {
        keys::scalar(code).and_then(|code| code.parse().ok()).is_some_and(|code| (400..600).contains(&code))
    };
    let has_message = |keys: &[&str]| keys.iter().any(|key| object.get(*key).is_some_and(Value::is_string));
    let is_error = error.is_some()
        || has_list
        || is_failed(object)
        || (codes().next().is_some() && has_message(&["message", "response"]))
        || (codes().any(is_of_http) && has_message(&MESSAGES))
        || (object.len() == 1 && has_message(&["detail"]));
    is_error.then(|| {
        let message = match error {
            Some(Value::Object(inner)) => message_of(inner),
            Some(Value::String(word)) => message_of(object).or_else(|| Some(word.clone())),
            _ => listed.or_else(|| message_of(object)),
        };
        let message = message.unwrap_or_else(|| "it gives no reason".to_owned());
        message.chars().take(200).collect()
    })
}

/// Returns true if an object states that a request failed.
fn is_failed(object: &Object) -> bool {
    const WORDS: [&str; 5] = ["error", "fail", "failed", "failure", "err"];
    let is_word = |value: &Value| {
        value.as_str().is_some_and(|word| WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)))
    };
    ["ok", "success"].iter().any(|key| object.get(*key) == Some(&Value::Bool(false)))
        || ["status", "result", "stat"].iter().any(|key| object.get(*key).is_some_and(is_word))
}

fn message_of(object: &Object) -> Option<String> {
    MESSAGES.iter().find_map(|key| Some(object.get(*key)?.as_str()?.to_owned()))
}
