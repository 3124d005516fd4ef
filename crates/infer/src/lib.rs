//! Scores texts for toxicity and sentiment: text normalization, tokenization, the model and its
//! engines.
//!
//! It depends on no reader and writes no file, so that a server or a Python package can link it
//! alone.

pub mod caution;
pub mod encode;
pub mod engine;
pub mod explain;
pub mod export;
pub mod language;
pub mod model;
pub mod normalize;
pub mod repeats;
pub mod score;

pub use score::{ModelChoice, ScoreError, Scorer, ScorerBuilder};
