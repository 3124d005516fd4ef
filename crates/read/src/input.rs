//! The input of every format's parser: the stream, the options, the report to fill in, and the only
//! way from values to a [`Comment`].

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use comity_core::comment::{Comment, Origin, Status};

use super::forms::Forms;
use super::forms::number::NumberColumn;
use super::input_file::InputFile;
use super::mapping::{Column, Field, Resolved, Unresolved, is_called_text, is_none, page_of};
use super::own_output;
use super::packed;
use super::source::{Break, MAX_RECORD_BYTES, Source, Span};
use super::thread_index::ThreadIndex;
use super::time::{TimeColumn, Unread, is_time};
use super::{FileReport, Format, Options, ReadError, ReadErrorKind, Record, Reject};

/// The parser of one input.
pub(crate) trait Parser: Send {
    /// Returns the next record, or `None` at the end. A record that cannot be read is a
    /// [`Record::Reject`]; an error costs the rest of the input.
    fn next(&mut self) -> Result<Option<Record>, ReadError>;

    /// Returns the input it reads.
    fn input(&mut self) -> &mut Input;
}

/// An input that is being read.
pub(crate) struct Input {
    pub(crate) source: Source,
    pub(crate) options: Arc<Options>,
    /// The report on it; [`super::Reader`] counts comments and rejects.
    pub(crate) report: FileReport,
    pub(crate) diagnostics: Diagnostics,
    /// Shared by all inputs of a run.
    pub(crate) thread_index: Arc<Mutex<ThreadIndex>>,
    times: TimeColumn,
    forms: Forms,
    thread: Arc<str>,
    /// The sign after which ids that begin with their parent's continue.
    parent_in_id: Option<char>,
    /// Threads have the id of their first comment.
    thread_is_comment: bool,
    /// A comment has the id `0`.
    zero_is_id: bool,
    /// Addresses of comments begin with that of their page, which is their thread.
    page_in_link: bool,
    records: u64,
    /// The line from which on something was lost: a stretch that is not a record, or the rest of
    /// the input.
    first_loss: Option<u64>,
}

/// The values of one record, in the order of [`Field::ALL`].
pub(crate) type Values<'a> = [Option<Cow<'a, str>>; Field::COUNT];

impl Input {
    pub(crate) fn new(
        source: Source,
        file: &InputFile,
        options: Arc<Options>,
        format: Format,
        why: String,
    ) -> Self {
        let mut notices =
            Vec::from_iter(file.is_repeated.then(|| "named more than once: read once".to_owned()));
        if !file.companions.is_empty() {
            notices
                .push(format!("files that describe it, and are no exports: {}", file.companions.join(", ")));
        }
        let report = FileReport {
            file: source.name.clone(),
            format,
            why,
            columns: Vec::new(),
            unused: Vec::new(),
            comments: 0,
            rejects: 0,
            notices,
            record_lists: Vec::new(),
            doubts: Vec::new(),
            size: file.size,
            fingerprint: None,
        };
        Self {
            source,
            times: TimeColumn::unknown(options.date_order),
            forms: Forms::default(),
            options,
            report,
            diagnostics: Diagnostics::default(),
            thread_index: Arc::default(),
            thread: file.thread.clone(),
            parent_in_id: None,
            thread_is_comment: false,
            zero_is_id: false,
            page_in_link: false,
            records: 0,
            first_loss: None,
        }
    }

    /// Finds the column of each field and adds it to the report. `noun` is the format's word for a
    /// column.
    pub(crate) fn resolve(&mut self, columns: &[Column], noun: &str) -> Result<Resolved, ReadError> {
        if columns.is_empty() {
            let what = format!("no {noun} in it has a value");
            let remedy = "check that the export has comments in it";
            return Err(ReadError::new(ReadErrorKind::Empty, &self.source.name, what, remedy));
        }
        let listed = list(columns);
        let resolved = self.options.mapping.resolve(columns).map_err(|unresolved| match unresolved {
            Unresolved::UnknownColumn(name) => ReadError::new(
                ReadErrorKind::UnknownColumn,
                &self.source.name,
                format!("no {noun} `{name}`"),
                format!("name one of these after --map: {listed}"),
            ),
            Unresolved::NoText => ReadError::new(
                ReadErrorKind::NoText,
                &self.source.name,
                format!("no {noun} looks like the text of a comment"),
                format!("name it with --map text={}, one of: {listed}", noun.to_uppercase()),
            ),
        })?;
        if let Some(text) = resolved.get(Field::Text).filter(|_| !self.options.mapping.has_names())
            && packed::are_documents(&columns[text].values)
        {
            let name = &columns[text].name;
            return Err(ReadError::new(
                ReadErrorKind::NoText,
                &self.source.name,
                format!("the values of the {noun} `{name}` are JSON documents, not texts"),
                format!(
                    "save these values as a file of their own, one a line, or name another {noun} with --map text={}",
                    noun.to_uppercase()
                ),
            ));
        }
        self.forms = Forms::of(columns, &resolved);
        self.forms.is_guarded = own_output::is_scores(self.source.head());
        self.report.notices.extend(self.forms.notices());
        if let Some(times) = resolved.get(Field::CreatedAt) {
            let values = columns[times].values.iter().map(String::as_str);
            let known: Vec<&str> = values.filter(|value| !self.forms.is_blank(value)).collect();
            self.decide_times(known);
        }
        for field in Field::ALL {
            for index in resolved.all(field) {
                self.report.columns.push((field, columns[index].name.clone()));
            }
        }
        self.note_choice(&resolved, columns, noun);
        self.parent_in_id = resolved.parent_in_id;
        self.thread_is_comment = resolved.thread_is_comment;
        self.zero_is_id = resolved.zero_is_id;
        self.page_in_link = resolved.page_in_link;
        let read: Vec<usize> = resolved.read().collect();
        self.report.unused = (0..columns.len())
            .filter(|index| !read.contains(index))
            .map(|index| columns[index].name.clone())
            .collect();
        Ok(resolved)
    }

    /// Adds notices to the report on guesses, on close alternatives, and on columns that are left
    /// out.
    fn note_choice(&mut self, resolved: &Resolved, columns: &[Column], noun: &str) {
        let notices = &mut self.report.notices;
        let name = |index: usize| &columns[index].name;
        for field in &resolved.by_content {
            let Some(index) = resolved.get(*field) else { continue };
            notices.push(match field {
                Field::Text => {
                    let why = match columns.iter().find(|column| is_called_text(&column.name)) {
                        Some(named) if named.values.is_empty() => format!("`{}` is blank", named.name),
                        Some(named) => format!("the values of `{}` are no texts", named.name),
                        None => format!("no {noun} is named like a comment's text"),
                    };
                    format!(
                        "{why}: took `{0}`, the longest and most varied; --map \"text={0}\" says so for certain",
                        name(index)
                    )
                }
                _ => format!(
                    "no {noun} is named like the field {field}: took `{0}`, whose values look like it; --map \"{field}=\" \
                     leaves it empty",
                    name(index)
                ),
            });
        }
        for (field, index) in &resolved.close {
            let Some(chosen) = resolved.get(*field) else { continue };
            // Duplicate names have a notice of their own.
            if name(chosen) != name(*index) {
                notices.push(format!(
                    "{field} is read from `{}`; `{other}` fits nearly as well: --map \"{field}={other}\" reads that",
                    name(chosen),
                    other = name(*index)
                ));
            }
        }
        for (field, index) in &resolved.further {
            let Some(chosen) = resolved.get(*field) else { continue };
            match field {
                Field::Text => notices.push(format!(
                    "text is read from `{}`, and from `{}` in records without it",
                    name(chosen),
                    name(*index)
                )),
                Field::CreatedAt => notices.push(format!(
                    "times are joined from the days in `{}` and the hours in `{}`",
                    name(chosen),
                    name(*index)
                )),
                _ => {}
            }
        }
        let mut seen: HashMap<&str, usize> = HashMap::new();
        if let (Some(first), Some(second)) = (resolved.get(Field::Text), resolved.second_part) {
            notices.push(format!(
                "texts have two parts, `{}` and `{}`, which are read as one; --map \"text={0}\" reads only that",
                name(first),
                name(second)
            ));
        }
        for (index, column) in columns.iter().enumerate() {
            let first = *seen.entry(&column.name).or_insert(index);
            let is_read = |index: usize| resolved.read().any(|read| read == index);
            let (read, other) = match (is_read(first), is_read(index)) {
                (true, false) => (first, index),
                (false, true) => (index, first),
                _ => continue,
            };
            notices.push(format!(
                "two {noun}s are called `{}`: number {} is read, number {} is not; choose by number, as in \
                 --map text={1}",
                column.name,
                read + 1,
                other + 1
            ));
        }
        if let Some(index) = resolved.rounded {
            notices.push(format!(
                "the ids in `{}` were rounded by a spreadsheet (`{}`), so that different comments have the same: ids and \
                 parents are not read; export again, and open the file without converting numbers",
                name(index),
                columns[index].values.first().map_or("", String::as_str)
            ));
        }
        if resolved.page_in_link
            && let Some(link) = resolved.get(Field::Link)
        {
            notices.push(format!("threads are the pages of the addresses in `{}`", name(link)));
        }
        if let Some(sign) = resolved.parent_in_id {
            notices.push(format!("parents are read from the ids: `a{sign}b` answers `a`"));
        }
    }

    /// Infers from some values how times are written, and adds notices. Formats whose columns are
    /// not resolved call it once.
    pub(crate) fn decide_times<'a>(&mut self, values: impl IntoIterator<Item = &'a str>) {
        self.times = TimeColumn::of(values, self.options.date_order);
        self.report.notices.extend(self.times.notices());
    }

    /// Returns the number of records so far.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// Counts a record that is neither a comment nor a reject.
    pub(crate) fn skip_record(&mut self) {
        self.records += 1;
    }

    /// Returns the next record as a reject. `raw` is the record, or its beginning if it is too
    /// long. If the span is not complete, the reject stands for something that was lost.
    pub(crate) fn reject(&mut self, span: Span, cause: impl Into<String>, raw: &[u8]) -> Record {
        self.records += 1;
        if !span.is_complete {
            self.first_loss.get_or_insert(span.line);
        }
        Record::Reject(Reject {
            file: self.source.name.clone(),
            record: self.records,
            line: span.line,
            bytes: span.start..span.end,
            cause: cause.into(),
            raw: self.options.keep_raw.then(|| String::from_utf8_lossy(first(raw)).into_owned()),
        })
    }

    /// Returns the next record as a comment.
    pub(crate) fn comment(&mut self, span: Span, mut values: Values<'_>) -> Record {
        self.records += 1;
        let unsourced = self.forms.apply(&mut values, span.line, &mut self.diagnostics);
        let origin = Origin { file: self.source.name.clone(), record: self.records, line: span.line };
        let filled =
            |field: Field| values[field as usize].as_deref().map(str::trim).filter(|value| !value.is_empty());
        let id = filled(Field::Id).map(whole_id).map_or_else(|| self.records.to_string(), str::to_owned);
        let page = || filled(Field::Link).filter(|_| self.page_in_link).and_then(page_of);
        let thread = filled(Field::Thread).map(str::to_owned).or_else(page);
        let thread = thread.unwrap_or_else(|| (*self.thread).to_owned());
        let text = values[Field::Text as usize].as_deref().unwrap_or_default();
        let status = match filled(Field::Status).map(|value| self.status(value, span.line)) {
            None | Some(Status::Live) => status_of_text(text),
            Some(status) => status,
        };
        let in_id = || Some(id.rsplit_once(self.parent_in_id?)?.0);
        let parent = filled(Field::Parent)
            .map(whole_id)
            .or_else(in_id)
            .and_then(|parent| {
                let thread = if self.thread_is_comment { "" } else { &thread };
                if self.zero_is_id && parent == "0" && id != "0" {
                    return Some(parent);
                }
                parent_id(parent, &id, thread)
            })
            .map(str::to_owned);
        let mut number = |field: Field, form: NumberColumn| {
            let value = filled(field)?;
            let Some(number) = form.read(value) else {
                self.diagnostics.add(Diagnostic::Number, span.line, value);
                return None;
            };
            if number.is_rounded {
                self.diagnostics.add(Diagnostic::Rounded, span.line, value);
            }
            number.value
        };
        let votes = number(Field::Votes, self.forms.votes);
        let replies = number(Field::Replies, self.forms.replies).and_then(|replies| replies.try_into().ok());
        let created_at = filled(Field::CreatedAt).and_then(|value| self.time(value, span.line));
        let author = filled(Field::Author).filter(|name| !is_placeholder(name));
        let nobody = author.filter(|name| is_nobody(name));
        if let Some(name) = nobody {
            self.diagnostics.add(Diagnostic::Nobody, span.line, name);
        }
        let author = author.filter(|_| nobody.is_none()).map(str::to_owned);
        let comment = Comment {
            parent,
            author,
            thread_title: filled(Field::ThreadTitle).map(str::to_owned),
            created_at,
            status,
            link: filled(Field::Link).map(str::to_owned),
            section: filled(Field::Section).filter(|_| !self.withholds_sections()).map(str::to_owned),
            votes,
            replies,
            unsourced,
            ..Comment::new(id, thread, text, origin)
        };
        Record::Comment(comment)
    }

    /// Returns the moment of a time; `None`, with a diagnostic, if it has no certain reading.
    fn time(&mut self, value: &str, line: u64) -> Option<Timestamp> {
        match self.times.read(value) {
            Ok(time) => {
                if !time.has_zone {
                    self.diagnostics.add(Diagnostic::Zoneless, line, value);
                }
                if time.has_short_year {
                    self.diagnostics.add(Diagnostic::ShortYear, line, value);
                }
                Some(time.moment)
            }
            Err(unread) => {
                let diagnostic = match unread {
                    Unread::Form => Diagnostic::Time,
                    Unread::Order => Diagnostic::DateOrder,
                    Unread::Contradiction => Diagnostic::DateContradiction,
                };
                self.diagnostics.add(diagnostic, line, value);
                None
            }
        }
    }

    /// Returns true if sections are left out, because they are names of people.
    fn withholds_sections(&self) -> bool {
        self.options.withhold_names && self.report.format.entry().hooks.has_private_sections
    }

    /// Returns true if the status shows that the comment was deleted or removed: it need not have a
    /// text.
    pub(crate) fn is_gone(&self, values: &Values<'_>) -> bool {
        let status = values[Field::Status as usize].as_deref().and_then(|value| self.status_of(value));
        status.is_some_and(|status| status != Status::Live)
    }

    fn status_of(&self, value: &str) -> Option<Status> {
        let column = self.report.columns.iter().find(|(field, _)| *field == Field::Status);
        column.and_then(|(_, name)| status_of_word(name, value))
    }

    fn status(&mut self, value: &str, line: u64) -> Status {
        let status = self.status_of(value);
        if status.is_none() {
            self.diagnostics.add(Diagnostic::Status, line, value);
        }
        status.unwrap_or_default()
    }

    /// Returns the next record as the reject for the rest of the input, which cannot be read.
    pub(crate) fn lose_rest(&mut self, error: &ReadError) -> Record {
        let cause = format!("{}; what follows is lost: {}", error.what, error.remedy);
        self.reject(self.source.here(), cause, &[])
    }

    /// Ends the input: completes the report, and returns the reject for the part that a broken
    /// stream lost, or for an input in which nothing was found.
    pub(crate) fn finish(&mut self) -> Option<Record> {
        let fingerprint = self.source.fingerprint();
        let last = match (&fingerprint, self.source.broken().map(Break::cause)) {
            (_, Some(cause)) => Some(self.reject(self.source.here(), cause, &[])),
            (Err(error), None) if self.first_loss.is_none() => Some(self.lose_rest(error)),
            _ if self.records == 0 => Some(self.reject(self.source.here(), self.nothing().cause(), &[])),
            _ => None,
        };
        self.report.fingerprint = fingerprint.ok();
        self.report.notices.append(&mut self.source.notices);
        if let Some(line) = self.first_loss {
            self.report.notices.push(format!(
                "could be read only in part: the first loss is on line {line}, and each one is among the rejects"
            ));
        }
        self.report.notices.extend(self.diagnostics.notices(self.options.withhold_names));
        last
    }

    /// Returns the error for an input in which no record was found.
    pub(crate) fn nothing(&self) -> ReadError {
        let format = self.report.format;
        let (kind, what, remedy) = match self.source.broken() {
            Some(broken) => (broken.kind, broken.what.clone(), broken.remedy.clone()),
            None if self.options.format.is_some() => (
                ReadErrorKind::Unrecognised,
                format!("the format {format} finds no comments in it"),
                "leave out --format, or check that the export has any".to_owned(),
            ),
            None => (
                ReadErrorKind::Empty,
                format!("no comments in it (read as {format}: {})", self.report.why),
                "check that the export has any, or name another --format".to_owned(),
            ),
        };
        ReadError::new(kind, &self.source.name, what, remedy)
    }
}

/// Returns the part of a record that a reject keeps.
fn first(raw: &[u8]) -> &[u8] {
    &raw[..raw.len().min(MAX_RECORD_BYTES)]
}

/// Lists the columns' names, shortened to what a person would read.
fn list(columns: &[Column]) -> String {
    const MOST: usize = 40;
    // A column without a name is named by its number.
    let name = |(at, column): (usize, &Column)| match column.name.trim() {
        "" => (at + 1).to_string(),
        name => name.chars().take(60).collect(),
    };
    let mut names: Vec<String> = columns.iter().enumerate().take(MOST).map(name).collect();
    if columns.len() > MOST {
        names.push(format!("and {} more", columns.len() - MOST));
    }
    names.join(", ")
}

/// Returns the id of the comment that a parent column names; `None` for the words and numbers that
/// mean "none", and for the thread itself.
fn parent_id<'a>(parent: &'a str, id: &str, thread: &str) -> Option<&'a str> {
    if parent == thread || parent == id || is_none(parent) {
        return None;
    }
    let mut hooks = Format::ALL.iter().filter_map(|format| format.entry().hooks.parent_id);
    hooks.try_fold(parent, |parent, hook| hook(parent, id, thread))
}

/// Returns an id without the fraction that pandas adds to whole numbers in a column with gaps
/// (`7.0`).
fn whole_id(id: &str) -> &str {
    id.strip_suffix(".0").filter(|whole| whole.bytes().all(|byte| byte.is_ascii_digit())).unwrap_or(id)
}

/// Returns true for the words that replace the author of a deleted comment.
fn is_placeholder(name: &str) -> bool {
    matches!(name.to_lowercase().as_str(), "[deleted]" | "[removed]")
}

/// Returns true for a site's placeholder for people who gave no name: such comments do not share an
/// author.
fn is_nobody(name: &str) -> bool {
    const WORDS: [&str; 9] = [
        "anonymous",
        "anonymous coward",
        "anonymous user",
        "anonym",
        "anonyme",
        "anoniem",
        "anonimo",
        "anónimo",
        "anônimo",
    ];
    WORDS.contains(&name.to_lowercase().as_str())
}

/// Returns the status of a comment whose text is only a site's placeholder.
fn status_of_text(text: &str) -> Status {
    let text = text.trim();
    if !text.starts_with('[') || text.len() > 40 {
        return Status::Live;
    }
    match text.trim_matches(['[', ']', ' ']).to_lowercase().as_str() {
        "deleted" | "deleted by user" => Status::Deleted,
        "removed" | "removed by reddit" | "removed by moderator" => Status::Removed,
        _ => Status::Live,
    }
}

/// Returns the status for a word of a status column. `yes` in a column `deleted` is deleted, in a
/// column `spam` removed, in a column `approved` live.
pub(super) fn status_of_word(column: &str, word: &str) -> Option<Status> {
    let column = column.to_lowercase();
    Some(match word.to_lowercase().trim_matches(['[', ']']) {
        "deleted" | "withdrawn" => Status::Deleted,
        "removed" | "spam" | "trash" | "post-trashed" | "rejected" | "hidden" | "blocked" | "banned" => {
            Status::Removed
        }
        "service" | "system" | "pingback" | "trackback" => Status::Service,
        "live" | "approved" | "published" | "visible" | "active" | "public" | "accepted" | "ok" => {
            Status::Live
        }
        // Pending comments are live, so that they are scored.
        "pending" | "hold" | "unapproved" | "queued" | "new" => Status::Live,
        "false" | "no" | "0" | "n" | "f" | "nein" | "non" | "nao" | "não" | "nee" | "nie" => Status::Live,
        "true" | "yes" | "1" | "y" | "t" | "ja" | "si" | "sí" | "sì" | "oui" | "sim" | "tak" => {
            const DELETED: [&str; 5] = ["delet", "gelöscht", "geloescht", "borrado", "apagado"];
            const REMOVED: [&str; 15] = [
                "remov",
                "spam",
                "hidden",
                "dead",
                "entfernt",
                "gesperrt",
                "eliminad",
                "eliminat",
                "excluido",
                "excluído",
                "rimoss",
                "cancellat",
                "supprim",
                "verwijderd",
                "usuni",
            ];
            let says = |parts: &[&str]| parts.iter().any(|part| column.contains(part));
            if says(&DELETED) {
                Status::Deleted
            } else if says(&REMOVED) {
                Status::Removed
            } else {
                Status::Live
            }
        }
        // `deleted_at` is a time.
        word if is_time(word) && column.contains("delet") => Status::Deleted,
        word if is_time(word) && column.contains("remov") => Status::Removed,
        _ => return None,
    })
}

/// The diagnostics of a file, counted by kind: each kind becomes one notice.
#[derive(Default)]
pub(crate) struct Diagnostics(BTreeMap<Diagnostic, Count>);

struct Count {
    count: u64,
    line: u64,
    example: String,
}

/// A kind of remark on a value, or on a stretch of the input.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Diagnostic {
    /// Values that are placeholders for a missing one.
    Blank,
    /// Values with NUL bytes.
    Nul,
    /// Values whose UTF-8 was read as another encoding.
    Mojibake,
    /// The same among values that are right.
    KeptMojibake,
    /// Texts that are HTML, unlike those of the first records.
    LateMarkup,
    Zoneless,
    ShortYear,
    Time,
    DateOrder,
    DateContradiction,
    Number,
    Rounded,
    Status,
    Nobody,
    DuplicateId,
    StrayText,
    BareAmpersand,
}

impl Diagnostics {
    /// Counts one, and keeps the first as an example unless it is empty.
    pub(crate) fn add(&mut self, diagnostic: Diagnostic, line: u64, example: &str) {
        let count = self.0.entry(diagnostic).or_insert_with(|| {
            let short = example.char_indices().nth(100).map_or(example, |(end, _)| &example[..end]);
            Count { count: 0, line, example: short.to_owned() }
        });
        count.count += 1;
    }

    /// Counts a comment that got a new id, because its own was already used in its thread.
    pub(crate) fn duplicate_id(&mut self, line: u64, id: &str, new_id: &str) {
        self.add(Diagnostic::DuplicateId, line, &format!("{id}` is now `{new_id}"));
    }

    /// Counts text between elements of XML.
    pub(crate) fn stray_text(&mut self, line: u64, text: &str) {
        self.add(Diagnostic::StrayText, line, text.trim());
    }

    /// Counts an `&` in XML that was read as the character itself.
    pub(crate) fn bare_ampersand(&mut self, line: u64) {
        self.add(Diagnostic::BareAmpersand, line, "&");
    }

    /// Returns the notices, with examples unless they are to be withheld.
    fn notices(&self, withhold: bool) -> impl Iterator<Item = String> + '_ {
        self.0.iter().map(move |(diagnostic, Count { count, line, example })| {
            let what = match diagnostic {
                Diagnostic::Blank => "words that stand for a missing value, left empty",
                Diagnostic::Nul => "values with NUL bytes, taken out",
                Diagnostic::Mojibake => "values whose UTF-8 was read as another encoding before, repaired",
                Diagnostic::KeptMojibake => {
                    "values that look like UTF-8 read as another encoding, left as they are among others that are right"
                }
                Diagnostic::LateMarkup => {
                    "texts with HTML tags, left as they are, because the first records have none"
                }
                Diagnostic::Zoneless => "times without a zone, taken as UTC",
                Diagnostic::ShortYear => "years of two digits, taken as 1970 to 2069",
                Diagnostic::Time => "times that cannot be read, left empty (write YYYY-MM-DD HH:MM:SS)",
                Diagnostic::DateOrder => {
                    "dates whose day and month could be either, left empty (name their order with --date-order dmy or mdy)"
                }
                Diagnostic::DateContradiction => {
                    "dates whose day and month contradict the order of the others, left empty (check --date-order)"
                }
                Diagnostic::Number => "numbers of votes or replies that cannot be read, left empty",
                Diagnostic::Rounded => "numbers of votes or replies that the site rounded, read as they stand",
                Diagnostic::Status => "words of the status column that are not known, taken as live",
                Diagnostic::Nobody => "comments whose author's name stands for nobody, left without an author",
                Diagnostic::DuplicateId => "ids that were used before in their thread, made unique",
                Diagnostic::StrayText => "places with text outside of the XML elements that are read, passed over",
                Diagnostic::BareAmpersand => "records with an `&` that XML writes as `&amp;`, read as `&`",
            };
            let example = if withhold || example.is_empty() { String::new() } else { format!(": `{example}`") };
            format!("{what}: {count} (the first on line {line}{example})")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_is_understood_by_word_and_column() {
        for (column, word, expected) in [
            ("status", "Deleted", Some(Status::Deleted)),
            ("status", "[removed]", Some(Status::Removed)),
            ("comment_approved", "spam", Some(Status::Removed)),
            ("comment_approved", "1", Some(Status::Live)),
            ("comment_approved", "0", Some(Status::Live)),
            ("status", "pending", Some(Status::Live)),
            ("isDeleted", "true", Some(Status::Deleted)),
            ("isDeleted", "False", Some(Status::Live)),
            ("data.isSpam", "yes", Some(Status::Removed)),
            ("type", "pingback", Some(Status::Service)),
            ("status", "odd", None),
        ] {
            assert_eq!(status_of_word(column, word), expected, "{column} {word}");
        }
        for (text, expected) in [
            ("[deleted]", Status::Deleted),
            (" [ Removed by Reddit ] ", Status::Removed),
            ("deleted", Status::Live),
            ("[deleted] my foot", Status::Live),
            ("", Status::Live),
        ] {
            assert_eq!(status_of_text(text), expected, "{text}");
        }
    }

    #[test]
    fn a_parent_is_an_id_or_none() {
        for (parent, id, thread, expected) in [
            ("7", "8", "t", Some("7")),
            ("0", "8", "t", None),
            ("NaN", "8", "t", None),
            ("\\N", "8", "t", None),
            ("t3_x", "a", "t3_x", None),
            ("t1_b", "a", "t3_x", Some("b")),
            ("t1_b", "t1_a", "t3_x", Some("t1_b")),
        ] {
            assert_eq!(parent_id(parent, id, thread), expected, "{parent}");
        }
    }
}
