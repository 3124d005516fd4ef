//! JSON: an array of objects, an object that holds one under a key (`{"comments": […]}`, at any
//! depth of objects), or one object. Elements are cut out of the stream one by one, so the array is
//! never whole in memory.

use serde_json::{Map, Value};

use super::{FormatEntry, Hooks};
use crate::input::{Input, Parser};
use crate::json_cutter::{Element, cut_through, cut_value, is_between_elements};
use crate::keys::{self, Keys};
use crate::mapping::{self, Field, Mapping};
use crate::sniff::Verdict;
use crate::source::{Source, Span};
use crate::{ReadError, ReadErrorKind, Record};

/// Elements of the head that the keys are understood by.
const SAMPLE_ELEMENTS: usize = 200;

/// Keys that exports keep their comments under, the surest first.
const LISTS: [&str; 12] = [
    "comments",
    "messages",
    "posts",
    "utterances",
    "data",
    "items",
    "results",
    "replies",
    "tweets",
    "entries",
    "children",
    "rows",
];

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "json",
    description: "a JSON array of objects, an object that holds one under a key, or one object",
    extensions: &["json"],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input begins as a JSON array or object does.
fn sniff(source: &Source, _: &Mapping) -> Verdict {
    let head = source.head().trim_ascii_start();
    let Some((first, rest)) = head.split_first() else { return Verdict::No };
    match (first, rest.trim_ascii_start().first()) {
        (b'[', None | Some(b'{' | b'[' | b']')) => {
            Verdict::Sure("begins as a JSON array of objects".to_owned())
        }
        (b'{', Some(b'"' | b'}')) => Verdict::Maybe("begins as a JSON object".to_owned()),
        _ => Verdict::No,
    }
}

/// Opens a JSON input: finds where its records stand, and their keys.
fn open(mut input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let head = input.source.head();
    let (empty, list) = match find_list(head) {
        Some(list) if list.is_empty => (Some(list), None),
        list => (None, list),
    };
    let start = list.as_ref().map_or(0, |list| list.offset);
    let sample = sample(&head[start..]);
    if let Some(list) = &list {
        input.report.why.push_str(&format!("; its records stand under `{}`", list.path));
    }
    if let Some(empty) = empty
        && !input.options.mapping.has_names()
        && !keys::names(&sample).iter().any(|name| mapping::field_of_name(name) == Some(Field::Text))
    {
        let what = format!("no comments in it: its list `{}` is empty", empty.path);
        let remedy = "check that the export has any";
        return Err(ReadError::new(ReadErrorKind::Empty, &input.source.name, what, remedy));
    }
    let keys = if sample.is_empty() { None } else { Some(Keys::resolve(&mut input, &sample)?) };
    input.source.consume(start);
    let around = list.map_or(0, |list| list.depth);
    Ok(Box::new(Json { input, keys, around, depth: 0, is_done: false, raw: Vec::new() }))
}

/// A list within an object.
struct List {
    path: String,
    /// The offset of its `[`.
    offset: usize,
    /// The number of objects around it, one within the other.
    depth: u64,
    is_empty: bool,
}

/// Finds the list that holds the records: one of objects, or else an empty one that is called like
/// one of comments. `None` if the input is no object, or is a record itself.
fn find_list(head: &[u8]) -> Option<List> {
    let start = head.iter().position(|byte| !byte.is_ascii_whitespace())?;
    if head[start] != b'{' {
        return None;
    }
    let mut lists = Vec::new();
    // For each open bracket: none for an array, the current key for an object.
    let mut open: Vec<Option<String>> = Vec::new();
    let mut expects_key = false;
    let mut at = start;
    while let Some(byte) = head.get(at) {
        match byte {
            b'{' => {
                open.push(Some(String::new()));
                expects_key = true;
            }
            b'[' => {
                let path: Option<Vec<&str>> = open.iter().map(Option::as_deref).collect();
                let first = head[at + 1..].iter().find(|byte| !byte.is_ascii_whitespace());
                if let (Some(path), Some(b'{' | b']')) = (path, first) {
                    let (path, depth) = (path.join("."), path.len() as u64);
                    lists.push(List { path, offset: at, depth, is_empty: first == Some(&b']') });
                }
                open.push(None);
            }
            b'}' | b']' => {
                open.pop();
                if open.is_empty() {
                    break;
                }
            }
            b',' => expects_key = matches!(open.last(), Some(Some(_))),
            b'"' => {
                let Some(end) = string_end(head, at) else { break };
                if expects_key {
                    let name = String::from_utf8_lossy(&head[at + 1..end - 1]).into_owned();
                    // Text of its own: the object is a comment.
                    let value = head[end..].iter().find(|byte| !byte.is_ascii_whitespace() && **byte != b':');
                    if open.len() == 1
                        && value == Some(&b'"')
                        && mapping::field_of_name(&name) == Some(Field::Text)
                    {
                        return None;
                    }
                    if let Some(key) = open.last_mut() {
                        *key = Some(name);
                    }
                    expects_key = false;
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    let rank = |list: &List| {
        let last = list.path.rsplit('.').next().unwrap_or_default();
        LISTS.iter().position(|name| *name == last).unwrap_or(LISTS.len())
    };
    let lists = lists.into_iter().filter(|list| !list.is_empty || rank(list) < LISTS.len());
    lists.min_by_key(|list| (list.is_empty, rank(list)))
}

/// The offset behind the string that begins at `start`; none where it does not end.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The first whole objects of a head that begins with an array or with an object.
fn sample(head: &[u8]) -> Vec<Map<String, Value>> {
    let mut sample = Vec::new();
    let mut at = 0;
    while let Some(skip) =
        head[at..].iter().position(|byte| !is_between_elements(*byte) && *byte != b'[' && *byte != b']')
    {
        at += skip;
        let Some(length) = Element::default().end(&head[at..]) else { break };
        sample.extend(keys::parse(&head[at..at + length]));
        at += length;
        if sample.len() == SAMPLE_ELEMENTS {
            break;
        }
    }
    sample
}

struct Json {
    input: Input,
    /// None until an object was seen: the head holds none where its first record is very long.
    keys: Option<Keys>,
    /// Objects around the list that holds the records; 0 if the records stand at the top.
    around: u64,
    /// Brackets around the next element, within that list.
    depth: u64,
    is_done: bool,
    raw: Vec<u8>,
}

impl Json {
    /// Cuts the next element off the stream, into `raw`. Returns `None` at the end of the list or
    /// of the stream.
    fn cut(&mut self) -> Option<Span> {
        let source = &mut self.input.source;
        loop {
            let bytes = source.fill();
            let space = bytes.iter().take_while(|byte| is_between_elements(**byte)).count();
            if space > 0 {
                source.consume(space);
                continue;
            }
            match bytes.first()? {
                b'[' => self.depth += 1,
                b']' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 && self.around > 0 {
                        source.consume(1);
                        return None;
                    }
                }
                _ => return Some(cut_value(source, &mut self.raw)),
            }
            source.consume(1);
        }
    }

    /// Returns a reject if brackets are left open at the end, or if something follows the only
    /// document that is read.
    fn check_end(&mut self) -> Option<Record> {
        let mut open = self.around + self.depth;
        self.raw.clear();
        if self.depth == 0 && open > 0 {
            let mut rest = Element::within(open);
            let span = cut_through(&mut self.input.source, &mut self.raw, |bytes| rest.end(bytes));
            open = if span.is_complete { 0 } else { rest.depth() };
            self.raw.clear();
        }
        if open > 0 {
            // A stream that broke off has a reject of its own.
            let end = self.input.source.here();
            return self
                .input
                .source
                .broken()
                .is_none()
                .then(|| self.input.reject(end, keys::ENDS_TOO_EARLY, &[]));
        }
        let space = |bytes: &[u8]| bytes.iter().position(|byte| !byte.is_ascii_whitespace());
        cut_through(&mut self.input.source, &mut self.raw, space);
        self.raw.clear();
        let span = cut_through(&mut self.input.source, &mut self.raw, |_| None);
        (span.end > span.start).then(|| {
            let cause =
                "text behind the end of the document is not read; save each document as a file of its own";
            self.input.reject(span, cause, &self.raw)
        })
    }
}

impl Parser for Json {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        if self.is_done {
            return Ok(None);
        }
        let Some(span) = self.cut() else {
            self.is_done = true;
            return Ok(self.check_end());
        };
        // One reject is enough for a file that ends within an element.
        self.is_done = !span.is_complete;
        keys::record(&mut self.input, &mut self.keys, span, &self.raw).map(Some)
    }

    fn input(&mut self) -> &mut Input {
        &mut self.input
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_comments_is_found() {
        for (json, expected) in [
            (r#"{"comments":[{"text":"x"}]}"#, Some("comments")),
            (r#"{"users":[{"name":"x"}],"data":{"n":1,"posts":[ {"text":"x"}]}}"#, Some("data.posts")),
            (r#"{"title":"x, {y}","odd":[{"a":[{"b":1}]}]}"#, Some("odd")),
            (r#"{"text":"a comment itself","tags":[{"x":1}]}"#, None),
            (r#"{"numbers":[1,2]}"#, None),
            (r#"{"cut":"off"#, None),
            (r#" [{"text":"x"}]"#, None),
        ] {
            assert_eq!(find_list(json.as_bytes()).map(|list| list.path).as_deref(), expected, "{json}");
        }
    }
}
