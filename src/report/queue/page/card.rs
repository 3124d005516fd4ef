//! A flagged comment as the page shows it.

use std::ops::Range;

use super::text::{Segment, segments};
use super::words_of;
use super::{MAX_NAME, MAX_TEXT};
use crate::aggregate::wilson;
use crate::explain::MAX_CHARS;
use crate::normalize::normalize;
use crate::policy::{Policy, reach};
use crate::report::plain::{self, count, number, percent, percents, shorten};
use crate::report::queue::beside::{Beside, Flagged, LATEST, MAX_NEIGHBOUR};
use crate::report::queue::{ContextKind, Item, Neighbour, Queue, Sources};
use crate::report::summary::six;

/// Characters shown of a comment with the same words.
const MAX_REPEATED_TEXT: usize = 600;

/// Places for a probability on the page.
const DECIMALS: usize = 3;

/// A flagged comment.
pub(super) struct Card<'a> {
    pub(super) rank: usize,
    pub(super) action: &'static str,
    pub(super) rule_name: &'a str,
    pub(super) label: &'static str,
    pub(super) label_words: String,
    pub(super) score: String,
    pub(super) exact_score: String,
    pub(super) threshold: String,
    pub(super) exact_threshold: f64,
    pub(super) margin: String,
    /// The next more severe rule of the label, and how far the score is from it.
    pub(super) next: Option<(String, &'a str, String, &'static str)>,
    pub(super) harm: String,
    pub(super) exact_harm: String,
    pub(super) severity: f64,
    pub(super) reach: Option<String>,
    pub(super) evasion: bool,
    /// The own words as the model reads them, where the spelling hides words.
    pub(super) read_as: Option<(String, usize)>,
    /// Signs that the score may be wrong: as files have them, and in words.
    pub(super) cautions: Vec<(&'static str, &'static str)>,
    /// SHA-256 of the text, by which a decision is known to be about it.
    pub(super) text_sha256: String,
    pub(super) author: Option<&'a str>,
    pub(super) author_card: Option<AuthorCard>,
    pub(super) time: Option<String>,
    pub(super) created_at: String,
    pub(super) thread: usize,
    pub(super) thread_name: String,
    pub(super) position: String,
    /// The same as a number.
    pub(super) place: u32,
    pub(super) id: String,
    pub(super) link: Option<&'a str>,
    pub(super) file: &'a str,
    pub(super) line: u64,
    pub(super) text: Vec<Segment<'a>>,
    pub(super) cut: usize,
    /// Which words carry the score was computed.
    pub(super) explained: bool,
    /// Only the beginning of the comment was explained: this many characters.
    pub(super) explained_to: Option<String>,
    pub(super) context: Option<NeighbourView<'a>>,
    pub(super) around: Vec<NeighbourView<'a>>,
    /// Comments with the same words, and with nearly the same.
    pub(super) repeats: u64,
    pub(super) near: u64,
    pub(super) repeated: Vec<RepeatedView<'a>>,
    pub(super) more_repeats: u64,
}

/// What else an author wrote.
pub(super) struct AuthorCard {
    pub(super) summary: String,
    pub(super) latest: Vec<(String, Option<usize>)>,
}

/// A comment beside the flagged one.
pub(super) struct NeighbourView<'a> {
    pub(super) what: &'static str,
    pub(super) author: Option<&'a str>,
    pub(super) text: &'a str,
    pub(super) cut: usize,
}

/// A later comment with the same words, or nearly.
pub(super) struct RepeatedView<'a> {
    pub(super) rank: usize,
    pub(super) author: Option<&'a str>,
    pub(super) thread: String,
    pub(super) position: String,
    pub(super) score: String,
    pub(super) is_near: bool,
    pub(super) text: Option<(&'a str, usize)>,
}

pub(super) fn card<'a>(
    item: &'a Item<'_>,
    sources: &Sources<'a>,
    queue: &Queue<'_>,
    beside: &'a Beside,
) -> Card<'a> {
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
    let (kept, cut) = shorten(&comment.text, MAX_TEXT);
    let own = comment.own_words();
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
        cautions: item.cautions.iter().map(|caution| (caution.as_str(), caution.words())).collect(),
        text_sha256: comment.text_sha256(),
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
        place: item.position,
        id: attribute(&comment.id),
        link: comment.link.as_deref().filter(|link| is_web_address(link)),
        file: &comment.origin.file,
        line: comment.origin.line,
        text: segments(kept, &comment.quotes, &quotable, &marks),
        cut,
        explained: explanation.is_some(),
        explained_to: explanation.filter(|explanation| explanation.partial).map(|_| count(MAX_CHARS as u64)),
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
        near: item.near,
        more_repeats: item.repeats + item.near - item.repeated.len() as u64,
        repeated: item
            .repeated
            .iter()
            .map(|repeated| RepeatedView {
                rank: repeated.rank,
                author: repeated.author.as_deref(),
                thread: plain::name(&repeated.thread),
                position: count(repeated.position.into()),
                score: number(Some(repeated.score), DECIMALS),
                is_near: repeated.is_near,
                text: repeated.text.as_ref().map(|text| shorten(text, MAX_REPEATED_TEXT)),
            })
            .collect(),
    }
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
        let threshold = rule.threshold_for(&item.comment, item.language.as_deref());
        rule.label == fired.rule.label && rule.action > fired.rule.action && threshold > fired.score
    });
    let threshold = |rule: &&crate::policy::Rule| rule.threshold_for(&item.comment, item.language.as_deref());
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
        let (flagged, scored) = (totals.flagged, totals.scored);
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

/// Whether a link leads to a page: nothing that runs, nothing local.
fn is_web_address(link: &str) -> bool {
    let scheme =
        |scheme: &str| link.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    (scheme("https://") || scheme("http://")) && !link.chars().any(|c| c.is_control() || c.is_whitespace())
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
}
