//! Reads `run.json`, and checks that the scores file is the one that the run wrote.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::ReportError;
use crate::digest;
use crate::files;
use crate::label::Label;
use crate::policy::Policy;
use crate::record::ledger::{self, LedgerError};
use crate::record::{CALIBRATION, ModelId, RUN, Run};

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

/// Reads the `run.json` of a folder.
///
/// # Errors
/// [`ReportError::Run`]: there is none, or it is not one that we write.
pub fn read_run(dir: &Path) -> Result<Run, ReportError> {
    let path = dir.join(RUN);
    let bytes = files::read_at_most(&path, files::MAX_WHOLE_FILE);
    let run = bytes.and_then(|bytes| Ok(serde_json::from_slice(&bytes)?));
    run.map_err(|source| ReportError::Run { path, source })
}

/// Checks that the scores file of a folder is the one that this run wrote.
///
/// # Errors
/// [`ReportError::Edited`] if it was changed since, [`ReportError::Ledger`] if it cannot be read.
pub fn check_scores(run: &Run, dir: &Path) -> Result<(), ReportError> {
    match &run.scores_sha256 {
        Some(known) if *known != scores_sha256(dir)? => {
            Err(ReportError::Edited { path: dir.join(ledger::FILE_NAME) })
        }
        _ => Ok(()),
    }
}

/// Sentences that a reader of this run's reports needs besides what holds for every run.
pub(super) fn notices(run: &Run, policy: &Policy) -> Vec<String> {
    let edited = run.edited.then(|| {
        "The scores file was changed after the run: figures and decisions here follow the changed file."
            .to_owned()
    });
    let calibration = run.settings.get(CALIBRATION).map(String::as_str);
    model_notices(&run.model, calibration, policy).into_iter().chain(edited).collect()
}

/// Returns what a reader must know about this model in particular: labels that it does not
/// give, rules that can therefore never fire, scores that nobody has calibrated, languages that it
/// does not name.
fn model_notices(model: &ModelId, calibration: Option<&str>, policy: &Policy) -> Vec<String> {
    let list = |words: &[&str]| words.join(", ");
    let mut notices = Vec::new();
    let missing: Vec<&str> = model.missing.iter().map(|label| label.as_str()).collect();
    if !missing.is_empty() {
        notices.push(format!(
            "The model {} does not give {}: those columns are blank, and nothing here speaks of them.",
            model.name,
            list(&missing)
        ));
    }
    let idle = policy.rules.iter().filter(|rule| model.missing.contains(&rule.label));
    let idle: Vec<&str> = idle.map(|rule| rule.name.as_str()).collect();
    if idle.len() == policy.rules.len() {
        let given = Label::ALL.into_iter().filter(|label| !model.missing.contains(label));
        let given: Vec<&str> = given.map(Label::as_str).collect();
        notices.push(format!(
            "The model {} gives none of the labels of the policy `{}`: every comment is approved because no rule can fire, \
             not because it is harmless. Write a policy with rules for {}, and apply it with --policy.",
            model.name,
            policy.name,
            list(&given)
        ));
    } else if !idle.is_empty() {
        let (rules, their) = if idle.len() == 1 { ("rule", "its label") } else { ("rules", "their labels") };
        notices.push(format!(
            "The {rules} {} of the policy can never fire, for the model does not give {their}.",
            list(&idle)
        ));
    }
    if let Some(map) = calibration {
        notices.push(format!(
            "Toxicity scores were mapped by the calibration {map}: thresholds apply to the mapped scores, and sentiment is \
             as the model gives it."
        ));
    }
    if model.uncalibrated && calibration.is_some() {
        notices.push(
            "A mapped score is the score to expect from another service, not a probability: a sum or mean of scores is not \
             a number of toxic comments."
                .to_owned(),
        );
    } else if model.uncalibrated {
        notices.push(format!(
            "The scores of the model {} are not calibrated: of comments with a score of 0.8, not 80 in 100 need be what the \
             label says, and thresholds made for another model do not fit.",
            model.name
        ));
    }
    if model.languages.is_empty() {
        notices.push(format!(
            "The model {} does not say which languages it knows: comments in all of them were scored.",
            model.name
        ));
    }
    notices
}
