//! The records that every part of Comity shares, and the files that keep them.
//!
//! Readers produce [`comment::Comment`]s, the scoring stage turns them into [`record::Scored`] rows, and a
//! [`policy::Policy`] decides about rows. This crate needs neither a model nor a tokenizer: a server's store or a
//! Python package can use it alone.

mod words;

pub mod cell;
pub mod comment;
pub mod decimal;
pub mod digest;
pub mod label;
pub mod policy;
pub mod quote;
pub mod record;
pub mod word_list;
