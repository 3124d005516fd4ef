//! A scored comment as a row: the columns that all forms have in common, and their values as cells
//! and as JSON.

use std::borrow::Cow;
use std::ops::Range;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::{Outcome, Scored, Scores};
use crate::cell::guard;
use crate::decimal;
use crate::label::Label;

/// A column of [`COLUMNS`].
#[derive(Clone, Copy)]
pub struct Column {
    /// The name of the column.
    pub name: &'static str,
    /// The type of its values.
    pub kind: Kind,
    value: for<'a> fn(&'a Scored) -> Option<Value<'a>>,
}

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, and whatever only JSON has a type for.
    Text,
    /// A number with decimals.
    Number,
    /// A whole number.
    Whole,
    /// True or false.
    Flag,
    /// A time.
    Time,
}

/// A value of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Text of the export or of a policy.
    Text(&'a str),
    /// A word of a fixed list, such as a status.
    Word(&'static str),
    /// A number with six decimals.
    Number(f64),
    /// A whole number that may be negative.
    Whole(i64),
    /// A count.
    Count(u64),
    /// True or false.
    Flag(bool),
    /// A time.
    Time(Timestamp),
    /// Byte ranges of the text.
    Ranges(&'a [Range<usize>]),
}

impl Value<'_> {
    /// Returns the value as a cell of a CSV file.
    pub fn cell(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => guard(text),
            _ => self.text(),
        }
    }

    /// Returns the value as text.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Word(word) => Cow::Borrowed(word),
            Self::Number(number) => Cow::Owned(decimal::cell(Some(*number))),
            Self::Whole(number) => Cow::Owned(number.to_string()),
            Self::Count(count) => Cow::Owned(count.to_string()),
            Self::Flag(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
            Self::Time(time) => Cow::Owned(time.to_string()),
            Self::Ranges(ranges) => {
                let ranges = ranges.iter().map(|range| format!("{}-{}", range.start, range.end));
                Cow::Owned(ranges.collect::<Vec<_>>().join(" "))
            }
        }
    }

    /// Returns the value for a typed column of [`Kind::Text`]. No ranges are no value.
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        (!matches!(self, Self::Ranges([]))).then(|| self.text())
    }

    /// Returns the value for a typed column of [`Kind::Number`].
    pub fn as_number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(decimal::round(*number)) } else { None }
    }

    /// Returns the value for a typed column of [`Kind::Whole`] or [`Kind::Time`]. Times are in
    /// microseconds since 1970, UTC.
    pub fn as_whole(&self) -> Option<i64> {
        match self {
            Self::Whole(number) => Some(*number),
            Self::Count(count) => (*count).try_into().ok(),
            Self::Time(time) => Some(time.as_microsecond()),
            _ => None,
        }
    }

    /// Returns the value for a typed column of [`Kind::Flag`].
    pub fn as_flag(&self) -> Option<bool> {
        if let Self::Flag(flag) = self { Some(*flag) } else { None }
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Word(word) => serializer.serialize_str(word),
            Self::Number(number) => serializer.serialize_f64(decimal::round(*number)),
            Self::Whole(number) => serializer.serialize_i64(*number),
            Self::Count(count) => serializer.serialize_u64(*count),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Time(time) => serializer.collect_str(time),
            Self::Ranges(ranges) => {
                serializer.collect_seq(ranges.iter().map(|range| [range.start, range.end]))
            }
        }
    }
}

impl Column {
    /// Returns the value of a row; `None` if it has none, which is a blank cell or `null`.
    pub fn value<'a>(&self, scored: &'a Scored) -> Option<Value<'a>> {
        (self.value)(scored)
    }

    /// Returns the column of a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        COLUMNS.iter().find(|column| column.name == name)
    }
}

/// Returns the columns that scoring adds to a comment, in order.
pub fn score_columns() -> impl Iterator<Item = &'static Column> {
    let first = COLUMNS.iter().position(|column| column.name == "language").unwrap_or(0);
    COLUMNS[first..].iter().take_while(|column| column.name != "parent_inferred")
}

/// Returns the value of the column of a name; `None` if it has none.
pub fn value<'a>(scored: &'a Scored, name: &str) -> Option<Value<'a>> {
    Column::named(name)?.value(scored)
}

fn text(text: &Option<String>) -> Option<Value<'_>> {
    text.as_deref().map(Value::Text)
}

fn score(scored: &Scored, label: Label) -> Option<Value<'_>> {
    scored.outcome.scores()?.get(label).map(Value::Number)
}

/// The columns, in order.
pub const COLUMNS: [Column; 31] = [
    Column { name: "thread", kind: Kind::Text, value: |row| Some(Value::Text(&row.comment.thread)) },
    Column { name: "id", kind: Kind::Text, value: |row| Some(Value::Text(&row.comment.id)) },
    Column { name: "parent", kind: Kind::Text, value: |row| text(&row.comment.parent) },
    Column { name: "author", kind: Kind::Text, value: |row| text(&row.comment.author) },
    Column { name: "created_at", kind: Kind::Time, value: |row| row.comment.created_at.map(Value::Time) },
    Column { name: "text", kind: Kind::Text, value: |row| Some(Value::Text(&row.comment.text)) },
    Column { name: "status", kind: Kind::Text, value: |row| Some(Value::Word(row.comment.status.as_str())) },
    Column { name: "language", kind: Kind::Text, value: |row| text(&row.language) },
    Column { name: "sentiment", kind: Kind::Number, value: sentiment },
    Column { name: "negative", kind: Kind::Number, value: |row| score(row, Label::Negative) },
    Column { name: "neutral", kind: Kind::Number, value: |row| score(row, Label::Neutral) },
    Column { name: "positive", kind: Kind::Number, value: |row| score(row, Label::Positive) },
    Column { name: "toxicity", kind: Kind::Number, value: |row| score(row, Label::Toxicity) },
    Column { name: "severe_toxicity", kind: Kind::Number, value: |row| score(row, Label::SevereToxicity) },
    Column { name: "obscene", kind: Kind::Number, value: |row| score(row, Label::Obscene) },
    Column { name: "threat", kind: Kind::Number, value: |row| score(row, Label::Threat) },
    Column { name: "insult", kind: Kind::Number, value: |row| score(row, Label::Insult) },
    Column { name: "identity_attack", kind: Kind::Number, value: |row| score(row, Label::IdentityAttack) },
    Column { name: "evasion", kind: Kind::Flag, value: evasion },
    Column { name: "unscored", kind: Kind::Text, value: unscored },
    Column { name: "parent_inferred", kind: Kind::Flag, value: parent_inferred },
    Column { name: "quotes", kind: Kind::Text, value: |row| Some(Value::Ranges(&row.comment.quotes)) },
    Column { name: "unsourced", kind: Kind::Text, value: |row| Some(Value::Ranges(&row.comment.unsourced)) },
    Column { name: "link", kind: Kind::Text, value: |row| text(&row.comment.link) },
    Column { name: "section", kind: Kind::Text, value: |row| text(&row.comment.section) },
    Column { name: "thread_title", kind: Kind::Text, value: |row| text(&row.comment.thread_title) },
    Column { name: "votes", kind: Kind::Whole, value: |row| row.comment.votes.map(Value::Whole) },
    Column { name: "replies", kind: Kind::Whole, value: |row| row.comment.replies.map(Value::Count) },
    Column { name: "file", kind: Kind::Text, value: |row| Some(Value::Text(&row.comment.origin.file)) },
    Column { name: "record", kind: Kind::Whole, value: |row| Some(Value::Count(row.comment.origin.record)) },
    Column { name: "line", kind: Kind::Whole, value: |row| Some(Value::Count(row.comment.origin.line)) },
];

fn sentiment(row: &Scored) -> Option<Value<'_>> {
    row.outcome.scores().and_then(Scores::sentiment).map(Value::Number)
}

fn evasion(row: &Scored) -> Option<Value<'_>> {
    row.outcome.scores().map(|_| Value::Flag(row.evasion))
}

fn unscored(row: &Scored) -> Option<Value<'_>> {
    match &row.outcome {
        Outcome::Scored(_) => None,
        Outcome::Unscored(cause) => Some(Value::Word(cause.as_str())),
    }
}

fn parent_inferred(row: &Scored) -> Option<Value<'_>> {
    row.comment.parent.as_ref().map(|_| Value::Flag(row.comment.parent_inferred))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_meaning_in_every_form() {
        let time: Timestamp = "2026-11-23T06:35:00Z".parse().unwrap();
        let ranges = [0..4, 6..9];
        for (value, cell, json) in [
            (Value::Text("=é"), "'=é", "\"=é\""),
            (Value::Word("live"), "live", "\"live\""),
            (Value::Number(0.123_456_78), "0.123457", "0.123457"),
            (Value::Number(1.0), "1.000000", "1.0"),
            (Value::Whole(-3), "-3", "-3"),
            (Value::Count(u64::MAX), "18446744073709551615", "18446744073709551615"),
            (Value::Flag(true), "true", "true"),
            (Value::Time(time), "2026-11-23T06:35:00Z", "\"2026-11-23T06:35:00Z\""),
            (Value::Ranges(&ranges), "0-4 6-9", "[[0,4],[6,9]]"),
            (Value::Ranges(&[]), "", "[]"),
        ] {
            assert_eq!(value.cell(), cell);
            assert_eq!(serde_json::to_string(&value).unwrap(), json);
        }
        assert_eq!(Value::Text("=é").text(), "=é");
    }

    #[test]
    fn typed_columns_have_the_values_of_their_kind() {
        let time: Timestamp = "1970-01-01T00:00:01.5Z".parse().unwrap();
        assert_eq!(Value::Number(0.123_456_78).as_number(), Some(0.123_457));
        assert_eq!(Value::Time(time).as_whole(), Some(1_500_000));
        assert_eq!(Value::Count(u64::MAX).as_whole(), None);
        assert_eq!(Value::Whole(-3).as_whole(), Some(-3));
        assert_eq!(Value::Flag(true).as_flag(), Some(true));
        assert_eq!(Value::Text("").as_text().as_deref(), Some(""));
        let range = 1..3;
        assert_eq!(Value::Ranges(std::slice::from_ref(&range)).as_text().as_deref(), Some("1-3"));
        assert_eq!(Value::Ranges(&[]).as_text(), None);
        assert_eq!((Value::Word("live").as_number(), Value::Word("live").as_flag()), (None, None));
    }

    #[test]
    fn score_columns_are_those_between_the_comment_and_the_export() {
        let names = Vec::from_iter(score_columns().map(|column| column.name));
        assert_eq!((names[0], names[1], names[12]), ("language", "sentiment", "unscored"));
        assert_eq!(names.len(), 13);
    }

    #[test]
    fn every_column_has_its_own_name() {
        for (index, column) in COLUMNS.iter().enumerate() {
            let named = COLUMNS.iter().position(|other| other.name == column.name);
            assert_eq!(named, Some(index), "{}", column.name);
        }
    }
}
