//! JSON: objects in arrays, under keys or under ids, tables as arrays, texts in an array; in one
//! document or in several in a row. Records are cut out of the stream one by one, so a document is
//! never whole in memory (except tables that are written column by column).

use std::collections::VecDeque;

use serde_json::Value;

use super::{FormatEntry, Hooks, ndjson};
use crate::input::{Input, Parser};
use crate::json::choice::{self, Candidate, Choice, Kind, Step};
use crate::json::records::Records;
use crate::json::survey::{Place, Survey};
use crate::json::walk::{Cut, MAX_TABLE_BYTES, Walk};
use crate::keys::{self, Keys};
use crate::mapping::Mapping;
use crate::objects::Object;
use crate::sniff::Verdict;
use crate::source::{HEAD_BYTES, MAX_RECORD_BYTES, Source, Span};
use crate::{ReadError, ReadErrorKind, Record};

/// Bytes of a file that are looked through before it is read.
const SURVEY_BYTES: u64 = 256 << 20;

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "json",
    description: "a JSON array of objects, an object that holds one under a key, or one object",
    extensions: &["json"],
    sniff,
    open,
    hooks: Hooks { has_places: true, ..Hooks::NONE },
};

/// Checks whether the input begins as a JSON array or object does.
fn sniff(source: &Source, _: &Mapping) -> Verdict {
    let head = source.head().trim_ascii_start();
    let Some((first, rest)) = head.split_first() else { return Verdict::No };
    let rest = rest.trim_ascii_start();
    match (first, rest.first()) {
        (b'[', None | Some(b'{' | b'[' | b']')) => {
            Verdict::Sure("begins as a JSON array of objects".to_owned())
        }
        (b'[', Some(b'"')) if begins_with_texts(rest) => {
            Verdict::Sure("begins as a JSON array of texts".to_owned())
        }
        (b'{', Some(b'"' | b'}')) => Verdict::Maybe("begins as a JSON object".to_owned()),
        _ => Verdict::No,
    }
}

/// Checks that strings stand where an array's elements do, as far as there is something.
fn begins_with_texts(elements: &[u8]) -> bool {
    let mut strings = serde_json::Deserializer::from_slice(elements).into_iter::<String>();
    let is_string = matches!(strings.next(), Some(Ok(_)));
    let rest = &elements[strings.byte_offset()..];
    is_string && matches!(rest.trim_ascii_start().first(), None | Some(b',' | b']'))
}

/// Opens a JSON input: finds its records, and their keys.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    Ok(Box::new(Json::open(input, false)?))
}

/// The parser of JSON.
pub(crate) struct Json {
    input: Input,
    way: Way,
    /// The kind and the number of the keys of each candidate.
    kinds: Vec<(Kind, usize)>,
    /// None until an object was seen: the head holds none where its first record is very long.
    records: Option<Records>,
    queue: VecDeque<Record>,
    is_done: bool,
    raw: Vec<u8>,
}

/// The way from one record to the next.
enum Way {
    /// Each line is a record.
    Lines,
    /// Records stand at places of documents.
    Places(Walk),
}

impl Json {
    /// Opens an input whose records are lines, or stand at places within documents.
    pub(crate) fn open(mut input: Input, are_lines: bool) -> Result<Self, ReadError> {
        let survey = look_through(&input, are_lines);
        let mapping = input.options.mapping.clone();
        let Choice { chosen, nested, others } = match &input.options.records {
            Some(path) => named(&input, &survey, path)?,
            None => {
                let choice = choice::choose(&survey, &mapping, MAX_RECORD_BYTES as u64);
                if !mapping.has_names() {
                    refuse(&input, &survey, &choice)?;
                }
                choice
            }
        };
        let lists =
            chosen.iter().map(|list| list.report(true)).chain(others.iter().map(|list| list.report(false)));
        input.report.record_lists = lists.collect();
        let is_lazy = chosen.is_empty() && others.iter().all(|other| other.sample.is_empty());
        let (chosen, others) = if chosen.is_empty() { fall_back(&survey, others) } else { (chosen, others) };
        let mut kinds = Vec::new();
        let mut shapes: Vec<(&Candidate, Keys)> = Vec::new();
        for candidate in &chosen {
            let known = shapes.iter().position(|(shape, _)| shape.is_like(candidate));
            if known.is_none() && !is_lazy {
                let alike =
                    chosen.iter().filter(|other| candidate.is_like(other) || candidate.path == other.path);
                let sample: Vec<Object> = alike.flat_map(|other| other.sample.clone()).collect();
                let first = shapes.is_empty();
                let keys = if first {
                    Some(Keys::resolve(&mut input, &sample).map_err(|error| with_lists(error, &others))?)
                } else {
                    Keys::also(&mut input, &sample)
                };
                shapes.extend(keys.map(|keys| (candidate, keys)));
            }
            kinds.push((candidate.kind.clone(), known.unwrap_or(shapes.len().saturating_sub(1))));
        }
        for candidate in &nested {
            let is_reply = candidate
                .path
                .iter()
                .any(|step| matches!(step, Step::Key(key) if choice::is_reply_name(key)));
            if is_reply
                && candidate.kind == Kind::Object
                && !shapes.iter().any(|(shape, _)| shape.is_like(candidate))
            {
                let keys = Keys::also(&mut input, &candidate.sample);
                shapes.extend(keys.map(|keys| (candidate, keys)));
            }
        }
        let mut records =
            (!is_lazy).then(|| Records::new(shapes.into_iter().map(|(_, keys)| keys).collect()));
        describe(&mut input, &survey, &chosen, &others, records.as_mut());
        let is_root = |candidate: &Candidate| candidate.path.is_empty() && candidate.kind != Kind::Columns;
        let way = match are_lines && chosen.iter().all(is_root) {
            true => Way::Lines,
            false => Way::Places(Walk::new(&chosen, (!survey.is_whole).then_some(&survey.root))),
        };
        Ok(Self { input, way, kinds, records, queue: VecDeque::new(), is_done: false, raw: Vec::new() })
    }

    /// Cuts the next record off the stream, into `raw`.
    fn cut(&mut self) -> Option<Cut> {
        match &mut self.way {
            Way::Places(walk) => walk.next(&mut self.input.source, &mut self.raw),
            Way::Lines => loop {
                self.raw.clear();
                let span = self.input.source.read_line(&mut self.raw)?;
                if !self.raw.trim_ascii().is_empty() {
                    return Some(Cut { candidate: Some(0), span, id: None, thread: None });
                }
            },
        }
    }

    /// Adds the records that were cut off the stream.
    fn read(&mut self, cut: &Cut) -> Result<(), ReadError> {
        let raw = std::mem::take(&mut self.raw);
        let read = keys::with_stack(keys::depth(&raw), || self.read_deep(cut, &raw));
        let result = read.unwrap_or_else(|error| Err(Fault::Reject(keys::no_stack(&error))));
        self.raw = raw;
        match result {
            Ok(()) => Ok(()),
            Err(Fault::Reject(cause)) => {
                let reject = self.input.reject(cut.span, cause, &self.raw);
                self.queue.push_back(reject);
                Ok(())
            }
            Err(Fault::Fatal(error)) => Err(error),
        }
    }

    /// As [`Json::read`], on a stack that is large enough.
    fn read_deep(&mut self, cut: &Cut, raw: &[u8]) -> Result<(), Fault> {
        let span = cut.span;
        let Some(candidate) = cut.candidate else { return Err(Fault::Reject(self.misplaced(span, raw))) };
        let is_table = self.kinds[candidate].0 == Kind::Columns;
        let bytes = span.end - span.start;
        if is_table && bytes > MAX_TABLE_BYTES as u64 {
            return Err(Fault::Reject(format!(
                "a table of {bytes} bytes, written column by column, more than the {MAX_TABLE_BYTES} that are read; save it \
                 row by row (to_json(orient=\"records\", lines=True))"
            )));
        }
        let limited = if is_table { Span { start: span.end, ..span } } else { span };
        if let Some(defect) = self.input.source.defect(limited, raw) {
            return Err(Fault::Reject(defect));
        }
        let value = keys::parse_deep(raw).map_err(Fault::Reject)?;
        let object = match (&mut self.kinds[candidate].0, value) {
            (Kind::Columns, Value::Object(columns)) => return self.read_columns(cut, raw, columns),
            (_, Value::Object(object)) => object,
            (Kind::Row(names), Value::Array(cells)) => match names {
                Some(names) => choice::row_object(names, &cells),
                // The first row names the columns.
                names @ None => {
                    let name = |cell: &Value| keys::scalar(cell).unwrap_or_default().into_owned();
                    *names = Some(cells.iter().map(name).collect());
                    return Ok(());
                }
            },
            (Kind::Text, text @ Value::String(_)) => choice::text_object(&text),
            _ => return Err(Fault::Reject(keys::NO_OBJECT.to_owned())),
        };
        self.add(cut, candidate, &object, cut.id.as_deref(), raw)
    }

    /// Adds an object, and the replies within it.
    fn add(
        &mut self,
        cut: &Cut,
        candidate: usize,
        object: &Object,
        id: Option<&str>,
        raw: &[u8],
    ) -> Result<(), Fault> {
        if self.records.is_none() {
            let keys = Keys::resolve(&mut self.input, std::slice::from_ref(object)).map_err(Fault::Fatal)?;
            self.records = Some(Records::new(vec![keys]));
        }
        let Some(records) = &mut self.records else { return Ok(()) };
        let shape = self.kinds[candidate].1;
        if self.input.records() == 0
            && matches!(self.way, Way::Lines)
            && !records.shapes[shape].has_any(object)
        {
            self.input.skip_record();
            let notice =
                "its first line has none of the keys of the records, and is passed over as a heading";
            self.input.report.notices.push(notice.to_owned());
            return Ok(());
        }
        let around = (id, cut.thread.as_deref());
        records.read(&mut self.input, (object, shape), around, (cut.span, raw), &mut self.queue);
        Ok(())
    }

    /// Adds the rows of a table that is written column by column.
    fn read_columns(&mut self, cut: &Cut, raw: &[u8], columns: Object) -> Result<(), Fault> {
        let labels: Option<Vec<String>> =
            columns.values().find_map(|column| Some(column.as_object()?.keys().cloned().collect()));
        let length = |column: &Value| column.as_array().map_or(0, Vec::len);
        let rows = labels.as_ref().map_or_else(|| columns.values().map(length).max().unwrap_or(0), Vec::len);
        // Numbers count the rows; anything else is an id.
        let are_ids = labels.iter().flatten().any(|label| label.parse::<u64>().is_err());
        for row in 0..rows {
            let label = labels.as_ref().map(|labels| labels[row].as_str());
            let cell = |column: &Value| match (column, label) {
                (Value::Object(cells), Some(label)) => cells.get(label).cloned(),
                (Value::Array(cells), _) => cells.get(row).cloned(),
                _ => None,
            };
            let cells = columns.iter().filter_map(|(name, column)| Some((name.clone(), cell(column)?)));
            let object: Object = cells.collect();
            self.add(cut, cut.candidate.unwrap_or(0), &object, label.filter(|_| are_ids), raw)?;
        }
        Ok(())
    }

    /// Returns the cause of the reject for something outside of any place.
    fn misplaced(&self, span: Span, raw: &[u8]) -> String {
        if let Some(defect) = self.input.source.defect(span, raw) {
            return defect;
        }
        match raw {
            b"}" | b"]" => "a bracket that closes nothing; mend it, or export it again".to_owned(),
            [] => keys::ENDS_TOO_EARLY.to_owned(),
            _ => "text that is no JSON, outside of the document; take it out, or export it again".to_owned(),
        }
    }

    /// Adds notices on the whole file.
    fn finish(&mut self) {
        let notices = &mut self.input.report.notices;
        if let Some(records) = &self.records {
            if records.replies > 0 {
                let lists: Vec<String> = records.lists.iter().map(|list| format!("`{list}`")).collect();
                notices.push(format!(
                    "replies read within other records: {} (under {})",
                    records.replies,
                    lists.join(", ")
                ));
            }
            notices.extend(records.notices());
        }
        if let Way::Places(walk) = &self.way {
            if walk.has_threads {
                notices.push(
                    "records without a thread of their own are in that of the key or of the id around them"
                        .to_owned(),
                );
            }
            if !walk.unseen.is_empty() {
                let lists: Vec<&str> = walk.unseen.iter().map(String::as_str).collect();
                notices.push(format!(
                    "lists beyond the part that was looked through when it was opened are not read: {}; --records reads one of \
                     them",
                    lists.join(", ")
                ));
            }
        }
    }
}

/// The reason why a record is not read.
enum Fault {
    Reject(String),
    Fatal(ReadError),
}

impl Parser for Json {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            if let Some(record) = self.queue.pop_front() {
                return Ok(Some(record));
            }
            if self.is_done {
                return Ok(None);
            }
            match self.cut() {
                // A stream that broke off has a reject of its own.
                Some(Cut { candidate: None, .. })
                    if self.raw.is_empty() && self.input.source.broken().is_some() => {}
                Some(cut) => self.read(&cut)?,
                None => {
                    self.is_done = true;
                    self.finish();
                }
            }
        }
    }

    fn input(&mut self) -> &mut Input {
        &mut self.input
    }
}

/// Looks through an input, and finds the objects in it that are keyed by ids.
fn look_through(input: &Input, are_lines: bool) -> Survey {
    let mut survey = survey(input, are_lines);
    choice::join_keyed(&mut survey.root);
    survey
}

/// Surveys the head of an input if that shows enough, else the file, which is opened once more.
fn survey(input: &Input, are_lines: bool) -> Survey {
    let source = &input.source;
    // A line that is broken says nothing about the next one.
    let lines = if are_lines { ndjson::whole_lines(source) } else { Vec::new() };
    let head = if lines.is_empty() { source.head().to_vec() } else { lines.join(&b'\n') };
    // The head as a stream of its own: the input itself is not touched.
    let head = std::io::Cursor::new(head);
    let head = Source::new(source.name.clone(), Box::new(head), std::sync::Arc::default());
    let mut head = head.map(|mut head| Survey::of(&mut head, u64::MAX, u64::MAX)).unwrap_or_default();
    head.is_whole = source.head_is_all() || head.shows_all || lines.len() > 1;
    let file = if head.is_whole { None } else { source.reopen() };
    file.map_or(head, |mut file| Survey::of(&mut file, HEAD_BYTES as u64, SURVEY_BYTES))
}

/// Returns the records at the path that the user named.
fn named(input: &Input, survey: &Survey, path: &str) -> Result<Choice, ReadError> {
    let mapping = &input.options.mapping;
    let mut choice = choice::choose(survey, mapping, u64::MAX);
    let Some(candidate) = choice::at_path(survey, path, mapping) else {
        let known = choice.chosen.iter().chain(&choice.others).chain(&choice.nested);
        let known: Vec<String> = known.map(|candidate| candidate.report(false).path).collect();
        let part = if survey.is_whole { "" } else { " in the part of it that was looked through" };
        let remedy = match known.is_empty() {
            true => "nothing in it looks like records; check that it is a comment export".to_owned(),
            false => format!("name one of these after --records: {}", known.join(", ")),
        };
        let what = format!("no records under `{path}`{part}");
        return Err(ReadError::new(ReadErrorKind::UnknownColumn, &input.source.name, what, remedy));
    };
    let all = choice.chosen.drain(..).chain(choice.others.drain(..)).chain(choice.nested.drain(..));
    let rest = all.filter(|other| other.path != candidate.path);
    let (nested, others) = rest.partition(|other| other.path.starts_with(&candidate.path));
    Ok(Choice { chosen: vec![candidate], nested, others })
}

/// Refuses an input that is a list without any element, or the error answer of an interface.
fn refuse(input: &Input, survey: &Survey, choice: &Choice) -> Result<(), ReadError> {
    let error = |what: String, remedy: &str| {
        Err(ReadError::new(ReadErrorKind::Empty, &input.source.name, what, remedy))
    };
    if let Some(message) = choice::error_answer(&survey.root, choice) {
        let what = format!("an error answer of an interface, no comments: {message}");
        return error(what, "ask the interface again, or leave the file out");
    }
    if choice.has_named_text() || !survey.is_whole {
        return Ok(());
    }
    match choice::empty_list(&survey.root) {
        Some(path) if path.is_empty() => {
            error("no comments in it: its list is empty".to_owned(), "check that the export has any")
        }
        Some(path) => {
            let what = format!("no comments in it: its list `{path}` is empty");
            error(what, "check that the export has any")
        }
        None => Ok(()),
    }
}

/// Returns what comes nearest to records if nothing has a text, for an error that names its keys.
fn fall_back(survey: &Survey, mut others: Vec<Candidate>) -> (Vec<Candidate>, Vec<Candidate>) {
    if !others.is_empty() {
        return (vec![others.remove(0)], others);
    }
    let path = if survey.root.arrays > 0 { vec![Step::Elements] } else { Vec::new() };
    (vec![Candidate::unknown(path)], others)
}

/// Adds to an error about the keys of the likeliest records which others there are.
fn with_lists(error: ReadError, others: &[Candidate]) -> ReadError {
    let with_text = others.iter().filter(|other| other.has_text());
    let paths: Vec<String> = with_text.take(10).map(|other| other.report(false).path).collect();
    if paths.is_empty() {
        return error;
    }
    let remedy = format!("{}; or name other records with --records: {}", error.remedy, paths.join(", "));
    ReadError { remedy, ..error }
}

/// Adds to the report where the records stand, and what else there is.
fn describe(
    input: &mut Input,
    survey: &Survey,
    chosen: &[Candidate],
    others: &[Candidate],
    records: Option<&mut Records>,
) {
    let is_named = |candidate: &&Candidate| candidate.path.iter().any(|step| matches!(step, Step::Key(_)));
    let quoted = |candidate: &Candidate| format!("`{}`", choice::display(&candidate.path));
    let paths: Vec<String> = chosen.iter().filter(is_named).map(quoted).collect();
    if !paths.is_empty() {
        input.report.why.push_str(&format!("; its records stand under {}", paths.join(", ")));
    }
    let note = match chosen.first().map(|candidate| (&candidate.kind, candidate.path.last())) {
        Some((Kind::Columns, _)) => "; it is a table written column by column",
        Some((Kind::Row(_), _)) => "; they are the rows of a table",
        Some((Kind::Text, _)) => "; they are texts and nothing else",
        Some((Kind::Object, Some(Step::Values))) => "; they stand under their ids",
        _ => "",
    };
    input.report.why.push_str(note);
    let seen: Vec<String> = others
        .iter()
        .filter(|other| other.has_named_text())
        .take(20)
        .map(|other| {
            let list = other.report(false);
            format!("`{}` ({})", list.path, list.records)
        })
        .collect();
    if !seen.is_empty() {
        input.report.notices.push(format!(
            "other places look like records and are not read: {}; --records PATH reads one of them",
            seen.join(", ")
        ));
    }
    let Some(records) = records else { return };
    let mut unread = Vec::new();
    for candidate in chosen {
        if let Some(place) = choice::place_at(&survey.root, &candidate.path) {
            find_unread(place, "", records, &mut unread);
        }
    }
    if !unread.is_empty() {
        input
            .report
            .notices
            .push(format!("the records hold lists of objects that are not read: {}", unread.join(", ")));
        records.noted.extend(unread);
    }
}

/// Adds the lists of objects in a record that are not read as replies.
fn find_unread(place: &Place, path: &str, records: &Records, unread: &mut Vec<String>) {
    for (key, inner) in &place.keys {
        let name = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match &inner.elements {
            Some(elements) if elements.objects > 0 => {
                if !records.holds_replies(&name, elements.sample.iter(), 0) && !unread.contains(&name) {
                    unread.push(name);
                }
            }
            _ => find_unread(inner, &name, records, unread),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
}
