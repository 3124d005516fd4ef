//! `network.csv`: who answers whom, an edge a row; and what replies have in common with what they
//! answer.

use std::io;

use bytemuck::{Pod, Zeroable};

use super::ReportError;
use super::draft::{Drafts, Table};
use super::first_pass::FirstPass;
use super::plain::{cell, decimal, toxic};
use super::replies::Reply;
use crate::aggregate::{CommentStats, Contagion, Edges, Moments, TOXIC, Tone};
use crate::cell::guard;
use crate::sort::Sorted;

pub(super) const NETWORK: &str = "network.csv";

/// Columns of `network.csv`.
const COLUMNS: [&str; 10] = [
    "from",
    "to",
    "replies",
    "inferred",
    "scored",
    "toxic",
    "mean_toxicity",
    "mean_sentiment",
    "mean_toxicity_answered",
    "mutual",
];

/// Edges of which the page shows something.
const TOP: usize = 10;

/// The network of an export's replies.
pub(super) struct Network<'s> {
    /// Replies whose parent is in the export.
    pub(super) replies: u64,
    /// Those by and to comments with an author's name.
    pub(super) named: u64,
    pub(super) edges: Edges,
    pub(super) contagion: Contagion,
    /// The edges with most replies; of equals, those whose authors came first.
    pub(super) strongest: Vec<Edge<'s>>,
}

/// One author's replies to another.
pub(super) struct Edge<'s> {
    pub(super) from: &'s str,
    pub(super) to: &'s str,
    pub(super) totals: Totals,
    /// The other answers as well.
    pub(super) is_mutual: bool,
}

/// The replies of an edge.
#[derive(Clone, Copy, Default)]
pub(super) struct Totals {
    pub(super) replies: u64,
    /// Those whose parent was inferred from the text.
    pub(super) inferred: u64,
    pub(super) scored: u64,
    pub(super) toxic: u64,
    pub(super) toxicity: Moments,
    pub(super) sentiment: Moments,
    /// The toxicity of the comments that are answered.
    pub(super) answered: Moments,
}

impl Totals {
    fn add(&mut self, Reply { reply, parent }: &Reply) {
        self.replies += 1;
        self.inferred += u64::from(reply.is_inferred());
        if let Some(Tone { toxicity, sentiment }) = reply.tone() {
            self.scored += 1;
            self.toxicity.extend(toxicity);
            self.sentiment.extend(sentiment);
            self.toxic += u64::from(toxicity.is_some_and(|toxicity| toxicity >= TOXIC));
        }
        self.answered.extend(parent.tone().and_then(|tone| tone.toxicity));
    }
}

/// A reply by who answers whom: 72 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
struct Answer {
    from: u32,
    to: u32,
    reply: CommentStats,
    parent: CommentStats,
}

/// The replies between named authors, on disk.
pub(super) struct Answers(Sorted<Answer>);

impl Answers {
    /// The edges, by the numbers of who answers and who is answered, in the order of both.
    pub(super) fn edges(&mut self) -> io::Result<impl Iterator<Item = io::Result<((u32, u32), Totals)>>> {
        let mut answers = self.0.records()?.peekable();
        Ok(std::iter::from_fn(move || {
            let mut edge: Option<((u32, u32), Totals)> = None;
            while let Some(next) = answers.next_if(|next| match (next, &edge) {
                (Ok(next), Some((pair, _))) => (next.from, next.to) == *pair,
                _ => true,
            }) {
                match next {
                    Err(error) => return Some(Err(error)),
                    Ok(Answer { from, to, reply, parent }) => {
                        let (_, totals) = edge.get_or_insert(((from, to), Totals::default()));
                        totals.add(&Reply { reply, parent });
                    }
                }
            }
            edge.map(Ok)
        }))
    }
}

/// Writes `network.csv`: edges in the order of the first comments of who answers, then of who is
/// answered.
pub(super) fn write<'s>(
    first_pass: &'s FirstPass<'_>,
    replies: &mut Sorted<Reply>,
    drafts: &mut Drafts,
) -> Result<(Network<'s>, Answers), ReportError> {
    let mut network = Network {
        replies: 0,
        named: 0,
        edges: Edges::default(),
        contagion: Contagion::default(),
        strongest: Vec::new(),
    };
    let (mut answers, mut reverse) =
        sort(replies, &mut network, drafts).map_err(|source| drafts.failed_to_sort(source))?;
    let mut table = Table::create(NETWORK, &COLUMNS, drafts)?;
    let failed = |source| drafts.failed_to_sort(source);
    let mut reverse = reverse.records().map_err(failed)?.peekable();
    for edge in answers.edges().map_err(failed)? {
        let (pair, totals) = edge.map_err(|source| drafts.failed_to_sort(source))?;
        let mut is_mutual = false;
        while let Some(other) =
            reverse.next_if(|other| other.as_ref().map_or(true, |[to, from]| (*to, *from) <= pair))
        {
            let [to, from] = other.map_err(|source| drafts.failed_to_sort(source))?;
            is_mutual |= (to, from) == pair;
        }
        network.edges.add(pair.0, pair.1, is_mutual);
        let name = |number: u32| first_pass.authors.name(number as usize);
        let edge =
            Edge { from: name(pair.0), to: name(pair.1), totals, is_mutual: is_mutual && pair.0 != pair.1 };
        table.row(&cells(&edge), drafts)?;
        let place = network.strongest.partition_point(|strong| strong.totals.replies >= totals.replies);
        if place < TOP && pair.0 != pair.1 {
            network.strongest.insert(place, edge);
            network.strongest.truncate(TOP);
        }
    }
    table.finish(drafts)?;
    Ok((network, answers))
}

/// The replies by who answers whom, and who is answered by whom.
fn sort(
    replies: &mut Sorted<Reply>,
    network: &mut Network<'_>,
    drafts: &Drafts,
) -> io::Result<(Answers, Sorted<[u32; 2]>)> {
    let (mut answers, mut reverse) = (drafts.sorter(), drafts.sorter());
    for reply in replies.records()? {
        let Reply { reply, parent } = reply?;
        network.replies += 1;
        let toxicity = |stats: CommentStats| stats.tone().and_then(|tone| tone.toxicity);
        if let Some((toxicity, answered)) = toxicity(reply).zip(toxicity(parent)) {
            network.contagion.add(answered, toxicity);
        }
        let Some((from, to)) = reply.author().zip(parent.author()) else { continue };
        network.named += 1;
        answers.push(Answer { from, to, reply, parent })?;
        reverse.push([to, from])?;
    }
    Ok((Answers(answers.finish()?), reverse.finish()?))
}

fn cells(Edge { from, to, totals, is_mutual }: &Edge<'_>) -> [String; COLUMNS.len()] {
    [
        guard(from).into_owned(),
        guard(to).into_owned(),
        totals.replies.to_string(),
        totals.inferred.to_string(),
        totals.scored.to_string(),
        cell(toxic(&totals.toxic, &totals.toxicity, &totals.scored)),
        decimal(totals.toxicity.mean()),
        decimal(totals.sentiment.mean()),
        decimal(totals.answered.mean()),
        is_mutual.to_string(),
    ]
}
