//! Columns by which a report groups comments.

use serde::{Deserialize, Serialize};

use crate::words;

/// A column by whose values a report groups comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// Section of the site.
    Section,
    /// Language of the comment's own words.
    Language,
    /// The article, video or submission that the comment is about.
    Thread,
    /// Name of the author.
    Author,
    /// The input file.
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
    /// The columns of `by.csv` if none are chosen.
    pub const DEFAULT: [Self; 3] = [Self::Section, Self::Language, Self::Month];

    /// Returns [`Self::DEFAULT`] for runs that did not record their columns.
    pub(super) fn usual() -> Vec<Self> {
        Self::DEFAULT.to_vec()
    }
}

words! { Column, "column":
    Section = "section",
    Language = "language",
    Thread = "thread",
    Author = "author",
    File = "file",
    Day = "day",
    Week = "week",
    Month = "month",
    Year = "year",
    Hour = "hour",
}
