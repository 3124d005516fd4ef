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
//!    more toxic one. A text that is disguised throughout has one only, the folded one.
//!
//! A text's scores depend on that text alone: not on its batch, nor its chunk, nor the number of
//! threads. Only the gate for languages ([`crate::language`]) takes the export into account, to
//! decide if a text is scored.

mod builder;
mod reuse;
mod session;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::ThreadPool;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

pub use builder::{ModelChoice, ScorerBuilder, max_threads};
pub use reuse::Earlier;
pub use session::Session;

use crate::encode::{EncodeError, Window};
use crate::engine::{Batch, Engine, EngineError};
use crate::language::Gate;
use crate::model::{Model, ModelError};
use crate::normalize::fold::{Lexicon, fold};
use crate::normalize::{self, normalize};
use comity_core::label::Label;
use comity_core::record::{Outcome, Scores, Unscored, ledger};

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
        "the model {model} was trained with normalizer {normalizer}, this version of comity has normalizer {}; use the \
         version of comity that the model was made for, or train it again",
        normalize::VERSION
    )]
    Normalizer {
        /// Name of the model.
        model: String,
        /// The normalizer's version in its manifest.
        normalizer: u32,
    },
    /// The threads could not be started.
    #[error("cannot start the threads")]
    Threads(#[from] rayon::ThreadPoolBuildError),
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
    any_language: bool,
}

/// A text on its way to the engine.
enum Prepared {
    /// Not to be scored.
    Unscored { cause: Unscored, language: Option<String> },
    /// To be scored by this text.
    Text { reading: Reading, key: TextKey, language: Option<String> },
}

impl Prepared {
    /// Returns the outcome, given the scores of each text that is scored.
    fn outcome(&self, scores: impl Fn(&TextKey) -> Option<Scores>) -> Outcome {
        match self {
            Self::Unscored { cause, .. } => Outcome::Unscored(*cause),
            Self::Text { key, .. } => Outcome::Scored(scores(key).expect("every text has been scored")),
        }
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

    /// Returns the engine.
    pub fn engine(&self) -> &dyn Engine {
        &*self.shared.engine
    }

    /// Returns the number of threads that score.
    pub fn threads(&self) -> usize {
        self.shared.pool.as_ref().map_or_else(rayon::current_num_threads, ThreadPool::current_num_threads)
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
        self.install(|| {
            let prepare = |text: &T| self.prepare(text.as_ref(), &self.shared.gate);
            let prepared: Vec<Prepared> = texts.par_iter().map(prepare).collect();
            let scores = self.score_fresh(&prepared, &HashMap::new(), &AtomicBool::new(false), &|_| ())?;
            Ok(prepared.iter().map(|prepared| prepared.outcome(|key| scores.get(key).copied())).collect())
        })
    }

    /// Returns a person's own words as the model reads them.
    pub fn read(&self, own_words: &str) -> Reading {
        let normalized = normalize(own_words);
        let folded = self.shared.lexicon.as_ref().and_then(|lexicon| fold(&normalized.text, lexicon));
        match folded {
            Some(folded) if folded.throughout => Reading { text: folded.text, folded: None, evasion: true },
            folded => Reading {
                evasion: normalized.evasion || folded.as_ref().is_some_and(|folded| folded.disguise),
                text: normalized.text.into_owned(),
                folded: folded.map(|folded| folded.text),
            },
        }
    }

    /// Decides if a text is scored, and by what.
    fn prepare(&self, own_words: &str, gate: &Gate) -> Prepared {
        let Shared { model, any_language, .. } = &*self.shared;
        let reading = self.read(own_words);
        if reading.text.is_empty() {
            return Prepared::Unscored { cause: Unscored::Empty, language: None };
        }
        let detected = gate.detect(&reading.text);
        let language = detected.language.map(str::to_owned);
        if detected.foreign && !any_language {
            return Prepared::Unscored { cause: Unscored::Language, language };
        }
        // Signs that the vocabulary lacks, emoji above all, would all be scored as one and the same
        // unknown word.
        let is_wordless = !reading.text.contains(char::is_alphanumeric);
        if is_wordless && model.encoder.knows(&reading.text).is_ok_and(|knows| !knows) {
            return Prepared::Unscored { cause: Unscored::Empty, language };
        }
        Prepared::Text { key: reading.key(), reading, language }
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
            match prepared {
                Prepared::Text { reading, key, .. } if !known.contains_key(key) => {
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
        let manifest = &self.model().manifest;
        // Of each text the windows of its first reading, and of its second one behind them if it
        // has one.
        let readings: Vec<Vec<Vec<Window>>> = texts
            .par_iter()
            .map(|text| {
                let windows =
                    |text| self.model().encoder.windows(text, manifest.max_tokens, manifest.overlap_tokens);
                text.variants().map(windows).collect::<Result<_, _>>()
            })
            .collect::<Result<_, _>>()?;
        let windows: Vec<Vec<&Window>> =
            readings.iter().map(|of_text| of_text.iter().flatten().collect()).collect();

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
                let mut batch = Batch::new();
                for &(text, window) in chunk {
                    batch.push(&windows[text][window].ids);
                }
                let logits = self.engine().logits(&batch)?;
                chunk.iter().filter(|(_, window)| *window == 0).for_each(|&(text, _)| done(text));
                Ok((place, logits.rows().into_iter().map(|row| self.model().probabilities(row)).collect()))
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
        let whole = readings.iter().zip(&of_windows);
        Ok(whole
            .map(|(readings, probabilities)| {
                let (first, second) = probabilities.split_at(readings[0].len());
                let raw = join_windows(&readings[0], first);
                Scores::new(match readings.get(1) {
                    Some(windows) => worse(raw, join_windows(windows, second)),
                    None => raw,
                })
            })
            .collect())
    }
}

/// A probability for every label that the model gives, by [`Label::index`].
type Probabilities = [Option<f64>; Label::COUNT];

/// Returns the worse of two readings, label by label; the sentiment of the more toxic one, and of
/// the text as it stands if the model does not give the toxicity. Calibration never changes which
/// of two logits is larger, so these are the calibrated worse logits.
fn worse(raw: Probabilities, folded: Probabilities) -> Probabilities {
    let toxicity = Label::Toxicity.index();
    let mut worse = if folded[toxicity] > raw[toxicity] { folded } else { raw };
    for label in Label::TOXICITY {
        let readings = raw[label.index()].zip(folded[label.index()]);
        worse[label.index()] = readings.map(|(raw, folded)| raw.max(folded));
    }
    worse
}

/// The probabilities of a reading from those of its windows.
fn join_windows(windows: &[Window], probabilities: &[Probabilities]) -> Probabilities {
    if let [only] = probabilities {
        return *only;
    }
    let mut joined = [None; Label::COUNT];
    for label in Label::TOXICITY {
        let of_windows = probabilities.iter().filter_map(|window| window[label.index()]);
        joined[label.index()] = of_windows.reduce(f64::max);
    }
    let total: usize = windows.iter().map(|window| window.content_tokens).sum();
    for label in Label::SENTIMENT {
        let weighted = windows.iter().zip(probabilities);
        let parts = weighted.map(|(window, p)| Some(p[label.index()]? * window.content_tokens as f64));
        joined[label.index()] = parts.sum::<Option<f64>>().map(|sum| sum / total as f64);
    }
    joined
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::sync::Mutex;
    use std::sync::atomic::AtomicU64;

    use ndarray::Array2;

    use super::*;
    use crate::engine::open;
    use comity_core::comment::{Comment, Origin, Status};
    use comity_core::record::Scored;

    /// Texts that are disguised throughout, of which the model reads the spelt-out form alone; and
    /// that form as a text of its own, which the model also reads in a second form: with the parted
    /// word joined.
    pub(super) const DISGUISED: [[&str; 2]; 3] = [
        ["th0se refu g33s 4re f*ck1ng m0r0ns 4nd cr00ks", "those refu gees are fucking morons and crooks"],
        [
            "4ll th3se immi gr4nts 4re cr00ks and st*p1d 1d10ts",
            "all these immi grants are crooks and stupid idiots",
        ],
        [
            "th0se chr1st ians 4re f*ck1ng 1d10ts, 4ll of th3m",
            "those christ ians are fucking idiots, all of them",
        ],
    ];

    /// A scorer can be shared by threads.
    const _: () = {
        const fn is_shared<T: Clone + Send + Sync>() {}
        is_shared::<Scorer>();
    };

    fn tiny() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/models/tiny")
    }

    fn of_tiny() -> ScorerBuilder {
        Scorer::builder().model(ModelChoice::Folder(tiny()))
    }

    fn comments(texts: &[&str]) -> Vec<Comment> {
        let origin = Origin { file: "x".into(), record: 1, line: 1 };
        let numbered = texts.iter().enumerate();
        numbered.map(|(id, text)| Comment::new(id.to_string(), "t", *text, origin.clone())).collect()
    }

    fn causes(scored: &[Scored]) -> Vec<Option<Unscored>> {
        let cause = |scored: &Scored| match scored.outcome {
            Outcome::Scored(_) => None,
            Outcome::Unscored(cause) => Some(cause),
        };
        scored.iter().map(cause).collect()
    }

    /// Runs the real engine and counts the sequences it is given.
    struct Counting {
        inner: Box<dyn Engine>,
        sequences: AtomicU64,
    }

    impl Engine for Counting {
        fn name(&self) -> &str {
            "counting"
        }

        fn logits(&self, batch: &Batch) -> Result<Array2<f32>, EngineError> {
            self.sequences.fetch_add(batch.len() as u64, Ordering::Relaxed);
            self.inner.logits(batch)
        }
    }

    #[test]
    fn what_is_not_scored_has_its_cause() {
        let mut chunk = comments(&[
            "Good luck.",
            " \n\t",
            "\u{200b}\u{200d}",
            "> so he said",
            "Das ist doch wirklich nicht euer Ernst, oder habe ich das falsch verstanden?",
            "[deleted]",
            "[removed]",
            "pingback",
            "😀",
            "🔔🔔",
            "http://example.org",
        ]);
        chunk[3].quotes.push(0..12);
        chunk[5].status = Status::Deleted;
        chunk[6].status = Status::Removed;
        chunk[7].status = Status::Service;
        let scored = of_tiny().build().unwrap().session().score(chunk.clone(), &|_| ()).unwrap();
        use Unscored::{Deleted, Empty, Language, Quote, Removed, Service};
        let expected = [Empty, Empty, Quote, Language, Deleted, Removed, Service].map(Some);
        assert_eq!(causes(&scored), [&[None], &expected[..], &[None, Some(Empty), None]].concat());
        assert_eq!(
            scored.iter().map(|scored| &scored.comment).collect::<Vec<_>>(),
            chunk.iter().collect::<Vec<_>>()
        );

        let any = of_tiny().any_language(true).build().unwrap();
        let scored = any.session().score(chunk, &|_| ()).unwrap();
        assert_eq!(causes(&scored)[4], None);
        assert_eq!(scored[4].language.as_deref(), Some("de"));
    }

    #[test]
    fn a_text_alone_is_decided_like_a_comment_without_an_export() {
        let texts = [
            "Good luck.",
            "",
            " \n\t",
            "\u{200b}\u{200d}",
            "> so he said",
            "Das ist doch wirklich nicht euer Ernst, oder habe ich das falsch verstanden?",
            "no",
            "\u{1f514}\u{1f514}",
            "Good luck.",
        ];
        let scorer = of_tiny().build().unwrap();
        let outcomes = scorer.score(&texts).unwrap();
        let mut session = scorer.session();
        let scored = session.score(comments(&texts), &|_| ()).unwrap();
        assert_eq!(outcomes, scored.into_iter().map(|scored| scored.outcome).collect::<Vec<_>>());
        for (text, cause) in [(1, Unscored::Empty), (2, Unscored::Empty), (5, Unscored::Language)] {
            assert_eq!(outcomes[text], Outcome::Unscored(cause));
        }
        assert_eq!(outcomes[0], outcomes[8]);
        assert_eq!(scorer.score::<&str>(&[]).unwrap(), []);
    }

    #[test]
    fn threads_are_capped() {
        for (asked, started) in [(1, 1), (2, 2), (10_000, max_threads())] {
            assert_eq!(of_tiny().threads(asked).build().unwrap().threads(), started);
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let scorer = of_tiny().build().unwrap();
        assert_eq!(pool.install(|| scorer.threads()), 3);
    }

    #[test]
    fn what_cannot_be_built_is_named() {
        let error = |builder: ScorerBuilder| builder.build().err().expect("an error").to_string();
        let nowhere = Scorer::builder().model(ModelChoice::Folder("/nowhere".into()));
        assert!(error(nowhere).starts_with("model /nowhere: config.json: cannot be read"));
        assert!(error(of_tiny().engine("steam")).starts_with("unknown engine `steam`"));

        let dir = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(tiny()).unwrap().map(Result::unwrap) {
            std::fs::copy(file.path(), dir.path().join(file.file_name())).unwrap();
        }
        let path = dir.path().join("manifest.json");
        let mut manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        manifest["normalizer"] = serde_json::json!(normalize::VERSION + 1);
        std::fs::write(&path, manifest.to_string()).unwrap();
        let other = error(Scorer::builder().model(ModelChoice::Folder(dir.path().to_owned())));
        assert!(other.starts_with("the model tiny was trained with normalizer"), "{other}");
    }

    #[test]
    fn only_a_model_of_english_has_a_second_reading() {
        for (languages, folded) in [
            (&["en"][..], true),
            (&["de", "en"], true),
            (&[], true),
            (&["de"], false),
            (&["de", "fr"], false),
        ] {
            let mut model = Model::embedded().unwrap();
            model.manifest.languages = languages.iter().map(|language| (*language).to_owned()).collect();
            let scorer = Scorer::builder().build_with(model).unwrap();
            let reading = scorer.read("you 1d10t");
            assert_eq!(reading.folded.as_deref(), folded.then_some("you idiot"), "{languages:?}");
            assert_eq!(reading.evasion, folded, "{languages:?}");
            // What normalising undoes cannot mean anything else in any language.
            let reading = scorer.read("you st\u{200b}upid");
            assert_eq!((&*reading.text, reading.evasion), ("you stupid", true), "{languages:?}");
        }
    }

    #[test]
    fn only_own_words_count() {
        let mut chunk = comments(&["> You are all fools!\nNo, they are not.", "No, they are not."]);
        chunk[0].quotes.push(0..21);
        let scored = of_tiny().build().unwrap().session().score(chunk, &|_| ()).unwrap();
        assert_eq!(scored[0].outcome, scored[1].outcome);
    }

    #[test]
    fn equal_texts_are_scored_once_and_every_comment_is_counted() {
        let inner = open("native", &Model::open(&tiny()).unwrap()).unwrap();
        let engine = Arc::new(Counting { inner, sequences: AtomicU64::new(0) });
        let scorer = of_tiny().custom_engine(engine.clone()).build().unwrap();
        let mut session = scorer.session();
        let done = Mutex::new(0);
        let advance = |more| *done.lock().unwrap() += more;
        let first =
            session.score(comments(&["so good", "so bad", "So  good ", "so good", ""]), &advance).unwrap();
        assert_eq!(
            engine.sequences.load(Ordering::Relaxed),
            3,
            "case is the tokenizer's matter, space is not"
        );
        let second = session.score(comments(&["so bad", "so what"]), &advance).unwrap();
        assert_eq!(engine.sequences.load(Ordering::Relaxed), 4);
        assert_eq!(*done.lock().unwrap(), 7);
        assert_eq!(first[0].outcome, first[3].outcome);
        assert_eq!(first[1].outcome, second[0].outcome);
        scorer.score(&["so bad", "so bad"]).unwrap();
        assert_eq!(engine.sequences.load(Ordering::Relaxed), 5, "a session's memory is its own");
    }

    #[test]
    fn a_disguised_text_and_its_spelt_out_form_have_the_scores_that_each_has_alone() {
        let scorer = Scorer::builder().build().unwrap();
        let score = |chunks: &[&[&str]]| -> Vec<Outcome> {
            let mut session = scorer.session();
            let scored = chunks.iter().map(|chunk| session.score(comments(chunk), &|_| ()).unwrap());
            scored.flatten().map(|scored| scored.outcome).collect()
        };
        for [disguised, spelt_out] in DISGUISED {
            let (one, other) = (scorer.read(disguised), scorer.read(spelt_out));
            assert_eq!((&one.text, &one.folded), (&spelt_out.to_owned(), &None), "only then is this a test");
            assert!(other.text == spelt_out && other.folded.is_some(), "{other:?}");

            let alone = [score(&[&[disguised]])[0], score(&[&[spelt_out]])[0]];
            assert_ne!(alone[0], alone[1]);
            for chunks in [&[&[disguised, spelt_out][..]][..], &[&[disguised], &[spelt_out]]] {
                assert_eq!(score(chunks), alone);
            }
            for chunks in [&[&[spelt_out, disguised][..]][..], &[&[spelt_out], &[disguised]]] {
                assert_eq!(score(chunks), [alone[1], alone[0]]);
            }
        }
    }

    #[test]
    fn scores_depend_on_the_text_alone() {
        let long = "the harbour is closed and nobody told us why ".repeat(60);
        let texts: Vec<String> = (0..50)
            .map(|n| format!("{} comment number {n}. {}", "so ".repeat(n), &long[..n * n % long.len()]))
            .chain([long.clone()])
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let run = |batch, threads, chunk: usize| -> Vec<Scored> {
            let scorer = of_tiny().threads(threads).batch(batch).any_language(true).build().unwrap();
            let mut session = scorer.session();
            let all = comments(&texts);
            let chunks = all.chunks(chunk).map(<[Comment]>::to_vec);
            chunks.flat_map(|chunk| session.score(chunk, &|_| ()).unwrap()).collect()
        };
        let alone = run(1, 1, 1);
        let scorer = of_tiny().any_language(true).build().unwrap();
        assert!(scorer.model().encoder.windows(&long, 256, 64).unwrap().len() > 1);
        for (batch, threads, chunk) in [(1, 2, 100), (64, 1, 100), (7, 3, 13)] {
            assert_eq!(run(batch, threads, chunk), alone);
        }
        // Without a comment, a session or an own pool.
        let outcomes: Vec<Outcome> = alone.into_iter().map(|scored| scored.outcome).collect();
        assert_eq!(scorer.score(&texts).unwrap(), outcomes);
        let cloned = scorer.clone();
        let other = std::thread::spawn(move || cloned.score(&["so bad"]).unwrap());
        assert_eq!(scorer.score(&["so bad"]).unwrap(), other.join().unwrap());
    }

    #[test]
    fn the_worse_of_two_readings_counts_and_the_sentiment_is_the_more_toxic_ones() {
        let (mut raw, mut folded) = ([Some(0.2); Label::COUNT], [Some(0.3); Label::COUNT]);
        raw[Label::Threat.index()] = Some(0.4);
        folded[Label::Negative.index()] = Some(0.1);
        let scores = worse(raw, folded);
        assert_eq!(scores[Label::Toxicity.index()], Some(0.3));
        assert_eq!(scores[Label::Threat.index()], Some(0.4));
        assert_eq!(scores[Label::Negative.index()], Some(0.1));
        raw[Label::Toxicity.index()] = None;
        folded[Label::Toxicity.index()] = None;
        let scores = worse(raw, folded);
        assert_eq!(scores[Label::Toxicity.index()], None);
        assert_eq!(scores[Label::Negative.index()], Some(0.2));
    }

    #[test]
    fn windows_join_by_maximum_and_weighted_mean() {
        let window = |content_tokens| Window { ids: Vec::new(), content_tokens };
        let mut first = [Some(0.2); Label::COUNT];
        let mut second = [Some(0.1); Label::COUNT];
        first[Label::Threat.index()] = Some(0.05);
        second[Label::Positive.index()] = Some(0.8);
        (first[Label::Insult.index()], second[Label::Insult.index()]) = (None, None);
        let joined = Scores::new(join_windows(&[window(30), window(10)], &[first, second]));
        assert_eq!(joined.get(Label::Toxicity), Some(0.2));
        assert_eq!(joined.get(Label::Threat), Some(0.1));
        assert_eq!(joined.get(Label::Insult), None);
        assert_eq!(joined.get(Label::Positive), Some(0.35));
        assert_eq!(joined.get(Label::Neutral), Some(0.175));
    }
}
