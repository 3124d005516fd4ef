//! Attention within one sequence, in whole numbers: queries and keys of 12 bits or so, weights and
//! values of 16.
//!
//! Queries stand side by side, a query a lane, and all else is done one token after the other: so
//! that the largest logit and the sum of the exponentials of each query are found without joining
//! lanes, and no query waits for another.

use std::f32::consts::LOG2_E;

use crate::engine::native::kernel::{Kernel, Line, Pair, PairRows, Running, SHORT_ROWS, aligned};
use crate::engine::native::math;

/// The most queries that are computed together: their logits for 256 tokens, 32 kB,
/// stay in the first cache.
const MOST: usize = 32;

/// As many as a vector of AVX-512 has lanes: where no more are left.
const FEW: usize = MOST / 2;

/// The largest number of 16 bits.
const SHORT: f32 = 32_767.0;

/// The heads of a model, and memory that sequences and layers take turns in.
pub(super) struct Attention {
    heads: usize,
    /// The width of a head.
    width: usize,
    /// The width in pairs.
    pairs: usize,
    /// The tokens of the sequence.
    tokens: usize,
    /// One row for each token, with the heads one after the other.
    keys: Vec<Pair>,
    /// The divisor of a key's numbers.
    key_factor: f32,
    /// Panels of [`Attention::columns`] channels of a head, a head behind the other: a row two
    /// tokens.
    values: Vec<Line>,
    /// The factor of a product with values.
    value_scale: f32,
    /// A panel a head of the queries that are computed together.
    queries: Vec<Line>,
    /// A row of queries.
    rounded: Vec<Pair>,
    /// A row a token, of all queries that are computed together: the logits, then the bits of their
    /// exponentials.
    logits: Vec<Line>,
    /// A panel of the same queries.
    weights: Vec<Line>,
}

impl Attention {
    pub(super) fn new(heads: usize, hidden: usize) -> Self {
        let width = hidden / heads;
        Self {
            heads,
            width,
            pairs: width.div_ceil(2),
            tokens: 0,
            keys: Vec::new(),
            key_factor: 1.0,
            values: Vec::new(),
            value_scale: 1.0,
            queries: Vec::new(),
            rounded: Vec::new(),
            logits: Vec::new(),
            weights: Vec::new(),
        }
    }

    /// Computes `softmax(Q K' / sqrt(width)) V` for each head (Vaswani et al., 2017), one row per
    /// query. The row of keys and values of a token has all keys, then all values.
    #[inline(always)]
    pub(super) fn apply(
        &mut self,
        running: Running<'_, impl Kernel>,
        queries: &[f32],
        keys_values: &[f32],
        context: &mut [f32],
    ) {
        let hidden = self.heads * self.width;
        self.tokens = keys_values.len() / (2 * hidden);
        self.take_keys(keys_values);
        self.take_values(keys_values);
        for (queries, context) in queries.chunks(MOST * hidden).zip(context.chunks_mut(MOST * hidden)) {
            match queries.len() > FEW * hidden {
                true => self.attend::<MOST>(running, queries, context),
                false => self.attend::<FEW>(running, queries, context),
            }
        }
    }

    /// The largest magnitude of queries and keys, such that a sum of products over the width of a
    /// head has 30 bits, and two of them differ by 31.
    fn limit(&self) -> f32 {
        SHORT.min(((i32::MAX / 2) as f32 / (2 * self.pairs) as f32).sqrt().floor() - 1.0)
    }

    #[inline(always)]
    fn take_keys(&mut self, keys_values: &[f32]) {
        let hidden = self.heads * self.width;
        let keys = keys_values.chunks_exact(2 * hidden).map(|row| &row[..hidden]);
        self.key_factor = factor(largest(keys.clone()), self.limit());
        self.keys.resize(self.tokens * self.heads * self.pairs, [0; 2]);
        for (keys, rounded) in keys.zip(self.keys.chunks_exact_mut(self.heads * self.pairs)) {
            round(keys, self.key_factor, self.width, rounded);
        }
    }

    /// Columns of the panels of values: as many as lie best in the width of a head.
    fn columns(&self) -> usize {
        if self.width.is_multiple_of(MOST) { MOST } else { FEW }
    }

    #[inline(always)]
    fn take_values(&mut self, keys_values: &[f32]) {
        let hidden = self.heads * self.width;
        let rows = keys_values.chunks_exact(2 * hidden).map(|row| &row[hidden..]);
        let factor = factor(largest(rows), SHORT);
        self.value_scale = 1.0 / (factor * SHORT);
        let (columns, steps) = (self.columns(), self.tokens.div_ceil(2));
        let panels = self.width.div_ceil(columns);
        let pairs = aligned::<Pair>(&mut self.values, self.heads * panels * steps * columns);
        for (step, rows) in keys_values.chunks(4 * hidden).enumerate() {
            for head in 0..self.heads {
                for panel in 0..panels {
                    let start = hidden + head * self.width + panel * columns;
                    let count = columns.min(self.width - panel * columns);
                    let place = ((head * panels + panel) * steps + step) * columns;
                    let pairs = &mut pairs[place..place + count];
                    let one = &rows[start..start + count];
                    match rows.get(2 * hidden + start..2 * hidden + start + count) {
                        Some(other) => {
                            for ((pair, one), other) in pairs.iter_mut().zip(one).zip(other) {
                                *pair = side_by_side(*one, *other, factor);
                            }
                        }
                        None => {
                            for (pair, one) in pairs.iter_mut().zip(one) {
                                *pair = side_by_side(*one, 0.0, factor);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Computes at most C queries.
    #[inline(always)]
    fn attend<const C: usize>(
        &mut self,
        running: Running<'_, impl Kernel>,
        queries: &[f32],
        context: &mut [f32],
    ) {
        let scales = self.take_queries::<C>(queries);
        for head in 0..self.heads {
            self.weigh(running, head, &scales);
            match self.columns() {
                MOST => self.add_up::<C, MOST>(running, head, context),
                _ => self.add_up::<C, FEW>(running, head, context),
            }
        }
    }

    /// Gives what a product of each query with a key is to be multiplied by for a power of two.
    #[inline(always)]
    fn take_queries<const C: usize>(&mut self, queries: &[f32]) -> [f32; C] {
        let (hidden, limit) = (self.heads * self.width, self.limit());
        let panels = aligned::<Pair>(&mut self.queries, self.heads * self.pairs * C).as_chunks_mut::<C>().0;
        self.rounded.resize(self.heads * self.pairs, [0; 2]);
        // If there are fewer queries, the others get equal weights, which are not read.
        let mut scales = [0.0; C];
        for (column, (row, scale)) in queries.chunks_exact(hidden).zip(&mut scales).enumerate() {
            let factor = factor(math::magnitude(row), limit);
            round(row, factor, self.width, &mut self.rounded);
            *scale = LOG2_E / (factor * self.key_factor * (self.width as f32).sqrt());
            for (places, &pair) in panels.iter_mut().zip(&self.rounded) {
                places[column] = pair;
            }
        }
        scales
    }

    /// Computes the weights of all tokens for each query.
    #[inline(always)]
    fn weigh<const C: usize>(&mut self, running: Running<'_, impl Kernel>, head: usize, scales: &[f32; C]) {
        let (row, first) = (self.heads * self.pairs, head * self.pairs);
        let panel = bytemuck::cast_slice::<Line, Pair>(&self.queries);
        let panel = &panel[first * C..][..self.pairs * C];
        let room = self.tokens.next_multiple_of(SHORT_ROWS);
        let logits = aligned::<i32>(&mut self.logits, room * C).as_chunks_mut::<C>().0;
        let mut largest = [i32::MIN; C];
        for (tile, sums) in logits.as_chunks_mut::<SHORT_ROWS>().0.iter_mut().enumerate() {
            // Where tokens are wanting for a whole tile, the last one stands in for them.
            let mut firsts = [0; SHORT_ROWS];
            for (token, start) in firsts.iter_mut().enumerate() {
                *start = (tile * SHORT_ROWS + token).min(self.tokens - 1) * row + first;
            }
            running.shorts(PairRows { pairs: &self.keys, firsts, stride: 1 }, panel, sums);
            for sums in sums {
                for (largest, &sum) in largest.iter_mut().zip(&*sums) {
                    *largest = sum.max(*largest);
                }
            }
        }
        let mut totals = [0.0; C];
        for logits in &mut logits[..self.tokens] {
            for column in 0..C {
                let exponent = (logits[column] - largest[column]) as f32 * scales[column];
                let exponential = math::quick_exp2(exponent);
                totals[column] += exponential;
                logits[column] = exponential.to_bits() as i32;
            }
        }
        // The second of a pair with one token has no weight.
        logits[self.tokens..].fill([0; C]);
        for total in &mut totals {
            *total = SHORT / *total;
        }
        let steps = self.tokens.div_ceil(2);
        let weights = aligned::<Pair>(&mut self.weights, steps * C).as_chunks_mut::<C>().0;
        for (weights, [one, other]) in weights.iter_mut().zip(logits.as_chunks::<2>().0) {
            for column in 0..C {
                let exponential = |bits| f32::from_bits(bits as u32);
                weights[column] =
                    side_by_side(exponential(one[column]), exponential(other[column]), totals[column]);
            }
        }
    }

    /// Adds up the values of all tokens by their weights, with V columns in a panel.
    #[inline(always)]
    fn add_up<const C: usize, const V: usize>(
        &self,
        running: Running<'_, impl Kernel>,
        head: usize,
        context: &mut [f32],
    ) {
        let (hidden, steps) = (self.heads * self.width, self.tokens.div_ceil(2));
        let weights = &bytemuck::cast_slice::<Line, Pair>(&self.weights)[..steps * C];
        let panels = bytemuck::cast_slice::<Line, Pair>(&self.values).chunks_exact(steps * V);
        let own = self.width.div_ceil(V);
        let mut sums = [[0; V]; SHORT_ROWS];
        for (tile, context) in context.chunks_mut(SHORT_ROWS * hidden).enumerate() {
            let mut firsts = [0; SHORT_ROWS];
            firsts.iter_mut().enumerate().for_each(|(query, first)| *first = tile * SHORT_ROWS + query);
            let rows = PairRows { pairs: weights, firsts, stride: C };
            for (number, panel) in panels.clone().skip(head * own).take(own).enumerate() {
                running.shorts(rows, panel, &mut sums);
                for (row, sums) in context.chunks_exact_mut(hidden).zip(&sums) {
                    let row = &mut row[head * self.width..][..self.width][number * V..];
                    for (place, &sum) in row.iter_mut().zip(sums) {
                        *place = sum as f32 * self.value_scale;
                    }
                }
            }
        }
    }
}

/// Both multiplied and rounded to whole numbers.
#[inline(always)]
fn side_by_side(one: f32, other: f32, factor: f32) -> Pair {
    [math::round_product(one, factor) as i16, math::round_product(other, factor) as i16]
}

/// Rounds the values of each head, multiplied, to whole numbers; a head of odd width is filled up.
#[inline(always)]
fn round(row: &[f32], factor: f32, width: usize, rounded: &mut [Pair]) {
    for (values, pairs) in row.chunks_exact(width).zip(rounded.chunks_exact_mut(width.div_ceil(2))) {
        for (number, value) in pairs.as_flattened_mut().iter_mut().zip(values) {
            *number = math::round_product(*value, factor) as i16;
        }
    }
}

/// The largest magnitude in any of the rows.
#[inline(always)]
fn largest<'a>(rows: impl Iterator<Item = &'a [f32]>) -> f32 {
    let mut largest = 0.0_f32;
    for row in rows {
        largest = largest.max(math::magnitude(row));
    }
    largest
}

/// Returns the factor that makes the largest of the values `limit`; zeros stay zeros.
#[inline(always)]
fn factor(largest: f32, limit: f32) -> f32 {
    if largest > 0.0 { limit / largest } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::native::kernel::Scalar;

    #[test]
    fn heads_of_any_width_attend_as_defined() {
        let value = |number: usize| (number * 7919 % 2003) as f32 / 1001.0 - 1.0;
        for (heads, width) in [(3, 5), (4, 8), (2, 32), (1, 48), (2, 64), (1, 96)] {
            let hidden = heads * width;
            let mut attention = Attention::new(heads, hidden);
            // Longer and shorter ones in turn, since they use one memory.
            for tokens in [33, 1, 2, 50, 16, 7] {
                let queries: Vec<f32> = (0..tokens * hidden).map(|n| value(n + tokens)).collect();
                let keys_values: Vec<f32> = (0..tokens * 2 * hidden).map(|n| value(3 * n + 1)).collect();
                let mut context = vec![f32::NAN; tokens * hidden];
                Scalar.run(|running| attention.apply(running, &queries, &keys_values, &mut context));
                for (place, &found) in context.iter().enumerate() {
                    let (query, channel) = (place / hidden * hidden, place % hidden);
                    let head = channel / width * width;
                    let (mut total, mut sum) = (0.0, 0.0);
                    for row in keys_values.chunks_exact(2 * hidden) {
                        let dot = (head..head + width).map(|c| f64::from(queries[query + c] * row[c]));
                        let weight = (dot.sum::<f64>() / (width as f64).sqrt()).exp();
                        total += weight;
                        sum += weight * f64::from(row[hidden + channel]);
                    }
                    let expected = sum / total;
                    assert!(
                        (f64::from(found) - expected).abs() < 1e-3,
                        "{heads} heads of {width}, {tokens} tokens, {place}: {expected}, not {found}"
                    );
                }
            }
        }
    }
}
