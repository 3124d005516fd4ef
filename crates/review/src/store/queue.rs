//! The queues: what is open, in the order of expected harm.

use std::fmt;
use std::str::FromStr;

use comity_core::label::Label;
use comity_core::policy::Action;
use comity_core::words;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::decide::Claim;
use super::{AuthorId, CommentId, CommentView, SourceId, Store, StoreError, ThreadId, UserId};

/// A queue of items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Queue {
    /// Comments that the policy flags.
    #[default]
    Review,
    /// Comments whose decision was postponed.
    Deferred,
    /// Comments about which a second moderator is to decide.
    SecondOpinion,
    /// Comments that someone else is to decide about, who is allowed to or knows more.
    Escalation,
    /// Appeals against decisions.
    Appeal,
    /// Comments without a flag that were drawn at random, to find out what the policy misses.
    Sample,
}

words! { Queue, "queue":
    Review = "review",
    Deferred = "deferred",
    SecondOpinion = "second_opinion",
    Escalation = "escalation",
    Appeal = "appeal",
    Sample = "sample",
}

/// The state of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for a decision.
    Open,
    /// Somebody approved or rejected it.
    Decided,
    /// The policy no longer flags it, and nobody had decided.
    Dropped,
}

words! { State, "state":
    Open = "open",
    Decided = "decided",
    Dropped = "dropped",
}

/// The items that a page, a claim, a search or a bulk action is about. Conditions that are `None`
/// select everything; all others must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// The queue. A search covers every comment, whatever its queue.
    pub queue: Queue,
    /// The rule that flagged it.
    pub rule: Option<String>,
    /// The label that flagged it; with a score range, the label whose score counts.
    pub label: Option<Label>,
    /// The action that the policy proposes.
    pub action: Option<Action>,
    /// The lowest score, inclusive. Without a label, that of the flag.
    pub min_score: Option<f64>,
    /// The highest score, inclusive.
    pub max_score: Option<f64>,
    /// The thread.
    pub thread: Option<ThreadId>,
    /// The author.
    pub author: Option<AuthorId>,
    /// The language, ISO 639-1.
    pub language: Option<String>,
    /// The source.
    pub source: Option<SourceId>,
    /// A caution that it has.
    pub caution: Option<String>,
    /// Posted at this time or later.
    pub posted_from: Option<Timestamp>,
    /// Posted before this time.
    pub posted_before: Option<Timestamp>,
    /// The item whose near-duplicates are meant: itself and all of them.
    pub repeats_of: Option<CommentId>,
}

/// The position after the last row of a page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cursor {
    /// The negated harm.
    pub(crate) rank: f64,
    /// The time of posting.
    pub(crate) posted: i64,
    /// The id.
    pub(crate) id: CommentId,
}

impl fmt::Display for Cursor {
    /// Writes the form of addresses, which [`FromStr`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}.{:x}.{:x}", self.rank.to_bits(), self.posted, self.id)
    }
}

impl FromStr for Cursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || "not the end of a page; begin with the first page".to_owned();
        let mut parts = text.split('.').map(|part| u64::from_str_radix(part, 16).ok());
        let mut next = || parts.next().flatten().ok_or_else(fault);
        let (rank, posted, id) = (f64::from_bits(next()?), next()?.cast_signed(), next()?.cast_signed());
        if rank.is_nan() || parts.next().is_some() {
            return Err(fault());
        }
        Ok(Self { rank, posted, id })
    }
}

/// A page of a list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Page {
    /// The rows after this position; `None` begins with the first.
    pub after: Option<Cursor>,
    /// The largest number of rows; at most 200 are returned.
    pub size: u32,
}

impl Default for Page {
    fn default() -> Self {
        Self { after: None, size: 50 }
    }
}

/// The reason why the policy flagged a comment.
#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    /// Name of the policy.
    pub policy: String,
    /// Name of the rule.
    pub rule: String,
    /// The rule's label.
    pub label: Label,
    /// The action that the policy proposes.
    pub action: Action,
    /// The score for the label.
    pub score: f64,
    /// The threshold that held for the comment.
    pub threshold: f64,
    /// The expected harm: see [`comity_core::policy::Fired::harm`].
    pub harm: f64,
}

impl Flag {
    /// Returns the distance of the score above the threshold.
    pub fn margin(&self) -> f64 {
        self.score - self.threshold
    }
}

/// A row of a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueRow {
    /// The comment; its id is that of the item.
    pub comment: CommentView,
    /// The reason why it is flagged; `None` for a drawn comment.
    pub flag: Option<Flag>,
    /// The number of open near-duplicates in the same queue that are folded into this row.
    pub repeats: u64,
    /// The claim that is in force, if any.
    pub claim: Option<Claim>,
    /// The revision, for [`super::DecisionInput::seen_revision`].
    pub revision: i64,
}

/// A page of a queue, the most urgent rows first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueuePage {
    /// The rows.
    pub rows: Vec<QueueRow>,
    /// The number of open items that the filter selects, near-duplicates included.
    pub total: u64,
    /// The position for the next page; `None` on the last.
    pub next: Option<Cursor>,
}

/// A filter that somebody saved under a name.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedView {
    /// The id.
    pub id: i64,
    /// The name.
    pub name: String,
    /// Whose it is.
    pub user: UserId,
    /// True if everybody sees it.
    pub shared: bool,
    /// The filter.
    pub filter: Filter,
}

impl Store {
    /// Returns a page of a queue. Near-duplicates are folded into the most urgent of them, unless
    /// the filter asks for them.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn queue(&self, filter: &Filter, page: Page) -> Result<QueuePage, StoreError> {
        todo!()
    }

    /// Returns the number of open items of each queue.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn queue_sizes(&self) -> Result<Vec<(Queue, u64)>, StoreError> {
        todo!()
    }

    /// Returns the sources, with their names.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn sources(&self) -> Result<Vec<(SourceId, String)>, StoreError> {
        todo!()
    }

    /// Returns the languages of open items, for a filter's choice.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn languages(&self) -> Result<Vec<String>, StoreError> {
        todo!()
    }

    /// Returns the views that a user sees: the user's own and shared ones, by name.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn saved_views(&self, user: UserId) -> Result<Vec<SavedView>, StoreError> {
        todo!()
    }

    /// Saves a view. One of the same user and name is replaced.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn save_view(
        &self,
        user: UserId,
        name: &str,
        shared: bool,
        filter: &Filter,
    ) -> Result<i64, StoreError> {
        todo!()
    }

    /// Deletes a view of a user. Returns false if there is none.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn delete_view(&self, user: UserId, view: i64) -> Result<bool, StoreError> {
        todo!()
    }
}
