//! `report.html`: one page that opens offline, with or without scripts.
//!
//! Text of comments reaches the page through the template's escaping alone (no filter switches it off), its style and
//! script are the only ones that the content security policy lets run (by hash), and nothing is loaded from anywhere.

use std::ops::Range;

use askama::Template;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::authors::{Row as AuthorRow, Rows as AuthorRows};
use super::chart::{self, Bars, Bins, Chart};
use super::draft::Drafts;
use super::plain::{self, count, number, shorten, visible};
use super::queue::{ContextKind, Item, Queue};
use super::survey::Survey;
use super::threads::Row as ThreadRow;
use super::{ReportError, Summary};
use crate::aggregate::{MIN_COMMENTS_FOR_TREND, MIN_COMMENTS_TO_RANK, Trend};

pub(super) const PAGE: &str = "report.html";

/// Flagged comments shown; all are in `flagged.csv`.
pub(super) const MAX_CARDS: usize = 200;

/// Threads drawn, the largest; all are in `threads.csv`.
const MAX_CHARTS: usize = 40;

/// Rows of a table; all are in its file.
pub(super) const MAX_ROWS: usize = 100;

/// Characters of a comment shown, and of its context.
const MAX_TEXT: usize = 4_000;
const MAX_CONTEXT: usize = 600;

/// Places for a probability on the page.
const DECIMALS: usize = 2;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    summary: &'a Summary,
    style_hash: String,
    script_hash: String,
    /// `deadbeef…`: enough of the checksum to compare by eye.
    checksum: String,
    cards: Vec<Card<'a>>,
    /// Flagged comments not shown, repeats aside.
    more_cards: u64,
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

/// A flagged comment.
struct Card<'a> {
    rank: usize,
    action: &'static str,
    rule: usize,
    rule_name: &'a str,
    label: String,
    score: String,
    threshold: String,
    margin: String,
    evasion: bool,
    author: Option<&'a str>,
    time: Option<String>,
    thread: usize,
    thread_name: &'a str,
    charted: bool,
    position: String,
    id: &'a str,
    link: Option<&'a str>,
    file: &'a str,
    line: u64,
    text: Vec<Segment<'a>>,
    cut: usize,
    /// Which words carry the score was computed.
    explained: bool,
    context: Option<ContextView<'a>>,
    repeats: u64,
}

/// A stretch of a comment: own words or a quote.
struct Segment<'a> {
    quoted: bool,
    pieces: Vec<Piece<'a>>,
}

/// A stretch of a segment.
struct Piece<'a> {
    /// The explanation names it as what carries the score.
    marked: bool,
    text: &'a str,
}

/// What a comment was said to.
struct ContextView<'a> {
    what: &'static str,
    author: Option<&'a str>,
    text: &'a str,
    cut: usize,
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
    let drawn: Vec<usize> = threads[..charted].iter().map(|(row, _)| row.number).collect();
    let unranked = survey.authors.len() - authors.ranked;

    let page = Page {
        summary,
        style_hash: hash(include_str!("../../templates/report.css")),
        script_hash: hash(include_str!("../../templates/report.js")),
        checksum: summary.run.model.checksum.chars().take(12).collect(),
        cards: queue.items.iter().map(|item| card(item, survey, &drawn)).collect(),
        more_cards: queue.originals - queue.items.len() as u64,
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
fn hash(content: &str) -> String {
    let content = content.strip_suffix('\n').unwrap_or(content);
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(content)))
}

fn card<'a>(item: &'a Item<'_>, survey: &Survey<'_>, drawn: &[usize]) -> Card<'a> {
    let Item { rule, comment, context, explanation, .. } = item;
    let marks: Vec<Range<usize>> = explanation
        .iter()
        .flat_map(|explanation| &explanation.words)
        .map(|word| word.start..word.end)
        .collect();
    let (text, cut) = segments(&comment.text, &comment.quotes, &marks, MAX_TEXT);
    Card {
        rank: item.rank,
        action: rule.action.as_str(),
        rule: survey.rules.iter().position(|totals| totals.rule.name == rule.name).unwrap_or_default(),
        rule_name: &rule.name,
        label: rule.label.as_str().replace('_', " "),
        score: number(Some(item.score), DECIMALS),
        threshold: number(Some(rule.threshold), DECIMALS),
        margin: number(Some(item.margin), DECIMALS),
        evasion: item.evasion,
        author: comment.author.as_deref(),
        time: comment.created_at.map(|time| time.strftime("%Y-%m-%d %H:%M UTC").to_string()),
        thread: item.thread,
        thread_name: &comment.thread,
        charted: drawn.contains(&item.thread),
        position: format!(
            "{} of {}",
            count(item.position.into()),
            count(survey.threads.totals(item.thread).comments.into())
        ),
        id: &comment.id,
        link: comment.link.as_deref().filter(|link| is_web_address(link)),
        file: &comment.origin.file,
        line: comment.origin.line,
        text,
        cut,
        explained: explanation.is_some(),
        context: context.as_ref().map(|context| {
            let (text, cut) = shorten(&context.neighbour.text, MAX_CONTEXT);
            ContextView {
                what: match context.kind {
                    ContextKind::Parent => "In answer to",
                    ContextKind::InferredParent => "In answer to (concluded from the text)",
                    ContextKind::Previous => "The comment before it",
                },
                author: context.neighbour.author.as_deref(),
                text,
                cut,
            }
        }),
        repeats: item.repeats,
    }
}

/// Whether a link leads to a page: nothing that runs, nothing local.
fn is_web_address(link: &str) -> bool {
    let scheme =
        |scheme: &str| link.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    (scheme("https://") || scheme("http://")) && !link.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// The first `max` characters of a comment as own and quoted stretches, with the marked words of its own, and how many
/// more characters there are.
fn segments<'a>(
    text: &'a str,
    quotes: &[Range<usize>],
    marks: &[Range<usize>],
    max: usize,
) -> (Vec<Segment<'a>>, usize) {
    let (kept, cut) = shorten(text, max);
    let mut segments = Vec::new();
    let mut push = |range: Range<usize>, quoted| {
        let range = range.start.min(kept.len())..range.end.min(kept.len());
        let stretch = kept.get(range.clone()).unwrap_or_default();
        let start = range.start + (stretch.len() - stretch.trim_start().len());
        if !stretch.trim().is_empty() {
            let pieces = pieces(kept, start..start + stretch.trim().len(), marks);
            segments.push(Segment { quoted, pieces });
        }
    };
    let mut end = 0;
    for quote in quotes {
        push(end..quote.start, false);
        push(quote.clone(), true);
        end = quote.end;
    }
    push(end..text.len(), false);
    (segments, cut)
}

/// A stretch of a text, with the marks that lie within it.
fn pieces<'a>(text: &'a str, stretch: Range<usize>, marks: &[Range<usize>]) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut push = |range: Range<usize>, marked| {
        if let Some(text) = text.get(range).filter(|text| !text.is_empty()) {
            pieces.push(Piece { marked, text });
        }
    };
    let mut end = stretch.start;
    for mark in marks.iter().filter(|mark| stretch.start <= mark.start && mark.end <= stretch.end) {
        push(end..mark.start, false);
        push(mark.clone(), true);
        end = mark.end;
    }
    push(end..stretch.end, false);
    pieces
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_are_links() {
        for (link, is_web) in [
            ("https://example.org/a?b=1#c", true),
            ("HTTP://example.org", true),
            ("javascript:alert(1)", false),
            (" https://example.org", false),
            ("https://example.org/a b", false),
            ("//example.org", false),
            ("file:///etc/passwd", false),
            ("é", false),
        ] {
            assert_eq!(is_web_address(link), is_web, "{link}");
        }
    }

    #[test]
    fn segments_keep_quotes_apart_and_count_what_is_cut() {
        let text = "> said she\nNo.\nNever.";
        let (parts, cut) = segments(text, std::slice::from_ref(&(0..10)), &[2..6, 11..13], 17);
        let parts: Vec<(bool, Vec<(bool, &str)>)> = parts
            .iter()
            .map(|part| (part.quoted, part.pieces.iter().map(|piece| (piece.marked, piece.text)).collect()))
            .collect();
        let quote = vec![(false, "> "), (true, "said"), (false, " she")];
        assert_eq!(parts, [(true, quote), (false, vec![(true, "No"), (false, ".\nNe")])]);
        assert_eq!(cut, 4);
    }
}
