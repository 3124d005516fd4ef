//! `authors.csv`: a row a name, over all threads. Comments without a name are nobody's: they are counted in the summary
//! and have no row, for they need not be one person.

use super::ReportError;
use super::draft::{Drafts, Table};
use super::plain::{cell, decimal};
use super::survey::Survey;
use crate::aggregate::{AuthorTotals, MIN_COMMENTS_TO_RANK, Shrinkage, Shrunk};
use crate::cell::guard;

pub(super) const AUTHORS: &str = "authors.csv";

/// Columns of `authors.csv`.
const COLUMNS: [&str; 16] = [
    "author",
    "comments",
    "scored",
    "mean_toxicity",
    "max_toxicity",
    "toxicity_share",
    "mean_sentiment",
    "flagged",
    "flagged_share",
    "flagged_low",
    "flagged_high",
    "shrunk_toxicity",
    "shrunk_low",
    "shrunk_high",
    "ranked",
    "rank",
];

/// An author's row.
#[derive(Clone, Copy)]
pub(super) struct Row<'s> {
    pub(super) author: &'s str,
    pub(super) totals: &'s AuthorTotals,
    /// Share of the sum of toxicity of all scored comments; none where that is 0.
    pub(super) toxicity_share: Option<f64>,
    /// Shrunk mean of toxicity, within 0 and 1; none where the export cannot tell authors from chance.
    pub(super) shrunk: Option<Shrunk>,
    /// From 1, by shrunk mean, most toxic first; none below [`MIN_COMMENTS_TO_RANK`] scored comments.
    pub(super) rank: Option<usize>,
}

/// Every author: the ranked by rank, then the others in the order of their first comments. Four bytes an author.
pub(super) struct Rows<'s> {
    survey: &'s Survey<'s>,
    shrinkage: Option<Shrinkage>,
    /// Numbers of authors.
    order: Vec<u32>,
    /// How many of them are ranked.
    pub(super) ranked: usize,
}

/// Ranks the authors.
pub(super) fn rows<'s>(survey: &'s Survey<'_>) -> Rows<'s> {
    let shrinkage = Shrinkage::estimate(survey.authors.iter().map(|(_, totals)| &totals.toxicity));
    let mut rows = Rows { survey, shrinkage, order: (0..survey.authors.len() as u32).collect(), ranked: 0 };
    let standing = |number: &u32| {
        let totals = survey.authors.totals(*number as usize);
        rows.shrunk(totals).filter(|_| totals.scored() >= MIN_COMMENTS_TO_RANK).map(|shrunk| shrunk.mean)
    };
    // The sort is stable: equals, and all who are not ranked, stay in the order of their first comments.
    let mut order = rows.order.clone();
    order.sort_by(|a, b| {
        let mean = |number| standing(number).unwrap_or(f64::NEG_INFINITY);
        mean(b).total_cmp(&mean(a))
    });
    rows.ranked = order.iter().filter(|number| standing(number).is_some()).count();
    rows.order = order;
    rows
}

impl<'s> Rows<'s> {
    /// The rows from the first on.
    pub(super) fn iter(&self) -> impl Iterator<Item = Row<'s>> {
        let sum = self.survey.toxicity.sum();
        self.order.iter().enumerate().map(move |(index, number)| {
            let (author, totals) =
                (self.survey.authors.name(*number as usize), self.survey.authors.totals(*number as usize));
            Row {
                author,
                totals,
                toxicity_share: (sum > 0.0).then(|| totals.toxicity.sum() / sum),
                shrunk: self.shrunk(totals),
                rank: (index < self.ranked).then_some(index + 1),
            }
        })
    }

    fn shrunk(&self, totals: &AuthorTotals) -> Option<Shrunk> {
        let shrunk = self.shrinkage?.shrink(&totals.toxicity)?;
        Some(Shrunk { mean: shrunk.mean.clamp(0.0, 1.0), interval: shrunk.interval.clamp(0.0, 1.0) })
    }
}

/// Writes `authors.csv`.
pub(super) fn write(rows: &Rows<'_>, drafts: &mut Drafts) -> Result<(), ReportError> {
    let mut table = Table::create(AUTHORS, &COLUMNS, drafts)?;
    for Row { author, totals, toxicity_share, shrunk, rank } in rows.iter() {
        let flagged = totals.flagged_interval();
        let cells: [String; COLUMNS.len()] = [
            guard(author).into_owned(),
            totals.comments.to_string(),
            totals.scored().to_string(),
            decimal(totals.toxicity.mean()),
            decimal(totals.toxicity.max()),
            decimal(toxicity_share),
            decimal(totals.sentiment.mean()),
            totals.flagged.to_string(),
            decimal(totals.flagged_share()),
            decimal(flagged.map(|interval| interval.low)),
            decimal(flagged.map(|interval| interval.high)),
            decimal(shrunk.map(|shrunk| shrunk.mean)),
            decimal(shrunk.map(|shrunk| shrunk.interval.low)),
            decimal(shrunk.map(|shrunk| shrunk.interval.high)),
            rank.is_some().to_string(),
            cell(rank),
        ];
        table.row(&cells, drafts)?;
    }
    table.finish(drafts)
}
