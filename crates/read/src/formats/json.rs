//! JSON: objects in arrays, under keys or under ids, tables as arrays, texts in an array; in one
//! document or in several in a row. Records are cut from the stream one by one, so a document is
//! never whole in memory (except tables that are written column by column).

use std::collections::VecDeque;

use serde_json::Value;

use super::{FormatEntry, Hooks, ndjson};
use crate::input::{Input, Parser};
use crate::json::answer;
use crate::json::choice::{self, Candidate, Choice, Kind, Step};
use crate::json::records::Records;
use crate::json::survey::{Place, Survey};
use crate::json::walk::{Cut, MAX_TABLE_BYTES, Walk};
use crate::keys::{self, Keys};
use crate::mapping::{Field, Mapping};
use crate::objects::Object;
use crate::sniff::Verdict;
use crate::source::{HEAD_BYTES, MAX_RECORD_BYTES, Source, Span};
use crate::{ReadError, ReadErrorKind, Record};

/// The number of bytes of a file that are surveyed before it is read.
const SURVEY_BYTES: u64 = 256 << 20;

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "json",
    description: "a JSON array of objects, an object that contains one under a key, or one object",
    extensions: &["json"],
    sniff,
    open,
    hooks: Hooks { has_places: true, ..Hooks::NONE },
};

/// Checks whether the input begins like a JSON array or object.
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

/// Checks that the first of an array's elements is a string.
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
    /// `None` until an object was read. The head may have no object if its first record is long.
    records: Option<Records>,
    queue: VecDeque<Record>,
    is_done: bool,
    raw: Vec<u8>,
}

/// The way from one record to the next.
enum Way {
    /// Each line is a record.
    Lines,
    /// Records are at places of documents.
    Places(Walk),
}

impl Json {
    /// Opens an input whose records are lines, or are at places within documents.
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
        let (chosen, others) = if chosen.is_empty() { fall_back(&survey, others) } else { (chosen, others) };
        // The first object will show the keys.
        let is_lazy = !survey.is_whole && chosen.iter().all(|candidate| candidate.sample.is_empty());
        let mut kinds = Vec::new();
        let mut shapes: Vec<(&Candidate, Keys)> = Vec::new();
        for candidate in &chosen {
            let known = shapes.iter().position(|(shape, _)| shape.is_like(candidate));
            if known.is_none() && !is_lazy {
                // Replies may have keys that the others lack: a parent.
                let alike = chosen.iter().chain(&nested).filter(|other| {
                    candidate.is_like(other) || candidate.path == other.path || candidate.has_reply(other)
                });
                let sample: Vec<Object> = alike.flat_map(|other| other.sample.clone()).collect();
                let first = shapes.is_empty();
                let keys = if first {
                    let keys =
                        Keys::resolve(&mut input, &sample).map_err(|error| with_lists(error, &others))?;
                    // A description of a data set, a product: one comment would show more.
                    if keys.is_guess() && chosen.len() == 1 && candidate.is_single() {
                        return Err(no_comment(&input));
                    }
                    Some(keys)
                } else {
                    Keys::also(&mut input, &sample)
                };
                shapes.extend(keys.map(|keys| (candidate, keys)));
            }
            kinds.push((candidate.kind.clone(), known.unwrap_or(shapes.len().saturating_sub(1))));
        }
        for candidate in &nested {
            let is_known = |keys: &Keys| {
                let fitting = candidate.sample.iter().filter(|object| keys.is_full(object)).count();
                fitting * 2 > candidate.sample.len()
            };
            if candidate.is_reply_list()
                && candidate.kind == Kind::Object
                && !shapes.iter().any(|(shape, keys)| shape.is_like(candidate) || is_known(keys))
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

    /// Cuts the next record from the stream, into `raw`.
    fn cut(&mut self) -> Option<Cut> {
        match &mut self.way {
            Way::Places(walk) => walk.next(&mut self.input.source, &mut self.raw),
            Way::Lines => loop {
                self.raw.clear();
                let span = self.input.source.read_line(&mut self.raw)?;
                if !self.raw.trim_ascii().is_empty() {
                    return Some(Cut { candidate: Some(0), span, id: None, thread: None, unseen: None });
                }
            },
        }
    }

    /// Adds the records that were cut from the stream.
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

    /// Does the same as [`Json::read`], on a stack that is large enough.
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
        if let (Some(path), Way::Places(walk)) = (&cut.unseen, &mut self.way) {
            let is_full =
                |object| self.records.as_ref().is_some_and(|records| records.shapes[0].is_full(object));
            if !value.as_object().is_some_and(is_full) {
                walk.note_unseen(path);
                return Ok(());
            }
        }
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
        let object = &*records.shapes[shape].unpacked(object);
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

    /// Returns the cause of the reject for a value outside of any place.
    fn misplaced(&self, span: Span, raw: &[u8]) -> String {
        if let Some(defect) = self.input.source.defect(span, raw) {
            return defect;
        }
        match raw {
            b"}" | b"]" => "a closing bracket without an opening one; fix it, or export it again".to_owned(),
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
                    "lists beyond the part that was looked through when it was opened hold other objects, which are not \
                     read: {}; --records reads one of them",
                    lists.join(", ")
                ));
            }
        }
    }
}

/// The reason a record is not read.
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

/// Surveys an input, and finds the objects in it that are keyed by ids.
fn look_through(input: &Input, are_lines: bool) -> Survey {
    let mut survey = survey(input, are_lines);
    choice::join_keyed(&mut survey.root);
    survey
}

/// Surveys the head of an input if that shows enough, else the file, which is opened once more.
fn survey(input: &Input, are_lines: bool) -> Survey {
    let source = &input.source;
    // A line that is broken does not affect the next one.
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
    let found = choice::at_path(survey, path, mapping);
    let Some(candidate) = found.or_else(|| (!survey.is_whole).then(|| choice::unseen_path(path))) else {
        let known = choice.chosen.iter().chain(&choice.others).chain(&choice.nested);
        let known = known.filter(|candidate| candidate.has_text());
        let known: Vec<String> = known.map(|candidate| candidate.report(false).path).collect();
        let remedy = match known.is_empty() {
            true => "nothing in it looks like records; check that it is a comment export".to_owned(),
            false => format!("name one of these after --records: {}", known.join(", ")),
        };
        let what = format!("no records under `{path}`");
        return Err(ReadError::new(ReadErrorKind::UnknownColumn, &input.source.name, what, remedy));
    };
    let all = choice.chosen.drain(..).chain(choice.others.drain(..)).chain(choice.nested.drain(..));
    let rest = all.filter(|other| other.path != candidate.path);
    let (nested, others) = rest.partition(|other| other.path.starts_with(&candidate.path));
    Ok(Choice { chosen: vec![candidate], nested, others })
}

/// Refuses an input that is a list without any element, or the error response of an API.
fn refuse(input: &Input, survey: &Survey, choice: &Choice) -> Result<(), ReadError> {
    let error = |what: String, remedy: &str| {
        Err(ReadError::new(ReadErrorKind::Empty, &input.source.name, what, remedy))
    };
    if let Some(message) = answer::error_answer(&survey.root, choice) {
        let what = format!("an error answer of an interface, no comments: {message}");
        return error(what, "ask the interface again, or leave the file out");
    }
    // A remark next to an empty list of comments is not a comment.
    let is_remark = !choice.chosen.iter().any(Candidate::is_more_than_remark)
        && choice::empty_list(&survey.root).is_some();
    if choice.has_named_text() && !is_remark {
        return Ok(());
    }
    if !survey.is_whole {
        // With nothing but lists, any choice would be a guess.
        if choice.others.iter().chain(&choice.chosen).all(|candidate| candidate.sample.is_empty()) {
            return Ok(());
        }
        let what = "nothing in the part of it that was looked through is named like a comment's text";
        let remedy = "name the place of the comments with --records, or save what is streamed as a file";
        return Err(ReadError::new(ReadErrorKind::NoText, &input.source.name, what, remedy));
    }
    match choice::empty_list(&survey.root) {
        Some(path) if path == "/" => {
            error("no comments in it: its list is empty".to_owned(), "check that the export has any")
        }
        Some(path) => {
            let what = format!("no comments in it: its list `{path}` is empty");
            error(what, "check that the export has any")
        }
        None => Ok(()),
    }
}

/// Returns the error for one object without a key that is named like a comment's text.
fn no_comment(input: &Input) -> ReadError {
    let text = input.report.columns.iter().find(|(field, _)| *field == Field::Text);
    let text = text.map_or("KEY", |(_, name)| name);
    let what = "one object, none of whose keys is named like a comment's text";
    let remedy = format!("name the text with --map \"text={text}\" if it is a comment");
    ReadError::new(ReadErrorKind::NoComments, &input.source.name, what, remedy)
}

/// Returns the candidates closest to records if nothing has the required text, for an error that
/// names their keys.
fn fall_back(survey: &Survey, mut others: Vec<Candidate>) -> (Vec<Candidate>, Vec<Candidate>) {
    if others.is_empty() {
        // The user's columns are nowhere.
        let Choice { mut chosen, others: known, .. } =
            choice::choose(survey, &Mapping::default(), MAX_RECORD_BYTES as u64);
        chosen.truncate(1);
        others = chosen.into_iter().chain(known).collect();
    }
    if !others.is_empty() {
        return (vec![others.remove(0)], others);
    }
    let path = if survey.root.arrays > 0 { vec![Step::Elements] } else { Vec::new() };
    (vec![Candidate::unknown(path)], others)
}

/// Adds the other lists to an error about the keys of the most likely records.
fn with_lists(error: ReadError, others: &[Candidate]) -> ReadError {
    let with_text = others.iter().filter(|other| other.has_text());
    let paths: Vec<String> = with_text.take(10).map(|other| other.report(false).path).collect();
    if paths.is_empty() {
        return error;
    }
    let remedy = format!("{}; or name other records with --records: {}", error.remedy, paths.join(", "));
    ReadError { remedy, ..error }
}

/// Adds to the report the places of the records, and of other lists.
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
    if !seen.is_empty() && input.options.records.is_none() {
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
            .push(format!("the records contain lists of objects that are not read: {}", unread.join(", ")));
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
    use super::super::testing::{read, survives_damage};
    use super::*;
    use crate::input_file::InputFile;
    use crate::{Format, Options};

    /// Returns the records read, as `id author > parent @thread: text`; the thread only if the
    /// input names it.
    fn lines(json: &str) -> String {
        let entry = if json.trim_start().starts_with(['{', '[']) { &FORMAT } else { &ndjson::FORMAT };
        let read = read(entry, json.as_bytes()).unwrap_or_else(|error| panic!("{error}: {json}"));
        assert_eq!(read.rejects, [], "{json}");
        let line = |comment: &comity_core::comment::Comment| {
            let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
            let (author, parent) = (or_none(&comment.author), or_none(&comment.parent));
            let thread =
                if comment.thread == "stdin" { String::new() } else { format!(" @{}", comment.thread) };
            format!("{} {author} > {parent}{thread}: {}", comment.id, comment.text)
        };
        read.each(line).join("; ")
    }

    /// Reads with a path of records; returns an error as text.
    fn read_at(path: &str, json: &str) -> String {
        let file = InputFile::stdin();
        let stream = Box::new(std::io::Cursor::new(json.as_bytes().to_vec()));
        let source = Source::new("export".into(), stream, std::sync::Arc::default()).unwrap();
        let options = Options { records: Some(path.to_owned()), ..Options::default() };
        let input = Input::new(source, &file, options.into(), Format::of(&FORMAT), String::new());
        let mut parser = match Json::open(input, false) {
            Ok(parser) => parser,
            Err(error) => return format!("{}; {}", error.what, error.remedy),
        };
        let mut ids = Vec::new();
        while let Some(record) = parser.next().unwrap() {
            ids.push(match record {
                Record::Comment(comment) => comment.id,
                Record::Reject(reject) => reject.cause,
            });
        }
        ids.join(" ")
    }

    #[test]
    fn every_list_of_comments_is_read() {
        for (json, expected) in [
            // Documents one after the other, on one line or on several.
            (
                "{\n\"data\": [{\"id\":1,\"text\":\"rain\"}]\n}\n{\"data\":[{\"id\":2,\"text\":\"snow\"}]} [{\"id\":3,\"text\":\"hail\"}]",
                "1 - > -: rain; 2 - > -: snow; 3 - > -: hail",
            ),
            // Lists of one kind.
            (
                r#"{"ancestors":[{"id":1,"text":"rain","user":"Ana"}],"descendants":[{"id":2,"text":"snow","user":"Bo"}]}"#,
                "1 Ana > -: rain; 2 Bo > -: snow",
            ),
            // One list repeats the same text.
            (
                r#"{"ancestors":[{"id":1,"text":"rain","user":"Ana"},{"id":2,"text":"rain","user":"Ana"},{"id":3,"text":"rain","user":"Ana"},
                    {"id":4,"text":"rain","user":"Ana"}],"descendants":[{"id":5,"text":"snow","user":"Bo"}]}"#,
                "1 Ana > -: rain; 2 Ana > -: rain; 3 Ana > -: rain; 4 Ana > -: rain; 5 Bo > -: snow",
            ),
            // Pages, and objects around lists that name their thread.
            (
                r#"[{"page":1,"comments":[{"id":1,"text":"rain"}]},{"page":2,"comments":[{"id":2,"text":"snow"}]}]"#,
                "1 - > -: rain; 2 - > -: snow",
            ),
            (
                r#"[{"id":"v7","title":"On the rain of this year","comments":[{"id":1,"text":"rain","user":"Ana"}]}]"#,
                "1 Ana > - @v7: rain",
            ),
            // Lists and objects under ids.
            (
                r#"{"film_a":[{"id":1,"text":"rain"}],"film_b":[{"id":2,"text":"snow"},{"id":3,"text":"hail"}]}"#,
                "1 - > - @film_a: rain; 2 - > - @film_b: snow; 3 - > - @film_b: hail",
            ),
            (
                r#"{"order":["k1"],"posts":{"k1":{"message":"rain","user":"Ana"},"k2":{"message":"snow","user":"Bo"}}}"#,
                "k1 Ana > -: rain; k2 Bo > -: snow",
            ),
            (r#"{"-Nq8x":{"text":"rain","author":"Ana"}}"#, "-Nq8x Ana > -: rain"),
            (
                r#"{"threads":{"t1":{"comments":{"c1":{"text":"rain","author":"Ana"}}},"t2":{"comments":{"c2":{"text":"snow","author":"Bo"}}}}}"#,
                "c1 Ana > - @t1: rain; c2 Bo > - @t2: snow",
            ),
            // Only texts.
            (r#"["rain again","no, snow"]"#, "1 - > -: rain again; 2 - > -: no, snow"),
            ("\"rain \\\"again\\\"\"\n\"no, snow\"\n", "1 - > -: rain \"again\"; 2 - > -: no, snow"),
            (r#"{"comments":["rain again","no, snow"]}"#, "1 - > -: rain again; 2 - > -: no, snow"),
        ] {
            assert_eq!(lines(json), expected, "{json}");
        }
    }

    #[test]
    fn tables_are_read_by_row_and_by_column() {
        let rows = "7 Ana > -: rain; 8 Bo > -: snow";
        for json in [
            r#"[["id","user","text"],["7","Ana","rain"],["8","Bo","snow"]]"#,
            "[\"id\",\"user\",\"text\"]\n[\"7\",\"Ana\",\"rain\"]\n[\"8\",\"Bo\",\"snow\"]\n",
            r#"{"columns":["id","user","text"],"index":[0,1],"data":[[7,"Ana","rain"],[8,"Bo","snow"]]}"#,
            r#"{"id":{"0":7,"1":8},"user":{"0":"Ana","1":"Bo"},"text":{"0":"rain","1":"snow"}}"#,
            r#"{"user":{"7":"Ana","8":"Bo"},"text":{"7":"rain","8":"snow"},"id":{"7":7,"8":8},"tags":{"7":null,"8":["x"]}}"#,
            r#"{"id":[7,8],"user":["Ana","Bo"],"text":["rain","snow"]}"#,
        ] {
            assert_eq!(lines(json), rows, "{json}");
        }
    }

    #[test]
    fn replies_within_comments_are_read() {
        let tree = "1 Ana > -: rain; 2 Bo > 1: snow; 3 Cy > 2: hail; 4 Di > -: fog";
        for json in [
            r#"[{"id":1,"user":"Ana","text":"rain","KEY":[{"id":2,"user":"Bo","text":"snow","KEY":[{"id":3,"user":"Cy","text":"hail"}]}]},
                {"id":4,"user":"Di","text":"fog","KEY":[]}]"#,
            r#"[{"id":1,"user":"Ana","text":"rain","KEY":{"data":[{"id":2,"user":"Bo","text":"snow","KEY":{"data":[{"id":3,"user":"Cy","text":"hail"}]}}]}},
                {"id":4,"user":"Di","text":"fog","KEY":{"data":[]}}]"#,
            r#"[{"node":{"id":1,"user":"Ana","text":"rain","KEY":{"edges":[{"node":{"id":2,"user":"Bo","text":"snow","KEY":{"edges":[{"node":{"id":3,"user":"Cy","text":"hail"}}]}}}]}}},
                {"node":{"id":4,"user":"Di","text":"fog","KEY":{"edges":[]}}}]"#,
            r#"{"KEY":[{"comment":{"id":1,"user":"Ana","text":"rain"},"replies":[{"comment":{"id":2,"user":"Bo","text":"snow"},"replies":[{"comment":{"id":3,"user":"Cy","text":"hail"}}]}]},
                {"comment":{"id":4,"user":"Di","text":"fog"}}]}"#,
            r#"{"comments":{"1":{"user":"Ana","text":"rain","KEY":{"2":{"user":"Bo","text":"snow","KEY":{"3":{"user":"Cy","text":"hail"}}}}},
                "4":{"user":"Di","text":"fog"}}}"#,
        ] {
            for key in ["replies", "answers", "children", "comments", "responses"] {
                let json = json.replace("KEY", key);
                assert_eq!(lines(&json), tree, "{json}");
            }
        }
        // A reply's own parent stays, and lists of other things are not replies.
        assert_eq!(
            lines(
                r#"[{"id":1,"user":"Ana","text":"rain","edit_history":[{"id":1,"user":"Ana","text":"ran"}],
                    "thread":{"items":[{"id":2,"user":"Bo","text":"snow","parent_id":9}]}}]"#
            ),
            "1 Ana > -: rain; 2 Bo > 9: snow"
        );
        // Replies may have keys of their own.
        assert_eq!(
            lines(
                r#"[{"id":1,"user":"Ana","text":"rain","top_comments":[{"key":"x","body":"snow","by":"Bo"}]}]"#
            ),
            "1 Ana > -: rain; 2 Bo > 1: snow"
        );
    }

    #[test]
    fn records_are_chosen_by_what_they_hold() {
        let filler = r#"{"format_note":"a picture of middling size","ext":"mp4","url":"x"},"#.repeat(9_000);
        let formats = format!("[{}{{\"ext\":\"mp4\"}}]", filler);
        for (json, expected) in [
            (format!(r#"{{"formats":{formats},"comments":[{{"id":1,"text":"rain"}}]}}"#), None),
            (
                r#"{"likes":{"list":[{"date":"2024-05-01","link":"x"},{"date":"2024-05-02","link":"y"}]},
                    "notes":{"list":[{"date":"2024-05-01","comment":"rain","id":1}]}}"#
                    .to_owned(),
                Some("1 - > -: rain"),
            ),
            (
                r#"{"issue":{"labels":[{"name":"bug","description":"something is not as it should be"}],"body":"fog","user":{"login":"Bo"}},
                    "comment":{"id":1,"body":"rain","user":{"login":"Ana"}}}"#
                    .to_owned(),
                Some("1 Ana > -: rain"),
            ),
            (
                r#"{"thread":{"view":{"id":1,"text":"rain","by":"Ana"},"replies":[{"view":{"id":2,"text":"snow","by":"Bo"},"replies":[]}]}}"#
                    .to_owned(),
                Some("1 Ana > -: rain; 2 Bo > 1: snow"),
            ),
            (
                r#"{"data":[{"id":1,"text":"rain","user":"Ana"}],"includes":{"tweets":[{"id":2,"text":"snow","user":"Bo"}]}}"#
                    .to_owned(),
                Some("1 Ana > -: rain"),
            ),
        ] {
            match expected {
                Some(expected) => assert_eq!(lines(&json), expected, "{json}"),
                None => {
                    // A stream cannot be surveyed first and then read.
                    let error = read(&FORMAT, json.as_bytes()).unwrap_err();
                    assert_eq!(error.kind, ReadErrorKind::NoText, "{error}");
                    assert_eq!(read_at("comments", &json), "1");
                    let folder = tempfile::tempdir().unwrap();
                    let file = folder.path().join("video.json");
                    std::fs::write(&file, &json).unwrap();
                    let mut reader = crate::Reader::open(&[file], &Options::default()).unwrap();
                    assert_eq!(reader.by_ref().map(Result::unwrap).collect::<Vec<_>>().len(), 1);
                    let lists = &reader.files()[0].record_lists;
                    let lists: Vec<(&str, bool)> =
                        lists.iter().map(|list| (list.path.as_str(), list.is_read)).collect();
                    assert_eq!(lists, [("comments", true), ("formats", false)]);
                }
            }
        }
    }

    #[test]
    fn a_list_of_the_same_kind_beyond_the_buffer_is_read() {
        let comment = |id: u32| {
            let text = format!("rain {id} ").repeat(20);
            format!(r#"{{"id":{id},"user":"Ana","text":"{text}"}}"#)
        };
        let first: Vec<String> = (0..2_000).map(comment).collect();
        let json = format!(
            r#"{{"ancestors":[{}],"tags":[{{"name":"x"}}],"descendants":[{}]}}"#,
            first.join(","),
            comment(9_999)
        );
        let read = read(&FORMAT, json.as_bytes()).unwrap();
        assert_eq!(read.comments.len(), 2_001);
        assert!(read.tells("are not read: tags"), "{:?}", read.notices);
    }

    #[test]
    fn the_user_names_the_records() {
        let json = r#"{"a/b":[{"id":1,"text":"rain"}],"list":[{"posts":[{"id":2,"text":"snow"}]},{"posts":[{"id":3,"text":"hail"}]}],
            "by":{"k1":[{"id":4,"text":"fog"}],"k2":[{"id":5,"text":"sun"}]},"one":{"id":6,"text":"dew"}}"#;
        for (path, expected) in [
            ("/a~1b", "1"),
            ("list.*.posts", "2 3"),
            ("list.posts", "2 3"),
            ("/list/1/posts", "3"),
            ("by.k2", "5"),
            ("by.*", "4 5"),
            ("one", "6"),
        ] {
            assert_eq!(read_at(path, json), expected, "{path}");
        }
        let error = read_at("nowhere", json);
        assert!(
            error.starts_with("no records under `nowhere`; name one of these after --records: "),
            "{error}"
        );
        assert!(error.contains("list.*.posts"), "{error}");
    }

    #[test]
    fn answers_without_comments_are_named_as_what_they_are() {
        for (json, expected) in [
            (
                r#"{"error":{"message":"too many requests"}}"#,
                "an error answer of an interface, no comments: too many requests",
            ),
            (
                r#"{"errors":[{"message":"bad key","code":89}]}"#,
                "an error answer of an interface, no comments: bad key",
            ),
            (r#"{"ok":false,"error":"no_auth"}"#, "an error answer of an interface, no comments: no_auth"),
            (
                r#"{"message":"Not here","status":404}"#,
                "an error answer of an interface, no comments: Not here",
            ),
            (r#"{"detail":"Log in first."}"#, "an error answer of an interface, no comments: Log in first."),
            (
                r#"{"errors":[{"status":"401","title":"Unauthorized","detail":"bad token"}],"data":null}"#,
                "an error answer of an interface, no comments: bad token",
            ),
            (
                r#"{"type":"about:blank","title":"Slow down","status":429,"detail":"one call a second"}"#,
                "an error answer of an interface, no comments: one call a second",
            ),
            (r#"{"code":403,"msg":"no entry"}"#, "an error answer of an interface, no comments: no entry"),
            (
                r#"{"code":13,"response":"too many"}"#,
                "an error answer of an interface, no comments: too many",
            ),
            (
                r#"{"response":{"status":"fail","errors":["Not for you."]}}"#,
                "an error answer of an interface, no comments: Not for you.",
            ),
            (
                r#"{"messages":["Your session is over."],"status":"ERROR"}"#,
                "an error answer of an interface, no comments: Your session is over.",
            ),
            (
                r#"{"data":{"comments":{"nodes":[],"pageInfo":{"hasNextPage":false}}}}"#,
                "no comments in it: its list `data.comments.nodes` is empty",
            ),
            (
                r#"{"name":"rain","description":"All that fell in May.","created":"2024-05-01"}"#,
                "one object, none of whose keys is named like a comment's text",
            ),
            (r#"{"comments":[]}"#, "no comments in it: its list `comments` is empty"),
            (r#"{"data":{"items":[],"count":0}}"#, "no comments in it: its list `data.items` is empty"),
            ("[]", "no comments in it: its list is empty"),
        ] {
            assert_eq!(read(&FORMAT, json.as_bytes()).unwrap_err().what, expected, "{json}");
        }
        assert_eq!(lines(r#"{"message":"rain","status":"approved","author":"Ana"}"#), "1 Ana > -: rain");
    }

    #[test]
    fn an_error_among_records_is_named() {
        let lines = b"{\"id\":1,\"text\":\"rain\"}\n{\"error\":{\"code\":429,\"message\":\"slow down\"}}\n";
        let read = read(&ndjson::FORMAT, lines).unwrap();
        assert_eq!(read.comments.len(), 1);
        assert!(read.rejects[0].cause.contains("no comment: slow down;"), "{:?}", read.rejects);
    }

    #[test]
    fn keys_that_begin_after_the_sample_are_read() {
        let line = |number: u32| match number {
            0..250 => format!("{{\"id\":{number},\"text\":\"rain\"}}\n"),
            250 => "{\"id\":250,\"text\":\"snow\",\"author\":\"Ana\",\"parent_id\":7,\"x\":1}\n".to_owned(),
            _ => "{\"id\":251,\"text\":\"\",\"full_text\":\"hail\",\"author\":\"Bo\"}\n".to_owned(),
        };
        let json: String = (0..252).map(line).collect();
        let read = read(&ndjson::FORMAT, json.as_bytes()).unwrap();
        assert_eq!(read.lines()[249..], ["249 - > -: rain", "250 Ana > 7: snow", "251 Bo > -: hail"]);
        for words in ["`author` is first seen in record 251", "`full_text` is first seen in record 252"] {
            assert!(read.tells(words), "{:?}", read.notices);
        }
    }

    #[test]
    fn json_in_strings_is_read_by_its_keys() {
        let payload =
            |text: &str, name: &str| serde_json::json!({"body": text, "author": {"name": name}}).to_string();
        let long = "It rains and rains. ".repeat(200);
        let record = |id: u32, text: &str, name: &str| {
            serde_json::json!({"seq": id, "kind": "comment", "payload": payload(text, name)}).to_string()
        };
        let (one, two) = (record(1, "rain again", "Ana"), record(2, &long, "Bo"));
        for json in [format!("[{one},{two}]"), format!("{one}\n{two}\n")] {
            let read =
                read(if json.starts_with('[') { &FORMAT } else { &ndjson::FORMAT }, json.as_bytes()).unwrap();
            let texts: Vec<String> =
                read.comments.iter().map(|c| format!("{:?} {}", c.author, c.text.trim())).collect();
            let expected = ["Some(\"Ana\") rain again".to_owned(), format!("Some(\"Bo\") {}", long.trim())];
            assert_eq!(texts, expected);
            assert!(
                read.tells("the values of `payload` are JSON documents: their keys are read"),
                "{:?}",
                read.notices
            );
        }
    }

    #[test]
    fn threads_may_be_ids_around_ids() {
        let json = r#"{"-N1":{"-a1":{"text":"rain","user":"Ana"},"-a2":{"text":"snow","user":"Bo"}},"-N2":{"-b1":{"text":"fog","user":"Cy"}}}"#;
        assert_eq!(lines(json), "-a1 Ana > - @-N1: rain; -a2 Bo > - @-N1: snow; -b1 Cy > - @-N2: fog");
    }

    #[test]
    fn a_heading_is_passed_over() {
        let read = read(&ndjson::FORMAT, b"{\"version\":1}\n{\"id\":1,\"text\":\"rain\"}\n").unwrap();
        assert_eq!((read.comments.len(), read.rejects.len()), (1, 0));
        assert!(read.tells("passed over as a heading"), "{:?}", read.notices);
    }

    #[test]
    fn damage_costs_records_and_not_the_reader() {
        for valid in [
            r#"{"v1":[{"id":1,"text":"rain","replies":{"data":[{"id":2,"text":"snow"}]}}],"v2":[{"id":3,"text":"fog"}]}"#,
            r#"{"text":{"0":"rain","1":"snow"},"by":{"0":"Ana","1":"Bo"}}"#,
            r#"[["id","text"],["1","rain"],["2","snow"]]"#,
            "{\"data\":[{\"text\":\"rain\"}]}\n{\"data\":[{\"text\":\"snow\"}]}\n",
            r#"["rain again","no, snow"]"#,
        ] {
            survives_damage(&FORMAT, valid);
            survives_damage(&ndjson::FORMAT, valid);
        }
    }
}
