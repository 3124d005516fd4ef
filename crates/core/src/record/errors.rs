//! Errors that a model made on labelled comments.

use serde::{Deserialize, Serialize};

/// What a classifier did on comments that people had labelled: what it says of its errors.
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

/// How often a model errs in telling toxic comments from others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldOut {
    /// Which comments these were.
    pub data: String,
    /// The probability of toxicity from which a comment was taken for toxic.
    pub threshold: f64,
    /// How many were taken for what.
    pub errors: Confusion,
}
