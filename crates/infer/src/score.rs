//! The scoring stage: comments in, the same comments with scores out, in the same order.
//!
//! Comments come in chunks of a fixed size, so that memory stays bounded. Within a chunk:
//!
//! 1. what is not to be scored is set aside with its cause ([`Unscored`]);
//! 2. own words are normalised; a text whose spelling hides words gets a second reading; equal
//!    texts are scored once;
//! 3. texts become token windows, windows are sorted by length and packed into batches;
//! 4. rayon runs the batches over its threads; one engine call uses one thread;
//! 5. the windows of a text become its scores: the maximum over the windows for each toxicity label
//!    (a threat does not fade because the rest of a long comment is polite), the mean weighted by
//!    content tokens for the sentiment;
//! 6. of two readings of a text the worse one counts, label by label; the sentiment is that of the
//!    more toxic one. A text that is disguised throughout has one only, the folded one;
//! 7. a score map, if there is one, replaces the scores of the labels that it maps.
//!
//! A text's scores depend on that text alone: not on its batch, nor its chunk, nor the number of
//! threads. Only the gate for languages ([`crate::language`]) takes the export into account, to
//! decide if a text is scored.

mod builder;
mod reuse;
mod session;
mod tokens;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::ThreadPool;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

pub use builder::{ModelChoice, ScorerBuilder, mapped_model, max_threads};
pub use reuse::Earlier;
pub use session::Session;
pub use tokens::{Probabilities, Tokens};

use crate::encode::{EncodeError, Window};
use crate::engine::{Engine, EngineError};
use crate::language::Gate;
use crate::model::{Model, ModelError};
use crate::normalize::fold::{Lexicon, fold};
use crate::normalize::{self, normalize_as};
use comity_core::comment::{Comment, Status};
use comity_core::label::Label;
use comity_core::record::{ModelId, Outcome, Scored, Scores, Unscored, ledger};
use comity_core::score_map::{MapKind, MappedModel, ScoreMap};

/// The number of comments that a caller should give [`Session::score`] at once: enough to find
/// equal texts and to sort by length, few enough to keep in memory.
pub const CHUNK_COMMENTS: usize = 4096;

/// Windows in one engine call where the caller has no opinion: enough to keep the products tall,
/// few enough that the last batches of a chunk do not leave a thread idle.
pub const DEFAULT_BATCH: usize = 32;

/// Error of a scorer that could not be built, or could not score. Texts are never the reason: the
/// model or the engine is at fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// The model could not be loaded.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// No model was chosen, and this library contains none.
    #[error("no model was chosen; name a model folder, or build with the feature `embedded`")]
    NoModel,
    /// The model was trained on texts that were normalized in another way.
    #[error(
        "the model {model} was trained with version {normalizer} of the normalization, this version of comity \
         supports {} to {}; use the version of comity that the model was made for, or train it again",
        normalize::VERSIONS.start(),
        normalize::VERSIONS.end()
    )]
    Normalizer {
        /// Name of the model.
        model: String,
        /// The normalizer's version in its manifest.
        normalizer: u32,
    },
    /// The score map was made for another model.
    #[error(
        "the calibration {map} was made for the model {made_for}, but the model is {model}; make it again with \
         `comity calibrate`, or leave it out"
    )]
    Calibration {
        /// Name of the map.
        map: String,
        /// The model that it was made for.
        made_for: Box<MappedModel>,
        /// The model that was loaded.
        model: Box<MappedModel>,
    },
    /// The threads could not be started.
    #[error("cannot start the threads")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// A thread of the caller's could not be started.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
    /// The encoder failed on a text.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The engine could not be made, or failed on a batch.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The flag that stops the work was set before its end.
    #[error("stopped before the end of the texts")]
    Stopped,
    /// The scores of an earlier run cannot be read.
    #[error(transparent)]
    Earlier(#[from] ledger::LedgerError),
}

/// A model, its engine and its threads: scores texts.
///
/// It is cheap to clone, and clones share everything; threads may use one scorer at the same time.
/// A text's scores depend on the text and the model only, whatever texts it is scored with.
///
/// ```
/// # #[cfg(feature = "embedded")]
/// # fn main() -> Result<(), comity_infer::ScoreError> {
/// use comity_core::label::Label;
/// use comity_infer::{ModelChoice, Scorer};
///
/// let scorer = Scorer::builder().model(ModelChoice::English).threads(2).build()?;
/// let outcomes = scorer.score(&["You are very kind.", "You are a stupid idiot.", "  "])?;
///
/// let toxicity: Vec<Option<f64>> = outcomes.iter().map(|outcome| outcome.scores()?.get(Label::Toxicity)).collect();
/// assert!(toxicity[0] < Some(0.1) && toxicity[1] > Some(0.9));
/// assert_eq!(toxicity[2], None); // an empty text has no scores
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "embedded"))]
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct Scorer {
    shared: Arc<Shared>,
}

/// Everything that the clones of a scorer have in common.
struct Shared {
    model: Model,
    engine: Arc<dyn Engine>,
    /// None for a model that does not know English: the word lists of the fold are English.
    lexicon: Option<Lexicon>,
    /// Without an export.
    gate: Gate,
    /// The scorer's own threads; the pool that it is called in if `None`.
    pool: Option<ThreadPool>,
    /// The number of windows in one engine call.
    batch: usize,
    calibration: Option<Arc<ScoreMap>>,
}

/// A comment on its way to the engine, by [`Scorer::prepare`].
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The detected language of its own words, ISO 639-1; `None` if it was not detected.
    pub language: Option<String>,
    /// The text to score, or the reason why there is none.
    pub reading: Result<Reading, Unscored>,
    /// The key of the text, if there is one.
    key: Option<TextKey>,
}

/// A text that is scored as it is, whatever its language.
impl From<Reading> for Prepared {
    fn from(reading: Reading) -> Self {
        Self { language: None, key: Some(reading.key()), reading: Ok(reading) }
    }
}

impl Prepared {
    fn unscored(cause: Unscored, language: Option<String>) -> Self {
        Self { language, reading: Err(cause), key: None }
    }

    /// Returns the outcome, given the scores of each text that is scored.
    fn outcome(&self, scores: impl Fn(&TextKey) -> Option<Scores>) -> Outcome {
        match (&self.reading, &self.key) {
            (Err(cause), _) => Outcome::Unscored(*cause),
            (Ok(_), key) => {
                let scores = key.as_ref().and_then(scores);
                Outcome::Scored(scores.expect("every text has been scored"))
            }
        }
    }

    /// Returns the row of the comment, given its outcome.
    pub fn scored(self, comment: Comment, outcome: Outcome) -> Scored {
        self.text(outcome).of(comment)
    }

    fn text(self, outcome: Outcome) -> ScoredText {
        let evasion = self.reading.is_ok_and(|reading| reading.evasion);
        ScoredText { language: self.language, evasion, outcome }
    }
}

/// Everything that a row of `scores.csv` has of a text besides its comment.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredText {
    /// The detected language, ISO 639-1; `None` if it was not detected.
    pub language: Option<String>,
    /// True if the spelling seems to hide words on purpose.
    pub evasion: bool,
    /// The scores, or the reason why there are none.
    pub outcome: Outcome,
}

impl ScoredText {
    /// Returns the row of the comment that the text is of.
    pub fn of(self, comment: Comment) -> Scored {
        let Self { language, evasion, outcome } = self;
        Scored { comment, language, evasion, outcome }
    }
}

/// A text as the model reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The text, normalized; with its hidden words spelt out if it is disguised throughout.
    pub text: String,
    /// The same with its hidden words spelt out, if its spelling hides some and the model supports
    /// English (docs/disguised-words.md).
    pub folded: Option<String>,
    /// True if the spelling seems to hide words on purpose.
    pub evasion: bool,
}

impl Reading {
    /// Everything that the model reads of the text. The scores depend on nothing else.
    fn variants(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.text.as_str()).chain(self.folded.as_deref())
    }

    /// Returns the key under which the scores of this text are remembered: readings with equal
    /// [variants](Self::variants), and only those, have equal keys.
    fn key(&self) -> TextKey {
        let mut hasher = Sha256::new();
        for variant in self.variants() {
            // The length separates the variants: no text can pass for two.
            hasher.update((variant.len() as u64).to_le_bytes());
            hasher.update(variant);
        }
        let digest = hasher.finalize();
        TextKey(std::array::from_fn(|byte| digest[byte]))
    }
}

/// The first half of the SHA-256 of everything that the model reads of a text. Two different texts
/// of one export never share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct TextKey([u8; 16]);

impl Scorer {
    /// Starts with the default settings of a scorer.
    pub fn builder() -> ScorerBuilder {
        ScorerBuilder::default()
    }

    /// Returns the model.
    pub fn model(&self) -> &Model {
        &self.shared.model
    }

    /// Returns the model as reports name it. If a score map replaces its toxicity scores, its known
    /// errors do not apply, and scores of another service are no probabilities.
    pub fn id(&self) -> ModelId {
        let model = self.model();
        let manifest = &model.manifest;
        let map = self.calibration().and_then(|map| map.of(Label::Toxicity));
        ModelId {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            checksum: model.checksum.clone(),
            languages: manifest.languages.clone(),
            missing: Label::ALL
                .into_iter()
                .filter(|label| manifest.heads.labels().all(|given| given != *label))
                .collect(),
            uncalibrated: map.map_or(manifest.calibration.is_none(), |map| map.kind == MapKind::Scores),
            held_out: manifest.held_out.clone().filter(|_| map.is_none()),
        }
    }

    /// Returns the engine.
    pub fn engine(&self) -> &dyn Engine {
        &*self.shared.engine
    }

    /// Returns the score map that is applied, if any.
    pub fn calibration(&self) -> Option<&ScoreMap> {
        self.shared.calibration.as_deref()
    }

    /// Returns the number of threads that score.
    pub fn threads(&self) -> usize {
        self.shared.pool.as_ref().map_or_else(rayon::current_num_threads, ThreadPool::current_num_threads)
    }

    /// Returns the gate of the model without an export.
    pub fn gate(&self) -> &Gate {
        &self.shared.gate
    }

    /// Returns the gate of the model for an export that begins with these texts, people's own words
    /// (at most [`HEAD_COMMENTS`](crate::language::HEAD_COMMENTS)).
    pub fn expect<T: AsRef<str>>(&self, head: impl IntoIterator<Item = T>) -> Gate {
        let texts: Vec<String> =
            head.into_iter().map(|text| normalize::normalize(text.as_ref()).text.into_owned()).collect();
        let mut gate = self.shared.gate.clone();
        gate.expect(texts.iter().map(String::as_str));
        gate
    }

    /// Starts a session, which scores the comments of one run.
    pub fn session(&self) -> Session {
        Session::new(self.clone())
    }

    /// Runs `work` on the scorer's threads. Its parallel iterators use them all.
    pub fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.shared.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    /// Scores texts, in their order. A text that is empty, or in a language that the model does not
    /// support, has no scores. Nothing is known of the export that it comes from, so a short text
    /// counts as foreign only if that is nearly certain (docs/languages.md).
    ///
    /// # Errors
    /// [`ScoreError`] if the encoder or the engine fails.
    pub fn score<T: AsRef<str> + Sync>(&self, texts: &[T]) -> Result<Vec<Outcome>, ScoreError> {
        let scored = self.score_with_language(texts, self.gate(), &AtomicBool::new(false))?;
        Ok(scored.into_iter().map(|text| text.outcome).collect())
    }

    /// Scores texts as [`score`](Self::score) does, and returns their languages as well. `gate`
    /// detects them: [`gate`](Self::gate), or that of [`expect`](Self::expect). A caller with many
    /// texts passes at most [`CHUNK_COMMENTS`] at a time.
    ///
    /// # Errors
    /// As [`score`](Self::score), and [`ScoreError::Stopped`] if `stop` was set before the last
    /// batch was begun.
    pub fn score_with_language<T: AsRef<str> + Sync>(
        &self,
        texts: &[T],
        gate: &Gate,
        stop: &AtomicBool,
    ) -> Result<Vec<ScoredText>, ScoreError> {
        self.install(|| {
            let prepare = |text: &T| self.prepare_words(text.as_ref(), gate);
            let prepared: Vec<Prepared> = texts.par_iter().map(prepare).collect();
            let scores = self.score_fresh(&prepared, &HashMap::new(), stop, &|_| ())?;
            let scored = prepared.into_iter().map(|prepared| {
                let outcome = prepared.outcome(|key| scores.get(key).copied());
                prepared.text(outcome)
            });
            Ok(scored.collect())
        })
    }

    /// Returns a person's own words as the model reads them.
    pub fn read(&self, own_words: &str) -> Reading {
        self.read_as(own_words, self.version())
    }

    /// Returns the languages that a person's own words may be in and their probabilities, as
    /// [`prepare`](Self::prepare) detects them, the most probable first.
    pub fn languages(&self, own_words: &str, gate: &Gate) -> Vec<(&'static str, f64)> {
        // The names of emoji are English, whatever the language of the comment.
        gate.candidates(&self.read_as(own_words, *normalize::VERSIONS.start()).text)
    }

    /// Returns the version of the normalization that the model was trained with; the first one for
    /// a model that does not name one.
    fn version(&self) -> u32 {
        self.shared.model.manifest.normalizer.unwrap_or(*normalize::VERSIONS.start())
    }

    fn read_as(&self, own_words: &str, version: u32) -> Reading {
        let normalized = normalize_as(own_words, version);
        let folded = self.shared.lexicon.as_ref().and_then(|lexicon| {
            let by_script = version >= normalize::SCRIPTS;
            fold(&normalized.text, lexicon, by_script)
        });
        match folded {
            Some(folded) if folded.throughout => Reading { text: folded.text, folded: None, evasion: true },
            folded => Reading {
                evasion: normalized.evasion || folded.as_ref().is_some_and(|folded| folded.disguise),
                text: normalized.text.into_owned(),
                folded: folded.map(|folded| folded.text),
            },
        }
    }

    /// Decides if a comment is scored, and by what text. `gate` detects its language, and turns it
    /// away.
    pub fn prepare(&self, comment: &Comment, gate: &Gate) -> Prepared {
        let unscored = |cause| Prepared::unscored(cause, None);
        match comment.status {
            Status::Live => {}
            Status::Deleted => return unscored(Unscored::Deleted),
            Status::Removed => return unscored(Unscored::Removed),
            Status::Service => return unscored(Unscored::Service),
        }
        let own = comment.own_words();
        if own.is_empty() {
            let blank = comment.text.trim().is_empty();
            return unscored(if blank { Unscored::Empty } else { Unscored::Quote });
        }
        self.prepare_words(&own, gate)
    }

    fn prepare_words(&self, own_words: &str, gate: &Gate) -> Prepared {
        let reading = self.read(own_words);
        if reading.text.is_empty() {
            return Prepared::unscored(Unscored::Empty, None);
        }
        // The names of emoji are English, whatever the language of the comment.
        let names_emoji = self.version() >= normalize::EMOJI;
        let detected = match names_emoji && !own_words.is_ascii() {
            true => gate.detect(&self.read_as(own_words, *normalize::VERSIONS.start()).text),
            false => gate.detect(&reading.text),
        };
        let language = detected.language.map(str::to_owned);
        if detected.foreign {
            return Prepared::unscored(Unscored::Language, language);
        }
        // Signs that the vocabulary lacks, emoji above all, would all be scored as one and the same
        // unknown word.
        let is_wordless = !reading.text.contains(char::is_alphanumeric);
        let is_unknown = is_wordless && self.model().encoder.knows(&reading.text).is_ok_and(|knows| !knows);
        if is_unknown || names_emoji && normalize::is_reference_only(&reading.text) && !is_wordless {
            return Prepared::unscored(Unscored::Empty, language);
        }
        Prepared { language, key: Some(reading.key()), reading: Ok(reading) }
    }

    /// Scores the texts whose scores are not `known`, each once. `advance` gets the number of
    /// further `prepared` that are done, from whichever thread did them.
    fn score_fresh(
        &self,
        prepared: &[Prepared],
        known: &HashMap<TextKey, Scores>,
        stop: &AtomicBool,
        advance: &(dyn Fn(u64) + Sync),
    ) -> Result<HashMap<TextKey, Scores>, ScoreError> {
        // The texts that the engine must see, and the number of comments that share each.
        let mut fresh: Vec<(&Reading, TextKey)> = Vec::new();
        let mut sharers: Vec<u64> = Vec::new();
        let mut indices: HashMap<TextKey, usize> = HashMap::new();
        let mut settled = 0;
        for prepared in prepared {
            match (&prepared.reading, &prepared.key) {
                (Ok(reading), Some(key)) if !known.contains_key(key) => {
                    let index = *indices.entry(*key).or_insert(fresh.len());
                    if index == fresh.len() {
                        fresh.push((reading, *key));
                        sharers.push(0);
                    }
                    sharers[index] += 1;
                }
                _ => settled += 1,
            }
        }
        advance(settled);
        let readings: Vec<&Reading> = fresh.iter().map(|(reading, _)| *reading).collect();
        let scores = self.score_texts(&readings, stop, &|text| advance(sharers[text]))?;
        Ok(fresh.iter().map(|(_, key)| *key).zip(scores).collect())
    }

    /// Scores texts as [`read`](Self::read) returns them, in their order. `done` gets the index of
    /// each text once, from whichever thread did it.
    ///
    /// # Errors
    /// [`ScoreError`] if the encoder or the engine fails, and [`ScoreError::Stopped`] if `stop` was
    /// set before the last batch was begun.
    pub fn score_texts(
        &self,
        texts: &[&Reading],
        stop: &AtomicBool,
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<Scores>, ScoreError> {
        self.install(|| self.score_readings(texts, stop, done))
    }

    fn score_readings(
        &self,
        texts: &[&Reading],
        stop: &AtomicBool,
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<Scores>, ScoreError> {
        let tokens: Vec<Tokens> = texts.par_iter().map(|text| self.tokens(text)).collect::<Result<_, _>>()?;
        let windows: Vec<Vec<&Window>> = tokens.iter().map(|tokens| tokens.windows().collect()).collect();

        // Windows of like length together: an engine that pads wastes little.
        let mut queue: Vec<(usize, usize)> = windows
            .iter()
            .enumerate()
            .flat_map(|(text, windows)| (0..windows.len()).map(move |window| (text, window)))
            .collect();
        queue.sort_by_key(|&(text, window)| std::cmp::Reverse(windows[text][window].ids.len()));

        // A thread that is free takes the longest batch that is left, so that all end together
        // (Graham, 1969); rayon's own way, half by half, would leave the longest to one of them.
        let mut batches: Vec<(usize, Vec<Probabilities>)> = queue
            .chunks(self.shared.batch)
            .enumerate()
            .par_bridge()
            .map(|(place, chunk)| {
                if stop.load(Ordering::Relaxed) {
                    return Err(ScoreError::Stopped);
                }
                let of_chunk: Vec<&Window> =
                    chunk.iter().map(|&(text, window)| windows[text][window]).collect();
                let probabilities = self.run(&of_chunk)?;
                chunk.iter().filter(|(_, window)| *window == 0).for_each(|&(text, _)| done(text));
                Ok((place, probabilities))
            })
            .collect::<Result<_, ScoreError>>()?;
        batches.sort_by_key(|(place, _)| *place);

        let mut of_windows: Vec<Vec<Probabilities>> =
            windows.iter().map(|windows| vec![[None; Label::COUNT]; windows.len()]).collect();
        for (&(text, window), probabilities) in
            queue.iter().zip(batches.into_iter().flat_map(|(_, batch)| batch))
        {
            of_windows[text][window] = probabilities;
        }
        Ok(tokens.iter().zip(&of_windows).map(|(tokens, probabilities)| tokens.join(probabilities)).collect())
    }
}

#[cfg(test)]
mod tests;
