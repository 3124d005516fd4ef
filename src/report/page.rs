//! `report.html`: one page that opens offline, and runs no script.
//!
//! Text of comments reaches the page through the template's escaping alone (no filter switches it off), its style
//! is the only one that the content security policy lets apply (by hash), and nothing is loaded from anywhere.

use askama::Template;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::authors::{Row as AuthorRow, Rows as AuthorRows};
use super::chart::{self, Bars, Bins, Chart};
use super::draft::Drafts;
use super::plain::{self, number, visible};
use super::queue::Queue;
use super::survey::Survey;
use super::threads::Row as ThreadRow;
use super::{ReportError, Summary};
use crate::aggregate::{MIN_COMMENTS_FOR_TREND, MIN_COMMENTS_TO_RANK, Trend};

pub(super) const PAGE: &str = "report.html";

/// Threads drawn, the largest; all are in `threads.csv`.
const MAX_CHARTS: usize = 40;

/// Rows of a table; all are in its file.
pub(super) const MAX_ROWS: usize = 100;

/// Places for a probability on the page.
const DECIMALS: usize = 2;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    summary: &'a Summary,
    style_hash: String,
    /// `deadbeef…`: enough of the checksum to compare by eye.
    checksum: String,
    charts: Vec<ThreadView<'a>>,
    threads: Vec<ThreadView<'a>>,
    more_threads: u64,
    ranked: Vec<AuthorView<'a>>,
    more_ranked: u64,
    others: Vec<AuthorView<'a>>,
    unranked: u64,
    more_others: u64,
    bars: [Bars; 2],
    notices: bool,
    doubts: u64,
}

/// A thread in words.
struct ThreadView<'a> {
    row: &'a ThreadRow<'a>,
    chart: Option<Chart>,
    toxicity_trend: String,
    sentiment_trend: String,
}

/// An author in words.
struct AuthorView<'a> {
    row: AuthorRow<'a>,
    /// Low end, mean and high end of the shrunk mean, from 0 to 100.
    place: Option<[String; 3]>,
}

/// How many of the largest threads are drawn: a point alone is no chart.
pub(super) fn charted(survey: &Survey<'_>, largest: &[usize]) -> usize {
    let has_points = |number: &&usize| survey.threads.totals(**number).scored > 1;
    largest.iter().take(MAX_CHARTS).take_while(has_points).count()
}

/// Writes `report.html`. `threads` are the largest, the largest first; as many of them are drawn as are `charted`.
pub(super) fn write(
    summary: &Summary,
    survey: &Survey<'_>,
    queue: &Queue<'_>,
    authors: &AuthorRows<'_>,
    threads: &[(ThreadRow<'_>, Bins)],
    charted: usize,
    drafts: &mut Drafts,
) -> Result<(), ReportError> {
    let chart_of = |(row, bins): &'_ (ThreadRow<'_>, Bins)| {
        let card = |position| queue.shown.get(&(row.number, position)).copied();
        chart::along(row, bins, survey, card)
    };
    let unranked = survey.authors.len() - authors.ranked;

    let page = Page {
        summary,
        style_hash: hash(include_str!("../../templates/report.css")),
        checksum: summary.run.model.checksum.chars().take(12).collect(),
        charts: threads[..charted].iter().map(|thread| thread_view(&thread.0, chart_of(thread))).collect(),
        threads: threads.iter().map(|(row, _)| thread_view(row, None)).collect(),
        more_threads: (survey.threads.len() - threads.len()) as u64,
        more_ranked: authors.ranked.saturating_sub(MAX_ROWS) as u64,
        unranked: unranked as u64,
        more_others: unranked.saturating_sub(MAX_ROWS) as u64,
        ranked: authors.iter().take(authors.ranked.min(MAX_ROWS)).map(author_view).collect(),
        others: authors.iter().skip(authors.ranked).take(MAX_ROWS).map(author_view).collect(),
        bars: [
            chart::bars("toxicity", "toxicity", &summary.toxicity.histogram),
            chart::bars("sentiment", "sentiment", &summary.sentiment.histogram),
        ],
        notices: summary.run.inputs.iter().any(|input| !input.notices.is_empty()),
        doubts: summary.run.inputs.iter().map(|input| input.doubts).sum(),
    };
    let html = page.render().map_err(|error| drafts.failed(PAGE, std::io::Error::other(error)))?;
    // Over the whole page, so that no field is forgotten; the template holds no such characters.
    drafts.write(PAGE, &(visible(&html).into_owned() + "\n"))
}

/// The source expression of a content security policy that lets this inline style or script run. The template engine
/// drops the newline at the end of an included file.
pub(super) fn hash(content: &str) -> String {
    let content = content.strip_suffix('\n').unwrap_or(content);
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(content)))
}

fn thread_view<'a>(row: &'a ThreadRow<'a>, chart: Option<Chart>) -> ThreadView<'a> {
    ThreadView { row, chart, toxicity_trend: trend(row.toxicity), sentiment_trend: trend(row.sentiment) }
}

/// A trend in words.
fn trend(trend: Option<Trend>) -> String {
    let Some(Trend { slope, test }) = trend else {
        return format!("too few comments for a trend (fewer than {MIN_COMMENTS_FOR_TREND} scored)");
    };
    let Some(test) = test else { return "no change: every score is the same".to_owned() };
    let p = if test.p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {:.3}", test.p) };
    let tau = number(Some(test.tau), DECIMALS);
    if test.p < 0.05 {
        let way = if test.tau > 0.0 { "rising" } else { "falling" };
        let slope = if slope.abs() < 0.0005 { "less than 0.001".to_owned() } else { number(Some(slope), 3) };
        format!("{way}, {slope} per 100 comments (τ = {tau}, {p})")
    } else {
        format!("no clear trend (τ = {tau}, {p})")
    }
}

fn author_view(row: AuthorRow<'_>) -> AuthorView<'_> {
    let place = |value: f64| format!("{:.1}", value * 100.0);
    AuthorView {
        row,
        place: row.shrunk.map(|shrunk| [shrunk.interval.low, shrunk.mean, shrunk.interval.high].map(place)),
    }
}
