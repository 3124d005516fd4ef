//! `manifest.json`: what a model is.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{CONFIG, ModelErrorKind, TOKENIZER, WEIGHTS, sha256};
use comity_core::label::{Activation, Label, LabelSet};
use comity_core::record::{Confusion, HeldOut};

/// Content of `manifest.json`; `docs/models.md` explains each field.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Name of the model.
    pub name: String,
    /// The version of the model.
    pub version: String,
    /// The network: the `model_type` of `config.json`.
    pub architecture: String,
    /// The languages it was trained on, ISO 639-1; `None` if that is not known.
    pub languages: Vec<String>,
    /// The longest sequence it takes, `[CLS]` and `[SEP]` included.
    pub max_tokens: usize,
    /// Number of tokens that two windows of a longer text share.
    pub overlap_tokens: usize,
    /// Version of the text normalizer that it was trained with; `None` if that was another one.
    #[serde(default)]
    pub normalizer: Option<u32>,
    /// The labels, in the order of the logits.
    pub heads: LabelSet,
    /// Calibration from logits to probabilities; `None` if the model is not calibrated.
    #[serde(default)]
    pub calibration: Option<Calibration>,
    /// Its errors on labelled comments that neither training nor calibration had seen, if they were
    /// counted.
    #[serde(default, deserialize_with = "flat_held_out")]
    pub held_out: Option<HeldOut>,
    /// Notes on its training: for people, in any shape.
    #[serde(default)]
    pub training: Map<String, Value>,
    /// Its files by name.
    pub files: BTreeMap<String, FileEntry>,
}

/// Reads [`HeldOut`] as the manifest has it: with the counts of its confusion matrix next to the
/// threshold.
fn flat_held_out<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<HeldOut>, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Flat {
        data: String,
        threshold: f64,
        true_positives: u64,
        false_positives: u64,
        false_negatives: u64,
        true_negatives: u64,
    }
    let flat = Option::<Flat>::deserialize(deserializer)?;
    Ok(flat.map(
        |Flat { data, threshold, true_positives, false_positives, false_negatives, true_negatives }| {
            let errors = Confusion { true_positives, false_positives, false_negatives, true_negatives };
            HeldOut { data, threshold, errors }
        },
    ))
}

/// Scale and bias, or temperature, of logits, so that a probability of 0.8 is right in 80 of 100
/// cases.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Calibration {
    sentiment: Option<Temperature>,
    #[serde(flatten)]
    labels: BTreeMap<Label, Line>,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    scale: f64,
    bias: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Temperature {
    temperature: f64,
}

impl Calibration {
    /// Scale and bias of a label, which a checked manifest has for every label of a sigmoid head;
    /// (1, 0) changes nothing.
    pub(super) fn line(&self, label: Label) -> (f64, f64) {
        let line = &self.labels[&label];
        (line.scale, line.bias)
    }

    /// Temperature of the softmax head, which a checked manifest has if there is such a head; 1
    /// changes nothing.
    pub(super) fn temperature(&self) -> f64 {
        self.sentiment.as_ref().expect("checked when the manifest was parsed").temperature
    }

    fn check(&self, heads: &LabelSet) -> Result<(), String> {
        for head in &heads.heads {
            for label in head.labels.iter().flatten() {
                match (head.activation, self.labels.get(label)) {
                    (Activation::Sigmoid, Some(line)) => {
                        if !(line.scale > 0.0 && line.scale.is_finite() && line.bias.is_finite()) {
                            return Err(format!(
                                "calibration of {label}: the scale must be above 0, both be finite"
                            ));
                        }
                    }
                    (Activation::Sigmoid, None) => return Err(format!("no calibration of {label}")),
                    (Activation::Softmax, Some(_)) => {
                        return Err(format!(
                            "calibration of {label}: its head is a softmax, which has one temperature"
                        ));
                    }
                    (Activation::Softmax, None) => {}
                }
            }
            if head.activation == Activation::Softmax && !head.is_sentiment() {
                return Err(
                    "calibration: of softmax heads, only that of the sentiment has one; leave it out"
                        .to_owned(),
                );
            }
        }
        if heads.heads.iter().any(|head| head.activation == Activation::Softmax) {
            let Some(Temperature { temperature }) = self.sentiment else {
                return Err("no calibration of sentiment".to_owned());
            };
            if !(temperature > 0.0 && temperature.is_finite()) {
                return Err("calibration of sentiment: the temperature must be above 0 and finite".to_owned());
            }
        }
        Ok(())
    }
}

/// Entry of the manifest for a file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// SHA-256 of its bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// The length of the file.
    pub bytes: u64,
}

impl FileEntry {
    pub(super) fn check(&self, content: &[u8]) -> Result<(), ModelErrorKind> {
        let found = content.len() as u64;
        if found != self.bytes {
            return Err(ModelErrorKind::Length { expected: self.bytes, found });
        }
        let found = sha256(content);
        if found != self.sha256 {
            return Err(ModelErrorKind::Checksum { expected: self.sha256.clone(), found });
        }
        Ok(())
    }
}

impl Manifest {
    /// Reads and checks the bytes of a `manifest.json`.
    ///
    /// # Errors
    /// It is not JSON of this shape, or has impossible values.
    pub fn parse(json: &[u8]) -> Result<Self, ModelErrorKind> {
        let manifest: Self = serde_json::from_slice(json).map_err(ModelErrorKind::Json)?;
        manifest.check().map_err(ModelErrorKind::Content)?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), String> {
        if self.max_tokens < 3 || self.overlap_tokens >= self.max_tokens - 2 {
            return Err(format!(
                "windows of {} tokens cannot overlap by {}: the overlap must be below max_tokens - 2",
                self.max_tokens, self.overlap_tokens
            ));
        }
        self.heads.check()?;
        if let Some(calibration) = &self.calibration {
            calibration.check(&self.heads)?;
        }
        for name in [CONFIG, TOKENIZER, WEIGHTS] {
            if !self.files.contains_key(name) {
                return Err(format!("files: {name} is missing"));
            }
        }
        for name in self.files.keys() {
            if name.starts_with('.') || name.contains(['/', '\\', ':']) {
                return Err(format!("files: `{name}` is not a plain file name"));
            }
        }
        Ok(())
    }
}
