//! Columns by which a report groups comments.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

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
