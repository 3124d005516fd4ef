//! The weights of a network in 32 bits: what [`super::exact`] computes with, and [`super::int8`] packs.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis, concatenate};

use super::math;
use crate::engine::{Batch, EngineError};
use crate::model::{BertConfig, Model, ModelErrorKind, Weights};

/// BERT with a classifier on the pooled first token.
pub(super) struct Network {
    /// Ids are below this.
    pub(super) vocab_size: usize,
    /// The longest sequence.
    pub(super) max_tokens: usize,
    /// Attention heads a layer.
    pub(super) heads: usize,
    pub(super) words: Array2<f32>,
    /// The embedding of each position, with that of the first segment kind added.
    pub(super) positions: Array2<f32>,
    pub(super) embedding_norm: Norm,
    pub(super) layers: Vec<Layer>,
    pub(super) pooler: Linear,
    pub(super) classifier: Linear,
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
    /// A tensor is missing, or is not of the shape that the model's configuration asks for.
    pub(super) fn new(model: &Model) -> Result<Self, EngineError> {
        Self::build(&model.config, &model.weights(), model.manifest.heads.len())
            .map_err(|kind| EngineError::Weights { model: model.manifest.name.clone(), kind })
    }

    fn build(config: &BertConfig, weights: &Weights<'_>, labels: usize) -> Result<Self, ModelErrorKind> {
        let hidden = config.hidden_size;
        let linear = |name: &str, inputs, outputs| Linear::build(weights, name, inputs, outputs);
        let norm = |name: &str| Norm::build(weights, name, config);
        let embedding = |kind: &str, rows| {
            weights.matrix(&format!("bert.embeddings.{kind}_embeddings.weight"), rows, hidden)
        };
        let layer = |number: usize| {
            let at = |part: &str| format!("bert.encoder.layer.{number}.{part}");
            let keys = linear(&at("attention.self.key"), hidden, hidden)?;
            let values = linear(&at("attention.self.value"), hidden, hidden)?;
            Ok(Layer {
                queries: linear(&at("attention.self.query"), hidden, hidden)?,
                keys_values: keys.beside(&values),
                attention_output: linear(&at("attention.output.dense"), hidden, hidden)?,
                attention_norm: norm(&at("attention.output.LayerNorm"))?,
                wide: linear(&at("intermediate.dense"), hidden, config.intermediate_size)?,
                output: linear(&at("output.dense"), config.intermediate_size, hidden)?,
                output_norm: norm(&at("output.LayerNorm"))?,
            })
        };
        let segments = embedding("token_type", config.type_vocab_size)?;
        Ok(Self {
            words: embedding("word", config.vocab_size)?,
            positions: embedding("position", config.max_position_embeddings)? + segments.row(0),
            embedding_norm: norm("bert.embeddings.LayerNorm")?,
            layers: (0..config.num_hidden_layers).map(layer).collect::<Result<_, _>>()?,
            pooler: linear("bert.pooler.dense", hidden, hidden)?,
            classifier: linear("classifier", hidden, labels)?,
            vocab_size: config.vocab_size,
            max_tokens: config.max_position_embeddings,
            heads: config.num_attention_heads,
        })
    }

    /// Width of a token's vector.
    pub(super) fn hidden(&self) -> usize {
        self.words.ncols()
    }

    /// What the first layer is given: a row a token.
    pub(super) fn embed(&self, batch: &Batch) -> Array2<f32> {
        let mut states = Array2::zeros((batch.tokens(), self.hidden()));
        let places = batch.sequences().flat_map(|ids| ids.iter().enumerate());
        for (mut row, (position, &id)) in states.rows_mut().into_iter().zip(places) {
            row += &self.words.row(id as usize);
            row += &self.positions.row(position);
        }
        self.embedding_norm.apply(&mut states.view_mut(), None);
        states
    }

    /// The logits, from the last layer's vectors of the first tokens: a row a sequence.
    pub(super) fn classify(&self, firsts: &Array2<f32>) -> Array2<f32> {
        let mut pooled = self.pooler.apply(firsts.view());
        pooled.mapv_inplace(f32::tanh);
        self.classifier.apply(pooled.view())
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
    fn build(weights: &Weights<'_>, name: &str, config: &BertConfig) -> Result<Self, ModelErrorKind> {
        let weight = weights.vector(&format!("{name}.weight"), config.hidden_size)?;
        let bias = weights.vector(&format!("{name}.bias"), config.hidden_size)?;
        Ok(Self { weight, bias, epsilon: config.layer_norm_eps })
    }

    /// Normalises every row, after adding what is still to be added.
    pub(super) fn apply(&self, rows: &mut ArrayViewMut2<'_, f32>, addend: Option<&Array1<f32>>) {
        for row in rows_mut(rows) {
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

pub(super) fn rows_mut<'a>(matrix: &'a mut ArrayViewMut2<'_, f32>) -> impl Iterator<Item = &'a mut [f32]> {
    let width = matrix.ncols();
    let values = matrix.as_slice_mut().expect("the engine only makes matrices of consecutive rows");
    values.chunks_exact_mut(width)
}
