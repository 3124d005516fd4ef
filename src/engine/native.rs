//! The reference engine: BERT in 32-bit arithmetic, in Rust, on one thread.
//!
//! The tokens of all sequences of a batch lie end to end as the rows of one tall matrix, so that nothing is padded; only
//! the attention knows where a sequence begins. Of the last layer, all but keys and values is computed for the first token
//! of each sequence alone, since nothing else is read.
//!
//! A row's result does not depend on the other rows: `matrixmultiply`, behind `ndarray`, adds up the products of a row and
//! a column in an order that depends on their length alone, and everything else works on one row or one sequence.
//! Memory beside the weights: some 8 kB a token of the batch for the embedded model's size, and 4 MB.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis, concatenate, s};

use super::{Batch, Engine, EngineError};
use crate::model::{BertConfig, Model, ModelErrorKind, Weights};

mod math;

/// Its name.
pub const NAME: &str = "native";

/// Rows of a block in the feed-forward part. Few rows keep the wide matrix between its two products in the cache; many
/// spread the cost of packing the weights.
const BLOCK_ROWS: usize = 512;

/// BERT with a classifier on the pooled first token.
pub struct Native {
    config: BertConfig,
    words: Array2<f32>,
    /// The embedding of each position, with that of the first segment kind added.
    positions: Array2<f32>,
    embedding_norm: Norm,
    layers: Vec<Layer>,
    pooler: Linear,
    classifier: Linear,
}

struct Layer {
    queries: Linear,
    /// Side by side.
    keys_values: Linear,
    attention_output: Linear,
    attention_norm: Norm,
    wide: Linear,
    output: Linear,
    output_norm: Norm,
}

impl Native {
    /// Widens the weights of a model and lays them out.
    ///
    /// # Errors
    /// A tensor is missing, or is not of the shape that the model's configuration asks for.
    pub fn new(model: &Model) -> Result<Self, EngineError> {
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
            config: config.clone(),
        })
    }

    /// What the first layer is given: a row a token.
    fn embed(&self, batch: &Batch) -> Array2<f32> {
        let mut states = Array2::zeros((batch.tokens(), self.config.hidden_size));
        let places = batch.sequences().flat_map(|ids| ids.iter().enumerate());
        for (mut row, (position, &id)) in states.rows_mut().into_iter().zip(places) {
            row += &self.words.row(id as usize);
            row += &self.positions.row(position);
        }
        self.embedding_norm.apply(&mut states.view_mut(), None);
        states
    }

    /// One layer: attention, then the feed-forward part; what each gives is added to what it was given, and normalised.
    /// Gives a row a token, or with `first_only` a row a sequence: its first token's.
    fn layer(&self, layer: &Layer, batch: &Batch, mut states: Array2<f32>, first_only: bool) -> Array2<f32> {
        let keys_values = layer.keys_values.apply(states.view());
        if first_only {
            let firsts = batch.sequences().scan(0, |start, ids| {
                *start += ids.len();
                Some(*start - ids.len())
            });
            states = states.select(Axis(0), &firsts.collect::<Vec<usize>>());
        }
        let queries = layer.queries.apply(states.view());
        let context = self.attention(batch, &queries, &keys_values, first_only);
        layer.attention_output.add_product(context.view(), states.view_mut());
        layer.attention_norm.apply(&mut states.view_mut(), Some(&layer.attention_output.bias));

        let mut wide = Array2::zeros((BLOCK_ROWS.min(states.nrows()), self.config.intermediate_size));
        for mut block in states.axis_chunks_iter_mut(Axis(0), BLOCK_ROWS) {
            let mut wide = wide.slice_mut(s![..block.nrows(), ..]);
            general_mat_mul(1.0, &block, &layer.wide.weight, 0.0, &mut wide);
            for row in rows_mut(&mut wide) {
                math::gelu(row, slice(&layer.wide.bias));
            }
            layer.output.add_product(wide.view(), block.view_mut());
            layer.output_norm.apply(&mut block, Some(&layer.output.bias));
        }
        states
    }

    /// Multi-head attention within each sequence, `softmax(Q K' / sqrt(width)) V` a head (Vaswani et al., 2017).
    fn attention(
        &self,
        batch: &Batch,
        queries: &Array2<f32>,
        keys_values: &Array2<f32>,
        first_only: bool,
    ) -> Array2<f32> {
        let hidden = self.config.hidden_size;
        let width = hidden / self.config.num_attention_heads;
        let scale = 1.0 / (width as f32).sqrt();
        let longest = batch.sequences().map(<[u32]>::len).max().unwrap_or(0);
        let mut buffer = vec![0.0; if first_only { longest } else { longest * longest }];
        let mut context = Array2::zeros(queries.dim());
        let (mut row, mut token) = (0, 0);
        for ids in batch.sequences() {
            let (rows, tokens) = (if first_only { 1 } else { ids.len() }, ids.len());
            let (own, all) = (row..row + rows, token..token + tokens);
            let mut weights = ArrayViewMut2::from_shape((rows, tokens), &mut buffer[..rows * tokens])
                .expect("the slice has the length of the shape");
            for start in (0..hidden).step_by(width) {
                let columns = start..start + width;
                let query = queries.slice(s![own.clone(), columns.clone()]);
                let key = keys_values.slice(s![all.clone(), columns.clone()]);
                let value = keys_values.slice(s![all.clone(), hidden + start..hidden + start + width]);
                general_mat_mul(scale, &query, &key.t(), 0.0, &mut weights);
                rows_mut(&mut weights).for_each(math::softmax);
                let mut context = context.slice_mut(s![own.clone(), columns]);
                general_mat_mul(1.0, &weights, &value, 0.0, &mut context);
            }
            (row, token) = (own.end, all.end);
        }
        context
    }
}

impl Engine for Native {
    fn name(&self) -> &str {
        NAME
    }

    fn logits(&self, batch: &Batch) -> Result<Array2<f32>, EngineError> {
        batch.check(self.config.vocab_size, self.config.max_position_embeddings)?;
        let mut states = self.embed(batch);
        for (number, layer) in self.layers.iter().enumerate() {
            states = self.layer(layer, batch, states, number + 1 == self.layers.len());
        }
        let mut pooled = self.pooler.apply(states.view());
        pooled.mapv_inplace(f32::tanh);
        Ok(self.classifier.apply(pooled.view()))
    }
}

/// `x W + b`.
struct Linear {
    /// Inputs by outputs.
    weight: Array2<f32>,
    bias: Array1<f32>,
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

    fn apply(&self, rows: ArrayView2<'_, f32>) -> Array2<f32> {
        let mut result = rows.dot(&self.weight);
        result += &self.bias;
        result
    }

    /// Adds the product, without the bias, which [`Norm::apply`] adds in passing.
    fn add_product(&self, rows: ArrayView2<'_, f32>, mut sum: ArrayViewMut2<'_, f32>) {
        general_mat_mul(1.0, &rows, &self.weight, 1.0, &mut sum);
    }
}

/// Layer normalisation (Ba et al., 2016).
struct Norm {
    weight: Array1<f32>,
    bias: Array1<f32>,
    epsilon: f32,
}

impl Norm {
    fn build(weights: &Weights<'_>, name: &str, config: &BertConfig) -> Result<Self, ModelErrorKind> {
        let weight = weights.vector(&format!("{name}.weight"), config.hidden_size)?;
        let bias = weights.vector(&format!("{name}.bias"), config.hidden_size)?;
        Ok(Self { weight, bias, epsilon: config.layer_norm_eps })
    }

    /// Normalises every row, after adding what is still to be added.
    fn apply(&self, rows: &mut ArrayViewMut2<'_, f32>, addend: Option<&Array1<f32>>) {
        for row in rows_mut(rows) {
            if let Some(addend) = addend {
                math::add(row, slice(addend));
            }
            math::layer_norm(row, slice(&self.weight), slice(&self.bias), self.epsilon);
        }
    }
}

fn slice(vector: &Array1<f32>) -> &[f32] {
    vector.as_slice().expect("an owned vector is contiguous")
}

fn rows_mut<'a>(matrix: &'a mut ArrayViewMut2<'_, f32>) -> impl Iterator<Item = &'a mut [f32]> {
    let width = matrix.ncols();
    let values = matrix.as_slice_mut().expect("the engine only makes matrices of consecutive rows");
    values.chunks_exact_mut(width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::open;
    use std::path::Path;

    fn tiny() -> Model {
        Model::open(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/tiny"))).unwrap()
    }

    /// Sequences of these lengths, of ids in no order; the same for the same arguments.
    fn sequences(lengths: impl IntoIterator<Item = usize>, vocab_size: usize) -> Vec<Vec<u32>> {
        let mut seed = 1_u64;
        let mut id = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as u32 % vocab_size as u32
        };
        lengths.into_iter().map(|length| (0..length).map(|_| id()).collect()).collect()
    }

    fn batch<'a>(sequences: impl IntoIterator<Item = &'a Vec<u32>>) -> Batch {
        let mut batch = Batch::new();
        sequences.into_iter().for_each(|ids| batch.push(ids));
        batch
    }

    fn bits(logits: &Array2<f32>) -> Vec<Vec<u32>> {
        logits.rows().into_iter().map(|row| row.iter().map(|x| x.to_bits()).collect()).collect()
    }

    /// The logits of each sequence by itself, with others before or after it, in other orders and in other threads.
    fn check_neighbours(engine: &dyn Engine, sequences: &[Vec<u32>]) {
        let alone: Vec<Vec<u32>> =
            sequences.iter().map(|ids| bits(&engine.logits(&batch([ids])).unwrap()).remove(0)).collect();
        let orders: [Vec<usize>; 4] = [
            (0..sequences.len()).collect(),
            (0..sequences.len()).rev().collect(),
            (0..sequences.len()).map(|number| number * 37 % sequences.len()).collect(),
            (0..sequences.len()).map(|number| number / 2).collect(),
        ];
        std::thread::scope(|scope| {
            for order in &orders {
                for size in [sequences.len(), 64, 7, 2] {
                    let alone = &alone;
                    scope.spawn(move || {
                        for chunk in order.chunks(size) {
                            let together =
                                bits(&engine.logits(&batch(chunk.iter().map(|&n| &sequences[n]))).unwrap());
                            for (&number, found) in chunk.iter().zip(together) {
                                let tokens = sequences[number].len();
                                assert_eq!(found, alone[number], "{tokens} tokens, batches of {size}");
                            }
                        }
                    });
                }
            }
        });
    }

    #[test]
    fn a_row_never_depends_on_its_neighbours() {
        let model = tiny();
        let engine = open("native", &model).unwrap();
        check_neighbours(&*engine, &sequences(1..=256, model.config.vocab_size));
        check_neighbours(&*engine, &sequences([1; 100], model.config.vocab_size));
        check_neighbours(&*engine, &sequences([256, 1, 255, 2, 256, 256, 1], model.config.vocab_size));
    }

    #[test]
    fn a_row_never_depends_on_its_neighbours_in_the_embedded_model() {
        let model = Model::embedded().unwrap();
        let engine = Native::new(&model).unwrap();
        check_neighbours(&engine, &sequences([1, 2, 9, 33, 70, 3], model.config.vocab_size));
    }

    #[test]
    fn every_token_of_a_sequence_counts() {
        let model = tiny();
        let engine = Native::new(&model).unwrap();
        let original = sequences([40], model.config.vocab_size).remove(0);
        let expected = bits(&engine.logits(&batch([&original])).unwrap());
        for place in 0..original.len() {
            let mut changed = original.clone();
            changed[place] = (changed[place] + 1) % model.config.vocab_size as u32;
            assert_ne!(bits(&engine.logits(&batch([&changed])).unwrap()), expected, "token {place}");
        }
    }

    #[test]
    fn what_it_cannot_take_is_an_error() {
        let model = tiny();
        let engine = Native::new(&model).unwrap();
        let vocab_size = model.config.vocab_size as u32;
        for (sequences, words) in [
            (vec![], "the batch is empty"),
            (vec![vec![1], vec![]], "sequence 1 of the batch has no token"),
            (vec![vec![1; 256], vec![1; 257]], "sequence 1 of the batch has 257 tokens, the model takes 256"),
            (vec![vec![vocab_size - 1, vocab_size]], "sequence 0 of the batch has the token id"),
        ] {
            let error = engine.logits(&batch(&sequences)).unwrap_err();
            assert!(error.to_string().starts_with(words), "{error}");
        }
        let error = open("abacus", &model).err().unwrap();
        assert_eq!(error.to_string(), "unknown engine `abacus`; known: native");
    }
}
