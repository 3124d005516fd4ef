//! The threads of comments by their ids, for formats in which a reply names only its parent, which
//! may be in another file.

use std::collections::HashMap;

use string_interner::StringInterner;
use string_interner::backend::StringBackend;
use string_interner::symbol::SymbolU32;

use comity_core::digest::hash;

/// An index from comments to threads, kept for a whole run.
///
/// Its memory is not bounded: a hash table of 16 bytes per comment (20 to 40 bytes with its free
/// places), and every thread's name once. Formats add only comments that others may answer across
/// files: YouTube's top-level comments, of which ten million need about 300 MB. An id is kept as a
/// 64-bit hash: two of ten million collide about once in 400,000 runs, which puts a reply into a
/// wrong thread.
pub(crate) struct ThreadIndex {
    threads: StringInterner<StringBackend<SymbolU32>>,
    of: HashMap<u64, SymbolU32>,
}

impl Default for ThreadIndex {
    fn default() -> Self {
        Self { threads: StringInterner::new(), of: HashMap::new() }
    }
}

impl ThreadIndex {
    /// Inserts the thread of a comment.
    pub(crate) fn insert(&mut self, id: &str, thread: &str) {
        let thread = self.threads.get_or_intern(thread);
        self.of.insert(hash(id), thread);
    }

    /// Returns the thread of a comment that was inserted.
    pub(crate) fn thread(&self, id: &str) -> Option<&str> {
        self.threads.resolve(*self.of.get(&hash(id))?)
    }
}
