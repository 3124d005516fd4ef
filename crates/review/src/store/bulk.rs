//! Decisions about all items that a filter selects, with a preview and undo.

use comity_core::record::decision::Verdict;

use super::decide::UndoOutcome;
use super::queue::{Filter, QueueRow};
use super::{BatchId, Store, StoreError, UserId};

/// A preview of a bulk action.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BulkPreview {
    /// The number of items that it would decide about.
    pub count: u64,
    /// The number of items that it leaves out, because somebody else has claimed them.
    pub claimed: u64,
    /// The lowest and the highest score of the flags.
    pub scores: Option<(f64, f64)>,
    /// The number of items by rule, the most frequent first.
    pub rules: Vec<(String, u64)>,
    /// Some of the items: the most and the least urgent.
    pub examples: Vec<QueueRow>,
}

/// The outcome of a bulk action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkOutcome {
    /// The decisions are recorded.
    Done {
        /// Its id, for [`Store::undo_bulk`].
        batch: BatchId,
        /// The number of decisions.
        count: u64,
    },
    /// The filter selects another number of items than the preview showed. Nothing was recorded.
    Changed {
        /// The number now.
        count: u64,
    },
}

impl Store {
    /// Returns what a bulk action of a user would decide about.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn preview_bulk(&self, filter: &Filter, user: UserId) -> Result<BulkPreview, StoreError> {
        todo!()
    }

    /// Decides about every open item that a filter selects and nobody else has claimed, if there
    /// are as many as `expected`. All decisions are recorded or none.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn bulk(
        &self,
        filter: &Filter,
        verdict: Verdict,
        reason: &str,
        note: &str,
        expected: u64,
        user: UserId,
    ) -> Result<BulkOutcome, StoreError> {
        todo!()
    }

    /// Undoes a bulk action. Items that changed after it are left as they are.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn undo_bulk(&self, batch: BatchId, user: UserId) -> Result<UndoOutcome, StoreError> {
        todo!()
    }
}
