//! The engine in Rust, on one thread.
//!
//! The tokens of all sequences of a batch lie end to end as the rows of one tall matrix, so that nothing is padded; only
//! the attention knows where a sequence begins. Of the last layer, all but keys and values is computed for the first token
//! of each sequence alone, since nothing else is read.

mod exact;
mod math;
mod network;

pub use exact::{Exact, NAME};

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ndarray::Array2;

    use super::*;
    use crate::engine::{Batch, Engine, open};
    use crate::model::Model;

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
        let engine = Exact::new(&model).unwrap();
        check_neighbours(&engine, &sequences([1, 2, 9, 33, 70, 3], model.config.vocab_size));
    }

    #[test]
    fn every_token_of_a_sequence_counts() {
        let model = tiny();
        let engine = Exact::new(&model).unwrap();
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
        let engine = Exact::new(&model).unwrap();
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
