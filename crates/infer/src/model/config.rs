//! `config.json`: the shape of a network, as Hugging Face writes it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Manifest, ModelErrorKind};
use comity_core::label::{Activation, Label, LabelSet};

/// The fields of a sequence classifier's configuration that matter to an engine; others are
/// ignored. The names are BERT's; DistilBERT's own are read as well.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Config {
    /// The architecture: `bert`, `distilbert`, `roberta` or another that an engine may know.
    pub model_type: String,
    /// Number of token ids.
    pub vocab_size: usize,
    /// Width of a token's vector.
    #[serde(alias = "dim")]
    pub hidden_size: usize,
    /// Number of layers.
    #[serde(alias = "n_layers")]
    pub num_hidden_layers: usize,
    /// Attention heads a layer; `hidden_size` is a multiple of it.
    #[serde(alias = "n_heads")]
    pub num_attention_heads: usize,
    /// Width between the two products of a feed-forward part.
    #[serde(alias = "hidden_dim")]
    pub intermediate_size: usize,
    /// Number of positions that have an embedding.
    pub max_position_embeddings: usize,
    /// Number of segment kinds, of which only the first is used; 0 if there are none.
    #[serde(default)]
    pub type_vocab_size: usize,
    /// Epsilon that a layer norm adds to the variance.
    #[serde(default = "layer_norm_eps")]
    pub layer_norm_eps: f32,
    /// Activation function of the feed-forward network.
    #[serde(alias = "activation")]
    pub hidden_act: String,
    /// Encoding of a token's position.
    #[serde(default = "absolute")]
    pub position_embedding_type: String,
    /// Id of the token that fills a batch up.
    #[serde(default)]
    pub pad_token_id: Option<u32>,
    #[serde(default)]
    problem_type: Option<String>,
    /// Name of what each logit stands for.
    #[serde(default = "two_labels")]
    pub id2label: BTreeMap<usize, String>,
}

/// DistilBERT's, which its configuration does not hold.
fn layer_norm_eps() -> f32 {
    1e-12
}

fn absolute() -> String {
    "absolute".to_owned()
}

/// Returns the two labels that Hugging Face assumes if a configuration names none.
fn two_labels() -> BTreeMap<usize, String> {
    (0..2).map(|number| (number, format!("LABEL_{number}"))).collect()
}

impl Config {
    pub(super) fn parse(json: &[u8]) -> Result<Self, ModelErrorKind> {
        let config: Self = serde_json::from_slice(json).map_err(ModelErrorKind::Json)?;
        config.check_sizes().map_err(ModelErrorKind::Content)?;
        Ok(config)
    }

    /// RoBERTa's positions begin behind the id of the padding.
    pub fn first_position(&self) -> usize {
        match self.model_type.as_str() {
            "roberta" | "xlm-roberta" | "camembert" => self.pad_token_id.unwrap_or(1) as usize + 1,
            _ => 0,
        }
    }

    /// The longest sequence that the network takes.
    pub fn max_tokens(&self) -> usize {
        self.max_position_embeddings.saturating_sub(self.first_position())
    }

    /// Returns `true` if `problem_type` is missing, so that a folder without a manifest is read as
    /// Hugging Face would: one label is a sigmoid head, several are a softmax head.
    pub fn is_problem_type_missing(&self) -> bool {
        self.problem_type.is_none()
    }

    /// Returns how logits become probabilities without a manifest: by `problem_type`, and
    /// without one by the number of labels, as in Hugging Face's pipeline.
    pub(super) fn activation(&self) -> Result<Activation, String> {
        match self.problem_type.as_deref() {
            Some("multi_label_classification") => Ok(Activation::Sigmoid),
            Some("single_label_classification") => Ok(Activation::Softmax),
            None if self.id2label.len() == 1 => Ok(Activation::Sigmoid),
            None => Ok(Activation::Softmax),
            Some(other) => Err(format!(
                "problem_type `{other}` is not supported; known: single_label_classification, multi_label_classification"
            )),
        }
    }

    fn check_sizes(&self) -> Result<(), String> {
        let sizes = [
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("num_hidden_layers", self.num_hidden_layers),
            ("num_attention_heads", self.num_attention_heads),
            ("intermediate_size", self.intermediate_size),
        ];
        if let Some((name, _)) = sizes.iter().find(|(_, size)| *size == 0) {
            return Err(format!("{name} is 0"));
        }
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            return Err(format!(
                "hidden_size {} is not a multiple of num_attention_heads {}",
                self.hidden_size, self.num_attention_heads
            ));
        }
        if self.id2label.keys().enumerate().any(|(place, &id)| place != id) {
            return Err("the numbers of id2label do not count up from 0".to_owned());
        }
        if self.max_tokens() < 4 {
            return Err(format!(
                "max_position_embeddings {} leaves no room for a text",
                self.max_position_embeddings
            ));
        }
        Ok(())
    }

    /// Checks that a manifest agrees with it.
    pub(super) fn check(&self, manifest: &Manifest) -> Result<(), String> {
        if self.model_type != manifest.architecture {
            return Err(format!(
                "model_type is `{}`, the architecture of the manifest `{}`; they must be the same",
                self.model_type, manifest.architecture
            ));
        }
        if self.max_tokens() < manifest.max_tokens {
            return Err(format!(
                "the network takes {} tokens, max_tokens of the manifest is {}; lower max_tokens",
                self.max_tokens(),
                manifest.max_tokens
            ));
        }
        Ok(())
    }

    /// Checks that the heads of a manifest are its labels, for those labels that we know.
    pub(super) fn check_labels(&self, heads: &LabelSet) -> Result<(), String> {
        let of_logits: Vec<Option<&str>> = heads.of_logits().map(|label| label.map(Label::as_str)).collect();
        let found: Vec<&str> = self.id2label.values().map(String::as_str).collect();
        let agrees = |(label, name): (&Option<&str>, &&str)| label.is_none_or(|label| label == *name);
        if of_logits.len() != found.len() || !of_logits.iter().zip(&found).all(agrees) {
            let expected: Vec<&str> = of_logits.iter().map(|label| label.unwrap_or("null")).collect();
            return Err(format!(
                "id2label has the labels {}, the heads of the manifest {}; they must agree in order and number",
                found.join(", "),
                expected.join(", ")
            ));
        }
        Ok(())
    }
}
