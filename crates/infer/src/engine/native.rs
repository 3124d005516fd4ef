//! The engine in Rust, on one thread.
//!
//! The tokens of all sequences of a batch lie end to end as the rows of one tall matrix, so that
//! nothing is padded; only the attention knows where a sequence begins. Of the last layer, all but
//! keys and values is computed for the first token of each sequence alone, since nothing else is
//! read.
//!
//! It computes with weights of 8 bits ([`Native`]) or, as the reference, with 32 bits throughout
//! ([`Exact`]).

use ndarray::Array2;

use super::{Batch, Engine, EngineError};
use crate::model::Model;

mod exact;
mod int8;
mod kernel;
mod math;
mod network;

pub use exact::{Exact, NAME as EXACT};
use int8::Quantized;
use network::Network;
pub(crate) use network::quantized_matrices;

/// Its name, whichever kernel it runs: their logits are equal to the last bit.
pub const NAME: &str = "native";

/// A network with weights of 8 bits.
pub struct Native {
    network: Quantized,
    kernel: Kernel,
}

/// Names of engines that force a kernel, the best first.
const KERNELS: [&str; 6] =
    ["native:amx", "native:avx512", "native:avxvnni", "native:avx2", "native:neon", "native:scalar"];

#[derive(Clone, Copy)]
enum Kernel {
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    Amx(kernel::Amx),
    #[cfg(target_arch = "x86_64")]
    Avx512(kernel::Avx512),
    #[cfg(target_arch = "x86_64")]
    AvxVnni(kernel::AvxVnni),
    #[cfg(target_arch = "x86_64")]
    Avx2(kernel::Avx2),
    #[cfg(target_arch = "aarch64")]
    Neon(kernel::Neon),
    Scalar(kernel::Scalar),
}

impl Kernel {
    /// The one of a name of [`KERNELS`]; `None` if this processor has not the instructions.
    fn detect(name: &str) -> Option<Self> {
        match name {
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            "native:amx" => kernel::Amx::detect().map(Self::Amx),
            #[cfg(target_arch = "x86_64")]
            "native:avx512" => kernel::Avx512::detect().map(Self::Avx512),
            #[cfg(target_arch = "x86_64")]
            "native:avxvnni" => kernel::AvxVnni::detect().map(Self::AvxVnni),
            #[cfg(target_arch = "x86_64")]
            "native:avx2" => kernel::Avx2::detect().map(Self::Avx2),
            #[cfg(target_arch = "aarch64")]
            "native:neon" => kernel::Neon::detect().map(Self::Neon),
            "native:scalar" => Some(Self::Scalar(kernel::Scalar)),
            _ => None,
        }
    }
}

impl Native {
    /// Packs the weights of a model for the best kernel that this processor can run; those of more
    /// than 8 bits are quantized first.
    ///
    /// # Errors
    /// A tensor is missing, or is not of the shape that the model's configuration asks for.
    pub fn new(model: &Model) -> Result<Self, EngineError> {
        let kernel = KERNELS.into_iter().find_map(Kernel::detect).expect("the scalar one needs nothing");
        Ok(Self { network: Quantized::new(Network::quantized(model)?), kernel })
    }

    /// The same for the kernel of a name: `native:amx`, `native:avx512`, `native:avxvnni`,
    /// `native:avx2`, `native:neon` or `native:scalar`.
    ///
    /// # Errors
    /// Those of [`Native::new`], or the processor cannot run it.
    pub fn forced(model: &Model, name: &'static str) -> Result<Self, EngineError> {
        let kernel = Kernel::detect(name).ok_or(EngineError::Processor { engine: name })?;
        Ok(Self { kernel, ..Self::new(model)? })
    }
}

impl Engine for Native {
    fn name(&self) -> &str {
        NAME
    }

    fn logits(&self, batch: &Batch) -> Result<Array2<f32>, EngineError> {
        batch.check(self.network.frame.vocab_size, self.network.frame.max_tokens)?;
        Ok(match self.kernel {
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            Kernel::Amx(kernel) => self.network.logits(kernel, batch),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512(kernel) => self.network.logits(kernel, batch),
            #[cfg(target_arch = "x86_64")]
            Kernel::AvxVnni(kernel) => self.network.logits(kernel, batch),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2(kernel) => self.network.logits(kernel, batch),
            #[cfg(target_arch = "aarch64")]
            Kernel::Neon(kernel) => self.network.logits(kernel, batch),
            Kernel::Scalar(kernel) => self.network.logits(kernel, batch),
        })
    }
}

/// Prints which kernels a test ran, and which it could not. Past the capture of tests that pass, so
/// that nobody takes a kernel for tested that this machine cannot run.
#[cfg(test)]
fn print_kernels(what: &str, ran: &[&str]) {
    use std::io::Write;
    let skipped: Vec<&str> =
        KERNELS.into_iter().filter(|name| !ran.iter().any(|ran| ran.starts_with(name))).collect();
    let skipped = if skipped.is_empty() { "none".to_owned() } else { skipped.join(", ") };
    let printed = writeln!(
        std::io::stderr(),
        "kernels, {what}: ran {}; skipped on this machine: {skipped}",
        ran.join(", ")
    );
    printed.unwrap();
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ndarray::{Array2, Axis};

    use super::*;
    use crate::engine::{Batch, Engine, open};
    use crate::model::Model;

    fn tiny() -> Model {
        open_tiny("tiny")
    }

    fn open_tiny(name: &str) -> Model {
        Model::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/models").join(name)).unwrap()
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

    /// The logits of each sequence by itself, with others before or after it, in other orders and
    /// in other threads.
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
        for engine in ["native", "native:f32"].map(|name| open(name, &model).unwrap()) {
            check_neighbours(&*engine, &sequences(1..=256, model.config.vocab_size));
            check_neighbours(&*engine, &sequences([1; 100], model.config.vocab_size));
            check_neighbours(&*engine, &sequences([256, 1, 255, 2, 256, 256, 1], model.config.vocab_size));
        }
    }

    #[test]
    fn a_row_never_depends_on_its_neighbours_in_the_embedded_model() {
        let model = Model::embedded().unwrap();
        for engine in ["native", "native:f32"].map(|name| open(name, &model).unwrap()) {
            check_neighbours(&*engine, &sequences([1, 2, 9, 33, 70, 3], model.config.vocab_size));
        }
    }

    #[test]
    fn every_kernel_gives_the_same_logits() {
        let mut ran = Vec::new();
        let mut models: Vec<(Model, Vec<usize>)> =
            vec![(Model::embedded().unwrap(), vec![1, 2, 17, 70, 130])];
        models.extend(
            ["tiny", "tiny-distilbert", "tiny-roberta"].map(|name| (open_tiny(name), (1..=100).collect())),
        );
        for (model, lengths) in models {
            let batch = batch(&sequences(lengths, model.config.vocab_size));
            let expected = bits(&Native::forced(&model, "native:scalar").unwrap().logits(&batch).unwrap());
            for name in KERNELS {
                if let Some(kernel) = Kernel::detect(name) {
                    let engine = Native { kernel, ..Native::new(&model).unwrap() };
                    assert_eq!(bits(&engine.logits(&batch).unwrap()), expected, "{name}");
                    ran.push(name);
                }
            }
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            if !kernel::has_tiles() {
                let network = Native::new(&model).unwrap().network;
                let logits = match kernel::Avx512::detect() {
                    Some(rest) => network.logits(kernel::Amx::emulated(rest), &batch),
                    None => network.logits(kernel::Amx::emulated(kernel::Scalar), &batch),
                };
                assert_eq!(bits(&logits), expected, "{}", kernel::EMULATED);
                ran.push(kernel::EMULATED);
            }
        }
        ran.sort_unstable();
        ran.dedup();
        print_kernels("logits", &ran);
    }

    /// On models with random weights; docs/performance.md has what it costs the embedded one on
    /// labelled comments.
    #[test]
    fn eight_bits_are_nearly_as_exact_as_thirty_two() {
        for model in ["tiny", "tiny-distilbert", "tiny-roberta"].map(open_tiny) {
            let batch = batch(&sequences(1..=100, model.config.vocab_size));
            let found = Native::new(&model).unwrap().logits(&batch).unwrap();
            let expected = Exact::new(&model).unwrap().logits(&batch).unwrap();
            let error = (&found - &expected).mapv(|x| x * x).mean().unwrap().sqrt();
            let spread = expected.std_axis(Axis(0), 0.0).mean().unwrap();
            let name = &model.manifest.name;
            assert!(error < 0.1 * spread, "{name}: logits are off by {error}, their deviation is {spread}");
        }
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
        assert_eq!(
            error.to_string(),
            "unknown engine `abacus`; known: native, native:amx, native:avx512, native:avxvnni, native:avx2, native:neon, native:scalar, native:f32"
        );
    }
}
