//! Plain text of one comment a line.

use std::borrow::Cow;

use super::text::head;
use super::{FormatEntry, Hooks};
use crate::input::{Input, Parser, Values};
use crate::mapping::{Field, Mapping};
use crate::sniff::Verdict;
use crate::source::Source;
use crate::text::utterances;
use crate::{ReadError, Record};

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "lines",
    description: "one comment a line, without authors",
    extensions: &["txt"],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether each line of the beginning reads as all that somebody wrote.
fn sniff(source: &Source, _: &Mapping) -> Verdict {
    match utterances::count(&head(source)) {
        Some(count) => {
            Verdict::Maybe(format!("each of its first {count} lines reads as a comment of its own"))
        }
        None => Verdict::No,
    }
}

/// Opens a text of one comment a line.
fn open(mut input: Input) -> Result<Box<dyn Parser>, ReadError> {
    if input.options.format.is_none() {
        input.report.notices.push(
            "taken for one comment a line, a guess: --format lines says so for certain, --format text reads a copied page, \
             --format csv a table"
                .to_owned(),
        );
    }
    Ok(Box::new(Lines { input, raw: Vec::new() }))
}

struct Lines {
    input: Input,
    raw: Vec<u8>,
}

impl Parser for Lines {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            self.raw.clear();
            let Some(span) = self.input.source.read_line(&mut self.raw) else { return Ok(None) };
            if self.raw.trim_ascii().is_empty() {
                continue;
            }
            if let Some(cause) = self.input.source.defect(span, &self.raw) {
                return Ok(Some(self.input.reject(span, cause, &self.raw)));
            }
            let text = String::from_utf8_lossy(&self.raw);
            let mut values = Values::default();
            values[Field::Text as usize] = Some(Cow::Borrowed(text.trim()));
            return Ok(Some(self.input.comment(span, values)));
        }
    }

    fn input(&mut self) -> &mut Input {
        &mut self.input
    }
}
