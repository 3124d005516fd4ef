//! The progress of a run.

use std::sync::atomic::{AtomicU64, Ordering};

/// The progress of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Comments that are through the scoring stage.
    pub scored: u64,
    /// Those of them that the interrupted run had scored.
    pub kept: u64,
    /// Comments read.
    pub read: u64,
    /// Bytes of the input read, as they lie on disk.
    pub bytes_read: u64,
    /// Bytes of the input; none with standard input.
    pub total_bytes: Option<u64>,
    /// Comments to read at most.
    pub limit: Option<u64>,
    /// Once all are scored: how many flagged comments have been explained, of how many.
    pub explained: Option<(usize, usize)>,
}

impl Progress {
    /// Estimates the number of comments of all inputs from the share of their bytes that was read.
    pub fn estimated_total(&self) -> Option<f64> {
        let total_bytes = self.total_bytes.filter(|_| self.bytes_read > 0)?;
        let total = self.read as f64 * (total_bytes as f64 / self.bytes_read as f64).max(1.0);
        Some(self.limit.map_or(total, |limit| total.min(limit as f64)))
    }
}

/// Tells the progress of a run while it counts the comments that are done.
pub(super) struct Meter<'p> {
    tell: &'p (dyn Fn(Progress) + Sync),
    scored: AtomicU64,
    /// The number of comments whose rows are written.
    pub(super) written: u64,
    /// Everything else that is known.
    pub(super) progress: Progress,
}

impl<'p> Meter<'p> {
    pub(super) fn new(tell: &'p (dyn Fn(Progress) + Sync), limit: Option<u64>) -> Self {
        Self {
            tell,
            scored: AtomicU64::new(0),
            written: 0,
            progress: Progress { limit, ..Progress::default() },
        }
    }

    /// Returns the number of comments that are done.
    pub(super) fn scored(&self) -> u64 {
        self.scored.load(Ordering::Relaxed)
    }

    /// Counts comments that are done.
    pub(super) fn advance(&self, more: u64) {
        let scored = self.scored.fetch_add(more, Ordering::Relaxed) + more;
        (self.tell)(Progress { scored, ..self.progress });
    }

    /// Tells how many flagged comments are explained, of how many.
    pub(super) fn explain(&self, explained: usize, of: usize) {
        (self.tell)(Progress { scored: self.scored(), explained: Some((explained, of)), ..self.progress });
    }
}
