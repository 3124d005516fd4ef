//! Token ids to logits, behind one small trait.
//!
//! `docs/adding-an-engine.md` explains how to add an engine.

use ndarray::Array2;

use crate::model::{Model, ModelErrorKind};

pub mod native;
#[cfg(feature = "rust-bert")]
pub mod torch;

use native::{Exact, Native};

/// Something that runs the network of a model.
///
/// A call uses one thread: callers run many calls at once. The logits of a sequence are the same to
/// the last bit whatever else is in the batch, in whatever order, and in whatever thread. (Only
/// `torch` cannot promise the last bits; its module explains why.)
pub trait Engine: Send + Sync {
    /// Its name, as `--engine` takes it.
    fn name(&self) -> &str;

    /// Logits: a row a sequence, in the order of the batch; a column a label, in the order of the
    /// model's heads.
    ///
    /// # Errors
    /// An empty batch, or a sequence that the model cannot take.
    fn logits(&self, batch: &Batch) -> Result<Array2<f32>, EngineError>;
}

/// Makes an engine for a model.
type Build = fn(&Model) -> Result<Box<dyn Engine>, EngineError>;

/// Every engine by name; the first is the default.
const ENGINES: &[(&str, Build)] = &[
    (native::NAME, |model| Ok(Box::new(Native::new(model)?))),
    ("native:amx", |model| Ok(Box::new(Native::forced(model, "native:amx")?))),
    ("native:avx512", |model| Ok(Box::new(Native::forced(model, "native:avx512")?))),
    ("native:avxvnni", |model| Ok(Box::new(Native::forced(model, "native:avxvnni")?))),
    ("native:avx2", |model| Ok(Box::new(Native::forced(model, "native:avx2")?))),
    ("native:neon", |model| Ok(Box::new(Native::forced(model, "native:neon")?))),
    ("native:scalar", |model| Ok(Box::new(Native::forced(model, "native:scalar")?))),
    (native::EXACT, |model| Ok(Box::new(Exact::new(model)?))),
    #[cfg(feature = "rust-bert")]
    (torch::NAME, |model| Ok(Box::new(torch::Torch::new(model)?))),
];

/// The names that [`open`] takes; the first is the default.
pub fn names() -> impl Iterator<Item = &'static str> {
    ENGINES.iter().map(|(name, _)| *name)
}

/// The engine of a name, for a model.
///
/// # Errors
/// No such engine, or the weights do not fit the model's configuration.
pub fn open(name: &str, model: &Model) -> Result<Box<dyn Engine>, EngineError> {
    match ENGINES.iter().find(|(known, _)| *known == name) {
        Some((_, build)) => build(model),
        None => Err(EngineError::Unknown { name: name.to_owned() }),
    }
}

/// Token ids of several sequences, end to end, without padding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    ids: Vec<u32>,
    ends: Vec<usize>,
}

impl Batch {
    /// A batch without a sequence.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a sequence.
    pub fn push(&mut self, ids: &[u32]) {
        self.ids.extend_from_slice(ids);
        self.ends.push(self.ids.len());
    }

    /// The sequences, in the order in which they were pushed.
    pub fn sequences(&self) -> impl ExactSizeIterator<Item = &[u32]> + Clone {
        self.ends.iter().enumerate().map(|(place, &end)| {
            let start = if place == 0 { 0 } else { self.ends[place - 1] };
            &self.ids[start..end]
        })
    }

    /// Number of sequences.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns true if it has no sequence.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Number of tokens of all sequences.
    pub fn tokens(&self) -> usize {
        self.ids.len()
    }

    /// Checks first, for every engine, that there are sequences, and that a network of this size
    /// can take each.
    ///
    /// # Errors
    /// The first that it cannot.
    pub fn check(&self, vocab_size: usize, max_tokens: usize) -> Result<(), EngineError> {
        if self.is_empty() {
            return Err(EngineError::EmptyBatch);
        }
        for (sequence, ids) in self.sequences().enumerate() {
            if ids.is_empty() {
                return Err(EngineError::EmptySequence { sequence });
            }
            if ids.len() > max_tokens {
                return Err(EngineError::TooLong { sequence, tokens: ids.len(), max_tokens });
            }
            if let Some(&id) = ids.iter().find(|&&id| id as usize >= vocab_size) {
                return Err(EngineError::UnknownToken { sequence, id, vocab_size });
            }
        }
        Ok(())
    }
}

/// An engine could not be made, or cannot take a batch. Sequences count from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// There is no engine of this name.
    #[error("unknown engine `{name}`; known: {}", names().collect::<Vec<_>>().join(", "))]
    Unknown {
        /// The requested name.
        name: String,
    },
    /// The processor lacks the instructions.
    #[error("this processor cannot run {engine}; `native` takes the best that it can")]
    Processor {
        /// Name of the engine.
        engine: &'static str,
    },
    /// The weights are not those of the network that the configuration describes.
    #[error("model {model}: model.safetensors: {kind}")]
    Weights {
        /// Name of the model.
        model: String,
        /// The cause.
        kind: ModelErrorKind,
    },
    /// The engine does not know the network that the configuration describes.
    #[error("model {model}: config.json: {cause}")]
    Architecture {
        /// Name of the model.
        model: String,
        /// The part that is not supported.
        cause: String,
    },
    /// The batch has no sequence.
    #[error("the batch is empty")]
    EmptyBatch,
    /// A sequence has no token.
    #[error("sequence {sequence} of the batch has no token; even an empty text has [CLS] and [SEP]")]
    EmptySequence {
        /// Which.
        sequence: usize,
    },
    /// A sequence has more tokens than the network has positions.
    #[error(
        "sequence {sequence} of the batch has {tokens} tokens, the model takes {max_tokens}; cut the text into windows"
    )]
    TooLong {
        /// Which.
        sequence: usize,
        /// The length of the sequence.
        tokens: usize,
        /// The most there may be.
        max_tokens: usize,
    },
    /// A token id is not of the model's vocabulary.
    #[error(
        "sequence {sequence} of the batch has the token id {id}, the model knows {vocab_size}; encode with its tokenizer"
    )]
    UnknownToken {
        /// Which sequence.
        sequence: usize,
        /// The id.
        id: u32,
        /// Ids are below this.
        vocab_size: usize,
    },
}
