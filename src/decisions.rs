//! Moderators' decisions about comments, and statistics of them: precision of rules, agreement,
//! recall.
//!
//! A decision is a row of a CSV file,
//! [`ModeratorDecision`](crate::record::decision::ModeratorDecision): see [`Log`]. `approve` says
//! that the comment may stand (so a flag was a false alarm), `reject` that it breaks the rules (so
//! a flag was right), `defer` and `escalate` neither. A row may also be an appeal against a
//! decision, and what became of it.

mod appeals;
mod evaluation;
mod log;
mod sample;

pub use appeals::AppealRecord;
pub use evaluation::{Agreement, EvaluationError, RecallEstimate, ReviewStats, RuleRecord, Tally, evaluate};
pub use log::{BadRow, Entry, Location, Log, LogError};
pub use sample::{SAMPLE, Sample, SampleError, draw};
