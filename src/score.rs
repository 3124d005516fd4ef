//! Every comment to its scores.

pub mod language;
