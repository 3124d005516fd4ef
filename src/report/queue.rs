//! The flagged comments, worst first: their words, and what they were said to.
//!
//! There may be millions: ranks, contexts and repeats are found by sorting on disk, then the rows
//! of the scores file are read once more, in the order of the ranks.

mod beside;
mod near;
pub(super) mod page;
mod rest;
mod whole;

use std::collections::HashMap;
use std::io;
use std::path::Path;

use bytemuck::{Pod, Zeroable};

use super::ReportError;
use super::draft::{Drafts, Table};
use super::first_pass::{FirstPass, Flag, OnDisk};
use super::plain::{cell, decimal, shorten};
use crate::cell::guard;
use crate::comment::Comment;
use crate::policy::{Fired, Policy, reach};
use crate::record::{Explanation, ledger};
use crate::sort::{Sorted, Sorter};
use comity_infer::caution::Caution;
use comity_infer::repeats::shingles;
use near::Shown;
use page::card::read_as;
use rest::Rest;

pub(super) const FLAGGED: &str = "flagged.csv";

/// Columns of `flagged.csv`.
const COLUMNS: [&str; 30] = [
    "rank",
    "thread",
    "id",
    "author",
    "created_at",
    "action",
    "rule",
    "label",
    "score",
    "threshold",
    "margin",
    "evasion",
    "text",
    "quotes",
    "position",
    "of",
    "context",
    "context_id",
    "context_author",
    "context_text",
    "link",
    "file",
    "record",
    "line",
    "duplicate_of",
    "near_duplicate_of",
    "severity",
    "reach",
    "harm",
    "cautions",
];

/// The flagged comments as the page has them; `flagged.csv` has them all, however many there are.
pub(super) struct Queue<'p> {
    /// The worst texts, at most as many as requested: those that are not nearly the same as an
    /// earlier one.
    pub(super) items: Vec<Item<'p>>,
    /// All others, including repeats of the first, as many as a page has room for.
    rest: Rest,
    /// The rank, by thread and position, of the item that shows the comment or one with the same or
    /// nearly the same words; of the requested threads only.
    pub(super) shown: HashMap<(usize, u32), usize>,
    /// The sum of the scores that flagged comments, over all of them.
    expected_right: f64,
    flagged: u64,
    /// Different texts among the comments on the page.
    texts: u64,
}

impl Queue<'_> {
    /// The share of the flagged comments that are flagged rightly according to the scores; `None`
    /// if none is flagged.
    pub(super) fn expected_right(&self) -> Option<f64> {
        (self.flagged > 0).then(|| self.expected_right / self.flagged as f64)
    }

    /// Returns the number of flagged comments on the page.
    fn on_page(&self) -> u64 {
        self.items.len() as u64 + self.rest.comments
    }
}

/// A flagged comment.
pub(super) struct Item<'p> {
    /// From 1: in the order of [`crate::policy::Urgency::first`], then input order.
    pub(super) rank: usize,
    /// Number of its thread.
    pub(super) thread: usize,
    /// Place in its thread, from 1.
    pub(super) position: u32,
    pub(super) fired: Fired<'p>,
    /// The comment, with the beginning of its text that the page shows; see [`Item::shorten`].
    pub(super) comment: Comment,
    /// Characters left out at the end of its text.
    pub(super) cut: usize,
    /// SHA-256 of its whole text, by which a decision is known to be about it.
    text_sha256: String,
    pub(super) evasion: bool,
    pub(super) context: Option<Context>,
    /// The own words as the model reads them, if the spelling hides words, and the characters left
    /// out at their end.
    read_as: Option<(String, usize)>,
    /// The words that carry its score, if computed for the label that flagged it.
    pub(super) explanation: Option<&'p Explanation>,
    /// Rank, from 1, of the first comment with the same words (see [`comity_infer::repeats::digest`]).
    pub(super) duplicate_of: Option<usize>,
    /// Rank of the first of the texts that the page shows which says nearly the same (see
    /// [`near`]).
    pub(super) near_duplicate_of: Option<usize>,
    /// The number of later comments with its words, if it is the first.
    pub(super) repeats: u64,
    /// The number of comments with nearly its words, if it is shown.
    pub(super) near: u64,
    /// The first of all those.
    pub(super) repeated: Vec<Repeated>,
    /// The language of its own words, ISO 639-1; `None` if it is unknown.
    pub(super) language: Option<String>,
    /// Signs that its score may be wrong.
    cautions: Vec<Caution>,
}

impl Item<'_> {
    /// Cuts the texts to what the page shows: a comment may have megabytes, and the page has
    /// hundreds.
    fn shorten(&mut self) {
        let comment = &mut self.comment;
        let (text, cut) = shorten(&comment.text, page::MAX_TEXT);
        (comment.text, self.cut) = (text.to_owned(), cut);
        let kept = comment.text.len();
        comment.quotes = comment.quotes.iter().filter(|quote| quote.start < kept).cloned().collect();
        comment.unsourced = Vec::new();
        if let Some(Context { neighbour, cut, has_quote, .. }) = &mut self.context {
            *has_quote = page::text::quotes_of(&comment.text, &comment.quotes, &neighbour.text);
            let (text, left_out) = shorten(&neighbour.text, beside::MAX_NEIGHBOUR);
            (neighbour.text, *cut) = (text.to_owned(), left_out);
        }
    }
}

/// A later comment with the words, or nearly the words, of one that is shown.
pub(super) struct Repeated {
    pub(super) rank: usize,
    pub(super) author: Option<String>,
    pub(super) thread: String,
    pub(super) position: u32,
    pub(super) score: f64,
    /// It says nearly the same, not the same.
    pub(super) is_near: bool,
    /// Its text, if that differs, and the characters left out at the end.
    pub(super) text: Option<(String, usize)>,
}

/// Repeats of an item that are kept for the page.
const MAX_REPEATED: usize = 10;

/// Characters kept of a repeat's text.
const MAX_REPEATED_TEXT: usize = 600;

/// The comment that a flagged comment answers or follows.
pub(super) struct Context {
    pub(super) kind: ContextKind,
    pub(super) neighbour: Neighbour,
    /// Characters left out at the end of its text.
    cut: usize,
    /// For each quote of the comment, true if the whole text of the neighbour has its words.
    has_quote: Vec<bool>,
}

/// The relation of a context to its comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContextKind {
    /// The parent in the export.
    Parent,
    /// The text shows that it answers this.
    InferredParent,
    /// This stood before it in the thread.
    Previous,
}

impl ContextKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::InferredParent => "inferred_parent",
            Self::Previous => "previous",
        }
    }

    /// Returns the label of the page for such a context.
    fn words(self) -> &'static str {
        match self {
            Self::Parent => "In reply to",
            Self::InferredParent => "In reply to (inferred from the text)",
            Self::Previous => "The comment before it",
        }
    }
}

/// A comment next to a flagged one.
pub(super) struct Neighbour {
    pub(super) id: String,
    pub(super) author: Option<String>,
    pub(super) text: String,
}

/// A flagged comment by its rank: 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
struct Ranked {
    /// The complement of [`Flag::harm`]: the worst sort first.
    harm: u64,
    /// [`Flag::posted`].
    posted: u64,
    offset: u64,
    /// The offset of the row of its context; 0 if it has none.
    context: u64,
    /// 1 if the context is the comment that it answers.
    is_parent: u64,
    thread: u32,
    position: u32,
    words: [u64; 2],
}

/// The ranks of one text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
struct Same {
    words: [u64; 2],
    rank: u64,
}

/// A rank whose text occurs again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
struct Repeat {
    rank: u64,
    first: u64,
    /// The number of times that it does after the first.
    repeats: u64,
}

/// The sources of the queue, besides what the first pass left on disk.
pub(super) struct Sources<'p> {
    /// The scores file.
    pub(super) scores: &'p Path,
    pub(super) policy: &'p Policy,
    /// The languages of the model, ISO 639-1.
    pub(super) languages: &'p [String],
    pub(super) first_pass: &'p FirstPass<'p>,
    pub(super) explanations: &'p [Explanation],
}

/// Writes `flagged.csv`, and keeps for the page: of its first `most` texts those that are not
/// nearly the same; on disk, all other comments; and by which card the comments of the `linked`
/// threads are shown.
pub(super) fn write<'p>(
    sources: &Sources<'p>,
    disk: &mut OnDisk,
    most: usize,
    linked: &[usize],
    drafts: &mut Drafts,
) -> Result<Queue<'p>, ReportError> {
    let mut ranked = rank(disk, drafts).map_err(|source| drafts.failed_to_sort(source))?;
    let mut repeats = repeats(&mut ranked, drafts).map_err(|source| drafts.failed_to_sort(source))?;
    let failed = |source| drafts.failed_to_sort(source);
    let mut repeats = repeats.records().map_err(failed)?.peekable();
    let ranked = ranked.records().map_err(failed)?;

    let explanations: HashMap<(&str, &str), &Explanation> = sources
        .explanations
        .iter()
        .map(|explanation| ((explanation.thread.as_str(), explanation.id.as_str()), explanation))
        .collect();
    let mut rows = ledger::Reader::open(sources.scores)?;
    let scratch = drafts.scratch().map_err(|source| drafts.failed_to_sort(source))?;
    let mut queue = Queue {
        items: Vec::new(),
        rest: Rest::new(scratch, rest::MOST_BYTES),
        shown: HashMap::new(),
        expected_right: 0.0,
        flagged: 0,
        texts: 0,
    };
    let (mut texts, mut shown) = (0, Shown::default());
    let mut table = Table::create(FLAGGED, &COLUMNS, drafts)?;
    for (rank, ranked) in (1_usize..).zip(ranked) {
        let ranked = ranked.map_err(|source| drafts.failed_to_sort(source))?;
        let repeat = repeats
            .next_if(|repeat| repeat.as_ref().map_or(true, |repeat| repeat.rank == rank as u64))
            .transpose()
            .map_err(|source| drafts.failed_to_sort(source))?;
        let scored = rows.row_at(ranked.offset)?;
        let context = match ranked.context {
            0 => None,
            offset => {
                let Comment { id, author, text, .. } = rows.row_at(offset)?.comment;
                let kind = match (ranked.is_parent, scored.comment.parent_inferred) {
                    (0, _) => ContextKind::Previous,
                    (_, false) => ContextKind::Parent,
                    (_, true) => ContextKind::InferredParent,
                };
                let neighbour = Neighbour { id, author, text };
                Some(Context { kind, neighbour, cut: 0, has_quote: Vec::new() })
            }
        };
        let fired = sources.policy.decide(&scored).and_then(|decision| decision.fired);
        let fired = fired.expect("the row is the one that this policy flagged in the first pass");
        let comment = scored.comment;
        let duplicate_of = repeat.map(|repeat| repeat.first as usize).filter(|first| *first != rank);
        // The card that shows the comment or one with its words.
        let same =
            duplicate_of.and_then(|first| queue.items.binary_search_by_key(&first, |item| item.rank).ok());
        let shingles = if same.is_none() { shingles(&comment) } else { Vec::new() };
        let near = shown.near(&shingles);
        let explanation = explanations
            .get(&(comment.thread.as_str(), comment.id.as_str()))
            .filter(|explanation| explanation.label == fired.rule.label)
            .copied();
        let mut item = Item {
            rank,
            thread: ranked.thread as usize,
            position: ranked.position,
            fired,
            cut: 0,
            text_sha256: comment.text_sha256(),
            read_as: read_as(&comment, explanation, scored.evasion),
            evasion: scored.evasion,
            context,
            explanation,
            duplicate_of,
            near_duplicate_of: near.map(|card| queue.items[card].rank),
            repeats: repeat.map_or(0, |repeat| repeat.repeats),
            near: 0,
            repeated: Vec::new(),
            cautions: Caution::of(&comment, scored.language.as_deref(), sources.languages),
            language: scored.language,
            comment,
        };
        table.row(&cells(&item, sources.first_pass), drafts)?;
        item.shorten();

        queue.flagged += 1;
        queue.expected_right += item.fired.score;
        let is_new = item.duplicate_of.is_none() && near.is_none();
        texts += usize::from(item.duplicate_of.is_none());
        let is_shown = is_new && texts <= most;
        if let Some(card) = same.or(near).map(|card| &mut queue.items[card]) {
            card.near += u64::from(near.is_some());
            if card.repeated.len() < MAX_REPEATED {
                let Comment { author, thread, text, .. } = &item.comment;
                let (kept, left_out) = shorten(text, MAX_REPEATED_TEXT);
                card.repeated.push(Repeated {
                    rank,
                    author: author.clone(),
                    thread: thread.clone(),
                    position: item.position,
                    score: item.fired.score,
                    is_near: near.is_some(),
                    text: (item.text_sha256 != card.text_sha256)
                        .then(|| (kept.to_owned(), left_out + item.cut)),
                });
            }
        }
        let card = same.or(near).map(|card| queue.items[card].rank).or(is_shown.then_some(rank));
        if let Some(card) = card.filter(|_| linked.contains(&item.thread)) {
            queue.shown.insert((item.thread, item.position), card);
        }
        let before = queue.on_page();
        if is_shown {
            shown.add(&shingles);
            queue.items.push(item);
        } else {
            let added = queue.rest.add(&item, sources);
            added.map_err(|source| drafts.failed_to_sort(source))?;
        }
        queue.texts += u64::from(is_new && queue.on_page() > before);
    }
    table.finish(drafts)?;
    Ok(queue)
}

/// The flagged comments by rank, each with its context: the comment that it answers if that is
/// in the export, else the one before it.
fn rank(disk: &mut OnDisk, drafts: &Drafts) -> io::Result<Sorted<Ranked>> {
    let mut sorter = drafts.sorter();
    let mut parents = disk.parents.records()?.peekable();
    for flag in disk.flags.records()? {
        let Flag { offset, previous, thread, position, words, harm, posted } = flag?;
        let parent = parents
            .next_if(|parent| parent.as_ref().map_or(true, |parent| parent.reply == offset))
            .transpose()?;
        sorter.push(Ranked {
            harm: !harm,
            posted,
            offset,
            context: parent.map_or(previous, |parent| parent.parent),
            is_parent: parent.is_some().into(),
            thread,
            position,
            words,
        })?;
    }
    sorter.finish()
}

/// The ranks of texts that occur more than once.
fn repeats(ranked: &mut Sorted<Ranked>, drafts: &Drafts) -> io::Result<Sorted<Repeat>> {
    let mut same = drafts.sorter();
    for (rank, ranked) in (1..).zip(ranked.records()?) {
        same.push(Same { words: ranked?.words, rank })?;
    }
    let mut repeats = drafts.sorter();
    let mut same = same.finish()?;
    let mut first: Option<Same> = None;
    let mut count = 0;
    for next in same.records()? {
        let next = next?;
        match first.filter(|first| first.words == next.words) {
            Some(Same { rank: first, .. }) => {
                count += 1;
                repeats.push(Repeat { rank: next.rank, first, repeats: 0 })?;
            }
            None => {
                note_first(first, count, &mut repeats)?;
                (first, count) = (Some(next), 0);
            }
        }
    }
    note_first(first, count, &mut repeats)?;
    repeats.finish()
}

/// Notes the first rank of a text if it occurs again, and how often.
fn note_first(first: Option<Same>, repeats: u64, to: &mut Sorter<Repeat>) -> io::Result<()> {
    match first {
        Some(Same { rank, .. }) if repeats > 0 => to.push(Repeat { rank, first: rank, repeats }),
        _ => Ok(()),
    }
}

/// A row of `flagged.csv`.
fn cells(item: &Item<'_>, first_pass: &FirstPass<'_>) -> [String; COLUMNS.len()] {
    let text = |value: Option<&str>| guard(value.unwrap_or_default()).into_owned();
    let Item { comment, fired, context, .. } = item;
    let rule = fired.rule;
    let neighbour = context.as_ref().map(|context| &context.neighbour);
    [
        item.rank.to_string(),
        text(Some(&comment.thread)),
        text(Some(&comment.id)),
        text(comment.author.as_deref()),
        cell(comment.created_at),
        rule.action.to_string(),
        text(Some(&rule.name)),
        rule.label.to_string(),
        decimal(Some(fired.score)),
        decimal(Some(fired.threshold)),
        decimal(Some(fired.margin())),
        item.evasion.to_string(),
        text(Some(&comment.text)),
        comment.quotes.iter().map(|r| format!("{}-{}", r.start, r.end)).collect::<Vec<_>>().join(" "),
        item.position.to_string(),
        first_pass.threads.totals(item.thread).comments.to_string(),
        context.as_ref().map(|context| context.kind.as_str()).unwrap_or_default().to_owned(),
        text(neighbour.map(|neighbour| neighbour.id.as_str())),
        text(neighbour.and_then(|neighbour| neighbour.author.as_deref())),
        text(neighbour.map(|neighbour| neighbour.text.as_str())),
        text(comment.link.as_deref()),
        text(Some(&comment.origin.file)),
        comment.origin.record.to_string(),
        comment.origin.line.to_string(),
        cell(item.duplicate_of),
        cell(item.near_duplicate_of),
        decimal(Some(rule.severity)),
        decimal(Some(reach(comment))),
        decimal(Some(fired.harm(reach(comment)))),
        item.cautions.iter().map(|caution| caution.as_str()).collect::<Vec<_>>().join(" "),
    ]
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;
    use crate::comment::Origin;
    use crate::digest::sha256;

    #[test]
    fn only_what_the_page_shows_is_kept() {
        let policy = Policy::built_in();
        let text = "é".repeat(5_000_000);
        let mut comment =
            Comment::new("1", "t", text.as_str(), Origin { file: "x".into(), record: 1, line: 1 });
        comment.quotes = vec![0..8, 20_000..20_002];
        let neighbour =
            Neighbour {
                id: "0".to_owned(), author: None, text: format!("{}éééé", "x ".repeat(1_000_000))
            };
        let context = Context { kind: ContextKind::Parent, neighbour, cut: 0, has_quote: Vec::new() };
        let mut item = Item {
            rank: 1,
            thread: 0,
            position: 1,
            fired: Fired { rule: &policy.rules[0], score: 0.9, threshold: 0.5 },
            text_sha256: comment.text_sha256(),
            comment,
            cut: 0,
            evasion: false,
            context: Some(context),
            read_as: None,
            explanation: None,
            duplicate_of: None,
            near_duplicate_of: None,
            repeats: 0,
            near: 0,
            repeated: Vec::new(),
            language: None,
            cautions: Vec::new(),
        };
        item.shorten();
        assert_eq!(
            (item.comment.text.chars().count(), item.cut),
            (page::MAX_TEXT, 5_000_000 - page::MAX_TEXT)
        );
        assert!(item.comment.text.capacity() <= 2 * page::MAX_TEXT);
        assert_eq!(item.comment.quotes, [Range { start: 0, end: 8 }]);
        assert_eq!(item.text_sha256, sha256(&text));
        let Context { neighbour, cut, has_quote, .. } = item.context.unwrap();
        assert!(neighbour.text.capacity() <= beside::MAX_NEIGHBOUR);
        assert_eq!((neighbour.text.len() + cut, has_quote), (2_000_004, vec![true]));
    }
}
