//! `run.json`: what the run that made a scores file was.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Column, ReportError};
use crate::aggregate::{Confusion, TOXIC};
use crate::digest;
use crate::files;
use crate::label::Label;
use crate::policy::Policy;
use crate::score::ledger::{self, LedgerError};

/// Name of the file in a report's folder.
pub const FILE_NAME: &str = "run.json";

/// A run as its pipeline knows it. Nothing that differs between two runs over the same input stands here: no clock
/// times, no number of threads, no batch size, no paths beyond what the user typed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Version of comity.
    pub version: String,
    /// The options that change what is written, by their name on the command line (`format`, `map`, `language`,
    /// `limit` ...), as the user gave them.
    pub settings: BTreeMap<String, String>,
    /// The model that scored.
    pub model: ModelId,
    /// The engine that ran it.
    pub engine: String,
    /// Every file that was read, in the order of reading.
    pub inputs: Vec<Input>,
    /// What was found between comments.
    pub replies: Replies,
    /// Records read: comments and rejects.
    pub read: u64,
    /// Records that could not be read as comments: the rows of `rejects.csv`.
    pub rejects: u64,
    /// Columns by whose values its report sets comments side by side.
    #[serde(default = "Column::usual")]
    pub by: Vec<Column>,
    /// SHA-256 of `scores.csv` when the run ended, in hexadecimal; none from versions that did not record it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores_sha256: Option<String>,
    /// True if somebody changed `scores.csv` after the run and had that accepted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub edited: bool,
}

impl Run {
    /// Reads the `run.json` of a folder.
    ///
    /// # Errors
    /// [`ReportError::Run`]: there is none, or it is not one that we write.
    pub fn read(dir: &Path) -> Result<Self, ReportError> {
        let path = dir.join(FILE_NAME);
        let bytes = files::read_at_most(&path, files::MAX_WHOLE_FILE);
        let run = bytes.and_then(|bytes| Ok(serde_json::from_slice(&bytes)?));
        run.map_err(|source| ReportError::Run { path, source })
    }

    /// Checks that the scores file of a folder is the one that this run wrote.
    ///
    /// # Errors
    /// [`ReportError::Edited`] if it was changed since, [`ReportError::Ledger`] if it cannot be read.
    pub fn check_scores(&self, dir: &Path) -> Result<(), ReportError> {
        match &self.scores_sha256 {
            Some(known) if *known != scores_sha256(dir)? => {
                Err(ReportError::Edited { path: dir.join(ledger::FILE_NAME) })
            }
            _ => Ok(()),
        }
    }

    /// Sentences that a reader of this run's reports needs besides what holds for every run.
    pub(super) fn notices(&self, policy: &Policy) -> Vec<String> {
        let edited = self.edited.then(|| {
            "The scores file was changed after the run: figures and decisions here follow the changed file.".to_owned()
        });
        self.model.notices(policy).into_iter().chain(edited).collect()
    }
}

/// Returns the SHA-256 of a folder's scores file, in hexadecimal.
///
/// # Errors
/// The file cannot be read.
pub fn scores_sha256(dir: &Path) -> Result<String, LedgerError> {
    let path = dir.join(ledger::FILE_NAME);
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut hash = || -> io::Result<()> {
        let mut file = File::open(&path)?;
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => digest.update(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    };
    match hash() {
        Ok(()) => Ok(digest::hex(&digest.finalize())),
        Err(source) => Err(LedgerError::Io { path, source }),
    }
}

/// A model by name and content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelId {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its manifest, which holds those of all its files; hexadecimal.
    pub checksum: String,
    /// Languages it knows, ISO 639-1; none where it does not say.
    pub languages: Vec<String>,
    /// Labels that it does not give.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Label>,
    /// Whether its scores are as the network gives them, without calibration.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub uncalibrated: bool,
    /// What it did on labelled comments that it had not seen, if its manifest says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out: Option<HeldOut>,
}

impl ModelId {
    /// What a reader must know of this model beside what holds for every one: labels that it does not give, rules that can
    /// therefore never fire, scores that nobody has calibrated, languages that it does not name.
    fn notices(&self, policy: &Policy) -> Vec<String> {
        let list = |words: &[&str]| words.join(", ");
        let mut notices = Vec::new();
        let missing: Vec<&str> = self.missing.iter().map(|label| label.as_str()).collect();
        if !missing.is_empty() {
            notices.push(format!(
                "The model {} does not give {}: those columns are blank, and nothing here speaks of them.",
                self.name,
                list(&missing)
            ));
        }
        let idle = policy.rules.iter().filter(|rule| self.missing.contains(&rule.label));
        let idle: Vec<&str> = idle.map(|rule| rule.name.as_str()).collect();
        if idle.len() == policy.rules.len() {
            let given = Label::ALL.into_iter().filter(|label| !self.missing.contains(label));
            let given: Vec<&str> = given.map(Label::as_str).collect();
            notices.push(format!(
                "The model {} gives none of the labels of the policy `{}`: every comment is approved because no rule can fire, \
                 not because it is harmless. Write a policy with rules for {}, and apply it with --policy.",
                self.name,
                policy.name,
                list(&given)
            ));
        } else if !idle.is_empty() {
            let (rules, their) =
                if idle.len() == 1 { ("rule", "its label") } else { ("rules", "their labels") };
            notices.push(format!(
                "The {rules} {} of the policy can never fire, for the model does not give {their}.",
                list(&idle)
            ));
        }
        if self.uncalibrated {
            notices.push(format!(
                "The scores of the model {} are not calibrated: of comments with a score of 0.8, not 80 in 100 need be what the \
                 label says, and thresholds made for another model do not fit.",
                self.name
            ));
        }
        if self.languages.is_empty() {
            notices.push(format!(
                "The model {} does not say which languages it knows: comments in all of them were scored.",
                self.name
            ));
        }
        notices
    }

    /// How often it errs where a comment counts as toxic; none where its manifest does not say.
    pub(super) fn errors(&self) -> Option<&Confusion> {
        self.held_out.as_ref().filter(|held_out| held_out.threshold == TOXIC).map(|held_out| &held_out.errors)
    }
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

/// A file that was read, and how it was understood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The file as the user named it; `-` for standard input.
    pub file: String,
    /// Its size as it lies on the disk.
    pub bytes: u64,
    /// SHA-256 of those bytes, hexadecimal.
    pub sha256: String,
    /// The format it was read as.
    pub format: String,
    /// What that was concluded from.
    pub why: String,
    /// Which field of a comment was read from which column.
    pub columns: BTreeMap<String, String>,
    /// Comments read from it.
    pub comments: u64,
    /// Records of it that could not be read.
    pub rejects: u64,
    /// What its reader wants known: a legacy encoding, unused columns.
    pub notices: Vec<String>,
    /// How many places its reader was unsure of; `comity read` lists them.
    pub doubts: u64,
}

/// What was found between comments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replies {
    /// Parents concluded from the text.
    pub inferred: u64,
    /// Parents that are not in the export.
    pub orphans: u64,
    /// Comments said to answer themselves.
    pub self_replies: u64,
    /// Comments in a circle of answers.
    pub cycles: u64,
}
