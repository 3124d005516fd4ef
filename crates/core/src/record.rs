//! The records of a run: scores, the ledger that keeps them, explanations, moderators' decisions,
//! and the run itself.

#[cfg(feature = "arrow")]
pub mod arrow;
mod column;
pub mod decision;
mod errors;
mod explanation;
pub mod ledger;
mod outcome;
pub mod row;
mod run;

pub use column::Column;
pub use errors::{Confusion, HeldOut};
pub use explanation::{EXPLAINED_CHARS, EXPLANATIONS, Explanation, MOST_EXPLAINED, Part};
pub use outcome::{Outcome, Scored, Scores, Unscored};
pub use run::{CALIBRATION, Input, ModelId, RUN, Replies, Run, SkippedFile};
