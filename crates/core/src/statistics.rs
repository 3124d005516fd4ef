//! Statistics of moderators' decisions that the reports and the review console share: one estimator
//! a file, each with its formula's source.

mod allocation;
mod kappa;
mod recall;
mod threshold;
mod wilson;

pub use allocation::{Drawn, STRATA, allocate, stratum_of};
pub use kappa::{Kappa, cohen_kappa};
pub use recall::{Recall, Stratum, stratified_recall};
pub use threshold::{Suggestion, threshold_for_precision};
pub use wilson::{wilson, wilson_share};

/// A lower and an upper end.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Returns the interval cut to what the quantity can be.
    pub fn clamp(self, min: f64, max: f64) -> Self {
        Self { low: self.low.clamp(min, max), high: self.high.clamp(min, max) }
    }
}

/// The standard normal quantile of a two-sided 95% interval.
pub const Z_95: f64 = 1.959_963_984_540_054;
