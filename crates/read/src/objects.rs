//! Parts of the formats whose records are JSON objects at known paths: the paths to those objects,
//! and the parser around a format's [`Layout`].

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::{Map, Value};

use comity_core::comment::Status;

use super::formats::ndjson;
use super::input::{Input, Parser, Values};
use super::json_cutter::{cut_through, cut_value, skip_space};
use super::keys;
use super::mapping::{Field, Mapping};
use super::source::{Source, Span};
use super::time::{Time, TimeColumn};
use super::{ReadError, Record};

/// A JSON object.
pub(crate) type Object = Map<String, Value>;

/// The key of each field, as a dotted path; if a field has several, the first one that a record has
/// is used.
pub(crate) type Keys = &'static [(Field, &'static str)];

/// The place of the objects in a file.
#[derive(Clone, Copy)]
pub(crate) enum JsonPath {
    /// One on each line.
    Lines,
    /// At these paths of a JSON document (or of several, one after the other): keys joined by dots,
    /// `*` for the elements of an array (and of arrays within it), nothing for the whole document.
    /// A path that begins with `**.` counts at any depth, and one that does not end with `*` may
    /// contain any value.
    Paths(&'static [&'static str]),
}

impl JsonPath {
    /// Returns the place of the objects of an input that is an array of them, one per line, or one
    /// document after the other.
    pub(crate) fn of_list(source: &Source) -> Self {
        Self::of_list_or(source, &[""])
    }

    /// Does the same as [`JsonPath::of_list`], for documents with the objects at these paths.
    pub(crate) fn of_list_or(source: &Source, paths: &'static [&'static str]) -> Self {
        if source.head().trim_ascii_start().starts_with(b"[") {
            Self::Paths(&["*"])
        } else if ndjson::are_most_lines(source, |_| true) && ndjson::sample(source).len() > 1 {
            Self::Lines
        } else {
            Self::Paths(paths)
        }
    }
}

/// A format's conversion of objects into records.
pub(crate) trait Layout: Send {
    /// Keys that give the structure, and contain no data of a comment.
    const STRUCTURE: &[&str];

    /// Adds the records in a value.
    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>);

    /// Handles a value that cannot be read, which becomes a reject.
    fn reject(&mut self, input: &mut Input, defect: Defect, records: &mut VecDeque<Record>) {
        records.push_back(input.reject(defect.span, defect.cause, &defect.raw));
    }

    /// Finishes the input; called once at the end, for records and notices on the whole file.
    fn finish(&mut self, _input: &mut Input, _records: &mut VecDeque<Record>) {}
}

/// A part of the input where a value was expected, which cannot be read.
pub(crate) struct Defect {
    pub(crate) span: Span,
    pub(crate) cause: String,
    pub(crate) raw: Vec<u8>,
}

/// A value of the input at one of the paths of a [`JsonPath`].
pub(crate) struct Piece<'a> {
    /// The matching path; empty for a line.
    pub(crate) path: &'static str,
    pub(crate) span: Span,
    pub(crate) raw: &'a [u8],
    pub(crate) value: Value,
}

impl Piece<'_> {
    /// Returns the value if it is an object; that of a line, a whole document or an element always
    /// is.
    pub(crate) fn object(&self) -> Option<&Object> {
        self.value.as_object()
    }
}

/// Opens an input of objects: notes the keys that the format reads, and those of the head that it
/// does not.
pub(crate) fn open<L: Layout + 'static>(
    mut input: Input,
    paths: JsonPath,
    keys: Keys,
    layout: L,
) -> Box<dyn Parser> {
    let names = keys::names(&sample(&input.source, paths));
    // `snippet.topLevelComment.id` is an `id` as well.
    let is_at = |name: &str, key: &str| {
        name.strip_suffix(key).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let is_present = |key: &str| names.iter().any(|name| is_at(name, key));
    // Within lists no names are known.
    let shows_text = keys.iter().any(|(field, key)| *field == Field::Text && is_present(key));
    let present = keys.iter().filter(|(_, key)| !shows_text || is_present(key));
    input.report.columns = present.map(|(field, key)| (*field, (*key).to_owned())).collect();
    let is_known = |name: &str| {
        keys.iter().any(|(_, key)| is_at(name, key)) || L::STRUCTURE.iter().any(|key| is_at(name, key))
    };
    input.report.unused = names.into_iter().filter(|name| !is_known(name)).collect();
    if input.options.mapping.has_names() {
        let notice =
            "--map is ignored: this format has fixed keys; force --format json or ndjson to choose them";
        input.report.notices.push(notice.to_owned());
    }
    let cutter = Cutter::new(paths);
    Box::new(Objects { input, cutter, layout, raw: Vec::new(), records: VecDeque::new(), is_done: false })
}

/// Returns true if an input begins like JSON, and the mapping names no keys of its own: the generic
/// readers handle those.
pub(crate) fn may_be(source: &Source, mapping: &Mapping) -> bool {
    let head = source.head().trim_ascii_start();
    matches!(head.first(), Some(b'{' | b'[')) && !mapping.has_names()
}

/// Returns true if the head has this key, at any depth.
pub(crate) fn has_key(source: &Source, key: &str) -> bool {
    is_key_of(source.head(), key)
}

/// Returns true if some JSON has this key, at any depth.
pub(crate) fn is_key_of(json: &[u8], key: &str) -> bool {
    values_of(json, key).next().is_some()
}

/// Returns true if the head has this key, at any depth, with a string that begins with `start`.
pub(crate) fn has_value(source: &Source, key: &str, start: &str) -> bool {
    let start = format!("\"{start}");
    values_of(source.head(), key).any(|value| value.starts_with(start.as_bytes()))
}

/// Returns true if the head has this key, at any depth, with an object.
pub(crate) fn has_object(source: &Source, key: &str) -> bool {
    values_of(source.head(), key).any(|value| value.starts_with(b"{"))
}

/// Returns true if the head has this key, at any depth, with an object or an array.
pub(crate) fn has_container(source: &Source, key: &str) -> bool {
    values_of(source.head(), key).any(|value| matches!(value.first(), Some(b'{' | b'[')))
}

/// Returns true if the input begins with an object.
pub(crate) fn begins_with_object(source: &Source) -> bool {
    source.head().trim_ascii_start().starts_with(b"{")
}

/// Returns the text after each `"key":`. Within a string the quotation marks would be escaped.
fn values_of<'a>(head: &'a [u8], key: &str) -> impl Iterator<Item = &'a [u8]> {
    let name = format!("\"{key}\"");
    (0..head.len()).filter_map(move |start| {
        let rest = head[start..].strip_prefix(name.as_bytes())?.trim_ascii_start();
        Some(rest.strip_prefix(b":")?.trim_ascii_start())
    })
}

/// Returns the first objects of the head, at most 50.
pub(crate) fn sample(source: &Source, paths: JsonPath) -> Vec<Object> {
    let mut sample = Vec::new();
    // The head as a stream of its own: the input itself is not touched.
    let head = std::io::Cursor::new(source.head().to_vec());
    let Ok(mut head) = Source::new(source.name.clone(), Box::new(head), Arc::default()) else {
        return sample;
    };
    let (mut cutter, mut raw) = (Cutter::new(paths), Vec::new());
    while let Some((_, span)) = cutter.next(&mut head, &mut raw) {
        if span.is_complete || source.head_is_all() {
            sample.extend(keys::parse(&raw));
        }
        if sample.len() == 50 {
            break;
        }
    }
    sample
}

/// Returns the value within an object at a dotted path.
pub(crate) fn find<'a>(object: &'a Object, path: &str) -> Option<&'a Value> {
    look_up(object, path.split('.'))
}

/// Returns the value within an object at a path of keys; a key itself may contain dots.
pub(crate) fn look_up<'a, 'k>(
    object: &'a Object,
    path: impl IntoIterator<Item = &'k str>,
) -> Option<&'a Value> {
    let mut path = path.into_iter();
    let first = object.get(path.next()?)?;
    path.try_fold(first, |value, key| value.as_object()?.get(key))
}

/// Returns a string, number or truth value within an object, by its dotted path.
pub(crate) fn scalar<'a>(object: &'a Object, path: &str) -> Option<Cow<'a, str>> {
    find(object, path).and_then(keys::scalar)
}

/// Returns the outermost objects in a value that are of a kind: itself, or those in its wrappers,
/// in order.
pub(crate) fn within(value: &Value, is_of_kind: impl Fn(&Object) -> bool) -> Vec<&Value> {
    let mut found = Vec::new();
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(object) if is_of_kind(object) => found.push(value),
            Value::Object(object) => pending.extend(object.values().rev()),
            Value::Array(values) => pending.extend(values.iter().rev()),
            _ => {}
        }
    }
    found
}

/// Returns true if an object has `true` or 1 at a dotted path.
pub(crate) fn is_true(object: &Object, path: &str) -> bool {
    find(object, path).is_some_and(|value| value.as_bool() == Some(true) || value.as_u64() == Some(1))
}

/// Returns a time with UTC as its zone if it names none, for sites that leave it out.
pub(crate) fn in_utc(time: Cow<'_, str>) -> Cow<'_, str> {
    match TimeColumn::unknown(None).read(&time) {
        Ok(Time { moment, has_zone: false, .. }) => moment.to_string().into(),
        _ => time,
    }
}

/// Returns the value of each field in an object.
pub(crate) fn values<'a>(object: &'a Object, keys: Keys) -> Values<'a> {
    let mut values = Values::default();
    for (field, path) in keys {
        let value = &mut values[*field as usize];
        if value.is_none() {
            *value = scalar(object, path);
        }
    }
    values
}

/// Returns the next record as a comment, with a status if the format has one.
pub(crate) fn comment(input: &mut Input, span: Span, values: Values<'_>, status: Option<Status>) -> Record {
    let mut record = input.comment(span, values);
    if let (Record::Comment(comment), Some(status)) = (&mut record, status) {
        comment.status = status;
    }
    record
}

/// Returns the next record as a comment on a site whose threads are named after their first
/// comment: replies to that one keep it as their parent.
pub(crate) fn answer(
    input: &mut Input,
    span: Span,
    mut values: Values<'_>,
    status: Option<Status>,
) -> Record {
    let parent = values[Field::Parent as usize].take().filter(|parent| !["", "0"].contains(&parent.trim()));
    let mut record = comment(input, span, values, status);
    if let Record::Comment(comment) = &mut record {
        comment.parent = parent.map(Cow::into_owned);
    }
    record
}

/// Returns the objects of a list within an object; an empty iterator if there is no such list.
pub(crate) fn list<'a>(object: &'a Object, path: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    find(object, path).and_then(Value::as_array).into_iter().flatten()
}

/// Returns the next record as a reject for a value within a larger one.
pub(crate) fn reject_value(input: &mut Input, span: Span, cause: &str, value: &Value) -> Record {
    input.reject(span, cause, &serde_json::to_vec(value).unwrap_or_default())
}

struct Objects<L> {
    input: Input,
    cutter: Cutter,
    layout: L,
    raw: Vec<u8>,
    /// Records of the last value that were not returned yet.
    records: VecDeque<Record>,
    is_done: bool,
}

impl<L: Layout> Objects<L> {
    /// Reads the records of the value that was cut.
    fn read(&mut self, path: Option<&'static str>, span: Span) {
        let read = keys::with_stack(keys::depth(&self.raw), || self.read_deep(path, span));
        if let Err(error) = read {
            self.records.push_back(self.input.reject(span, keys::no_stack(&error), &self.raw));
        }
    }

    /// Does the same as [`Objects::read`], on a stack that is large enough.
    fn read_deep(&mut self, path: Option<&'static str>, span: Span) {
        let Self { input, layout, raw, records, .. } = self;
        let value = match (path, input.source.defect(span, raw)) {
            (_, Some(defect)) => Err(defect),
            (None, None) if matches!(raw[..], [b'}' | b']']) => {
                Err("a closing bracket without an opening one; fix it, or export it again".to_owned())
            }
            (None, None) if !raw.is_empty() => {
                Err("text that is no JSON, outside of the document; take it out, or export it again"
                    .to_owned())
            }
            (None, None) => Err(keys::ENDS_TOO_EARLY.to_owned()),
            (Some(path), None) => match keys::parse_deep(raw) {
                Ok(value) if (path.is_empty() || path.ends_with('*')) && !value.is_object() => {
                    Err(keys::NO_OBJECT.to_owned())
                }
                Ok(value) => Ok((path, value)),
                Err(cause) => Err(cause),
            },
        };
        match value {
            Ok((path, value)) => layout.read(input, &Piece { path, span, raw, value }, records),
            Err(cause) => layout.reject(input, Defect { span, cause, raw: raw.clone() }, records),
        }
    }
}

impl<L: Layout> Parser for Objects<L> {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            if let Some(record) = self.records.pop_front() {
                return Ok(Some(record));
            }
            if self.is_done {
                return Ok(None);
            }
            match self.cutter.next(&mut self.input.source, &mut self.raw) {
                Some((path, span)) => self.read(path, span),
                None => {
                    self.is_done = true;
                    self.layout.finish(&mut self.input, &mut self.records);
                }
            }
        }
    }

    fn input(&mut self) -> &mut Input {
        &mut self.input
    }
}

/// Cuts the values of known paths from a stream, one at a time: no other part of it is ever in
/// memory.
struct Cutter {
    paths: JsonPath,
    /// The brackets around the current position: `None` for an array; for an object its current
    /// key.
    open: Vec<Option<Key>>,
}

enum Key {
    Awaited,
    Seen(String),
}

impl Cutter {
    fn new(paths: JsonPath) -> Self {
        Self { paths, open: Vec::new() }
    }

    /// Cuts the next value, into `raw`, and returns it with its path; without a path if it is
    /// outside of any place. Returns `None` at the end.
    fn next(&mut self, source: &mut Source, raw: &mut Vec<u8>) -> Option<(Option<&'static str>, Span)> {
        match self.paths {
            JsonPath::Lines => loop {
                raw.clear();
                let span = source.read_line(raw)?;
                if !raw.trim_ascii().is_empty() {
                    return Some((Some(""), span));
                }
            },
            JsonPath::Paths(paths) => self.next_at(paths, source, raw),
        }
    }

    fn next_at(
        &mut self,
        paths: &'static [&'static str],
        source: &mut Source,
        raw: &mut Vec<u8>,
    ) -> Option<(Option<&'static str>, Span)> {
        loop {
            let Some(byte) = skip_space(source) else {
                raw.clear();
                let is_cut = !std::mem::take(&mut self.open).is_empty();
                return is_cut.then_some((None, source.here()));
            };
            match (byte, self.open.last_mut()) {
                (b':', Some(Some(_))) => source.consume(1),
                (b'}', Some(Some(_))) | (b']', Some(None)) => {
                    source.consume(1);
                    self.open.pop();
                    self.end_value();
                }
                (b'"', Some(Some(key @ Key::Awaited))) => {
                    cut_value(source, raw);
                    *key = Key::Seen(serde_json::from_slice(raw).unwrap_or_default());
                }
                (b'}' | b']', _) => return Some((None, cut_value(source, raw))),
                _ => {
                    let at = self.path();
                    let wanted = paths.iter().find(|path| is_at(&at, path));
                    let may_enter = matches!(byte, b'{' | b'[') && self.open.len() < MAX_OPEN;
                    let is_list_of_lists = byte == b'[' && wanted.is_some_and(|path| path.ends_with('*'));
                    if let Some(path) = wanted.filter(|_| !(may_enter && is_list_of_lists)) {
                        let span = cut_value(source, raw);
                        if span.is_complete {
                            self.end_value();
                        } else {
                            // The end of the input; one reject is enough for it.
                            self.open.clear();
                        }
                        return Some((Some(path), span));
                    }
                    if may_enter && (is_list_of_lists || paths.iter().any(|path| leads_to(&at, path))) {
                        source.consume(1);
                        self.open.push((byte == b'{').then_some(Key::Awaited));
                    } else if self.open.is_empty() && !matches!(byte, b'{' | b'[') {
                        raw.clear();
                        let bracket = |bytes: &[u8]| bytes.iter().position(|byte| b"{[]}".contains(byte));
                        return Some((None, cut_through(source, raw, bracket)));
                    } else {
                        cut_value(source, raw);
                        self.end_value();
                    }
                }
            }
        }
    }

    /// Returns the path of the next value. An array within an array has the path of the outer one.
    fn path(&self) -> String {
        let mut path = String::new();
        let mut in_array = false;
        for key in &self.open {
            if std::mem::replace(&mut in_array, key.is_none()) && key.is_none() {
                continue;
            }
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(match key {
                None => "*",
                Some(Key::Seen(key)) => key,
                Some(Key::Awaited) => "",
            });
        }
        path
    }

    /// Prepares for a key, which follows a value of an object.
    fn end_value(&mut self) {
        if let Some(Some(key)) = self.open.last_mut() {
            *key = Key::Awaited;
        }
    }
}

/// The number of nested brackets that the [`Cutter`] inspects; deeper values are skipped.
const MAX_OPEN: usize = 64;

/// Returns true if a path names this place.
fn is_at(at: &str, path: &str) -> bool {
    match path.strip_prefix("**.") {
        Some(end) => at.strip_suffix(end).is_some_and(|start| start.is_empty() || start.ends_with('.')),
        None => at == path,
    }
}

/// Returns true if a path may name a place within this one.
fn leads_to(at: &str, path: &str) -> bool {
    path.starts_with("**.")
        || path
            .strip_prefix(at)
            .is_some_and(|rest| rest.starts_with('.') || (at.is_empty() && !rest.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the values that are cut, as `path=value`; `?` for one outside of any place.
    fn cut(paths: &'static [&'static str], json: &'static str) -> String {
        let mut source = Source::new("x".into(), Box::new(json.as_bytes()), Arc::default()).unwrap();
        let (mut cutter, mut raw, mut out) = (Cutter::new(JsonPath::Paths(paths)), Vec::new(), Vec::new());
        while let Some((path, _)) = cutter.next(&mut source, &mut raw) {
            out.push(format!("{}={}", path.unwrap_or("?"), String::from_utf8_lossy(&raw)));
        }
        out.join(" ")
    }

    #[test]
    fn values_are_cut_at_their_paths() {
        for (paths, json, expected) in [
            (
                &["items.*"][..],
                r#"{"kind":"x","items":[{"a":1}, {"b":[2]}],"n":{"items":[3]}}"#,
                r#"items.*={"a":1} items.*={"b":[2]}"#,
            ),
            (&["*"], r#" [ {"a":1} , 2 ]"#, r#"*={"a":1} *=2"#),
            (&[""], "{\"a\":1}\n{\"a\":2}", r#"={"a":1} ={"a":2}"#),
            (
                &["id", "list.*.id", "list.*.m.*"],
                r#"{"id":7,"list":[{"id":"a","m":[{}]},{"id":"b","m":[]}]}"#,
                r#"id=7 list.*.id="a" list.*.m.*={} list.*.id="b""#,
            ),
            // A number at the end of the input may be cut off: the piece itself is rejected.
            (&["a.*"], r#"{"a":[1"#, "a.*=1"),
            (&["a.*"], r#"{"a":[{"b":1}"#, r#"a.*={"b":1} ?="#),
            (&["a.*"], r#"{"a":[1]}]{"a":[2]}"#, "a.*=1 ?=] a.*=2"),
            (&["a.*"], r#"{"a":[1}, 2]}"#, "a.*=1 ?=} a.*=2"),
            (&["a.*"], r#"{"b":"\"a\":[9]","a":{"b":[1]}}"#, ""),
            // At any depth; in arrays within arrays; text that is not part of it.
            (&["**.a.*"], r#"[[{"b":{"a":[{"c":1}]}}],{"a":[2]}]"#, r#"**.a.*={"c":1} **.a.*=2"#),
            (&["*"], r#"[[{"b":1},{"b":2}],[[{"b":3}]],[]]"#, r#"*={"b":1} *={"b":2} *={"b":3}"#),
            (&["*"], r#"x = [{"b":1}]; y, z"#, r#"?=x =  *={"b":1} ?=; y, z"#),
            (&["a.*"], "", ""),
        ] {
            assert_eq!(cut(paths, json), expected, "{json}");
        }
    }
}
