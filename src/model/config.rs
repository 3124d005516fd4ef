//! `config.json`: the shape of a network, as Hugging Face writes it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Manifest, ModelErrorKind};

/// The fields of a `BertForSequenceClassification` configuration that matter to an engine; others are ignored.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct BertConfig {
    /// Number of token ids.
    pub vocab_size: usize,
    /// Width of a token's vector.
    pub hidden_size: usize,
    /// Number of layers.
    pub num_hidden_layers: usize,
    /// Attention heads a layer; `hidden_size` is a multiple of it.
    pub num_attention_heads: usize,
    /// Width between the two products of a feed-forward part.
    pub intermediate_size: usize,
    /// The longest sequence.
    pub max_position_embeddings: usize,
    /// Number of segment kinds, of which only the first is used.
    pub type_vocab_size: usize,
    /// What a layer norm adds to the variance.
    pub layer_norm_eps: f32,
    hidden_act: String,
    #[serde(default = "absolute")]
    position_embedding_type: String,
    id2label: BTreeMap<usize, String>,
}

fn absolute() -> String {
    "absolute".to_owned()
}

impl BertConfig {
    pub(super) fn parse(json: &[u8]) -> Result<Self, ModelErrorKind> {
        serde_json::from_slice(json).map_err(ModelErrorKind::Json)
    }

    pub(super) fn check(&self, manifest: &Manifest) -> Result<(), String> {
        let sizes = [
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("num_hidden_layers", self.num_hidden_layers),
            ("num_attention_heads", self.num_attention_heads),
            ("intermediate_size", self.intermediate_size),
            ("type_vocab_size", self.type_vocab_size),
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
        if self.hidden_act != "gelu" {
            return Err(format!("hidden_act `{}` is not supported; known: gelu", self.hidden_act));
        }
        if self.position_embedding_type != "absolute" {
            return Err(format!(
                "position_embedding_type `{}` is not supported; known: absolute",
                self.position_embedding_type
            ));
        }
        if self.max_position_embeddings < manifest.max_tokens {
            return Err(format!(
                "the network takes {} tokens, max_tokens of the manifest is {}; lower max_tokens",
                self.max_position_embeddings, manifest.max_tokens
            ));
        }
        let expected: Vec<&str> = manifest.heads.labels().map(|label| label.as_str()).collect();
        let in_order = self.id2label.iter().enumerate().all(|(place, (&id, _))| place == id);
        let found: Vec<&str> = self.id2label.values().map(String::as_str).collect();
        if !in_order || found != expected {
            return Err(format!(
                "id2label has the labels {}, the heads of the manifest {}; they must agree in order and number",
                found.join(", "),
                expected.join(", ")
            ));
        }
        Ok(())
    }
}
