//! Takes finished runs and the comments of a server into the store.

use std::collections::HashMap;
use std::fs;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use comity_core::record::ledger::{self, Reader};
use comity_core::record::{EXPLANATIONS, Explanation, ModelId, RUN, Run, Scored};
use tokio::sync::mpsc;
use tokio::task;

use crate::store::{Catalog, CommentId, Incoming, Published, SourceId, Store, StoreError};

/// Comments of a transaction. A decision waits for one at most.
const CHUNK: usize = 1_800;

/// Chunks that are read ahead of the database.
const AHEAD: usize = 3;

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
    /// the same source replaces scores, and texts that changed; decisions stay, but a comment whose
    /// text changed is open again. `source` names the source.
    ///
    /// `progress` is called with the number of comments read so far.
    ///
    /// # Errors
    /// [`StoreError`] if the folder has no finished run, or the database fails.
    pub async fn import_run(
        &self,
        dir: &Path,
        source: &str,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Imported, StoreError> {
        let run = read_run(dir)?;
        let file = dir.join(ledger::FILE_NAME);
        let checksum = match &run.scores_sha256 {
            Some(checksum) => checksum.clone(),
            // A version that did not record it.
            None => checksum_of(&file)?,
        };
        let import = self.begin_import(source, &checksum, &run.model).await?;
        let mut imported = Imported {
            source: import.source,
            name: source.to_owned(),
            comments: import.done,
            added: 0,
            opened: 0,
        };
        if import.finished {
            progress(imported.comments);
            return Ok(imported);
        }
        let mut explanations = read_explanations(dir)?;
        let (send, mut chunks) = mpsc::channel(AHEAD);
        let languages = run.model.languages.clone();
        let (published, done) = (self.published().await?, import.done);
        let prepared = published.clone();
        let reader = task::spawn_blocking(move || {
            read_chunks(&file, done, &prepared, &languages, |chunk| send.blocking_send(chunk).is_ok())
        });
        let mut catalog = Catalog::new(import.source, import.model, import.is_first);
        let mut published = published;
        while let Some(mut chunk) = chunks.recv().await {
            for incoming in &mut chunk {
                let comment = &incoming.scored.comment;
                incoming.explanation = explanations
                    .remove(&(comment.thread.clone(), comment.id.clone()))
                    .filter(|found| found.is_within(&comment.text));
            }
            let read = chunk.len() as u64;
            let languages = &run.model.languages;
            let mut write = self.begin().await?;
            published = self.hold_published(&mut write, published, &mut chunk, languages).await?;
            let mut done = self.add_all(&mut write, &mut catalog, &published, &chunk).await;
            if done.as_ref().is_err_and(StoreError::is_taken) {
                // Somebody else adds comments of the same source.
                drop(write);
                catalog = Catalog::new(import.source, import.model, false);
                write = self.begin().await?;
                published = self.hold_published(&mut write, published, &mut chunk, languages).await?;
                done = self.add_all(&mut write, &mut catalog, &published, &chunk).await;
            }
            let (added, opened) = done?;
            imported.comments += read;
            Self::note_import(&mut write, import.id, imported.comments).await?;
            write.commit().await?;
            imported.added += added;
            imported.opened += opened;
            progress(imported.comments);
        }
        match reader.await {
            Ok(read) => read?,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
        self.finish_import(import.id).await?;
        Ok(imported)
    }

    /// Adds a comment that a server scored, or replaces the one of the same source, thread and id.
    /// A comment without an id gets one from its content, so that one sent twice is one.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn add(
        &self,
        source: &str,
        mut scored: Scored,
        model: &ModelId,
        explanation: Option<Explanation>,
    ) -> Result<CommentId, StoreError> {
        let comment = &mut scored.comment;
        if comment.id.is_empty() {
            let author = comment.author.as_deref().unwrap_or_default();
            let content = format!("{}\0{author}\0{}", comment.thread, comment.text);
            comment.id = format!("sha256:{}", comity_core::digest::sha256(content));
        }
        let published = self.published().await?;
        let mut incoming = Incoming::new(scored, &published, &model.languages);
        incoming.explanation = explanation.filter(|found| found.is_within(&incoming.scored.comment.text));
        let mut chunk = vec![incoming];
        let mut write = self.begin().await?;
        let (source, model_id) = Self::source_and_model(&mut write, source, model).await?;
        let published = self.hold_published(&mut write, published, &mut chunk, &model.languages).await?;
        let mut catalog = Catalog::new(source, model_id, false);
        self.add_all(&mut write, &mut catalog, &published, &chunk).await?;
        let id = catalog.id_of(&mut write, &chunk[0].scored.comment).await?;
        write.commit().await?;
        Ok(id)
    }
}

/// Reads the rows of a scores file behind the first `done`, chunk by chunk, until `take` returns
/// false.
fn read_chunks(
    file: &Path,
    done: u64,
    published: &Published,
    languages: &[String],
    mut take: impl FnMut(Vec<Incoming>) -> bool,
) -> Result<(), StoreError> {
    let mut chunk = Vec::with_capacity(CHUNK);
    for (number, row) in (0_u64..).zip(Reader::open(file)?) {
        let scored = row?;
        if number < done {
            continue;
        }
        chunk.push(Incoming::new(scored, published, languages));
        if chunk.len() == CHUNK && !take(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK))) {
            return Ok(());
        }
    }
    if !chunk.is_empty() {
        take(chunk);
    }
    Ok(())
}

fn read_run(dir: &Path) -> Result<Run, StoreError> {
    let path = dir.join(RUN);
    let fault = |cause: String| StoreError::Run { path: path.clone(), cause };
    let text = fs::read_to_string(&path).map_err(|error| fault(format!("cannot be read: {error}")))?;
    serde_json::from_str(&text).map_err(|error| fault(format!("not the record of a run: {error}")))
}

fn checksum_of(path: &PathBuf) -> Result<String, StoreError> {
    use sha2::{Digest, Sha256};
    let fault =
        |error: io::Error| StoreError::Run { path: path.clone(), cause: format!("cannot be read: {error}") };
    let mut file = io::BufReader::new(fs::File::open(path).map_err(fault)?);
    let mut digest = Sha256::new();
    loop {
        let bytes = file.fill_buf().map_err(fault)?;
        if bytes.is_empty() {
            return Ok(comity_core::digest::hex(&digest.finalize()));
        }
        digest.update(bytes);
        let read = bytes.len();
        file.consume(read);
    }
}

/// Reads the explanations of a run, by thread and id; none if it has no file of them.
fn read_explanations(dir: &Path) -> Result<HashMap<(String, String), Explanation>, StoreError> {
    let path = dir.join(EXPLANATIONS);
    let fault = |cause: String| StoreError::Run { path: path.clone(), cause };
    let file = match fs::File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(HashMap::new()),
        Err(error) => return Err(fault(format!("cannot be read: {error}"))),
    };
    let mut found = HashMap::new();
    for line in io::BufReader::new(file).lines() {
        let line = line.map_err(|error| fault(format!("cannot be read: {error}")))?;
        // The parser's message could repeat the comment.
        let explanation: Explanation = serde_json::from_str(&line)
            .map_err(|error| fault(format!("line {}: not an explanation", error.line())))?;
        found.insert((explanation.thread.clone(), explanation.id.clone()), explanation);
    }
    Ok(found)
}
