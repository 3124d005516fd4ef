//! `report.html`: one page that opens offline, with or without scripts.
//!
//! Text of comments reaches the page through the template's escaping alone (what switches it off are the shapes of the
//! charts, which hold numbers and our own words only), its style and
//! script are the only ones that the content security policy lets run (by hash), and nothing is loaded from anywhere.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use askama::Template;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::authors::{Row as AuthorRow, Rows as AuthorRows};
use super::by::{Column, Group};
use super::chart::{self, Chart, Flag};
use super::draft::Drafts;
use super::network::Network;
use super::plain::{self, count, number, percent, shorten, visible};
use super::queue::{ContextKind, Item, Queue};
use super::survey::Survey;
use super::threads::Row as ThreadRow;
use super::{ReportError, Summary};
use crate::aggregate::{
    CALM, EXPECTED_MAXIMUM_OF, MIN_COMMENTS_FOR_TREND, MIN_COMMENTS_TO_RANK, Shape, TOP, TOXIC, Trend,
};

pub(super) const PAGE: &str = "report.html";

/// Flagged comments shown; all are in `flagged.csv`.
pub(super) const MAX_CARDS: usize = 200;

/// Threads drawn, the largest; all are in `threads.csv`.
const MAX_CHARTS: usize = 20;

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
    threads: Vec<ThreadView<'a>>,
    more_threads: u64,
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
    /// Where flagged comments are marked in its chart, with the rank of the card that shows the comment, if one does.
    flags: Vec<(&'a Flag, Option<usize>)>,
    toxicity_trend: String,
    sentiment_trend: String,
    /// More about it, as sentences.
    notes: String,
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

/// Writes `report.html` and the charts. `threads` are the largest, the largest first.
pub(super) fn write(
    summary: &Summary,
    survey: &Survey<'_>,
    queue: &Queue<'_>,
    authors: &AuthorRows<'_>,
    threads: &[ThreadRow<'_>],
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
    for row in threads {
        if let Some(chart) = &row.chart {
            let title = format!("Toxicity and sentiment along {}", plain::name(row.thread));
            draw(&chart::name(row.number), title, chart, drafts)?;
        }
    }
    let drawn: Vec<usize> = threads.iter().filter(|row| row.chart.is_some()).map(|row| row.number).collect();
    let unranked = survey.authors.len() - authors.ranked;

    let page = Page {
        summary,
        style_hash: hash(include_str!("../../templates/report.css")),
        script_hash: hash(include_str!("../../templates/report.js")),
        checksum: summary.run.model.checksum.chars().take(12).collect(),
        cards: queue.items.iter().map(|item| card(item, survey, &drawn)).collect(),
        more_cards: queue.originals - queue.items.len() as u64,
        threads: threads.iter().map(|row| thread_view(row, queue)).collect(),
        more_threads: (survey.threads.len() - threads.len()) as u64,
        more_ranked: authors.ranked.saturating_sub(MAX_ROWS) as u64,
        unranked: unranked as u64,
        more_others: unranked.saturating_sub(MAX_ROWS) as u64,
        ranked: authors.iter().take(authors.ranked.min(MAX_ROWS)).map(author_view).collect(),
        others: authors.iter().skip(authors.ranked).take(MAX_ROWS).map(author_view).collect(),
        bars: &bars,
        network,
        columns: survey.groups.telling().map(|(column, groups)| column_view(column, groups)).collect(),
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
    let Item { fired, comment, context, explanation, .. } = item;
    let rule = fired.rule;
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
        score: number(Some(fired.score), DECIMALS),
        threshold: number(Some(fired.threshold), DECIMALS),
        margin: number(Some(fired.margin()), DECIMALS),
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
        flags: flags.map(|flag| (flag, queue.shown.get(&(row.number, flag.position)).copied())).collect(),
        toxicity_trend: trend(row.toxicity),
        sentiment_trend: trend(row.sentiment),
        notes: notes(row),
    }
}

/// What there is to say of a thread's replies, authors and times.
fn notes(row: &ThreadRow<'_>) -> String {
    let mut notes = String::new();
    if let Some(Shape { depth, branching }) = row.shape {
        let branching = number(Some(branching), 1);
        notes += &format!(" Replies: up to {depth} deep, {branching} to each comment that was answered.");
    }
    if let Some((_, top)) = row.concentration {
        notes +=
            &format!(" The most toxic author has {} of the named authors’ toxicity.", percent(Some(top)));
    }
    if let Some((first, last)) = row.totals.times {
        notes += &format!(" Posted from {} to {}.", plain::time(first), plain::time(last));
    }
    notes
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
