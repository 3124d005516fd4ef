//! The notation of an input's values, inferred once from the sampled values of its columns, and the
//! conversion of every record's values.
//!
//! Inferences are notices; changes to single values are counted in the diagnostics.

use std::borrow::Cow;
use std::ops::Range;

use super::html::{self, Markup};
use super::input::{Diagnostic, Diagnostics, Values};
use super::mapping::{Column, Field, Resolved};
use super::mojibake;
use comity_core::cell::unguard;

mod blank;
pub(crate) mod number;
mod wrapping;

use number::NumberColumn;
use wrapping::Wrapping;

/// The notation of an input's values. By default they are read unchanged.
#[derive(Clone, Debug, Default)]
pub(crate) struct Forms {
    /// Words that mark a missing value.
    blanks: Vec<&'static str>,
    wrapping: Wrapping,
    /// Values whose UTF-8 was read as another encoding, and right ones, among the last.
    mojibake: mojibake::Balance,
    markup: Markup,
    /// No text has a tag or a character reference.
    is_unmarked: bool,
    /// The fields whose values contain character references (`&amp;`).
    escaped: [bool; NAMES.len()],
    pub(crate) votes: NumberColumn,
    pub(crate) replies: NumberColumn,
    /// The input is a table of comity's own, whose cells are guarded against formula injection.
    pub(crate) is_guarded: bool,
}

/// Fields that contain words, apart from the text.
const NAMES: [Field; 3] = [Field::Author, Field::Section, Field::Thread];

impl Forms {
    /// Infers the notation from the sampled values of the columns.
    pub(crate) fn of(columns: &[Column], resolved: &Resolved) -> Self {
        let values = |field| resolved.get(field).map_or(&[][..], |index| columns[index].values.as_slice());
        let words = |field| resolved.all(field).flat_map(|index| &columns[index].values).map(String::as_str);
        let blanks = blank::words(columns, resolved);
        let wrapping = Wrapping::of(values(Field::Text));
        let texts: Vec<Cow<'_, str>> = words(Field::Text)
            .filter(|text| !blanks.contains(&text.trim()))
            .map(|text| wrapping.unwrap(text).map_or(Cow::Borrowed(text), Cow::Owned))
            .collect();
        let texts = || texts.iter().map(AsRef::as_ref);
        Self {
            mojibake: mojibake::Balance::of(texts().chain(words(Field::Author)).chain(words(Field::Section))),
            markup: Markup::of(texts()),
            is_unmarked: !texts().any(|text| text.contains(['<', '&'])),
            escaped: NAMES.map(|field| Markup::of(words(field)) == Markup::Escaped),
            votes: NumberColumn::of(words(Field::Votes)),
            replies: NumberColumn::of(words(Field::Replies)),
            blanks,
            wrapping,
            is_guarded: false,
        }
    }

    /// Returns true if a value is a word that marks a missing value.
    pub(crate) fn is_blank(&self, value: &str) -> bool {
        self.blanks.contains(&value.trim())
    }

    /// Returns notices for the user about what was inferred.
    pub(crate) fn notices(&self) -> impl Iterator<Item = String> {
        let markup = match self.markup {
            Markup::Plain => None,
            Markup::Escaped => Some(
                "characters of the texts are written as in HTML (`&amp;`): replaced by themselves, and tags by what they show",
            ),
            Markup::Html => Some("the texts are HTML: converted to plain text, quotations marked as such"),
        };
        self.wrapping.notice().into_iter().chain(markup).map(str::to_owned)
    }

    /// Converts the values of a record. Returns the ranges of its text that the markup shows as
    /// quotations.
    pub(crate) fn apply(
        &mut self,
        values: &mut Values<'_>,
        line: u64,
        diagnostics: &mut Diagnostics,
    ) -> Vec<Range<usize>> {
        for value in values.iter_mut() {
            let Some(content) = value else { continue };
            if self.is_guarded {
                *content = unguard(content).into_owned().into();
            }
            if content.contains('\0') {
                diagnostics.add(Diagnostic::Nul, line, "");
                *content = content.replace('\0', "").into();
            }
            if self.is_blank(content) {
                diagnostics.add(Diagnostic::Blank, line, content);
                *value = None;
            }
        }
        if let Some(text) = &mut values[Field::Text as usize]
            && let Some(unwrapped) = self.wrapping.unwrap(text)
        {
            *text = unwrapped.into();
        }
        for field in NAMES.into_iter().chain([Field::Text]) {
            let Some(value) = &mut values[field as usize] else { continue };
            if !self.mojibake.add(value) {
                continue;
            }
            if self.mojibake.is_broken() {
                diagnostics.add(Diagnostic::Mojibake, line, value);
                *value = mojibake::repair_all(value).into_owned().into();
            } else {
                diagnostics.add(Diagnostic::KeptMojibake, line, value);
            }
        }
        for (field, is_escaped) in NAMES.into_iter().zip(self.escaped) {
            if let (true, Some(value)) = (is_escaped, &mut values[field as usize]) {
                *value = html::unescape(value).into();
            }
        }
        let Some(text) = &mut values[Field::Text as usize] else { return Vec::new() };
        match self.markup {
            Markup::Plain => {
                if self.is_unmarked && text.contains('<') && html::has_tags(text) {
                    diagnostics.add(Diagnostic::LateMarkup, line, text);
                }
                Vec::new()
            }
            // A `<` that somebody typed would be escaped.
            Markup::Escaped if !(text.contains('<') && html::has_tags(text)) => {
                if text.contains('&') {
                    *text = html::unescape(text).into();
                }
                Vec::new()
            }
            Markup::Escaped | Markup::Html => {
                let plain = html::to_text(text);
                *text = plain.text.into();
                plain.quotes
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns the converted values of a table with the columns text, author and likes.
    fn convert(rows: &[[&str; 3]]) -> (Forms, Vec<[String; 3]>) {
        let fields = [Field::Text, Field::Author, Field::Votes];
        let columns: Vec<Column> = (0..3)
            .map(|index| Column {
                name: fields[index].as_str().to_owned(),
                values: rows
                    .iter()
                    .map(|row| row[index].to_owned())
                    .filter(|value| !value.is_empty())
                    .collect(),
            })
            .collect();
        let mut resolved = Resolved::default();
        for (index, field) in fields.into_iter().enumerate() {
            resolved.columns[field as usize] = Some(index);
        }
        let mut forms = Forms::of(&columns, &resolved);
        let mut convert = |row: &[&str; 3]| {
            let mut values = Values::default();
            for (index, field) in fields.into_iter().enumerate() {
                values[field as usize] = Some(row[index].into());
            }
            forms.apply(&mut values, 1, &mut Diagnostics::default());
            fields.map(|field| values[field as usize].as_deref().unwrap_or_default().to_owned())
        };
        let rows = rows.iter().map(&mut convert).collect();
        (forms, rows)
    }

    #[test]
    fn values_are_converted_as_their_columns_show() {
        let (forms, rows) = convert(&[
            ["<p>Caf\u{c3}\u{a9} &amp; cake</p>", "Zo\u{c3}\u{ab} &amp; Bo", "NA"],
            ["<p>No.</p>\0", "NA", "7"],
        ]);
        assert_eq!(rows, [["Caf\u{e9} & cake", "Zo\u{eb} & Bo", ""], ["No.", "", "7"]]);
        assert_eq!(forms.notices().count(), 1);
        let plain = [["I say a < b & c > d", "Ann", "7"], ["use `<p>` here", "Bo", "1.2K"]];
        assert_eq!(convert(&plain).1, plain.map(|row| row.map(str::to_owned)));
    }

    #[test]
    fn quotations_of_the_markup_are_returned() {
        let (mut forms, _) = convert(&[["<blockquote>So.</blockquote>No.", "", ""]]);
        let mut values = Values::default();
        values[Field::Text as usize] = Some("<blockquote>Yes.</blockquote><p>Never.</p>".into());
        let quotes = forms.apply(&mut values, 1, &mut Diagnostics::default());
        assert_eq!(values[Field::Text as usize].as_deref(), Some("Yes.\n\nNever."));
        assert_eq!(quotes.len(), 1);
        assert_eq!(quotes[0], 0..4);
    }

    proptest! {
        #[test]
        fn any_values_are_converted(
            rows in prop::collection::vec(
                [
                    "(b'|'|<p>|</p>|<|>|&amp;|&|;|`|\\\\[nrtux\"0]|[0-9a-f]{4}|\\{\"text\":\"|\"\\}|NA|Ã|Â|â€|™|\\PC){0,10}",
                    "(NA|None|Ã|©|&#39;|[a-z]{3}){0,3}",
                    "(NA|[0-9]{1,4}|[.,K +—-]|mil|likes){0,5}",
                ],
                0..4,
            )
        ) {
            let rows: Vec<[&str; 3]> = rows.iter().map(|row| row.each_ref().map(String::as_str)).collect();
            convert(&rows);
            for [_, _, votes] in &rows {
                NumberColumn::of(rows.iter().map(|row| row[2])).read(votes);
            }
        }
    }
}
