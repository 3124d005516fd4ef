//! Statistics of authors, threads and whole exports: numbers in, numbers out. No files and no
//! wording here.
//!
//! One estimator a file, each with its formula's source. Sums run in input order, so that the same
//! comments give the same bits on every run.

mod alpha;
mod author;
mod bootstrap;
mod bursts;
mod comment_stats;
mod concentration;
mod contagion;
mod difference;
mod distribution;
mod evenness;
mod expectation;
mod expected_maximum;
mod mann_kendall;
mod moments;
mod network;
mod position;
mod prevalence;
mod rolling;
mod series;
mod shrinkage;
mod size_bins;
mod theil_sen;
mod thread;
mod time_bins;
mod tree;

pub use comity_core::statistics::{Interval, Kappa, Recall, Suggestion};
pub(crate) use comity_core::statistics::{
    Stratum, Z_95, cohen_kappa, stratified_recall, threshold_for_precision, wilson,
};

pub(crate) use alpha::krippendorff_alpha;
pub(crate) use author::AuthorTotals;
pub(crate) use bootstrap::{REPLICATES, SEED, local_block_band};
pub(crate) use bursts::{ENTRY, FASTER, bursts};
pub(crate) use comment_stats::{CommentStats, Tone};
pub(crate) use concentration::{TOP, gini, top_share};
pub use contagion::Contagion;
pub(crate) use difference::difference;
pub use distribution::Histogram;
pub(crate) use distribution::{Spread, quantiles};
pub(crate) use evenness::evenness;
pub(crate) use expectation::Calibrated;
pub(crate) use expected_maximum::{EXPECTED_MAXIMUM_OF, expected_maximum};
pub(crate) use mann_kendall::{MannKendall, mann_kendall};
pub(crate) use moments::Moments;
pub(crate) use network::Edges;
pub(crate) use position::{Bin, Bins, MAX_BINS, MIN_COMMENTS_IN_BIN};
pub use prevalence::ShareEstimate;
pub(crate) use prevalence::{calibrated_share, corrected_share, counted_share};
pub(crate) use rolling::{WINDOWS, rolling_mean, rolling_window};
pub(crate) use series::{FixedPoint, Point, Series};
pub(crate) use shrinkage::{Shrinkage, Shrunk};
pub(crate) use size_bins::{SizeBin, SizeBins};
pub(crate) use theil_sen::theil_sen;
pub(crate) use thread::{CALM, ThreadTotals, Trend};
pub(crate) use time_bins::TimeBins;
pub(crate) use tree::{Shape, shape};

/// A comment whose calibrated probability of toxicity is at least this counts as toxic in shares
/// and in "first toxic": more likely than not. No policy changes it, so that shares can be compared
/// between reports.
pub(crate) const TOXIC: f64 = 0.5;

/// An author with fewer scored comments is listed but not ranked.
pub(crate) const MIN_COMMENTS_TO_RANK: u64 = 5;

/// A thread with fewer scored comments has no trend and no rolling mean: the normal approximation
/// of the Mann-Kendall test is considered good from ten on (Gilbert 1987, Statistical Methods for
/// Environmental Pollution Monitoring, 16.4).
pub(crate) const MIN_COMMENTS_FOR_TREND: usize = 10;

/// Results of independent implementations, written once by `scripts/reference/estimators.py`, which
/// names their versions.
#[cfg(test)]
mod reference {
    use serde::de::DeserializeOwned;

    /// The cases of an estimator.
    pub(super) fn cases<T: DeserializeOwned>(estimator: &str) -> Vec<T> {
        let json = include_str!("../tests/reference/statistics.json");
        let mut all: serde_json::Value = serde_json::from_str(json).unwrap();
        let cases: Vec<T> = serde_json::from_value(all[estimator].take()).unwrap();
        assert!(!cases.is_empty());
        cases
    }
}
