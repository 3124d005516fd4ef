//! The review console: a database of comments, scores and decisions that several moderators share,
//! and the pages on which they work.
//!
//! [`Store`] is the database, SQLite or PostgreSQL. It takes finished runs
//! ([`Store::import_run`]) and comments that a server scored ([`Store::add`]), ranks what a policy
//! flags, and records what people decide. Two people cannot decide about the same comment
//! unknowingly: an item is claimed for a while, and a decision names the revision that its
//! moderator has seen. The record of a decision is that of the log that `comity decisions` reads
//! ([`Store::export_log`]).
//!
//! Comment text is never logged.

pub mod import;
pub mod people;
pub mod retention;
pub mod store;
pub mod web;
pub mod webhook;
mod words;

pub use store::{Store, StoreError};
