//! Exports to comments, one format a file.

pub mod text;
