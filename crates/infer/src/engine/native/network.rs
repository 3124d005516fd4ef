//! The weights of a network in 32 bits: what [`super::exact`] computes with, and [`super::int8`]
//! packs.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis, concatenate, s};

use super::math;
use crate::engine::{Batch, EngineError};
use crate::model::{Config, Model, ModelErrorKind, Weights};

/// BERT, or one of its family that differs in names, positions or head alone, with a classifier on
/// the first token.
pub(super) struct Network {
    /// Ids are below this.
    pub(super) vocab_size: usize,
    /// The longest sequence.
    pub(super) max_tokens: usize,
    /// Attention heads a layer.
    pub(super) heads: usize,
    pub(super) words: Array2<f32>,
    /// The embedding of each position, with that of the first segment kind added if there are
    /// any.
    pub(super) positions: Array2<f32>,
    pub(super) embedding_norm: Norm,
    pub(super) layers: Vec<Layer>,
    pooler: Linear,
    /// The activation between the two products of the head.
    pooler_activation: fn(f32) -> f32,
    classifier: Linear,
}

/// The names of an architecture's parts, and its differences.
struct Architecture {
    embeddings: &'static str,
    layers: &'static str,
    queries: &'static str,
    keys: &'static str,
    values: &'static str,
    attention_output: &'static str,
    attention_norm: &'static str,
    wide: &'static str,
    output: &'static str,
    output_norm: &'static str,
    pooler: &'static str,
    pooler_activation: fn(f32) -> f32,
    classifier: &'static str,
}

const BERT: Architecture = Architecture {
    embeddings: "bert.embeddings",
    layers: "bert.encoder.layer",
    queries: "attention.self.query",
    keys: "attention.self.key",
    values: "attention.self.value",
    attention_output: "attention.output.dense",
    attention_norm: "attention.output.LayerNorm",
    wide: "intermediate.dense",
    output: "output.dense",
    output_norm: "output.LayerNorm",
    pooler: "bert.pooler.dense",
    pooler_activation: libm::tanhf,
    classifier: "classifier",
};

const ROBERTA: Architecture = Architecture {
    embeddings: "roberta.embeddings",
    layers: "roberta.encoder.layer",
    pooler: "classifier.dense",
    classifier: "classifier.out_proj",
    ..BERT
};

const DISTILBERT: Architecture = Architecture {
    embeddings: "distilbert.embeddings",
    layers: "distilbert.transformer.layer",
    queries: "attention.q_lin",
    keys: "attention.k_lin",
    values: "attention.v_lin",
    attention_output: "attention.out_lin",
    attention_norm: "sa_layer_norm",
    wide: "ffn.lin1",
    output: "ffn.lin2",
    output_norm: "output_layer_norm",
    pooler: "pre_classifier",
    pooler_activation: relu,
    classifier: "classifier",
};

fn relu(x: f32) -> f32 {
    x.max(0.0)
}

/// The architecture of a configuration, by its `model_type`.
fn architecture(config: &Config) -> Result<&'static Architecture, String> {
    let architecture = match config.model_type.as_str() {
        "bert" => &BERT,
        "roberta" | "xlm-roberta" | "camembert" => &ROBERTA,
        "distilbert" => &DISTILBERT,
        other => {
            return Err(format!(
                "model_type `{other}` is not known to the engine native, which knows bert, distilbert, roberta, xlm-roberta and \
                 camembert"
            ));
        }
    };
    for (name, found, known) in [
        ("hidden_act", &config.hidden_act, "gelu"),
        ("position_embedding_type", &config.position_embedding_type, "absolute"),
    ] {
        if found != known {
            return Err(format!("{name} `{found}` is not known to the engine native, which knows {known}"));
        }
    }
    Ok(architecture)
}

pub(super) struct Layer {
    pub(super) queries: Linear,
    /// Side by side.
    pub(super) keys_values: Linear,
    pub(super) attention_output: Linear,
    pub(super) attention_norm: Norm,
    pub(super) wide: Linear,
    pub(super) output: Linear,
    pub(super) output_norm: Norm,
}

impl Network {
    /// Widens the weights of a model.
    ///
    /// # Errors
    /// A tensor is missing, is not of the shape that the model's configuration asks for, or has no
    /// place in the network.
    pub(super) fn new(model: &Model) -> Result<Self, EngineError> {
        let name = || model.manifest.name.clone();
        let architecture = architecture(&model.config)
            .map_err(|cause| EngineError::Architecture { model: name(), cause })?;
        let weights = model.weights();
        Self::build(architecture, &model.config, &weights, model.manifest.heads.logits())
            .and_then(|network| weights.check_all_read(&model.config).map(|()| network))
            .map_err(|kind| EngineError::Weights { model: name(), kind })
    }

    fn build(
        architecture: &Architecture,
        config: &Config,
        weights: &Weights<'_>,
        logits: usize,
    ) -> Result<Self, ModelErrorKind> {
        let hidden = config.hidden_size;
        let linear = |name: &str, inputs, outputs| Linear::build(weights, name, inputs, outputs);
        let norm = |name: &str| Norm::build(weights, name, config);
        let embedding = |kind: &str, rows| {
            weights.matrix(&format!("{}.{kind}_embeddings.weight", architecture.embeddings), rows, hidden)
        };
        let layer = |number: usize| {
            let at = |part: &str| format!("{}.{number}.{part}", architecture.layers);
            let keys = linear(&at(architecture.keys), hidden, hidden)?;
            let values = linear(&at(architecture.values), hidden, hidden)?;
            Ok(Layer {
                queries: linear(&at(architecture.queries), hidden, hidden)?,
                keys_values: keys.beside(&values),
                attention_output: linear(&at(architecture.attention_output), hidden, hidden)?,
                attention_norm: norm(&at(architecture.attention_norm))?,
                wide: linear(&at(architecture.wide), hidden, config.intermediate_size)?,
                output: linear(&at(architecture.output), config.intermediate_size, hidden)?,
                output_norm: norm(&at(architecture.output_norm))?,
            })
        };
        let first = config.first_position();
        let mut positions =
            embedding("position", config.max_position_embeddings)?.slice_move(s![first.., ..]);
        if config.type_vocab_size > 0 {
            positions += &embedding("token_type", config.type_vocab_size)?.row(0);
        }
        Ok(Self {
            words: embedding("word", config.vocab_size)?,
            positions,
            embedding_norm: norm(&format!("{}.LayerNorm", architecture.embeddings))?,
            layers: (0..config.num_hidden_layers).map(layer).collect::<Result<_, _>>()?,
            pooler: linear(architecture.pooler, hidden, hidden)?,
            pooler_activation: architecture.pooler_activation,
            classifier: linear(architecture.classifier, hidden, logits)?,
            vocab_size: config.vocab_size,
            max_tokens: config.max_tokens(),
            heads: config.num_attention_heads,
        })
    }

    /// Width of a token's vector.
    pub(super) fn hidden(&self) -> usize {
        self.words.ncols()
    }

    /// Computes the input of the first layer, token after token.
    #[inline(always)]
    pub(super) fn embed(&self, batch: &Batch) -> Vec<f32> {
        let mut states = Vec::with_capacity(batch.tokens() * self.hidden());
        for (position, &id) in batch.sequences().flat_map(|ids| ids.iter().enumerate()) {
            let (word, position) = (row(&self.words, id as usize), row(&self.positions, position));
            states.extend(word.iter().zip(position).map(|(word, position)| word + position));
        }
        self.embedding_norm.apply(&mut states, None);
        states
    }

    /// The logits, from the last layer's vectors of the first tokens: a row a sequence.
    pub(super) fn classify(&self, firsts: &Array2<f32>) -> Array2<f32> {
        let mut logits = Array2::zeros((firsts.nrows(), self.classifier.bias.len()));
        for (first, mut row) in firsts.rows().into_iter().zip(logits.rows_mut()) {
            let mut pooled = self.pooler.apply_in_order(first);
            pooled.mapv_inplace(self.pooler_activation);
            row.assign(&self.classifier.apply_in_order(pooled.view()));
        }
        logits
    }
}

/// `x W + b`.
pub(super) struct Linear {
    /// Inputs by outputs.
    pub(super) weight: Array2<f32>,
    pub(super) bias: Array1<f32>,
}

impl Linear {
    fn build(
        weights: &Weights<'_>,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Self, ModelErrorKind> {
        // PyTorch stores outputs by inputs.
        let weight = weights.matrix(&format!("{name}.weight"), outputs, inputs)?;
        let bias = weights.vector(&format!("{name}.bias"), outputs)?;
        Ok(Self { weight: weight.t().as_standard_layout().into_owned(), bias })
    }

    /// Both at once: the outputs of this one, then those of the other.
    fn beside(&self, other: &Self) -> Self {
        let joined = "both have as many inputs";
        Self {
            weight: concatenate(Axis(1), &[self.weight.view(), other.weight.view()]).expect(joined),
            bias: concatenate(Axis(0), &[self.bias.view(), other.bias.view()]).expect(joined),
        }
    }

    pub(super) fn apply(&self, rows: ArrayView2<'_, f32>) -> Array2<f32> {
        let mut result = rows.dot(&self.weight);
        result += &self.bias;
        result
    }

    /// Applies the layer to one row. It adds up in the order of the inputs, with the same result on
    /// every processor.
    fn apply_in_order(&self, row: ArrayView1<'_, f32>) -> Array1<f32> {
        let mut sums = self.bias.clone();
        for (&input, weights) in row.iter().zip(self.weight.rows()) {
            sums.zip_mut_with(&weights, |sum, weight| *sum += input * weight);
        }
        sums
    }

    /// Adds the product, without the bias, which [`Norm::apply`] adds in passing.
    pub(super) fn add_product(&self, rows: ArrayView2<'_, f32>, mut sum: ArrayViewMut2<'_, f32>) {
        general_mat_mul(1.0, &rows, &self.weight, 1.0, &mut sum);
    }
}

/// Layer normalisation (Ba et al., 2016).
pub(super) struct Norm {
    pub(super) weight: Array1<f32>,
    pub(super) bias: Array1<f32>,
    pub(super) epsilon: f32,
}

impl Norm {
    fn build(weights: &Weights<'_>, name: &str, config: &Config) -> Result<Self, ModelErrorKind> {
        let weight = weights.vector(&format!("{name}.weight"), config.hidden_size)?;
        let bias = weights.vector(&format!("{name}.bias"), config.hidden_size)?;
        Ok(Self { weight, bias, epsilon: config.layer_norm_eps })
    }

    /// Normalises rows that lie one after the other, after adding to each what is still to be
    /// added.
    #[inline(always)]
    pub(super) fn apply(&self, rows: &mut [f32], addend: Option<&Array1<f32>>) {
        for row in rows.chunks_exact_mut(self.weight.len()) {
            if let Some(addend) = addend {
                math::add(row, slice(addend));
            }
            math::layer_norm(row, slice(&self.weight), slice(&self.bias), self.epsilon);
        }
    }
}

pub(super) fn slice(vector: &Array1<f32>) -> &[f32] {
    vector.as_slice().expect("an owned vector is contiguous")
}

fn row(matrix: &Array2<f32>, number: usize) -> &[f32] {
    let width = matrix.ncols();
    let values = matrix.as_slice().expect("an owned matrix is contiguous");
    &values[number * width..(number + 1) * width]
}

/// The values of a matrix, row after row.
pub(super) fn values<'a>(matrix: &'a mut ArrayViewMut2<'_, f32>) -> &'a mut [f32] {
    matrix.as_slice_mut().expect("the engine only makes matrices of consecutive rows")
}
