//! Batches: many calls in one request, as parts of a `multipart/mixed` body that are HTTP requests
//! themselves. The answers are parts in the same order.
//!
//! Python's client ends lines with `\n` alone, Ruby's with `\r\n`, and both may fold long header
//! lines, so the parts are read here and not by a library for forms.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::{Builder, Parts};
use axum::response::{IntoResponse, Response};

use super::call::{self, Call};
use super::failure::Failure;
use super::query::{Answer, Form};
use crate::app::Shared;
use crate::scoring::Priority;

/// The largest number of calls in a batch.
const MOST_CALLS: usize = 1000;

/// A part of a batch.
#[derive(Debug)]
struct Part {
    /// Its `Content-ID`, empty if it has none.
    id: String,
    /// The method, address and headers of its call.
    head: Parts,
    body: Bytes,
}

/// Answers a batch. Each of its calls needs a key, unless the batch as a whole has one.
pub(super) async fn serve(State(app): State<Shared>, head: Parts, body: Bytes) -> Response {
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let parts = match parts(content_type.unwrap_or_default(), &body) {
        Ok(parts) => parts,
        Err(failure) => return Form::read(&head.uri).0.write(Err(failure)).into_response(),
    };
    let keys = app.keys();
    let is_open = keys.is_empty() || keys.name(&head).is_ok();
    let split = |Part { id, head, body }| {
        let refused = if is_open { None } else { keys.name(&head).err() };
        (id, Call { method: head.method, uri: head.uri, body, refused })
    };
    let (ids, calls): (Vec<String>, Vec<Call>) = parts.into_iter().map(split).unzip();
    let answers = call::answer(calls, &app, Priority::Bulk).await;
    let (content_type, body) = write(&ids, &answers);
    ([(CONTENT_TYPE, content_type.as_str()), (CACHE_CONTROL, "private")], body).into_response()
}

fn refuse(cause: &str) -> Failure {
    Failure::invalid(format!("Failed to parse batch request, error: {cause}"), Vec::new())
}

/// Reads the parts of a batch.
fn parts(content_type: &str, body: &Bytes) -> Result<Vec<Part>, Failure> {
    let boundary = boundary(content_type).ok_or_else(|| refuse("Missing multipart/mixed boundary."))?;
    let mut parts = Vec::new();
    for part in split(body, boundary).ok_or_else(|| refuse("Missing end boundary."))? {
        if parts.len() == MOST_CALLS {
            return Err(refuse(&format!("More than {MOST_CALLS} items.")));
        }
        parts.push(read(&part).ok_or_else(|| refuse(&format!("Item {} is not HTTP.", parts.len() + 1)))?);
    }
    if parts.is_empty() {
        return Err(refuse("0 items."));
    }
    Ok(parts)
}

/// Returns the boundary of a content type.
fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/mixed") {
        return None;
    }
    let named = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let mut boundaries = named.filter(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"));
    let boundary = boundaries.next()?.1.trim().trim_matches('"');
    (!boundary.is_empty() && boundary.len() <= 128).then_some(boundary)
}

/// Returns what is between the lines of a boundary; `None` if the last one is missing.
fn split(body: &Bytes, boundary: &str) -> Option<Vec<Bytes>> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (None, 0);
    while at < body.len() {
        let end =
            body[at..].iter().position(|byte| *byte == b'\n').map_or(body.len(), |length| at + length + 1);
        let line = body[at..end].trim_ascii_end();
        if let Some(rest) = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary.as_bytes()))
            && (rest.is_empty() || rest == b"--")
        {
            parts.extend(start.map(|start| body.slice(start..at)));
            start = Some(end);
            if !rest.is_empty() {
                return Some(parts);
            }
        }
        at = end;
    }
    None
}

/// Reads a part: its own headers, and the request that it contains.
fn read(part: &Bytes) -> Option<Part> {
    let (headers, request) = head(part)?;
    let headers = headers.iter().filter_map(|line| line.split_once(':'));
    let mut ids = headers.filter(|(name, _)| name.trim().eq_ignore_ascii_case("content-id"));
    let id = ids.next().map(|(_, id)| id.trim().to_owned());
    let (lines, body) = head(&part.slice(request..))?;
    let (line, headers) = lines.split_first()?;
    let mut words = line.split_whitespace();
    let mut request_head = Builder::new().method(words.next()?).uri(words.next()?);
    for (name, value) in headers.iter().filter_map(|line| line.split_once(':')) {
        request_head = request_head.header(name.trim(), value.trim());
    }
    let (head, ()) = request_head.body(()).ok()?.into_parts();
    Some(Part { id: id.unwrap_or_default(), head, body: part.slice(request + body..) })
}

/// Returns the lines up to the first empty one, with folded ones joined, and the place after it.
fn head(bytes: &[u8]) -> Option<(Vec<String>, usize)> {
    let mut lines: Vec<String> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let end =
            bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |length| at + length + 1);
        let line = str::from_utf8(&bytes[at..end]).ok()?.trim_end();
        at = end;
        match lines.last_mut() {
            // A part without headers begins with an empty line.
            _ if line.is_empty() => break,
            Some(last) if line.starts_with([' ', '\t']) => {
                last.push(' ');
                last.push_str(line.trim_start());
            }
            _ => lines.push(line.to_owned()),
        }
    }
    Some((lines, at))
}

/// Writes the answers as parts: returns the content type and the body.
fn write(ids: &[String], answers: &[Answer]) -> (String, String) {
    // A hash of all answers is in none of them.
    let bodies: String = answers.iter().map(|answer| answer.body.as_str()).collect();
    let boundary = format!("batch_{}", comity_core::digest::sha256(bodies));
    let mut parts = String::new();
    for (id, answer) in ids.iter().zip(answers) {
        let id = match id.strip_prefix('<') {
            Some(rest) => format!("<response-{rest}"),
            None => format!("response-{id}"),
        };
        let Answer { status, content_type, retry_after, body } = answer;
        let retry = retry_after.map(|seconds| format!("Retry-After: {seconds}\r\n"));
        let lines = [
            format!("--{boundary}\r\n"),
            "Content-Type: application/http\r\n".into(),
            format!("Content-ID: {id}\r\n\r\n"),
            format!("HTTP/1.1 {} {}\r\n", status.as_u16(), status.canonical_reason().unwrap_or("Unknown")),
            format!("Content-Type: {content_type}\r\n"),
            format!("Content-Length: {}\r\n", body.len()),
            retry.unwrap_or_default(),
            format!("\r\n{body}\r\n"),
        ];
        parts.extend(lines);
    }
    parts.push_str(&format!("--{boundary}--\r\n"));
    (format!("multipart/mixed; boundary={boundary}"), parts)
}

/// Reads any bytes as a batch. For fuzzing.
pub(super) fn read_any(bytes: &[u8]) {
    drop(parts("multipart/mixed; boundary=a", &Bytes::copy_from_slice(bytes)));
}
