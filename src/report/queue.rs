//! The second pass over the scores: the words of flagged comments, and what they were said to.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::ReportError;
use super::draft::{Drafts, Table};
use super::plain::{cell, decimal};
use super::survey::{Flag, Survey};
use crate::cell::guard;
use crate::comment::Comment;
use crate::explain::Explanation;
use crate::policy::{Action, reach};
use crate::score::ledger;

pub(super) const FLAGGED: &str = "flagged.csv";

/// Columns of `flagged.csv`.
const COLUMNS: [&str; 28] = [
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
    "severity",
    "reach",
    "harm",
];

/// What the second pass found.
pub(super) struct Queue<'p> {
    /// Flagged comments, in the order of [`Urgency::first`], then input order.
    pub(super) items: Vec<Item<'p>>,
    /// Of the threads asked for, the author of every scored comment in order.
    pub(super) voices: HashMap<usize, Vec<Option<usize>>>,
}

/// A flagged comment.
pub(super) struct Item<'p> {
    pub(super) flag: &'p Flag<'p>,
    pub(super) comment: Comment,
    pub(super) evasion: bool,
    pub(super) context: Option<Context>,
    /// What carries its score, where that was computed for the label that flagged it.
    pub(super) explanation: Option<&'p Explanation>,
    /// Rank, from 1, of the first item with the same text (letter case and white space aside).
    pub(super) duplicate_of: Option<usize>,
}

/// What a flagged comment was said to.
pub(super) struct Context {
    pub(super) kind: ContextKind,
    pub(super) neighbour: Arc<Neighbour>,
}

/// How a context belongs to its comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContextKind {
    /// The export says that it answers this.
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
}

/// A comment next to a flagged one.
pub(super) struct Neighbour {
    pub(super) id: String,
    pub(super) author: Option<String>,
    pub(super) text: String,
}

/// Reads the scores again and keeps the flagged comments, their contexts and explanations, and the authors along `charted` threads.
pub(super) fn collect<'p>(
    scores: &Path,
    survey: &'p Survey<'p>,
    charted: &[usize],
    explanations: &'p [Explanation],
) -> Result<Queue<'p>, ReportError> {
    let flags = &survey.flagged;
    let explanations: HashMap<(&str, &str), &Explanation> = explanations
        .iter()
        .map(|explanation| ((explanation.thread.as_str(), explanation.id.as_str()), explanation))
        .collect();
    let wanted_parents: HashSet<(usize, &str)> =
        flags.iter().filter_map(|flag| Some((flag.thread, flag.parent.as_deref()?))).collect();
    let wanted_places: HashSet<(usize, u32)> =
        flags.iter().map(|flag| (flag.thread, flag.position.saturating_sub(1))).collect();

    let mut parents: HashMap<(usize, String), Arc<Neighbour>> = HashMap::new();
    let mut places: HashMap<(usize, u32), Arc<Neighbour>> = HashMap::new();
    let mut voices: HashMap<usize, Vec<Option<usize>>> =
        charted.iter().map(|thread| (*thread, Vec::new())).collect();
    let mut positions = vec![0_u32; survey.threads.len()];
    let mut items = Vec::with_capacity(flags.len());
    let mut next = flags.iter().peekable();
    for (row, scored) in (0_u64..).zip(ledger::Reader::open(scores)?) {
        let scored = scored?;
        let comment = scored.comment;
        // A thread or a row that the first pass did not see means that the file grew since: the next report has it.
        let Some(thread) = survey.threads.number(&comment.thread) else { continue };
        positions[thread] += 1;
        if let Some(voices) = voices.get_mut(&thread).filter(|_| scored.outcome.scores().is_some()) {
            voices.push(comment.author.as_deref().and_then(|name| survey.authors.number(name)));
        }
        let place = (thread, positions[thread]);
        let is_parent = wanted_parents.contains(&(thread, comment.id.as_str()));
        if is_parent || wanted_places.contains(&place) {
            let (id, author, text) = (comment.id.clone(), comment.author.clone(), comment.text.clone());
            let neighbour = Arc::new(Neighbour { id, author, text });
            if is_parent {
                parents.entry((thread, comment.id.clone())).or_insert_with(|| Arc::clone(&neighbour));
            }
            places.insert(place, neighbour);
        }
        if let Some(flag) = next.next_if(|flag| flag.row == row) {
            let explanation = explanations
                .get(&(comment.thread.as_str(), comment.id.as_str()))
                .filter(|explanation| explanation.label == flag.rule.label);
            items.push(Item {
                flag,
                evasion: scored.evasion,
                context: None,
                explanation: explanation.copied(),
                duplicate_of: None,
                comment,
            });
        }
    }

    for item in &mut items {
        let (flag, comment) = (item.flag, &item.comment);
        let parent = comment.parent.clone().filter(|parent| *parent != comment.id);
        let parent = parent.and_then(|id| parents.get(&(flag.thread, id)));
        let parent_kind =
            if comment.parent_inferred { ContextKind::InferredParent } else { ContextKind::Parent };
        let previous = places.get(&(flag.thread, flag.position - 1));
        item.context = parent
            .map(|neighbour| (parent_kind, neighbour))
            .or(previous.map(|neighbour| (ContextKind::Previous, neighbour)))
            .map(|(kind, neighbour)| Context { kind, neighbour: Arc::clone(neighbour) });
    }
    // The sort is stable: equals stay in input order.
    items.sort_by(|a, b| a.flag.urgency.first(&b.flag.urgency));
    let mut first_ranks: HashMap<String, usize> = HashMap::new();
    for (rank, item) in (1..).zip(&mut items) {
        let words = item.comment.text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ");
        let first = *first_ranks.entry(words).or_insert(rank);
        item.duplicate_of = (first != rank).then_some(first);
    }
    Ok(Queue { items, voices })
}

/// Writes `flagged.csv`.
pub(super) fn write(items: &[Item<'_>], survey: &Survey<'_>, drafts: &mut Drafts) -> Result<(), ReportError> {
    let text = |value: Option<&str>| guard(value.unwrap_or_default()).into_owned();
    let mut table = Table::create(FLAGGED, &COLUMNS, drafts)?;
    for (rank, item) in (1_usize..).zip(items) {
        let Item { flag, comment, evasion, context, duplicate_of, .. } = item;
        let neighbour = context.as_ref().map(|context| &context.neighbour);
        let action: Action = flag.rule.action;
        let cells: [String; COLUMNS.len()] = [
            rank.to_string(),
            text(Some(&comment.thread)),
            text(Some(&comment.id)),
            text(comment.author.as_deref()),
            cell(comment.created_at),
            action.to_string(),
            text(Some(&flag.rule.name)),
            flag.rule.label.to_string(),
            decimal(Some(flag.score)),
            decimal(Some(flag.threshold)),
            decimal(Some(flag.margin)),
            evasion.to_string(),
            text(Some(&comment.text)),
            comment.quotes.iter().map(|r| format!("{}-{}", r.start, r.end)).collect::<Vec<_>>().join(" "),
            flag.position.to_string(),
            survey.threads.totals(flag.thread).comments.to_string(),
            context.as_ref().map(|context| context.kind.as_str()).unwrap_or_default().to_owned(),
            text(neighbour.map(|neighbour| neighbour.id.as_str())),
            text(neighbour.and_then(|neighbour| neighbour.author.as_deref())),
            text(neighbour.map(|neighbour| neighbour.text.as_str())),
            text(comment.link.as_deref()),
            text(Some(&comment.origin.file)),
            comment.origin.record.to_string(),
            comment.origin.line.to_string(),
            cell(*duplicate_of),
            decimal(Some(flag.rule.severity)),
            decimal(Some(reach(comment))),
            decimal(Some(flag.urgency.harm)),
        ];
        table.row(&cells, drafts)?;
    }
    table.finish(drafts)
}
