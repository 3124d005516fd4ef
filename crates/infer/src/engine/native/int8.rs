//! The network with weights of 8 bits: several times as fast as 32 bits, and nearly as exact.
//!
//! - A weight is a whole number from -127 to 127, times a scale of its output.
//! - What a product is given is rounded to 256 steps between the least and the largest value of its
//!   row: of one token, never of a batch. Before that each channel is smoothed such that its values
//!   and the weights behind it are of like size (SmoothQuant, Xiao et al., 2023), judged by the
//!   layer norm before it.
//! - Attention multiplies whole numbers of 12 to 16 bits.
//! - Everything else, and all that is added up beyond one product, is of 32 bits.
//!
//! The order of all additions is fixed, so that every kernel gives the same logits, to the last
//! bit.

use ndarray::{Array2, ArrayView2, Axis, concatenate, s};

use super::kernel::{COLUMNS, Kernel, Line, MOST_ROWS, Running, WIDTH, aligned, prefetch};
use super::math;
use super::network::{self, Frame, Linear, Network, Norm, slice};
use crate::engine::Batch;
use crate::model::QuantizedMatrix;

mod attention;

use attention::Attention;

/// Tokens that pass through the network together, if no sequence has more: few enough for the
/// second cache.
const BLOCK_TOKENS: usize = 256;

/// A network whose layers are packed.
pub(super) struct Quantized {
    pub(super) frame: Frame,
    words: QuantizedMatrix<'static>,
    layers: Vec<Layer>,
}

struct Layer {
    /// The factors of the channels before queries, keys and values.
    attention_smoothing: Vec<f32>,
    queries: QuantizedLinear,
    keys_values: QuantizedLinear,
    attention_output: QuantizedLinear,
    attention_norm: Norm,
    /// The factors of the channels before `feed_forward`.
    wide_smoothing: Vec<f32>,
    /// The feed-forward part in slices, each as wide as a token's vector: computed, rounded and
    /// multiplied while it is in the cache, and with a scale of its own.
    feed_forward: Vec<(QuantizedLinear, QuantizedLinear)>,
    output_norm: Norm,
}

impl Quantized {
    pub(super) fn new(network: Network<QuantizedMatrix<'_>>) -> Self {
        let layers = network.layers.into_iter().map(Layer::new).collect();
        Self { frame: network.frame, words: network.words.into_owned(), layers }
    }

    /// The logits of a batch that was checked: a row a sequence.
    pub(super) fn logits(&self, kernel: impl Kernel, batch: &Batch) -> Array2<f32> {
        let mut scratch = Scratch::new(&self.frame);
        let mut firsts = Firsts::default();
        let mut block = Batch::new();
        for ids in batch.sequences() {
            if !block.is_empty() && block.tokens() + ids.len() > BLOCK_TOKENS {
                self.encode(kernel, &block, &mut firsts, &mut scratch);
                block = Batch::new();
            }
            block.push(ids);
        }
        self.encode(kernel, &block, &mut firsts, &mut scratch);
        let Firsts { mut states, contexts } = firsts;
        let last = self.layers.last().expect("a network has layers");
        kernel.run(
            #[inline(always)]
            |running| last.transform(running, &contexts, &mut states, &mut scratch),
        );
        let firsts = Array2::from_shape_vec((batch.len(), self.frame.hidden()), states)
            .expect("each block gives a row a sequence");
        self.frame.classify(&firsts)
    }

    /// Adds the embedding of a token id.
    #[inline(always)]
    fn add_word(&self, id: usize, row: &mut [f32]) {
        let scale = self.words.scales[[id, 0]];
        for (value, &number) in row.iter_mut().zip(self.words.numbers.row(id)) {
            *value += f32::from(number) * scale;
        }
    }

    /// Takes the tokens of a block through the network, up to what is left to be done for the first
    /// of each sequence.
    fn encode(&self, kernel: impl Kernel, block: &Batch, firsts: &mut Firsts, scratch: &mut Scratch) {
        let lengths: Vec<usize> = block.sequences().map(<[u32]>::len).collect();
        kernel.run(
            #[inline(always)]
            |running| {
                let mut states = self.frame.embed(
                    block,
                    #[inline(always)]
                    |id, row| self.add_word(id, row),
                );
                let mut context = Vec::new();
                for (number, layer) in self.layers.iter().enumerate() {
                    let first_only = number + 1 == self.layers.len();
                    layer.attend(running, &lengths, first_only, &mut states, &mut context, scratch);
                    if !first_only {
                        layer.transform(running, &context, &mut states, scratch);
                    }
                }
                firsts.states.append(&mut states);
                firsts.contexts.append(&mut context);
            },
        );
    }
}

/// The first token of each sequence, after the attention of the last layer: what is left is done
/// for a whole batch, since a block has few of them.
#[derive(Default)]
struct Firsts {
    states: Vec<f32>,
    contexts: Vec<f32>,
}

/// Memory that the layers take turns in.
struct Scratch {
    rows: QuantizedRows,
    queries: Vec<f32>,
    keys_values: Vec<f32>,
    /// The output of the first half of a feed-forward part.
    between: Vec<f32>,
    narrow: QuantizedRows,
    attention: Attention,
}

impl Scratch {
    fn new(frame: &Frame) -> Self {
        Self {
            rows: QuantizedRows::default(),
            queries: Vec::new(),
            keys_values: Vec::new(),
            between: Vec::new(),
            narrow: QuantizedRows::default(),
            attention: Attention::new(frame.heads, frame.hidden()),
        }
    }
}

impl Layer {
    /// Packs the matrices of a layer.
    fn new(layer: network::Layer<QuantizedMatrix<'_>>) -> Self {
        let factors = |matrix: &QuantizedMatrix<'_>| match &matrix.smoothing {
            Some(factors) => factors.to_vec(),
            None => vec![1.0; matrix.numbers.ncols()],
        };
        let (keys, values) = (&layer.keys.weight, &layer.values.weight);
        let keys_values = QuantizedLinear::pack(
            concatenate![Axis(0), keys.numbers.view(), values.numbers.view()].view(),
            &[scales(keys, 0), scales(values, 0)].concat(),
            &[slice(&layer.keys.bias), slice(&layer.values.bias)].concat(),
        );
        let (wide, output) = (&layer.wide.weight, &layer.output.weight);
        let slices = output.scales.ncols();
        let width = output.numbers.ncols() / slices;
        let feed_forward = (0..slices).map(|number| {
            let part = number * width..(number + 1) * width;
            let first = QuantizedLinear::pack(
                wide.numbers.slice(s![part.clone(), ..]),
                &scales(wide, 0)[part.clone()],
                &slice(&layer.wide.bias)[part.clone()],
            );
            // The bias of what is added up is in the first part.
            let bias =
                if number == 0 { layer.output.bias.to_vec() } else { vec![0.0; layer.output.bias.len()] };
            (first, QuantizedLinear::pack(output.numbers.slice(s![.., part]), &scales(output, number), &bias))
        });
        Self {
            attention_smoothing: factors(&layer.queries.weight),
            queries: QuantizedLinear::of(&layer.queries),
            keys_values,
            attention_output: QuantizedLinear::of(&layer.attention_output),
            feed_forward: feed_forward.collect(),
            attention_norm: layer.attention_norm,
            wide_smoothing: factors(wide),
            output_norm: layer.output_norm,
        }
    }

    /// Attention: leaves a row a token in `context`, or with `first_only` a row a sequence, its
    /// first token's, and these rows alone in `states`.
    #[inline(always)]
    fn attend(
        &self,
        running: Running<'_, impl Kernel>,
        lengths: &[usize],
        first_only: bool,
        states: &mut Vec<f32>,
        context: &mut Vec<f32>,
        scratch: &mut Scratch,
    ) {
        let hidden = self.attention_smoothing.len();
        let Scratch { rows, queries, keys_values, attention, .. } = scratch;
        rows.quantize(states, Some(&self.attention_smoothing), hidden);
        self.keys_values.store(running, rows, keys_values);
        if first_only {
            let mut start = 0;
            for (sequence, length) in lengths.iter().enumerate() {
                states.copy_within(start * hidden..(start + 1) * hidden, sequence * hidden);
                start += length;
            }
            states.truncate(lengths.len() * hidden);
            rows.quantize(states, Some(&self.attention_smoothing), hidden);
        }
        self.queries.store(running, rows, queries);
        context.resize(states.len(), 0.0);
        let (mut row, mut token) = (0, 0);
        for &length in lengths {
            let end = row + if first_only { hidden } else { length * hidden };
            let own = &keys_values[token * 2 * hidden..(token + length) * 2 * hidden];
            attention.apply(running, &queries[row..end], own, &mut context[row..end]);
            (row, token) = (end, token + length);
        }
    }

    /// All that follows the attention, on rows of any tokens.
    #[inline(always)]
    fn transform(
        &self,
        running: Running<'_, impl Kernel>,
        context: &[f32],
        states: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let hidden = self.attention_smoothing.len();
        let Scratch { rows, between, narrow, .. } = scratch;
        rows.quantize(context, None, hidden);
        self.attention_output.add(running, rows, states);
        self.attention_norm.apply(states, None);

        rows.quantize(states, Some(&self.wide_smoothing), hidden);
        for (wide, output) in &self.feed_forward {
            between.resize(rows.len() * wide.outputs, 0.0);
            wide.apply(running, rows, between, |_, output| math::quick_gelu(output));
            narrow.quantize(between, None, wide.outputs);
            output.add(running, narrow, states);
        }
        self.output_norm.apply(states, None);
    }
}

/// Rows of values, each rounded to 256 steps: about `low + scale * byte`.
#[derive(Default)]
struct QuantizedRows {
    /// The width of a row with its padding.
    width: usize,
    /// The rows, and room behind them for the tile that the last of them is in.
    bytes: Vec<u8>,
    scales: Vec<f32>,
    lows: Vec<f32>,
    smoothed: Vec<f32>,
}

impl QuantizedRows {
    fn len(&self) -> usize {
        self.scales.len()
    }

    /// Returns `rows` rows from `first` on; after the last row comes padding.
    fn tile(&self, first: usize, rows: usize) -> &[u8] {
        &self.bytes[first * self.width..(first + rows) * self.width]
    }

    /// Quantizes values, in rows of a width, after multiplying their channels by `smoothing` if
    /// there is any.
    #[inline(always)]
    fn quantize(&mut self, values: &[f32], smoothing: Option<&[f32]>, width: usize) {
        self.width = width.next_multiple_of(WIDTH);
        self.scales.clear();
        self.lows.clear();
        // What rows are filled up by meets weights of 0, so that it may be left of others.
        self.bytes.resize((values.len() / width + MOST_ROWS) * self.width, 0);
        for (row, bytes) in values.chunks_exact(width).zip(self.bytes.chunks_exact_mut(self.width)) {
            let row = match smoothing {
                Some(smoothing) => {
                    self.smoothed.clear();
                    self.smoothed.extend(row.iter().zip(smoothing).map(|(value, factor)| value * factor));
                    &self.smoothed
                }
                None => row,
            };
            let (low, high) = math::range(row);
            let inverse = if high > low { 255.0 / (high - low) } else { 0.0 };
            for (byte, value) in bytes.iter_mut().zip(row) {
                *byte = math::round_product(value - low, inverse) as u8;
            }
            self.scales.push((high - low) / 255.0);
            self.lows.push(low);
        }
    }
}

/// `x W + b`, of weights of 8 bits.
struct QuantizedLinear {
    outputs: usize,
    /// In panels of [`COLUMNS`] outputs, as [`Kernel::bytes`] takes them; missing inputs and
    /// outputs are 0.
    panels: Vec<Line>,
    /// Lines of a panel.
    panel: usize,
    /// The dequantization scale of each output channel.
    scales: Vec<f32>,
    /// The sum of the weights of each output channel, which the low end of a row is multiplied by.
    sums: Vec<f32>,
    bias: Vec<f32>,
}

/// The scales of a matrix's rows in one group of columns.
fn scales(matrix: &QuantizedMatrix<'_>, group: usize) -> Vec<f32> {
    matrix.scales.column(group).to_vec()
}

impl QuantizedLinear {
    fn of(linear: &Linear<QuantizedMatrix<'_>>) -> Self {
        Self::pack(linear.weight.numbers.view(), &scales(&linear.weight, 0), slice(&linear.bias))
    }

    /// Packs a matrix of outputs by inputs, with a scale and a bias for each output.
    fn pack(numbers: ArrayView2<'_, i8>, scales: &[f32], bias: &[f32]) -> Self {
        let (outputs, inputs) = numbers.dim();
        let (filled, columns) = (inputs.next_multiple_of(WIDTH), outputs.next_multiple_of(COLUMNS));
        let panel = filled * COLUMNS;
        let mut panels = Vec::new();
        // Four inputs of an output stand side by side.
        let places: &mut [[i8; 4]] = aligned(&mut panels, columns / COLUMNS * panel / 4);
        let mut sums = vec![0.0; columns];
        for (output, row) in numbers.rows().into_iter().enumerate() {
            let row = row.as_slice().expect("a row of numbers is one slice");
            let first = output / COLUMNS * panel / 4 + output % COLUMNS;
            let places = places[first..].iter_mut().step_by(COLUMNS);
            for (place, four) in places.zip(row.chunks(4)) {
                place[..four.len()].copy_from_slice(four);
            }
            sums[output] = row.iter().map(|&number| i32::from(number)).sum::<i32>() as f32 * scales[output];
        }
        let fill = |values: &[f32]| {
            let mut values = values.to_vec();
            values.resize(columns, 0.0);
            values
        };
        Self {
            outputs,
            panels,
            panel: panel / size_of::<Line>(),
            scales: fill(scales),
            sums,
            bias: fill(bias),
        }
    }

    /// Replaces each place of `to`, a row of outputs a row, by what `join` makes of its value and
    /// the output for it.
    #[inline(always)]
    fn apply<K: Kernel>(
        &self,
        running: Running<'_, K>,
        rows: &QuantizedRows,
        to: &mut [f32],
        join: impl Fn(f32, f32) -> f32,
    ) {
        let mut sums = [[0; COLUMNS]; MOST_ROWS];
        let tiles = rows.len().div_ceil(K::BYTE_ROWS);
        for (number, panel) in self.panels.chunks_exact(self.panel).enumerate() {
            // The weights of a network pass through the second cache with every block: the next
            // panel is asked for bit by bit.
            let mut next = self.panels[(number + 1) * self.panel..].iter().take(self.panel);
            let first_column = number * COLUMNS;
            let chunk = |of: &[f32]| -> [f32; COLUMNS] {
                of[first_column..first_column + COLUMNS].try_into().expect("filled up to whole panels")
            };
            let (scales, totals, bias) = (chunk(&self.scales), chunk(&self.sums), chunk(&self.bias));
            for first in (0..rows.len()).step_by(K::BYTE_ROWS) {
                next.by_ref().take(self.panel.div_ceil(tiles)).for_each(prefetch);
                running.bytes(rows.tile(first, K::BYTE_ROWS), bytemuck::cast_slice(panel), &mut sums);
                for (row, sums) in (first..rows.len()).zip(&sums[..K::BYTE_ROWS]) {
                    let (scale, low) = (rows.scales[row], rows.lows[row]);
                    let output = |column: usize| {
                        let rest = low.mul_add(totals[column], bias[column]);
                        (sums[column] as f32).mul_add(scale * scales[column], rest)
                    };
                    let to = &mut to[row * self.outputs..][..self.outputs][first_column..];
                    // Whole panels apart, so that their width is known where this is compiled.
                    match to.first_chunk_mut::<COLUMNS>() {
                        Some(to) => {
                            for (column, value) in to.iter_mut().enumerate() {
                                *value = join(*value, output(column));
                            }
                        }
                        None => {
                            for (column, value) in to.iter_mut().enumerate() {
                                *value = join(*value, output(column));
                            }
                        }
                    }
                }
            }
        }
    }

    /// Replaces what `to` holds by the outputs, row by row.
    #[inline(always)]
    fn store(&self, running: Running<'_, impl Kernel>, rows: &QuantizedRows, to: &mut Vec<f32>) {
        to.resize(rows.len() * self.outputs, 0.0);
        self.apply(running, rows, to, |_, output| output);
    }

    /// Adds the outputs to `to`, row by row.
    #[inline(always)]
    fn add(&self, running: Running<'_, impl Kernel>, rows: &QuantizedRows, to: &mut [f32]) {
        self.apply(running, rows, to, |sum, output| sum + output);
    }
}
