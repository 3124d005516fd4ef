//! `by.csv`: the export by the values of a column, so that sections, languages or months can be set
//! side by side.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::ReportError;
use super::draft::{Drafts, Table};
use super::plain::{cell, decimal, estimate, toxic};
use crate::aggregate::{Bin, Tone, calibrated_share, corrected_share};
use crate::cell::guard;
use crate::record::{Column, Confusion, Scored};

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
            let value = value(*column, scored);
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

/// Writes `by.csv`: column after column as asked for, values in ascending order, a blank one for
/// comments without.
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

/// Returns a comment's value; the empty string if it has none.
fn value(column: Column, scored: &Scored) -> Cow<'_, str> {
    let comment = &scored.comment;
    let time = |format: &str| {
        Cow::Owned(comment.created_at.map(|time| time.strftime(format).to_string()).unwrap_or_default())
    };
    match column {
        Column::Section => Cow::Borrowed(comment.section.as_deref().unwrap_or_default()),
        Column::Language => Cow::Borrowed(scored.language.as_deref().unwrap_or_default()),
        Column::Thread => Cow::Borrowed(&comment.thread),
        Column::Author => Cow::Borrowed(comment.person().unwrap_or_default()),
        Column::File => Cow::Borrowed(&comment.origin.file),
        Column::Day => time("%Y-%m-%d"),
        Column::Week => time("%G-W%V"),
        Column::Month => time("%Y-%m"),
        Column::Year => time("%Y"),
        Column::Hour => time("%H"),
    }
}
