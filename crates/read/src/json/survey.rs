//! A survey of a JSON input: its places, and a few of the objects at each.

use serde_json::{Map, Value};

use crate::json_cutter::{Element, cut_value};
use crate::objects::Object;
use crate::source::Source;

/// The number of objects that are kept of a place.
const SAMPLE_OBJECTS: usize = 200;
/// The number of objects of a place that are inspected; the rest are only counted.
const MOST_OBJECTS: u64 = 1_000;
/// The number of scalars that are kept of a place.
const SAMPLE_SCALARS: usize = 200;
/// The number of keys of an object that are inspected. One with more of them is keyed by ids.
const MOST_KEYS: usize = 200;
/// The number of bytes of a string that are kept.
const MOST_TEXT: usize = 2_000;
const MOST_JSON: usize = 32_000;
/// The total number of places, and of bytes of samples, that are kept.
const MOST_PLACES: usize = 20_000;
const MOST_BYTES: usize = 16 << 20;
/// The number of nested brackets that are inspected.
const MOST_LEVELS: usize = 64;
/// The number of documents that show what the others are like.
const ENOUGH_DOCUMENTS: u64 = 20;

/// A place in the input: all values under the same keys. Elements of an array are one place, and so
/// are the values of an object that is keyed by ids.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    /// The number of objects.
    pub(crate) objects: u64,
    /// The number of arrays.
    pub(crate) arrays: u64,
    /// The number of strings.
    pub(crate) strings: u64,
    /// The number of other scalars.
    pub(crate) others: u64,
    /// The first objects, without the arrays in them.
    pub(crate) sample: Vec<Object>,
    /// The first scalars.
    pub(crate) scalars: Vec<Value>,
    /// The places under its keys, in the order of appearance.
    pub(crate) keys: Vec<(String, Place)>,
    /// The elements of its arrays.
    pub(crate) elements: Option<Box<Place>>,
    /// The values of its objects, if these are keyed by ids.
    pub(crate) values: Option<Box<Place>>,
    /// Some object has too many keys to inspect.
    pub(crate) is_wide: bool,
}

impl Place {
    /// Returns the number of values.
    pub(crate) fn count(&self) -> u64 {
        self.objects + self.arrays + self.strings + self.others
    }

    /// Returns the place under a key.
    pub(crate) fn key(&self, key: &str) -> Option<&Self> {
        self.keys.iter().find(|(known, _)| known == key).map(|(_, place)| place)
    }

    /// Adds the values of another place.
    pub(crate) fn merge(&mut self, other: Self) {
        self.objects += other.objects;
        self.arrays += other.arrays;
        self.strings += other.strings;
        self.others += other.others;
        self.is_wide |= other.is_wide;
        self.sample.extend(other.sample);
        self.sample.truncate(SAMPLE_OBJECTS);
        self.scalars.extend(other.scalars);
        self.scalars.truncate(SAMPLE_SCALARS);
        for (key, place) in other.keys {
            match self.keys.iter_mut().find(|(known, _)| *known == key) {
                Some((_, known)) => known.merge(place),
                None => self.keys.push((key, place)),
            }
        }
        merge_into(&mut self.elements, other.elements);
        merge_into(&mut self.values, other.values);
    }
}

fn merge_into(place: &mut Option<Box<Place>>, other: Option<Box<Place>>) {
    match (place, other) {
        (Some(place), Some(other)) => place.merge(*other),
        (place @ None, other) => *place = other,
        (Some(_), None) => {}
    }
}

/// The places of an input.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// The documents of the input.
    pub(crate) root: Place,
    /// The input was surveyed to its end.
    pub(crate) is_whole: bool,
    /// The surveyed part shows what follows, even if it is not all.
    pub(crate) shows_all: bool,
    /// The number of bytes of the longest document.
    pub(crate) longest: u64,
    kept: usize,
    places: usize,
}

/// A bracket that is open, and the place it belongs to.
enum Open {
    Array,
    Object { key: Option<String>, object: Object },
}

impl Survey {
    /// Surveys an input up to a number of bytes, or until enough was read after `enough` bytes.
    pub(crate) fn of(source: &mut Source, enough: u64, limit: u64) -> Self {
        let mut survey = Self::default();
        let mut open: Vec<(Open, Place)> = Vec::new();
        let (mut raw, mut start) = (Vec::new(), 0);
        loop {
            let skip = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b':');
            let bytes = source.fill();
            let space = bytes.iter().take_while(|byte| skip(byte)).count();
            let Some(byte) = bytes.get(space).copied() else {
                if bytes.is_empty() {
                    survey.is_whole = open.is_empty();
                    break;
                }
                source.consume(space);
                continue;
            };
            source.consume(space);
            let position = source.position();
            if position > limit || (position > enough && survey.has_enough(&open)) {
                break;
            }
            if open.is_empty() {
                start = position;
            }
            match byte {
                b'}' | b']' => {
                    source.consume(1);
                    if let Some((bracket, place)) = open.pop() {
                        survey.close(&mut open, bracket, place);
                    }
                }
                b'"' if matches!(open.last(), Some((Open::Object { key: None, .. }, _))) => {
                    cut_value(source, &mut raw);
                    if let Some((Open::Object { key, .. }, _)) = open.last_mut() {
                        *key = Some(text(&raw));
                    }
                }
                _ if !survey.may_look(&open) => {
                    skip_value(source);
                    survey.pass_over(&mut open, byte);
                }
                b'{' | b'[' => {
                    source.consume(1);
                    survey.places += 1;
                    open.push(if byte == b'[' {
                        (Open::Array, Place { arrays: 1, ..Place::default() })
                    } else {
                        let object = Open::Object { key: None, object: Map::new() };
                        (object, Place { objects: 1, ..Place::default() })
                    });
                }
                _ => {
                    cut_value(source, &mut raw);
                    let value = scalar(&raw);
                    survey.kept += raw.len().min(if raw.starts_with(b"\"{") { MOST_JSON } else { MOST_TEXT });
                    let place = Place {
                        strings: u64::from(byte == b'"'),
                        others: u64::from(byte != b'"'),
                        scalars: vec![value.clone()],
                        ..Place::default()
                    };
                    survey.add(&mut open, value, place);
                }
            }
            if open.is_empty() {
                survey.longest = survey.longest.max(source.position() - start);
            }
        }
        survey.shows_all = survey.has_enough(&open);
        // The part that was not surveyed to its end.
        survey.longest = survey.longest.max(source.position().saturating_sub(start));
        survey.is_whole |= survey.shows_all;
        while let Some((bracket, place)) = open.pop() {
            survey.close(&mut open, bracket, place);
        }
        survey
    }

    /// Checks that the documents, or the elements of one that is an array, show what follows.
    fn has_enough(&self, open: &[(Open, Place)]) -> bool {
        let is_list = |place: &Place| place.elements.as_ref().is_some_and(|elements| elements.count() > 1);
        let root = match open.first() {
            None => &self.root,
            Some((Open::Array, root)) => root,
            Some(_) => return self.root.objects >= ENOUGH_DOCUMENTS,
        };
        is_list(root) || self.root.objects + self.root.arrays >= ENOUGH_DOCUMENTS
    }

    /// Checks that the next value is still to be inspected.
    fn may_look(&self, open: &[(Open, Place)]) -> bool {
        if open.len() >= MOST_LEVELS || self.places > MOST_PLACES || self.kept > MOST_BYTES {
            return false;
        }
        match open.last() {
            None => self.root.objects + self.root.arrays < MOST_OBJECTS,
            Some((Open::Array, place)) => {
                place.elements.as_ref().is_none_or(|elements| elements.count() < MOST_OBJECTS)
            }
            Some((Open::Object { .. }, place)) => place.keys.len() < MOST_KEYS,
        }
    }

    /// Counts a value that was not inspected.
    fn pass_over(&mut self, open: &mut [(Open, Place)], byte: u8) {
        let mut place = Place::default();
        *match byte {
            b'{' => &mut place.objects,
            b'[' => &mut place.arrays,
            b'"' => &mut place.strings,
            _ => &mut place.others,
        } = 1;
        match open.last_mut() {
            None => self.root.merge(place),
            Some((Open::Array, array)) => merge_into(&mut array.elements, Some(Box::new(place))),
            Some((Open::Object { key, .. }, around)) => {
                around.is_wide |= around.keys.len() >= MOST_KEYS;
                *key = None;
            }
        }
    }

    fn close(&mut self, open: &mut [(Open, Place)], bracket: Open, mut place: Place) {
        let value = match bracket {
            Open::Array => Value::Array(Vec::new()),
            Open::Object { object, .. } => {
                place.sample.push(object.clone());
                Value::Object(object)
            }
        };
        self.add(open, value, place);
    }

    /// Adds a value to the bracket around it.
    fn add(&mut self, open: &mut [(Open, Place)], value: Value, place: Place) {
        match open.last_mut() {
            None => self.root.merge(place),
            Some((Open::Array, array)) => merge_into(&mut array.elements, Some(Box::new(place))),
            Some((Open::Object { key, object }, around)) => {
                let key = key.take().unwrap_or_default();
                match around.keys.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, known)) => known.merge(place),
                    None => around.keys.push((key.clone(), place)),
                }
                if !value.is_array() {
                    object.insert(key, value);
                }
            }
        }
    }
}

/// Returns the beginning of a string; more of one that may be a JSON document.
fn text(raw: &[u8]) -> String {
    let text: String = serde_json::from_slice(raw).unwrap_or_default();
    let most = if text.starts_with('{') { MOST_JSON } else { MOST_TEXT };
    let end = text.char_indices().map(|(at, _)| at).find(|at| *at >= most);
    end.map_or(text.clone(), |end| text[..end].to_owned())
}

fn scalar(raw: &[u8]) -> Value {
    match raw.first() {
        Some(b'"') => Value::String(text(raw)),
        _ => serde_json::from_slice(raw).unwrap_or(Value::Null),
    }
}

/// Skips a value without keeping it.
pub(crate) fn skip_value(source: &mut Source) {
    let mut element = Element::default();
    loop {
        let bytes = source.fill();
        if bytes.is_empty() {
            return;
        }
        match element.end(bytes) {
            Some(end) => return source.consume(end),
            None => {
                let all = bytes.len();
                source.consume(all);
            }
        }
    }
}
