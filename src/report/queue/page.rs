//! `queue.html`: the worst flagged comments, for those who decide about them. Opens offline, with or without scripts.
//!
//! Text of comments reaches the page through the template's escaping alone (no filter switches it off), its styles and
//! script are the only ones that the content security policy lets run (by hash), and nothing is loaded from anywhere.

use std::collections::BTreeMap;
use std::ops::Range;

use askama::Template;

use super::beside::{Beside, Flagged, LATEST, MAX_NEIGHBOUR};
use super::{ContextKind, Item, Neighbour, Queue, Sources};
use crate::aggregate::wilson;
use crate::comment::Comment;
use crate::decisions::Evaluation;
use crate::label::Label;
use crate::normalize::normalize;
use crate::policy::{Action, Policy, reach};
use crate::report::draft::Drafts;
use crate::report::page::hash;
use crate::report::plain::{self, count, number, percent, percents, shorten, visible};
use crate::report::summary::six;
use crate::report::{ReportError, Summary};

pub(in crate::report) const PAGE: &str = "queue.html";

/// Flagged comments shown; all are in `flagged.csv`.
pub(in crate::report) const MAX_CARDS: usize = 200;

/// Characters of a comment shown, and of one with the same words.
const MAX_TEXT: usize = 4_000;
const MAX_REPEATED_TEXT: usize = 600;

/// Characters of a name in an attribute: longer ones could fill the disk.
const MAX_NAME: usize = 1_000;

/// Places for a probability on the page.
const DECIMALS: usize = 3;

/// Own words that are too few for a model to go by.
const FEW_WORDS: usize = 3;

/// Thresholds of the what-if tables, beside the policy's own: every twentieth.
const STEPS: usize = 20;

#[derive(Template)]
#[template(path = "queue.html")]
struct Page<'a> {
    summary: &'a Summary,
    base_style_hash: String,
    style_hash: String,
    script_hash: String,
    /// `deadbeef…`: enough of the checksum to compare by eye.
    checksum: String,
    /// Tells the decisions of one export from those of another.
    run_key: String,
    cards: Vec<Card<'a>>,
    /// Flagged comments not shown, repeats aside.
    more_cards: u64,
    actions: Vec<&'static str>,
    rules: Vec<&'a str>,
    threads: BTreeMap<usize, String>,
    what_ifs: Vec<WhatIf<'a>>,
    /// People's decisions stand beside what the scores let expect.
    judged: Option<String>,
    expected_right: String,
    time: String,
    pace: f64,
}

/// A flagged comment.
struct Card<'a> {
    rank: usize,
    action: &'static str,
    rule_name: &'a str,
    label: &'static str,
    label_words: String,
    score: String,
    exact_score: String,
    threshold: String,
    exact_threshold: f64,
    margin: String,
    /// The next more severe rule of the label, and how far the score is from it.
    next: Option<(String, &'a str, String, &'static str)>,
    harm: String,
    exact_harm: String,
    severity: f64,
    reach: Option<String>,
    evasion: bool,
    /// The own words as the model reads them, where the spelling hides words.
    read_as: Option<(String, usize)>,
    tags: Vec<String>,
    author: Option<&'a str>,
    author_card: Option<AuthorCard>,
    time: Option<String>,
    created_at: String,
    thread: usize,
    thread_name: String,
    position: String,
    id: String,
    link: Option<&'a str>,
    file: &'a str,
    line: u64,
    text: Vec<Segment<'a>>,
    cut: usize,
    /// Which words carry the score was computed.
    explained: bool,
    context: Option<NeighbourView<'a>>,
    around: Vec<NeighbourView<'a>>,
    repeats: u64,
    repeated: Vec<RepeatedView<'a>>,
    more_repeats: u64,
}

/// What else an author wrote.
struct AuthorCard {
    summary: String,
    latest: Vec<(String, Option<usize>)>,
}

/// A stretch of a comment: own words or a quote.
struct Segment<'a> {
    quoted: bool,
    /// Whose words the quote is, where a neighbour shows it.
    by: Option<&'a str>,
    pieces: Vec<Piece<'a>>,
}

/// A stretch of a segment.
struct Piece<'a> {
    /// The explanation names it as what carries the score.
    marked: bool,
    text: &'a str,
}

/// A comment beside the flagged one.
struct NeighbourView<'a> {
    what: &'static str,
    author: Option<&'a str>,
    text: &'a str,
    cut: usize,
}

/// A later comment with the same words.
struct RepeatedView<'a> {
    rank: usize,
    author: Option<&'a str>,
    thread: String,
    position: String,
    score: String,
    text: Option<(&'a str, usize)>,
}

/// What thresholds of a label would do.
struct WhatIf<'a> {
    label: String,
    /// Names of the label's rules with their thresholds.
    rules: Vec<(&'a str, f64)>,
    rows: Vec<WhatIfRow>,
    /// Points of the lines for precision, recall and share of comments flagged.
    precision: String,
    recall: String,
    flagged: String,
}

/// A threshold and what it would do.
struct WhatIfRow {
    threshold: String,
    x: String,
    /// The rules that have it now.
    now: String,
    flagged: u64,
    precision: String,
    recall: String,
    time: String,
    /// Precision by people's decisions.
    own: Option<String>,
}

/// Writes `queue.html`.
pub(in crate::report) fn write(
    sources: &Sources<'_>,
    summary: &Summary,
    queue: &Queue<'_>,
    evaluation: Option<&Evaluation>,
    drafts: &mut Drafts,
) -> Result<(), ReportError> {
    let beside = Beside::read(sources, &queue.items)?;
    let cards: Vec<Card<'_>> = queue.items.iter().map(|item| card(item, sources, queue, &beside)).collect();
    let policy = sources.policy;
    let mut actions: Vec<&'static str> = cards.iter().map(|card| card.action).collect();
    actions.sort_unstable();
    actions.dedup();
    let names = policy.rules.iter().map(|rule| rule.name.as_str());
    let inputs: Vec<&str> = summary.run.inputs.iter().map(|input| input.sha256.as_str()).collect();
    let page = Page {
        summary,
        base_style_hash: hash(include_str!("../../../templates/report.css")),
        style_hash: hash(include_str!("../../../templates/queue.css")),
        script_hash: hash(include_str!("../../../templates/queue.js")),
        checksum: summary.run.model.checksum.chars().take(12).collect(),
        run_key: hash(&(summary.run.model.checksum.clone() + " " + &inputs.join(" "))),
        more_cards: queue.originals - queue.items.len() as u64,
        actions,
        rules: names.filter(|name| cards.iter().any(|card| card.rule_name == *name)).collect(),
        threads: cards.iter().map(|card| (card.thread, plain::name(&card.thread_name))).collect(),
        cards,
        what_ifs: what_ifs(sources, summary.counts.scored, evaluation),
        judged: evaluation.map(|found| {
            let tally = &found.flagged;
            let interval = tally.interval().map(|interval| format!(" ({})", percents(&interval)));
            let share = percent(tally.precision()) + &interval.unwrap_or_default();
            format!("{} of {} judged flags were right: {share}", count(tally.right), count(tally.judged()))
        }),
        expected_right: percent(queue.expected_right()),
        time: duration(summary.counts.flagged as f64 * policy.seconds_a_comment),
        pace: policy.seconds_a_comment,
    };
    let html = page.render().map_err(|error| drafts.failed(PAGE, std::io::Error::other(error)))?;
    // Over the whole page, so that no field is forgotten; the template holds no such characters.
    drafts.write(PAGE, &(visible(&html).into_owned() + "\n"))
}

fn card<'a>(item: &'a Item<'_>, sources: &Sources<'a>, queue: &Queue<'_>, beside: &'a Beside) -> Card<'a> {
    let Item { fired, comment, context, explanation, .. } = item;
    let (rule, survey) = (fired.rule, sources.survey);
    let marks: Vec<Range<usize>> = explanation
        .iter()
        .flat_map(|explanation| &explanation.words)
        .map(|word| word.start..word.end)
        .collect();
    let parent = context.as_ref().filter(|context| context.kind != ContextKind::Previous);
    let previous = beside.at(item.thread, item.position - 1);
    let is_parent = |neighbour: &&Neighbour| parent.is_some_and(|parent| parent.neighbour.id == neighbour.id);
    let quotable: Vec<&Neighbour> =
        parent.map(|parent| &parent.neighbour).into_iter().chain(previous).collect();
    let (text, cut) = segments(comment, &quotable, &marks);
    let own = comment.own_words();
    let words = own.split_whitespace().count();
    let mut tags = Vec::new();
    if words < FEW_WORDS {
        tags.push(format!("{} only: hardly enough to go by", plain::counted(words as u64, "word", "words")));
    }
    if item.language.is_none() {
        tags.push("language not sure".to_owned());
    }
    let reached = reach(comment);
    let harm = fired.harm(reached);
    // Without the model, only what its steps undo is known of how it read a text.
    let computed = explanation.and_then(|explanation| explanation.read_as.clone());
    let read_as = computed.or_else(|| item.evasion.then(|| normalize(&own).text.into_owned()));
    let read_as = read_as.filter(|read| *read != own).map(|read| {
        let (kept, cut) = shorten(&read, MAX_TEXT);
        (kept.to_owned(), cut)
    });
    let context_view = |what, neighbour: &'a Neighbour| {
        let (text, cut) = shorten(&neighbour.text, MAX_NEIGHBOUR);
        NeighbourView { what, author: neighbour.author.as_deref(), text, cut }
    };
    let mut around = Vec::new();
    // Without a parent, the comment before it is the context already.
    if let Some(previous) = previous.filter(|previous| parent.is_some() && !is_parent(previous)) {
        around.push(context_view("Before it", previous));
    }
    if let Some(next) = beside.at(item.thread, item.position + 1) {
        around.push(context_view("After it", next));
    }
    Card {
        rank: item.rank,
        action: rule.action.as_str(),
        rule_name: &rule.name,
        label: rule.label.as_str(),
        label_words: words_of(rule.label),
        score: number(Some(fired.score), DECIMALS),
        exact_score: format!("{:.6}", fired.score),
        threshold: six(fired.threshold).to_string(),
        exact_threshold: fired.threshold,
        margin: number(Some(fired.margin()), DECIMALS),
        next: next_rule(sources.policy, item),
        harm: number(Some(harm), 2),
        exact_harm: format!("{harm:.6}"),
        severity: rule.severity,
        reach: (reached > 1.0).then(|| number(Some(reached), 1)),
        evasion: item.evasion,
        read_as,
        tags,
        author: comment.author.as_deref(),
        author_card: comment.author.as_deref().map(|name| author_card(name, item, sources, queue, beside)),
        time: comment.created_at.map(|time| time.strftime("%Y-%m-%d %H:%M UTC").to_string()),
        created_at: plain::cell(comment.created_at),
        thread: item.thread,
        thread_name: attribute(&comment.thread),
        position: format!(
            "{} of {}",
            count(item.position.into()),
            count(survey.threads.totals(item.thread).comments.into())
        ),
        id: attribute(&comment.id),
        link: comment.link.as_deref().filter(|link| is_web_address(link)),
        file: &comment.origin.file,
        line: comment.origin.line,
        text,
        cut,
        explained: explanation.is_some(),
        context: context.as_ref().map(|context| {
            let what = match context.kind {
                ContextKind::Parent => "In answer to",
                ContextKind::InferredParent => "In answer to (concluded from the text)",
                ContextKind::Previous => "Before it in the thread",
            };
            context_view(what, &context.neighbour)
        }),
        around,
        repeats: item.repeats,
        more_repeats: item.repeats - item.repeated.len() as u64,
        repeated: item
            .repeated
            .iter()
            .map(|repeated| RepeatedView {
                rank: repeated.rank,
                author: repeated.author.as_deref(),
                thread: plain::name(&repeated.thread),
                position: count(repeated.position.into()),
                score: number(Some(repeated.score), DECIMALS),
                text: repeated.text.as_ref().map(|text| shorten(text, MAX_REPEATED_TEXT)),
            })
            .collect(),
    }
}

/// A label in words.
fn words_of(label: Label) -> String {
    label.as_str().replace('_', " ")
}

/// A name as an attribute holds it.
fn attribute(text: &str) -> String {
    let (kept, cut) = shorten(text, MAX_NAME);
    if cut > 0 { format!("{kept}…") } else { kept.to_owned() }
}

/// The rule of the same label that asks for more and was not reached: how far off, its name, its threshold, its action.
fn next_rule<'a>(policy: &'a Policy, item: &Item<'_>) -> Option<(String, &'a str, String, &'static str)> {
    let fired = item.fired;
    let above = policy.rules.iter().filter(|rule| {
        let threshold = rule.threshold_for(&item.comment);
        rule.label == fired.rule.label && rule.action > fired.rule.action && threshold > fired.score
    });
    let threshold = |rule: &&crate::policy::Rule| rule.threshold_for(&item.comment);
    let next = above.min_by(|a, b| threshold(a).total_cmp(&threshold(b)))?;
    let at = threshold(&next);
    let off = number(Some(at - fired.score), DECIMALS);
    Some((off, &next.name, six(at).to_string(), next.action.as_str()))
}

fn author_card(
    name: &str,
    item: &Item<'_>,
    sources: &Sources<'_>,
    queue: &Queue<'_>,
    beside: &Beside,
) -> AuthorCard {
    let survey = sources.survey;
    let known = beside.author(name);
    let summary = known.map_or(String::new(), |author| {
        let totals = &author.totals;
        let (flagged, scored) = (totals.flagged, totals.scored());
        let interval =
            wilson(flagged, scored).map(|interval| format!(", 95 % interval {}", percents(&interval)));
        format!(
            "{} seen, {} of {} scored flagged ({}{})",
            plain::counted(totals.comments, "comment", "comments"),
            count(flagged),
            count(scored),
            percent(totals.flagged_share()),
            interval.unwrap_or_default()
        )
    });
    let first_seen = known.and_then(|author| author.first_seen);
    let summary = first_seen
        .map_or(summary.clone(), |time| format!("{summary}; first seen {}", time.strftime("%Y-%m-%d")));
    let is_other = |flagged: &&Flagged| (flagged.thread, flagged.position) != (item.thread, item.position);
    let others = known.into_iter().flat_map(|author| &author.latest).filter(is_other).take(LATEST - 1);
    let latest = others.map(|flagged| {
        let place = format!(
            "comment {} in {}",
            count(flagged.position.into()),
            plain::name(survey.threads.name(flagged.thread))
        );
        let words = flagged
            .time
            .map_or(place.clone(), |time| format!("{}, {place}", time.strftime("%Y-%m-%d %H:%M")));
        let shown = queue
            .items
            .iter()
            .find(|item| (item.thread, item.position) == (flagged.thread, flagged.position));
        (words, shown.map(|item| item.rank))
    });
    AuthorCard { summary, latest: latest.collect() }
}

/// Label by label of the policy, what thresholds would do.
fn what_ifs<'a>(sources: &Sources<'a>, scored: u64, evaluation: Option<&Evaluation>) -> Vec<WhatIf<'a>> {
    let policy = sources.policy;
    let rules = || policy.rules.iter().filter(|rule| rule.action != Action::Approve);
    let mut labels: Vec<Label> = Vec::new();
    for label in rules().map(|rule| rule.label) {
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    let of_label = |label: Label| {
        let scores = &sources.survey.calibrated[label.index()];
        let rules: Vec<(&str, f64)> = rules()
            .filter(|rule| rule.label == label)
            .map(|rule| (rule.name.as_str(), rule.threshold))
            .collect();
        let mut thresholds: Vec<f64> = (1..STEPS).map(|step| step as f64 / STEPS as f64).collect();
        thresholds.extend(rules.iter().map(|(_, threshold)| *threshold));
        thresholds.sort_by(f64::total_cmp);
        thresholds.dedup_by(|a, b| (*a - *b).abs() < 1e-9);
        let row = |threshold: &f64| {
            let expected = scores.at(*threshold);
            let now: Vec<&str> =
                rules.iter().filter(|(_, t)| (t - threshold).abs() < 1e-9).map(|(name, _)| *name).collect();
            WhatIfRow {
                threshold: six(*threshold).to_string(),
                x: number(Some(x_of(*threshold)), 1),
                now: now.join(", "),
                flagged: expected.flagged,
                precision: percent(expected.precision),
                recall: percent(expected.recall),
                time: duration(expected.flagged as f64 * policy.seconds_a_comment),
                own: evaluation.map(|evaluation| own_precision(evaluation, label, *threshold)),
            }
        };
        let line = |value: &dyn Fn(f64) -> Option<f64>| {
            let points = (0..=100).map(|step| f64::from(step) / 100.0);
            let point = |threshold| Some(format!("{:.1},{:.1}", x_of(threshold), y_of(value(threshold)?)));
            points.filter_map(point).collect::<Vec<_>>().join(" ")
        };
        WhatIf {
            label: words_of(label),
            rows: thresholds.iter().map(row).collect(),
            precision: line(&|threshold| scores.at(threshold).precision),
            recall: line(&|threshold| scores.at(threshold).recall),
            flagged: line(&|threshold| {
                (scored > 0).then(|| scores.at(threshold).flagged as f64 / scored as f64)
            }),
            rules,
        }
    };
    labels.into_iter().map(of_label).collect()
}

/// A time for people: minutes below an hour and a half, else hours.
fn duration(seconds: f64) -> String {
    if seconds < 5_400.0 {
        format!("{:.0} min", (seconds / 60.0).ceil())
    } else {
        format!("{} h", number(Some(seconds / 3_600.0), 1))
    }
}

/// Where a threshold and a share stand in the chart, in its units.
fn x_of(threshold: f64) -> f64 {
    64.0 + 536.0 * threshold
}

fn y_of(share: f64) -> f64 {
    190.0 - 170.0 * share
}

/// Precision by people's decisions at or above a threshold.
fn own_precision(evaluation: &Evaluation, label: Label, threshold: f64) -> String {
    let reached = || evaluation.judged.iter().filter(|(scores, _)| scores.get(label) >= threshold);
    let (judged, right) = (reached().count() as u64, reached().filter(|(_, right)| *right).count() as u64);
    wilson(right, judged).map_or("–".to_owned(), |interval| {
        let share = right as f64 / judged as f64;
        format!("{} ({}) of {}", percent(Some(share)), percents(&interval), count(judged))
    })
}

/// Whether a link leads to a page: nothing that runs, nothing local.
fn is_web_address(link: &str) -> bool {
    let scheme =
        |scheme: &str| link.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    (scheme("https://") || scheme("http://")) && !link.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// The first characters of a comment as own and quoted stretches, with the marked words of its own, and how many more
/// characters there are. A quote bears the name of the neighbour whose words it is.
fn segments<'a>(
    comment: &'a Comment,
    neighbours: &[&'a Neighbour],
    marks: &[Range<usize>],
) -> (Vec<Segment<'a>>, usize) {
    let text = &comment.text;
    let (kept, cut) = shorten(text, MAX_TEXT);
    let mut segments = Vec::new();
    let mut push = |range: Range<usize>, quoted| {
        let range = range.start.min(kept.len())..range.end.min(kept.len());
        let stretch = kept.get(range.clone()).unwrap_or_default();
        let start = range.start + (stretch.len() - stretch.trim_start().len());
        if !stretch.trim().is_empty() {
            let pieces = pieces(kept, start..start + stretch.trim().len(), marks);
            let by = if quoted { quoted_author(stretch, neighbours) } else { None };
            segments.push(Segment { quoted, by, pieces });
        }
    };
    let mut end = 0;
    for quote in &comment.quotes {
        push(end..quote.start, false);
        push(quote.clone(), true);
        end = quote.end;
    }
    push(end..text.len(), false);
    (segments, cut)
}

/// The author of the neighbour whose text holds the words of a quote, marks of quotation aside.
fn quoted_author<'a>(quote: &str, neighbours: &[&'a Neighbour]) -> Option<&'a str> {
    let words = |text: &str| {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_lowercase).fold(" ".to_owned(), |line, word| line + &word + " ")
    };
    let quote = words(quote);
    let holds = |neighbour: &&&Neighbour| quote.trim().len() > 3 && words(&neighbour.text).contains(&quote);
    neighbours.iter().find(holds)?.author.as_deref()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::Origin;

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
    fn segments_keep_quotes_apart_and_name_who_is_quoted() {
        let text = "> said  she\nNo.\nNever.";
        let mut comment = Comment::new("1", "t", text, Origin { file: "x".into(), record: 1, line: 1 });
        comment.quotes.push(0..11);
        let neighbour = |author: &str, text: &str| Neighbour {
            id: String::new(),
            author: Some(author.to_owned()),
            text: text.to_owned(),
        };
        let (ana, ben) = (neighbour("Ana", "unsaid she"), neighbour("Ben", "So SAID, she!"));
        let (parts, cut) = segments(&comment, &[&ana, &ben], &[2..6, 12..14]);
        let pieces = |part: &Segment<'_>| -> Vec<(bool, String)> {
            part.pieces.iter().map(|piece| (piece.marked, piece.text.to_owned())).collect()
        };
        let found: Vec<_> = parts.iter().map(|part| (part.by, pieces(part))).collect();
        let quote =
            [(false, "> "), (true, "said"), (false, "  she")].map(|(marked, text)| (marked, text.to_owned()));
        let own = [(true, "No"), (false, ".\nNever.")].map(|(marked, text)| (marked, text.to_owned()));
        assert_eq!(found, [(Some("Ben"), quote.to_vec()), (None, own.to_vec())]);
        assert_eq!(cut, 0);
    }

    #[test]
    fn long_comments_are_cut_and_counted() {
        let comment =
            Comment::new("1", "t", "é".repeat(MAX_TEXT + 7), Origin { file: "x".into(), record: 1, line: 1 });
        let (parts, cut) = segments(&comment, &[], &[]);
        assert_eq!((parts.len(), cut), (1, 7));
    }
}
