//! `report.html`: one page that opens offline, and runs no script.
//!
//! Text of comments reaches the page through the template's escaping alone (what switches it off
//! are the shapes of the charts, which hold numbers and our own words only), its style is the only
//! one that the content security policy lets apply (by hash), and nothing is loaded from anywhere.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use askama::Template;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::address;
use super::authors::{Authors, Row as AuthorRow};
use super::by::Group;
use super::chart::{self, Chart, Flag};
use super::draft::Drafts;
use super::first_pass::FirstPass;
use super::network::Network;
use super::plain::{self, number, percent, visible};
use super::queue::Queue;
use super::threads::{Row as ThreadRow, Threads};
use super::{ReportError, Summary};
use crate::aggregate::{
    CALM, EXPECTED_MAXIMUM_OF, MIN_COMMENTS_FOR_TREND, MIN_COMMENTS_TO_RANK, Shape, SizeBins, TOP, TOXIC,
    Trend,
};
use crate::record::Column;

pub(super) const PAGE: &str = "report.html";

/// Threads drawn, the largest; all are in `threads.csv`.
const MAX_CHARTS: usize = 20;

/// Rows of a table; all are in its file.
pub(super) const MAX_ROWS: usize = 100;

/// Rows of a long table that are not folded away.
const UNFOLDED: usize = 20;

/// Places for a probability on the page.
const DECIMALS: usize = 2;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    summary: &'a Summary,
    style_hash: String,
    /// `deadbeef…`: enough of the checksum to compare by eye.
    checksum: String,
    threads: Vec<ThreadView<'a>>,
    /// True if a thread has a chart.
    charted: bool,
    /// The number of flagged comments for each action.
    actions: String,
    more_threads: u64,
    sizes: &'a SizeBins,
    size_chart: &'a Chart,
    ranked: Vec<AuthorView<'a>>,
    more_ranked: u64,
    others: Vec<AuthorView<'a>>,
    unranked: u64,
    more_others: u64,
    bars: &'a [Chart; 2],
    network: &'a Network<'a>,
    columns: Vec<ColumnView<'a>>,
    notices: bool,
    doubts: u64,
}

/// The values of a column.
struct ColumnView<'a> {
    column: Column,
    /// Those with most comments.
    values: Vec<(&'a str, &'a Group)>,
    more: u64,
}

/// A chart as a file of its own.
#[derive(Template)]
#[template(path = "chart.svg")]
struct Drawing<'a> {
    title: String,
    chart: &'a Chart,
}

/// A thread in words.
struct ThreadView<'a> {
    row: &'a ThreadRow<'a>,
    /// Its title, or its name if it has none.
    heading: &'a str,
    /// Where flagged comments are marked in its chart, with the rank of the card that shows the
    /// comment, if one does.
    flags: Vec<(&'a Flag, Option<usize>)>,
    /// Its address on the web, whole and as it is shown.
    address: Option<(&'a str, String)>,
    toxicity_trend: String,
    sentiment_trend: String,
    /// More figures, a line each.
    statistics: Vec<String>,
}

/// An author in words.
struct AuthorView<'a> {
    row: AuthorRow<'a>,
    /// Low end, mean and high end of the shrunk mean, from 0 to 100.
    place: Option<[String; 3]>,
}

/// Returns how many of the largest threads are drawn: a single point is no chart.
pub(super) fn charted(first_pass: &FirstPass<'_>, largest: &[usize]) -> usize {
    let has_points = |number: &&usize| first_pass.threads.totals(**number).scored > 1;
    largest.iter().take(MAX_CHARTS).take_while(has_points).count()
}

/// Writes `report.html` and the charts. `threads` are the largest, the largest first.
pub(super) fn write(
    summary: &Summary,
    first_pass: &FirstPass<'_>,
    queue: &Queue<'_>,
    authors: &Authors<'_>,
    threads: &Threads<'_>,
    network: &Network<'_>,
    drafts: &mut Drafts,
) -> Result<(), ReportError> {
    let failed = |source, drafts: &Drafts| drafts.failed(chart::FOLDER, source);
    let bars = [
        chart::bars("toxicity (0 to 1)", &summary.toxicity.histogram)
            .map_err(|source| failed(source, drafts))?,
        chart::bars("sentiment (−1 to 1)", &summary.sentiment.histogram)
            .map_err(|source| failed(source, drafts))?,
    ];
    draw("toxicity.svg", "Toxicity of the scored comments".to_owned(), &bars[0], drafts)?;
    draw("sentiment.svg", "Sentiment of the scored comments".to_owned(), &bars[1], drafts)?;
    let size_chart = chart::sizes(&threads.sizes).map_err(|source| failed(source, drafts))?;
    draw("sizes.svg", "Toxic share by size of thread".to_owned(), &size_chart, drafts)?;
    for row in &threads.rows {
        if let Some(chart) = &row.chart {
            let heading = row.heading.title.as_deref().unwrap_or(row.thread);
            let title = format!("Toxicity and sentiment along {}", plain::name(heading));
            draw(&chart::name(row.number), title, chart, drafts)?;
        }
    }
    let unranked = first_pass.authors.len() - authors.ranked;

    let page = Page {
        summary,
        style_hash: hash(include_str!("../../templates/report.css")),
        checksum: summary.run.model.checksum.chars().take(12).collect(),
        threads: threads.rows.iter().map(|row| thread_view(row, queue)).collect(),
        charted: threads.rows.iter().any(|row| row.chart.is_some()),
        actions: flagged_actions(summary),
        more_threads: (first_pass.threads.len() - threads.rows.len()) as u64,
        sizes: &threads.sizes,
        size_chart: &size_chart,
        more_ranked: authors.ranked.saturating_sub(MAX_ROWS) as u64,
        unranked: unranked as u64,
        more_others: unranked.saturating_sub(MAX_ROWS) as u64,
        ranked: authors.top.iter().copied().map(author_view).collect(),
        others: authors.others.iter().copied().map(author_view).collect(),
        bars: &bars,
        network,
        columns: first_pass.groups.telling().map(|(column, groups)| column_view(column, groups)).collect(),
        notices: summary.run.inputs.iter().any(|input| !input.notices.is_empty()),
        doubts: summary.run.inputs.iter().map(|input| input.doubts).sum(),
    };
    let html = page.render().map_err(|error| drafts.failed(PAGE, std::io::Error::other(error)))?;
    // Over the whole page, so that no field is forgotten; the template contains no such characters.
    drafts.write(PAGE, &(visible(&html).into_owned() + "\n"))
}

/// The actions that flagged comments call for, in words.
fn flagged_actions(summary: &Summary) -> String {
    let flagged = summary.actions.iter().filter(|entry| entry.action != "approve" && entry.comments > 0);
    let words: Vec<String> =
        flagged.map(|entry| format!("{} to {}", plain::count(entry.comments), entry.action)).collect();
    words.join(", ")
}

/// The source expression of a content security policy that lets this inline style or script run.
/// The template engine drops the newline at the end of an included file.
pub(super) fn hash(content: &str) -> String {
    let content = content.strip_suffix('\n').unwrap_or(content);
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(content)))
}

/// Writes a chart as a file of its own.
fn draw(name: &str, title: String, chart: &Chart, drafts: &mut Drafts) -> Result<(), ReportError> {
    let path = format!("{}/{name}", chart::FOLDER);
    let drawing = Drawing { title, chart };
    let svg = drawing.render().map_err(|error| drafts.failed(&path, std::io::Error::other(error)))?;
    drafts.write(&path, &(visible(&svg).into_owned() + "\n"))
}

fn thread_view<'a>(row: &'a ThreadRow<'a>, queue: &Queue<'_>) -> ThreadView<'a> {
    let flags = row.chart.iter().flat_map(|chart| &chart.flags);
    ThreadView {
        row,
        heading: row.heading.title.as_deref().unwrap_or(row.thread),
        flags: flags.map(|flag| (flag, queue.shown.get(&(row.number, flag.position)).copied())).collect(),
        address: row.heading.address.as_deref().map(|address| (address, address::shown(address))),
        toxicity_trend: trend(row.toxicity),
        sentiment_trend: trend(row.sentiment),
        statistics: statistics(row),
    }
}

/// Returns figures about a thread, a line each.
fn statistics(row: &ThreadRow<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    if row.expected_maximum.is_some() {
        let expected = number(row.expected_maximum, DECIMALS);
        lines.push(format!("Expected maximum of {EXPECTED_MAXIMUM_OF} comments: {expected}"));
    }
    for (score, trend) in [("Toxicity", row.toxicity), ("Sentiment", row.sentiment)] {
        lines.extend(test(trend).map(|test| format!("{score} trend: {test}")));
    }
    if let Some(Shape { depth, branching }) = row.shape {
        let branching = number(Some(branching), 1);
        lines.push(format!(
            "Replies: at most {} deep, {branching} per comment that has any",
            plain::counted(depth.into(), "level", "levels")
        ));
    }
    if let Some(evenness) = row.author_evenness {
        lines.push(format!("Evenness of comments over authors: {}", number(Some(evenness), DECIMALS)));
    }
    if let Some((_, top)) = row.concentration {
        lines.push(format!(
            "The most toxic author’s share of the named authors’ toxicity: {}",
            percent(Some(top))
        ));
    }
    if let Some((first, last)) = row.totals.times {
        lines.push(format!("Posted from {} to {}", plain::time(first), plain::time(last)));
    }
    lines
}

/// The values of a column that most comments have, as many as a table holds; in ascending order.
fn column_view(column: Column, groups: &BTreeMap<String, Group>) -> ColumnView<'_> {
    let mut values: Vec<(&str, &Group)> =
        groups.iter().map(|(value, group)| (value.as_str(), group)).collect();
    values.sort_by_key(|(_, group)| Reverse(group.bin.comments));
    values.truncate(MAX_ROWS);
    values.sort_by_key(|(value, _)| *value);
    ColumnView { column, more: (groups.len() - values.len()) as u64, values }
}

/// Returns a trend in words.
fn trend(trend: Option<Trend>) -> String {
    let words = match trend.map(|trend| trend.test) {
        None => return format!("too few comments for a trend (fewer than {MIN_COMMENTS_FOR_TREND} scored)"),
        Some(None) => "no change: all scores are equal",
        Some(Some(test)) if test.p >= 0.05 => "no clear trend",
        Some(Some(test)) if test.tau > 0.0 => "rising",
        Some(Some(_)) => "falling",
    };
    words.to_owned()
}

/// Returns the figures behind a trend.
fn test(trend: Option<Trend>) -> Option<String> {
    let Trend { slope, test } = trend?;
    let test = test?;
    let p = if test.p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {:.3}", test.p) };
    let tau = number(Some(test.tau), DECIMALS);
    Some(format!("τ = {tau}, {p}, slope {} per 100 comments", number(Some(slope), 3)))
}

fn author_view(row: AuthorRow<'_>) -> AuthorView<'_> {
    let place = |value: f64| format!("{:.1}", value * 100.0);
    AuthorView {
        row,
        place: row.shrunk.map(|shrunk| [shrunk.interval.low, shrunk.mean, shrunk.interval.high].map(place)),
    }
}
