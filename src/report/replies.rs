//! Which comment answers which: a join of two sorted lists on disk, 48 bytes an entry.

use std::io;

use bytemuck::{Pod, Zeroable};

use super::draft::Drafts;
use super::links::hash;
use crate::aggregate::Mark;
use crate::comment::Comment;
use crate::sort::{Sorted, Sorter};

/// A comment by its own identity or by that of the comment which it answers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
struct Key {
    /// Of thread and id: they are unique together, and two that collide by chance cost one link.
    hash: u64,
    /// Where its row begins in the scores file.
    offset: u64,
    mark: Mark,
}

/// A reply and the comment that it answers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Reply {
    pub(super) reply: Mark,
    pub(super) parent: Mark,
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
    seen: Sorter<Key>,
    wanted: Sorter<Key>,
    replies: Sorter<Reply>,
    parents: Sorter<Parent>,
}

impl ReplySorter {
    pub(super) fn new(drafts: &Drafts) -> Self {
        Self {
            seen: drafts.sorter(),
            wanted: drafts.sorter(),
            replies: drafts.sorter(),
            parents: drafts.sorter(),
        }
    }

    /// Notes a comment.
    pub(super) fn push(&mut self, offset: u64, comment: &Comment, mark: Mark) -> io::Result<()> {
        self.seen.push(Key { hash: hash(&(&comment.thread, &comment.id)), offset, mark })?;
        // No comment answers itself.
        match comment.parent.as_ref().filter(|parent| **parent != comment.id) {
            Some(parent) => self.wanted.push(Key { hash: hash(&(&comment.thread, parent)), offset, mark }),
            None => Ok(()),
        }
    }

    /// The replies to comments that are in the export, thread by thread and as they stand there; and for the flagged ones
    /// among them, in input order, where what they answer stands.
    pub(super) fn finish(mut self) -> io::Result<(Sorted<Reply>, Sorted<Parent>)> {
        let (mut seen, mut wanted) = (self.seen.finish()?, self.wanted.finish()?);
        let mut seen = seen.records()?.peekable();
        for reply in wanted.records()? {
            let reply = reply?;
            while let Some(key) = seen.next_if(|key| key.as_ref().map_or(true, |key| key.hash < reply.hash)) {
                key?;
            }
            if let Some(Ok(key)) = seen.peek()
                && key.hash == reply.hash
            {
                self.replies.push(Reply { reply: reply.mark, parent: key.mark })?;
                if reply.mark.is_flagged() {
                    self.parents.push(Parent { reply: reply.offset, parent: key.offset })?;
                }
            }
        }
        Ok((self.replies.finish()?, self.parents.finish()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::Origin;
    use crate::label::Label;
    use crate::score::{Outcome, Scored, Scores};

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
            let mark = Mark::new(number, position, None, &scored, is_flagged);
            sorter.push(offset, &scored.comment, mark).unwrap();
        }
        let (mut replies, mut parents) = sorter.finish().unwrap();
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
