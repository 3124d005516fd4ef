//! Broken model folders: `comity models` refuses all that `comity score` refuses, in the same
//! words.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::pipeline::root;

/// Copies a tiny model and changes its configuration.
fn changed(name: &str, to: &Path, change: impl FnOnce(&mut Value)) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(root().join("tests/models").join(name)).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    let path = to.join("config.json");
    let mut config = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut config);
    fs::write(path, config.to_string()).unwrap();
}

/// Overwrites the first value of a tensor with ones, which make it no number.
fn spoil(weights: &Path, tensor: &str) {
    let mut file = fs::read(weights).unwrap();
    let header = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let index: Value = serde_json::from_slice(&file[8..8 + header]).unwrap();
    let start = 8 + header + index[tensor]["data_offsets"][0].as_u64().unwrap() as usize;
    file[start..start + 4].fill(0xff);
    fs::write(weights, file).unwrap();
}

fn comity(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_comity")).args(args).current_dir(folder).output().unwrap()
}

#[test]
fn models_and_score_refuse_the_same_folders() {
    type Change = fn(&mut Value);
    let cases: [(&str, Change, &str); 9] = [
        ("distilbert", |c| c["model_type"] = json!("gpt2"), "config.json: model_type `gpt2` is not known"),
        ("distilbert", |c| c["activation"] = json!("relu"), "config.json: hidden_act `relu` is not known"),
        (
            "distilbert",
            |c| c["n_layers"] = json!(3),
            "model.safetensors: tensor distilbert.transformer.layer.2.attention.q_lin.weight: is missing",
        ),
        (
            "distilbert",
            |c| c["n_layers"] = json!(1),
            "model.safetensors: tensor distilbert.transformer.layer.1.attention.k_lin.bias: has no place in the network, since \
             num_hidden_layers of config.json is 1; correct config.json, or",
        ),
        (
            "roberta",
            |c| drop(c.as_object_mut().unwrap().remove("type_vocab_size")),
            "model.safetensors: tensor roberta.embeddings.token_type_embeddings.weight: has no place in the network, since \
             type_vocab_size of config.json is 0 or missing; correct config.json, or",
        ),
        (
            "distilbert",
            |c| c["vocab_size"] = json!(1_000_000_000_000_u64),
            "model.safetensors: tensor distilbert.embeddings.word_embeddings.weight: has shape [261, 32]",
        ),
        ("distilbert", |c| c["n_heads"] = json!(5), "config.json: hidden_size 32 is not a multiple of"),
        (
            "roberta",
            |c| c["position_embedding_type"] = json!("relative_key"),
            "config.json: position_embedding_type `relative_key` is not known",
        ),
        (
            "distilbert",
            |c| drop(c.as_object_mut().unwrap().remove("vocab_size")),
            "config.json: malformed: missing field `vocab_size`",
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("c.csv"), "text\nhello\n").unwrap();
    let refused = |model: &str, words: &str| {
        let models = comity(folder.path(), &["models", "--model", model]);
        let score = comity(folder.path(), &["score", "c.csv", "--model", model, "--out", "out"]);
        for output in [&models, &score] {
            let error = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{error}");
            assert!(error.starts_with(&format!("comity: model {model}: {words}")), "{error}");
        }
        assert_eq!(models.stderr, score.stderr);
    };
    for (number, (name, change, words)) in cases.into_iter().enumerate() {
        let model = format!("m{number}");
        changed(&format!("tiny-{name}"), &folder.path().join(&model), change);
        refused(&model, words);
    }
    let model = folder.path().join("spoilt");
    changed("tiny-distilbert", &model, |_| ());
    spoil(&model.join("model.safetensors"), "distilbert.transformer.layer.1.ffn.lin2.weight");
    refused(
        "spoilt",
        "model.safetensors: tensor distilbert.transformer.layer.1.ffn.lin2.weight: contains a value that is not finite",
    );
}
