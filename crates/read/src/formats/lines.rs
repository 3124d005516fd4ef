//! Plain text with one comment per line.

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

/// Checks whether each line of the beginning reads like a whole comment.
fn sniff(source: &Source, _: &Mapping) -> Verdict {
    match utterances::count(&head(source)) {
        Some(count) => {
            Verdict::Maybe(format!("each of its first {count} lines reads as a comment of its own"))
        }
        None => Verdict::No,
    }
}

/// Opens a text with one comment per line.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{read, survives_damage};

    #[test]
    fn each_line_is_a_comment() {
        let export = read(&FORMAT, b"The ferry sank, again.\r\n\r\n  I saw it! \nDid you?").unwrap();
        let texts = export.each(|comment| comment.text.clone());
        assert_eq!(texts, ["The ferry sank, again.", "I saw it!", "Did you?"]);
        assert_eq!(export.each(|comment| comment.origin.line), [1, 3, 4]);
        assert!(export.each(|comment| comment.author.clone()).iter().all(Option::is_none));
        assert!(export.tells("a guess"));
    }

    #[test]
    fn damaged_lines_are_comments_or_rejects() {
        survives_damage(&FORMAT, "The ferry sank, again.\nI saw it!\n\nDid you?\n");
        let export = read(&FORMAT, b"One.\n\xff\xfe\xff\nTwo.\n").unwrap();
        assert_eq!(export.comments.len() + export.rejects.len(), 3);
    }
}
