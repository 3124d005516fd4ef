//! A model: its manifest, configuration, tokenizer, weights and calibration, from a folder or from
//! inside the binary. A folder without a manifest is taken as Hugging Face writes it.
//!
//! Everything is checked when a model is loaded, so that a wrong file is one clear error before any
//! work. The files and the manifest are described in `docs/models.md`.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use ndarray::ArrayView1;

use crate::encode::{EncodeError, Encoder};
use comity_core::digest::sha256;
use comity_core::label::{Activation, Label};

mod config;
#[cfg(feature = "embedded")]
mod embedded;
mod folder;
mod manifest;
mod weights;

pub use config::Config;
pub use manifest::{Calibration, FileEntry, Manifest};
pub use weights::{QuantizedMatrix, Weights};

pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const CONFIG: &str = "config.json";
pub(crate) const TOKENIZER: &str = "tokenizer.json";
pub(crate) const WEIGHTS: &str = "model.safetensors";
/// Connects the names of a model's labels with ours.
pub(crate) const LABELS: &str = "labels.toml";

/// A model, checked and ready for an engine.
pub struct Model {
    /// Its name, labels and calibration.
    pub manifest: Manifest,
    /// Shape of the network.
    pub config: Config,
    /// The tokenizer.
    pub encoder: Encoder,
    /// SHA-256 in hexadecimal of `manifest.json`; if there is none, of what `sha256sum` prints
    /// of the files that were read, by name. Since either has the checksums of the files, this
    /// identifies all.
    pub checksum: String,
    files: Files,
}

/// A model could not be loaded.
#[derive(Debug)]
pub struct ModelError {
    /// The directory, or `(embedded)`.
    pub model: String,
    /// The file of the model that is at fault.
    pub file: String,
    /// The fault, and what to do.
    pub kind: ModelErrorKind,
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "model {}: {}: {}", self.model, self.file, self.kind)
    }
}

impl Error for ModelError {
    /// Returns the cause of the kind: the message has the kind itself.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.kind.source()
    }
}

/// A fault of a file of a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelErrorKind {
    /// It cannot be read.
    #[error(
        "cannot be read; a model folder contains {CONFIG}, {TOKENIZER} or vocab.txt, and {WEIGHTS}; docs/models.md"
    )]
    Read(#[source] io::Error),
    /// There are weights, as a Python program.
    #[error(
        "is not there, and pytorch_model.bin is not read, for such a file can run programs; load the model with transformers and \
         save it by save_pretrained, which writes {WEIGHTS}"
    )]
    Pickled,
    /// Its length is not the manifest's.
    #[error("has {found} bytes, the manifest says {expected}; get the file again, or correct the manifest")]
    Length {
        /// The length in the manifest.
        expected: u64,
        /// The length of the file.
        found: u64,
    },
    /// Its content is not the manifest's.
    #[error("has sha256 {found}, the manifest says {expected}; get the file again, or correct the manifest")]
    Checksum {
        /// The checksum in the manifest.
        expected: String,
        /// The checksum of the file.
        found: String,
    },
    /// It is not JSON of the shape that `docs/models.md` describes.
    #[error("malformed; docs/models.md describes the file")]
    Json(#[source] serde_json::Error),
    /// It has impossible values, or another file contradicts it.
    #[error("{0}")]
    Content(String),
    /// The tokenizer is not one.
    #[error(transparent)]
    Tokenizer(EncodeError),
}

/// The bytes of a model's files.
struct Files {
    /// The bytes that the checksum of the model is computed from: the manifest, if there is one.
    identity: Cow<'static, [u8]>,
    config: Cow<'static, [u8]>,
    tokenizer: Cow<'static, [u8]>,
    weights: Cow<'static, [u8]>,
    /// The folder's own map of labels, if it has one.
    labels: Option<Vec<u8>>,
}

impl Model {
    /// The model inside the binary.
    ///
    /// Its checksums are not computed at every start (they would take as long as all the rest): a
    /// test checks them.
    ///
    /// # Errors
    /// None, unless the binary was built from a broken model.
    #[cfg(feature = "embedded")]
    pub fn embedded() -> Result<Self, ModelError> {
        let in_model = |(file, kind)| ModelError { model: "(embedded)".to_owned(), file, kind };
        let files = embedded::files();
        let manifest = Manifest::parse(&files.identity).map_err(in_manifest).map_err(in_model)?;
        Self::manifested(manifest, files).map_err(in_model)
    }

    /// The model of a folder. With a manifest, every file that it lists is checked: length,
    /// SHA-256, and then what it says. Without one, the folder is taken as Hugging Face writes it.
    ///
    /// # Errors
    /// The first file that is missing or wrong.
    pub fn open(dir: &Path) -> Result<Self, ModelError> {
        let in_model = |(file, kind)| ModelError { model: dir.display().to_string(), file, kind };
        match fs::read(dir.join(MANIFEST)) {
            Ok(bytes) => signed(dir, bytes).and_then(|(manifest, files)| Self::manifested(manifest, files)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                folder::read(dir).and_then(|(manifest, config, files)| Self::load(manifest, config, files))
            }
            Err(error) => Err((MANIFEST.to_owned(), ModelErrorKind::Read(error))),
        }
        .map_err(in_model)
    }

    /// Creates a model whose manifest defines its labels; its configuration must agree.
    fn manifested(manifest: Manifest, files: Files) -> Result<Self, (String, ModelErrorKind)> {
        let in_config = |kind| (CONFIG.to_owned(), kind);
        let config = Config::parse(&files.config).map_err(in_config)?;
        config.check_labels(&manifest.heads).map_err(ModelErrorKind::Content).map_err(in_config)?;
        Self::load(manifest, config, files)
    }

    fn load(manifest: Manifest, config: Config, files: Files) -> Result<Self, (String, ModelErrorKind)> {
        config.check(&manifest).map_err(|cause| (CONFIG.to_owned(), ModelErrorKind::Content(cause)))?;
        let encoder = Encoder::from_bytes(&files.tokenizer)
            .map_err(|error| (TOKENIZER.to_owned(), ModelErrorKind::Tokenizer(error)))?;
        if encoder.vocab_size() > config.vocab_size {
            let cause = format!(
                "has {} tokens, the network of {CONFIG} takes {}; take both from the same model",
                encoder.vocab_size(),
                config.vocab_size
            );
            return Err((TOKENIZER.to_owned(), ModelErrorKind::Content(cause)));
        }
        Weights::parse(&files.weights).map_err(|kind| (WEIGHTS.to_owned(), kind))?;
        let checksum = sha256(&files.identity);
        Ok(Self { manifest, config, encoder, checksum, files })
    }

    /// `config.json` as it is, for an engine that reads more of it than [`Config`] holds.
    pub fn config_json(&self) -> &[u8] {
        &self.files.config
    }

    /// `tokenizer.json` as it is.
    pub(crate) fn tokenizer_json(&self) -> &[u8] {
        &self.files.tokenizer
    }

    /// `manifest.json` as it is; `None` for a folder without.
    pub(crate) fn manifest_json(&self) -> Option<&[u8]> {
        // A manifest lists at least the file of the weights.
        (!self.manifest.files.is_empty()).then_some(&*self.files.identity)
    }

    /// `labels.toml` as it is; `None` for a folder without.
    pub(crate) fn labels_toml(&self) -> Option<&[u8]> {
        self.files.labels.as_deref()
    }

    /// `model.safetensors` as it is.
    pub(crate) fn weights_file(&self) -> &[u8] {
        &self.files.weights
    }

    /// The weights by name.
    pub fn weights(&self) -> Weights<'_> {
        Weights::parse(&self.files.weights).expect("the same bytes were parsed when the model was loaded")
    }

    /// Returns the probabilities of one sequence, by [`Label::index`], from its logits in the order
    /// of the manifest's heads; `None` for a label that the model does not give. Calibrated, they
    /// are `sigmoid(scale * x + bias)` for each label of a sigmoid head and `softmax(x /
    /// temperature)` over a softmax head; else scale and temperature are 1 and the bias is 0. Equal
    /// logits give equal bits on every platform: `libm::exp` does not depend on the system's
    /// mathematics.
    ///
    /// # Panics
    /// If there are not as many logits as the heads have.
    pub fn probabilities(&self, logits: ArrayView1<'_, f32>) -> [Option<f64>; Label::COUNT] {
        let Manifest { heads, calibration, .. } = &self.manifest;
        assert_eq!(logits.len(), heads.logits(), "an engine gives every logit of the model");
        let mut probabilities = [None; Label::COUNT];
        let mut logits = logits.iter().map(|&logit| f64::from(logit));
        for head in &heads.heads {
            match head.activation {
                Activation::Sigmoid => {
                    for (label, logit) in head.labels.iter().zip(&mut logits) {
                        let Some(label) = *label else { continue };
                        let (scale, bias) =
                            calibration.as_ref().map_or((1.0, 0.0), |known| known.line(label));
                        probabilities[label.index()] = Some(1.0 / (1.0 + libm::exp(-(scale * logit + bias))));
                    }
                }
                Activation::Softmax => {
                    let temperature = calibration.as_ref().map_or(1.0, Calibration::temperature);
                    let scaled: Vec<f64> =
                        logits.by_ref().take(head.labels.len()).map(|logit| logit / temperature).collect();
                    let largest = scaled.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    let sum: f64 = scaled.iter().map(|logit| libm::exp(logit - largest)).sum();
                    for (label, logit) in head.labels.iter().zip(scaled) {
                        let Some(label) = *label else { continue };
                        *probabilities[label.index()].get_or_insert(0.0) += libm::exp(logit - largest) / sum;
                    }
                }
            }
        }
        probabilities
    }
}

/// The files of a folder that its manifest lists.
fn signed(dir: &Path, manifest_json: Vec<u8>) -> Result<(Manifest, Files), (String, ModelErrorKind)> {
    let manifest = Manifest::parse(&manifest_json).map_err(in_manifest)?;
    let mut files = Files {
        identity: manifest_json.into(),
        config: Cow::default(),
        tokenizer: Cow::default(),
        weights: Cow::default(),
        labels: None,
    };
    for (name, entry) in &manifest.files {
        let bytes = fs::read(dir.join(name)).map_err(|error| (name.clone(), ModelErrorKind::Read(error)))?;
        entry.check(&bytes).map_err(|kind| (name.clone(), kind))?;
        match name.as_str() {
            CONFIG => files.config = bytes.into(),
            TOKENIZER => files.tokenizer = bytes.into(),
            WEIGHTS => files.weights = bytes.into(),
            _ => {}
        }
    }
    Ok((manifest, files))
}

fn in_manifest(kind: ModelErrorKind) -> (String, ModelErrorKind) {
    (MANIFEST.to_owned(), kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use serde_json::{Value, json};
    use std::path::PathBuf;

    fn tiny() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/models/tiny")
    }

    /// A copy of the tiny model.
    fn copy() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in [MANIFEST, CONFIG, TOKENIZER, WEIGHTS] {
            fs::copy(tiny().join(name), dir.path().join(name)).unwrap();
        }
        dir
    }

    fn edit(file: &Path, change: impl FnOnce(&mut Value)) {
        let mut json = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        change(&mut json);
        fs::write(file, json.to_string()).unwrap();
    }

    /// Writes the lengths and checksums of the files into the manifest.
    fn sign(dir: &Path) {
        edit(&dir.join(MANIFEST), |manifest| {
            for name in [CONFIG, TOKENIZER, WEIGHTS] {
                let bytes = fs::read(dir.join(name)).unwrap();
                manifest["files"][name] = json!({"sha256": sha256(&bytes), "bytes": bytes.len()});
            }
        });
    }

    fn message(dir: &Path) -> String {
        let error = Model::open(dir).err().expect("the model is broken");
        // The cause goes before the remedy, as in the program's messages.
        let mut message = error.to_string();
        let mut cause = Error::source(&error);
        while let Some(error) = cause {
            let end = message.find("; ").unwrap_or(message.len());
            message.insert_str(end, &format!(": {error}"));
            cause = error.source();
        }
        message.strip_prefix(&format!("model {}: ", dir.display())).unwrap().to_owned()
    }

    #[test]
    fn a_model_is_read() {
        let model = Model::open(&tiny()).unwrap();
        assert_eq!(model.manifest.name, "tiny");
        assert_eq!(model.checksum, sha256(fs::read(tiny().join(MANIFEST)).unwrap()));
        assert_eq!(model.manifest.heads.logits(), Label::COUNT);
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn the_embedded_model_is_whole() {
        let files = embedded::files();
        let model = Model::embedded().unwrap();
        for (name, entry) in &model.manifest.files {
            let bytes = match name.as_str() {
                CONFIG => &files.config,
                TOKENIZER => &files.tokenizer,
                WEIGHTS => &files.weights,
                other => panic!("{other} is not embedded"),
            };
            entry.check(bytes).unwrap();
        }
    }

    #[test]
    fn wrong_files_are_named_with_what_to_do() {
        type Break = fn(&Path);
        let cases: [(Break, &str); 6] = [
            (
                |dir| fs::remove_file(dir.join(WEIGHTS)).unwrap(),
                "model.safetensors: cannot be read: No such file or directory (os error 2); a model folder contains",
            ),
            (
                |dir| fs::remove_file(dir.join(MANIFEST)).unwrap(),
                "config.json: problem_type is missing, which makes all labels one softmax head: a softmax head has one label of \
                 the sentiment, negative,",
            ),
            (
                |dir| {
                    let bytes = fs::read(dir.join(WEIGHTS)).unwrap();
                    fs::write(dir.join(WEIGHTS), &bytes[..1000]).unwrap();
                },
                "model.safetensors: has 1000 bytes, the manifest says 178108; get the file again",
            ),
            (
                |dir| {
                    let mut bytes = fs::read(dir.join(WEIGHTS)).unwrap();
                    bytes[100_000] ^= 1;
                    fs::write(dir.join(WEIGHTS), bytes).unwrap();
                },
                "model.safetensors: has sha256 ",
            ),
            (
                |dir| {
                    let bytes = fs::read(dir.join(WEIGHTS)).unwrap();
                    fs::write(dir.join(WEIGHTS), &bytes[..1000]).unwrap();
                    sign(dir);
                },
                "model.safetensors: is no whole safetensors file",
            ),
            (
                |dir| {
                    fs::write(dir.join(TOKENIZER), "[]").unwrap();
                    sign(dir);
                },
                "tokenizer.json: not a tokenizer.json",
            ),
        ];
        for (break_it, words) in cases {
            let dir = copy();
            break_it(dir.path());
            let message = message(dir.path());
            assert!(message.starts_with(words), "{message}");
        }
        let nowhere = Path::new("/nowhere/at all");
        assert!(message(nowhere).starts_with("config.json: cannot be read"));
    }

    #[test]
    fn wrong_manifests_are_refused() {
        type Edit = fn(&mut Value);
        let cases: [(Edit, &str); 16] = [
            (|m| m["heads"][0]["labels"][0] = json!("rudeness"), "unknown variant `rudeness`"),
            (|m| m["heads"][0]["activation"] = json!("tanh"), "unknown variant `tanh`"),
            (|m| m["heads"][0]["labels"][0] = json!("threat"), "the label threat stands in the heads more"),
            (|m| m["heads"][1]["labels"][0] = json!("threat"), "the label threat stands in the heads more"),
            (|m| m["heads"][0]["activation"] = json!("softmax"), "calibration of toxicity: its head is a"),
            (|m| m["notes"] = json!("x"), "unknown field `notes`"),
            (
                |m| m["calibration"]["rudeness"] = json!({"scale": 1.0, "bias": 0.0}),
                "unknown variant `rudeness`",
            ),
            (|m| m["calibration"]["threat"]["slope"] = json!(1.0), "unknown field `slope`"),
            (|m| m["calibration"]["threat"] = json!({"scale": 0.0, "bias": 0.0}), "calibration of threat"),
            (|m| m["calibration"]["sentiment"]["temperature"] = json!(-1.0), "calibration of sentiment"),
            (|m| m["calibration"] = json!({}), "no calibration of toxicity"),
            (|m| m["overlap_tokens"] = json!(254), "windows of 256 tokens cannot overlap by 254"),
            (|m| m["max_tokens"] = json!("many"), "invalid type: string \"many\""),
            (
                |m| m["files"]["../x"] = json!({"sha256": "", "bytes": 0}),
                "files: `../x` is not a plain file name",
            ),
            (
                |m| drop(m["files"].as_object_mut().unwrap().remove(WEIGHTS)),
                "files: model.safetensors is missing",
            ),
            (|m| drop(m.as_object_mut().unwrap().remove("name")), "missing field `name`"),
        ];
        for (change, words) in cases {
            let dir = copy();
            edit(&dir.path().join(MANIFEST), change);
            let message = message(dir.path());
            let message = message.replacen("malformed: ", "", 1);
            assert!(message.starts_with(&format!("manifest.json: {words}")), "{message}");
        }
        let dir = copy();
        edit(&dir.path().join(MANIFEST), |m| m["training"]["anything"] = json!([1, 2]));
        Model::open(dir.path()).unwrap();
    }

    #[test]
    fn files_that_contradict_each_other_are_refused() {
        type Edit = fn(&mut Value);
        let cases: [(Edit, &str); 7] = [
            (|c| c["id2label"]["0"] = json!("threat"), "config.json: id2label has the labels threat, severe"),
            (|c| drop(c["id2label"].as_object_mut().unwrap().remove("8")), "config.json: id2label has"),
            (|c| c["max_position_embeddings"] = json!(255), "config.json: the network takes 255 tokens"),
            (|c| c["num_attention_heads"] = json!(5), "config.json: hidden_size 32 is not a multiple of"),
            (|c| c["num_hidden_layers"] = json!(0), "config.json: num_hidden_layers is 0"),
            (|c| c["model_type"] = json!("gpt"), "config.json: model_type is `gpt`, the architecture of the"),
            (
                |c| c["vocab_size"] = json!(200),
                "tokenizer.json: has 261 tokens, the network of config.json takes 200",
            ),
        ];
        for (change, words) in cases {
            let dir = copy();
            edit(&dir.path().join(CONFIG), change);
            sign(dir.path());
            let message = message(dir.path());
            assert!(message.starts_with(words), "{message}");
        }
    }

    #[test]
    fn logits_become_calibrated_probabilities() {
        let mut model = Model::open(&tiny()).unwrap();
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        // The tiny model's scales are 1.0, 1.1 .. 1.5, its biases 0, -0.1 .. -0.5, its temperature
        // 1.5.
        let logits = array![0.0_f32, 1.0, -1.0, 2.0, 1000.0, -1000.0, 3.0, 0.0, 1.5];
        let found = model.probabilities(logits.view());
        let total = 2_f64.exp() + 1.0 + 1_f64.exp();
        let expected = [
            0.5,
            sigmoid(1.0),
            sigmoid(-1.4),
            sigmoid(2.3),
            1.0,
            0.0,
            2_f64.exp() / total,
            1.0 / total,
            1_f64.exp() / total,
        ];
        let found = found.map(Option::unwrap);
        for (found, expected) in found.into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
        // Another order of labels in the logits gives the same probabilities.
        model.manifest.heads.heads.reverse();
        model.manifest.heads.heads[0].labels.reverse();
        let reordered = array![1.5_f32, 0.0, 3.0, 0.0, 1.0, -1.0, 2.0, 1000.0, -1000.0];
        for (found, expected) in model.probabilities(reordered.view()).into_iter().zip(found) {
            assert!((found.unwrap() - expected).abs() < 1e-15, "{found:?} {expected}");
        }
    }
}
