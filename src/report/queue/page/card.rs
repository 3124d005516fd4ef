//! A flagged comment as the page shows it.

use std::ops::Range;

use super::text::{Segment, has_words, segments};
use super::words_of;
use super::{MAX_NAME, MAX_TEXT};
use crate::aggregate::wilson;
use crate::comment::Comment;
use crate::normalize::normalize;
use crate::policy::{Policy, reach};
use crate::record::{EXPLAINED_CHARS, Explanation};
use crate::report::address::{is_web_address, shown};
use crate::report::plain::{self, count, number, percent, percents, shorten};
use crate::report::queue::beside::{Beside, Flagged, LATEST, MAX_NEIGHBOUR};
use crate::report::queue::{ContextKind, Item, Neighbour, Queue, Sources};
use crate::report::summary::six;

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
    /// The next more severe rule of the label, and how far the score is from it.
    pub(super) next: Option<(String, &'a str, String, &'static str)>,
    /// Expected harm and its factors, if it is not the score itself.
    pub(super) harm: Option<String>,
    pub(super) exact_harm: String,
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
    /// The title of the thread, or its name if it has none.
    pub(super) thread_heading: &'a str,
    pub(super) position: String,
    /// The same as a number.
    pub(super) place: u32,
    pub(super) id: String,
    /// Its address, whole and as it is shown.
    pub(super) link: Option<(&'a str, String)>,
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

/// An author's other comments.
pub(super) struct AuthorCard {
    pub(super) summary: String,
    pub(super) latest: Vec<(String, Option<usize>)>,
}

/// A comment before or after the flagged one.
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
    let (rule, first_pass) = (fired.rule, sources.first_pass);
    let marks: Vec<Range<usize>> = explanation
        .iter()
        .flat_map(|explanation| &explanation.words)
        .map(|word| word.start..word.end)
        .collect();
    let parent = context.as_ref().filter(|context| context.kind != ContextKind::Previous);
    let previous = beside.at(item.thread, item.position - 1);
    let is_parent = |neighbour: &&Neighbour| parent.is_some_and(|parent| parent.neighbour.id == neighbour.id);
    let quoted_author = |quote: usize, words: &str| {
        let neighbour = parent.filter(|parent| parent.has_quote[quote]).map(|parent| &parent.neighbour);
        neighbour.or(previous.filter(|previous| has_words(&previous.text, words)))?.author.as_deref()
    };
    let reached = reach(comment);
    let neighbour_view = |what, neighbour: &'a Neighbour| {
        let (text, cut) = shorten(&neighbour.text, MAX_NEIGHBOUR);
        NeighbourView { what, author: neighbour.author.as_deref(), text, cut }
    };
    let mut around = Vec::new();
    // Without a parent, the comment before it is the context already.
    if let Some(previous) = previous.filter(|previous| parent.is_some() && !is_parent(previous)) {
        around.push(neighbour_view("Before it", previous));
    }
    if let Some(next) = beside.at(item.thread, item.position + 1) {
        around.push(neighbour_view("After it", next));
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
        next: next_rule(sources.policy, item),
        harm: harm_words(fired.score, rule.severity, reached),
        exact_harm: format!("{:.6}", fired.harm(reached)),
        evasion: item.evasion,
        read_as: item.read_as.clone(),
        cautions: item.cautions.iter().map(|caution| (caution.as_str(), caution.words())).collect(),
        text_sha256: item.text_sha256.clone(),
        author: comment.author.as_deref(),
        author_card: comment.person().map(|name| author_card(name, item, sources, queue, beside)),
        time: comment.created_at.map(plain::moment),
        created_at: plain::cell(comment.created_at),
        thread: item.thread,
        thread_name: attribute(&comment.thread),
        thread_heading: comment.thread_title.as_deref().unwrap_or(&comment.thread),
        position: format!(
            "{} of {}",
            count(item.position.into()),
            count(first_pass.threads.totals(item.thread).comments.into())
        ),
        place: item.position,
        id: attribute(&comment.id),
        link: comment.link.as_deref().filter(|link| is_web_address(link)).map(|link| (link, shown(link))),
        file: &comment.origin.file,
        line: comment.origin.line,
        text: segments(&comment.text, &comment.quotes, quoted_author, &marks),
        cut: item.cut,
        explained: explanation.is_some(),
        explained_to: explanation
            .filter(|explanation| explanation.partial)
            .map(|_| count(EXPLAINED_CHARS as u64)),
        context: context.as_ref().map(|context| {
            let view = neighbour_view(context.kind.words(), &context.neighbour);
            NeighbourView { cut: context.cut, ..view }
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
                text: repeated.text.as_ref().map(|(text, cut)| (text.as_str(), *cut)),
            })
            .collect(),
    }
}

/// Returns the own words of a comment as the model reads them if its spelling hides words, and how
/// many characters were left out at the end.
pub(in crate::report::queue) fn read_as(
    comment: &Comment,
    explanation: Option<&Explanation>,
    evasion: bool,
) -> Option<(String, usize)> {
    let computed = explanation.and_then(|explanation| explanation.read_as.clone());
    if computed.is_none() && !evasion {
        return None;
    }
    let own = comment.own_words();
    // Without the model, only the steps of `normalize` are known.
    let read = computed.unwrap_or_else(|| normalize(&own).text.into_owned());
    if read == own {
        return None;
    }
    let (kept, cut) = shorten(&read, MAX_TEXT);
    Some((kept.to_owned(), cut))
}

/// Returns expected harm with its factors, or `None` if it is the score itself. The product is that
/// of the factors as they are shown, so that it adds up; flagged.csv has six decimals.
pub(in crate::report::queue) fn harm_words(score: f64, severity: f64, reach: f64) -> Option<String> {
    let round = |value: f64, decimals: i32| (value * 10_f64.powi(decimals)).round() / 10_f64.powi(decimals);
    if severity == 1.0 && reach <= 1.0 {
        return None;
    }
    let mut product = round(score, DECIMALS as i32);
    let mut factors = number(Some(product), DECIMALS);
    if severity != 1.0 {
        product *= severity;
        factors += &format!(" × severity {severity}");
    }
    if reach > 1.0 {
        product *= round(reach, 2);
        factors += &format!(" × reach {}", number(Some(reach), 2));
    }
    Some(format!("{} = {factors}", number(Some(product), 2)))
}

/// Returns a name as the value of an attribute.
pub(in crate::report::queue) fn attribute(text: &str) -> String {
    let (kept, cut) = shorten(text, MAX_NAME);
    if cut > 0 { format!("{kept}…") } else { kept.to_owned() }
}

/// The rule of the same label that asks for more and was not reached: how far off, its name, its
/// threshold, its action.
pub(in crate::report::queue) fn next_rule<'a>(
    policy: &'a Policy,
    item: &Item<'_>,
) -> Option<(String, &'a str, String, &'static str)> {
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
    let first_pass = sources.first_pass;
    let known = beside.author(name);
    let summary = known.map_or(String::new(), |author| {
        let totals = &author.totals;
        let (flagged, scored) = (totals.flagged, totals.scored);
        let interval =
            wilson(flagged, scored).map(|interval| format!(", 95% interval {}", percents(&interval)));
        format!(
            "{}, {} of {} flagged ({}{})",
            plain::counted(totals.comments, "comment", "comments"),
            count(flagged),
            plain::counted(scored, "scored one", "scored ones"),
            percent(totals.flagged_share()),
            interval.unwrap_or_default()
        )
    });
    let first_seen = known.and_then(|author| author.first_seen);
    let summary =
        first_seen.map_or(summary.clone(), |time| format!("{summary}; first seen {}", plain::day(time)));
    let is_other = |flagged: &&Flagged| (flagged.thread, flagged.position) != (item.thread, item.position);
    let others = known.into_iter().flat_map(|author| &author.latest).filter(is_other).take(LATEST - 1);
    let latest = others.map(|flagged| {
        let place = format!(
            "comment {} in {}",
            count(flagged.position.into()),
            plain::name(first_pass.threads.name(flagged.thread))
        );
        let words = flagged.time.map_or(place.clone(), |time| format!("{}, {place}", plain::moment(time)));
        let shown = queue
            .items
            .iter()
            .find(|item| (item.thread, item.position) == (flagged.thread, flagged.position));
        (words, shown.map(|item| item.rank))
    });
    AuthorCard { summary, latest: latest.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harm_adds_up_as_it_is_shown() {
        assert_eq!(harm_words(0.9651, 1.0, 1.0), None);
        for (score, severity, reach, words) in [
            (0.9651, 2.0, 1.0, "1.93 = 0.965 × severity 2"),
            (0.9654, 1.0, 1.0 + 2.0_f64.ln(), "1.63 = 0.965 × reach 1.69"),
            (0.5, 1.5, 5.634, "4.22 = 0.500 × severity 1.5 × reach 5.63"),
        ] {
            assert_eq!(harm_words(score, severity, reach).as_deref(), Some(words));
        }
        for step in 1..1_000 {
            let (score, reach) = (f64::from(step) / 999.0, 1.0 + f64::from(step * 7 % 501) / 97.0);
            let words = harm_words(score, 3.0, reach).unwrap();
            let (product, factors) = words.split_once(" = ").unwrap();
            let numbers = factors.split(" × ").map(|factor| factor.rsplit(' ').next().unwrap());
            let shown: f64 = numbers.map(|number| number.parse::<f64>().unwrap()).product();
            assert!((product.parse::<f64>().unwrap() - shown).abs() <= 0.005 + 1e-9, "{words}");
            assert!((shown - score * 3.0 * reach).abs() < 0.03, "{words}");
        }
    }
}
