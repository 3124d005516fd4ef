//! Scores of comments: what a model said of each, and the file that keeps it.

pub mod ledger;
mod outcome;

pub use outcome::{Outcome, Scored, Scores, Unscored};
