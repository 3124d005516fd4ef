//! Appeals against decisions, and their outcomes.

use std::collections::BTreeMap;

use crate::aggregate::{Interval, wilson};
use crate::record::decision::{Appeal, ModeratorDecision, Verdict};

/// Appeals against decisions about one rule's flags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppealRecord {
    /// Name of the rule: the one that the row names, else the one that flags the comment now.
    pub rule: String,
    /// Decisions that stand.
    pub upheld: u64,
    /// Decisions that were overturned.
    pub overturned: u64,
    /// Appeals that are not decided yet.
    pub open: u64,
}

impl AppealRecord {
    /// Returns the share of the decided appeals that overturned the decision, with its 95% Wilson
    /// interval; `None` if none is decided.
    pub fn overturn_rate(&self) -> Option<(f64, Interval)> {
        let decided = self.upheld + self.overturned;
        Some((self.overturned as f64 / decided as f64, wilson(self.overturned, decided)?))
    }
}

/// Counts an appeal for its rule.
pub(super) fn add_appeal(
    decision: &ModeratorDecision,
    flagged_by: Option<&str>,
    appeals: &mut BTreeMap<String, AppealRecord>,
) {
    let rule = decision.rule.as_deref().or(flagged_by).unwrap_or_default();
    let record = appeals.entry(rule.to_owned()).or_default();
    record.rule = rule.to_owned();
    match decision.appeal {
        Some(Appeal::Uphold) => record.upheld += 1,
        Some(Appeal::Overturn) => record.overturned += 1,
        Some(Appeal::Open) | None => record.open += 1,
    }
}

/// Returns true if a comment breaks the rules by its latest decided appeal, the latest by time,
/// else by position; `None` if no appeal is decided.
pub(super) fn latest_appeal(appeals: &[&ModeratorDecision]) -> Option<bool> {
    let decided = appeals.iter().filter(|decision| decision.appeal != Some(Appeal::Open));
    let latest = decided.max_by_key(|decision| decision.time)?;
    let stands = latest.appeal == Some(Appeal::Uphold);
    Some(stands == (latest.verdict == Some(Verdict::Reject)))
}
