//! The reference: the network in 32-bit arithmetic.
//!
//! A row's result does not depend on the other rows: `matrixmultiply`, behind `ndarray`, adds up
//! the products of a row and a column in an order that depends on their length alone, and
//! everything else works on one row or one sequence. Memory besides the weights: some 8 kB a token
//! of the batch for the embedded model's size, and 4 MB.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayViewMut2, Axis, s};

use super::math;
use super::network::{Layer, Network, in_rows, slice};
use crate::engine::{Batch, Engine, EngineError};
use crate::model::Model;

/// The name of the engine.
pub const NAME: &str = "native:f32";

/// Rows of a block in the feed-forward part. Few rows keep the wide matrix between its two products
/// in the cache; many spread the cost of packing the weights.
const BLOCK_ROWS: usize = 512;

/// A network, run in 32 bits.
pub struct Exact(Network<Array2<f32>>);

impl Exact {
    /// Widens the weights of a model.
    ///
    /// # Errors
    /// A tensor is missing, or is not of the shape that the model's configuration asks for.
    pub fn new(model: &Model) -> Result<Self, EngineError> {
        Ok(Self(Network::wide(model)?))
    }

    /// One layer: attention, then the feed-forward part; what each gives is added to what it was
    /// given, and normalised. Gives a row a token, or with `first_only` a row a sequence: its first
    /// token's.
    fn layer(
        &self,
        layer: &Layer<Array2<f32>>,
        batch: &Batch,
        mut states: Array2<f32>,
        first_only: bool,
    ) -> Array2<f32> {
        let (keys, values) = (layer.keys.apply(states.view()), layer.values.apply(states.view()));
        if first_only {
            let firsts = batch.sequences().scan(0, |start, ids| {
                *start += ids.len();
                Some(*start - ids.len())
            });
            states = states.select(Axis(0), &firsts.collect::<Vec<usize>>());
        }
        let queries = layer.queries.apply(states.view());
        let context = self.attention(batch, [&queries, &keys, &values], first_only);
        layer.attention_output.add_product(context.view(), states.view_mut());
        layer.attention_norm.apply(in_rows(&mut states.view_mut()), Some(&layer.attention_output.bias));

        let mut wide = Array2::zeros((BLOCK_ROWS.min(states.nrows()), layer.wide.bias.len()));
        for mut block in states.axis_chunks_iter_mut(Axis(0), BLOCK_ROWS) {
            let mut wide = wide.slice_mut(s![..block.nrows(), ..]);
            general_mat_mul(1.0, &block, &layer.wide.weight.t(), 0.0, &mut wide);
            for row in in_rows(&mut wide).chunks_exact_mut(layer.wide.bias.len()) {
                math::add(row, slice(&layer.wide.bias));
                math::gelu(row);
            }
            layer.output.add_product(wide.view(), block.view_mut());
            layer.output_norm.apply(in_rows(&mut block), Some(&layer.output.bias));
        }
        states
    }

    /// Multi-head attention within each sequence, `softmax(Q K' / sqrt(width)) V` a head (Vaswani
    /// et al., 2017).
    fn attention(
        &self,
        batch: &Batch,
        [queries, keys, values]: [&Array2<f32>; 3],
        first_only: bool,
    ) -> Array2<f32> {
        let hidden = self.0.frame.hidden();
        let width = hidden / self.0.frame.heads;
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
                let key = keys.slice(s![all.clone(), columns.clone()]);
                let value = values.slice(s![all.clone(), columns.clone()]);
                general_mat_mul(scale, &query, &key.t(), 0.0, &mut weights);
                in_rows(&mut weights).chunks_exact_mut(tokens).for_each(math::softmax);
                let mut context = context.slice_mut(s![own.clone(), columns]);
                general_mat_mul(1.0, &weights, &value, 0.0, &mut context);
            }
            (row, token) = (own.end, all.end);
        }
        context
    }
}

impl Engine for Exact {
    fn name(&self) -> &str {
        NAME
    }

    fn logits(&self, batch: &Batch) -> Result<Array2<f32>, EngineError> {
        let Network { words, layers, frame } = &self.0;
        batch.check(frame.vocab_size, frame.max_tokens)?;
        let add_word = |id: usize, row: &mut [f32]| {
            row.iter_mut().zip(words.row(id)).for_each(|(value, word)| *value += word);
        };
        let states = frame.embed(batch, add_word);
        let mut states =
            Array2::from_shape_vec((batch.tokens(), frame.hidden()), states).expect("a row a token");
        for (number, layer) in layers.iter().enumerate() {
            states = self.layer(layer, batch, states, number + 1 == layers.len());
        }
        Ok(frame.classify(&states))
    }
}
