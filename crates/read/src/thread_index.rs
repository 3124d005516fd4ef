//! The threads of comments by their ids, for formats in which a reply names its parent alone, and may stand in another file.

use std::collections::HashMap;

use string_interner::StringInterner;
use string_interner::backend::StringBackend;
use string_interner::symbol::SymbolU32;

use comity_core::digest::hash;

/// Some 20 bytes a comment, and every thread's name once. Ids stand for themselves by 64 bits each: two of ten million
/// collide by chance about once in 400,000 runs, which costs a reply its thread.
pub(crate) struct Homes {
    threads: StringInterner<StringBackend<SymbolU32>>,
    of: HashMap<u64, SymbolU32>,
}

impl Default for Homes {
    fn default() -> Self {
        Self { threads: StringInterner::new(), of: HashMap::new() }
    }
}

impl Homes {
    /// Notes the thread of a comment.
    pub(crate) fn insert(&mut self, id: &str, thread: &str) {
        let thread = self.threads.get_or_intern(thread);
        self.of.insert(hash(id), thread);
    }

    /// The thread of a comment that was noted.
    pub(crate) fn thread(&self, id: &str) -> Option<&str> {
        self.threads.resolve(*self.of.get(&hash(id))?)
    }
}
