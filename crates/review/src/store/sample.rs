//! Blind samples: comments without a flag, drawn at random, to estimate what the policy misses.

use super::insight::Share;
use super::{Store, StoreError, UserId};

/// A blind sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlindSample {
    /// The id.
    pub id: i64,
    /// When it was drawn.
    pub drawn_at: jiff::Timestamp,
    /// The number of comments.
    pub size: u64,
    /// The number that somebody has judged.
    pub judged: u64,
    /// The number of unflagged comments that it was drawn from.
    pub from: u64,
}

/// Recall of the policy, estimated from blind samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecallFigures {
    /// The sample.
    pub sample: i64,
    /// Judged comments that break the rules, of those judged.
    pub broken: Share,
    /// Estimated comments that break the rules and are not flagged.
    pub missed: f64,
    /// Comments that people rejected among the flagged.
    pub found: f64,
    /// The estimated recall with its 95% interval; `None` if nothing breaks the rules.
    pub recall: Option<(f64, f64, f64)>,
}

impl Store {
    /// Draws a blind sample of comments that are scored, not flagged and not drawn before, and
    /// opens them in the queue of samples. Equal seeds draw the same from the same comments.
    /// Returns `None` if there is none to draw.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn blind_sample(
        &self,
        count: u32,
        seed: u64,
        user: Option<UserId>,
    ) -> Result<Option<BlindSample>, StoreError> {
        todo!()
    }

    /// Returns the samples, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn samples(&self) -> Result<Vec<BlindSample>, StoreError> {
        todo!()
    }

    /// Has a sample drawn every so many days; `None` ends that. [`Store::draw_due_sample`] draws it.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn schedule_samples(&self, plan: Option<(u32, u32)>, user: UserId) -> Result<(), StoreError> {
        todo!()
    }

    /// Returns the days between scheduled samples and the size of each; `None` without a schedule.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn sample_schedule(&self) -> Result<Option<(u32, u32)>, StoreError> {
        todo!()
    }

    /// Draws the scheduled sample if it is due.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn draw_due_sample(&self) -> Result<Option<BlindSample>, StoreError> {
        todo!()
    }
}
