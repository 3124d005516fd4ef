//! Cuts the chosen records of a JSON input from its stream, one at a time.

use std::collections::{BTreeSet, HashSet};

use super::choice::{Candidate, Kind, Step};
use super::survey::{Place, skip_value};
use crate::json_cutter::{Element, cut_through, cut_value, skip_space};
use crate::mapping::{self, Field};
use crate::source::{MAX_RECORD_BYTES, Source, Span};

/// The number of bytes of a table written column by column, which is in memory as a whole.
pub(crate) const MAX_TABLE_BYTES: usize = 24 << 20;
/// The number of nested brackets that are inspected; deeper values are skipped.
const MAX_OPEN: usize = 256;
/// The number of lists that a notice names.
const MOST_UNSEEN: usize = 20;

/// A place on the way to records.
#[derive(Default)]
struct Spot {
    /// The records of this candidate are here.
    record: Option<usize>,
    keys: Vec<(String, usize)>,
    /// Its keys are ids.
    has_ids: bool,
    numbers: Vec<(u64, usize)>,
    elements: Option<usize>,
    values: Option<usize>,
}

/// A bracket that is open.
struct Level {
    spot: usize,
    /// The current key of an object; `None` for an array.
    key: Option<Key>,
    /// The number of elements of an array so far.
    index: u64,
    /// The thread that this object names, and the field that names it.
    thread: Option<(Field, String)>,
}

enum Key {
    Awaited,
    Seen(String),
}

/// A record, or another value, that was cut from the stream.
pub(crate) struct Cut {
    /// The number of its candidate; `None` for a value outside of any place.
    pub(crate) candidate: Option<usize>,
    pub(crate) span: Span,
    /// The key above it, if that is an id.
    pub(crate) id: Option<String>,
    /// The thread that the objects around it name.
    pub(crate) thread: Option<String>,
    /// The path of the list that contains it, if the survey did not see that list: it may not be a
    /// record.
    pub(crate) unseen: Option<String>,
}

/// The path through the documents of an input.
pub(crate) struct Walk {
    spots: Vec<Spot>,
    kinds: Vec<Kind>,
    open: Vec<Level>,
    /// The lists of the survey, if it did not cover everything.
    known: Option<HashSet<String>>,
    /// The place of lists that the survey does not have.
    unseen_spot: usize,
    /// Lists that the survey does not have, and whose objects are not records.
    pub(crate) unseen: BTreeSet<String>,
    /// Some threads are named by the objects around them, or by keys.
    pub(crate) has_threads: bool,
}

impl Walk {
    /// Creates the path to the records of some candidates; with the places of a survey that covered
    /// only a part of the input.
    pub(crate) fn new(candidates: &[Candidate], partly_known: Option<&Place>) -> Self {
        let mut spots = vec![Spot::default()];
        for (number, candidate) in candidates.iter().enumerate() {
            let mut at = 0;
            for step in &candidate.path {
                let next = spots.len();
                let spot = &mut spots[at];
                spot.has_ids |= matches!(step, Step::Values | Step::Id(_));
                let known = match step {
                    Step::Key(key) | Step::Id(key) => {
                        spot.keys.iter().find(|(known, _)| known == key).map(|(_, at)| *at)
                    }
                    Step::Element(index) => {
                        spot.numbers.iter().find(|(known, _)| known == index).map(|(_, at)| *at)
                    }
                    Step::Elements => spot.elements,
                    Step::Values => spot.values,
                };
                if known.is_none() {
                    match step {
                        Step::Key(key) | Step::Id(key) => spot.keys.push((key.clone(), next)),
                        Step::Element(index) => spot.numbers.push((*index, next)),
                        Step::Elements => spot.elements = Some(next),
                        Step::Values => spot.values = Some(next),
                    }
                    spots.push(Spot::default());
                }
                at = known.unwrap_or(next);
            }
            spots[at].record.get_or_insert(number);
        }
        let known = partly_known.map(|root| {
            let mut known = HashSet::new();
            add_lists(root, &mut Vec::new(), &mut known);
            known
        });
        let unseen_spot = spots.len();
        spots.push(Spot { elements: Some(unseen_spot + 1), ..Spot::default() });
        spots.push(Spot { record: Some(0), ..Spot::default() });
        let kinds: Vec<Kind> = candidates.iter().map(|candidate| candidate.kind.clone()).collect();
        let known = known.filter(|_| kinds.first() == Some(&Kind::Object));
        let (unseen, has_threads) = (BTreeSet::new(), false);
        Self { spots, kinds, open: Vec::new(), known, unseen_spot, unseen, has_threads }
    }

    /// Cuts the next record from the stream, into `raw`. Returns `None` at the end.
    pub(crate) fn next(&mut self, source: &mut Source, raw: &mut Vec<u8>) -> Option<Cut> {
        let nowhere = |span| Some(Cut { candidate: None, span, id: None, thread: None, unseen: None });
        loop {
            let Some(byte) = skip_space(source) else {
                raw.clear();
                let is_cut = !std::mem::take(&mut self.open).is_empty();
                return if is_cut { nowhere(source.here()) } else { None };
            };
            match (byte, self.open.last_mut().map(|level| &mut level.key)) {
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
                (b'}' | b']', _) => return nowhere(cut_value(source, raw)),
                _ => match self.step(byte) {
                    Next::Record(candidate) => return Some(self.cut(candidate, source, raw)),
                    Next::Enter(spot) => {
                        source.consume(1);
                        let key = (byte == b'{').then_some(Key::Awaited);
                        self.open.push(Level { spot, key, index: 0, thread: None });
                    }
                    Next::Garbage => {
                        raw.clear();
                        let bracket = |bytes: &[u8]| bytes.iter().position(|byte| b"{[]}".contains(byte));
                        return nowhere(cut_through(source, raw, bracket));
                    }
                    Next::Skip => {
                        self.pass_over(byte, source, raw);
                        self.end_value();
                    }
                },
            }
        }
    }

    /// Decides how to handle the next value, by its first byte.
    fn step(&self, byte: u8) -> Next {
        let is_scalar = !matches!(byte, b'{' | b'[');
        let spot = match self.open.last() {
            None => Some(0),
            Some(Level { spot, key: None, index, .. }) => {
                let around = &self.spots[*spot];
                let numbered = around.numbers.iter().find(|(number, _)| number == index).map(|(_, at)| *at);
                // An array within an array has the place of the outer one.
                let same = around.record.map(|_| *spot);
                numbered.or(around.elements).or(around.values).or(same)
            }
            Some(Level { spot, key: Some(key), .. }) => {
                let around = &self.spots[*spot];
                let Key::Seen(key) = key else { return Next::Skip };
                let named = around.keys.iter().find(|(known, _)| known == key).map(|(_, at)| *at);
                named.or(around.values.filter(|_| !is_scalar))
            }
        };
        let Some(at) = spot else {
            let is_unseen =
                byte == b'[' && self.known.as_ref().is_some_and(|known| !known.contains(&self.path()));
            return if is_unseen { Next::Enter(self.unseen_spot) } else { Next::Skip };
        };
        let spot = &self.spots[at];
        let may_enter = self.open.len() < MAX_OPEN;
        if let Some(candidate) = spot.record {
            let fits = match (&self.kinds[candidate], byte) {
                (Kind::Object | Kind::Columns, b'[') => false,
                (Kind::Text, _) => byte == b'"',
                _ => true,
            };
            return match byte {
                _ if self.open.is_empty() && is_scalar && !fits => Next::Garbage,
                _ if self.open.is_empty() && is_scalar && self.kinds[candidate] != Kind::Text => {
                    Next::Garbage
                }
                b'[' if !fits && may_enter => Next::Enter(at),
                _ => Next::Record(candidate),
            };
        }
        let leads_on = match byte {
            b'[' => spot.elements.is_some() || !spot.numbers.is_empty() || spot.values.is_some(),
            b'{' => !spot.keys.is_empty() || spot.values.is_some(),
            _ => false,
        };
        // One object instead of a list of them.
        let alone = spot.elements.and_then(|elements| self.spots[elements].record);
        match alone {
            Some(candidate) if byte == b'{' && !leads_on && self.kinds[candidate] == Kind::Object => {
                Next::Record(candidate)
            }
            _ if leads_on && may_enter => Next::Enter(at),
            _ if is_scalar && self.open.is_empty() => Next::Garbage,
            _ => Next::Skip,
        }
    }

    fn cut(&mut self, candidate: usize, source: &mut Source, raw: &mut Vec<u8>) -> Cut {
        let span = match self.kinds[candidate] {
            Kind::Columns => cut_table(source, raw),
            _ => cut_value(source, raw),
        };
        let is_keyed = |level: &Level| match &level.key {
            Some(Key::Seen(key)) => {
                let spot = &self.spots[level.spot];
                // A key that has a place of its own next to the ids is not an id.
                let is_named = spot.keys.iter().any(|(known, _)| known == key);
                spot.has_ids && (spot.values.is_none() || !is_named)
            }
            _ => false,
        };
        let key = |level: &Level| match &level.key {
            Some(Key::Seen(key)) if is_keyed(level) => Some(key.clone()),
            _ => None,
        };
        let (id, around) = match self.open.split_last() {
            Some((last, around)) if is_keyed(last) => (key(last), around),
            _ => (None, &self.open[..]),
        };
        let own = self.open.last().and_then(|level| level.thread.clone());
        let around = around.iter().rev();
        let thread = own.map(|(_, id)| id).or_else(|| {
            around.into_iter().find_map(|level| level.thread.clone().map(|(_, id)| id).or_else(|| key(level)))
        });
        let is_unseen = self.open.iter().any(|level| level.spot == self.unseen_spot);
        let unseen = is_unseen.then(|| self.path().trim_end_matches(".*").to_owned());
        self.has_threads |= thread.is_some();
        if span.is_complete {
            self.end_value();
        } else {
            // The end of the input; one reject is enough for it.
            self.open.clear();
        }
        Cut { candidate: Some(candidate), span, id, thread, unseen }
    }

    /// Notes a list whose objects are not records.
    pub(crate) fn note_unseen(&mut self, path: &str) {
        if self.unseen.len() < MOST_UNSEEN {
            self.unseen.insert(path.to_owned());
        }
    }

    /// Skips a value that is not a record, and notes its data on records.
    fn pass_over(&mut self, byte: u8, source: &mut Source, raw: &mut Vec<u8>) {
        if matches!(byte, b'{' | b'[') {
            return skip_value(source);
        }
        let field = match self.open.last() {
            Some(Level { key: Some(Key::Seen(key)), .. }) => mapping::field_of_name(key)
                // The number of a page does not identify the thread.
                .filter(|_| !key.eq_ignore_ascii_case("page")),
            _ => None,
        };
        let Some(field @ (Field::Id | Field::Thread)) = field else { return skip_value(source) };
        cut_value(source, raw);
        let value = serde_json::from_slice(raw).ok();
        let value = value.as_ref().and_then(crate::keys::scalar).filter(|value| !value.trim().is_empty());
        if let (Some(level), Some(value)) = (self.open.last_mut(), value)
            && level.thread.as_ref().is_none_or(|(known, _)| *known == Field::Id && field == Field::Thread)
        {
            level.thread = Some((field, value.into_owned()));
        }
    }

    /// Returns the path of the next value, by its keys.
    fn path(&self) -> String {
        let name = |level: &Level| match &level.key {
            Some(Key::Seen(key)) => key.clone(),
            _ => "*".to_owned(),
        };
        self.open.iter().map(name).collect::<Vec<_>>().join(".")
    }

    /// Prepares for a key, which follows a value of an object.
    fn end_value(&mut self) {
        if let Some(level) = self.open.last_mut() {
            level.index += 1;
            if let Some(key) = &mut level.key {
                *key = Key::Awaited;
            }
        }
    }
}

/// The handling of a value.
enum Next {
    Record(usize),
    Enter(usize),
    Skip,
    /// Text outside of any document.
    Garbage,
}

fn add_lists(place: &Place, path: &mut Vec<String>, known: &mut HashSet<String>) {
    if place.arrays > 0 {
        known.insert(path.join("."));
    }
    let keys = place.keys.iter().map(|(key, inner)| (key.as_str(), inner));
    let others = [place.elements.as_deref(), place.values.as_deref()];
    for (name, inner) in keys.chain(others.into_iter().flatten().map(|inner| ("*", inner))) {
        path.push(name.to_owned());
        add_lists(inner, path, known);
        path.pop();
    }
}

/// Cuts a table that is written column by column. As with any value that is too long, only its
/// beginning is kept.
fn cut_table(source: &mut Source, raw: &mut Vec<u8>) -> Span {
    raw.clear();
    let (start, line) = (source.position(), source.line());
    let mut element = Element::default();
    let mut is_complete = false;
    while !is_complete {
        let bytes = source.fill();
        if bytes.is_empty() {
            break;
        }
        let end = element.end(bytes);
        let taken = end.unwrap_or(bytes.len());
        is_complete = end.is_some();
        if raw.len() <= MAX_TABLE_BYTES {
            raw.extend_from_slice(&bytes[..taken]);
        } else {
            raw.truncate(MAX_RECORD_BYTES);
        }
        source.consume(taken);
    }
    Span { start, end: source.position(), line, is_complete }
}
