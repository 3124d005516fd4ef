//! The statistics of an author, over all threads.

use bytemuck::{Pod, Zeroable};

use super::{Interval, Moments, Tone, wilson};

/// Totals of an author: a name, over all threads. The same name on two sites is taken for one
/// author.
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct AuthorTotals {
    /// Comments, scored or not.
    pub comments: u64,
    /// Scored comments.
    pub scored: u64,
    /// Probabilities of toxicity of the scored ones.
    pub toxicity: Moments,
    /// Sentiments of the scored ones, each from -1 to 1.
    pub sentiment: Moments,
    /// Comments on which a rule of the policy fired.
    pub flagged: u64,
}

impl AuthorTotals {
    /// Adds a comment: its toxicity and its sentiment, if it is scored, and whether a rule flagged
    /// it then.
    pub(crate) fn add(&mut self, tone: Option<Tone>, flagged: bool) {
        self.comments += 1;
        if let Some(Tone { toxicity, sentiment }) = tone {
            self.scored += 1;
            self.toxicity.extend(toxicity);
            self.sentiment.extend(sentiment);
            self.flagged += u64::from(flagged);
        }
    }

    /// Share of the scored comments that are flagged; `None` if none is scored.
    pub(crate) fn flagged_share(&self) -> Option<f64> {
        (self.scored > 0).then(|| self.flagged as f64 / self.scored as f64)
    }

    /// 95% Wilson interval of that share.
    pub(crate) fn flagged_interval(&self) -> Option<Interval> {
        wilson(self.flagged, self.scored)
    }
}
