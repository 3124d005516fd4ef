//! Claims, decisions, appeals and undo. Each is one transaction, which checks that the item is what
//! its moderator has seen.

use std::time::Duration;

use comity_core::label::Label;
use comity_core::record::decision::{Appeal, Verdict};
use jiff::Timestamp;

use super::queue::{Filter, Queue};
use super::{BatchId, CommentId, DecisionId, ItemView, Store, StoreError, UserId};

/// A claim: until it ends, nobody else is given the item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who has it.
    pub user: UserId,
    /// The user's name.
    pub name: String,
    /// When it ends.
    pub until: Timestamp,
}

/// The outcome of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// The user has the item, until this time.
    Claimed(Timestamp),
    /// Somebody else has it.
    ClaimedBy(Claim),
    /// It is not open: it was decided or dropped.
    NotOpen,
}

/// A decision that somebody makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionInput {
    /// The item.
    pub item: CommentId,
    /// Who decides.
    pub user: UserId,
    /// The decision.
    pub verdict: Verdict,
    /// The rule of the policy that applies, if it is another one than the rule of the flag.
    pub rule: Option<String>,
    /// The reason, for the person whose comment it is.
    pub reason: String,
    /// A note, for moderators.
    pub note: String,
    /// The revision of the item that the user has seen.
    pub seen_revision: i64,
    /// True to have a second moderator decide about it, too. An approval or a rejection only.
    pub second_opinion: bool,
}

/// The outcome of a decision.
#[derive(Clone, Debug, PartialEq)]
pub enum DecideOutcome {
    /// The decision is recorded.
    Done {
        /// Its id, for [`Store::undo`].
        decision: DecisionId,
        /// The queue that the item is open in now; `None` if it is decided.
        moved_to: Option<Queue>,
    },
    /// Somebody decided since the user has seen the item. Nothing was recorded.
    AlreadyDecided(DecisionView),
    /// Somebody else has claimed the item. Nothing was recorded.
    ClaimedBy(Claim),
    /// The item changed since the user has seen it: a decision was undone, or a new policy flags it
    /// for another reason or not at all. Nothing was recorded.
    Changed,
    /// A second opinion, or a decision about an appeal, must be another person's. Nothing was
    /// recorded.
    OwnDecision,
}

/// A decision that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionView {
    /// The id.
    pub id: DecisionId,
    /// The comment.
    pub item: CommentId,
    /// Who decided.
    pub user: UserId,
    /// The name of that user.
    pub name: String,
    /// The queue that the item was in.
    pub queue: Queue,
    /// The decision. Of an appeal, the decision that it is against.
    pub verdict: Verdict,
    /// The outcome of an appeal; `None` if it is not one.
    pub appeal: Option<Appeal>,
    /// When.
    pub at: Timestamp,
    /// The rule.
    pub rule: Option<String>,
    /// The label and the score at that time.
    pub score: Option<(Label, f64)>,
    /// The threshold at that time.
    pub threshold: Option<f64>,
    /// The reason.
    pub reason: String,
    /// The note.
    pub note: String,
    /// The bulk action that it is part of.
    pub batch: Option<BatchId>,
    /// Who undid it, and when.
    pub undone: Option<(String, Timestamp)>,
}

/// The outcome of undoing a decision or a bulk action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UndoOutcome {
    /// Decisions that were undone: their items are as before.
    pub undone: u64,
    /// Decisions that stand, because the item changed after them, or they were undone already.
    pub kept: u64,
}

/// An appeal that somebody hands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppealInput {
    /// The comment; its last decision is appealed against.
    pub item: CommentId,
    /// Who records it.
    pub user: UserId,
    /// The reason that the person gives.
    pub reason: String,
}

impl Store {
    /// Claims the most urgent item that a filter selects and nobody has, and returns it. A user
    /// gets the item back that the user claimed last and neither decided nor released, if the
    /// filter selects it.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn claim_next(
        &self,
        user: UserId,
        filter: &Filter,
        lease: Duration,
    ) -> Result<Option<ItemView>, StoreError> {
        todo!()
    }

    /// Claims an item, or extends the user's own claim.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn claim(
        &self,
        item: CommentId,
        user: UserId,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        todo!()
    }

    /// Ends the claim of a user on an item. Returns false if there was none.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn release(&self, item: CommentId, user: UserId) -> Result<bool, StoreError> {
        todo!()
    }

    /// Ends all claims of a user, and returns their number.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn release_all(&self, user: UserId) -> Result<u64, StoreError> {
        todo!()
    }

    /// Records a decision, and ends the claim on the item.
    ///
    /// # Errors
    /// [`StoreError`] if there is no such item, or the database fails.
    pub async fn decide(&self, input: &DecisionInput) -> Result<DecideOutcome, StoreError> {
        todo!()
    }

    /// Undoes a decision: the item is in its queue again, as before it.
    ///
    /// # Errors
    /// [`StoreError`] if there is no such decision, or the database fails.
    pub async fn undo(&self, decision: DecisionId, user: UserId) -> Result<UndoOutcome, StoreError> {
        todo!()
    }

    /// Returns the last decisions of a user that are not undone, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn last_decisions(&self, user: UserId, size: u32) -> Result<Vec<DecisionView>, StoreError> {
        todo!()
    }

    /// Returns a decision.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn decision(&self, id: DecisionId) -> Result<Option<DecisionView>, StoreError> {
        todo!()
    }

    /// Puts a comment that the policy does not flag into a queue, because a person flags it.
    /// Returns false if it is open already.
    ///
    /// # Errors
    /// [`StoreError`] if there is no such comment, or the database fails.
    pub async fn flag(&self, comment: CommentId, queue: Queue, user: UserId) -> Result<bool, StoreError> {
        todo!()
    }

    /// Records an appeal against the last decision about a comment, and opens it in the queue of
    /// appeals. There, a decision equal to the one appealed against upholds it, and the other one
    /// overturns it. Returns false if the comment has no decision or an open appeal.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn appeal(&self, input: &AppealInput) -> Result<bool, StoreError> {
        todo!()
    }
}
