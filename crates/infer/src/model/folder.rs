//! A model folder as Hugging Face writes it, without a manifest: what a manifest would say is
//! inferred from the other files.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use super::{
    CONFIG, Calibration, Config, Files, LABELS, Manifest, ModelErrorKind, TOKENIZER, WEIGHTS, sha256,
};
use comity_core::label::{Activation, Head, Label, LabelSet};

const VOCABULARY: &str = "vocab.txt";
const TOKENIZER_CONFIG: &str = "tokenizer_config.json";

/// Longer sequences are not worth their cost: attention grows with the square.
const MAX_TOKENS: usize = 512;

type InFile<T> = Result<T, (String, ModelErrorKind)>;

/// Reads a folder.
pub(super) fn read(dir: &Path) -> InFile<(Manifest, Config, Files)> {
    let mut listing = Vec::new();
    let mut read = |name: &str| {
        let bytes =
            fs::read(dir.join(name)).map_err(|error| (name.to_owned(), ModelErrorKind::Read(error)))?;
        listing.push((name.to_owned(), sha256(&bytes)));
        Ok(bytes)
    };
    let config_json = read(CONFIG)?;
    let map = if_there(read(LABELS))?;
    let tokenizer = match read(TOKENIZER) {
        Err(missing) if !dir.join(VOCABULARY).exists() => return Err(missing),
        Ok(tokenizer) => tokenizer,
        Err(_) => {
            let vocabulary = read(VOCABULARY)?;
            let settings = if_there(read(TOKENIZER_CONFIG))?.unwrap_or_else(|| b"{}".to_vec());
            let settings: BertTokenizer = serde_json::from_slice(&settings)
                .map_err(|error| (TOKENIZER_CONFIG.to_owned(), ModelErrorKind::Json(error)))?;
            settings
                .build(&vocabulary)
                .map_err(|cause| (VOCABULARY.to_owned(), ModelErrorKind::Content(cause)))?
        }
    };
    let weights = read(WEIGHTS).map_err(|missing| match dir.join("pytorch_model.bin").exists() {
        true => (WEIGHTS.to_owned(), ModelErrorKind::Pickled),
        false => missing,
    })?;

    let config = Config::parse(&config_json).map_err(|kind| (CONFIG.to_owned(), kind))?;
    let heads = heads(&config, map.as_deref())?;
    let max_tokens = config.max_tokens().min(MAX_TOKENS);
    listing.sort();
    let lines = listing.iter().map(|(name, digest)| format!("{digest}  {name}\n"));
    let manifest = Manifest {
        name: name(dir),
        version: "unversioned".to_owned(),
        architecture: config.model_type.clone(),
        languages: Vec::new(),
        max_tokens,
        overlap_tokens: max_tokens / 4,
        normalizer: None,
        heads,
        calibration: None::<Calibration>,
        held_out: None,
        training: serde_json::Map::new(),
        files: BTreeMap::new(),
    };
    let files = Files {
        identity: lines.collect::<String>().into_bytes().into(),
        config: config_json.into(),
        tokenizer: tokenizer.into(),
        weights: weights.into(),
        labels: map,
    };
    Ok((manifest, config, files))
}

/// None of a file that is not there.
fn if_there(read: InFile<Vec<u8>>) -> InFile<Option<Vec<u8>>> {
    match read {
        Err((_, ModelErrorKind::Read(error))) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

/// The name of a folder.
fn name(dir: &Path) -> String {
    let of = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    of(dir).or_else(|| of(&dir.canonicalize().ok()?)).unwrap_or_else(|| "model".to_owned())
}

/// Label names of a model, by `id2label`, connected with ours: by the folder's own map, or by the
/// built-in one if that knows all of them.
fn heads(config: &Config, map: Option<&[u8]>) -> InFile<LabelSet> {
    let (in_config, in_map) = (
        |cause| (CONFIG.to_owned(), ModelErrorKind::Content(cause)),
        |cause| (LABELS.to_owned(), ModelErrorKind::Content(cause)),
    );
    let activation = config.activation().map_err(in_config)?;
    let names: Vec<&str> = config.id2label.values().map(String::as_str).collect();
    let labels: Vec<Option<Label>> = match map {
        Some(map) => {
            let map = parse_map(map).map_err(in_map)?;
            if let Some(unknown) = map.keys().find(|name| !names.contains(&name.as_str())) {
                return Err(in_map(format!(
                    "{CONFIG} has no label `{unknown}`; its labels are {}",
                    names.join(", ")
                )));
            }
            names.iter().map(|name| map.get(*name).copied()).collect()
        }
        None => {
            let known = parse_map(include_bytes!("../../../../data/labels.toml"))
                .expect("a test parses the shipped map");
            let label = |name: &&str| known.get(&name.to_lowercase()).copied().map(Some);
            names.iter().map(label).collect::<Option<_>>().ok_or_else(|| in_config(unknown_labels(&names)))?
        }
    };
    let heads = LabelSet { heads: vec![Head { activation, labels }] };
    heads.check().map_err(|cause| match map {
        // A label map cannot help: what is wrong is the type.
        _ if activation == Activation::Softmax
            && config.is_problem_type_missing()
            && heads.labels().next().is_some() =>
        {
            in_config(format!(
                "problem_type is missing, which makes all labels one softmax head: {cause}; add \"problem_type\": \
                 \"multi_label_classification\" if several labels can hold at once, or write a manifest.json if the model has \
                 several heads (docs/models.md)"
            ))
        }
        Some(_) => in_map(cause),
        None => in_config(format!("{cause}; {}", write_map(&names))),
    })?;
    Ok(heads)
}

fn unknown_labels(names: &[&str]) -> String {
    format!("not all of the labels of id2label, {}, are known; {}", names.join(", "), write_map(names))
}

/// Advice about labels that are not ours.
fn write_map(names: &[&str]) -> String {
    let example = names.last().unwrap_or(&"toxic");
    format!(
        "write {LABELS} in the same folder, a line for each that is one of ours, such as {example:?} = \"toxicity\" (data/labels.toml shows \
         the form)"
    )
}

fn parse_map(toml: &[u8]) -> Result<BTreeMap<String, Label>, String> {
    let text = std::str::from_utf8(toml).map_err(|error| format!("is not UTF-8: {error}"))?;
    toml::from_str(text).map_err(|error| {
        let line = 1 + text[..error.span().map_or(0, |span| span.start)].matches('\n').count();
        format!("line {line}: {}; data/labels.toml shows the form", error.message())
    })
}

/// The settings of a BERT tokenizer that has no `tokenizer.json`, with the values that Hugging Face
/// takes for granted.
#[derive(Deserialize)]
struct BertTokenizer {
    #[serde(default = "yes")]
    do_lower_case: bool,
    #[serde(default)]
    strip_accents: Option<bool>,
    #[serde(default = "yes")]
    tokenize_chinese_chars: bool,
}

fn yes() -> bool {
    true
}

impl BertTokenizer {
    /// The `tokenizer.json` of a `vocab.txt`, which has a word piece a line.
    fn build(&self, vocabulary: &[u8]) -> Result<Vec<u8>, String> {
        let text = std::str::from_utf8(vocabulary).map_err(|error| format!("is not UTF-8: {error}"))?;
        let pieces =
            text.strip_suffix('\n').unwrap_or(text).split('\n').map(|line| line.trim_end_matches('\r'));
        let vocab: BTreeMap<&str, usize> = pieces.zip(0..).collect();
        let id = |token: &str| {
            vocab
                .get(token)
                .copied()
                .ok_or_else(|| format!("has no line `{token}`; use the vocabulary of a BERT"))
        };
        let (first, last) = (id("[CLS]")?, id("[SEP]")?);
        let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].into_iter().filter_map(|token| {
            let id = vocab.get(token)?;
            Some(json!({
                "id": id, "content": token, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
                "special": true,
            }))
        });
        let tokenizer = json!({
            "version": "1.0",
            "truncation": null,
            "padding": null,
            "added_tokens": special.collect::<Vec<_>>(),
            "normalizer": {
                "type": "BertNormalizer",
                "clean_text": true,
                "handle_chinese_chars": self.tokenize_chinese_chars,
                "strip_accents": self.strip_accents,
                "lowercase": self.do_lower_case,
            },
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", last], "cls": ["[CLS]", first]},
            "decoder": null,
            "model": {
                "type": "WordPiece",
                "unk_token": "[UNK]",
                "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100,
                "vocab": vocab,
            },
        });
        Ok(tokenizer.to_string().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Model, ModelError};
    use ndarray::array;
    use serde_json::Value;
    use std::path::PathBuf;

    fn tiny(kind: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/models").join(kind)
    }

    /// A copy of a tiny model with other words of its configuration and another label map.
    fn changed(kind: &str, change: impl FnOnce(&mut Value), map: Option<&str>) -> Result<Model, ModelError> {
        let dir = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(tiny(kind)).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, dir.path().join(path.file_name().unwrap())).unwrap();
        }
        let mut config = serde_json::from_slice(&fs::read(dir.path().join(CONFIG)).unwrap()).unwrap();
        change(&mut config);
        fs::write(dir.path().join(CONFIG), config.to_string()).unwrap();
        match map {
            Some(map) => fs::write(dir.path().join(LABELS), map).unwrap(),
            None => fs::remove_file(dir.path().join(LABELS)).unwrap(),
        }
        Model::open(dir.path())
    }

    #[test]
    fn the_shipped_map_is_one() {
        let map = parse_map(include_bytes!("../../../../data/labels.toml")).unwrap();
        assert!(Label::ALL.iter().all(|label| map[label.as_str()] == *label));
    }

    #[test]
    fn a_folder_is_read() {
        let model = Model::open(&tiny("tiny-distilbert")).unwrap();
        assert_eq!(model.manifest.name, "tiny-distilbert");
        assert_eq!((model.manifest.max_tokens, model.manifest.overlap_tokens), (128, 32));
        assert_eq!(model.manifest.heads.labels().collect::<Vec<_>>(), [Label::Toxicity]);
        let found = model.probabilities(array![1.0_f32, 3.0].view());
        assert!((found[Label::Toxicity.index()].unwrap() - 1.0 / (1.0 + (-2_f64).exp())).abs() < 1e-12);
        assert_eq!(found.iter().flatten().count(), 1);
        let model = Model::open(&tiny("tiny-roberta")).unwrap();
        assert_eq!((model.manifest.heads.logits(), model.manifest.max_tokens), (7, 256));
        let found = model.probabilities(array![0.0_f32, 0.0, 0.0, 0.0, 0.0, 0.0, 9.0].view());
        assert_eq!(found, Label::ALL.map(|label| Label::TOXICITY.contains(&label).then_some(0.5)));
    }

    #[test]
    fn several_classes_may_be_one_label() {
        let classes = |c: &mut Value| c["id2label"] = json!({"0": "hate", "1": "offensive", "2": "neither"});
        let map = "hate = 'toxicity'\noffensive = 'toxicity'\n";
        let model = changed("tiny-distilbert", classes, Some(map)).unwrap();
        let found = model.probabilities(array![1.0_f32, 1.0, 1.0].view());
        assert!((found[Label::Toxicity.index()].unwrap() - 2.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn labels_without_a_map_are_taken_if_all_are_known() {
        let names = |names: &'static [&'static str]| {
            move |c: &mut Value| {
                c["id2label"] =
                    names.iter().enumerate().map(|(n, name)| (n.to_string(), json!(name))).collect();
            }
        };
        let labels = |given| {
            let model = changed("tiny-distilbert", names(given), None);
            model
                .map(|model| model.manifest.heads.labels().collect::<Vec<_>>())
                .map_err(|error| error.kind.to_string())
        };
        assert_eq!(labels(&["NEGATIVE", "POSITIVE"]).unwrap(), [Label::Negative, Label::Positive]);
        for (given, words) in [
            (
                &["LABEL_0", "LABEL_1"],
                "not all of the labels of id2label, LABEL_0, LABEL_1, are known; write labels.toml",
            ),
            (
                &["neutral", "toxic"],
                "a softmax head has one label of the sentiment, neutral, and one that is not, toxicity",
            ),
        ] {
            let error = labels(given).unwrap_err();
            assert!(error.starts_with(words), "{error}");
        }
    }

    #[test]
    fn wrong_maps_and_settings_are_refused() {
        let same = |_: &mut Value| ();
        let error = |change: fn(&mut Value), map: &str| {
            let error = changed("tiny-distilbert", change, Some(map)).err().unwrap();
            format!("{}: {}", error.file, error.kind)
        };
        let map = "toxic = 'toxicity'";
        for (change, map, words) in [
            (same as fn(&mut Value), "\ntoxic = 'rude'", "labels.toml: line 2: unknown variant `rude`"),
            (
                same,
                "toxix = 'toxicity'",
                "labels.toml: config.json has no label `toxix`; its labels are non-toxic, toxic",
            ),
            (same, "", "labels.toml: the heads give none of our labels"),
            (
                |c| drop(c.as_object_mut().unwrap().remove("problem_type")),
                "non-toxic = 'neutral'\ntoxic = 'toxicity'",
                "config.json: problem_type is missing, which makes all labels one softmax head: a softmax head has one label of \
                 the sentiment, neutral, and one that is not, toxicity",
            ),
            (
                |c| c["problem_type"] = json!("regression"),
                map,
                "config.json: problem_type `regression` is not supported; known: single_label_classification",
            ),
            (|c| c["n_heads"] = json!(5), map, "config.json: hidden_size 32 is not a multiple of"),
            (
                |c| c["vocab_size"] = json!(9),
                map,
                "tokenizer.json: has 261 tokens, the network of config.json takes 9",
            ),
        ] {
            let error = error(change, map);
            assert!(error.starts_with(words), "{error}");
        }
    }
}
