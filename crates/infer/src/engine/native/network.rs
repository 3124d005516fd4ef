//! The parts of a network: what both engines share, and the layers, with the matrices of either.

use std::cell::RefCell;
use std::collections::BTreeMap;

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, s};

use super::math;
use crate::engine::{Batch, EngineError};
use crate::model::{Config, Model, ModelErrorKind, QuantizedMatrix, Weights};

/// BERT, or one of its family that differs in names, positions or head alone, with a classifier on
/// the first token. `M` is a matrix: of 32 bits for [`super::exact`], of 8 for [`super::int8`].
pub(super) struct Network<M> {
    /// The embedding of each token id, a row an id.
    pub(super) words: M,
    pub(super) layers: Vec<Layer<M>>,
    pub(super) frame: Frame,
}

/// What comes before the layers and after them, in 32 bits.
pub(super) struct Frame {
    /// Ids are below this.
    pub(super) vocab_size: usize,
    /// The longest sequence.
    pub(super) max_tokens: usize,
    /// Attention heads a layer.
    pub(super) heads: usize,
    /// The embedding of each position, with that of the first segment kind added if there are
    /// any.
    positions: Array2<f32>,
    embedding_norm: Norm,
    pooler: Dense,
    /// The activation between the two products of the head.
    pooler_activation: fn(f32) -> f32,
    classifier: Dense,
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

impl Architecture {
    /// Returns that of a model.
    fn of(model: &Model) -> Result<&'static Self, EngineError> {
        let refuse = |cause| EngineError::Architecture { model: model.manifest.name.clone(), cause };
        architecture(&model.config).map_err(refuse)
    }

    /// Returns the name of the word table.
    fn words(&self) -> String {
        format!("{}.word_embeddings.weight", self.embeddings)
    }

    /// Returns the name of a part of a layer.
    fn in_layer(&self, number: usize, part: &str) -> String {
        format!("{}.{number}.{part}", self.layers)
    }
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

pub(super) struct Layer<M> {
    pub(super) queries: Linear<M>,
    pub(super) keys: Linear<M>,
    pub(super) values: Linear<M>,
    pub(super) attention_output: Linear<M>,
    pub(super) attention_norm: Norm,
    pub(super) wide: Linear<M>,
    pub(super) output: Linear<M>,
    pub(super) output_norm: Norm,
}

impl Network<Array2<f32>> {
    /// Widens the weights of a model.
    ///
    /// # Errors
    /// A tensor is missing, is not of the shape that the model's configuration asks for, or has no
    /// place in the network.
    pub(super) fn wide(model: &Model) -> Result<Self, EngineError> {
        Self::new(model, |weights, name, rows, columns| weights.matrix(name, rows, columns))
    }
}

impl<'a> Network<QuantizedMatrix<'a>> {
    /// Takes the weights of 8 bits of a model, or quantizes those of a model without.
    ///
    /// # Errors
    /// As [`Network::wide`].
    pub(super) fn quantized(model: &'a Model) -> Result<Self, EngineError> {
        if model.weights().are_quantized() {
            let network =
                Self::new(model, |weights, name, rows, columns| weights.quantized(name, rows, columns))?;
            return match network.fault(Architecture::of(model)?) {
                None => Ok(network),
                Some(cause) => Err(EngineError::Weights {
                    model: model.manifest.name.clone(),
                    kind: ModelErrorKind::Content(cause),
                }),
            };
        }
        let matrices: BTreeMap<_, _> = quantized_matrices(model)?.into_iter().collect();
        let matrices = RefCell::new(matrices);
        Self::new(model, |weights, name, _, _| {
            weights.note_read(name);
            Ok(matrices.borrow_mut().remove(name).expect("all matrices of the layers were quantized"))
        })
    }
}

impl Network<QuantizedMatrix<'_>> {
    /// Returns the first matrix whose factors or groups [`super::int8`] could not compute with, and
    /// what it expects: `None` if there is no such matrix.
    fn fault(&self, architecture: &Architecture) -> Option<String> {
        let in_layers = self.layers.iter().enumerate().flat_map(|(number, layer)| {
            let name = move |part: &str| format!("{}.weight", architecture.in_layer(number, part));
            let smoothing = layer.queries.weight.smoothing.as_ref();
            [
                (name(architecture.queries), &layer.queries.weight, smoothing, false),
                (name(architecture.keys), &layer.keys.weight, smoothing, false),
                (name(architecture.values), &layer.values.weight, smoothing, false),
                (name(architecture.attention_output), &layer.attention_output.weight, None, false),
                (name(architecture.wide), &layer.wide.weight, layer.wide.weight.smoothing.as_ref(), false),
                (name(architecture.output), &layer.output.weight, None, true),
            ]
        });
        let words = (architecture.words(), &self.words, None, false);
        for (name, matrix, smoothing, may_have_groups) in std::iter::once(words).chain(in_layers) {
            if matrix.smoothing.as_ref() != smoothing {
                return Some(format!(
                    "tensor {name}.smoothing: only queries, keys and values, which share their factors, and the first \
                     matrix of the feed-forward part have factors; write the file with `comity models export --bits 8`"
                ));
            }
            if matrix.scales.ncols() > 1 && !may_have_groups {
                return Some(format!(
                    "tensor {name}.scales: only the second matrix of the feed-forward part has groups; write the file \
                     with `comity models export --bits 8`"
                ));
            }
        }
        None
    }
}

/// Quantizes the matrices of a model's layers and its word table; they come by the names of their
/// tensors. Inputs after a layer norm are smoothed ([`smoothing`]). The second matrix of the
/// feed-forward part has a group of scales for each slice as wide as a token's vector, so that a
/// slice can be computed, rounded and multiplied while it is in the cache.
///
/// # Errors
/// As [`Network::wide`].
pub(crate) fn quantized_matrices<'a>(
    model: &Model,
) -> Result<Vec<(String, QuantizedMatrix<'a>)>, EngineError> {
    let architecture = Architecture::of(model)?;
    let network = Network::wide(model)?;
    let mut matrices = Vec::new();
    let mut push = |name: String, matrix: &Array2<f32>, groups: usize, smoothing: Option<&[f32]>| {
        matrices.push((name, QuantizedMatrix::quantize(matrix.view(), groups, smoothing)));
    };
    push(architecture.words(), &network.words, 1, None);
    let mut before = &network.frame.embedding_norm;
    for (number, layer) in network.layers.iter().enumerate() {
        let name = |part: &str| format!("{}.weight", architecture.in_layer(number, part));
        let inputs = [&layer.queries.weight, &layer.keys.weight, &layer.values.weight];
        let factors = smoothing(before, &inputs);
        for (part, matrix) in
            [architecture.queries, architecture.keys, architecture.values].iter().zip(inputs)
        {
            push(name(part), matrix, 1, Some(&factors));
        }
        push(name(architecture.attention_output), &layer.attention_output.weight, 1, None);
        let factors = smoothing(&layer.attention_norm, &[&layer.wide.weight]);
        push(name(architecture.wide), &layer.wide.weight, 1, Some(&factors));
        let (hidden, wide) = layer.output.weight.dim();
        let groups = if wide.is_multiple_of(hidden) { wide / hidden } else { 1 };
        push(name(architecture.output), &layer.output.weight, groups, None);
        before = &layer.output_norm;
    }
    Ok(matrices)
}

/// Returns the factors of the channels of a layer norm before they are rounded, so that the error
/// is shared between them and the weights behind: a channel's values are taken to be within three
/// deviations of the norm's mean for it (SmoothQuant, Xiao et al., 2023).
fn smoothing(norm: &Norm, products: &[&Array2<f32>]) -> Vec<f32> {
    let mut largest = vec![0.0_f32; norm.weight.len()];
    for row in products.iter().flat_map(|product| product.rows()) {
        largest.iter_mut().zip(row).for_each(|(largest, weight)| *largest = largest.max(weight.abs()));
    }
    let channels = slice(&norm.weight).iter().zip(slice(&norm.bias)).zip(largest);
    channels
        .map(|((weight, bias), largest)| {
            let value = bias.abs() + 3.0 * weight.abs();
            if value > 0.0 && largest > 0.0 { (largest / value).sqrt() } else { 1.0 }
        })
        .collect()
}

impl<M> Network<M> {
    /// Reads the parts of a model; `matrix` gives that of a name, rows and columns.
    fn new<'a>(
        model: &'a Model,
        matrix: impl Fn(&Weights<'a>, &str, usize, usize) -> Result<M, ModelErrorKind>,
    ) -> Result<Self, EngineError> {
        let architecture = Architecture::of(model)?;
        let weights = model.weights();
        let matrix = |name: &str, rows, columns| matrix(&weights, name, rows, columns);
        Self::build(architecture, &model.config, &weights, model.manifest.heads.logits(), matrix)
            .and_then(|network| weights.check_all_read(&model.config).map(|()| network))
            .map_err(|kind| EngineError::Weights { model: model.manifest.name.clone(), kind })
    }

    fn build(
        architecture: &Architecture,
        config: &Config,
        weights: &Weights<'_>,
        logits: usize,
        matrix: impl Fn(&str, usize, usize) -> Result<M, ModelErrorKind>,
    ) -> Result<Self, ModelErrorKind> {
        let (hidden, wide) = (config.hidden_size, config.intermediate_size);
        let norm = |name: &str| Norm::build(weights, name, config);
        let embedding = |kind: &str, rows| {
            weights.matrix(&format!("{}.{kind}_embeddings.weight", architecture.embeddings), rows, hidden)
        };
        let layer = |number: usize| {
            let at = |part: &str| architecture.in_layer(number, part);
            // PyTorch stores outputs by inputs.
            let linear = |part: &str, inputs, outputs| {
                let name = at(part);
                Ok(Linear {
                    weight: matrix(&format!("{name}.weight"), outputs, inputs)?,
                    bias: weights.vector(&format!("{name}.bias"), outputs)?,
                })
            };
            Ok(Layer {
                queries: linear(architecture.queries, hidden, hidden)?,
                keys: linear(architecture.keys, hidden, hidden)?,
                values: linear(architecture.values, hidden, hidden)?,
                attention_output: linear(architecture.attention_output, hidden, hidden)?,
                attention_norm: norm(&at(architecture.attention_norm))?,
                wide: linear(architecture.wide, hidden, wide)?,
                output: linear(architecture.output, wide, hidden)?,
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
            words: matrix(&architecture.words(), config.vocab_size, hidden)?,
            layers: (0..config.num_hidden_layers).map(layer).collect::<Result<_, _>>()?,
            frame: Frame {
                positions,
                embedding_norm: norm(&format!("{}.LayerNorm", architecture.embeddings))?,
                pooler: Dense::build(weights, architecture.pooler, hidden, hidden)?,
                pooler_activation: architecture.pooler_activation,
                classifier: Dense::build(weights, architecture.classifier, hidden, logits)?,
                vocab_size: config.vocab_size,
                max_tokens: config.max_tokens(),
                heads: config.num_attention_heads,
            },
        })
    }
}

impl Frame {
    /// Width of a token's vector.
    pub(super) fn hidden(&self) -> usize {
        self.positions.ncols()
    }

    /// Computes the input of the first layer, token after token; `add_word` adds the embedding of a
    /// token id to a row.
    #[inline(always)]
    pub(super) fn embed(&self, batch: &Batch, add_word: impl Fn(usize, &mut [f32])) -> Vec<f32> {
        let mut states = Vec::with_capacity(batch.tokens() * self.hidden());
        for (position, &id) in batch.sequences().flat_map(|ids| ids.iter().enumerate()) {
            let start = states.len();
            states.extend_from_slice(row(&self.positions, position));
            add_word(id as usize, &mut states[start..]);
        }
        self.embedding_norm.apply(&mut states, None);
        states
    }

    /// The logits, from the last layer's vectors of the first tokens: a row a sequence.
    pub(super) fn classify(&self, firsts: &Array2<f32>) -> Array2<f32> {
        let mut logits = Array2::zeros((firsts.nrows(), self.classifier.bias.len()));
        for (first, mut row) in firsts.rows().into_iter().zip(logits.rows_mut()) {
            let mut pooled = self.pooler.apply(first);
            pooled.mapv_inplace(self.pooler_activation);
            row.assign(&self.classifier.apply(pooled.view()));
        }
        logits
    }
}

/// A product of the layers, `W x + b`.
pub(super) struct Linear<M> {
    /// Outputs by inputs.
    pub(super) weight: M,
    pub(super) bias: Array1<f32>,
}

impl Linear<Array2<f32>> {
    pub(super) fn apply(&self, rows: ArrayView2<'_, f32>) -> Array2<f32> {
        let mut result = rows.dot(&self.weight.t());
        result += &self.bias;
        result
    }

    /// Adds the product, without the bias, which [`Norm::apply`] adds in passing.
    pub(super) fn add_product(&self, rows: ArrayView2<'_, f32>, mut sum: ArrayViewMut2<'_, f32>) {
        general_mat_mul(1.0, &rows, &self.weight.t(), 1.0, &mut sum);
    }
}

/// A product of the head, `x W + b`.
struct Dense {
    /// Inputs by outputs.
    weight: Array2<f32>,
    bias: Array1<f32>,
}

impl Dense {
    fn build(
        weights: &Weights<'_>,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Self, ModelErrorKind> {
        let weight = weights.matrix(&format!("{name}.weight"), outputs, inputs)?;
        let bias = weights.vector(&format!("{name}.bias"), outputs)?;
        Ok(Self { weight: weight.t().as_standard_layout().into_owned(), bias })
    }

    /// Applies the product to one row. It adds up in the order of the inputs, with the same result
    /// on every processor.
    fn apply(&self, row: ArrayView1<'_, f32>) -> Array1<f32> {
        let mut sums = self.bias.clone();
        for (&input, weights) in row.iter().zip(self.weight.rows()) {
            sums.zip_mut_with(&weights, |sum, weight| *sum += input * weight);
        }
        sums
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
pub(super) fn in_rows<'a>(matrix: &'a mut ArrayViewMut2<'_, f32>) -> &'a mut [f32] {
    matrix.as_slice_mut().expect("the engine only makes matrices of consecutive rows")
}
