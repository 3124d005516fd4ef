//! JSON objects as records: keys, at any depth, as dotted paths (`data.author.name`).

use std::borrow::Cow;
use std::collections::HashSet;
use std::io;
use std::thread;

use serde::Deserialize;
use serde_json::{Deserializer, Map, Value};

use super::input::{Input, Values};
use super::json::answer;
use super::mapping::{self, Column, Field, Mapping, Resolved};
use super::objects;
use super::packed;
use super::source::Span;
use super::{ReadError, ReadErrorKind, Record};

/// The place of each field in an object.
pub(crate) struct Keys {
    resolved: Resolved,
    /// The paths that the places in `resolved` refer to.
    paths: Vec<Vec<String>>,
    /// The keys next to the text that are known; `None` if no more are added.
    seen: Option<HashSet<String>>,
    /// The keys next to the text in the object that was read last.
    last: Vec<String>,
    /// The paths of strings that are JSON objects.
    packed: Vec<Vec<String>>,
}

/// The values around an object, used if it has none of its own.
#[derive(Clone, Copy, Default)]
pub(crate) struct Around<'a> {
    pub(crate) id: Option<&'a str>,
    pub(crate) thread: Option<&'a str>,
}

impl Keys {
    /// Infers the keys of fields from some objects of the input, and notes them in the report.
    pub(crate) fn resolve(input: &mut Input, objects: &[Map<String, Value>]) -> Result<Self, ReadError> {
        let mut flat = Flat::default();
        objects.iter().for_each(|object| flat.add(object, &mut Vec::new()));
        let packed = packed::of_columns(&flat.columns, &input.options.mapping);
        let packed: Vec<Vec<String>> = packed.into_iter().map(|index| flat.paths[index].clone()).collect();
        if !packed.is_empty() {
            let mut objects = objects.to_vec();
            objects.iter_mut().for_each(|object| packed::unpack(object, &packed));
            flat = Flat::default();
            objects.iter().for_each(|object| flat.add(object, &mut Vec::new()));
            let names: Vec<String> = packed.iter().map(|path| format!("`{}`", path.join("."))).collect();
            input.report.notices.push(packed::notice(&names));
        }
        if flat.columns.is_empty() && !flat.lists.is_empty() {
            let what = format!("its records contain only lists: {}", flat.lists.join(", "));
            let remedy = "save each of them as a file of its own";
            return Err(ReadError::new(ReadErrorKind::NoText, &input.source.name, what, remedy));
        }
        let resolved = input.resolve(&flat.columns, "key")?;
        if !flat.lists.is_empty() {
            input.report.notices.push(format!(
                "the records contain lists of objects that are not read: {}",
                flat.lists.join(", ")
            ));
        }
        Ok(Self { packed, ..Self::new(resolved, flat.paths) })
    }

    /// Returns an object with the JSON in its strings as objects within it.
    pub(crate) fn unpacked<'a>(&self, object: &'a Map<String, Value>) -> Cow<'a, Map<String, Value>> {
        if self.packed.is_empty() {
            return Cow::Borrowed(object);
        }
        let mut object = object.clone();
        packed::unpack(&mut object, &self.packed);
        Cow::Owned(object)
    }

    fn new(resolved: Resolved, paths: Vec<Vec<String>>) -> Self {
        let around = resolved.get(Field::Text).and_then(|text| paths[text].split_last());
        let around = around.map_or(&[][..], |(_, around)| around);
        let seen = paths.iter().filter_map(|path| path.strip_prefix(around)?.first().cloned()).collect();
        Self { resolved, paths, seen: Some(seen), last: Vec::new(), packed: Vec::new() }
    }

    /// Adds the fields whose keys appear for the first time in an object: JSON leaves out what has
    /// no value, and all of the first objects may lack a parent.
    fn add_late(&mut self, input: &mut Input, span: Span, object: &Map<String, Value>) {
        /// More keys than that are ids.
        const MOST_KEYS: usize = 1_000;
        let Some(seen) = self.seen.as_mut().filter(|seen| seen.len() < MOST_KEYS) else { return };
        let text = self.resolved.get(Field::Text);
        let around =
            text.map_or_else(Vec::new, |text| self.paths[text][..self.paths[text].len() - 1].to_vec());
        let object = match around.is_empty() {
            true => Some(object),
            false => objects::look_up(object, around.iter().map(String::as_str)).and_then(Value::as_object),
        };
        let Some(object) = object.filter(|object| !object.keys().eq(&self.last)) else { return };
        self.last = object.keys().cloned().collect();
        for (key, value) in object {
            // Without a value it may still be anything.
            let Some(value) = scalar(value).filter(|value| !value.trim().is_empty()) else { continue };
            if seen.contains(key) || !seen.insert(key.clone()) {
                continue;
            }
            let Some(field) = mapping::sure_field_of_name(key).filter(|field| {
                let is_set = self.resolved.get(*field).is_some();
                // Records without an id are numbered.
                *field != Field::Id
                    && (!is_set || *field == Field::Text)
                    && !input.options.mapping.pairs().any(|(known, _)| known == *field)
            }) else {
                continue;
            };
            let place = self.paths.len();
            self.paths.push(around.iter().chain([key]).cloned().collect());
            match field {
                Field::Text if !mapping::is_called_text(key) => continue,
                Field::Text => self.resolved.further.push((field, place)),
                Field::CreatedAt if !mapping::is_moment(&value) => continue,
                _ => self.resolved.columns[field as usize] = Some(place),
            }
            let name = self.paths[place].join(".");
            let records = if field == Field::Text { "records without another text" } else { "all records" };
            input.report.notices.push(format!(
                "the key `{name}` is first seen in record {} (line {}), and is read as {field} of {records} from there on",
                input.records() + 1,
                span.line
            ));
            input.report.unused.retain(|unused| *unused != name);
            input.report.columns.push((field, name));
        }
    }

    /// Does the same as [`Keys::resolve`] for another kind of object in the same input. Returns
    /// `None` if it has no text.
    pub(crate) fn also(input: &mut Input, objects: &[Map<String, Value>]) -> Option<Self> {
        let (columns, paths) = flatten(objects);
        let own = input.options.mapping.resolve(&columns);
        let resolved = own.or_else(|_| Mapping::default().resolve(&columns)).ok()?;
        for field in Field::ALL {
            for index in resolved.all(field) {
                let entry = (field, columns[index].name.clone());
                if !input.report.columns.contains(&entry) {
                    input.report.columns.push(entry);
                }
            }
        }
        Some(Self::new(resolved, paths))
    }

    /// Returns true if the text was chosen by its content alone.
    pub(crate) fn is_guess(&self) -> bool {
        self.resolved.is_guess()
    }

    /// Creates keys from the mapping alone, and notes them in the report.
    pub(super) fn named(input: &mut Input, mapping: &Mapping) -> Self {
        let (mut columns, mut paths) = ([None; Field::COUNT], Vec::new());
        for (field, key) in mapping.pairs().filter(|(_, key)| !key.is_empty()) {
            input.report.columns.push((field, key.to_owned()));
            columns[field as usize] = Some(paths.len());
            paths.push(key.split('.').map(str::to_owned).collect());
        }
        Self { seen: None, ..Self::new(Resolved::of(columns), paths) }
    }

    /// Returns the value at a place in an object.
    fn at<'a>(&self, object: &'a Map<String, Value>, place: usize) -> Option<&'a Value> {
        objects::look_up(object, self.paths[place].iter().map(String::as_str))
    }

    /// Returns the value of a field in an object.
    fn find<'a>(&self, object: &'a Map<String, Value>, field: Field) -> Option<&'a Value> {
        self.resolved.all(field).find_map(|place| self.at(object, place))
    }

    /// Returns the number of fields that an object has; 0 without a text.
    pub(crate) fn found(&self, object: &Map<String, Value>) -> usize {
        match self.find(object, Field::Text) {
            Some(Value::String(_) | Value::Number(_) | Value::Null) => {
                Field::ALL.into_iter().filter(|field| self.find(object, *field).is_some()).count()
            }
            _ => 0,
        }
    }

    /// Returns true if an object has any field.
    pub(crate) fn has_any(&self, object: &Map<String, Value>) -> bool {
        Field::ALL.into_iter().any(|field| self.find(object, field).is_some())
    }

    /// Returns true if an object has a text and an author.
    pub(crate) fn is_full(&self, object: &Map<String, Value>) -> bool {
        let has = |field: Field| self.find(object, field).is_some_and(|value| scalar(value).is_some());
        has(Field::Text) && has(Field::Author)
    }

    /// Returns an object of the input as a comment, or as a reject.
    pub(crate) fn record(
        &mut self,
        input: &mut Input,
        span: Span,
        object: &Map<String, Value>,
        raw: &[u8],
        around: Around<'_>,
    ) -> Record {
        self.add_late(input, span, object);
        let mut values: Values = self.resolved.values(|place| self.at(object, place).and_then(scalar));
        for (field, outer) in [(Field::Id, around.id), (Field::Thread, around.thread)] {
            let value = &mut values[field as usize];
            if value.as_deref().is_none_or(|value| value.trim().is_empty()) {
                *value = outer.map(Cow::Borrowed);
            }
        }
        let mut texts = self.resolved.all(Field::Text).map(|place| self.at(object, place));
        let has_text =
            texts.any(|text| matches!(text, Some(Value::String(_) | Value::Number(_) | Value::Null)));
        if !has_text && !input.is_gone(&values) {
            let text = self.resolved.get(Field::Text);
            let path = text.map(|index| self.paths[index].join(".")).unwrap_or_default();
            let error = answer::error_object(object);
            let cause = match (self.find(object, Field::Text), error) {
                (None, Some(message)) => {
                    format!("an error answer of an interface, no comment: {message}; ask the interface again")
                }
                (None, None) => format!(
                    "no key `{path}`; check that it is a comment, or map another key with --map text=KEY"
                ),
                (Some(_), _) => format!("its `{path}` is not text; map another key with --map text=KEY"),
            };
            return input.reject(span, cause, raw);
        }
        input.comment(span, values)
    }
}

/// Returns the next record of an input of JSON objects. If the head had no object, the first one
/// determines the keys.
pub(crate) fn record(
    input: &mut Input,
    keys: &mut Option<Keys>,
    span: Span,
    raw: &[u8],
) -> Result<Record, ReadError> {
    if let Some(defect) = input.source.defect(span, raw) {
        return Ok(input.reject(span, defect, raw));
    }
    match with_stack(depth(raw), || deep_record(input, keys, span, raw)) {
        Ok(record) => record,
        Err(error) => Ok(input.reject(span, no_stack(&error), raw)),
    }
}

/// Does the same as [`record`], on a stack that is large enough.
fn deep_record(
    input: &mut Input,
    keys: &mut Option<Keys>,
    span: Span,
    raw: &[u8],
) -> Result<Record, ReadError> {
    let object = match parse_deep(raw).and_then(object) {
        Ok(object) => object,
        Err(cause) => return Ok(input.reject(span, cause, raw)),
    };
    let keys = match keys {
        Some(keys) => keys,
        None => keys.insert(Keys::resolve(input, std::slice::from_ref(&object))?),
    };
    let object = keys.unpacked(&object).into_owned();
    Ok(keys.record(input, span, &object, raw, Around::default()))
}

/// The cause of a reject that ends within a value.
pub(super) const ENDS_TOO_EARLY: &str = "JSON that ends too early; get the whole export again";

/// The cause of a reject that is JSON, but not an object.
pub(super) const NO_OBJECT: &str = "a JSON value, but no object; each record must be one";

/// Returns the object that a record is, or the reason it is not one. Values nested deeper than
/// [`SHALLOW`] are not.
pub(crate) fn parse(raw: &[u8]) -> Result<Map<String, Value>, String> {
    match depth(raw) {
        ..=SHALLOW => parse_deep(raw).and_then(object),
        levels => Err(format!("nested {levels} levels deep")),
    }
}

fn object(value: Value) -> Result<Map<String, Value>, String> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(NO_OBJECT.to_owned()),
    }
}

/// The number of levels of nesting that any stack has room for.
const SHALLOW: usize = 128;
/// The number of levels of nesting that are read: replies are two thousand deep in items of Hacker
/// News, eight hundred in Reddit's listings.
const MAX_DEPTH: usize = 4096;
/// The stack for a level, for the parser and for the code that handles its value: several times
/// their use, as unoptimised and instrumented builds use more.
const STACK_BYTES_A_LEVEL: usize = 8 << 10;

/// Returns the depth to which the brackets of a JSON value are nested.
pub(super) fn depth(raw: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut is_escaped) = (false, false);
    for byte in raw {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_string,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Handles a value of this many levels, including its drop, on a stack that is large enough for it.
///
/// # Errors
/// There is no memory for the stack.
pub(super) fn with_stack<T: Send>(levels: usize, work: impl FnOnce() -> T + Send) -> io::Result<T> {
    if levels <= SHALLOW {
        return Ok(work());
    }
    let bytes = (levels.min(MAX_DEPTH) + SHALLOW) * STACK_BYTES_A_LEVEL;
    thread::scope(|scope| {
        let deep = thread::Builder::new().stack_size(bytes).spawn_scoped(scope, work)?;
        Ok(deep.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// Returns the cause of a reject that [`with_stack`] had no memory for.
pub(super) fn no_stack(error: &io::Error) -> String {
    format!("nested so deep that there is no memory to read it ({error}); free some, or split it")
}

/// Returns the JSON value that a record is, or the reason it is not one. Call it, and drop its
/// value, within [`with_stack`].
pub(super) fn parse_deep(raw: &[u8]) -> Result<Value, String> {
    let levels = depth(raw);
    if levels > MAX_DEPTH {
        return Err(format!(
            "nested {levels} levels deep, more than the {MAX_DEPTH} that are read; split it"
        ));
    }
    let from_slice = |raw: &[u8]| {
        let mut deserializer = Deserializer::from_slice(raw);
        deserializer.disable_recursion_limit();
        let value = Value::deserialize(&mut deserializer)?;
        deserializer.end().map(|()| value)
    };
    let raw = raw.trim_ascii_end();
    let value = from_slice(raw).or_else(|error: serde_json::Error| match mend_numbers(raw) {
        Some(mended) => from_slice(&mended),
        None => Err(error),
    });
    value.map_err(|error| {
        if error.is_eof() {
            return ENDS_TOO_EARLY.to_owned();
        }
        let message = error.to_string();
        let what = match message.split(" at line ").next().unwrap_or_default() {
            // The parser's words for a surrogate without its partner.
            "lone leading surrogate in hex escape" | "unexpected end of hex escape" => {
                "half of a character, an escape from \\ud800 to \\udfff without its other half"
            }
            what => what,
        };
        let (line, column) = (error.line(), error.column());
        format!("not JSON: {what} (line {line} of the record, byte {column}); fix it, or export it again")
    })
}

/// Returns the keys of some objects, as dotted paths, in the order of appearance.
pub(super) fn names(objects: &[Map<String, Value>]) -> Vec<String> {
    let mut flat = Flat::default();
    objects.iter().for_each(|object| flat.add(object, &mut Vec::new()));
    flat.columns.into_iter().map(|column| column.name).collect()
}

/// Returns the columns of some objects, and their paths.
pub(crate) fn flatten(objects: &[Map<String, Value>]) -> (Vec<Column>, Vec<Vec<String>>) {
    let mut flat = Flat::default();
    objects.iter().for_each(|object| flat.add(object, &mut Vec::new()));
    (flat.columns, flat.paths)
}

/// Returns the JSON with `null` for the `NaN` and `Infinity` that Python writes for missing
/// numbers, and with numbers that are too large for any float as strings, so that they cost only
/// their own key. `None` if it has neither.
fn mend_numbers(raw: &[u8]) -> Option<Vec<u8>> {
    const WORDS: [&[u8]; 3] = [b"NaN", b"-Infinity", b"Infinity"];
    let mut mended = Vec::with_capacity(raw.len());
    let (mut at, mut in_string) = (0, false);
    while at < raw.len() {
        let rest = &raw[at..];
        let word = WORDS.iter().find(|word| !in_string && rest.starts_with(word));
        if let Some(word) = word {
            mended.extend_from_slice(b"null");
            at += word.len();
            continue;
        }
        let is_of_number = |byte: &&u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
        let digits = if in_string { 0 } else { rest.iter().take_while(is_of_number).count() };
        let number = str::from_utf8(&rest[..digits]).unwrap_or_default();
        if digits > 0 {
            let is_too_large = number.parse::<f64>().is_ok_and(f64::is_infinite);
            let quote: &[u8] = if is_too_large { b"\"" } else { b"" };
            mended.extend([quote, number.as_bytes(), quote].concat());
            at += digits;
            continue;
        }
        let length = if in_string && raw[at] == b'\\' { 2 } else { 1 };
        in_string ^= raw[at] == b'"';
        mended.extend_from_slice(&raw[at..raw.len().min(at + length)]);
        at += length;
    }
    (mended != raw).then_some(mended)
}

pub(super) fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The keys of some objects, in the order of appearance.
#[derive(Default)]
struct Flat {
    columns: Vec<Column>,
    /// The columns' paths.
    paths: Vec<Vec<String>>,
    /// Keys that contain lists of objects.
    lists: Vec<String>,
}

impl Flat {
    /// Adds the keys of an object. The JSON parser bounds the recursion.
    fn add(&mut self, object: &Map<String, Value>, path: &mut Vec<String>) {
        for (key, value) in object {
            path.push(key.clone());
            match value {
                Value::Object(inner) => self.add(inner, path),
                Value::Array(items) => {
                    let name = path.join(".");
                    if items.iter().any(Value::is_object) && !self.lists.contains(&name) {
                        self.lists.push(name);
                    }
                }
                _ => {
                    let index = self.paths.iter().position(|known| known == path).unwrap_or_else(|| {
                        self.columns.push(Column { name: path.join("."), values: Vec::new() });
                        self.paths.push(path.clone());
                        self.paths.len() - 1
                    });
                    let value = scalar(value).filter(|value| !value.trim().is_empty());
                    self.columns[index].values.extend(value.map(Cow::into_owned));
                }
            }
            path.pop();
        }
    }
}
