//! The reply join: it finds the comment that each reply answers, by two sorted lists on disk.

use std::io;

use bytemuck::{Pod, Zeroable};

use super::draft::Drafts;
use crate::aggregate::CommentStats;
use crate::comment::Comment;
use crate::digest::hash_pair;
use crate::sort::{Sorted, Sorter};

/// A record of the join. It sorts by its hash first.
pub(super) trait Keyed: Pod + Ord {
    /// The hash of the thread and id that the record is filed under.
    fn hash(&self) -> u64;
}

impl Keyed for [u64; 2] {
    fn hash(&self) -> u64 {
        self[0]
    }
}

/// Joins replies with the comments that they answer. Threads and ids are unique together; two that
/// collide by chance cost one link.
pub(super) struct Join<T> {
    /// A record of each comment, filed under its own thread and id.
    seen: Sorter<T>,
    /// A record of each reply, filed under the thread and id of the comment that it answers.
    wanted: Sorter<T>,
}

impl<T: Keyed> Join<T> {
    pub(super) fn new(drafts: &Drafts) -> Self {
        Self { seen: drafts.sorter(), wanted: drafts.sorter() }
    }

    /// Adds a comment. `record` files it under a hash.
    pub(super) fn push(&mut self, comment: &Comment, record: impl Fn(u64) -> T) -> io::Result<()> {
        self.seen.push(record(hash_pair(&comment.thread, &comment.id)))?;
        match &comment.parent {
            Some(parent) => self.wanted.push(record(hash_pair(&comment.thread, parent))),
            None => Ok(()),
        }
    }

    /// Calls `answer` for each reply with the comment that it answers, if that was added, and
    /// `twice` for two comments of one hash.
    pub(super) fn finish(
        self,
        mut answer: impl FnMut(T, Option<T>) -> io::Result<()>,
        mut twice: impl FnMut(T, T),
    ) -> io::Result<()> {
        let (mut seen, mut wanted) = (self.seen.finish()?, self.wanted.finish()?);
        let mut before: Option<T> = None;
        let seen = seen.records()?.inspect(|comment| {
            let Ok(comment) = comment else { return };
            if let Some(before) = before.replace(*comment).filter(|before| before.hash() == comment.hash()) {
                twice(before, *comment);
            }
        });
        let mut seen = seen.peekable();
        for reply in wanted.records()? {
            let reply = reply?;
            let is_before =
                |comment: &io::Result<T>| comment.as_ref().map_or(true, |c| c.hash() < reply.hash());
            while let Some(comment) = seen.next_if(is_before) {
                comment?;
            }
            let found = seen.peek().and_then(|comment| comment.as_ref().ok()).copied();
            answer(reply, found.filter(|comment| comment.hash() == reply.hash()))?;
        }
        seen.try_for_each(|comment| comment.map(drop))
    }
}

/// A comment by where its row begins and what the statistics of threads need: 48 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
struct Key {
    hash: u64,
    /// Where its row begins in the scores file.
    offset: u64,
    stats: CommentStats,
}

impl Keyed for Key {
    fn hash(&self) -> u64 {
        self.hash
    }
}

/// A reply and the comment that it answers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Reply {
    pub(super) reply: CommentStats,
    pub(super) parent: CommentStats,
}

/// A flagged comment and the one that it answers, by where their rows begin in the scores file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Parent {
    pub(super) reply: u64,
    pub(super) parent: u64,
}

/// Finds the comments that are answered, once every comment was seen.
pub(super) struct ReplySorter {
    join: Join<Key>,
    replies: Sorter<Reply>,
    parents: Sorter<Parent>,
}

/// The replies of an export.
pub(super) struct Found {
    /// Replies to comments that are in the export, thread by thread and in the order of their
    /// positions.
    pub(super) replies: Sorted<Reply>,
    /// The flagged ones among them, in input order, and where the rows of what they answer begin.
    pub(super) parents: Sorted<Parent>,
    /// Rows that share a hash, by where they begin: they may be two of one comment.
    pub(super) twins: Vec<[u64; 2]>,
}

impl ReplySorter {
    pub(super) fn new(drafts: &Drafts) -> Self {
        Self { join: Join::new(drafts), replies: drafts.sorter(), parents: drafts.sorter() }
    }

    /// Notes a comment.
    pub(super) fn push(&mut self, offset: u64, comment: &Comment, stats: CommentStats) -> io::Result<()> {
        self.join.push(comment, |hash| Key { hash, offset, stats })
    }

    /// Joins what was noted.
    pub(super) fn finish(self) -> io::Result<Found> {
        let Self { join, mut replies, mut parents } = self;
        let mut twins = Vec::new();
        join.finish(
            |reply, parent| {
                // No comment answers itself.
                let Some(parent) = parent.filter(|parent| parent.offset != reply.offset) else {
                    return Ok(());
                };
                replies.push(Reply { reply: reply.stats, parent: parent.stats })?;
                if reply.stats.is_flagged() {
                    parents.push(Parent { reply: reply.offset, parent: parent.offset })?;
                }
                Ok(())
            },
            |first, second| twins.push([first.offset, second.offset]),
        )?;
        Ok(Found { replies: replies.finish()?, parents: parents.finish()?, twins })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::Origin;
    use crate::label::Label;
    use crate::record::{Outcome, Scored, Scores};

    #[test]
    fn parents_are_found_wherever_they_stand() {
        let folder = tempfile::tempdir().unwrap();
        let mut sorter = ReplySorter::new(&Drafts::new(folder.path()));
        let rows = [
            (0, 1, "a", "1", Some("3"), true), // answers a later one
            (0, 2, "a", "2", Some("9"), true), // not in the export
            (1, 1, "b", "3", None, true),
            (0, 3, "a", "3", Some("1"), true),
            (0, 4, "a", "4", Some("1"), false),
            (0, 5, "a", "5", Some("5"), true),
            (0, 6, "a", "6", Some("1"), true), // a second answer to the same
        ];
        for (offset, (number, position, thread, id, parent, is_flagged)) in (100..).zip(rows) {
            let origin = Origin { file: "x".into(), record: 1, line: 1 };
            let comment =
                Comment { parent: parent.map(str::to_owned), ..Comment::new(id, thread, "", origin) };
            let outcome = Outcome::Scored(Scores::new([0.5; Label::COUNT]));
            let scored = Scored { comment, language: None, evasion: false, outcome };
            let stats = CommentStats::new(number, position, None, &scored, is_flagged);
            sorter.push(offset, &scored.comment, stats).unwrap();
        }
        let Found { mut replies, mut parents, twins } = sorter.finish().unwrap();
        assert!(twins.is_empty());
        let replies: Vec<_> = replies
            .records()
            .unwrap()
            .map(|r| r.map(|Reply { reply, parent }| (reply.thread(), reply.position(), parent.position())))
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(replies, [(0, 1, 3), (0, 3, 1), (0, 4, 1), (0, 6, 1)]);
        let parents: Vec<_> =
            parents.records().unwrap().map(|p| p.map(|p| (p.reply, p.parent)).unwrap()).collect();
        assert_eq!(parents, [(100, 103), (103, 100), (106, 100)]);
    }
}
