//! Comity scores comment sections for toxicity and sentiment: offline, on a CPU, with a transformer
//! that ships inside. It is a program (`comity score EXPORT --out DIR`) and this library.
//!
//! # Scoring texts
//!
//! ```
//! # #[cfg(feature = "embedded")]
//! # fn main() -> Result<(), comity::score::ScoreError> {
//! use comity::label::Label;
//! use comity::{ModelChoice, Scorer};
//!
//! let scorer = Scorer::builder().model(ModelChoice::English).threads(2).build()?;
//! let outcomes = scorer.score(&["You are very kind.", "You are a stupid idiot."])?;
//!
//! let toxicity = |index: usize| outcomes[index].scores()?.get(Label::Toxicity);
//! assert!(toxicity(0) < Some(0.1));
//! assert!(toxicity(1) > Some(0.9));
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "embedded"))]
//! # fn main() {}
//! ```
//!
//! A [`Scorer`] loads the model once. It is cheap to clone, and threads can share it. A text that
//! is empty, or in a language that the model does not support, is
//! [unscored](record::Outcome::Unscored), with the cause.
//!
//! # Reading an export
//!
//! [`read::Reader`] opens files, folders and standard input, detects the format of each, and
//! iterates over comments and rejects. A reject is a record that cannot be read, with its place and
//! what is wrong.
//!
//! ```
//! use comity::read::{Options, Reader, Record};
//!
//! # fn main() -> Result<(), comity::read::ReadError> {
//! for record in Reader::open(&["data/sample".into()], &Options::default())? {
//!     match record? {
//!         Record::Comment(comment) => assert!(!comment.id.is_empty()),
//!         Record::Reject(reject) => eprintln!("{}: {}", reject.file, reject.cause),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A [session](Scorer::session) scores comments chunk by chunk, and [`thread::Threader`] links
//! replies and marks quotes before that. [`pipeline::score()`] does everything that the command
//! does: it scores an export, resumes an interrupted run, and writes the reports.
//!
//! # Applying a policy
//!
//! Scores are facts; a [policy](policy::Policy) turns them into decisions, without the model.
//!
//! ```
//! use comity::policy::Policy;
//!
//! let policy = Policy::parse(
//!     r#"
//!     name = "threats"
//!     [[rule]]
//!     name = "threat"
//!     label = "threat"
//!     threshold = 0.5
//!     action = "review"
//!     "#,
//! )?;
//! assert_eq!(policy.name, "threats");
//! # Ok::<(), comity::policy::PolicyError>(())
//! ```
//!
//! [`Policy::decide`](policy::Policy::decide) gives the decision on a scored comment, with the rule
//! that fired, the score and the threshold.
//!
//! The folder `examples` has a program for each of these, one with an engine of its own, and one
//! that scores a stream.
//!
//! # Features
//!
//! - `embedded` (default): the English model inside the library. Without it, name a model folder.
//! - `arrow`, `parquet` (default): these formats as input, and Parquet as an output.
//! - `cli` (default): the command line and the program, which a library does not need.
//! - `rust-bert`: the engine `torch`, which needs libtorch.
//!
//! To score texts only, depend on the crate `comity-infer`: it reads no exports and writes no
//! reports.
//!
//! # Guarantees
//!
//! - A text's scores depend on the text and the model only, and are the same to the last bit for
//!   any number of threads, any batch size and any processor (the engine `torch` excepted).
//! - A run writes the same bytes again, however it was divided, interrupted or resumed.
//! - Every record that was read is scored, unscored with a cause, or a reject.

pub mod aggregate;
pub mod calibrate;
#[cfg(feature = "cli")]
pub mod cli;
pub mod decisions;
pub mod evade;
pub mod evaluate;
pub mod files;
pub mod pipeline;
pub mod pseudonym;
pub mod report;
mod sort;
pub mod thread;

pub use comity_core::{cell, comment, decimal, digest, label, policy, quote, record, score_map};
pub use comity_infer::{ModelChoice, Scorer};
pub use comity_infer::{encode, engine, explain, export, language, model, normalize, score};
pub use comity_read as read;
