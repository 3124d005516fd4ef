//! The additions of one run to a scorer: the languages to expect, and the scores that are known
//! already.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use super::{Earlier, Prepared, ScoreError, Scorer, TextKey};
use crate::language::Gate;
use comity_core::comment::{Comment, Status};
use comity_core::record::{Scored, Scores};

/// The most bytes of text per thread in a chunk that is finished after the session is stopped: a few
/// seconds of work. A chunk of ordinary comments has less.
const FINISHED_BYTES: usize = 1 << 18;

/// Texts whose scores are remembered from chunk to chunk; about 100 bytes each, 12 MB. As many as a
/// hash table of 2^17 places takes.
const REMEMBERED_TEXTS: usize = 7 << 14;

/// Scores the comments of one run, chunk by chunk. [`Scorer::session`] starts one.
///
/// A session remembers the scores of repeated texts, can reuse those of an earlier run, and may be
/// given the first comments of the export, to know which languages to expect.
pub struct Session {
    scorer: Scorer,
    gate: Gate,
    /// Scores of texts of earlier chunks.
    remembered: HashMap<TextKey, Scores>,
    /// Scores of an earlier run.
    earlier: Option<Earlier>,
    reused: u64,
    stop: Arc<AtomicBool>,
}

impl Session {
    pub(super) fn new(scorer: Scorer) -> Self {
        let gate = scorer.gate().clone();
        Self { scorer, gate, remembered: HashMap::new(), earlier: None, reused: 0, stop: Arc::default() }
    }

    /// Sets which languages to expect, from the first comments of an export (at most
    /// [`HEAD_COMMENTS`](crate::language::HEAD_COMMENTS)). It decides which short texts are in a
    /// language that the model does not support; no score depends on it.
    pub fn expect<'c>(&mut self, head: impl IntoIterator<Item = &'c Comment>) {
        let live = head.into_iter().filter(|comment| comment.status == Status::Live);
        self.gate = self.scorer.expect(live.map(Comment::own_words));
    }

    /// Reuses the scores of an earlier run of the same model, engine and version for equal texts.
    pub fn reuse(&mut self, earlier: Earlier) {
        self.earlier = Some(earlier);
    }

    /// Sets the flag that stops [`score`](Self::score) within a chunk of long texts, which may take
    /// minutes. Other chunks are finished.
    pub fn stop_on(&mut self, stop: Arc<AtomicBool>) {
        self.stop = stop;
    }

    /// Returns the number of texts whose scores were taken from an earlier run.
    pub fn reused(&self) -> u64 {
        self.reused
    }

    /// Scores a chunk, in order, one result a comment. `advance` gets the number of further
    /// comments that are done, from whichever thread did them; its sum is the length of the chunk.
    ///
    /// # Errors
    /// [`ScoreError`] if the encoder or the engine fails, or the session is stopped within a chunk of
    /// long texts; nothing of the chunk is scored then.
    pub fn score(
        &mut self,
        comments: Vec<Comment>,
        advance: &(dyn Fn(u64) + Sync),
    ) -> Result<Vec<Scored>, ScoreError> {
        let scorer = self.scorer.clone();
        scorer.install(|| self.score_chunk(comments, advance))
    }

    fn score_chunk(
        &mut self,
        comments: Vec<Comment>,
        advance: &(dyn Fn(u64) + Sync),
    ) -> Result<Vec<Scored>, ScoreError> {
        let bytes: usize = comments.iter().map(|comment| comment.text.len()).sum();
        let is_long = bytes > FINISHED_BYTES * self.scorer.threads();
        let stop = if is_long { self.stop.clone() } else { Arc::default() };
        let Self { scorer, gate, .. } = self;
        let prepared: Vec<Prepared> =
            comments.par_iter().map(|comment| scorer.prepare(comment, gate)).collect();
        self.take_over(&prepared)?;
        let fresh = self.scorer.score_fresh(&prepared, &self.remembered, &stop, advance)?;
        let scored = comments.into_iter().zip(prepared).map(|(comment, prepared)| {
            let outcome =
                prepared.outcome(|key| fresh.get(key).or_else(|| self.remembered.get(key)).copied());
            prepared.scored(comment, outcome)
        });
        let scored = scored.collect();
        if self.remembered.len() + fresh.len() <= REMEMBERED_TEXTS {
            self.remembered.extend(fresh);
        }
        Ok(scored)
    }

    /// Remembers the scores that an earlier run has for these texts.
    fn take_over(&mut self, prepared: &[Prepared]) -> Result<(), ScoreError> {
        let Some(earlier) = &mut self.earlier else { return Ok(()) };
        if self.remembered.len() >= REMEMBERED_TEXTS {
            self.remembered.clear();
        }
        for prepared in prepared {
            let Some(key) = &prepared.key else { continue };
            if !self.remembered.contains_key(key)
                && let Some(scores) = earlier.scores(*key)?
            {
                self.remembered.insert(*key, scores);
                self.reused += 1;
            }
        }
        Ok(())
    }
}
