//! What people decided about comments, and what that says of the rules.
//!
//! A decision is a row of a CSV file: see [`Log`]. `approve` says that the comment may stand (so a flag was a false alarm),
//! `reject` that it breaks the rules (so a flag was right), `defer` and `escalate` neither. A row may also be an appeal against
//! a decision, and what became of it.

mod appeals;
mod evaluation;
mod log;
mod sample;

pub use appeals::AppealRecord;
pub use evaluation::{Agreement, Evaluation, EvaluationError, RecallEstimate, RuleRecord, Tally, evaluate};
pub use log::{Appeal, BadRow, Entry, Log, LogError, Place, Verdict};
pub use sample::{SAMPLE, Sample, SampleError, draw};
