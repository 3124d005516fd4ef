//! The context of the comments of the page: their neighbours in the thread, their threads, and
//! what their authors wrote.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::whole::Threads;
use super::{Item, Neighbour, Sources};
use crate::aggregate::{AuthorTotals, Tone};
use crate::comment::Comment;
use crate::record::{Scored, ledger};
use crate::report::ReportError;
use crate::report::plain::shorten;

/// Characters kept of a neighbour's text.
pub(super) const MAX_NEIGHBOUR: usize = 600;

/// Flagged comments kept of an author: the latest. One more than are shown, because the
/// comment itself is left out.
pub(super) const LATEST: usize = 4;

/// The result of one more pass over the scores.
#[derive(Default)]
pub(super) struct Beside {
    /// Neighbours, by thread and position.
    neighbours: HashMap<(usize, u32), Neighbour>,
    authors: HashMap<String, Author>,
    pub(super) threads: Threads,
}

/// An author's comments: how many, when, and which were flagged.
#[derive(Default)]
pub(super) struct Author {
    pub(super) totals: AuthorTotals,
    pub(super) first_seen: Option<Timestamp>,
    /// The latest flagged comments, the last first.
    pub(super) latest: Vec<Flagged>,
}

/// A flagged comment of an author.
pub(super) struct Flagged {
    /// Number of its thread.
    pub(super) thread: usize,
    pub(super) position: u32,
    pub(super) time: Option<Timestamp>,
}

impl Beside {
    /// Reads the scores for what belongs to `items`.
    pub(super) fn read(sources: &Sources<'_>, items: &[Item<'_>]) -> Result<Self, ReportError> {
        let mut beside = Self::default();
        if items.is_empty() {
            return Ok(beside);
        }
        let totals = |item: &Item<'_>| sources.first_pass.threads.totals(item.thread);
        beside.threads =
            Threads::of(items.iter().map(|item| (item.thread, totals(item).comments, item.position)));
        let places: HashSet<(usize, u32)> = items
            .iter()
            .flat_map(|item| [item.position - 1, item.position + 1].map(|position| (item.thread, position)))
            .collect();
        for author in items.iter().filter_map(|item| item.comment.person()) {
            beside.authors.entry(author.to_owned()).or_default();
        }
        let mut positions = vec![0_u32; sources.first_pass.threads.len()];
        for scored in ledger::Reader::open(sources.scores)? {
            let scored = scored?;
            // A thread that the first reading did not see means that the file grew since: the next
            // report has it.
            let Some(thread) = sources.first_pass.threads.number(&scored.comment.thread) else { continue };
            positions[thread] += 1;
            let place = (thread, positions[thread]);
            if places.contains(&place) {
                let Comment { id, author, text, .. } = &scored.comment;
                let (text, cut) = shorten(text, MAX_NEIGHBOUR);
                let text = if cut > 0 { format!("{text} …") } else { text.to_owned() };
                let neighbour = Neighbour { id: id.clone(), author: author.clone(), text };
                beside.neighbours.insert(place, neighbour);
            }
            if beside.threads.want(thread, place.1) {
                beside.threads.keep(thread, place.1, &scored.comment, is_flagged(sources, &scored));
            }
            beside.note_author(sources, &scored, place);
        }
        Ok(beside)
    }

    fn note_author(&mut self, sources: &Sources<'_>, scored: &Scored, (thread, position): (usize, u32)) {
        let Some(author) = scored.comment.person().and_then(|name| self.authors.get_mut(name)) else {
            return;
        };
        let time = scored.comment.created_at;
        author.first_seen = author.first_seen.into_iter().chain(time).min();
        let is_flagged = is_flagged(sources, scored);
        author.totals.add(scored.outcome.scores().map(Tone::of), is_flagged);
        if is_flagged {
            // By time; of those without one, by place in the export.
            let after = author.latest.iter().position(|flagged| time >= flagged.time);
            author.latest.insert(after.unwrap_or(author.latest.len()), Flagged { thread, position, time });
            author.latest.truncate(LATEST);
        }
    }

    /// The comment at a place of a thread.
    pub(super) fn at(&self, thread: usize, position: u32) -> Option<&Neighbour> {
        self.neighbours.get(&(thread, position))
    }

    /// Returns an author of the page.
    pub(super) fn author(&self, name: &str) -> Option<&Author> {
        self.authors.get(name)
    }
}

fn is_flagged(sources: &Sources<'_>, scored: &Scored) -> bool {
    sources.policy.decide(scored).is_some_and(|decision| decision.is_flagged())
}
