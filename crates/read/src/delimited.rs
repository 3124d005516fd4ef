//! Delimited text: CSV and TSV, with any of `,` `;` `|` and tab between the fields, or one column.
//!
//! This module finds the layout of an input; `records` cuts it line by line, so that each record has
//! a place, a limit and its raw bytes.

mod records;

use std::collections::VecDeque;

use super::entries::Entries;
use super::formats::Format;
use super::header::{self, Header};
use super::input::{Input, Parser};
use super::mapping::{self, Mapping, Resolved};
use super::packed::Packed;
use super::paired::Replies;
use super::sniff::Verdict;
use super::source::Source;
use super::{ReadError, ReadErrorKind, Record, xml};
pub(super) use records::Records;
use records::Splitter;

/// The number of records at the head from which the delimiter and the columns are inferred.
const SAMPLE_RECORDS: usize = 200;

/// The delimiter of files with one column: a byte that UTF-8 never contains.
const NO_DELIMITER: u8 = 0xff;

/// The layout of a delimited input.
pub(super) struct Shape {
    delimiter: u8,
    quoting: Quoting,
    /// Quotes that open a field stand after a space.
    has_spaces: bool,
    /// The first line is `sep=;`, for a spreadsheet.
    has_declaration: bool,
    header: Header,
    /// The number of columns.
    width: usize,
    /// The share of the sample's records, from the header on, that have that many.
    consistency: f64,
    /// The records of the head.
    sample: Vec<Vec<String>>,
    /// The lines that they begin on, from 1, and the line after the last one.
    lines: Vec<u64>,
    /// The user's options state that there are columns.
    is_told: bool,
    /// Most records have two fields next to each other that are enclosed in quotes.
    is_enclosed: bool,
    /// The delimiter is common in prose as well: a comma, in a file that is not called CSV.
    is_of_prose: bool,
}

impl Shape {
    /// Returns the shape for the most consistent of the delimiters; `None` if none of them
    /// separates anything.
    pub(super) fn find(source: &Source, mapping: &Mapping, delimiters: &[u8]) -> Option<Self> {
        Self::find_under(source, mapping, delimiters, false)
    }

    /// Does the same as [`Self::find`]; with `header_is_first`, the first record is the header.
    fn find_under(
        source: &Source,
        mapping: &Mapping,
        delimiters: &[u8],
        header_is_first: bool,
    ) -> Option<Self> {
        let declared = declared_delimiter(source).filter(|declared| delimiters.contains(declared));
        let delimiters = declared.as_ref().map_or(delimiters, std::slice::from_ref);
        let shapes =
            delimiters.iter().map(|delimiter| Self::with(source, mapping, *delimiter, header_is_first));
        shapes.filter(|shape| shape.width > 1).max_by(|a, b| a.evidence().total_cmp(&b.evidence()))
    }

    /// Returns the shape of the input when split at this delimiter.
    fn with(source: &Source, mapping: &Mapping, delimiter: u8, header_is_first: bool) -> Self {
        let quoting = Quoting::find(source, delimiter);
        let mut splitter = Splitter::new(delimiter, quoting, source.line_end());
        let has_spaces = has_spaced_quotes(source, delimiter);
        splitter.has_spaces = has_spaces;
        let (mut sample, mut lines) = splitter.sample(source);
        let has_declaration = declared_delimiter(source).is_some() && !sample.is_empty();
        if has_declaration {
            sample.remove(0);
            lines.remove(0);
        }
        let header = match (header_is_first, delimiter) {
            (true, _) => Header::at(&sample, 0),
            (false, NO_DELIMITER) => header::of_one_column(&sample, mapping),
            (false, _) => Header::find(&sample, mapping),
        };
        let records = &sample[header.above..];
        // A header is better evidence of the width: rows may be ragged.
        let width = if header.rows > 0 { records[0].len() } else { most_common_width(records) };
        let modal = most_common_width(records);
        let alike = records.iter().filter(|record| record.len() == modal).count();
        let consistency = alike as f64 / records.len().max(1) as f64;
        let pair = [b'"', delimiter, b'"'];
        let pairs = source.head().windows(3).filter(|bytes| *bytes == pair).take(sample.len()).count();
        Self {
            delimiter,
            quoting,
            has_spaces,
            has_declaration,
            header,
            width,
            consistency,
            lines,
            is_told: header_is_first || mapping.pairs().next().is_some(),
            is_of_prose: delimiter == b',' && !source.has_extension("csv"),
            is_enclosed: quoting != Quoting::Plain && pairs * 2 > sample.len(),
            sample,
        }
    }

    /// Returns true if the first line declares the delimiter and is not a record.
    pub(super) fn has_declaration(&self) -> bool {
        self.has_declaration
    }

    /// Returns the shape of a table whose first record names the columns; `None` if it has one
    /// column.
    pub(super) fn of_table(source: &Source) -> Option<Self> {
        let mut shape = Self::find(source, &Mapping::default(), b",;|\t")?;
        shape.width = shape.names().len();
        Some(shape)
    }

    /// Returns the first record.
    pub(super) fn names(&self) -> &[String] {
        self.sample.first().map_or(&[], Vec::as_slice)
    }

    fn known_names(&self) -> usize {
        match self.header.rows {
            0 => 0,
            _ => header::known_names(&self.sample[self.header.above]),
        }
    }

    /// Returns the weight of this shape: known names count most, then how alike the records are,
    /// then the number of columns.
    fn evidence(&self) -> f64 {
        self.known_names() as f64 * 10.0 + self.consistency * 5.0 + (self.width as f64).ln()
    }

    /// Returns the delimiter, the width and the header in words.
    fn description(&self) -> String {
        let records = self.sample.len() - self.header.above;
        let header = if self.header.rows > 0 { "with" } else { "without" };
        format!(
            "{} columns divided by {}, {header} a header; {:.0}% of the first {records} records agree",
            self.width,
            delimiter_name(self.delimiter),
            self.consistency * 100.0,
        )
    }

    pub(crate) fn verdict(&self) -> Verdict {
        let records = self.sample.len() - self.header.above;
        let why = self.description();
        let are_columns = || {
            self.is_told
                || self.is_enclosed
                || header::are_columns(&self.sample, self.header, self.width, self.is_of_prose)
        };
        match (self.known_names(), records) {
            _ if self.has_markdown_rule() => Verdict::No,
            // A row of links on a web page has bars, too.
            (2.., _) if self.delimiter != b'|' || self.is_wide() => Verdict::Sure(why),
            (1, _) if self.consistency >= 0.5 && (self.delimiter != b'|' || self.is_wide()) => {
                Verdict::Sure(why)
            }
            // Prose has commas as well, and sometimes the same number of them in every line.
            (_, 2..) if self.consistency >= 0.9 && are_columns() => Verdict::Maybe(why),
            _ => Verdict::No,
        }
    }

    /// Returns true if at least half of the records are as wide as the header.
    fn is_wide(&self) -> bool {
        let records = &self.sample[self.header.above..];
        records.iter().filter(|record| record.len() == self.width).count() * 2 >= records.len()
    }

    /// Returns true if a record is the rule below the header of a table in Markdown
    /// (`| --- | :-: |`): the file is a document that contains a table.
    fn has_markdown_rule(&self) -> bool {
        let is_rule = |cell: &str| cell.len() > 1 && cell.trim_matches(':').bytes().all(|byte| byte == b'-');
        self.delimiter == b'|'
            && self.sample.iter().any(|record| {
                let mut cells =
                    record.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).peekable();
                cells.peek().is_some() && cells.all(is_rule)
            })
    }
}

/// Judges the head of an input with any of these delimiters, or with one column if the file has
/// this extension.
pub(crate) fn sniff(source: &Source, mapping: &Mapping, delimiters: &[u8], extension: &str) -> Verdict {
    // Bars and commas within its strings are no columns.
    if is_json(source.head()) {
        return Verdict::No;
    }
    let shape = Shape::find(source, mapping, delimiters);
    let verdict = shape.as_ref().map_or(Verdict::No, Shape::verdict);
    if verdict != Verdict::No {
        return verdict;
    }
    // A table without a text is a table all the same, for an error that lists its columns. Sentences
    // do not have the same number of commas, two or more, in every line.
    let is_table = |shape: &Shape| {
        shape.consistency >= 0.8 && (shape.header.rows > 0 || shape.width > 2 && shape.sample.len() > 2)
    };
    if let Some(shape) = shape.filter(is_table)
        && source.has_extension(extension)
    {
        return Verdict::Maybe(shape.description());
    }
    let shape = Shape::with(source, mapping, NO_DELIMITER, false);
    let Some(first) = shape.sample.first().map(|record| record[0].trim()) else { return Verdict::No };
    // A key of YAML is no header.
    let is_plain = first.chars().all(|c| c.is_alphanumeric() || " _-()?".contains(c));
    if shape.header.rows > 0 && is_plain && mapping::is_called_text(first) {
        Verdict::Maybe(format!("one column, headed `{first}`"))
    } else if source.has_extension(extension) {
        Verdict::Maybe("one column: nothing divides its lines, and its name ends so".to_owned())
    } else {
        Verdict::No
    }
}

/// Returns true if the head is JSON documents, the last of which may be cut.
fn is_json(head: &[u8]) -> bool {
    let is_begun = matches!(head.trim_ascii_start().first(), Some(b'{' | b'['));
    let mut documents = serde_json::Deserializer::from_slice(head).into_iter::<serde::de::IgnoredAny>();
    is_begun && documents.all(|document| document.map_or_else(|error| error.is_eof(), |_| true))
}

fn delimiter_name(delimiter: u8) -> &'static str {
    match delimiter {
        b',' => "commas",
        b';' => "semicolons",
        b'|' => "bars",
        _ => "tabs",
    }
}

fn most_common_width(sample: &[Vec<String>]) -> usize {
    let mut counts: Vec<(usize, usize)> = Vec::new();
    for record in sample {
        match counts.iter_mut().find(|(width, _)| *width == record.len()) {
            Some((_, count)) => *count += 1,
            None => counts.push((record.len(), 1)),
        }
    }
    counts.into_iter().max_by_key(|(width, count)| (*count, *width)).map_or(0, |(width, _)| width)
}

/// Returns the delimiter that the first line declares for a spreadsheet (`sep=;`).
fn declared_delimiter(source: &Source) -> Option<u8> {
    let line = source.head().split(|byte| *byte == source.line_end()).next()?.trim_ascii_end();
    // A tab is white space, and may have been trimmed.
    match line.strip_prefix(b"sep=")? {
        [] => Some(b'\t'),
        [delimiter] => Some(*delimiter),
        _ => None,
    }
}

/// Returns true if quotes that open a field always stand after a space (`1, "so"`).
fn has_spaced_quotes(source: &Source, delimiter: u8) -> bool {
    const FEWEST: usize = 2;
    let head = source.head();
    // Lists of JSON look the same.
    if head.trim_ascii_start().starts_with(b"{") || head.trim_ascii_start().starts_with(b"[") {
        return false;
    }
    let spaced = head.windows(3).filter(|bytes| *bytes == [delimiter, b' ', b'"']).take(FEWEST).count();
    spaced == FEWEST && !head.windows(2).any(|bytes| bytes == [delimiter, b'"'])
}

/// The meaning of `"`.
#[derive(Clone, Copy, PartialEq)]
enum Quoting {
    /// It encloses fields, and `""` within one is a quotation mark.
    Doubled,
    /// It encloses fields, and `\"` within one is a quotation mark.
    Escaped,
    /// It is a character like any other.
    Plain,
}

impl Quoting {
    /// Returns the first meaning with which every quote that opens a field closes it at its end;
    /// otherwise the usual one.
    fn find(source: &Source, delimiter: u8) -> Self {
        let has_escapes = || source.head().windows(2).any(|pair| pair == b"\\\"");
        if quotes_match(source, delimiter, Self::Doubled) {
            Self::Doubled
        } else if has_escapes() && quotes_match(source, delimiter, Self::Escaped) {
            Self::Escaped
        } else if [b'\t', NO_DELIMITER].contains(&delimiter) {
            Self::Plain
        } else {
            Self::Doubled
        }
    }
}

/// Returns true unless a field of the head that begins with `"` has its closing quote anywhere but
/// at its end.
fn quotes_match(source: &Source, delimiter: u8, quoting: Quoting) -> bool {
    let mut bytes = source.head().iter().copied().peekable();
    let (mut inside, mut field_begins) = (false, true);
    while let Some(byte) = bytes.next() {
        if inside && byte == b'\\' && quoting == Quoting::Escaped {
            bytes.next();
        } else if inside && byte == b'"' && bytes.next_if_eq(&b'"').is_none() {
            inside = false;
            let next = bytes.peek().copied();
            if next.is_some_and(|next| ![delimiter, source.line_end(), b'\r'].contains(&next)) {
                return false;
            }
        } else if !inside {
            inside = field_begins && byte == b'"';
            field_begins = byte == delimiter || byte == source.line_end();
        }
    }
    !(inside && source.head_is_all())
}

/// Opens an input whose fields are separated by one of the delimiters: finds its shape and its
/// columns.
pub(crate) fn open(mut input: Input, delimiters: &[u8]) -> Result<Box<dyn Parser>, ReadError> {
    let header_row = input.options.header_row;
    if let Some(line) = header_row {
        skip_to(&mut input, line)?;
    }
    let source = &input.source;
    let mapping = &input.options.mapping;
    let found = Shape::find_under(source, mapping, delimiters, header_row.is_some());
    let shape = found.filter(|shape| header_row.is_some() || shape.verdict() != Verdict::No);
    if shape.is_none() {
        refuse_other(&input)?;
    }
    let shape = shape.unwrap_or_else(|| Shape::with(source, mapping, NO_DELIMITER, header_row.is_some()));
    let line = |row: usize| shape.lines[row];
    let mut columns = shape.header.columns(&shape.sample, shape.width);
    let packed = Packed::find(&mut columns, &input.options.mapping);
    input.report.notices.extend(packed.notice(|index| columns[index].name.clone()));
    let entries = Entries::find(&columns, &input.options.mapping);
    let (replies, own) = Replies::find(&columns, &input.options.mapping);
    let own_columns: Vec<_> = own.iter().map(|index| columns[*index].clone()).collect();
    let resolved = match &entries {
        Some(entries) => {
            entries.describe(&mut input, &columns);
            Resolved::default()
        }
        None => input.resolve(&own_columns, "column")?,
    };
    let is_guess = resolved.is_guess();
    let resolved = resolved.renumbered(|index| Some(own[index]));
    let notices = &mut input.report.notices;
    if header_row.is_none() {
        notices.extend(shape.header.notices("line", line));
    } else {
        notices.extend(Header { above: 0, ..shape.header }.notices("line", line));
    }
    if shape.header.rows == 0 && shape.delimiter == NO_DELIMITER {
        notices.push(
            "one column without a header: the first line is a comment, as is each other one".to_owned(),
        );
    } else if shape.header.rows == 0 {
        notices.push("no header was found: columns go by number, the first record is a comment".to_owned());
    } else if shape.delimiter == NO_DELIMITER {
        let name = &columns[0].name;
        notices.push(format!("one column, headed `{name}`: each record below it is a comment"));
    }
    if is_guess {
        notices.extend(header::other_prose(&own_columns, &input.report.columns));
    }
    notices.extend(replies.notice());
    match shape.quoting {
        Quoting::Doubled => {}
        Quoting::Escaped => {
            notices.push("backslashes escape quotation marks here: they are taken off".to_owned());
        }
        // Nothing could be enclosed, so this needs no notice.
        Quoting::Plain if shape.delimiter == NO_DELIMITER => {}
        Quoting::Plain => {
            notices.push("quotation marks are plain characters here: they do not enclose fields".to_owned());
        }
    }
    let late = match shape.sample.len() < SAMPLE_RECORDS {
        true => Vec::new(),
        false => {
            let is_read = |index: &usize| resolved.read().any(|read| read == *index);
            let is_blank = |index: &usize| {
                *index < shape.width
                    && columns[*index].values.is_empty()
                    && !is_read(index)
                    && packed.is_empty()
                    && entries.is_none()
            };
            own.into_iter().filter(is_blank).map(|index| (index, columns[index].name.clone(), 0, 0)).collect()
        }
    };
    let records = Records::new(&shape, &input.source);
    // Lines above a header need not be records.
    let first_line = shape.lines[shape.header.end()];
    let mut skipped = Vec::new();
    while input.source.line() < first_line && input.source.read_line(&mut skipped).is_some() {
        skipped.clear();
    }
    // One name alone may be a comment.
    let header = match shape.header.rows {
        1.. if shape.width > 1 => (shape.sample[shape.header.above].clone(), shape.lines[shape.header.above]),
        _ => (Vec::new(), 0),
    };
    let (repeats, pending) = (None, VecDeque::new());
    Ok(Box::new(Delimited {
        input,
        records,
        resolved,
        entries,
        packed,
        replies,
        late,
        header,
        repeats,
        pending,
    }))
}

/// Returns true if a record is the header once more.
fn is_header<'a>(header: &[String], cell: impl Fn(usize) -> &'a str) -> bool {
    !header.is_empty() && header.iter().enumerate().all(|(index, name)| cell(index) == name)
}

/// Skips the lines above the one that the user names as the header.
fn skip_to(input: &mut Input, header_row: u64) -> Result<(), ReadError> {
    let source = &mut input.source;
    let mut line = Vec::new();
    while source.line() < header_row && source.read_line(&mut line).is_some() {
        line.clear();
    }
    source.refill_head();
    let header = source.head().split(|byte| *byte == source.line_end()).next().unwrap_or_default();
    let what = match header_row {
        0 => "--header-row 0 names no line".to_owned(),
        _ if source.head().is_empty() => {
            let lines = source.line() - u64::from(line.is_empty());
            format!("--header-row {header_row} is beyond its last line, {lines}")
        }
        _ if header.trim_ascii().is_empty() => format!("--header-row {header_row} names a blank line"),
        _ => {
            if header_row > 1 {
                input.report.notices.push(format!(
                    "the header is line {header_row}, as told by --header-row: what stands above it is not read"
                ));
            }
            return Ok(());
        }
    };
    let remedy = "name the line of the header, counted from 1";
    Err(ReadError::new(ReadErrorKind::Option, &source.name, what, remedy))
}

/// Refuses an input without columns that the user named as a table, if its content is something
/// else.
fn refuse_other(input: &Input) -> Result<(), ReadError> {
    let (source, mapping) = (&input.source, &input.options.mapping);
    let Some(format) = input.options.format.filter(|format| *format == input.report.format) else {
        return Ok(());
    };
    let refuse = |what: String, remedy: String| {
        Err(ReadError::new(ReadErrorKind::Unrecognised, &source.name, what, remedy))
    };
    if let Some((what, remedy)) = xml::document(source.head()) {
        return refuse(format!("no columns in it, but {what}"), remedy);
    }
    let others = Format::ALL.iter().filter(|other| **other != format);
    let verdicts = others.map(|other| (other, (other.entry().sniff)(source, mapping)));
    let (mut fitting, mut sure) = (None, None);
    for (other, verdict) in verdicts {
        match verdict {
            Verdict::Sure(why) => sure = sure.or(Some((other, why))),
            Verdict::Maybe(why) => fitting = fitting.or(Some((other, why))),
            Verdict::No => {}
        }
    }
    match sure.or(fitting) {
        Some((other, why)) => refuse(
            format!("no columns in it: its content looks like {other} ({why})"),
            format!("leave out --format, or name --format {other}"),
        ),
        None => Ok(()),
    }
}

struct Delimited {
    input: Input,
    records: Records,
    resolved: Resolved,
    /// Columns of one name, with a comment each.
    entries: Option<Entries>,
    /// Columns whose values are JSON.
    packed: Packed,
    /// Columns with replies to the comment of the row.
    replies: Replies,
    /// Columns that are not read and have no value in the sample: the column, its name, the number
    /// of its texts so far, and the line of the first.
    late: Vec<(usize, String, u64, u64)>,
    /// The names of the columns, if the table has a header, and its line.
    header: (Vec<String>, u64),
    /// The number of records that repeat the header, and the line of the first.
    repeats: Option<(u64, u64)>,
    /// Records from the row that was read last.
    pending: VecDeque<Record>,
}

impl Parser for Delimited {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        if let Some(record) = self.pending.pop_front() {
            return Ok(Some(record));
        }
        let Self { input, records, resolved, entries, packed, replies, late, header, repeats, pending } =
            self;
        loop {
            let Some(span) = records.cut(&mut input.source) else {
                input.report.notices.extend(records.take_notice());
                input.report.notices.extend(entries.take().and_then(|entries| entries.notice()));
                if let Some((count, line)) = repeats.take() {
                    input.report.notices.push(format!(
                        "the header is repeated {count} times among the records (the first on line {line}), which are no comments"
                    ));
                }
                for (_, name, texts, line) in late.drain(..).filter(|(.., texts, _)| *texts > 0) {
                    input.report.notices.push(format!(
                        "the column `{name}` has no value in the first records and texts in {texts} later ones (the first on \
                         line {line}), which are not read; --map \"text={name}\" reads them instead"
                    ));
                }
                return Ok(None);
            };
            let fields = records.fields(&input.source, span);
            if let Ok(fields) = &fields {
                for (index, _, texts, line) in late.iter_mut() {
                    if fields.get(*index).split_whitespace().nth(2).is_some() {
                        *line = if *texts == 0 { span.line } else { *line };
                        *texts += 1;
                    }
                }
            }
            match fields {
                Ok(fields) if is_header(&header.0, |index| fields.get(index)) => {
                    // The only line, without a line end, is the header itself.
                    if span.line > header.1 {
                        repeats.get_or_insert((0, span.line)).0 += 1;
                    }
                }
                Ok(fields) if entries.is_some() => {
                    if let Some(entries) = entries {
                        entries.read(input, span, |index| fields.get(index), pending);
                    }
                    if let Some(record) = pending.pop_front() {
                        return Ok(Some(record));
                    }
                }
                Ok(fields) if !packed.is_empty() => {
                    let record = match packed.parse(|index| fields.get(index)) {
                        Ok(objects) => {
                            let value = |index| packed.value(index, &objects, |index| fields.get(index));
                            input.comment(span, resolved.values(value))
                        }
                        Err(index) => {
                            let name = header.0.get(index).map_or("", String::as_str);
                            let cause =
                                format!("its column `{name}` is no JSON object; fix it, or export it again");
                            input.reject(span, cause, records.raw())
                        }
                    };
                    return Ok(Some(record));
                }
                Ok(fields) if replies.is_empty() => {
                    return Ok(Some(input.comment(span, fields.values(resolved))));
                }
                Ok(fields) => {
                    replies.read(input, span, resolved, |index| fields.get(index), pending);
                    return Ok(pending.pop_front());
                }
                Err(cause) => return Ok(Some(input.reject(span, cause, records.raw()))),
            }
        }
    }

    fn input(&mut self) -> &mut Input {
        &mut self.input
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Cursor;
    use std::sync::Arc;

    use super::super::formats::{csv, testing};
    use super::super::{Options, ReadErrorKind, Reader};
    use super::*;

    /// Reads a file of this name. Returns authors and texts, rejects as `!`, and the notices.
    fn read_as(name: &str, content: &str, options: &Options) -> Result<(Vec<String>, String), ReadError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let mut reader = Reader::open(&[path], options)?;
        let record = |record: Result<Record, ReadError>| match record.unwrap() {
            Record::Comment(comment) => match &comment.author {
                Some(author) => format!("{author}: {}", comment.text),
                None => comment.text,
            },
            Record::Reject(_) => "!".to_owned(),
        };
        let records = reader.by_ref().map(record).collect();
        Ok((records, reader.files()[0].notices.join("\n")))
    }

    fn read(name: &str, content: &str) -> (Vec<String>, String) {
        read_as(name, content, &Options::default()).unwrap()
    }

    /// Returns a table whose last row is unlike the 250 rows above it.
    fn with_late_row(header: &str, row: impl Fn(usize) -> String, last: &str) -> String {
        let rows: String = (0..250).map(row).collect();
        format!("{header}\n{rows}{last}\n")
    }

    #[test]
    fn what_begins_after_the_sample_is_read_or_told() {
        let row = |number: usize| format!("{number},Ana,So it is,\n");
        let (read_late, notices) =
            read("a.csv", &with_late_row("id,author,text,full_text", row, "250,Bo,,It is not"));
        assert_eq!(read_late.last().map(String::as_str), Some("Bo: It is not"), "{notices}");
        assert!(notices.contains("and from `full_text` in records without it"), "{notices}");
        let (read_late, notices) =
            read("a.csv", &with_late_row("id,author,text,extra", row, "250,Bo,,It is not so"));
        assert_eq!(read_late.last().map(String::as_str), Some("Bo: "));
        assert!(
            notices.contains(
                "`extra` has no value in the first records and texts in 1 later ones (the first on line 252)"
            ),
            "{notices}"
        );
        let html = "250,Bo,<p>It is not.</p>,";
        let (read_late, notices) = read("a.csv", &with_late_row("id,author,text,extra", row, html));
        assert_eq!(read_late.last().map(String::as_str), Some("Bo: <p>It is not.</p>"));
        assert!(notices.contains("texts with HTML tags, left as they are"), "{notices}");
    }

    #[test]
    fn texts_and_times_in_two_columns_are_joined() {
        let reviews = "by,pros,cons\nAna,It is warm here,Far from it all\nBo,,So very loud\n";
        let (records, notices) = read("a.csv", reviews);
        assert_eq!(records, ["Ana: It is warm here\n\nFar from it all", "Bo: So very loud"]);
        assert!(notices.contains("two parts, `pros` and `cons`"), "{notices}");
        for (header, rows, expected) in [
            ("date,time,text", ["2024-03-05,21:05,So it is", "2024-03-06,6:05,No"], "2024-03-05T21:05:00Z"),
            ("Datum,Uhrzeit,Text", ["14.03.2024,21:05 Uhr,So", "15.03.2024,,No"], "2024-03-14T21:05:00Z"),
            (
                "Date,Time,text",
                ["3/14/2024,9:05 PM,So it is", "3/15/2024,9:06 PM,No"],
                "2024-03-14T21:05:00Z",
            ),
            // The date has an hour of its own.
            (
                "date,time,text",
                ["2024-03-05 01:02,21:05,So", "2024-03-06 01:02,6:05,No"],
                "2024-03-05T01:02:00Z",
            ),
        ] {
            let table = format!("{header}\n{}\n", rows.join("\n"));
            let read = testing::read(&csv::FORMAT, table.as_bytes()).unwrap();
            let times: Vec<String> =
                read.comments.iter().filter_map(|c| Some(c.created_at?.to_string())).collect();
            assert_eq!((times.len(), times[0].as_str()), (2, expected), "{header}: {:?}", read.notices);
        }
    }

    #[test]
    fn a_repeated_header_is_no_comment() {
        let (records, notices) = read("a.csv", "by,text\nAna,So it is\nby,text\nBo,No\nby,text\n");
        assert_eq!(records, ["Ana: So it is", "Bo: No"]);
        assert!(
            notices.contains("the header is repeated 2 times among the records (the first on line 3)"),
            "{notices}"
        );
    }

    #[test]
    fn the_comment_0_may_be_answered() {
        for (table, expected) in [
            ("id,parent_id,text\n0,,So\n1,0,No\n2,1,Yes\n", ["-", "0", "1"]),
            ("id,parent_id,text\n1,0,So\n2,1,No\n3,0,Yes\n", ["-", "1", "-"]),
            ("id,parent_id,text\n0,0,So\n1,0,No\n2,1,Yes\n", ["-", "-", "1"]),
            ("id,parent_id,text\na,a,So\nb,a,No\nc,false,Yes\n", ["-", "a", "-"]),
        ] {
            let read = testing::read(&csv::FORMAT, table.as_bytes()).unwrap();
            assert_eq!(read.each(|comment| comment.parent.as_deref().unwrap_or("-")), expected, "{table}");
        }
    }

    #[test]
    fn every_record_is_read_and_each_guess_is_told() {
        for (name, content, expected, told) in [
            // Lines above the header.
            (
                "a.csv",
                "Bridges of 2024\n\"a remark, with a \"\" quote\"\n\nauthor,text,likes\nAna,So it is,1\nBo,No,2\n",
                &["Ana: So it is", "Bo: No"][..],
                "line 4: lines 1 to 2 above it are not read",
            ),
            // One column.
            (
                "a.csv",
                "comments\nIt is, as ever, dull\nNo\n",
                &["It is, as ever, dull", "No"],
                "headed `comments`",
            ),
            (
                "a.csv",
                "\"It is, as ever, dull\"\n\"No \"\"way\"\"\"\n",
                &["It is, as ever, dull", "No \"way\""],
                "without a header",
            ),
            (
                "a.csv",
                "\"So\" he said, and left\nNo one came, ever\n",
                &["\"So\" he said, and left", "No one came, ever"],
                "without a header",
            ),
            (
                "a.tsv",
                "Meinung\nEs ist, wie immer, laut\nEs ist so leise hier\n",
                &["Es ist, wie immer, laut", "Es ist so leise hier"],
                "headed `Meinung`",
            ),
            // Quotes that nobody doubled.
            (
                "a.csv",
                "author,text\nAna,\"She said \"yes\" and left\"\nBo,\"He said \"no\", then \"yes\", and left\"\nCy,\"Fine, so\"\n",
                &[
                    "Ana: She said \"yes\" and left",
                    "Bo: He said \"no\", then \"yes\", and left",
                    "Cy: Fine, so",
                ],
                "read as they stand: 2 (the first on line 2)",
            ),
            (
                "a.csv",
                "text,author\n\"She said \"\"yes\"\", \"no\"\",Ana\n",
                &["Ana: She said \"yes\", \"no\""],
                "as they stand: 1",
            ),
            // Spaces before quotes.
            (
                "a.csv",
                "author, text\nAna, \"So, so\"\nBo, \"No,\nnever\"\nCy, \"Say \"\"yes\"\"\"\n",
                &["Ana: So, so", "Bo: No,\nnever", "Cy: Say \"yes\""],
                "",
            ),
            // Line ends.
            ("a.csv", "author,text\r\r\nAna,\"So, so\"\r\r\nBo,No\r\r\n", &["Ana: So, so", "Bo: No"], ""),
            // Several rows of header.
            (
                "a.csv",
                "Id,Date,Your name,Why?,Else?\n,,Response,Open-Ended Response,Open-Ended Response\n1,2024-05-01,Ana,It is all so dull and grey,no\n\
                 2,2024-05-01,Bo,I do not know why it is,it is not as bad as that\n",
                &["It is all so dull and grey", "I do not know why it is"],
                "the header has 2 rows: line 2",
            ),
            // Two comments a row.
            (
                "a.csv",
                "user,text,replies.user,replies.text\nAna,So it is,Bo,No\n,,Cy,Yes\nDan,Maybe,,\n",
                &["Ana: So it is", "Bo: No", "Cy: Yes", "Dan: Maybe"],
                "the columns of `replies` contain replies",
            ),
        ] {
            let (records, notices) = read(name, content);
            assert_eq!(records, expected, "{content}");
            assert!(notices.contains(told), "{content}: {notices}");
        }
    }

    #[test]
    fn columns_of_one_name_are_comments_of_their_row() {
        let table = "Summary,Issue key,Reporter,Comment,Comment,Comment\n\
                     The pier sinks,LAKE-1,ana,01/Mar/24 10:05 AM;bo;So it does; I saw it,\"02/Mar/24 9:15 PM;557058:f5-a;Two\nlines\",\n\
                     The boat leaks,LAKE-2,cy,,,\n\
                     The key is lost,LAKE-3,cy,13/Mar/24 7:00 AM;ana;Not by me,,\n";
        for table in
            [table.to_owned(), table.replacen("Comment,Comment,Comment", "Comment,Comment.1,Comment.2", 1)]
        {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("issues.csv");
            fs::write(&path, &table).unwrap();
            let mut reader = Reader::open(&[path], &Options::default()).unwrap();
            let line = |record: Result<Record, ReadError>| match record.unwrap() {
                Record::Comment(c) => format!(
                    "{} {} {} {}: {}",
                    c.thread,
                    c.thread_title.unwrap_or_default(),
                    c.author.unwrap_or_default(),
                    c.created_at.map_or_else(String::new, |time| time.to_string()),
                    c.text
                ),
                Record::Reject(reject) => reject.cause,
            };
            let lines: Vec<String> = reader.by_ref().map(line).collect();
            assert_eq!(
                lines,
                [
                    "LAKE-1 The pier sinks bo 2024-03-01T10:05:00Z: So it does; I saw it",
                    "LAKE-1 The pier sinks 557058:f5-a 2024-03-02T21:15:00Z: Two\nlines",
                    "LAKE-3 The key is lost ana 2024-03-13T07:00:00Z: Not by me",
                ]
            );
            let notices = reader.files()[0].notices.join("\n");
            assert!(notices.contains("every one is a comment on its row"), "{notices}");
            assert!(notices.contains("rows without a comment: 1"), "{notices}");
        }
    }

    #[test]
    fn no_comment_of_a_row_is_lost_for_its_form() {
        let mut table = "Issue key,Comment,Comment,Comment\n".to_owned();
        for n in 0..300 {
            table += &format!("LAKE-{n},01/Mar/24 10:05 AM;bo;It is {n},,\n");
        }
        table += "LAKE-300,02/Mar/24 9:15 PM;cy;It leaks,as we said,\n";
        table += "LAKE-301,02/Mar/24 9:15 PM;cy;It sinks,,03/Mar/24 9:15 PM;bo;So it does\n";
        let (records, notices) = read("a.csv", &table);
        assert_eq!(records.len(), 304);
        assert_eq!(records[300..], ["cy: It leaks", "as we said", "cy: It sinks", "bo: So it does"]);
        assert!(!notices.contains("not read"), "{notices}");
        let few = "Issue key,Comment,Comment\nA-1,01/Mar/24 10:05 AM;bo;So it is,not dated\nA-2,01/Mar/24 10:06 AM;bo;No,\n";
        assert_eq!(read("a.csv", few).0, ["bo: So it is", "not dated", "bo: No"]);
    }

    #[test]
    fn columns_of_json_are_read_by_their_keys() {
        let table = "event,payload\n\
                     7,\"{\"\"body\"\":\"\"So it is, then\"\",\"\"user\"\":{\"\"name\"\":\"\"Ana\"\"}}\"\n\
                     8,\"{\"\"body\"\":\"\"No \\\"\"way\\\"\"\"\",\"\"user\"\":{\"\"name\"\":\"\"Bo\"\"}}\"\n9,broken\n";
        let rows = (0..20).map(|n| {
            format!(
                "{n},\"{{\"\"body\"\":\"\"It is {n}, then\"\",\"\"user\"\":{{\"\"name\"\":\"\"Cy\"\"}}}}\"\n"
            )
        });
        let table: String = [table.to_owned()].into_iter().chain(rows).collect();
        let (records, notices) = read("a.csv", &table);
        assert_eq!(records[..3], ["Ana: So it is, then", "Bo: No \"way\"", "!"]);
        assert_eq!(records[22], "Cy: It is 19, then");
        assert!(
            notices.contains("the values of `payload` are JSON documents: their keys are read"),
            "{notices}"
        );
        let cell = |json: &str| format!("7,\"{}\"\n", json.replace('"', "\"\""));
        let cells = [r#"{"body":"So it is"}"#, r#"{"body":"cut"#, r#"{"body":"No"}"#, r#"{"body":"Yes"}"#];
        let damaged = format!("event,payload\n{}", cells.map(cell).concat());
        assert_eq!(read("a.csv", &damaged).0, ["So it is", "!", "No", "Yes"]);
        // A column of texts comes first, and so does the user.
        let table =
            "comment,raw\nSo it is,\"{\"\"body\"\":\"\"x\"\"}\"\nIt is not,\"{\"\"body\"\":\"\"y\"\"}\"\n";
        assert_eq!(read("a.csv", table).0, ["So it is", "It is not"]);
        let options = Options { mapping: "text=raw".parse().unwrap(), ..Options::default() };
        assert_eq!(read_as("a.csv", table, &options).unwrap().0[0], "{\"body\":\"x\"}");
        // Lists of comments are not texts.
        let cell = |n: u32| {
            let list = serde_json::json!([{"author": "Ana", "text": format!("So it is {n}")}, {"author": "Bo", "text": "No"}]);
            format!("{n},\"{}\"\n", list.to_string().replace('"', "\"\""))
        };
        for name in ["comments", "other"] {
            let table: String = [format!("post,{name}\n")].into_iter().chain((0..4).map(cell)).collect();
            let error = read_as("a.csv", &table, &Options::default()).unwrap_err();
            assert!(error.to_string().contains("JSON documents, not texts"), "{error}");
        }
    }

    #[test]
    fn mojibake_that_begins_late_is_repaired_or_told() {
        let table = |right: usize, broken: usize| {
            let mut table = "id,text\n".to_owned();
            for id in 0..right {
                table += &format!("{id},It is {id} caf\u{e9}s\n");
            }
            for id in 0..300 {
                table += &format!("p{id},It is just {id}\n");
            }
            for id in 0..broken {
                table += &format!("b{id},It\u{e2}\u{20ac}\u{2122}s {id} caf\u{c3}\u{a9}s\n");
            }
            table
        };
        let (records, notices) = read("a.csv", &table(0, 1));
        assert_eq!(records.last().map(String::as_str), Some("It\u{2019}s 0 caf\u{e9}s"));
        assert!(notices.contains("repaired: 1"), "{notices}");
        let (records, notices) = read("a.csv", &table(300, 1));
        assert_eq!(records.last().map(String::as_str), Some("It\u{e2}\u{20ac}\u{2122}s 0 caf\u{c3}\u{a9}s"));
        assert!(notices.contains("left as they are among others that are right: 1"), "{notices}");
        let (records, notices) = read("a.csv", &table(300, 100));
        assert_eq!(records.last().map(String::as_str), Some("It\u{2019}s 99 caf\u{e9}s"));
        assert!(notices.contains("repaired: ") && notices.contains("left as they are"), "{notices}");
    }

    #[test]
    fn replies_of_a_row_answer_its_comment() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let table =
            "id,text,replies/0/id,replies/0/text,replies/1/id,replies/1/text\n7,so,8,no,9,yes\n6,maybe,,,,\n";
        fs::write(&path, table).unwrap();
        let records = Reader::open(&[path], &Options::default()).unwrap().map(Result::unwrap);
        let parents: Vec<_> = records
            .map(|record| match record {
                Record::Comment(comment) => (comment.id, comment.parent.unwrap_or_default()),
                Record::Reject(reject) => (reject.cause, String::new()),
            })
            .collect();
        let expected = [("7", ""), ("8", "7"), ("9", "7"), ("6", "")];
        assert_eq!(parents, expected.map(|(id, parent)| (id.to_owned(), parent.to_owned())));
    }

    #[test]
    fn prose_and_chats_are_no_tables() {
        for content in [
            "We came by boat, as ever\nIt was a cold day, and grey\nNobody sang, not even Bo\n",
            "3/12/24, 21:05 - Ana: Hi\n3/12/24, 21:06 - Bo: No\n3/12/24, 21:07 - Ana: So\n",
            "12:00 - Ana: Hi, you\n12:01 - Bo: No, you\n",
            "comment:\n  layout: \"diff\"\n  require_changes: true\n\ncoverage:\n  status: none\n",
            "-*- text -*-\n\nChanges in 2.40:\n\n* The boat has a new mast.\n* It does not leak.\n",
        ] {
            for format in ["csv", "tsv"] {
                let source = Source::new("a.txt".into(), Box::new(Cursor::new(content)), Arc::default());
                let format: Format = format.parse().unwrap();
                let verdict = (format.entry().sniff)(&source.unwrap(), &Mapping::default());
                assert_eq!(verdict, Verdict::No, "{format} {content}");
            }
        }
    }

    #[test]
    fn a_name_that_ends_in_csv_is_evidence_of_columns() {
        let table = "Ana,It is so dull and grey\nBo,It is not that dull\nCy,No it is not\n";
        assert_eq!(read("a.csv", table).0[0], "It is so dull and grey");
        let spaced = table.replace(',', ", ");
        assert_eq!(read("a.csv", &spaced).0[0], "Ana, It is so dull and grey");
    }

    #[test]
    fn the_user_names_the_header() {
        let table = "text,author\n\"remark\nwho,what\nAna,It is so dull\nBo,text is just text\n";
        let options = |line| Options { header_row: Some(line), ..Options::default() };
        let (records, notices) = read_as("a.csv", table, &options(3)).unwrap();
        assert_eq!(records, ["It is so dull", "text is just text"]);
        assert!(notices.contains("the header is line 3, as told by --header-row"), "{notices}");
        for (line, expected) in
            [(0, "names no line"), (6, "beyond its last line, 5"), (99, "beyond its last line, 5")]
        {
            let error = read_as("a.csv", table, &options(line)).unwrap_err();
            assert!(error.what.contains(expected), "{error}");
        }
        // Content that may be something else.
        let (records, _) =
            read_as("a.txt", "One remark.\nwho;what\nAna;So it is then\n", &options(2)).unwrap();
        assert_eq!(records, ["So it is then"]);
        let (_, notices) = read_as("a.json", "[{\"text\":\"so\"},{\"text\":\"no\"}]", &options(2)).unwrap();
        assert!(notices.contains("--header-row is ignored"), "{notices}");
        let error = read_as("a.csv", "a,text\n\n1,so\n", &options(2)).unwrap_err();
        assert!(error.what.contains("a blank line"), "{error}");
    }

    #[test]
    fn a_file_of_another_kind_is_refused() {
        for (content, expected) in [
            ("[{\"text\": \"so\"}, {\"text\": \"no, never\"}]", "json"),
            ("<!doctype html><html><body><p>So it is, they say</p></body></html>", "HTML"),
            ("{\"text\": \"so\"}\n{\"text\": \"no\"}\n", "json"),
        ] {
            for format in ["csv", "tsv"] {
                let options = Options { format: Some(format.parse().unwrap()), ..Options::default() };
                let error = read_as("a.csv", content, &options).unwrap_err();
                assert!(error.to_string().contains(expected), "{error}");
            }
        }
    }

    #[test]
    fn a_quote_that_is_never_closed_costs_its_own_record() {
        let rows = "id,author,text\n1,ann,\"Hello there\n2,bob,\"Bye now\"\n3,cy,fine\n4,dee,ok\n";
        assert_eq!(read("a.csv", rows).0, ["!", "bob: Bye now", "cy: fine", "dee: ok"]);
        let rows = "text,author\n\"Hello there,ann\n\"Quote\" he said,bob\n\"Over\ntwo \"\"lines\"\"\",cy\n";
        let (records, _) = read("a.csv", rows);
        assert_eq!(records.first().map(String::as_str), Some("!"), "{records:?}");
        assert_eq!(records.last().map(String::as_str), Some("cy: Over\ntwo \"lines\""), "{records:?}");
    }

    #[test]
    fn one_line_of_json_is_no_table() {
        for json in [r#"{"page":1,"note":"none today","comments":[]}"#, r#"{"a":1,"author":{"text":[]}}"#] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a.csv");
            fs::write(&path, json).unwrap();
            let format = Reader::open(&[path], &Options::default()).map(|reader| reader.files()[0].format);
            assert!(format.is_err() || format.is_ok_and(|format| format.as_str() == "json"), "{json}");
        }
        let barred = r#"{"site":"x","list":[{"text":"so|it|is","by":"Bo"},{"text":"no","by":"Al"}]}"#;
        for content in [barred.to_owned(), format!("{barred}\n{}", barred.replace("|it|", "; it; "))] {
            let options = Options { mapping: "text=text".parse().unwrap(), ..Options::default() };
            assert_eq!(read_as("a.json", &content, &options).unwrap().0[..2], ["Bo: so|it|is", "Al: no"]);
        }
    }

    #[test]
    fn tables_in_markdown_are_no_exports() {
        let document =
            "# Boats\n\nThe fleet:\n\n| author | comment |\n| --- | :-- |\n| Ana | So fast |\n| Bo | No |\n";
        let error = read_as("a.txt", document, &Options::default()).unwrap_err();
        assert_eq!(error.kind, ReadErrorKind::Unrecognised, "{error}");
        let (records, _) = read("a.csv", "author|comment\nAna|So fast\nBo|No\n");
        assert_eq!(records, ["Ana: So fast", "Bo: No"]);
    }

    #[test]
    fn damaged_tables_are_read_to_their_end() {
        for table in [
            "A remark\n\nid,author,text\n1,Ana,\"She said \"no\" and left\"\n2,Bo,\"So, so\"\n",
            "user,text,replies.user,replies.text\nAna,So it is,Bo,No\n,,Cy,Yes\n",
            "\"It is, as ever, dull\"\r\r\n\"No \"\"way\"\"\"\r\r\n",
        ] {
            testing::survives_damage(&csv::FORMAT, table);
        }
    }
}
