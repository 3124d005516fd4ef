//! Token ids and logits are those of Python: `tests/reference/*.json`, written by
//! `scripts/reference/reference.py`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};

use comity::engine::native::Exact;
use comity::engine::{Batch, Engine};
use comity::model::Model;
use serde::Deserialize;

/// The largest difference between a logit and PyTorch's. Both compute in 32 bits and differ in the
/// order of additions and in `erf`.
const TOLERANCE: f32 = 1e-4;

#[derive(Deserialize)]
struct Reference {
    model: Named,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    checksum: String,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    text: String,
    ids: Vec<u32>,
    /// `None` if the text has more tokens than the model takes.
    logits: Option<Vec<f32>>,
}

fn path(parts: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(parts)
}

fn check(model: &Model, engine: &dyn Engine) {
    let name = &model.manifest.name;
    let file = path("tests/reference").join(format!("{name}.json"));
    let again = format!("re-run scripts/reference/reference.py --model on the directory of {name}");
    let json = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}; {again}", file.display()));
    let reference: Reference = serde_json::from_slice(&json).unwrap();
    assert_eq!(&reference.model.name, name);
    assert_eq!(reference.model.checksum, model.checksum, "{} is of another model; {again}", file.display());
    assert!(reference.cases.len() > 50);

    let (mut batch, mut expected) = (Batch::new(), Vec::new());
    for case in &reference.cases {
        assert_eq!(model.encoder.encode(&case.text).unwrap(), case.ids, "ids of {}", case.name);
        match &case.logits {
            Some(logits) => {
                batch.push(&case.ids);
                expected.push((&case.name, logits));
            }
            None => assert!(case.ids.len() > model.manifest.max_tokens, "{} has no logits", case.name),
        }
    }
    let found = engine.logits(&batch).unwrap();
    assert_eq!(found.dim(), (expected.len(), model.manifest.heads.logits()));
    let mut worst = (0.0, "");
    for ((name, expected), row) in expected.iter().zip(found.rows()) {
        for (&found, &expected) in row.iter().zip(*expected) {
            let difference = (found - expected).abs();
            assert!(difference <= TOLERANCE, "{name}: logit {found}, PyTorch's is {expected}");
            if difference > worst.0 {
                worst = (difference, name);
            }
        }
    }
    println!("{name}: the largest difference is {:e}, of {}", worst.0, worst.1);
}

fn tiny(name: &str) -> Model {
    Model::open(&path("tests/models").join(name)).unwrap()
}

#[test]
fn tiny_models_agree_with_python() {
    for model in ["tiny", "tiny-distilbert", "tiny-roberta"].map(tiny) {
        check(&model, &Exact::new(&model).unwrap());
    }
}

#[test]
fn embedded_model_agrees_with_python() {
    let model = Model::embedded().unwrap();
    check(&model, &Exact::new(&model).unwrap());
}

/// Not for `tiny-roberta`: `rust-bert` does not read its `layer_norm_eps`.
#[cfg(feature = "rust-bert")]
#[test]
fn torch_agrees_with_python() {
    use comity::engine::torch::Torch;

    for model in [tiny("tiny"), tiny("tiny-distilbert"), Model::embedded().unwrap()] {
        check(&model, &Torch::new(&model).unwrap());
    }
}
