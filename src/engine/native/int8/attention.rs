//! Attention within one sequence, in whole numbers: queries and keys of 12 bits or so, weights and values of 16.

use crate::engine::native::kernel::{COLUMNS, Kernel, Line, ROWS, aligned};
use crate::engine::native::math;

/// Columns of a panel of values: the width of a head in many models, which is smaller than [`COLUMNS`].
const VALUE_COLUMNS: usize = 32;

/// The largest number of 16 bits.
const SHORT: f32 = 32_767.0;

/// Two numbers that stand side by side, as [`Kernel::shorts`] takes them.
type Pair = [i16; 2];

/// The heads of a model, and memory that sequences and layers take turns in.
pub(super) struct Attention {
    heads: usize,
    /// Of a head.
    width: usize,
    /// The width in pairs.
    pairs: usize,
    /// Of the sequence.
    tokens: usize,
    /// A row a query, in it a head beside the other.
    queries: Vec<Pair>,
    /// What a product with a query is to be multiplied by.
    query_scales: Vec<f32>,
    /// Panels of [`COLUMNS`] tokens of one head after the other.
    keys: Vec<Line>,
    /// What a product with a key is to be multiplied by; filled up to whole panels.
    key_scales: Vec<f32>,
    /// Panels of [`VALUE_COLUMNS`] channels of one head after the other.
    values: Vec<Line>,
    /// What a product with values is to be multiplied by.
    value_scale: f32,
    /// One row of keys, or two of values.
    rounded: Vec<Pair>,
    /// A row a query of a tile, filled up to whole panels.
    logits: Vec<f32>,
    /// A row a query of a tile.
    weights: Vec<Pair>,
}

impl Attention {
    pub(super) fn new(heads: usize, hidden: usize) -> Self {
        let width = hidden / heads;
        Self {
            heads,
            width,
            pairs: width.div_ceil(2),
            tokens: 0,
            queries: Vec::new(),
            query_scales: Vec::new(),
            keys: Vec::new(),
            key_scales: Vec::new(),
            values: Vec::new(),
            value_scale: 1.0,
            rounded: Vec::new(),
            logits: Vec::new(),
            weights: Vec::new(),
        }
    }

    /// `softmax(Q K' / sqrt(width)) V` of each head (Vaswani et al., 2017): a row a query. Of each token the row of keys and
    /// values holds all keys, then all values.
    #[inline(always)]
    pub(super) fn apply(
        &mut self,
        kernel: impl Kernel,
        queries: &[f32],
        keys_values: &[f32],
        context: &mut [f32],
    ) {
        self.tokens = keys_values.len() / (2 * self.heads * self.width);
        self.take_queries(queries);
        self.take_keys(keys_values);
        self.take_values(keys_values);
        for head in 0..self.heads {
            for first in (0..self.query_scales.len()).step_by(ROWS) {
                self.weigh(kernel, head, first);
                self.add_up(kernel, head, first, context);
            }
        }
    }

    /// The largest magnitude of queries and keys, such that a sum of products over the width of a head has 31 bits.
    fn limit(&self) -> f32 {
        SHORT.min((i32::MAX as f32 / (2 * self.pairs) as f32).sqrt().floor() - 1.0)
    }

    #[inline(always)]
    fn take_queries(&mut self, queries: &[f32]) {
        let (hidden, limit) = (self.heads * self.width, self.limit());
        self.query_scales.clear();
        self.queries.resize(queries.len() / hidden * self.heads * self.pairs, [0; 2]);
        for (row, rounded) in
            queries.chunks_exact(hidden).zip(self.queries.chunks_exact_mut(self.heads * self.pairs))
        {
            let factor = factor(math::magnitude(row), limit);
            round(row, factor, self.width, rounded);
            self.query_scales.push(1.0 / (factor * (self.width as f32).sqrt()));
        }
    }

    #[inline(always)]
    fn take_keys(&mut self, keys_values: &[f32]) {
        let (hidden, limit) = (self.heads * self.width, self.limit());
        let columns = self.tokens.next_multiple_of(COLUMNS);
        self.key_scales.clear();
        let keys = aligned::<Pair>(&mut self.keys, self.heads * columns * self.pairs);
        let panels = keys.as_chunks_mut::<COLUMNS>().0;
        self.rounded.resize(self.heads * self.pairs, [0; 2]);
        for (token, row) in keys_values.chunks_exact(2 * hidden).enumerate() {
            let keys = &row[..hidden];
            let factor = factor(math::magnitude(keys), limit);
            round(keys, factor, self.width, &mut self.rounded);
            self.key_scales.push(1.0 / factor);
            let (panel, column) = (token / COLUMNS * self.pairs, token % COLUMNS);
            let of_heads = panels.chunks_exact_mut(columns / COLUMNS * self.pairs);
            for (panels, keys) in of_heads.zip(self.rounded.chunks_exact(self.pairs)) {
                for (place, &pair) in panels[panel..].iter_mut().zip(keys) {
                    place[column] = pair;
                }
            }
        }
        self.key_scales.resize(columns, 0.0);
    }

    #[inline(always)]
    fn take_values(&mut self, keys_values: &[f32]) {
        let hidden = self.heads * self.width;
        let rows = keys_values.chunks_exact(2 * hidden);
        let factor = factor(rows.map(|row| math::magnitude(&row[hidden..])).fold(0.0, f32::max), SHORT);
        self.value_scale = 1.0 / (factor * SHORT);
        let steps = self.tokens.div_ceil(2);
        let blocks = self.width.div_ceil(VALUE_COLUMNS);
        let panels = aligned::<Pair>(&mut self.values, self.heads * blocks * steps * VALUE_COLUMNS);
        let row = self.heads * self.pairs;
        self.rounded.resize(2 * row, [0; 2]);
        for (step, rows) in keys_values.chunks(4 * hidden).enumerate() {
            round(&rows[hidden..2 * hidden], factor, self.width, &mut self.rounded[..row]);
            match rows.get(3 * hidden..) {
                Some(second) => round(second, factor, self.width, &mut self.rounded[row..]),
                None => self.rounded[row..].fill([0; 2]),
            }
            let (one, other) = self.rounded.split_at(row);
            let of_heads = one.chunks_exact(self.pairs).zip(other.chunks_exact(self.pairs));
            for (head, (one, other)) in of_heads.enumerate() {
                let blocks_of_head = one.chunks(VALUE_COLUMNS / 2).zip(other.chunks(VALUE_COLUMNS / 2));
                for (block, (one, other)) in blocks_of_head.enumerate() {
                    let place = ((head * blocks + block) * steps + step) * VALUE_COLUMNS;
                    let columns = panels[place..place + VALUE_COLUMNS].as_chunks_mut::<2>().0;
                    for ((columns, one), other) in columns.iter_mut().zip(one).zip(other) {
                        *columns = [[one[0], other[0]], [one[1], other[1]]];
                    }
                }
            }
        }
    }

    /// Computes the weights of all tokens for a tile of queries.
    #[inline(always)]
    fn weigh(&mut self, kernel: impl Kernel, head: usize, first: usize) {
        let (rows, room) = (self.query_scales.len(), self.key_scales.len());
        self.logits.resize(ROWS * room, 0.0);
        // Where queries are wanting for a whole tile, the last one stands in for them.
        let tile = std::array::from_fn(|row| {
            let start = ((first + row).min(rows - 1) * self.heads + head) * self.pairs;
            self.queries[start..start + self.pairs].as_flattened()
        });
        let panel = self.pairs * COLUMNS;
        let panels = bytemuck::cast_slice::<Line, Pair>(&self.keys).chunks_exact(panel);
        let panels = panels.skip(head * room / COLUMNS).take(room / COLUMNS);
        let mut sums = [[0; COLUMNS]; ROWS];
        for (number, panel) in panels.enumerate() {
            kernel.shorts(tile, panel.as_flattened(), &mut sums);
            let columns = number * COLUMNS..(number + 1) * COLUMNS;
            let tile = self.logits.chunks_exact_mut(room).zip(&self.query_scales[first..]);
            for ((logits, query_scale), sums) in tile.zip(&sums) {
                let scales = self.key_scales[columns.clone()].iter();
                for ((logit, &sum), key_scale) in logits[columns.clone()].iter_mut().zip(sums).zip(scales) {
                    *logit = sum as f32 * (query_scale * key_scale);
                }
            }
        }
        // The weights of whole vectors of tokens are computed; those of the tokens that are not there become 0.
        let filled = self.tokens.next_multiple_of(math::LANES);
        self.weights.resize(ROWS * room / 2, [0; 2]);
        // One step for all rows, then the next: a row alone would wait for its own maximum and sum.
        let mut largest = [0.0; ROWS];
        for (logits, largest) in self.logits.chunks_exact_mut(room).zip(&mut largest) {
            logits[self.tokens..filled].fill(f32::NEG_INFINITY);
            *largest = math::largest(&logits[..filled]);
        }
        for (logits, largest) in self.logits.chunks_exact_mut(room).zip(largest) {
            math::quick_exponentials(&mut logits[..filled], largest);
        }
        let mut factors = [0.0; ROWS];
        for (exponentials, factor) in self.logits.chunks_exact(room).zip(&mut factors) {
            *factor = SHORT / math::sum(&exponentials[..filled], |value| value);
        }
        let tile = self.logits.chunks_exact(room).zip(self.weights.chunks_exact_mut(room / 2));
        for ((exponentials, weights), factor) in tile.zip(factors).take(rows - first) {
            for (weight, value) in weights.as_flattened_mut().iter_mut().zip(&exponentials[..filled]) {
                *weight = math::round(value * factor) as i16;
            }
        }
    }

    /// Adds up the values of all tokens by their weights, for a tile of queries.
    #[inline(always)]
    fn add_up(&self, kernel: impl Kernel, head: usize, first: usize, context: &mut [f32]) {
        let (hidden, steps) = (self.heads * self.width, self.tokens.div_ceil(2));
        let room = self.weights.len() / ROWS;
        let tile = std::array::from_fn(|row| self.weights[row * room..row * room + steps].as_flattened());
        let blocks = self.width.div_ceil(VALUE_COLUMNS);
        let panel = steps * VALUE_COLUMNS;
        let panels = bytemuck::cast_slice::<Line, Pair>(&self.values).chunks_exact(panel);
        let mut sums = [[0; VALUE_COLUMNS]; ROWS];
        for (block, panel) in panels.skip(head * blocks).take(blocks).enumerate() {
            kernel.shorts(tile, panel.as_flattened(), &mut sums);
            let start = head * self.width + block * VALUE_COLUMNS;
            let end = ((head + 1) * self.width).min(start + VALUE_COLUMNS);
            for (row, sums) in context[first * hidden..].chunks_exact_mut(hidden).zip(&sums) {
                for (value, &sum) in row[start..end].iter_mut().zip(sums) {
                    *value = sum as f32 * self.value_scale;
                }
            }
        }
    }
}

/// Rounds the values of each head, multiplied, to whole numbers; a head of odd width is filled up.
#[inline(always)]
fn round(row: &[f32], factor: f32, width: usize, rounded: &mut [Pair]) {
    for (values, pairs) in row.chunks_exact(width).zip(rounded.chunks_exact_mut(width.div_ceil(2))) {
        for (number, value) in pairs.as_flattened_mut().iter_mut().zip(values) {
            *number = math::round(value * factor) as i16;
        }
    }
}

/// By what to multiply values so that the largest becomes `limit`; zeros stay what they are.
#[inline(always)]
fn factor(largest: f32, limit: f32) -> f32 {
    if largest > 0.0 { limit / largest } else { 1.0 }
}
