//! Appeals against decisions, and what became of them.

use std::collections::BTreeMap;

use super::log::{Appeal, Entry, Verdict};
use crate::aggregate::{Interval, wilson};

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
    /// Share of the decided appeals that overturned the decision, with its 95 % Wilson interval; none where none is decided.
    pub fn overturn_rate(&self) -> Option<(f64, Interval)> {
        let decided = self.upheld + self.overturned;
        Some((self.overturned as f64 / decided as f64, wilson(self.overturned, decided)?))
    }
}

/// Counts an appeal for its rule.
pub(super) fn add_appeal(
    entry: &Entry,
    flagged_by: Option<&str>,
    appeals: &mut BTreeMap<String, AppealRecord>,
) {
    let rule = entry.rule.as_deref().or(flagged_by).unwrap_or_default();
    let record = appeals.entry(rule.to_owned()).or_default();
    record.rule = rule.to_owned();
    match entry.appeal {
        Some(Appeal::Uphold) => record.upheld += 1,
        Some(Appeal::Overturn) => record.overturned += 1,
        Some(Appeal::Open) | None => record.open += 1,
    }
}

/// Whether a comment breaks the rules, by its latest decided appeal; none where there is none. Of several the latest: by time,
/// else by place.
pub(super) fn latest_appeal(appeals: &[&Entry]) -> Option<bool> {
    let decided = appeals.iter().filter(|entry| entry.appeal != Some(Appeal::Open));
    let latest = decided.max_by_key(|entry| entry.time)?;
    let stands = latest.appeal == Some(Appeal::Uphold);
    Some(stands == (latest.verdict == Some(Verdict::Reject)))
}
