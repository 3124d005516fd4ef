//! Errors of a model on labelled comments.

use serde::{Deserialize, Serialize};

/// The confusion matrix of a classifier at one threshold, on comments that people labelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confusion {
    /// Labelled comments of the class at or above the threshold.
    pub true_positives: u64,
    /// Other comments at or above it.
    pub false_positives: u64,
    /// Labelled comments of the class below it.
    pub false_negatives: u64,
    /// Other comments below it.
    pub true_negatives: u64,
}

/// A model's errors in telling toxic comments from others, on labelled comments that it had not
/// seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldOut {
    /// The comments, in words that can follow "on".
    pub data: String,
    /// The calibrated probability of toxicity from which a comment counted as toxic.
    pub threshold: f64,
    /// The counts.
    pub errors: Confusion,
}
