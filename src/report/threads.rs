//! `threads.csv`: a row a thread, in the order of first appearance; `bins.csv` and `time_bins.csv`:
//! a row a stretch of a thread, by comments and by time; `size_bins.csv`: a row for the threads of
//! like size.

use std::cmp::Reverse;
use std::ops::Range;
use std::path::Path;

use jiff::Timestamp;

use super::ReportError;
use super::address::{Heading, Headings};
use super::chart::{self, Chart};
use super::draft::{Drafts, Table};
use super::first_pass::{FirstPass, OnDisk};
use super::plain::{cell, decimal, estimate, toxic};
use crate::aggregate::{Bin, Shape, SizeBin, SizeBins, ThreadTotals, TimeBins, Trend, shape};
use crate::cell::guard;

pub(super) const THREADS: &str = "threads.csv";
pub(super) const BINS: &str = "bins.csv";
pub(super) const TIME_BINS: &str = "time_bins.csv";
pub(super) const SIZE_BINS: &str = "size_bins.csv";

/// Columns of `threads.csv`.
const COLUMNS: [&str; 35] = [
    "thread",
    "comments",
    "scored",
    "authors",
    "first_time",
    "last_time",
    "replies",
    "replies_inferred",
    "depth",
    "branching",
    "gone",
    "bursts",
    "burst_comments",
    "mean_toxicity",
    "median_toxicity",
    "mean_sentiment",
    "peak_toxicity",
    "peak_position",
    "expected_maximum",
    "toxic",
    "toxic_share",
    "toxic_low",
    "toxic_high",
    "first_toxic_position",
    "recovered_position",
    "flagged",
    "toxicity_slope",
    "toxicity_tau",
    "toxicity_p",
    "sentiment_slope",
    "sentiment_tau",
    "sentiment_p",
    "toxicity_gini",
    "top_author_share",
    "author_evenness",
];

/// Columns of `bins.csv`.
const BIN_COLUMNS: [&str; 14] = [
    "thread",
    "bin",
    "first_position",
    "last_position",
    "first_time",
    "last_time",
    "comments",
    "scored",
    "mean_toxicity",
    "mean_sentiment",
    "toxic",
    "toxic_share",
    "toxic_low",
    "toxic_high",
];

/// Columns of `time_bins.csv`.
const TIME_BIN_COLUMNS: [&str; 12] = [
    "thread",
    "bin",
    "from",
    "to",
    "comments",
    "scored",
    "mean_toxicity",
    "mean_sentiment",
    "toxic",
    "toxic_share",
    "toxic_low",
    "toxic_high",
];

/// Columns of `size_bins.csv`.
const SIZE_BIN_COLUMNS: [&str; 12] = [
    "from",
    "to",
    "threads",
    "toxic_threads",
    "comments",
    "scored",
    "mean_toxicity",
    "mean_sentiment",
    "toxic",
    "toxic_share",
    "toxic_low",
    "toxic_high",
];

/// The threads of the report.
pub(super) struct Threads<'s> {
    /// All of them.
    pub(super) sizes: SizeBins,
    /// Those that were asked for.
    pub(super) rows: Vec<Row<'s>>,
}

/// A thread's row.
pub(super) struct Row<'s> {
    /// Its number in the first_pass.
    pub(super) number: usize,
    pub(super) thread: &'s str,
    /// Its title and its address.
    pub(super) heading: Heading,
    pub(super) totals: ThreadTotals,
    pub(super) toxicity: Option<Trend>,
    pub(super) sentiment: Option<Trend>,
    pub(super) expected_maximum: Option<f64>,
    /// `None` if no comment answers another that is in the export.
    pub(super) shape: Option<Shape>,
    /// The concentration of toxicity over authors: the Gini coefficient, and the share of the one
    /// with most.
    pub(super) concentration: Option<(f64, f64)>,
    /// The evenness of comments over named authors.
    pub(super) author_evenness: Option<f64>,
    /// `None` if it is not drawn.
    pub(super) chart: Option<Chart>,
}

/// Returns the threads with most scored comments, at most `most`, the largest first; those of one
/// size in the order of first appearance.
pub(super) fn largest(first_pass: &FirstPass<'_>, most: usize) -> Vec<usize> {
    let mut numbers: Vec<u32> = (0..first_pass.threads.len() as u32).collect();
    numbers.sort_by_key(|number| Reverse(first_pass.threads.totals(*number as usize).scored));
    numbers.into_iter().take(most).map(|number| number as usize).collect()
}

/// Writes `threads.csv`, `bins.csv`, `time_bins.csv` and `size_bins.csv`. Gives the threads by
/// size, and the rows of those asked for, in the order asked for; the first `charted` of them are
/// drawn.
pub(super) fn write<'s>(
    scores: &Path,
    first_pass: &'s FirstPass<'_>,
    disk: &mut OnDisk,
    wanted: &[usize],
    charted: usize,
    drafts: &mut Drafts,
) -> Result<Threads<'s>, ReportError> {
    let mut table = Table::create(THREADS, &COLUMNS, drafts)?;
    let mut bins = Table::create(BINS, &BIN_COLUMNS, drafts)?;
    let mut time_bins = Table::create(TIME_BINS, &TIME_BIN_COLUMNS, drafts)?;
    let mut sizes = SizeBins::default();
    let mut headings = Headings::open(scores)?;
    let mut kept: Vec<Option<Row<'s>>> = wanted.iter().map(|_| None).collect();
    let mut stats = disk.comments.records().map_err(|source| drafts.failed_to_sort(source))?;
    let mut replies = disk.replies.records().map_err(|source| drafts.failed_to_sort(source))?.peekable();
    for (number, (thread, counts)) in first_pass.threads.iter().enumerate() {
        let mut totals = ThreadTotals::new(counts.comments);
        for stats in stats.by_ref().take(counts.comments as usize) {
            totals.add(&stats.map_err(|source| drafts.failed_to_sort(source))?);
        }
        sizes.add(&totals);
        let mut parents: Vec<Option<u32>> = Vec::new();
        while let Some(reply) =
            replies.next_if(|next| next.as_ref().map_or(true, |next| next.reply.thread() as usize == number))
        {
            let reply = reply.map_err(|source| drafts.failed_to_sort(source))?;
            parents.resize(counts.comments as usize, None);
            parents[reply.reply.position() as usize - 1] = Some(reply.parent.position() - 1);
        }
        let mut row = Row {
            number,
            thread,
            heading: Heading::default(),
            toxicity: totals.toxicity_trend(),
            sentiment: totals.sentiment_trend(),
            expected_maximum: totals.expected_maximum(),
            shape: shape(&parents),
            concentration: totals.concentration(),
            author_evenness: totals.author_evenness(),
            chart: None,
            totals,
        };
        let bursts = row.totals.bursts();
        table.row(&cells(&row, &bursts), drafts)?;
        for (index, (first, bin)) in (1..).zip(row.totals.bins.iter()) {
            bins.row(&bin_cells(thread, index, first, bin), drafts)?;
        }
        let along_time = row.totals.time_bins();
        for (index, (from, to, bin)) in (1..).zip(along_time.iter().flat_map(TimeBins::iter)) {
            time_bins.row(&time_bin_cells(thread, index, [from, to], bin), drafts)?;
        }
        if let Some(place) = wanted.iter().position(|wanted| *wanted == number) {
            if place < charted {
                let drawn = chart::along(&row.totals, &bursts, along_time.as_ref());
                row.chart = drawn.map_err(|source| drafts.failed(chart::FOLDER, source))?;
            }
            row.heading = headings.of(counts)?;
            row.totals.forget_comments();
            kept[place] = Some(row);
        }
    }
    table.finish(drafts)?;
    bins.finish(drafts)?;
    time_bins.finish(drafts)?;
    let mut size_bins = Table::create(SIZE_BINS, &SIZE_BIN_COLUMNS, drafts)?;
    for (least, most, bin) in sizes.iter() {
        size_bins.row(&size_bin_cells(least, most, bin), drafts)?;
    }
    size_bins.finish(drafts)?;
    Ok(Threads { sizes, rows: kept.into_iter().flatten().collect() })
}

fn cells(row: &Row<'_>, bursts: &[Range<u32>]) -> Vec<String> {
    let Row { thread, totals, toxicity, sentiment, shape, concentration, .. } = row;
    let interval = totals.toxic_interval();
    let mut cells = vec![
        guard(thread).into_owned(),
        totals.comments.to_string(),
        totals.scored.to_string(),
        totals.authors().to_string(),
        cell(totals.times.map(|(first, _)| time(first))),
        cell(totals.times.map(|(_, last)| time(last))),
        totals.replies.to_string(),
        totals.replies_inferred.to_string(),
        cell(shape.map(|shape| shape.depth)),
        decimal(shape.map(|shape| shape.branching)),
        totals.gone.len().to_string(),
        bursts.len().to_string(),
        bursts.iter().map(ExactSizeIterator::len).sum::<usize>().to_string(),
        decimal(totals.toxicity.mean()),
        decimal(totals.median_toxicity()),
        decimal(totals.sentiment.mean()),
        decimal(totals.toxicity.max()),
        cell(totals.peak),
        decimal(row.expected_maximum),
        cell(toxic(&totals.toxic, &totals.toxicity, &totals.scored)),
        decimal(totals.toxic_share()),
        decimal(interval.map(|interval| interval.low)),
        decimal(interval.map(|interval| interval.high)),
        cell(totals.first_toxic),
        cell(totals.recovered),
        totals.flagged.to_string(),
    ];
    for trend in [toxicity, sentiment] {
        let test = trend.and_then(|trend| trend.test);
        cells.push(decimal(trend.map(|trend| trend.slope)));
        cells.push(decimal(test.map(|test| test.tau)));
        cells.push(decimal(test.map(|test| test.p)));
    }
    cells.push(decimal(concentration.map(|(gini, _)| gini)));
    cells.push(decimal(concentration.map(|(_, top)| top)));
    cells.push(decimal(row.author_evenness));
    cells
}

fn bin_cells(thread: &str, index: u32, first: u32, bin: &Bin) -> Vec<String> {
    let mut cells = vec![
        guard(thread).into_owned(),
        index.to_string(),
        first.to_string(),
        (u64::from(first) + bin.comments - 1).to_string(),
        cell(bin.times.map(|(first, _)| time(first))),
        cell(bin.times.map(|(_, last)| time(last))),
    ];
    cells.extend(score_cells(bin));
    cells
}

fn time_bin_cells(thread: &str, index: u32, ends: [f64; 2], bin: &Bin) -> Vec<String> {
    // Ends that are no whole seconds are rounded to the second.
    let [from, to] = ends.map(|end| time(end.round() as i64).to_string());
    let mut cells = vec![guard(thread).into_owned(), index.to_string(), from, to];
    cells.extend(score_cells(bin));
    cells
}

fn size_bin_cells(least: u64, most: u64, bin: &SizeBin) -> Vec<String> {
    let mut cells = [least, most, bin.threads].map(|number| number.to_string()).to_vec();
    cells.push(cell(toxic(&bin.toxic_threads, &bin.all.toxicity, &bin.all.scored)));
    cells.extend(score_cells(&bin.all));
    cells
}

/// The cells of a stretch that tell of its comments.
fn score_cells(bin: &Bin) -> impl Iterator<Item = String> {
    let cells = [
        bin.comments.to_string(),
        bin.scored.to_string(),
        decimal(bin.toxicity.mean()),
        decimal(bin.sentiment.mean()),
        cell(toxic(&bin.toxic, &bin.toxicity, &bin.scored)),
    ];
    cells.into_iter().chain(estimate(bin.toxic_share()))
}

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("it was a time when it was read")
}
