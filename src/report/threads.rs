//! `threads.csv`: a row a thread, in the order of first appearance.

use std::cmp::Reverse;

use super::ReportError;
use super::chart::Bins;
use super::draft::{Drafts, Table};
use super::plain::{cell, decimal};
use super::survey::Survey;
use crate::aggregate::{Mark, ThreadTotals, Trend};
use crate::cell::guard;
use crate::sort::Sorted;

pub(super) const THREADS: &str = "threads.csv";

/// Columns of `threads.csv`.
const COLUMNS: [&str; 22] = [
    "thread",
    "comments",
    "scored",
    "authors",
    "replies",
    "replies_inferred",
    "mean_toxicity",
    "mean_sentiment",
    "peak_toxicity",
    "peak_position",
    "toxic",
    "toxic_share",
    "toxic_low",
    "toxic_high",
    "first_toxic_position",
    "flagged",
    "toxicity_slope",
    "toxicity_tau",
    "toxicity_p",
    "sentiment_slope",
    "sentiment_tau",
    "sentiment_p",
];

/// A thread's row.
pub(super) struct Row<'s> {
    /// Its number in the survey.
    pub(super) number: usize,
    pub(super) thread: &'s str,
    pub(super) totals: ThreadTotals,
    pub(super) toxicity: Option<Trend>,
    pub(super) sentiment: Option<Trend>,
}

/// The threads with most scored comments, at most so many, the largest first; those of one size in the order of first
/// appearance.
pub(super) fn largest(survey: &Survey<'_>, most: usize) -> Vec<usize> {
    let mut numbers: Vec<u32> = (0..survey.threads.len() as u32).collect();
    numbers.sort_by_key(|number| Reverse(survey.threads.totals(*number as usize).scored));
    numbers.into_iter().take(most).map(|number| number as usize).collect()
}

/// Writes `threads.csv`. Gives the rows of the threads asked for, in the order asked for, each with what its chart shows.
pub(super) fn write<'s>(
    survey: &'s Survey<'_>,
    marks: &mut Sorted<Mark>,
    wanted: &[usize],
    drafts: &mut Drafts,
) -> Result<Vec<(Row<'s>, Bins)>, ReportError> {
    let mut table = Table::create(THREADS, &COLUMNS, drafts)?;
    let mut kept: Vec<Option<(Row<'s>, Bins)>> = wanted.iter().map(|_| None).collect();
    let mut marks = marks.records().map_err(|source| drafts.failed_to_sort(source))?;
    for (number, (thread, counts)) in survey.threads.iter().enumerate() {
        let mut totals = ThreadTotals::default();
        let mut kept = wanted.iter().position(|wanted| *wanted == number).map(|place| &mut kept[place]);
        let mut bins = Bins::new(counts.scored as usize);
        for mark in marks.by_ref().take(counts.comments as usize) {
            let mark = mark.map_err(|source| drafts.failed_to_sort(source))?;
            totals.add(&mark);
            if kept.is_some() {
                bins.add(&mark);
            }
        }
        let (toxicity, sentiment) = (totals.toxicity_trend(), totals.sentiment_trend());
        let mut row = Row { number, thread, totals, toxicity, sentiment };
        table.row(&cells(&row), drafts)?;
        if let Some(kept) = &mut kept {
            row.totals.forget_comments();
            **kept = Some((row, bins));
        }
    }
    table.finish(drafts)?;
    Ok(kept.into_iter().flatten().collect())
}

fn cells(row: &Row<'_>) -> Vec<String> {
    let Row { thread, totals, toxicity, sentiment, .. } = row;
    let toxic = totals.toxic_interval();
    let mut cells = vec![
        guard(thread).into_owned(),
        totals.comments.to_string(),
        totals.scored().to_string(),
        totals.authors().to_string(),
        totals.replies.to_string(),
        totals.replies_inferred.to_string(),
        decimal(totals.toxicity.mean()),
        decimal(totals.sentiment.mean()),
        decimal(totals.toxicity.max()),
        cell(totals.peak_position()),
        totals.toxic.to_string(),
        decimal(totals.toxic_share()),
        decimal(toxic.map(|interval| interval.low)),
        decimal(toxic.map(|interval| interval.high)),
        cell(totals.first_toxic),
        totals.flagged.to_string(),
    ];
    for trend in [toxicity, sentiment] {
        let test = trend.and_then(|trend| trend.test);
        cells.push(decimal(trend.map(|trend| trend.slope)));
        cells.push(decimal(test.map(|test| test.tau)));
        cells.push(decimal(test.map(|test| test.p)));
    }
    cells
}
