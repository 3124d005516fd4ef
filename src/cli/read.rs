//! `comity read`

use std::io::{self, Write};

use crate::pipeline::{self, Understood, UnderstoodFile, value_of};
use crate::read::{Field, RecordList};

use super::Done;
use super::files::{self, Row};
use super::input::InputArgs;
use super::output::{Output, one_line};
use super::table;
use super::words::counted;

/// Doubts and rejects that are shown of each file; the rest is counted.
const SHOWN: usize = 20;
/// The most characters of a value and of a column's name in the table of fields.
const VALUE_CHARS: usize = 26;
const COLUMN_CHARS: usize = 24;
/// The most languages that are listed.
const LANGUAGES: usize = 6;
/// The most columns that are listed as not used.
const UNUSED: usize = 40;

/// Read an export without scoring it, and print what was understood.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Done> {
    let input = &args.input;
    let understood = pipeline::read(&input.inputs, &input.options(false)?, input.limit, input.strict)?;
    let mut out = Output::new();
    for file in &understood.files {
        show_file(&mut out, file, &understood)?;
    }
    // A file of a folder that is no export has no report of its own.
    let is_known = |file: &str| understood.files.iter().any(|read| &*read.report.file == file);
    for reject in understood.rejects.iter().filter(|reject| !is_known(&reject.file)) {
        writeln!(out, "{}\n  not read  {}\n", one_line(&reject.file), one_line(&reject.cause))?;
    }
    for skipped in &understood.skipped {
        writeln!(out, "{}\n  skipped  {}\n", one_line(&skipped.file), one_line(&skipped.why))?;
    }
    files::show(&mut out, &rows(&understood))?;
    let replies = &understood.replies;
    writeln!(
        out,
        "{} by {} in {}; {} from the export, {} inferred from the text",
        counted(understood.comments, "comment", "comments"),
        counted(understood.authors as u64, "author", "authors"),
        counted(replies.threads, "thread", "threads"),
        counted(replies.parents_given, "reply", "replies"),
        replies.parents_inferred
    )?;
    show_languages(&mut out, &understood.languages)?;
    let rejects: u64 = understood.files.iter().map(|file| file.report.rejects).sum();
    Ok(if rejects == 0 && understood.rejects.is_empty() { Done::Clean } else { Done::WithRejects })
}

/// Shows the languages of the first comments.
fn show_languages(out: &mut impl Write, languages: &[(&'static str, u64)]) -> io::Result<()> {
    let known: u64 = languages.iter().map(|(_, count)| count).sum();
    if known == 0 {
        return writeln!(out, "languages: none is known");
    }
    let share = |(language, count): &(&str, u64)| format!("{language} {}", percent(*count, known));
    let mut shares: Vec<String> = languages.iter().take(LANGUAGES).map(share).collect();
    if let Some(more @ 1..) = languages.len().checked_sub(LANGUAGES) {
        shares.push(format!("{more} more"));
    }
    let texts = counted(known, "different text", "different texts");
    writeln!(out, "languages: {} (of {texts} at the beginning)", shares.join(", "))
}

/// The files that were read, then those that could not be.
fn rows(understood: &Understood) -> Vec<Row<'_>> {
    let read = understood.files.iter().map(|UnderstoodFile { report: file, .. }| Row {
        file: &file.file,
        format: Some(file.format.as_str()),
        comments: file.comments,
        rejects: file.rejects,
    });
    let whole_files = understood.rejects.iter().filter(|reject| reject.record == 0);
    read.chain(whole_files.map(|reject| Row { file: &reject.file, format: None, comments: 0, rejects: 1 }))
        .collect()
}

fn show_file(out: &mut impl Write, file: &UnderstoodFile, understood: &Understood) -> io::Result<()> {
    let report = &file.report;
    writeln!(out, "{}", one_line(&report.file))?;
    writeln!(out, "  format    {}: {}", report.format, report.why)?;
    writeln!(out, "  comments  {}", report.comments)?;
    writeln!(out, "  rejects   {}", report.rejects)?;
    let of_file = understood.rejects.iter().filter(|reject| reject.file == report.file);
    for reject in of_file.take(SHOWN) {
        writeln!(out, "    record {} (line {}): {}", reject.record, reject.line, one_line(&reject.cause))?;
    }
    for notice in &report.notices {
        writeln!(out, "  notice    {}", one_line(notice))?;
    }
    if !report.doubts.is_empty() {
        writeln!(out, "  unsure    of {}", counted(report.doubts.len() as u64, "place", "places"))?;
        for doubt in report.doubts.iter().take(SHOWN) {
            writeln!(out, "    line {}: {}", doubt.line, one_line(&doubt.what))?;
        }
    }
    if report.comments > 0 {
        show_fields(out, file)?;
    }
    show_lists(out, &report.record_lists)?;
    if !report.unused.is_empty() {
        let shown: Vec<String> = report.unused.iter().take(UNUSED).map(|name| one_line(name)).collect();
        let more = report.unused.len() - shown.len();
        let more = if more == 0 { String::new() } else { format!(", and {more} more") };
        writeln!(out, "  not used  {}{more}", shown.join(", "))?;
    }
    writeln!(out)
}

/// Shows the first comments field by field: the column that each field was read from, the share of
/// comments that have it, and its values.
fn show_fields(out: &mut impl Write, file: &UnderstoodFile) -> io::Result<()> {
    let report = &file.report;
    let lines = file.previews.iter().map(|preview| format!("line {}", preview.comment.origin.line));
    let heading: Vec<String> =
        ["field", "read from", ">filled"].into_iter().map(str::to_owned).chain(lines).collect();
    let mut rows = Vec::new();
    for (field, filled) in Field::ALL.into_iter().zip(file.filled) {
        let columns: Vec<&str> = report
            .columns
            .iter()
            .filter(|(known, _)| *known == field)
            .map(|(_, column)| column.as_str())
            .collect();
        let source = match (field, &columns[..]) {
            (Field::Id, []) => "(numbered)".to_owned(),
            (Field::Thread, []) => "(the file's name)".to_owned(),
            (_, []) if filled == 0 => continue,
            (_, []) => "(the layout)".to_owned(),
            (_, columns) => shorten(&one_line(&columns.join(", ")), COLUMN_CHARS),
        };
        let values = file.previews.iter().map(|preview| {
            shorten(&one_line(&value_of(&preview.comment, field).unwrap_or_default()), VALUE_CHARS)
        });
        let share = percent(filled, report.comments);
        rows.push([field.to_string(), source, share].into_iter().chain(values).collect::<Vec<_>>());
    }
    if file.previews.iter().any(|preview| preview.normalized != preview.comment.text) {
        let values = file.previews.iter().map(|preview| shorten(&one_line(&preview.normalized), VALUE_CHARS));
        let source = ["scored as", "(normalized text)", ""].map(str::to_owned);
        rows.insert(1, source.into_iter().chain(values).collect());
    }
    writeln!(out)?;
    table::show(out, "  ", &heading.iter().map(String::as_str).collect::<Vec<_>>(), rows)
}

/// Shows the places that look like records, if there is a choice.
fn show_lists(out: &mut impl Write, lists: &[RecordList]) -> io::Result<()> {
    if lists.len() < 2 {
        return Ok(());
    }
    writeln!(out, "  records   these paths look like records; --records PATH reads others")?;
    let rows = lists.iter().map(|list| {
        let fields: Vec<String> = list.fields.iter().map(ToString::to_string).collect();
        let read = if list.is_read { "read" } else { "not read" };
        [one_line(&list.path), list.records.to_string(), fields.join(", "), read.to_owned()]
    });
    table::show(out, "    ", &["path", ">records", "fields", ""], rows)
}

/// Returns a share in percent. It is rounded, but never to 0% or 100% unless it is exactly that.
fn percent(count: u64, of: u64) -> String {
    let share = (100.0 * count as f64 / of.max(1) as f64).round() as u64;
    let share = if count > 0 { share.max(1) } else { share };
    let share = if count < of { share.min(99) } else { share };
    format!("{share}%")
}

/// Cuts a text to the length of a line in a terminal.
fn shorten(text: &str, chars: usize) -> String {
    if text.chars().nth(chars).is_none() {
        return text.to_owned();
    }
    text.chars().take(chars).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_whole_only_if_they_are() {
        for (count, of, expected) in
            [(0, 0, "0%"), (0, 9, "0%"), (1, 1000, "1%"), (999, 1000, "99%"), (9, 9, "100%"), (1, 3, "33%")]
        {
            assert_eq!(percent(count, of), expected, "{count} of {of}");
        }
    }
}
