//! The description of a classifier, with TEI's keys.

use std::collections::BTreeMap;

use comity_core::label::Label;
use comity_infer::engine::native;
use serde::Serialize;

use super::Classifier;
use crate::app::App;

/// The description of a classifier.
#[derive(Serialize)]
pub(super) struct Info {
    model_id: String,
    /// The checksum of the model.
    model_sha: String,
    /// The type of the weights.
    model_dtype: &'static str,
    model_type: ModelType,
    max_concurrent_requests: usize,
    /// The most tokens that a text can have. Clients cut texts to it, and we score long ones whole:
    /// it is the limit of the body, for every token has a byte.
    max_input_length: usize,
    max_batch_tokens: usize,
    max_batch_requests: Option<usize>,
    max_client_batch_size: usize,
    auto_truncate: bool,
    tokenization_workers: usize,
    version: &'static str,
    sha: Option<&'static str>,
    docker_label: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum ModelType {
    Classifier {
        id2label: BTreeMap<usize, &'static str>,
        label2id: BTreeMap<&'static str, usize>,
        /// The function from logits to scores: `sigmoid` if each label is a probability of its own,
        /// `softmax` if they add up to 1. TEI has no such key.
        activation: &'static str,
    },
}

impl Info {
    /// Describes a classifier of the model that is preferred.
    pub(super) fn new(classifier: Classifier, app: &App) -> Self {
        let scorer = &app.scoring.models()[0];
        let model = scorer.model();
        let labels: Vec<Label> =
            classifier.labels().iter().copied().filter(|label| gives(app, *label)).collect();
        let model_type = ModelType::Classifier {
            id2label: labels.iter().map(|label| label.as_str()).enumerate().collect(),
            label2id: labels.iter().enumerate().map(|(id, label)| (label.as_str(), id)).collect(),
            activation: match classifier {
                Classifier::Toxicity => "sigmoid",
                Classifier::Sentiment => "softmax",
            },
        };
        // The weights of `native` are quantized when a model is loaded.
        let is_quantized =
            scorer.engine().name().starts_with(native::NAME) && scorer.engine().name() != native::EXACT;
        Self {
            model_id: model.manifest.name.clone(),
            model_sha: model.checksum.clone(),
            model_dtype: if is_quantized { "int8" } else { "float32" },
            model_type,
            max_concurrent_requests: app.limits.connections,
            max_input_length: app.limits.body,
            max_batch_tokens: app.scoring.batch(),
            max_batch_requests: None,
            max_client_batch_size: app.limits.texts,
            auto_truncate: false,
            tokenization_workers: app.scoring.threads(),
            version: env!("CARGO_PKG_VERSION"),
            sha: None,
            docker_label: None,
        }
    }
}

/// Returns true if a model of the server gives a label.
pub(super) fn gives(app: &App, label: Label) -> bool {
    app.scoring
        .models()
        .iter()
        .any(|scorer| scorer.model().manifest.heads.labels().any(|given| given == label))
}
