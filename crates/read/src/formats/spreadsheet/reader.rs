//! The sheets of a workbook, row by row.
//!
//! A workbook is read as a whole: its cells are in memory, limited by the unpacked size of its
//! parts.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::vec;

use calamine::{
    Data, DataRef, Dimensions, ExcelDateTime, Ods, Reader as _, Sheet as SheetInfo, SheetType, SheetVisible,
    Sheets, Xls, Xlsb, Xlsx,
};
use zip::ZipArchive;

use super::COMPOUND;
use crate::columnar::{self, DAMAGED};
use crate::guard::guarded;
use crate::header::{self, Header};
use crate::input::{Input, Parser, Values};
use crate::mapping::{Column, Field, Mapping, Resolved, Unresolved};
use crate::paired::Replies;
use crate::source::{FREE_BYTES, MAX_EXPANSION, MAX_RECORD_BYTES, Span};
use crate::{ReadError, ReadErrorKind, Record};

/// The number of rows from which the header and the columns are inferred.
const SAMPLE_ROWS: usize = 200;

/// The maximum number of cells among them.
const SAMPLE_CELLS: usize = 400_000;

/// The maximum number of bytes that the parts of a workbook may unpack to, and its cells contain.
const MAX_BYTES: u64 = 1 << 30;

type Book = Sheets<BufReader<File>>;

/// Opens a workbook and finds the sheets with comments.
pub(super) fn open(mut input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let what = "a spreadsheet, which must be read from its end, in a stream or compressed";
    let path = columnar::plain_file(&mut input, what)?;
    let size = path.metadata().map_or(0, |metadata| metadata.len());
    let mut book = open_book(&input, &path)?;
    let mut budget = MAX_BYTES;
    let (mut sheets, mut left_out) = (Vec::new(), Vec::new());
    let infos = book.sheets_metadata().to_vec();
    let mut blank = 0;
    for SheetInfo { name, typ, visible } in infos {
        if typ != SheetType::WorkSheet {
            continue;
        }
        let read = guarded(|| rows(&mut book, &name, &mut budget));
        let (rows, merged) = match read {
            Ok(read) => read,
            Err(cause) if budget == 0 => return Err(too_large(&input, cause)),
            Err(cause) => {
                let what = format!("its sheet `{name}` cannot be read ({cause})");
                return Err(ReadError::new(ReadErrorKind::Damaged, &input.source.name, what, DAMAGED));
            }
        };
        if rows.is_empty() {
            blank += 1;
            left_out.push((name, "it is blank".to_owned()));
            continue;
        }
        let is_hidden = visible != SheetVisible::Visible;
        match Sheet::find(name.clone(), is_hidden, rows, merged, &input) {
            Ok(sheet) => sheets.push(sheet),
            Err(reason) => left_out.push((name, reason)),
        }
    }
    // Prose under an unknown name is not a comment if another sheet has comments under a known
    // name.
    if sheets.iter().any(|sheet| !sheet.is_by_content) {
        for sheet in sheets.extract_if(.., |sheet| sheet.is_by_content) {
            left_out.push((sheet.name, "no column is named like a comment's text".to_owned()));
        }
    }
    if sheets.is_empty() {
        return Err(without_comments(&input, &left_out, blank));
    }
    input.source.pass(size)?;
    let has_many = sheets.len() > 1;
    let mut notices = Vec::new();
    for sheet in &sheets {
        let named = if has_many { format!("sheet `{}`: ", sheet.name) } else { String::new() };
        notices.extend(sheet.notices().map(|notice| format!("{named}{notice}")));
    }
    if has_many {
        let names: Vec<String> = sheets.iter().map(|sheet| format!("`{}`", sheet.name)).collect();
        notices.push(format!("{} sheets are read: {}", sheets.len(), names.join(", ")));
    }
    if !left_out.is_empty() {
        let sheets: Vec<String> =
            left_out.iter().map(|(name, reason)| format!("`{name}` ({reason})")).collect();
        notices.push(format!("sheets that are not read: {}", sheets.join(", ")));
    }
    input.report.notices.extend(notices);
    let mut workbook = Workbook {
        input,
        size,
        has_many,
        sheets: sheets.into_iter(),
        current: None,
        pending: VecDeque::new(),
    };
    workbook.begin_next()?;
    Ok(Box::new(workbook))
}

/// Opens a file in its kind of spreadsheet.
fn open_book(input: &Input, path: &Path) -> Result<Book, ReadError> {
    let name = &input.source.name;
    let open = || File::open(path).map(BufReader::new).map_err(|error| ReadError::io(name, &error));
    let refuse = |cause: String| {
        if cause.to_lowercase().contains("password") {
            let what = "a spreadsheet that is protected by a password";
            return ReadError::new(ReadErrorKind::Damaged, name, what, "save it without one");
        }
        ReadError::new(ReadErrorKind::Damaged, name, format!("no readable spreadsheet ({cause})"), DAMAGED)
    };
    if input.source.raw_head().starts_with(COMPOUND) {
        let file = open()?;
        return guarded(|| Xls::new(file)).map(Sheets::Xls).map_err(refuse);
    }
    let mut archive = ZipArchive::new(open()?).map_err(|error| refuse(error.to_string()))?;
    let has = |part: &str| archive.file_names_raw().any(|name| name == part.as_bytes());
    let (is_xlsx, is_xlsb) = (has("xl/workbook.xml"), has("xl/workbook.bin"));
    let is_ods = has("content.xml") && has("mimetype") && {
        let mut kind = String::new();
        let part = archive.by_name("mimetype");
        part.is_ok_and(|part| part.take(100).read_to_string(&mut kind).is_ok())
            && kind.starts_with("application/vnd.oasis.opendocument.spreadsheet")
    };
    if !(is_xlsx || is_xlsb || is_ods) {
        let what = "an Office document or an archive that is no spreadsheet";
        let remedy = "save the comments as CSV or plain text";
        return Err(ReadError::new(ReadErrorKind::Binary, name, what, remedy));
    }
    check_size(input, &mut archive)?;
    drop(archive);
    let file = open()?;
    if is_xlsx {
        guarded(|| Xlsx::new(file)).map(Sheets::Xlsx).map_err(refuse)
    } else if is_xlsb {
        guarded(|| Xlsb::new(file)).map(Sheets::Xlsb).map_err(refuse)
    } else {
        guarded(|| Ods::new(file)).map(Sheets::Ods).map_err(refuse)
    }
}

/// Refuses a workbook whose parts unpack to more than memory should contain. They are unpacked for
/// that, as the sizes in an archive may be wrong.
fn check_size(input: &Input, archive: &mut ZipArchive<BufReader<File>>) -> Result<(), ReadError> {
    let most = input.options.max_expansion.unwrap_or(MAX_EXPANSION);
    let (mut packed, mut unpacked) = (0, 0);
    for index in 0..archive.len() {
        let damaged = |error: String| {
            let what = format!("no readable spreadsheet ({error})");
            ReadError::new(ReadErrorKind::Damaged, &input.source.name, what, DAMAGED)
        };
        let part = archive.by_index(index).map_err(|error| damaged(error.to_string()))?;
        // Pictures and recordings are not opened.
        if ![&b".xml"[..], b".bin", b".rels"].iter().any(|end| part.name_raw().ends_with(end)) {
            continue;
        }
        packed += part.compressed_size();
        let mut part = part.take(MAX_BYTES + 1 - unpacked);
        unpacked += io::copy(&mut part, &mut io::sink()).map_err(|error| damaged(error.to_string()))?;
        if unpacked > MAX_BYTES {
            return Err(too_large(input, format!("it unpacks to more than {} MiB", MAX_BYTES >> 20)));
        }
    }
    if unpacked > FREE_BYTES && unpacked / packed.max(1) >= most {
        let what = format!("it unpacks to {} MiB, over {most} times its size", unpacked >> 20);
        let remedy = "if that is no decompression bomb, allow more with --max-expansion";
        return Err(ReadError::new(ReadErrorKind::Compression, &input.source.name, what, remedy));
    }
    Ok(())
}

fn too_large(input: &Input, what: String) -> ReadError {
    let remedy = "save its sheets as CSV, which may have any size";
    ReadError::new(ReadErrorKind::Compression, &input.source.name, what, remedy)
}

/// Returns the error for a workbook without a sheet of comments.
fn without_comments(input: &Input, left_out: &[(String, String)], blank: usize) -> ReadError {
    let name = &input.source.name;
    if blank == left_out.len() {
        let remedy = "check that the export has comments in it";
        return ReadError::new(ReadErrorKind::Empty, name, "a spreadsheet without any filled cell", remedy);
    }
    let sheets: Vec<String> = left_out.iter().map(|(name, reason)| format!("`{name}`: {reason}")).collect();
    let what = format!("no sheet has comments ({})", sheets.join("; "));
    ReadError::new(ReadErrorKind::NoText, name, what, "name their column with --map text=COLUMN")
}

/// A row: its number from 1, and its filled cells by their columns from 0.
struct Row {
    number: u32,
    cells: Vec<(u32, String)>,
}

impl Row {
    fn get(&self, column: usize) -> &str {
        let at = self.cells.binary_search_by_key(&column, |(column, _)| *column as usize);
        at.map_or("", |at| self.cells[at].1.as_str())
    }

    fn set(&mut self, column: u32, value: String) {
        if let Err(at) = self.cells.binary_search_by_key(&column, |(column, _)| *column) {
            self.cells.insert(at, (column, value));
        }
    }
}

/// Reads the rows of a sheet that are not blank, and its merged cells. The size of the cells'
/// contents is subtracted from the budget.
fn rows(book: &mut Book, name: &str, budget: &mut u64) -> Result<(Vec<Row>, Vec<Dimensions>), String> {
    let mut cells: Vec<(u32, u32, String)> = Vec::new();
    let mut add = |(row, column): (u32, u32), value: DataRef<'_>| {
        let Some(value) = text(value) else { return Ok(()) };
        *budget = budget.saturating_sub(value.len() as u64 + 32);
        if *budget == 0 {
            return Err(format!("its cells contain more than {} MiB", MAX_BYTES >> 20));
        }
        cells.push((row, column, value));
        Ok(())
    };
    let mut merged = Vec::new();
    match book {
        Sheets::Xlsx(book) => {
            let mut reader = book.worksheet_cells_reader(name).map_err(|error| error.to_string())?;
            while let Some(cell) = reader.next_cell().map_err(|error| error.to_string())? {
                add(cell.get_position(), cell.get_value().clone())?;
            }
            drop(reader);
            merged = book.merge_cells_by_sheet_name(name).unwrap_or_default();
        }
        Sheets::Xlsb(book) => {
            let mut reader = book.worksheet_cells_reader(name).map_err(|error| error.to_string())?;
            while let Some(cell) = reader.next_cell().map_err(|error| error.to_string())? {
                add(cell.get_position(), cell.get_value().clone())?;
            }
        }
        Sheets::Xls(_) | Sheets::Ods(_) => {
            let range = book.worksheet_range(name).map_err(|error| error.to_string())?;
            let (first_row, first_column) = range.start().unwrap_or_default();
            for (row, column, value) in range.used_cells() {
                add((first_row + row as u32, first_column + column as u32), of_data(value))?;
            }
            if let Sheets::Xls(book) = book {
                merged = book.merge_cells_by_sheet_name(name).unwrap_or_default();
            }
        }
    }
    cells.sort_by_key(|(row, column, _)| (*row, *column));
    cells.dedup_by_key(|(row, column, _)| (*row, *column));
    let mut rows: Vec<Row> = Vec::new();
    for (row, column, value) in cells {
        match rows.last_mut().filter(|last| last.number == row + 1) {
            Some(last) => last.cells.push((column, value)),
            None => rows.push(Row { number: row + 1, cells: vec![(column, value)] }),
        }
    }
    Ok((rows, merged))
}

fn of_data(value: &Data) -> DataRef<'_> {
    match value {
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => DataRef::SharedString(text),
        Data::Int(number) => DataRef::Int(*number),
        Data::Float(number) => DataRef::Float(*number),
        Data::Bool(value) => DataRef::Bool(*value),
        Data::DateTime(time) => DataRef::DateTime(*time),
        Data::Error(_) | Data::Empty => DataRef::Empty,
    }
}

/// Returns a cell as text; `None` if it is blank, or the error of a formula.
fn text(value: DataRef<'_>) -> Option<String> {
    let text = match value {
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text,
        DataRef::SharedString(text) => text.to_owned(),
        DataRef::Int(number) => number.to_string(),
        // Whole numbers are written without a fraction.
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(value) => value.to_string(),
        DataRef::DateTime(time) => date(time),
        DataRef::Error(_) | DataRef::Empty => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

/// Returns a date or time in ISO 8601 without a zone; the number for a duration, or if no calendar
/// has it.
fn date(time: ExcelDateTime) -> String {
    let serial = time.as_f64();
    if time.is_duration() || !(0.0..2_958_466.0).contains(&serial) {
        return serial.to_string();
    }
    let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
    if serial < 1.0 {
        format!("{hour:02}:{minute:02}:{second:02}")
    } else if serial.fract() == 0.0 {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }
}

/// A sheet with comments.
struct Sheet {
    name: String,
    is_hidden: bool,
    header: Header,
    columns: Vec<Column>,
    /// The columns of a row's comment; the others are those of replies.
    own: Vec<usize>,
    replies: Replies,
    /// The text was chosen by its content alone.
    is_by_content: bool,
    /// The numbers of the sample's rows.
    numbers: Vec<u32>,
    rows: vec::IntoIter<Row>,
    merged: Vec<Dimensions>,
}

impl Sheet {
    /// Finds header and columns of a sheet, or the reason it is not read.
    fn find(
        name: String,
        is_hidden: bool,
        mut rows: Vec<Row>,
        merged: Vec<Dimensions>,
        input: &Input,
    ) -> Result<Self, String> {
        let mapping: &Mapping = &input.options.mapping;
        if let Some(number) = input.options.header_row {
            let Some(at) = rows.iter().position(|row| u64::from(row.number) == number) else {
                return Err(format!("its row {number}, which --header-row names, is blank"));
            };
            rows.drain(..at);
        }
        let last = |row: &Row| row.cells.last().map_or(0, |(column, _)| *column as usize + 1);
        let width = rows.iter().map(last).max().unwrap_or(0);
        let count = SAMPLE_ROWS.min((SAMPLE_CELLS / width.max(1)).max(3));
        let sample: Vec<Vec<String>> = rows
            .iter()
            .take(count)
            .map(|row| (0..width).map(|column| row.get(column).to_owned()).collect())
            .collect();
        let header = match (input.options.header_row, width) {
            (Some(_), _) => Header::at(&sample, 0),
            (None, 1) => header::of_one_column(&sample, mapping),
            (None, _) => Header::find(&sample, mapping),
        };
        let columns = header.columns(&sample, width);
        let (replies, own) = Replies::find(&columns, mapping);
        let own_columns: Vec<Column> = own.iter().map(|index| columns[*index].clone()).collect();
        let resolved = mapping.resolve(&own_columns).map_err(|unresolved| match unresolved {
            Unresolved::UnknownColumn(name) => format!("no column `{name}`"),
            Unresolved::NoText => "no column looks like the text of a comment".to_owned(),
        })?;
        let numbers = rows.iter().take(count).map(|row| row.number).collect();
        let is_by_content = resolved.is_guess();
        let rows = rows.into_iter();
        Ok(Self { name, is_hidden, header, columns, own, replies, is_by_content, numbers, rows, merged })
    }

    /// Returns notices for the user about how it is read.
    fn notices(&self) -> impl Iterator<Item = String> + '_ {
        let mut notices = self.header.notices("row", |row| u64::from(self.numbers[row]));
        if self.is_hidden {
            notices.push("it is a hidden sheet, and read all the same".to_owned());
        }
        if self.header.rows == 0 {
            notices.push("no header was found: columns go by number, the first row is a comment".to_owned());
        }
        notices.extend(self.replies.notice());
        notices.into_iter()
    }

    /// Returns the columns of a row's comment.
    fn own_columns(&self) -> Vec<Column> {
        self.own.iter().map(|index| self.columns[*index].clone()).collect()
    }

    /// Skips the header, and repeats the value of merged cells in each row that they span, except
    /// texts. Returns the number of rows that got such a value.
    fn begin(&mut self, resolved: &Resolved) -> usize {
        let mut rows: Vec<Row> = std::mem::take(&mut self.rows).skip(self.header.end()).collect();
        let text = resolved.get(Field::Text);
        let mut repeated = 0;
        let is_read = |column: u32| {
            resolved.read().any(|read| read == column as usize) && text != Some(column as usize)
        };
        let tall = self.merged.iter().filter(|area| area.end.0 > area.start.0 && is_read(area.start.1));
        for area in tall {
            let first = rows.partition_point(|row| row.number <= area.start.0);
            let end = rows.partition_point(|row| row.number <= area.end.0 + 1);
            let Some((first, others)) = rows.get_mut(first..end).and_then(|rows| rows.split_first_mut())
            else {
                continue;
            };
            let value = first.get(area.start.1 as usize).to_owned();
            if first.number != area.start.0 + 1 || value.len() > 1_000 || value.is_empty() {
                continue;
            }
            for row in others {
                row.set(area.start.1, value.clone());
                repeated += 1;
            }
        }
        self.rows = rows.into_iter();
        repeated
    }
}

/// Returns true for a name that describes a sheet, unlike the default names of spreadsheet
/// programs.
fn is_telling(name: &str) -> bool {
    const DEFAULTS: [&str; 12] = [
        "sheet", "tabelle", "feuil", "feuille", "hoja", "planilha", "folha", "foglio", "blad", "arkusz",
        "data", "export",
    ];
    let bare = name.trim().trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ').to_lowercase();
    !bare.is_empty() && !DEFAULTS.contains(&bare.as_str())
}

struct Workbook {
    input: Input,
    size: u64,
    has_many: bool,
    sheets: vec::IntoIter<Sheet>,
    /// The sheet that is being read, and its columns.
    current: Option<(Sheet, Resolved)>,
    /// Records from the row that was read last.
    pending: VecDeque<Record>,
}

impl Workbook {
    /// Begins the next sheet; returns false after the last.
    fn begin_next(&mut self) -> Result<bool, ReadError> {
        self.current = None;
        let Some(mut sheet) = self.sheets.next() else { return Ok(false) };
        let report = &mut self.input.report;
        let (columns, unused) = (std::mem::take(&mut report.columns), std::mem::take(&mut report.unused));
        let own_columns = sheet.own_columns();
        let resolved = self.input.resolve(&own_columns, "column")?;
        if resolved.is_guess() {
            let notice = header::other_prose(&own_columns, &self.input.report.columns);
            self.input.report.notices.extend(notice);
        }
        let report = &mut self.input.report;
        if !columns.is_empty() {
            if report.columns != columns {
                let names: Vec<String> =
                    report.columns.iter().map(|(field, name)| format!("{field}={name}")).collect();
                report.notices.push(format!("sheet `{}`: its columns are {}", sheet.name, names.join(", ")));
            }
            (report.columns, report.unused) = (columns, unused);
        }
        let resolved = resolved.renumbered(|index| Some(sheet.own[index]));
        let repeated = sheet.begin(&resolved);
        if repeated > 0 {
            report.notices.push(format!(
                "sheet `{}`: merged cells, whose value counts for each row that they reach over: {repeated} rows",
                sheet.name
            ));
        }
        self.current = Some((sheet, resolved));
        Ok(true)
    }
}

impl Parser for Workbook {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            if let Some(record) = self.pending.pop_front() {
                return Ok(Some(record));
            }
            let Some((sheet, resolved)) = &mut self.current else { return Ok(None) };
            let Some(row) = sheet.rows.next() else {
                self.begin_next()?;
                continue;
            };
            let span = Span { start: 0, end: self.size, line: u64::from(row.number), is_complete: true };
            if let Some((column, value)) = row.cells.iter().find(|(_, value)| value.len() > MAX_RECORD_BYTES)
            {
                let cause = format!(
                    "its column {} has {} bytes, more than the limit of {MAX_RECORD_BYTES}; split it",
                    column + 1,
                    value.len()
                );
                return Ok(Some(self.input.reject(span, cause, value.as_bytes())));
            }
            let first = self.pending.len();
            if sheet.replies.is_empty() {
                let values: Values = resolved.values(|index| Some(Cow::Borrowed(row.get(index))));
                self.pending.push_back(self.input.comment(span, values));
            } else {
                sheet.replies.read(
                    &mut self.input,
                    span,
                    resolved,
                    |index| row.get(index),
                    &mut self.pending,
                );
            }
            if self.has_many && is_telling(&sheet.name) {
                for record in self.pending.range_mut(first..) {
                    if let Record::Comment(comment) = record {
                        comment.section.get_or_insert_with(|| sheet.name.clone());
                    }
                }
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
    use std::io::{Cursor, Write};

    use proptest::prelude::*;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;
    use crate::{FileReport, Options, Reader};

    fn archive(parts: &[(&str, String)]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in parts {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(content.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    /// Returns a cell of a test: `=` begins XML, `#` a number, `@` a date, and anything else is
    /// text.
    fn cell(place: &str, content: &str) -> String {
        match content.split_at_checked(1) {
            None | Some(("", _)) => String::new(),
            Some(("#", number)) => format!("<c r='{place}'><v>{number}</v></c>"),
            Some(("@", serial)) => format!("<c r='{place}' s='1'><v>{serial}</v></c>"),
            Some(("=", xml)) => format!("<c r='{place}' {xml}</c>"),
            Some(_) => format!("<c r='{place}' t='inlineStr'><is><t>{content}</t></is></c>"),
        }
    }

    /// Returns a workbook of sheets with a name and rows (`cell|cell`, one per line); a sheet whose
    /// name begins with a dot is hidden, and the lines after a line `---` follow the rows.
    fn xlsx(sheets: &[(&str, &str)]) -> Vec<u8> {
        const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        const LINKS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let mut listed = String::new();
        let mut links = String::new();
        let mut parts = Vec::new();
        for (number, (name, table)) in (1..).zip(sheets) {
            let state = if name.starts_with('.') { " state='hidden'" } else { "" };
            let name = name.trim_start_matches('.');
            listed.push_str(&format!("<sheet name='{name}' sheetId='{number}' r:id='r{number}'{state}/>"));
            links.push_str(&format!(
                "<Relationship Id='r{number}' Type='{LINKS}/worksheet' Target='worksheets/sheet{number}.xml'/>"
            ));
            let (table, rest) = table.split_once("\n---\n").unwrap_or((table, ""));
            let rows: String = (1..)
                .zip(table.lines())
                .map(|(row, line)| {
                    let cells: String = ('A'..)
                        .zip(line.split('|'))
                        .map(|(column, content)| cell(&format!("{column}{row}"), content))
                        .collect();
                    format!("<row r='{row}'>{cells}</row>")
                })
                .collect();
            let sheet = format!("<worksheet xmlns='{MAIN}'><sheetData>{rows}</sheetData>{rest}</worksheet>");
            parts.push((format!("xl/worksheets/sheet{number}.xml"), sheet));
        }
        let package = "http://schemas.openxmlformats.org/package/2006";
        let mut all = vec![
            ("[Content_Types].xml".to_owned(), format!("<Types xmlns='{package}/content-types'/>")),
            (
                "_rels/.rels".to_owned(),
                format!(
                    "<Relationships xmlns='{package}/relationships'>\
                     <Relationship Id='r1' Type='{LINKS}/officeDocument' Target='xl/workbook.xml'/></Relationships>"
                ),
            ),
            (
                "xl/workbook.xml".to_owned(),
                format!("<workbook xmlns='{MAIN}' xmlns:r='{LINKS}'><sheets>{listed}</sheets></workbook>"),
            ),
            (
                "xl/_rels/workbook.xml.rels".to_owned(),
                format!("<Relationships xmlns='{package}/relationships'>{links}</Relationships>"),
            ),
            (
                "xl/styles.xml".to_owned(),
                format!(
                    "<styleSheet xmlns='{MAIN}'><cellXfs><xf numFmtId='0'/><xf numFmtId='22'/></cellXfs></styleSheet>"
                ),
            ),
        ];
        all.extend(parts);
        let all: Vec<(&str, String)> = all.iter().map(|(name, part)| (name.as_str(), part.clone())).collect();
        archive(&all)
    }

    fn ods(rows: &str) -> Vec<u8> {
        let content = format!(
            "<office:document-content xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0' \
             xmlns:table='urn:oasis:names:tc:opendocument:xmlns:table:1.0' xmlns:text='urn:oasis:names:tc:opendocument:xmlns:text:1.0'>\
             <office:body><office:spreadsheet><table:table table:name='Answers'>{rows}</table:table>\
             </office:spreadsheet></office:body></office:document-content>"
        );
        archive(&[
            ("mimetype", "application/vnd.oasis.opendocument.spreadsheet".to_owned()),
            (
                "META-INF/manifest.xml",
                "<manifest:manifest xmlns:manifest='urn:oasis:names:tc:opendocument:xmlns:manifest:1.0'/>"
                    .to_owned(),
            ),
            ("content.xml", content),
        ])
    }

    fn read_with(bytes: &[u8], options: &Options) -> Result<(Vec<Record>, FileReport), ReadError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers.xlsx");
        fs::write(&path, bytes).unwrap();
        let mut reader = Reader::open(&[path], options)?;
        let records = reader.by_ref().collect::<Result<_, _>>()?;
        Ok((records, reader.files()[0].clone()))
    }

    /// Reads a workbook. Returns the comments as `line author: text`, and the notices.
    fn read(bytes: &[u8]) -> (Vec<String>, String) {
        let (records, report) = read_with(bytes, &Options::default()).unwrap();
        let shown = records.into_iter().map(|record| match record {
            Record::Comment(comment) => {
                format!("{} {}: {}", comment.origin.line, comment.author.unwrap_or_default(), comment.text)
            }
            Record::Reject(reject) => format!("! {}", reject.cause),
        });
        (shown.collect(), report.notices.join("\n"))
    }

    #[test]
    fn every_sheet_with_comments_is_read() {
        let book = xlsx(&[
            ("About", "Bridges in 2024"),
            ("May", "Exported by me\n\nauthor|text|likes\nAna|So it is|#3\n\nBo|No &amp; never|#4"),
            (".June", "author|text|likes\nCy|Maybe|#12.5"),
            ("Prices", "item|price\nbolt|#3.2\nnut|#1"),
        ]);
        let (comments, notices) = read(&book);
        assert_eq!(comments, ["4 Ana: So it is", "6 Bo: No & never", "2 Cy: Maybe"]);
        for told in [
            "sheet `May`: the header was found on row 3: row 1 above it is not read",
            "sheet `June`: it is a hidden sheet",
            "2 sheets are read: `May`, `June`",
            "`About` (no column is named like a comment's text)",
            "`Prices` (no column looks like the text of a comment)",
        ] {
            assert!(notices.contains(told), "{told}: {notices}");
        }
        let (records, report) = read_with(&book, &Options::default()).unwrap();
        let sections: Vec<Option<String>> = records
            .into_iter()
            .map(|record| match record {
                Record::Comment(comment) => comment.section,
                Record::Reject(_) => None,
            })
            .collect();
        assert_eq!(sections, [Some("May".to_owned()), Some("May".to_owned()), Some("June".to_owned())]);
        assert_eq!((report.comments, report.rejects, report.format.as_str()), (3, 0, "spreadsheet"));
    }

    #[test]
    fn cells_are_dates_numbers_and_text() {
        let book = xlsx(&[(
            "Sheet1",
            "id|created_at|text|likes|approved\n#7|@45352.5|So it is|#3|= t='b'><v>1</v>\n\
             #8|@45353|= t='str'><f>A1</f><v>by formula</v>|#4|\n#9|= t='e'><v>#N/A</v>|No|#5|",
        )]);
        let (records, report) = read_with(&book, &Options::default()).unwrap();
        let Record::Comment(first) = &records[0] else { panic!("{records:?}") };
        assert_eq!((first.id.as_str(), first.votes, first.section.as_deref()), ("7", Some(3), None));
        assert_eq!(first.created_at.unwrap().to_string(), "2024-03-01T12:00:00Z");
        let Record::Comment(second) = &records[1] else { panic!("{records:?}") };
        assert_eq!(second.text, "by formula");
        let Record::Comment(third) = &records[2] else { panic!("{records:?}") };
        assert_eq!(third.created_at, None);
        let notices = report.notices.join("\n");
        assert!(notices.contains("without a zone"), "{notices}");
    }

    #[test]
    fn merged_cells_count_for_each_row() {
        let (comments, notices) = read(&xlsx(&[(
            "Sheet1",
            "author|text\nAna|So it is\n|And so on\nBo|No\n---\n<mergeCells count='1'><mergeCell ref='A2:A3'/></mergeCells>",
        )]));
        assert_eq!(comments, ["2 Ana: So it is", "3 Ana: And so on", "4 Bo: No"]);
        assert!(notices.contains("merged cells"), "{notices}");
    }

    #[test]
    fn the_user_names_the_row_of_the_header() {
        let book = xlsx(&[("Sheet1", "text|author\nNotes|mine\nwho|text\nAna|So it is")]);
        let options = Options { header_row: Some(3), ..Options::default() };
        let (records, _) = read_with(&book, &options).unwrap();
        assert_eq!(records.len(), 1);
        let options = Options { header_row: Some(9), ..Options::default() };
        let error = read_with(&book, &options).unwrap_err();
        assert!(error.what.contains("its row 9, which --header-row names, is blank"), "{error}");
    }

    #[test]
    fn open_document_sheets_are_read() {
        let row = |cells: &[&str]| {
            let cells: String = cells
                .iter()
                .map(|cell| format!("<table:table-cell office:value-type='string'><text:p>{cell}</text:p></table:table-cell>"))
                .collect();
            format!("<table:table-row>{cells}</table:table-row>")
        };
        let date = "<table:table-row><table:table-cell office:value-type='string'><text:p>Bo</text:p></table:table-cell>\
                    <table:table-cell office:value-type='string'><text:p>No</text:p></table:table-cell>\
                    <table:table-cell office:value-type='date' office:date-value='2024-05-01T10:00:00'/></table:table-row>";
        let book =
            ods(&[row(&["author", "text", "date"]), row(&["Ana", "So it is", ""]), date.to_owned()].concat());
        let (records, _) = read_with(&book, &Options::default()).unwrap();
        let Record::Comment(second) = &records[1] else { panic!("{records:?}") };
        assert_eq!(second.created_at.unwrap().to_string(), "2024-05-01T10:00:00Z");
    }

    #[test]
    fn what_is_no_table_of_comments_is_refused_by_name() {
        for (book, expected) in [
            (
                archive(&[("[Content_Types].xml", String::new()), ("word/document.xml", String::new())]),
                "no spreadsheet",
            ),
            (xlsx(&[("Prices", "item|price\nbolt|#3.2\nnut|#1")]), "no sheet has comments"),
            (xlsx(&[("Blank", "")]), "without any filled cell"),
            (xlsx(&[("May", "text\nso")])[..400].to_vec(), "no readable spreadsheet"),
            ([COMPOUND, &[0; 600]].concat(), "no readable spreadsheet"),
        ] {
            let error = read_with(&book, &Options::default()).unwrap_err();
            assert!(error.what.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_part_that_unpacks_to_too_much_is_refused() {
        let mut parts = ZipWriter::new(Cursor::new(Vec::new()));
        for name in ["[Content_Types].xml", "xl/workbook.xml"] {
            parts.start_file(name, SimpleFileOptions::default()).unwrap();
            let zeros = vec![b' '; 1 << 20];
            for _ in 0..130 {
                parts.write_all(&zeros).unwrap();
            }
        }
        let bomb = parts.finish().unwrap().into_inner();
        let error = read_with(&bomb, &Options::default()).unwrap_err();
        assert_eq!(error.kind, ReadErrorKind::Compression);
        assert!(error.remedy.contains("--max-expansion"), "{error}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn damaged_workbooks_are_read_or_refused(at in 0..10_000_usize, bytes in prop::collection::vec(any::<u8>(), 0..12), is_cut: bool) {
            let mut book = xlsx(&[("May", "author|text|likes\nAna|So it is|#3\nBo|No|#4")]);
            let at = at % book.len();
            let end = (at + bytes.len()).min(book.len());
            book.splice(at..end, bytes);
            if is_cut {
                book.truncate(at);
            }
            if let Ok((records, report)) = read_with(&book, &Options::default()) {
                prop_assert_eq!(records.len() as u64, report.comments + report.rejects);
                prop_assert!(!records.is_empty());
            }
        }

        #[test]
        fn damaged_sheets_are_read_or_refused(at in 0..10_000_usize, piece in "[<>/'a-z0-9]{0,8}") {
            let mut table = "author|text|likes\nAna|So it is|#3\nBo|No|@45352\n---\n<mergeCells><mergeCell ref='A2:A3'/></mergeCells>".to_owned();
            let at = at % table.len();
            table.insert_str(at, &piece);
            if let Ok((records, report)) = read_with(&xlsx(&[("May", &table)]), &Options::default()) {
                prop_assert_eq!(records.len() as u64, report.comments + report.rejects);
            }
        }
    }
}
