//! Versions of the policy, and what another one would do to the stored scores.

use comity_core::label::Label;
use comity_core::policy::{Action, Policy};
use comity_core::words;
use jiff::Timestamp;

use super::insight::Share;
use super::{PolicyId, Store, StoreError, UserId};

/// The state of a version of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyState {
    /// It decides what is flagged.
    Published,
    /// It is compared with the published one, and flags nothing.
    Shadow,
    /// A later one replaced it.
    Retired,
}

words! { PolicyState, "state of a policy":
    Published = "published",
    Shadow = "shadow",
    Retired = "retired",
}

/// A version of the policy.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyVersion {
    /// The id; later versions have higher ones.
    pub id: PolicyId,
    /// The policy.
    pub policy: Policy,
    /// Its file.
    pub toml: String,
    /// Its state.
    pub state: PolicyState,
    /// Who added it; `None` for the program itself.
    pub by: Option<String>,
    /// When.
    pub created_at: Timestamp,
    /// A note on what changed.
    pub note: String,
}

/// What a rule would do to the stored comments.
#[derive(Clone, Debug, PartialEq)]
pub struct WhatIfRule {
    /// Name of the rule.
    pub rule: String,
    /// Its label.
    pub label: Label,
    /// Its threshold.
    pub threshold: f64,
    /// The action that it calls for.
    pub action: Action,
    /// Comments whose score reaches the threshold.
    pub flagged: u64,
    /// Comments for which the rule decides, of several that fire.
    pub deciding: u64,
    /// The precision that the scores predict: their mean; `None` without flagged comments.
    pub expected_precision: Option<f64>,
    /// The recall that the scores predict: the share of their sum; `None` if that is 0.
    pub expected_recall: Option<f64>,
    /// The share of flagged comments that were rejected, of those that people decided about.
    pub decided: Share,
}

/// What a policy would do to the stored comments.
#[derive(Clone, Debug, PartialEq)]
pub struct WhatIf {
    /// Comments with scores.
    pub scored: u64,
    /// Comments that any rule flags.
    pub flagged: u64,
    /// Comments that it flags and the published policy does not.
    pub added: u64,
    /// Comments that the published policy flags and it does not.
    pub removed: u64,
    /// Hours of review for the flagged comments, at the policy's pace.
    pub hours: f64,
    /// The rules.
    pub rules: Vec<WhatIfRule>,
}

/// The shadow policy next to the published one.
#[derive(Clone, Debug, PartialEq)]
pub struct ShadowReport {
    /// The shadow policy.
    pub shadow: PolicyVersion,
    /// What it would do.
    pub shadow_figures: WhatIf,
    /// What the published one does.
    pub published_figures: WhatIf,
}

impl Store {
    /// Returns all versions, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn policies(&self) -> Result<Vec<PolicyVersion>, StoreError> {
        todo!()
    }

    /// Returns the published policy.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn published_policy(&self) -> Result<PolicyVersion, StoreError> {
        todo!()
    }

    /// Publishes a policy, and applies it to all stored scores: items that it no longer flags and
    /// nobody has decided about are dropped, and new ones are opened. Decisions stay. If the
    /// program ends before it is done, [`Store::apply_policy`] continues.
    ///
    /// # Errors
    /// [`StoreError::Policy`] if the file is none; [`StoreError`] if the database fails.
    pub async fn publish_policy(
        &self,
        toml: &str,
        note: &str,
        user: Option<UserId>,
    ) -> Result<PolicyId, StoreError> {
        todo!()
    }

    /// Publishes an earlier version again, as a new one.
    ///
    /// # Errors
    /// [`StoreError`] if there is no such version, or the database fails.
    pub async fn rollback_policy(&self, version: PolicyId, user: UserId) -> Result<PolicyId, StoreError> {
        todo!()
    }

    /// Applies the published policy to the comments that it was not applied to yet, and returns
    /// their number.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn apply_policy(&self) -> Result<u64, StoreError> {
        todo!()
    }

    /// Sets the shadow policy; `None` ends the comparison.
    ///
    /// # Errors
    /// [`StoreError::Policy`] if the file is none; [`StoreError`] if the database fails.
    pub async fn shadow_policy(&self, toml: Option<&str>, user: UserId) -> Result<(), StoreError> {
        todo!()
    }

    /// Compares the shadow policy with the published one; `None` if there is no shadow policy.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn shadow_report(&self) -> Result<Option<ShadowReport>, StoreError> {
        todo!()
    }

    /// Returns what a policy would do to the stored scores.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn what_if(&self, policy: &Policy) -> Result<WhatIf, StoreError> {
        todo!()
    }
}
