//! The threads of the comments of the page: whole, or only the comments around them if the thread
//! is too long for a page.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::Timestamp;

use crate::comment::{Comment, Status};
use crate::report::plain::{name, shorten};

/// Longer threads are not shown whole: nobody reads them for one comment, and scores.csv has them.
const WHOLE: u32 = 200;

/// Comments shown on either side of one whose thread is not shown whole.
const AROUND: u32 = 10;

/// Comments of whole threads on a page. What stands around the others is 4,200 more for 200 cards,
/// and each takes 550 bytes where its letters take one: 4 MB, so that a page with its cards has 5
/// MB however long the comments are. Letters of three bytes make that 9.5 MB.
const MOST: u32 = 3_000;

/// Characters kept of a text.
const MAX_TEXT: usize = 300;

/// The comments of threads that the page shows, by number and position.
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
    /// The ranges that are someone else's words; they may reach beyond what is kept of the text.
    pub(super) quotes: Vec<Range<usize>>,
    /// Characters left out at the end.
    pub(super) cut: usize,
    pub(super) is_flagged: bool,
}

impl Threads {
    /// Chooses what to show of the threads of cards: whole ones while the page has room, for those
    /// that come first. Each card is the number of its thread, the number of its comments, and the
    /// card's position in it.
    pub(super) fn of(cards: impl Iterator<Item = (usize, u32, u32)>) -> Self {
        let (mut places, mut room) = (BTreeMap::new(), MOST);
        for (thread, comments, position) in cards {
            let of_thread = places.entry(thread).or_insert_with(|| {
                if comments <= WHOLE && comments <= room {
                    room -= comments;
                    return Places::Whole;
                }
                Places::Around(Vec::new())
            });
            if let Places::Around(positions) = of_thread {
                positions.push(position);
            }
        }
        Self { places, said: BTreeMap::new() }
    }

    /// Returns true if a comment is to be shown.
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
            author: comment.author.as_deref().map(name),
            time: comment.created_at,
            status: comment.status,
            text: text.to_owned(),
            quotes: comment.quotes.iter().filter(|quote| quote.start < text.len()).cloned().collect(),
            cut,
            is_flagged,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(threads: &Threads, thread: usize, comments: u32) -> Vec<u32> {
        (1..=comments).filter(|position| threads.want(thread, *position)).collect()
    }

    #[test]
    fn long_threads_are_shown_around_their_cards() {
        let threads =
            Threads::of([(0, WHOLE, 7), (1, WHOLE + 1, 3), (1, WHOLE + 1, 100), (2, 1, 1)].into_iter());
        assert_eq!(shown(&threads, 0, WHOLE).len(), WHOLE as usize);
        let around: Vec<u32> = (1..=3 + AROUND).chain(100 - AROUND..=100 + AROUND).collect();
        assert_eq!(shown(&threads, 1, WHOLE + 1), around);
        assert_eq!((shown(&threads, 2, 1), shown(&threads, 3, 9)), (vec![1], vec![]));
    }

    #[test]
    fn a_page_has_room_for_so_many_comments() {
        // The last of the full threads finds no room.
        let count = (MOST / WHOLE) as usize;
        let threads = Threads::of((0..=count).map(|thread| (thread, WHOLE, 50)).chain([(99, 1, 1)]));
        let whole = (0..=count).filter(|thread| shown(&threads, *thread, WHOLE).len() == WHOLE as usize);
        assert_eq!(whole.count(), count);
        assert_eq!(shown(&threads, count, WHOLE).len(), 2 * AROUND as usize + 1);
    }

    #[test]
    fn what_was_taken_down_is_not_told() {
        let mut threads = Threads::default();
        let origin = crate::comment::Origin { file: "x".into(), record: 1, line: 1 };
        let mut comment = Comment::new("1", "t", "é".repeat(MAX_TEXT + 7), origin);
        comment.quotes = vec![0..4, 2 * MAX_TEXT..2 * MAX_TEXT + 2];
        for status in [Status::Live, Status::Deleted, Status::Removed] {
            comment.status = status;
            threads.keep(0, 1, &comment, false);
        }
        let kept = |said: &Said| (said.text.chars().count(), said.cut, said.quotes.len());
        assert_eq!(
            threads.said[&0].iter().map(kept).collect::<Vec<_>>(),
            [(MAX_TEXT, 7, 1), (0, 0, 0), (0, 0, 0)]
        );
    }
}
