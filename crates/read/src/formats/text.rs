//! The page dump as an export format: the whole input is read and understood when it is opened.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::{FormatEntry, Hooks};
use crate::input::{Input, Parser, Values};
use crate::mapping::{Field, Mapping};
use crate::sniff::Verdict;
use crate::source::{Source, Span};
use crate::text::{self, Dump, DumpComment, MAX_LINE_BYTES, Overrides, TextError};
use crate::{Options, ReadError, ReadErrorKind, Record};

/// The longest page dump, in bytes: it is in memory as a whole.
const MAX_DUMP_BYTES: usize = 256 << 20;

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "text",
    description: "the text of a web page: an article, then its comments, each under its author's name",
    extensions: &["txt"],
    sniff,
    open,
    hooks: Hooks { chosen_by: Some(chosen_by), ..Hooks::NONE },
};

/// Returns the reason if options name the authors or the article: only a page dump has these.
fn chosen_by(options: &Options) -> Option<&'static str> {
    let has_options = options.authors.is_some() || options.article_end.is_some();
    has_options.then_some("as told by --authors or --article-end")
}

/// Checks whether the beginning of an input is that of a page dump.
fn sniff(source: &Source, _: &Mapping) -> Verdict {
    text::sniff(&head(source)).map_or(Verdict::No, |sniffed| Verdict::Maybe(sniffed.why))
}

/// Returns the whole lines of an input's beginning.
pub(super) fn head(source: &Source) -> Cow<'_, str> {
    let head = source.head();
    // The last line may be cut, within a character even.
    let end = if source.head_is_all() { None } else { head.iter().rposition(|byte| *byte == b'\n') };
    let head = String::from_utf8_lossy(&head[..end.unwrap_or(head.len())]);
    if source.line_end() == b'\r' { Cow::Owned(head.replace('\r', "\n")) } else { head }
}

/// Reads and understands a page dump.
fn open(mut input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let mut raw = Vec::new();
    let mut lines = Vec::new();
    let mut text = String::new();
    loop {
        let start = raw.len();
        let Some(span) = input.source.read_line(&mut raw) else { break };
        let line = &raw[start..];
        if line.len() > MAX_LINE_BYTES {
            return Err(error(&input, &TextError::LongLine { line: span.line }));
        }
        if raw.len() > MAX_DUMP_BYTES {
            return Err(error(&input, &TextError::Long));
        }
        let line = line.strip_suffix(&[input.source.line_end()]).unwrap_or(line);
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
        lines.push(Line { start, span });
    }
    let options = input.options.clone();
    let overrides =
        Overrides { authors: options.authors.as_deref(), article_end: options.article_end.as_deref() };
    let dump = text::parse(&text, &overrides).map_err(|cause| error(&input, &cause))?;
    describe(&mut input, &dump);
    Ok(Box::new(PageDump { input, raw, lines, comments: dump.comments.into() }))
}

fn error(input: &Input, cause: &TextError) -> ReadError {
    let kind = match cause {
        TextError::Empty => ReadErrorKind::Empty,
        TextError::LongLine { .. } | TextError::Long | TextError::NoComments => ReadErrorKind::Unrecognised,
        TextError::AuthorsNotFound(_) | TextError::ArticleEndNotFound(_) => ReadErrorKind::Option,
    };
    let (what, remedy) = cause.parts();
    ReadError::new(kind, &input.source.name, what, remedy)
}

fn describe(input: &mut Input, dump: &Dump) {
    let report = &mut input.report;
    report.notices.push(match dump.article.end {
        0 => "no article: the first line is an author's".to_owned(),
        last => format!("article: lines 1 to {last}"),
    });
    report.notices.extend(dump.notices.iter().cloned());
    report.doubts.clone_from(&dump.doubts);
}

/// A line of the input: its offset in `raw`, and its place in the file.
struct Line {
    start: usize,
    span: Span,
}

struct PageDump {
    input: Input,
    raw: Vec<u8>,
    lines: Vec<Line>,
    comments: VecDeque<DumpComment>,
}

impl Parser for PageDump {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        let Some(comment) = self.comments.pop_front() else { return Ok(None) };
        let (first, last) = (&self.lines[comment.lines.start], &self.lines[comment.lines.end - 1]);
        let span = Span { end: last.span.end, is_complete: last.span.is_complete, ..first.span };
        let end = self.lines.get(comment.lines.end).map_or(self.raw.len(), |line| line.start);
        let raw = &self.raw[first.start..end];
        if let Some(cause) = self.input.source.defect(span, raw) {
            return Ok(Some(self.input.reject(span, cause, raw)));
        }
        let mut values = Values::default();
        values[Field::Author as usize] = Some(Cow::Borrowed(&comment.author));
        values[Field::Text as usize] = Some(Cow::Borrowed(&comment.text));
        let mut record = self.input.comment(span, values);
        if let Record::Comment(record) = &mut record {
            record.quotes = comment.quotes;
        }
        Ok(Some(record))
    }

    fn input(&mut self) -> &mut Input {
        &mut self.input
    }
}

#[cfg(test)]
mod tests {
    use super::FORMAT;
    use crate::formats::testing::survives_damage;

    #[test]
    fn damaged_pages_are_read_or_refused() {
        for page in [
            "Ada\n2 hours ago\nRain again.\nReply\nBo\n3 hours ago\nNot here!\nReply\nAda\n4 hours ago\nLucky you.\nReply\n",
            "[–]ada 2 points 1 day ago\nRain again.\nreply\n[–]bo 3 points 1 day ago\nNot here!\nreply\n[–]cy 1 point 2 days ago\nOh.\n",
            "Ada: I see rain again.\nBo: You are lucky, we have none!\nAda: Come and get some of it.\n",
            "I see rain again.\n— Ada\n\nNot here, you liar!\n— Bo\n\nCome and see.\n— Ada\n",
        ] {
            survives_damage(&FORMAT, page);
        }
    }
}
