//! `comity read`

use std::io::{self, Write};

use comity::pipeline::{self, Sample, Understood};
use comity::read::FileReport;

use super::Done;
use super::files::{self, Row};
use super::input::InputArgs;
use super::output::{Output, one_line};
use super::words::counted;

/// Doubts and rejects that are shown of each file; the rest is counted.
const SHOWN: usize = 20;
/// Characters that are shown of a text and of an author's name.
const TEXT_CHARS: usize = 90;
const AUTHOR_CHARS: usize = 40;

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
    let is_known = |file: &str| understood.files.iter().any(|report| &*report.file == file);
    for reject in understood.rejects.iter().filter(|reject| !is_known(&reject.file)) {
        writeln!(out, "{}\n  not read  {}\n", one_line(&reject.file), one_line(&reject.cause))?;
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
    let rejects: u64 = understood.files.iter().map(|file| file.rejects).sum();
    Ok(if rejects == 0 && understood.rejects.is_empty() { Done::Clean } else { Done::WithRejects })
}

/// The files that were read, then those that could not be.
fn rows(understood: &Understood) -> Vec<Row<'_>> {
    let read = understood.files.iter().map(|file| Row {
        file: &file.file,
        format: Some(file.format.as_str()),
        comments: file.comments,
        rejects: file.rejects,
    });
    let whole_files = understood.rejects.iter().filter(|reject| reject.record == 0);
    read.chain(whole_files.map(|reject| Row { file: &reject.file, format: None, comments: 0, rejects: 1 }))
        .collect()
}

fn show_file(out: &mut impl Write, file: &FileReport, understood: &Understood) -> io::Result<()> {
    writeln!(out, "{}", one_line(&file.file))?;
    writeln!(out, "  format    {}: {}", file.format, file.why)?;
    if !file.columns.is_empty() {
        let columns: Vec<String> =
            file.columns.iter().map(|(field, column)| format!("{field}={}", one_line(column))).collect();
        writeln!(out, "  columns   {}", columns.join(", "))?;
    }
    if !file.unused.is_empty() {
        writeln!(out, "  not used  {}", one_line(&file.unused.join(", ")))?;
    }
    writeln!(out, "  comments  {}", file.comments)?;
    writeln!(out, "  rejects   {}", file.rejects)?;
    let of_file = understood.rejects.iter().filter(|reject| reject.file == file.file);
    for reject in of_file.take(SHOWN) {
        writeln!(out, "    record {} (line {}): {}", reject.record, reject.line, one_line(&reject.cause))?;
    }
    for notice in &file.notices {
        writeln!(out, "  notice    {}", one_line(notice))?;
    }
    if !file.doubts.is_empty() {
        writeln!(out, "  unsure    of {}", counted(file.doubts.len() as u64, "place", "places"))?;
        for doubt in file.doubts.iter().take(SHOWN) {
            writeln!(out, "    line {}: {}", doubt.line, one_line(&doubt.what))?;
        }
    }
    for Sample { comment, normalized } in
        understood.samples.iter().filter(|s| s.comment.origin.file == file.file)
    {
        let author = one_line(&shorten(comment.author.as_deref().unwrap_or("(no author)"), AUTHOR_CHARS));
        writeln!(out, "  e.g. line {}, {author}: {}", comment.origin.line, shorten(normalized, TEXT_CHARS))?;
    }
    writeln!(out)
}

/// Cuts a text to the length of a line in a terminal.
fn shorten(text: &str, chars: usize) -> String {
    if text.chars().nth(chars).is_none() {
        return text.to_owned();
    }
    text.chars().take(chars).chain(['…']).collect()
}
