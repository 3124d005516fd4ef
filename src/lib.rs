//! Comity scores comment sections: it reads comment exports, runs a transformer for sentiment and toxicity over every
//! comment, and writes tables and pages for the people who moderate or study them. Offline, on a CPU.

pub mod aggregate;
pub mod decisions;
pub mod evade;
pub mod evaluate;
pub mod explain;
pub mod files;
pub mod pipeline;
pub mod pseudonym;
pub mod report;
mod sort;
pub mod thread;

pub use comity_core::{cell, comment, decimal, digest, label, policy, quote, record};
pub use comity_infer::{encode, engine, language, model, normalize, score};
pub use comity_read as read;
