//! Scores the texts of all requests together.
//!
//! A request is split into its texts, which wait in one queue (`queue`). Worker threads, one for
//! each core, take texts until they have enough tokens for a batch, prepare them, and run the batch
//! in one engine call (`worker`). Nothing else runs on a worker and workers never wait for each
//! other, so a worker that is free starts at once with what there is, and batches grow under load by
//! themselves.
//!
//! A text's scores depend on that text alone, so they are those of `comity score` to the last bit,
//! whatever else is in the batch.

mod figures;
mod queue;
mod worker;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use comity_core::comment::Comment;
use comity_core::label::Label;
use comity_core::record::{Explanation, ModelId, Outcome, Scored, Scores, Unscored};
use comity_infer::explain::{Excerpt, Flagged, Weighing};
use comity_infer::language::{Gate, is_known};
use comity_infer::score::max_threads;
use comity_infer::{ScoreError, Scorer, ScorerBuilder};
use prometheus::Registry;
use tokio::sync::oneshot;

use crate::app;
use crate::config::Config;
use crate::refusal::Refusal;
use figures::Figures;
use queue::{Choice, Job, Queue};

/// The most bytes of a text that [`Scoring::detect`] reads. Detection reads the first 4,096 bytes of
/// the normalized text, which markup and blanks rarely make sixteen times as long.
const DETECTED_BYTES: usize = 1 << 16;

/// The posterior from which a language is worth naming besides the most probable one.
const NAMED: f64 = 0.1;

/// Who is waiting for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Priority {
    /// A person, or a site that publishes a comment once it is scored.
    Interactive,
    /// A stream of many texts.
    Bulk,
}

/// The languages that a request allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Languages {
    /// Detect the language. A text in one that no model supports is unscored.
    Detect,
    /// Score the text as one in this language, whichever is detected. A model must support it
    /// ([`Scoring::supports`]); if none does, the text is unscored.
    Named(String),
}

/// The models, and the threads that run them.
///
/// Dropping it finishes what was accepted.
pub(crate) struct Scoring {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

/// Everything that the workers share.
struct Shared {
    models: Models,
    queue: Queue,
    figures: Figures,
}

/// The models, and the choice between them.
pub(crate) struct Models {
    /// In order of preference.
    scorers: Vec<Scorer>,
    /// The gate for all languages of all models.
    gate: Gate,
    /// Detects the same languages, and turns nothing away.
    open: Gate,
    /// The model for texts whose language none names: one that scores every language, if there is
    /// one.
    fallback: usize,
}

impl Models {
    pub(crate) fn load(builders: &[ScorerBuilder]) -> Result<Self, ScoreError> {
        let scorers = builders.iter().map(ScorerBuilder::build).collect::<Result<_, _>>()?;
        Ok(Self::new(scorers, builders.iter().position(ScorerBuilder::is_any_language)))
    }

    /// Takes models that are loaded; `any` is the place of one that scores every language, if there
    /// is one.
    pub(crate) fn new(scorers: Vec<Scorer>, any: Option<usize>) -> Self {
        let languages: Vec<&[String]> =
            scorers.iter().map(|scorer| &*scorer.model().manifest.languages).collect();
        // A model that names no language supports every one.
        let names_all = languages.iter().all(|languages| !languages.is_empty());
        let gate = Gate::new(&if names_all { languages.concat() } else { Vec::new() });
        let open = gate.clone().open();
        let gate = if any.is_some() { open.clone() } else { gate };
        Self { gate, open, fallback: any.unwrap_or(0), scorers }
    }

    /// Returns the first model that supports a language.
    fn supporting(&self, language: &str) -> Option<usize> {
        self.scorers.iter().position(|scorer| {
            let languages = &scorer.model().manifest.languages;
            languages.is_empty() || is_known(language, languages)
        })
    }

    /// Returns the model for a text: the first that supports the most probable of the languages that
    /// any model supports.
    fn of(&self, comment: &Comment) -> usize {
        if let [_] = *self.scorers {
            return 0;
        }
        let candidates = self.scorers[0].languages(&comment.own_words(), &self.gate);
        let mut models = candidates.iter().filter_map(|(language, _)| self.supporting(language));
        models.next().unwrap_or(self.fallback)
    }
}

impl Scoring {
    /// Starts the threads. Figures of the queue go to `registry`.
    pub(crate) fn start(config: &Config, models: Models, registry: &Registry) -> Result<Self, ScoreError> {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = config.threads.filter(|threads| *threads > 0).unwrap_or(cores).min(max_threads());
        let figures = Figures::new(registry);
        let queue = Queue::new(config, threads, figures.waiting.clone());
        let shared = Arc::new(Shared { models, queue, figures });
        let mut scoring = Self { shared, workers: Vec::new() };
        for number in 0..threads {
            let shared = scoring.shared.clone();
            let worker = thread::Builder::new().name(format!("score-{number}"));
            let worker = worker.spawn(move || worker::work(&shared)).map_err(ScoreError::Thread)?;
            scoring.workers.push(worker);
        }
        Ok(scoring)
    }

    /// Returns the models, in order of preference.
    pub(crate) fn models(&self) -> &[Scorer] {
        &self.shared.models.scorers
    }

    /// Returns the largest number of tokens that are scored at once.
    pub(crate) fn batch(&self) -> usize {
        self.shared.queue.batch
    }

    /// Returns the number of threads that score.
    pub(crate) fn threads(&self) -> usize {
        self.workers.len()
    }

    /// Returns true if a model supports a language (BCP 47).
    pub(crate) fn supports(&self, language: &str) -> bool {
        self.shared.models.supporting(language).is_some()
    }

    /// Returns the languages (BCP 47) that a text may be in, the most probable first. Empty if it
    /// has no words. Takes well under a millisecond for an ordinary comment.
    pub(crate) fn detect(&self, text: &str) -> Vec<&'static str> {
        let Models { scorers, gate, .. } = &self.shared.models;
        let beginning = &text[..text.floor_char_boundary(DETECTED_BYTES)];
        let candidates = scorers[0].languages(beginning, gate).into_iter().enumerate();
        let named = candidates.take_while(|(place, (_, posterior))| *place == 0 || *posterior >= NAMED);
        named.map(|(_, (language, _))| language).collect()
    }

    /// Scores the comments of one request, in their order. The language of each is the detected one,
    /// also if `languages` names another.
    ///
    /// Dropping the future abandons the request: what the engine has not seen of it is dropped.
    ///
    /// # Errors
    /// [`Refusal`] if the queue is full, the server is shutting down, or the model fails.
    pub(crate) async fn score(
        &self,
        comments: Vec<Comment>,
        languages: &Languages,
        priority: Priority,
    ) -> Result<Vec<Scored>, Refusal> {
        match self.choice(languages) {
            Some(choice) => self.answers(comments, choice, priority).await,
            None => Ok(comments.into_iter().map(foreign).collect()),
        }
    }

    /// Explains the score of a comment for a label: its sentences, and the words that carry the
    /// score. `languages` are those that it was scored with. Returns `None` if it has no score for
    /// the label.
    ///
    /// # Errors
    /// As [`score`](Self::score).
    pub(crate) async fn explain(
        &self,
        scored: &Scored,
        label: Label,
        languages: &Languages,
        priority: Priority,
    ) -> Result<Option<Explanation>, Refusal> {
        let score = scored.outcome.scores().and_then(|scores| scores.get(label));
        let (Some(score), Some(choice)) = (score, self.choice(languages)) else { return Ok(None) };
        let Models { scorers, .. } = &self.shared.models;
        let Comment { thread, id, .. } = &scored.comment;
        let model = match choice {
            Choice::Detect => self.shared.models.of(&scored.comment),
            Choice::Named(model) | Choice::Words(model) => model,
        };
        let (thread, id, excerpt) = (thread.clone(), id.clone(), Excerpt::of(&scored.comment));
        let flagged = Flagged { thread, id, label, score, excerpt };
        let excerpts = [(&flagged.excerpt, label)];
        let weighing = Weighing::new(&excerpts);
        let scores = self.words(weighing.texts(), model, priority).await?;
        let left_out = weighing.leave_out(scores);
        let without = self.words(left_out.texts(), model, priority).await?;
        let weighed = left_out.weigh(&without).pop().ok_or(Refusal::Internal)?;
        Ok(Some(flagged.explanation(&scorers[model], weighed)))
    }

    /// Returns the model that scores a comment.
    pub(crate) fn model_of(&self, comment: &Comment, languages: &Languages) -> ModelId {
        let models = &self.shared.models;
        let model = match self.choice(languages) {
            Some(Choice::Named(model) | Choice::Words(model)) => model,
            Some(Choice::Detect) => models.of(comment),
            None => models.fallback,
        };
        models.scorers[model].id()
    }

    /// Refuses new requests from now on. What was accepted is finished.
    pub(crate) fn stop(&self) {
        self.shared.queue.stop();
    }

    /// Returns the choice of a model; `None` if no model supports the language.
    fn choice(&self, languages: &Languages) -> Option<Choice> {
        match languages {
            Languages::Detect => Some(Choice::Detect),
            Languages::Named(language) => self.shared.models.supporting(language).map(Choice::Named),
        }
    }

    /// Scores parts of a comment, whatever their languages.
    async fn words(
        &self,
        texts: &[String],
        model: usize,
        priority: Priority,
    ) -> Result<Vec<Scores>, Refusal> {
        let comments = texts.iter().map(app::comment).collect();
        let scored = self.answers(comments, Choice::Words(model), priority).await?;
        scored.iter().map(|scored| scored.outcome.scores().copied().ok_or(Refusal::Internal)).collect()
    }

    /// Sends comments through the queue.
    async fn answers(
        &self,
        comments: Vec<Comment>,
        choice: Choice,
        priority: Priority,
    ) -> Result<Vec<Scored>, Refusal> {
        let Shared { queue, figures, .. } = &*self.shared;
        let (jobs, replies): (Vec<Job>, Vec<_>) = comments
            .into_iter()
            .map(|comment| {
                let (reply, answer) = oneshot::channel();
                (Job::new(comment, choice, reply), answer)
            })
            .unzip();
        queue.accept(jobs, priority).inspect_err(|refusal| figures.refused(refusal))?;
        let mut scored = Vec::with_capacity(replies.len());
        for reply in replies {
            // A worker that fails drops the texts of its batch.
            scored.push(reply.await.map_err(|_| Refusal::Internal)?);
        }
        Ok(scored)
    }
}

impl Drop for Scoring {
    fn drop(&mut self) {
        self.stop();
        for worker in self.workers.drain(..) {
            // A worker catches the panics of its batches, and has no other way to fail.
            let _ = worker.join();
        }
    }
}

/// Returns a comment in a language that no model supports.
fn foreign(comment: Comment) -> Scored {
    Scored { comment, language: None, evasion: false, outcome: Outcome::Unscored(Unscored::Language) }
}

#[cfg(test)]
mod tests;
