//! Where the comments stand that flagged ones answer: a join of two sorted lists on disk, 16 bytes an entry.

use std::io;

use bytemuck::{Pod, Zeroable};

use super::draft::Drafts;
use super::links::hash;
use crate::comment::Comment;
use crate::sort::{Sorted, Sorter};

/// A comment's identity and where its row begins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
struct Key {
    /// Of thread and id: they are unique together, and two that collide by chance cost one context.
    hash: u64,
    offset: u64,
}

/// A comment and the one that it answers, by where their rows begin in the scores file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Parent {
    pub(super) reply: u64,
    pub(super) parent: u64,
}

/// Finds parents, once every comment was seen.
pub(super) struct ParentSorter {
    seen: Sorter<Key>,
    wanted: Sorter<Key>,
    parents: Sorter<Parent>,
}

impl ParentSorter {
    pub(super) fn new(drafts: &Drafts) -> Self {
        Self { seen: drafts.sorter(), wanted: drafts.sorter(), parents: drafts.sorter() }
    }

    /// Notes a comment, and its parent if that `is_wanted`.
    pub(super) fn push(&mut self, offset: u64, comment: &Comment, is_wanted: bool) -> io::Result<()> {
        self.seen.push(Key { hash: hash(&(&comment.thread, &comment.id)), offset })?;
        // A comment is no context for itself.
        match comment.parent.as_ref().filter(|parent| is_wanted && **parent != comment.id) {
            Some(parent) => self.wanted.push(Key { hash: hash(&(&comment.thread, parent)), offset }),
            None => Ok(()),
        }
    }

    /// The parents that are in the export, in the order of those who answer.
    pub(super) fn finish(mut self) -> io::Result<Sorted<Parent>> {
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
                self.parents.push(Parent { reply: reply.offset, parent: key.offset })?;
            }
        }
        self.parents.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::Origin;

    #[test]
    fn wanted_parents_are_found_wherever_they_stand() {
        let folder = tempfile::tempdir().unwrap();
        let mut sorter = ParentSorter::new(&Drafts::new(folder.path()));
        let rows = [
            ("a", "1", Some("3"), true), // answers a later one
            ("a", "2", Some("9"), true), // not in the export
            ("b", "3", None, true),
            ("a", "3", Some("1"), true),
            ("a", "4", Some("1"), false),
            ("a", "5", Some("5"), true),
            ("a", "6", Some("1"), true), // a second answer to the same
        ];
        for (offset, (thread, id, parent, is_wanted)) in (100..).zip(rows) {
            let origin = Origin { file: "x".into(), record: 1, line: 1 };
            let comment =
                Comment { parent: parent.map(str::to_owned), ..Comment::new(id, thread, "", origin) };
            sorter.push(offset, &comment, is_wanted).unwrap();
        }
        let mut parents = sorter.finish().unwrap();
        let parents: Vec<_> =
            parents.records().unwrap().map(|p| p.map(|p| (p.reply, p.parent)).unwrap()).collect();
        assert_eq!(parents, [(100, 103), (103, 100), (106, 100)]);
    }
}
