//! What an author wrote, over all threads.

use bytemuck::{Pod, Zeroable};

use super::{Interval, Moments, wilson};

/// Totals of an author: a name, over all threads. The same name on two sites is taken for one author.
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct AuthorTotals {
    /// Comments, scored or not.
    pub comments: u64,
    /// Probabilities of toxicity of the scored ones.
    pub toxicity: Moments,
    /// Sentiments of the scored ones, each from -1 to 1.
    pub sentiment: Moments,
    /// Comments on which a rule of the policy fired.
    pub flagged: u64,
}

impl AuthorTotals {
    /// Adds a comment: its toxicity and its sentiment, if it is scored, and whether a rule flagged it then.
    pub fn add(&mut self, scores: Option<(f64, f64)>, flagged: bool) {
        self.comments += 1;
        if let Some((toxicity, sentiment)) = scores {
            self.toxicity.add(toxicity);
            self.sentiment.add(sentiment);
            self.flagged += u64::from(flagged);
        }
    }

    /// Scored comments.
    pub fn scored(&self) -> u64 {
        self.toxicity.count()
    }

    /// Share of the scored comments that are flagged; none where none is scored.
    pub fn flagged_share(&self) -> Option<f64> {
        (self.scored() > 0).then(|| self.flagged as f64 / self.scored() as f64)
    }

    /// 95 % Wilson interval of that share.
    pub fn flagged_interval(&self) -> Option<Interval> {
        wilson(self.flagged, self.scored())
    }
}
