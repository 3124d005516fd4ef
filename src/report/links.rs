//! Which comment answers which, by their rows in the scores file.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use super::ReportError;
use crate::comment::Comment;
use crate::score::ledger;

/// The replies of an export. Rows are counted from 0; 8 bytes a comment, and 40 while they are gathered.
pub(super) struct Links {
    /// By row: that of the comment which it answers; none where it answers none that is there.
    parents: Vec<Option<u32>>,
    /// Replies to comments that are not in the export.
    pub(super) absent: u64,
    /// Comments that are said to answer themselves.
    pub(super) to_self: u64,
}

impl Links {
    /// Reads the scores once. `look` sees every comment on the way.
    pub(super) fn gather(scores: &Path, mut look: impl FnMut(&Comment)) -> Result<Self, ReportError> {
        let mut rows: Vec<(u64, u32)> = Vec::new();
        let mut replies: Vec<(u32, u64)> = Vec::new();
        for (row, scored) in (0..).zip(ledger::Reader::open(scores)?) {
            let comment = scored?.comment;
            rows.push((hash(&(&comment.thread, &comment.id)), row));
            replies.extend(comment.parent.as_ref().map(|parent| (row, hash(&(&comment.thread, parent)))));
            look(&comment);
        }
        let mut links = Self { parents: vec![None; rows.len()], absent: 0, to_self: 0 };
        rows.sort_unstable();
        for (row, parent) in replies {
            // Threads and ids are unique together; two that collide by chance cost one link.
            match rows.binary_search_by_key(&parent, |(hash, _)| *hash) {
                Err(_) => links.absent += 1,
                Ok(found) if rows[found].1 == row => links.to_self += 1,
                Ok(found) => links.parents[row as usize] = Some(rows[found].1),
            }
        }
        Ok(links)
    }

    /// The row that a row answers.
    pub(super) fn parent(&self, row: u32) -> Option<u32> {
        self.parents[row as usize]
    }

    /// By row, the root of its tree: the comment at the upper end of its replies. Takes the link of its first comment from
    /// every ring of comments that answer each other, and gives how many rings there were.
    pub(super) fn roots(&mut self) -> (Vec<u32>, u64) {
        const UNKNOWN: u32 = u32::MAX;
        const ON_PATH: u32 = u32::MAX - 1;
        let mut roots = vec![UNKNOWN; self.parents.len()];
        let mut rings = 0;
        let mut path: Vec<u32> = Vec::new();
        for start in 0..roots.len() as u32 {
            let mut row = start;
            let root = loop {
                match (roots[row as usize], self.parent(row)) {
                    (ON_PATH, _) => {
                        let ring = path.iter().rev().scan(false, |ended, on| {
                            let goes_on = !*ended;
                            *ended = *on == row;
                            goes_on.then_some(*on)
                        });
                        let first = ring.min().unwrap_or(row);
                        self.parents[first as usize] = None;
                        rings += 1;
                        // Once more, now that there is an end.
                        path.drain(..).for_each(|on| roots[on as usize] = UNKNOWN);
                        row = start;
                    }
                    (UNKNOWN, None) => break row,
                    (UNKNOWN, Some(parent)) => {
                        roots[row as usize] = ON_PATH;
                        path.push(row);
                        row = parent;
                    }
                    (root, _) => break root,
                }
            };
            roots[row as usize] = root;
            path.drain(..).for_each(|on| roots[on as usize] = root);
        }
        (roots, rings)
    }
}

/// The same for the same value in every run: `DefaultHasher::new` has fixed keys.
pub(super) fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_comment_has_a_root_and_rings_are_opened_at_their_first_comment() {
        for (parents, expected, rings) in [
            (vec![], vec![], 0),
            (vec![None, Some(0), Some(1), None], vec![0, 0, 0, 3], 0),
            // Newest first: an answer stands before what it answers.
            (vec![Some(2), Some(0), None], vec![2, 2, 2], 0),
            // 1 -> 2 -> 3 -> 1, 0 and 4 hang on it.
            (vec![Some(3), Some(2), Some(3), Some(1), Some(0)], vec![1, 1, 1, 1, 1], 1),
            (vec![Some(1), Some(0), Some(3), Some(2)], vec![0, 0, 2, 2], 2),
        ] {
            let mut links = Links { parents, absent: 0, to_self: 0 };
            assert_eq!(links.roots(), (expected.clone(), rings));
            for (row, root) in (0..).zip(expected) {
                let mut at = row;
                while let Some(parent) = links.parent(at) {
                    at = parent;
                }
                assert_eq!(at, root, "by way of its parents");
            }
        }
    }

    #[test]
    fn a_chain_of_any_length_has_a_root() {
        let parents = (0..300_000_u32).map(|row| row.checked_sub(1)).rev();
        let parents = parents.map(|parent| parent.map(|parent| 299_999 - parent)).collect();
        let (roots, _) = Links { parents, absent: 0, to_self: 0 }.roots();
        assert!(roots.iter().all(|root| *root == 299_999));
    }
}
