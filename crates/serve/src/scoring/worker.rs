//! A thread that prepares texts and runs them in batches.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use comity_core::record::Outcome;
use comity_infer::ScoreError;
use comity_infer::encode::Window;
use comity_infer::score::{Prepared, Probabilities, Tokens};

use super::Shared;
use super::queue::{Choice, Item, Job, Taken};

/// A text with its windows, some of which have been run.
pub(super) struct Text {
    job: Job,
    model: usize,
    prepared: Prepared,
    tokens: Tokens,
    /// Of the windows that have been run, in order.
    done: Vec<Probabilities>,
    /// Time that the engine has spent on it.
    inference: Duration,
}

impl Text {
    /// Returns the windows that are still to be run.
    fn left(&self) -> impl Iterator<Item = &Window> {
        self.tokens.windows().skip(self.done.len())
    }

    /// Returns the number of tokens that are still to be run.
    pub(super) fn tokens_left(&self) -> usize {
        self.left().map(|window| window.ids.len()).sum()
    }

    /// Returns true if nobody waits for its scores any longer.
    pub(super) fn is_abandoned(&self) -> bool {
        self.job.reply.is_closed()
    }

    /// Returns the time at which its request arrived.
    pub(super) fn arrived(&self) -> Instant {
        self.job.arrived
    }

    /// Answers with the scores, once every window has been run.
    fn answer(self, shared: &Shared) {
        shared.figures.scored(self.inference);
        let outcome = Outcome::Scored(self.tokens.join(&self.done));
        let Job { comment, reply, .. } = self.job;
        // The client may have gone meanwhile.
        let _ = reply.send(self.prepared.scored(comment, outcome));
    }
}

/// Works until the queue is stopped and empty.
pub(super) fn work(shared: &Shared) {
    while let Some(Taken { items, priority, abandoned }) = shared.queue.take() {
        shared.figures.abandoned(abandoned);
        let texts: Vec<Text> = items
            .into_iter()
            .filter_map(|item| match item {
                Item::Rest(text) => Some(*text),
                Item::Fresh(job) => shielded("preparing a text", || prepare(shared, *job))?,
            })
            .collect();
        let start = Instant::now();
        let ran = shielded("the engine", || run(shared, texts)).unwrap_or_default();
        shared.queue.give_back(ran.rest, priority, ran.tokens, start.elapsed());
    }
}

/// Does a part of the work. If it fails, everything that was moved into it is dropped, and with it
/// the texts' ways to reply: their requests fail, and the worker goes on.
fn shielded<T>(part: &str, work: impl FnOnce() -> Result<T, ScoreError>) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => return Some(done),
        // The tokenizer's own words might have the text in them.
        Ok(Err(ScoreError::Encode(_))) => tracing::error!("{part} failed: the tokenizer refused a text"),
        Ok(Err(error)) => tracing::error!("{part} failed: {error}"),
        Err(_) => tracing::error!("{part} panicked"),
    }
    None
}

/// Cuts a text into windows. Answers a text that is not scored, and returns `None`.
fn prepare(shared: &Shared, job: Job) -> Result<Option<Text>, ScoreError> {
    let start = Instant::now();
    shared.figures.waited(start - job.arrived);
    let models = &shared.models;
    let (mut model, gate) = match job.choice {
        Choice::Detect => (0, &models.gate),
        Choice::Named(model) | Choice::Words(model) => (model, &models.open),
    };
    let mut prepared = match job.choice {
        Choice::Words(_) => models.scorers[model].read(&job.comment.text).into(),
        Choice::Detect | Choice::Named(_) => models.scorers[model].prepare(&job.comment, gate),
    };
    if job.choice == Choice::Detect && prepared.reading.is_ok() {
        let better = models.of(&job.comment);
        if better != model {
            model = better;
            prepared = models.scorers[model].prepare(&job.comment, gate);
        }
    }
    let tokens = match &prepared.reading {
        Ok(reading) => models.scorers[model].tokens(reading)?,
        Err(cause) => {
            let outcome = Outcome::Unscored(*cause);
            shared.figures.unscored();
            // The client may have gone meanwhile.
            let _ = job.reply.send(prepared.scored(job.comment, outcome));
            return Ok(None);
        }
    };
    shared.figures.prepared(start.elapsed());
    Ok(Some(Text { job, model, prepared, tokens, done: Vec::new(), inference: Duration::ZERO }))
}

/// The result of a batch.
#[derive(Default)]
struct Ran {
    /// Texts with windows that did not fit.
    rest: Vec<Text>,
    /// The number of tokens that were run.
    tokens: usize,
}

/// Runs as many windows as make a batch, in one engine call for each model, and answers the texts
/// that are done.
fn run(shared: &Shared, mut texts: Vec<Text>) -> Result<Ran, ScoreError> {
    texts.retain(|text| !text.is_abandoned());
    let (mut tokens, mut windows) = (0, 0);
    let mut counts = Vec::with_capacity(texts.len());
    for text in &texts {
        let fits = text.left().take_while(|window| {
            let fits = tokens == 0 || tokens + window.ids.len() <= shared.queue.batch;
            tokens += if fits { window.ids.len() } else { 0 };
            fits
        });
        let count = fits.count();
        windows += count;
        counts.push(count);
    }
    if windows == 0 {
        return Ok(Ran::default());
    }
    shared.figures.batch(windows, tokens);
    for (model, scorer) in shared.models.scorers.iter().enumerate() {
        let chosen: Vec<&Window> = texts
            .iter()
            .zip(&counts)
            .filter(|(text, _)| text.model == model)
            .flat_map(|(text, count)| text.left().take(*count))
            .collect();
        if chosen.is_empty() {
            continue;
        }
        let start = Instant::now();
        let mut probabilities = scorer.run(&chosen)?.into_iter();
        let took = start.elapsed();
        for (text, count) in texts.iter_mut().zip(&counts).filter(|(text, _)| text.model == model) {
            text.done.extend(probabilities.by_ref().take(*count));
            text.inference += took;
        }
    }
    let (rest, done): (Vec<Text>, Vec<Text>) =
        texts.into_iter().partition(|text| text.left().next().is_some());
    done.into_iter().for_each(|text| text.answer(shared));
    Ok(Ran { rest, tokens })
}
