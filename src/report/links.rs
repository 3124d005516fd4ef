//! The forest of replies by the rows of the scores file.

use std::io;
use std::path::Path;

use super::ReportError;
use super::draft::Drafts;
use super::replies::Join;
use crate::comment::Comment;
use crate::record::ledger;

/// The replies of an export. Rows are counted from 0; 4 bytes a comment.
pub(super) struct Links {
    /// For each row, the row of the comment that it answers; [`Self::NONE`] if that is not in the
    /// export.
    parents: Vec<u32>,
    /// Replies to comments that are not in the export.
    pub(super) absent: u64,
    /// Comments that are said to answer themselves.
    pub(super) to_self: u64,
}

impl Links {
    const NONE: u32 = u32::MAX;

    /// Reads the scores once. `look` sees every comment on the way.
    pub(super) fn gather(
        scores: &Path,
        drafts: &Drafts,
        mut look: impl FnMut(&Comment) -> io::Result<()>,
    ) -> Result<Self, ReportError> {
        let failed = |source| drafts.failed_to_sort(source);
        let mut join = Join::new(drafts);
        let mut count = 0;
        for (row, scored) in (0_u32..).zip(ledger::Reader::open(scores)?) {
            let comment = scored?.comment;
            join.push(&comment, |hash| [hash, row.into()]).map_err(failed)?;
            look(&comment).map_err(failed)?;
            count += 1;
        }
        let mut links = Self { parents: vec![Self::NONE; count], absent: 0, to_self: 0 };
        let answer = |[_, reply]: [u64; 2], parent: Option<[u64; 2]>| {
            match parent {
                Some([_, row]) if row == reply => links.to_self += 1,
                Some([_, row]) => links.parents[reply as usize] = row as u32,
                None => links.absent += 1,
            }
            Ok(())
        };
        // The first pass over the scores has found the rows that are there twice.
        join.finish(answer, |_, _| ()).map_err(failed)?;
        Ok(links)
    }

    /// The row that a row answers.
    pub(super) fn parent(&self, row: u32) -> Option<u32> {
        Some(self.parents[row as usize]).filter(|parent| *parent != Self::NONE)
    }

    /// Returns for each row the root of its tree: the comment at the upper end of its replies.
    /// Removes the link of the first comment of every ring of comments that answer each other, and
    /// returns the number of rings.
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
                        self.parents[first as usize] = Self::NONE;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn links(parents: Vec<Option<u32>>) -> Links {
        let parents = parents.into_iter().map(|parent| parent.unwrap_or(Links::NONE)).collect();
        Links { parents, absent: 0, to_self: 0 }
    }

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
            let mut links = links(parents);
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
        let (roots, _) = links(parents.map(|parent| parent.map(|parent| 299_999 - parent)).collect()).roots();
        assert!(roots.iter().all(|root| *root == 299_999));
    }
}
