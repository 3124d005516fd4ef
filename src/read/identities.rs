//! Keeps (thread, id) unique over everything read: later stages find a comment by them.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::comment::Comment;

/// Hashes that are kept in memory: as many as a table of 2^20 places takes, 9 MB.
const IN_MEMORY: usize = if cfg!(test) { 2_000 } else { 900_000 };

/// Copies of one pair after which it is remembered how many there are; until then they are counted anew.
const MANY_COPIES: u64 = 16;

/// The pairs of thread and id that were seen, 64 bits each (two pairs in ten million collide by chance about once in
/// 400,000 runs; such a comment is renamed, and nothing worse).
pub(crate) struct Identities {
    seen: Seen,
    /// How many comments share a pair, where many do.
    copies: HashMap<u64, u64>,
}

impl Default for Identities {
    fn default() -> Self {
        Self { seen: Seen::Few(HashSet::new()), copies: HashMap::new() }
    }
}

impl Identities {
    /// Puts `#2`, `#3`, … behind the id of a comment whose pair was seen before; gives the id that it had then.
    pub(crate) fn make_unique(&mut self, comment: &mut Comment) -> io::Result<Option<String>> {
        let pair = hash(&comment.thread, &comment.id);
        if self.seen.insert(pair)? {
            return Ok(None);
        }
        let mut copies = self.copies.get(&pair).copied().unwrap_or(1);
        let id = loop {
            copies += 1;
            let id = format!("{}#{copies}", comment.id);
            if self.seen.insert(hash(&comment.thread, &id))? {
                break id;
            }
        };
        if copies >= MANY_COPIES {
            self.copies.insert(pair, copies);
        }
        Ok(Some(std::mem::replace(&mut comment.id, id)))
    }
}

/// The same for the same pair in every run: `DefaultHasher::new` has fixed keys.
fn hash(thread: &str, id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (thread, id).hash(&mut hasher);
    hasher.finish()
}

/// A set of hashes that stays small in memory.
enum Seen {
    Few(HashSet<u64>),
    Many(Table),
}

impl Seen {
    /// Whether the hash is new.
    fn insert(&mut self, hash: u64) -> io::Result<bool> {
        match self {
            Self::Few(few) if few.len() < IN_MEMORY => Ok(few.insert(hash)),
            Self::Few(few) => {
                let mut table = Table::new(4 * IN_MEMORY / PAGE)?;
                let mut hashes: Vec<u64> = std::mem::take(few).into_iter().collect();
                hashes.sort_unstable();
                for hash in hashes {
                    table.insert(hash)?;
                }
                *self = Self::Many(table);
                self.insert(hash)
            }
            Self::Many(table) => table.insert(hash),
        }
    }
}

/// Hashes in a page of a [`Table`].
const PAGE: usize = 128;

/// A set of hashes in a temporary file: a table with open addressing, whose buckets are pages (Knuth, The Art of Computer
/// Programming 3, 6.4). One page is read for a look-up and eight bytes are written for an entry, and the system's cache
/// holds what is looked up often.
struct Table {
    file: File,
    pages: usize,
    entries: usize,
}

impl Table {
    fn new(pages: usize) -> io::Result<Self> {
        let file = tempfile::tempfile()?;
        file.set_len((pages * PAGE * 8) as u64)?;
        Ok(Self { file, pages, entries: 0 })
    }

    /// Whether the hash is new.
    fn insert(&mut self, hash: u64) -> io::Result<bool> {
        if self.entries * 10 > self.pages * PAGE * 7 {
            self.grow()?;
        }
        // 0 stands for a free place.
        let hash = hash.max(1);
        // By the upper bits: hashes in ascending order fill the file from its beginning to its end.
        let mut page = ((u128::from(hash) * self.pages as u128) >> 64) as usize;
        loop {
            let hashes = self.read(page)?;
            for (place, known) in hashes.iter().enumerate() {
                if *known == hash {
                    return Ok(false);
                }
                if *known == 0 {
                    self.file.seek(SeekFrom::Start(((page * PAGE + place) * 8) as u64))?;
                    self.file.write_all(&hash.to_ne_bytes())?;
                    self.entries += 1;
                    return Ok(true);
                }
            }
            page = (page + 1) % self.pages;
        }
    }

    fn read(&mut self, page: usize) -> io::Result<[u64; PAGE]> {
        let mut hashes = [0; PAGE];
        self.file.seek(SeekFrom::Start((page * PAGE * 8) as u64))?;
        self.file.read_exact(bytemuck::bytes_of_mut(&mut hashes))?;
        Ok(hashes)
    }

    fn grow(&mut self) -> io::Result<()> {
        let mut larger = Self::new(2 * self.pages)?;
        for page in 0..self.pages {
            let mut hashes = self.read(page)?;
            hashes.sort_unstable();
            for hash in hashes.into_iter().filter(|hash| *hash != 0) {
                larger.insert(hash)?;
            }
        }
        *self = larger;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::Origin;

    #[test]
    fn ids_become_unique_within_their_thread() {
        let mut identities = Identities::default();
        let mut id = |thread: &str, id: &str| {
            let origin = Origin { file: "x".into(), record: 1, line: 1 };
            let mut comment = Comment::new(id, thread, "", origin);
            let before = identities.make_unique(&mut comment).unwrap();
            assert_eq!(before.is_some(), comment.id != id);
            comment.id
        };
        for (thread, before, after) in [
            ("a", "1", "1"),
            ("b", "1", "1"),
            ("a", "1#3", "1#3"),
            ("a", "1", "1#2"),
            ("a", "1", "1#4"),
            ("a", "1#2", "1#2#2"),
        ] {
            assert_eq!(id(thread, before), after);
        }
        for copy in 5..100 {
            assert_eq!(id("a", "1"), format!("1#{copy}"));
        }
    }

    #[test]
    fn a_table_that_grows_knows_what_it_was_told() {
        let mut table = Table::new(1).unwrap();
        let hash = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // All of one page, so that pages overflow; then scattered ones.
        let hashes: Vec<u64> = (0..300).chain((1..3000).map(hash)).collect();
        for (index, hash) in hashes.iter().enumerate() {
            // 0 and 1 are one to the table.
            assert_eq!(table.insert(*hash).unwrap(), index != 1, "{hash}");
        }
        for hash in hashes {
            assert!(!table.insert(hash).unwrap());
        }
        assert!(table.pages > 20 && table.entries == 3298);
    }

    #[test]
    fn many_are_told_apart_as_few_are() {
        let hash = |n: u64| (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut many = Seen::Few(HashSet::new());
        let count = IN_MEMORY as u64 + 2;
        for n in 0..count {
            assert!(many.insert(hash(n)).unwrap());
        }
        assert!(matches!(many, Seen::Many(_)));
        assert!(!many.insert(hash(7)).unwrap());
        assert!(!many.insert(hash(count - 1)).unwrap());
    }
}
