//! `by.csv`: the export by the values of a column, so that sections, languages or months can be set side by side.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ReportError;
use super::draft::{Drafts, Table};
use super::plain::{cell, decimal, estimate, toxic};
use crate::aggregate::{Bin, Confusion, Tone, calibrated_share, corrected_share};
use crate::cell::guard;
use crate::score::Scored;

pub(super) const BY: &str = "by.csv";

/// Columns of `by.csv`.
const COLUMNS: [&str; 16] = [
    "column",
    "value",
    "comments",
    "scored",
    "mean_sentiment",
    "flagged",
    "toxic",
    "toxic_share",
    "toxic_low",
    "toxic_high",
    "calibrated_share",
    "calibrated_low",
    "calibrated_high",
    "corrected_share",
    "corrected_low",
    "corrected_high",
];

/// A column by which comments are set side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// Section of the site.
    Section,
    /// Language of the comment's own words.
    Language,
    /// What the comment was made under.
    Thread,
    /// Its author's name.
    Author,
    /// The input file in which it stood.
    File,
    /// Day of posting, UTC.
    Day,
    /// Week of posting by ISO 8601, UTC.
    Week,
    /// Month of posting, UTC.
    Month,
    /// Year of posting, UTC.
    Year,
    /// Hour of the day of posting, UTC.
    Hour,
}

impl Column {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Section,
        Self::Language,
        Self::Thread,
        Self::Author,
        Self::File,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Year,
        Self::Hour,
    ];

    /// What `by.csv` holds where nothing else is asked for.
    pub const DEFAULT: [Self; 3] = [Self::Section, Self::Language, Self::Month];

    /// The same, for runs that do not say.
    pub(super) fn usual() -> Vec<Self> {
        Self::DEFAULT.to_vec()
    }

    /// The word of the command line and of `by.csv`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Section => "section",
            Self::Language => "language",
            Self::Thread => "thread",
            Self::Author => "author",
            Self::File => "file",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
            Self::Hour => "hour",
        }
    }

    /// What a comment has there; the empty string where it has nothing.
    fn value(self, scored: &Scored) -> Cow<'_, str> {
        let comment = &scored.comment;
        let time = |format: &str| {
            Cow::Owned(comment.created_at.map(|time| time.strftime(format).to_string()).unwrap_or_default())
        };
        match self {
            Self::Section => Cow::Borrowed(comment.section.as_deref().unwrap_or_default()),
            Self::Language => Cow::Borrowed(scored.language.as_deref().unwrap_or_default()),
            Self::Thread => Cow::Borrowed(&comment.thread),
            Self::Author => Cow::Borrowed(comment.person().unwrap_or_default()),
            Self::File => Cow::Borrowed(&comment.origin.file),
            Self::Day => time("%Y-%m-%d"),
            Self::Week => time("%G-W%V"),
            Self::Month => time("%Y-%m"),
            Self::Year => time("%Y"),
            Self::Hour => time("%H"),
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Column {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|column| column.as_str() == word).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            format!("unknown column `{word}`; known: {known}")
        })
    }
}

/// The comments that have one value.
#[derive(Default)]
pub(super) struct Group {
    pub(super) bin: Bin,
    /// Comments on which a rule of the policy fired.
    pub(super) flagged: u64,
}

/// The comments by the values of some columns: one small record a value.
pub(super) struct Groups(Vec<(Column, BTreeMap<String, Group>)>);

impl Groups {
    pub(super) fn new(columns: &[Column]) -> Self {
        Self(columns.iter().map(|column| (*column, BTreeMap::new())).collect())
    }

    pub(super) fn add(&mut self, scored: &Scored, flagged: bool) {
        let tone = scored.outcome.scores().map(Tone::of);
        for (column, groups) in &mut self.0 {
            let value = column.value(scored);
            if !groups.contains_key(value.as_ref()) {
                groups.insert(value.clone().into_owned(), Group::default());
            }
            let group = groups.get_mut(value.as_ref()).expect("put there if it was missing");
            group.bin.add(None, tone);
            group.flagged += u64::from(flagged);
        }
    }

    /// The columns by which comments differ, with their values in ascending order.
    pub(super) fn telling(&self) -> impl Iterator<Item = (Column, &BTreeMap<String, Group>)> {
        self.0.iter().filter(|(_, groups)| groups.len() > 1).map(|(column, groups)| (*column, groups))
    }
}

/// Writes `by.csv`: column after column as asked for, values in ascending order, a blank one for comments without.
pub(super) fn write(
    groups: &Groups,
    errors: Option<&Confusion>,
    drafts: &mut Drafts,
) -> Result<(), ReportError> {
    let mut table = Table::create(BY, &COLUMNS, drafts)?;
    for (column, groups) in &groups.0 {
        for (value, Group { bin, flagged }) in groups {
            let mut cells = vec![
                column.as_str().to_owned(),
                guard(value).into_owned(),
                bin.comments.to_string(),
                bin.scored.to_string(),
                decimal(bin.sentiment.mean()),
                flagged.to_string(),
                cell(toxic(&bin.toxic, &bin.toxicity, &bin.scored)),
            ];
            let corrected =
                errors.and_then(|errors| corrected_share(bin.toxic, bin.toxicity.count(), errors));
            for share in [bin.toxic_share(), calibrated_share(&bin.toxicity), corrected] {
                cells.extend(estimate(share));
            }
            table.row(&cells, drafts)?;
        }
    }
    table.finish(drafts)
}
