//! `authors.csv`: one row per name, over all threads. Comments without a name, or under one that
//! many people share, are counted in the summary and have no row: they need not be one person's.

use std::io;

use bytemuck::{Pod, Zeroable};

use super::ReportError;
use super::draft::{Drafts, Table};
use super::first_pass::FirstPass;
use super::plain::{cell, decimal};
use crate::aggregate::{
    AuthorTotals, CommentStats, FixedPoint, MIN_COMMENTS_TO_RANK, Shrinkage, Shrunk, TOP, Tone, gini,
    top_share,
};
use crate::cell::guard;
use crate::sort::{Records, Sorted, Sorter};

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

/// A comment as its author's totals see it: 16 bytes. They are summed in the order of their values,
/// which is the same whatever the order of the input.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
struct Written {
    author: u32,
    is_scored: u8,
    has_toxicity: u8,
    has_sentiment: u8,
    is_flagged: u8,
    toxicity: FixedPoint,
    sentiment: FixedPoint,
}

/// Gathers what named authors wrote, on disk.
pub(super) struct AuthorSorter(Sorter<Written>);

impl AuthorSorter {
    pub(super) fn new(drafts: &Drafts) -> Self {
        Self(drafts.sorter())
    }

    /// Notes a comment.
    pub(super) fn push(&mut self, stats: &CommentStats) -> io::Result<()> {
        let Some(author) = stats.author() else { return Ok(()) };
        let Tone { toxicity, sentiment } = stats.tone().unwrap_or_default();
        self.0.push(Written {
            author,
            is_scored: stats.tone().is_some().into(),
            has_toxicity: toxicity.is_some().into(),
            has_sentiment: sentiment.is_some().into(),
            is_flagged: stats.is_flagged().into(),
            toxicity: FixedPoint::new(toxicity.unwrap_or(0.0)),
            sentiment: FixedPoint::new(sentiment.unwrap_or(0.0)),
        })
    }

    /// The totals, once every comment was noted.
    pub(super) fn finish(self, drafts: &Drafts) -> io::Result<Totals> {
        let mut written = self.0.finish()?;
        let mut written = written.records()?.peekable();
        let mut totals = drafts.sorter();
        while let Some(first) = written.next() {
            let first = first?;
            let mut author = AuthorTotals::default();
            let mut add = |comment: Written| {
                let given = |is_given: u8, score: FixedPoint| (is_given == 1).then(|| score.get());
                let tone = Tone {
                    toxicity: given(comment.has_toxicity, comment.toxicity),
                    sentiment: given(comment.has_sentiment, comment.sentiment),
                };
                author.add((comment.is_scored == 1).then_some(tone), comment.is_flagged == 1);
            };
            add(first);
            while let Some(next) =
                written.next_if(|next| next.as_ref().map_or(true, |next| next.author == first.author))
            {
                add(next?);
            }
            totals.push(Entry::new(first.author.into(), first.author, &author))?;
        }
        Ok(Totals(totals.finish()?))
    }
}

/// An author's totals on disk: 104 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
struct Entry {
    /// The sort key.
    key: u64,
    number: u64,
    /// The [`AuthorTotals`], as they are in memory.
    totals: [u64; size_of::<AuthorTotals>() / 8],
}

impl Entry {
    fn new(key: u64, number: u32, totals: &AuthorTotals) -> Self {
        Self { key, number: number.into(), totals: bytemuck::cast(*totals) }
    }

    fn read(self) -> (usize, AuthorTotals) {
        (self.number as usize, bytemuck::cast(self.totals))
    }
}

/// Every author's totals, on disk.
pub(super) struct Totals(Sorted<Entry>);

impl Totals {
    /// Numbers and totals of the authors, in the order of the numbers.
    pub(super) fn iter(&mut self) -> io::Result<impl Iterator<Item = io::Result<(usize, AuthorTotals)>>> {
        Ok(read(self.0.records()?))
    }

    /// Something of every author that one has most of: the Gini coefficient, and the share of the
    /// [`TOP`] authors with most. Eight bytes an author for as long as it takes.
    fn concentration(&mut self, amount: fn(&AuthorTotals) -> f64) -> io::Result<[Option<f64>; 2]> {
        let amounts = self.iter()?.map(|author| Ok(amount(&author?.1)));
        let mut amounts: Vec<f64> = amounts.collect::<io::Result<_>>()?;
        Ok([gini(&mut amounts), top_share(&mut amounts, TOP)])
    }
}

fn read(entries: Records<'_, Entry>) -> impl Iterator<Item = io::Result<(usize, AuthorTotals)>> {
    entries.map(|entry| Ok(entry?.read()))
}

/// An author's row.
#[derive(Clone, Copy)]
pub(super) struct Row<'s> {
    pub(super) author: &'s str,
    pub(super) totals: AuthorTotals,
    /// Share of the sum of toxicity of all scored comments; `None` if that is 0.
    pub(super) toxicity_share: Option<f64>,
    /// Shrunk mean of toxicity, within 0 and 1; `None` if the export cannot tell authors from
    /// chance.
    pub(super) shrunk: Option<Shrunk>,
    /// From 1, by shrunk mean, most toxic first. `None` below [`MIN_COMMENTS_TO_RANK`] scored
    /// comments, and for everybody if [`Authors::differ`] is false.
    pub(super) rank: Option<usize>,
}

/// The authors as the summaries and the page show them.
pub(super) struct Authors<'s> {
    /// The number of authors with enough scored comments to be ranked.
    pub(super) ranked: usize,
    /// True if the scores distinguish at least two of those: the interval of one is above that of
    /// another. Otherwise nobody gets a rank.
    pub(super) differ: bool,
    /// The first of those, at most as many as were asked for: by rank, or without ranks by the
    /// number of scored comments.
    pub(super) top: Vec<Row<'s>>,
    /// The first of the others, in the order of their first comments, at most as many.
    pub(super) others: Vec<Row<'s>>,
    /// For comments: the Gini coefficient, and the share of the [`TOP`] authors with most.
    pub(super) of_comments: [Option<f64>; 2],
    /// The same for the sum of toxicity.
    pub(super) of_toxicity: [Option<f64>; 2],
}

/// Writes `authors.csv`: first the authors with enough scored comments, by rank or (if nobody has
/// one) by the number of scored comments; then the others in the order of their first comments.
/// Returns the first `most` of both.
pub(super) fn write<'s>(
    first_pass: &'s FirstPass<'_>,
    totals: &mut Totals,
    most: usize,
    drafts: &mut Drafts,
) -> Result<Authors<'s>, ReportError> {
    let failed = |source| drafts.failed_to_sort(source);
    let shrinkage = Shrinkage::estimate(|see| {
        totals.iter()?.try_for_each(|author| author.map(|(_, totals)| see(&totals.toxicity)))
    });
    let shrinkage = shrinkage.map_err(failed)?;
    let differ = differ(totals, shrinkage).map_err(failed)?;
    let mut authors = Authors {
        ranked: 0,
        differ,
        top: Vec::new(),
        others: Vec::new(),
        of_comments: totals.concentration(|totals| totals.comments as f64).map_err(failed)?,
        of_toxicity: totals.concentration(|totals| totals.toxicity.sum()).map_err(failed)?,
    };
    let mut by_rank = rank(totals, shrinkage, differ, drafts).map_err(failed)?;

    let mut table = Table::create(AUTHORS, &COLUMNS, drafts)?;
    let sum = first_pass.toxicity.sum();
    for author in read(by_rank.records().map_err(|source| drafts.failed_to_sort(source))?) {
        let (number, totals) = author.map_err(|source| drafts.failed_to_sort(source))?;
        let shrunk = shrink(shrinkage, &totals);
        let is_ranked = is_ranked(&totals, shrunk);
        authors.ranked += usize::from(is_ranked);
        let row = Row {
            author: first_pass.authors.name(number),
            totals,
            toxicity_share: (sum > 0.0).then(|| totals.toxicity.sum() / sum),
            shrunk,
            rank: (is_ranked && differ).then_some(authors.ranked),
        };
        table.row(&cells(&row), drafts)?;
        let shown = if is_ranked { &mut authors.top } else { &mut authors.others };
        if shown.len() < most {
            shown.push(row);
        }
    }
    table.finish(drafts)?;
    Ok(authors)
}

/// Returns whether any two authors with enough scored comments are distinguished by their
/// intervals.
fn differ(totals: &mut Totals, shrinkage: Option<Shrinkage>) -> io::Result<bool> {
    let (mut highest_low, mut lowest_high) = (f64::NEG_INFINITY, f64::INFINITY);
    for author in totals.iter()? {
        let (_, totals) = author?;
        if let Some(shrunk) = shrink(shrinkage, &totals).filter(|shrunk| is_ranked(&totals, Some(*shrunk))) {
            highest_low = highest_low.max(shrunk.interval.low);
            lowest_high = lowest_high.min(shrunk.interval.high);
        }
    }
    Ok(highest_low > lowest_high)
}

/// Sorts the totals: authors with enough scored comments first.
fn rank(
    totals: &mut Totals,
    shrinkage: Option<Shrinkage>,
    differ: bool,
    drafts: &Drafts,
) -> io::Result<Sorted<Entry>> {
    let mut by_rank = drafts.sorter();
    for author in totals.iter()? {
        let (number, totals) = author?;
        let shrunk = shrink(shrinkage, &totals).filter(|shrunk| is_ranked(&totals, Some(*shrunk)));
        // The bits of numbers that are not negative sort as the numbers do. The largest comes
        // first, and before those who have too few comments.
        let key =
            shrunk.map_or(
                u64::MAX,
                |shrunk| {
                    if differ { !(shrunk.mean + 0.0).to_bits() - 1 } else { !totals.scored }
                },
            );
        by_rank.push(Entry::new(key, number as u32, &totals))?;
    }
    by_rank.finish()
}

fn shrink(shrinkage: Option<Shrinkage>, totals: &AuthorTotals) -> Option<Shrunk> {
    let shrunk = shrinkage?.shrink(&totals.toxicity)?;
    Some(Shrunk { mean: shrunk.mean.clamp(0.0, 1.0), interval: shrunk.interval.clamp(0.0, 1.0) })
}

fn is_ranked(totals: &AuthorTotals, shrunk: Option<Shrunk>) -> bool {
    shrunk.is_some() && totals.scored >= MIN_COMMENTS_TO_RANK
}

fn cells(Row { author, totals, toxicity_share, shrunk, rank }: &Row<'_>) -> [String; COLUMNS.len()] {
    let flagged = totals.flagged_interval();
    [
        guard(author).into_owned(),
        totals.comments.to_string(),
        totals.scored.to_string(),
        decimal(totals.toxicity.mean()),
        decimal(totals.toxicity.max()),
        decimal(*toxicity_share),
        decimal(totals.sentiment.mean()),
        totals.flagged.to_string(),
        decimal(totals.flagged_share()),
        decimal(flagged.map(|interval| interval.low)),
        decimal(flagged.map(|interval| interval.high)),
        decimal(shrunk.map(|shrunk| shrunk.mean)),
        decimal(shrunk.map(|shrunk| shrunk.interval.low)),
        decimal(shrunk.map(|shrunk| shrunk.interval.high)),
        rank.is_some().to_string(),
        cell(*rank),
    ]
}
