//! Comity scores comment sections: it reads comment exports, runs a transformer for sentiment and toxicity over every
//! comment, and writes tables and pages for the people who moderate or study them. Offline, on a CPU.
//!
//! Data flows one way, one module a stage:
//!
//! `read -> thread -> normalize -> encode -> engine -> score -> policy -> aggregate -> report`
//!
//! [`pipeline`] is the only place where the stages meet; `ARCHITECTURE.md` says which module may use which, and
//! `tests/tidy.rs` holds them to it.

pub mod aggregate;
pub mod cell;
pub mod comment;
pub mod decimal;
pub mod decisions;
pub mod digest;
pub mod encode;
pub mod engine;
pub mod evade;
pub mod evaluate;
pub mod explain;
pub mod files;
pub mod label;
pub mod model;
pub mod normalize;
pub mod pipeline;
pub mod policy;
pub mod pseudonym;
pub mod quote;
pub mod read;
pub mod report;
pub mod score;
mod sort;
pub mod thread;
