//! The records that every part of Comity shares, and the files that keep them.
//!
//! Readers produce [`comment::Comment`]s, the scoring stage turns them into [`record::Scored`]
//! rows, and a [`policy::Policy`] decides about rows. This crate needs neither a model nor a
//! tokenizer: a server's store or a Python package can use it alone.
//!
//! ```
//! use comity_core::comment::{Comment, Origin};
//! use comity_core::label::Label;
//! use comity_core::policy::{Action, Policy};
//! use comity_core::record::{Outcome, Scored, Scores};
//!
//! let origin = Origin { file: "export.csv".into(), record: 1, line: 2 };
//! let comment = Comment::new("7", "article", "You fool!", origin);
//! let mut probabilities = [0.0; Label::COUNT];
//! probabilities[Label::Toxicity.index()] = 0.97;
//! let outcome = Outcome::Scored(Scores::new(probabilities));
//! let scored = Scored { comment, language: Some("en".to_owned()), evasion: false, outcome };
//!
//! let policy = Policy::built_in();
//! let decision = policy.decide(&scored).expect("the comment has scores");
//! assert_ne!(decision.action, Action::Approve);
//! ```
//!
//! - [`comment`] and [`label`]: the input of scoring, and the labels that a model scores.
//! - [`record`]: a scored comment and its row in `scores.csv`, `run.json`, explanations, and
//!   moderators' decisions.
//! - [`score_map`]: maps from scores to those of another service, for `--calibration`.
//! - [`policy`]: rules, and the actions that they propose.
//! - [`statistics`]: intervals, agreement and recall, from moderators' decisions.
//! - [`cell`], [`decimal`], [`digest`], [`quote`], [`word_list`]: the helpers that several crates
//!   share.

mod words;

pub mod cell;
pub mod comment;
pub mod decimal;
pub mod digest;
pub mod label;
pub mod policy;
pub mod quote;
pub mod record;
pub mod score_map;
pub mod statistics;
pub mod word_list;
