//! Figures about the queues, the rules and the moderators.

use comity_core::label::Label;
use jiff::Timestamp;
use jiff::civil::Date;

use super::queue::Queue;
use super::sample::RecallFigures;
use super::{SourceId, Store, StoreError, UserId};

/// A share with its 95% Wilson interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share {
    /// The number of hits.
    pub hits: u64,
    /// The number of trials.
    pub trials: u64,
}

/// The decisions that figures are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// Made at this time or later.
    pub from: Option<Timestamp>,
    /// Made before this time.
    pub before: Option<Timestamp>,
    /// About comments of this source.
    pub source: Option<SourceId>,
}

/// The decisions of a day, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayFigures {
    /// The day.
    pub day: Date,
    /// Approvals.
    pub approved: u64,
    /// Rejections.
    pub rejected: u64,
    /// Postponed decisions.
    pub deferred: u64,
    /// Escalations.
    pub escalated: u64,
}

/// The record of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleFigures {
    /// Name of the rule.
    pub rule: String,
    /// Its precision: rejected comments of those that it flagged and people decided about.
    pub precision: Share,
    /// The precision that the scores predict; `None` without decisions.
    pub expected: Option<f64>,
}

/// The agreement of two moderators on the comments that both decided about.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// The names of the two.
    pub names: (String, String),
    /// Comments on which they agree, of those that both decided about.
    pub agreed: Share,
    /// Cohen's kappa with its 95% interval; `None` if one of them used one verdict only.
    pub kappa: Option<(f64, f64, f64)>,
}

/// Appeals against decisions by a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct AppealFigures {
    /// Name of the rule; blank for decisions without one.
    pub rule: String,
    /// Appeals that nobody has decided about.
    pub open: u64,
    /// Overturned decisions of those whose appeal is decided.
    pub overturned: Share,
}

/// The backlog of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueFigures {
    /// The queue.
    pub queue: Queue,
    /// Open items.
    pub open: u64,
    /// When the oldest of them was opened.
    pub oldest: Option<Timestamp>,
}

/// The work of a moderator.
#[derive(Clone, Debug, PartialEq)]
pub struct ModeratorLoad {
    /// The user.
    pub user: UserId,
    /// The name.
    pub name: String,
    /// Decisions one by one.
    pub decisions: u64,
    /// Decisions in bulk.
    pub in_bulk: u64,
    /// Decisions that the user or somebody else undid.
    pub undone: u64,
    /// Decisions overturned on appeal, of those whose appeal is decided.
    pub overturned: Share,
}

/// A threshold that the decisions suggest for a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// Name of the rule.
    pub rule: String,
    /// Its label.
    pub label: Label,
    /// Its threshold now.
    pub current: f64,
    /// The lowest threshold at which the target precision is reached; `None` if there is none.
    pub suggested: Option<f64>,
    /// The precision at that threshold, or without one at the current.
    pub precision: Share,
}

/// Figures about the queues, the rules and the moderators.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Insight {
    /// Decisions by day, every day from the first to the last.
    pub days: Vec<DayFigures>,
    /// Rules, by name.
    pub rules: Vec<RuleFigures>,
    /// Pairs of moderators who decided about the same comments.
    pub agreement: Vec<Agreement>,
    /// Appeals by rule.
    pub appeals: Vec<AppealFigures>,
    /// The queues.
    pub queues: Vec<QueueFigures>,
    /// Moderators, the busiest first.
    pub moderators: Vec<ModeratorLoad>,
    /// Thresholds that the decisions suggest, for the target precision.
    pub suggestions: Vec<Suggestion>,
    /// Recall, estimated from the blind samples.
    pub recall: Vec<RecallFigures>,
}

impl Share {
    /// Returns the share; `None` without trials.
    pub fn value(&self) -> Option<f64> {
        (self.trials > 0).then(|| self.hits as f64 / self.trials as f64)
    }

    /// Returns the ends of its 95% Wilson interval; `None` without trials.
    pub fn interval(&self) -> Option<(f64, f64)> {
        todo!()
    }
}

impl Store {
    /// Returns figures about the decisions of a range. `precision` is the target of suggested
    /// thresholds, from 0 to 1.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn insight(&self, range: &Range, precision: f64) -> Result<Insight, StoreError> {
        todo!()
    }
}
