//! `run.json`: the run that made a scores file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Column, Confusion, HeldOut};
use crate::label::Label;

/// Name of the file in a report's folder.
pub const RUN: &str = "run.json";

/// Name of the setting with the score map that was applied to the scores.
pub const CALIBRATION: &str = "calibration";

/// A run. Nothing that differs between two runs over the same input is recorded: no clock times, no
/// number of threads, no batch size, no paths beyond those that the user typed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Version of comity.
    pub version: String,
    /// The options that change what is written, by their name on the command line (`format`, `map`,
    /// `language`, `limit` ...), as the user gave them.
    pub settings: BTreeMap<String, String>,
    /// The model that scored.
    pub model: ModelId,
    /// The engine that ran it.
    pub engine: String,
    /// Every file that was read, in the order of reading.
    pub inputs: Vec<Input>,
    /// Files of folders that contain no comments, in the order of reading.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkippedFile>,
    /// Counts of replies.
    pub replies: Replies,
    /// Records read: comments and rejects.
    pub read: u64,
    /// Records that could not be read as comments: the rows of `rejects.csv`.
    pub rejects: u64,
    /// Columns by whose values its report groups comments.
    #[serde(default = "Column::usual")]
    pub by: Vec<Column>,
    /// SHA-256 of `scores.csv` when the run ended, in hexadecimal; none from versions that did not
    /// record it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores_sha256: Option<String>,
    /// True if somebody changed `scores.csv` after the run and had that accepted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub edited: bool,
}

/// A model by name and content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelId {
    /// Name of the model.
    pub name: String,
    /// The version of the model.
    pub version: String,
    /// SHA-256 of its manifest, which contains those of all its files; hexadecimal.
    pub checksum: String,
    /// Languages that it supports, ISO 639-1; empty if they are unknown.
    pub languages: Vec<String>,
    /// Labels that it does not score.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Label>,
    /// True if its scores are those of the network, without calibration.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub uncalibrated: bool,
    /// Its errors on labelled comments that it had not seen, if its manifest has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out: Option<HeldOut>,
}

impl ModelId {
    /// Returns its errors on labelled comments if `threshold` is the one that they were counted at;
    /// `None` if not, or if its manifest has none.
    pub fn errors_at(&self, threshold: f64) -> Option<&Confusion> {
        self.held_out
            .as_ref()
            .filter(|held_out| held_out.threshold == threshold)
            .map(|held_out| &held_out.errors)
    }
}

/// A file that was read, and how it was understood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The file as the user named it; `-` for standard input.
    pub file: String,
    /// Its size on the disk.
    pub bytes: u64,
    /// SHA-256 of those bytes, hexadecimal.
    pub sha256: String,
    /// The format it was read as.
    pub format: String,
    /// The evidence for that format.
    pub why: String,
    /// The column that each field of a comment was read from.
    pub columns: BTreeMap<String, String>,
    /// Comments read from it.
    pub comments: u64,
    /// Records of it that could not be read.
    pub rejects: u64,
    /// Notices of its reader: a legacy encoding, unused columns.
    pub notices: Vec<String>,
    /// The number of places that its reader was unsure of; `comity read` lists them.
    pub doubts: u64,
}

/// A file of a folder that was not read, because it contains no comments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkippedFile {
    /// The file as the user would name it.
    pub file: String,
    /// A description of what it contains instead.
    pub why: String,
}

/// Counts of replies between comments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replies {
    /// Parents inferred from the text.
    pub inferred: u64,
    /// Parents that are not in the export.
    pub orphans: u64,
    /// Comments that answer themselves according to the export.
    pub self_replies: u64,
    /// Comments in a circle of answers.
    pub cycles: u64,
}
