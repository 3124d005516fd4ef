//! The threads that the comments of the page stand in: whole, or where they are too long for a page what stands around.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Item, Sources};
use crate::comment::{Comment, Status};
use crate::report::plain::shorten;

/// Longer threads are not shown whole: nobody reads them for one comment, and scores.csv has them.
const WHOLE: u32 = 200;

/// Comments shown on either side of one whose thread is not shown whole.
const AROUND: u32 = 10;

/// Comments of whole threads on a page. With what stands around the others, at most 4,200 more, a page stays below 5 MB.
const MOST: u32 = 4_000;

/// Characters kept of a text.
const MAX_TEXT: usize = 300;

/// What the page shows of threads, by their number and place.
#[derive(Default)]
pub(super) struct Threads {
    places: BTreeMap<usize, Places>,
    pub(super) said: BTreeMap<usize, Vec<Said>>,
}

enum Places {
    Whole,
    Around(Vec<u32>),
}

/// A comment in its thread.
pub(super) struct Said {
    /// From 1.
    pub(super) position: u32,
    pub(super) author: Option<String>,
    pub(super) time: Option<Timestamp>,
    pub(super) status: Status,
    pub(super) text: String,
    /// Characters left out at the end.
    pub(super) cut: usize,
    pub(super) is_flagged: bool,
}

impl Threads {
    /// Chooses what to show of the threads of `items`: whole ones as far as the page has room, for those that come first.
    pub(super) fn of(sources: &Sources<'_>, items: &[Item<'_>]) -> Self {
        let (mut places, mut room) = (BTreeMap::new(), MOST);
        for item in items {
            let comments = sources.survey.threads.totals(item.thread).comments;
            let of_thread = places.entry(item.thread).or_insert_with(|| {
                if comments <= WHOLE && comments <= room {
                    room -= comments;
                    return Places::Whole;
                }
                Places::Around(Vec::new())
            });
            if let Places::Around(positions) = of_thread {
                positions.push(item.position);
            }
        }
        Self { places, said: BTreeMap::new() }
    }

    /// Whether a comment is to be shown.
    pub(super) fn want(&self, thread: usize, position: u32) -> bool {
        self.places.get(&thread).is_some_and(|places| match places {
            Places::Whole => true,
            Places::Around(positions) => positions.iter().any(|around| around.abs_diff(position) <= AROUND),
        })
    }

    /// Keeps a comment. Those of a thread come in order.
    pub(super) fn keep(&mut self, thread: usize, position: u32, comment: &Comment, is_flagged: bool) {
        // What was taken down stays down.
        let is_there = matches!(comment.status, Status::Live | Status::Service);
        let (text, cut) = shorten(if is_there { &comment.text } else { "" }, MAX_TEXT);
        self.said.entry(thread).or_default().push(Said {
            position,
            author: comment.author.clone(),
            time: comment.created_at,
            status: comment.status,
            text: text.to_owned(),
            cut,
            is_flagged,
        });
    }
}
