//! Keeps (thread, id) unique over the whole input: later stages find a comment by them.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use comity_core::comment::Comment;
use comity_core::digest::hash_pair;

/// The number of hashes in memory: as many as a table of 2^19 places takes, 5 MB.
const IN_MEMORY: usize = if cfg!(test) { 2_000 } else { 7 << 16 };

/// The number of copies of one pair from which their count is remembered; until then they are
/// counted from scratch.
const MANY_COPIES: u64 = 16;

/// The pairs of thread and id that were read, 64 bits each (two pairs in ten million collide by
/// chance about once in 400,000 runs; such a comment is renamed, and nothing worse).
pub(crate) struct UniqueIds {
    seen: Seen,
    /// The number of comments that share a pair, if there are many.
    copies: HashMap<u64, u64>,
}

impl Default for UniqueIds {
    fn default() -> Self {
        Self { seen: Seen::new(), copies: HashMap::new() }
    }
}

impl UniqueIds {
    /// Appends `#2`, `#3`, … to the id of a comment whose pair was read before; returns its
    /// original id.
    pub(crate) fn make_unique(&mut self, comment: &mut Comment) -> io::Result<Option<String>> {
        let pair = hash_pair(&comment.thread, &comment.id);
        if self.seen.insert(pair)? {
            return Ok(None);
        }
        let mut copies = self.copies.get(&pair).copied().unwrap_or(1);
        let id = loop {
            copies += 1;
            let id = format!("{}#{copies}", comment.id);
            if self.seen.insert(hash_pair(&comment.thread, &id))? {
                break id;
            }
        };
        if copies >= MANY_COPIES {
            self.copies.insert(pair, copies);
        }
        Ok(Some(std::mem::replace(&mut comment.id, id)))
    }
}

/// A set of hashes that stays small in memory: the latest ones in a table, the others in ascending
/// order in a temporary file.
///
/// Most ids of an export are new, and the filter alone shows that for nearly all of those. Each
/// time the table is full, it and the file are merged into another file: both are read and written
/// from end to end, which costs about a microsecond per comment for an export of a hundred million
/// comments.
struct Seen {
    latest: HashSet<u64>,
    older: Option<Older>,
}

impl Seen {
    fn new() -> Self {
        Self { latest: HashSet::new(), older: None }
    }

    /// Inserts a hash; returns true if it is new.
    fn insert(&mut self, hash: u64) -> io::Result<bool> {
        if let Some(older) = &mut self.older
            && older.contains(hash)?
        {
            return Ok(false);
        }
        if self.latest.len() == IN_MEMORY {
            // Looked up first: a merge only for a known hash would be a waste.
            if self.latest.contains(&hash) {
                return Ok(false);
            }
            let mut latest: Vec<u64> = self.latest.drain().collect();
            latest.sort_unstable();
            self.older = Some(Older::merge(self.older.take(), &latest)?);
        }
        Ok(self.latest.insert(hash))
    }
}

/// The number of bits of the filter: 8 MiB. It lets one in seven new hashes pass after ten million.
const FILTER_BITS: u32 = if cfg!(test) { 10 } else { 26 };

/// The number of hashes in a block of the file, which is read at once.
const BLOCK: usize = 512;

/// Hashes in ascending order in a temporary file.
struct Older {
    file: File,
    count: usize,
    /// The first hash of every block.
    firsts: Vec<u64>,
    /// A bit for every value of a hash's upper bits, set if the file has such a hash.
    filter: Vec<u64>,
}

impl Older {
    fn contains(&mut self, hash: u64) -> io::Result<bool> {
        let (word, bit) = filter_place(hash);
        if self.filter[word] & bit == 0 {
            return Ok(false);
        }
        let Some(block) = self.firsts.partition_point(|first| *first <= hash).checked_sub(1) else {
            return Ok(false);
        };
        let mut hashes = [0; BLOCK];
        let hashes = &mut hashes[..BLOCK.min(self.count - block * BLOCK)];
        self.file.seek(SeekFrom::Start((block * BLOCK * 8) as u64))?;
        self.file.read_exact(bytemuck::cast_slice_mut(hashes))?;
        Ok(hashes.binary_search(&hash).is_ok())
    }

    /// Merges the hashes of both; `latest` is in ascending order, and has none that `older` has.
    fn merge(older: Option<Self>, latest: &[u64]) -> io::Result<Self> {
        let (file, count, mut filter) = match older {
            Some(older) => (Some(older.file), older.count, older.filter),
            None => (None, 0, vec![0; (1 << FILTER_BITS) / 64]),
        };
        for hash in latest {
            let (word, bit) = filter_place(*hash);
            filter[word] |= bit;
        }
        let mut out = BufWriter::with_capacity(MERGE_BYTES, tempfile::tempfile()?);
        let mut firsts = Vec::with_capacity((count + latest.len()).div_ceil(BLOCK));
        let mut written = 0;
        let mut write = |hash: u64| {
            if written % BLOCK == 0 {
                firsts.push(hash);
            }
            written += 1;
            out.write_all(&hash.to_ne_bytes())
        };
        let mut latest = latest.iter().copied().peekable();
        if let Some(mut file) = file {
            file.rewind()?;
            let mut hashes = BufReader::with_capacity(MERGE_BYTES, file);
            for _ in 0..count {
                let mut hash = [0; 8];
                hashes.read_exact(&mut hash)?;
                let hash = u64::from_ne_bytes(hash);
                while let Some(before) = latest.next_if(|before| *before < hash) {
                    write(before)?;
                }
                write(hash)?;
            }
        }
        latest.try_for_each(&mut write)?;
        Ok(Self {
            file: out.into_inner().map_err(io::IntoInnerError::into_error)?,
            count: written,
            firsts,
            filter,
        })
    }
}

/// The number of bytes that are read and written at once while files are merged.
const MERGE_BYTES: usize = 1 << 16;

/// Returns the place of a hash in the filter: the word, and the bit in it.
fn filter_place(hash: u64) -> (usize, u64) {
    let place = hash >> (64 - FILTER_BITS);
    ((place / 64) as usize, 1 << (place % 64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use comity_core::comment::Origin;

    #[test]
    fn ids_become_unique_within_their_thread() {
        let mut unique_ids = UniqueIds::default();
        let mut id = |thread: &str, id: &str| {
            let origin = Origin { file: "x".into(), record: 1, line: 1 };
            let mut comment = Comment::new(id, thread, "", origin);
            let before = unique_ids.make_unique(&mut comment).unwrap();
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
    fn what_was_written_to_disk_is_known() {
        let scattered = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // The lowest and highest hashes, neighbours that share a bit of the filter, and scattered
        // ones.
        let mut hashes = vec![0, u64::MAX];
        hashes.extend((1..700).chain((1..6_000).map(scattered).filter(|hash| *hash >= 700)));
        let mut seen = Seen::new();
        for (index, hash) in hashes.iter().enumerate() {
            assert!(seen.insert(*hash).unwrap(), "{hash}");
            assert!(!seen.insert(*hash).unwrap(), "{hash}");
            assert!(!seen.insert(hashes[index / 2]).unwrap(), "{hash}");
        }
        assert!(seen.older.as_ref().is_some_and(|older| older.count == 3 * IN_MEMORY));
        for hash in &hashes {
            assert!(!seen.insert(*hash).unwrap(), "{hash}");
        }
    }
}
