//! Takes finished runs and the comments of a server into the store, and writes the decision log.

use std::io::Write;
use std::path::Path;

use comity_core::comment::Comment;
use comity_core::record::{Explanation, ModelId, Scored};

use crate::store::{CommentId, SourceId, Store, StoreError};

/// Finds the cautions of a comment, by the language of its own words and those of the model:
/// `docs/moderating.md` lists their words.
pub type Cautions<'a> = &'a (dyn Fn(&Comment, Option<&str>, &[String]) -> Vec<&'static str> + Sync);

/// The outcome of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The source.
    pub source: SourceId,
    /// Name of the source.
    pub name: String,
    /// Comments of the run.
    pub comments: u64,
    /// Comments that this call added or changed; the others were there.
    pub added: u64,
    /// Items that this call opened.
    pub opened: u64,
}

impl Store {
    /// Takes the comments, scores and explanations of a finished run into the store. A run that was
    /// imported already adds nothing, and an import that was interrupted continues. A later run of
    /// the same name replaces scores, and texts that changed; decisions stay.
    ///
    /// `progress` is called with the number of comments read so far.
    ///
    /// # Errors
    /// [`StoreError`] if the folder has no finished run, or the database fails.
    pub async fn import_run(
        &self,
        dir: &Path,
        cautions: Cautions<'_>,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Imported, StoreError> {
        todo!()
    }

    /// Adds a comment that a server scored, or replaces the one of the same source, thread and id.
    /// A comment without an id gets one from its content, so that one sent twice is one.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn add(
        &self,
        source: &str,
        scored: &Scored,
        model: &ModelId,
        explanation: Option<&Explanation>,
        cautions: &[&str],
    ) -> Result<CommentId, StoreError> {
        todo!()
    }

    /// Writes the decisions of a source, or of all, as the CSV log that `comity decisions` reads:
    /// the oldest first, without undone ones. Returns their number.
    ///
    /// # Errors
    /// [`StoreError`] if the database or the writer fails.
    pub async fn export_log(
        &self,
        source: Option<SourceId>,
        out: &mut (dyn Write + Send),
    ) -> Result<u64, StoreError> {
        todo!()
    }
}
