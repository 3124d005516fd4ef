//! Scores of comments: what a model said of each, and the file that keeps it.

pub mod language;
pub mod ledger;
mod outcome;

pub use outcome::{Outcome, Scored, Scores, Unscored};
