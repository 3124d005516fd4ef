//! The first pass over the scores: every decision, and the totals of everything.
//!
//! What grows with the export: in memory the name of an author, the name and a few counts of a
//! thread; on disk a [`CommentStats`] and what [`authors`](super::authors) keeps of a comment, and
//! a [`Flag`] of a flagged one.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use bytemuck::{Pod, Zeroable};
use string_interner::StringInterner;
use string_interner::backend::StringBackend;
use string_interner::symbol::{Symbol, SymbolU32};

use super::ReportError;
use super::authors::{AuthorSorter, Totals};
use super::by::Groups;
use super::draft::{Drafts, Table};
use super::replies::{Found, Parent, Reply, ReplySorter};
use crate::aggregate::{Calibrated, CommentStats, FixedPoint, Histogram, Moments, Spread, TOXIC};
use crate::label::Label;
use crate::policy::{Action, Decision, Policy, Rule, Urgency};
use crate::record::{Column, Outcome, Scored, Unscored, ledger, row};
use crate::sort::{Sorted, Sorter};
use comity_infer::repeats;

pub(super) const DECISIONS: &str = "decisions.csv";

/// Columns of `decisions.csv`.
const COLUMNS: [&str; 7] = ["thread", "id", "action", "rule", "label", "score", "threshold"];

/// Results of the first pass.
pub(super) struct FirstPass<'p> {
    /// Unscored comments, in the order of [`Unscored::ALL`].
    pub(super) causes: [u64; Unscored::ALL.len()],
    /// Comments without an author's name, or with one that many people share.
    pub(super) without_author: u64,
    /// Comments that answer another one, whether it is in the export or not.
    pub(super) answering: u64,
    /// Scored comments whose spelling hid words.
    pub(super) evasions: u64,
    /// Scored comments.
    pub(super) scored: u64,
    /// Comments, and scored ones, by language; the empty string where it could not be told.
    pub(super) languages: BTreeMap<String, (u64, u64)>,
    pub(super) toxicity: Moments,
    pub(super) sentiment: Moments,
    pub(super) toxicity_histogram: Histogram,
    pub(super) sentiment_histogram: Histogram,
    pub(super) toxicity_spread: Spread,
    pub(super) sentiment_spread: Spread,
    /// Comments at or above [`TOXIC`].
    pub(super) toxic: u64,
    /// Scored comments, in the order of [`Action::ALL`].
    pub(super) actions: [u64; Action::ALL.len()],
    /// In the order of the policy.
    pub(super) rules: Vec<RuleTotals<'p>>,
    /// The scores of each label, in the order of [`Label::ALL`].
    pub(super) calibrated: [Calibrated; Label::COUNT],
    pub(super) authors: Named<()>,
    pub(super) threads: Named<ThreadCounts>,
    /// Flagged comments.
    pub(super) flagged: u64,
    /// The groups by the values of columns.
    pub(super) groups: Groups,
}

/// Counts of a rule.
pub(super) struct RuleTotals<'p> {
    pub(super) rule: &'p Rule,
    /// Comments that reached its threshold.
    pub(super) reached: u64,
    /// Comments that it decided.
    pub(super) decided: u64,
}

/// The counts that the first pass keeps of a thread; the rest is computed from the statistics of
/// its comments.
#[derive(Default)]
pub(super) struct ThreadCounts {
    /// Comments, scored or not.
    pub(super) comments: u32,
    /// Those with scores.
    pub(super) scored: u32,
    /// Where its first comment and its latest one begin in the scores file.
    pub(super) ends: Option<[u64; 2]>,
}

/// Records that the first pass left on disk.
pub(super) struct OnDisk {
    /// Every comment: thread by thread in the order of their numbers, and as they stand there.
    pub(super) comments: Sorted<CommentStats>,
    /// Every flagged comment, in input order.
    pub(super) flags: Sorted<Flag>,
    /// Every reply to a comment that is in the export, thread by thread and as they stand there.
    pub(super) replies: Sorted<Reply>,
    /// Where the comments stand that flagged ones answer.
    pub(super) parents: Sorted<Parent>,
}

/// A flagged comment, before its words are looked up: 56 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Flag {
    /// Where its row begins in the scores file, in bytes.
    pub(super) offset: u64,
    /// Where the row of the comment before it in its thread begins; 0, where the header stands, if
    /// it is the first.
    pub(super) previous: u64,
    /// Number of its thread.
    pub(super) thread: u32,
    /// Place in its thread, from 1.
    pub(super) position: u32,
    /// Its [`repeats::digest`].
    pub(super) words: [u64; 2],
    /// The bits of its expected harm: those of numbers that are not negative sort as the numbers
    /// do.
    pub(super) harm: u64,
    /// When it was posted, so that later times are larger and no time is the largest.
    pub(super) posted: u64,
}

/// Totals by name, numbered in the order of first appearance. Besides its totals a name takes its
/// length and about 16 bytes.
pub(super) struct Named<T> {
    names: StringInterner<StringBackend<SymbolU32>>,
    totals: Vec<T>,
}

impl<T: Default> Named<T> {
    fn new() -> Self {
        Self { names: StringInterner::new(), totals: Vec::new() }
    }

    fn entry(&mut self, name: &str) -> (usize, &mut T) {
        let number = self.names.get_or_intern(name).to_usize();
        if number == self.totals.len() {
            self.totals.push(T::default());
        }
        (number, &mut self.totals[number])
    }
}

impl<T> Named<T> {
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.names.get(name).map(Symbol::to_usize)
    }

    pub(super) fn name(&self, number: usize) -> &str {
        let symbol = SymbolU32::try_from_usize(number);
        symbol.and_then(|symbol| self.names.resolve(symbol)).expect("numbers are those of names")
    }

    pub(super) fn totals(&self, number: usize) -> &T {
        &self.totals[number]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &T)> + Clone {
        self.totals.iter().enumerate().map(|(number, totals)| (self.name(number), totals))
    }

    pub(super) fn len(&self) -> usize {
        self.totals.len()
    }
}

impl FirstPass<'_> {
    /// Comments without scores.
    pub(super) fn unscored(&self) -> u64 {
        self.causes.iter().sum()
    }
}

/// The sorters of the first pass.
struct Sorters {
    comments: Sorter<CommentStats>,
    flags: Sorter<Flag>,
    replies: ReplySorter,
    authors: AuthorSorter,
}

/// Reads the scores, writes `decisions.csv` and adds everything up: also what every author wrote.
/// `missing` are the labels that the model does not give.
pub(super) fn run<'p>(
    scores: &Path,
    policy: &'p Policy,
    missing: &[Label],
    by: &[Column],
    drafts: &mut Drafts,
) -> Result<(FirstPass<'p>, OnDisk, Totals), ReportError> {
    let mut first_pass = FirstPass {
        causes: [0; Unscored::ALL.len()],
        without_author: 0,
        answering: 0,
        evasions: 0,
        languages: BTreeMap::new(),
        scored: 0,
        toxicity: Moments::default(),
        sentiment: Moments::default(),
        toxicity_histogram: Histogram::new(0.0, 1.0, 20),
        sentiment_histogram: Histogram::new(-1.0, 1.0, 20),
        toxicity_spread: Spread::new(0, 1),
        sentiment_spread: Spread::new(-1, 1),
        toxic: 0,
        actions: [0; Action::ALL.len()],
        rules: policy.rules.iter().map(|rule| RuleTotals { rule, reached: 0, decided: 0 }).collect(),
        calibrated: std::array::from_fn(|_| Calibrated::default()),
        authors: Named::new(),
        threads: Named::new(),
        flagged: 0,
        groups: Groups::new(by),
    };
    let mut sorters = Sorters {
        comments: drafts.sorter(),
        flags: drafts.sorter(),
        replies: ReplySorter::new(drafts),
        authors: AuthorSorter::new(drafts),
    };
    let mut table = Table::create(DECISIONS, &COLUMNS, drafts)?;
    let mut rows = ledger::Reader::open(scores)?;
    while let Some(scored) = rows.next() {
        let scored = scored?;
        rows.check_labels(&scored, missing)?;
        let decision = policy.decide(&scored);
        table.row(&decision_cells(&scored, decision), drafts)?;
        first_pass
            .add(rows.offset(), &scored, decision, &mut sorters)
            .map_err(|source| drafts.failed_to_sort(source))?;
    }
    table.finish(drafts)?;
    let finish = || {
        let Sorters { comments, flags, replies, authors } = sorters;
        let authors = authors.finish(drafts)?;
        let Found { replies, parents, twins } = replies.finish()?;
        Ok((
            OnDisk { comments: comments.finish()?, flags: flags.finish()?, replies, parents },
            authors,
            twins,
        ))
    };
    let (disk, authors, twins) = finish().map_err(|source| drafts.failed_to_sort(source))?;
    for [first, second] in twins {
        rows.check_different(first, second)?;
    }
    Ok((first_pass, disk, authors))
}

/// The cells of `decisions.csv`.
fn decision_cells(scored: &Scored, decision: Option<Decision<'_>>) -> Vec<String> {
    let comment = ["thread", "id"].map(|name| row::value(scored, name));
    let values = comment.into_iter().chain(Decision::values(decision));
    values.map(|value| value.map(|value| value.cell().into_owned()).unwrap_or_default()).collect()
}

impl<'p> FirstPass<'p> {
    /// Adds the comment whose row begins at `offset`.
    fn add(
        &mut self,
        offset: u64,
        scored: &Scored,
        decision: Option<Decision<'p>>,
        sorters: &mut Sorters,
    ) -> io::Result<()> {
        let comment = &scored.comment;
        let flagged = decision.is_some_and(|decision| decision.is_flagged());
        let author = comment.person().map(|name| self.authors.entry(name).0 as u32);
        self.without_author += u64::from(author.is_none());
        self.answering += u64::from(comment.parent.as_ref().is_some_and(|parent| *parent != comment.id));
        let (thread, counts) = self.threads.entry(&comment.thread);
        let thread = thread as u32;
        counts.comments += 1;
        let position = counts.comments;
        let previous = counts.ends.map(|[_, last]| last);
        counts.ends = Some([counts.ends.map_or(offset, |[first, _]| first), offset]);
        let stats = CommentStats::new(thread, position, author, scored, flagged);
        sorters.comments.push(stats)?;
        sorters.authors.push(&stats)?;
        sorters.replies.push(offset, comment, stats)?;
        self.groups.add(scored, flagged);

        let language = self.languages.entry(scored.language.clone().unwrap_or_default()).or_default();
        language.0 += 1;
        match &scored.outcome {
            Outcome::Unscored(cause) => {
                self.causes
                    .iter_mut()
                    .zip(Unscored::ALL)
                    .filter(|(_, c)| c == cause)
                    .for_each(|(n, _)| *n += 1);
            }
            Outcome::Scored(scores) => {
                counts.scored += 1;
                language.1 += 1;
                self.evasions += u64::from(scored.evasion);
                self.scored += 1;
                if let Some(toxicity) = scores.get(Label::Toxicity) {
                    self.toxic += u64::from(toxicity >= TOXIC);
                    self.toxicity.add(toxicity);
                    self.toxicity_histogram.add(toxicity);
                    self.toxicity_spread.add(FixedPoint::new(toxicity));
                }
                if let Some(sentiment) = scores.sentiment() {
                    self.sentiment.add(sentiment);
                    self.sentiment_histogram.add(sentiment);
                    self.sentiment_spread.add(FixedPoint::new(sentiment));
                }
                for label in Label::ALL {
                    scores.get(label).into_iter().for_each(|score| self.calibrated[label.index()].add(score));
                }
                for totals in &mut self.rules {
                    let threshold = totals.rule.threshold_for(comment, scored.language.as_deref());
                    let reaches = |score| score >= threshold;
                    totals.reached += u64::from(scores.get(totals.rule.label).is_some_and(reaches));
                }
            }
        }
        let Some(decision) = decision else { return Ok(()) };
        self.actions[decision.action as usize] += 1;
        let Some(fired) = decision.fired else { return Ok(()) };
        self.rules.iter_mut().filter(|t| t.rule.name == fired.rule.name).for_each(|t| t.decided += 1);
        if flagged {
            self.flagged += 1;
            let Urgency { harm, created_at } = fired.urgency(comment);
            sorters.flags.push(Flag {
                offset,
                previous: previous.unwrap_or(0),
                thread,
                position,
                words: repeats::digest(comment),
                harm: harm.to_bits(),
                // To the microsecond, with the sign turned so that times before 1970 come first.
                posted: created_at.map_or(u64::MAX, |time| (time.as_microsecond() as u64) ^ (1 << 63)),
            })?;
        }
        Ok(())
    }
}
