//! A model in another precision, as the files of a folder that [`Model::open`] takes.

use serde_json::{Value, json};

use crate::engine::EngineError;
use crate::engine::native::quantized_matrices;
use crate::model::{CONFIG, LABELS, MANIFEST, Model, TOKENIZER, WEIGHTS};
use comity_core::digest::sha256;

/// The number of bits of a weight in an exported model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// What the engine `native` computes with: matrices of whole numbers with scales. It scores
    /// with the same bits as the model that it was made of.
    Eight,
    /// 16-bit floating point under Hugging Face's names, for `transformers` and other programs.
    Sixteen,
}

/// A file of a model folder: its name and its content.
pub type ModelFile = (&'static str, Vec<u8>);

/// Returns the files of a model folder in a precision: weights, configuration, tokenizer, and the
/// manifest or the map of labels if the model has one, with the new checksums.
///
/// # Errors
/// The weights do not fit the configuration, the architecture is not one of the engine `native`,
/// or a weight is too large for 16 bits.
pub fn export(model: &Model, precision: Precision) -> Result<Vec<ModelFile>, EngineError> {
    let weights = model.weights();
    let of_model = |kind| EngineError::Weights { model: model.manifest.name.clone(), kind };
    let bytes = match precision {
        Precision::Eight if weights.are_quantized() => model.weights_file().to_vec(),
        Precision::Eight => weights.with_quantized(&quantized_matrices(model)?),
        Precision::Sixteen => weights.in_16_bits().map_err(of_model)?,
    };
    let config = match precision {
        Precision::Eight => model.config_json().to_vec(),
        Precision::Sixteen => changed(model.config_json(), |config| config["torch_dtype"] = "float16".into()),
    };
    let mut files = vec![(CONFIG, config), (TOKENIZER, model.tokenizer_json().to_vec()), (WEIGHTS, bytes)];
    files.extend(model.labels_toml().map(|labels| (LABELS, labels.to_vec())));
    if let Some(manifest) = model.manifest_json() {
        let manifest = changed(manifest, |manifest| {
            for (name, content) in &files {
                manifest["files"][name] = json!({"sha256": sha256(content), "bytes": content.len()});
            }
        });
        files.push((MANIFEST, manifest));
    }
    Ok(files)
}

/// JSON that was parsed when the model was loaded, with a change.
fn changed(json: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value = serde_json::from_slice(json).expect("the same bytes were parsed before");
    change(&mut value);
    let mut bytes = serde_json::to_vec_pretty(&value).expect("a JSON value can be written");
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::engine::{self, Batch};
    use crate::model::QuantizedMatrix;

    fn open(name: &str) -> Model {
        Model::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/models").join(name)).unwrap()
    }

    fn reopened(model: &Model, precision: Precision) -> Model {
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in export(model, precision).unwrap() {
            fs::write(dir.path().join(name), content).unwrap();
        }
        Model::open(dir.path()).unwrap()
    }

    fn logits(model: &Model, engine: &str) -> ndarray::Array2<f32> {
        let mut batch = Batch::new();
        for length in 1..40 {
            let ids: Vec<u32> =
                (0..length).map(|place| place * 7919 % model.config.vocab_size as u32).collect();
            batch.push(&ids);
        }
        engine::open(engine, model).unwrap().logits(&batch).unwrap()
    }

    #[test]
    fn eight_bits_score_with_the_same_bits() {
        for model in ["tiny", "tiny-distilbert", "tiny-roberta"].map(open) {
            let quantized = reopened(&model, Precision::Eight);
            assert_eq!(logits(&quantized, "native"), logits(&model, "native"), "{}", model.manifest.name);
            // What is in 8 bits already is not rounded again.
            let again = reopened(&quantized, Precision::Eight);
            assert_eq!(again.weights_file(), quantized.weights_file());
        }
    }

    /// The message of the engine for the tiny model in 8 bits, with a change to one of its matrices.
    fn refusal(name: &str, change: impl Fn(&mut QuantizedMatrix<'static>)) -> String {
        let model = open("tiny");
        let mut matrices = quantized_matrices(&model).unwrap();
        let (_, matrix) = matrices.iter_mut().find(|(other, _)| other == name).unwrap();
        change(matrix);
        let dir = tempfile::tempdir().unwrap();
        for (file, content) in export(&model, Precision::Eight).unwrap() {
            fs::write(dir.path().join(file), content).unwrap();
        }
        let weights = model.weights().with_quantized(&matrices);
        let manifest = changed(model.manifest_json().unwrap(), |manifest| {
            manifest["files"][WEIGHTS] = json!({"sha256": sha256(&weights), "bytes": weights.len()});
        });
        fs::write(dir.path().join(MANIFEST), manifest).unwrap();
        fs::write(dir.path().join(WEIGHTS), weights).unwrap();
        engine::open("native", &Model::open(dir.path()).unwrap()).err().unwrap().to_string()
    }

    #[test]
    fn matrices_that_the_engine_cannot_compute_with_are_named() {
        let keys = "bert.encoder.layer.0.attention.self.key.weight";
        let error = refusal(keys, |matrix| matrix.smoothing.as_mut().unwrap()[0] *= 2.0);
        assert!(
            error.contains(&format!("tensor {keys}.smoothing: only queries, keys and values")),
            "{error}"
        );
        let words = "bert.embeddings.word_embeddings.weight";
        let error =
            refusal(words, |matrix| *matrix = QuantizedMatrix::quantize(matrix.dequantize().view(), 2, None));
        assert!(error.contains(&format!("tensor {words}.scales: only the second matrix")), "{error}");
    }

    #[test]
    fn sixteen_bits_are_those_of_the_weights() {
        for model in ["tiny", "tiny-distilbert", "tiny-roberta"].map(open) {
            let quantized = reopened(&model, Precision::Eight);
            let halves = reopened(&quantized, Precision::Sixteen);
            let (found, expected) = (logits(&halves, "native:f32"), logits(&quantized, "native:f32"));
            let worst = (&found - &expected).iter().fold(0.0_f32, |worst, error| worst.max(error.abs()));
            assert!(worst < 0.01, "{}: {worst}", model.manifest.name);
        }
    }
}
