//! Builds a [`Scorer`]: model, engine and threads, with every check that can be made before any
//! work.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::available_parallelism;

use super::{DEFAULT_BATCH, ScoreError, Scorer, Shared};
use crate::engine::{self, Engine};
use crate::language::{self, Gate};
use crate::model::{Manifest, Model};
use crate::normalize;
use crate::normalize::fold::Lexicon;
use comity_core::score_map::{MappedModel, ScoreMap};

/// Threads for each core that [`ScorerBuilder::threads`] allows. One for each is enough: scoring
/// never waits for anything but the processor.
const THREADS_A_CORE: usize = 4;

/// Returns the largest number of threads that a [`Scorer`] starts: four for each core.
pub fn max_threads() -> usize {
    THREADS_A_CORE * available_parallelism().map_or(1, NonZeroUsize::get)
}

/// A model to score with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelChoice {
    /// The English model inside the library.
    #[cfg(feature = "embedded")]
    English,
    /// A model folder, ours or from Hugging Face (docs/models.md).
    Folder(PathBuf),
}

/// The engine that runs the model.
#[derive(Clone)]
enum EngineChoice {
    Named(String),
    Custom(Arc<dyn Engine>),
}

/// Settings of a [`Scorer`]. Only the model, the engine, [`any_language`](Self::any_language) and
/// [`calibration`](Self::calibration) affect the results.
#[derive(Clone)]
pub struct ScorerBuilder {
    /// The embedded model if `None`.
    model: Option<ModelChoice>,
    engine: EngineChoice,
    threads: Option<usize>,
    batch: usize,
    any_language: bool,
    calibration: Option<Arc<ScoreMap>>,
}

impl Default for ScorerBuilder {
    fn default() -> Self {
        let engine = engine::names().next().expect("the first engine is the default").to_owned();
        Self {
            model: None,
            engine: EngineChoice::Named(engine),
            threads: None,
            batch: DEFAULT_BATCH,
            any_language: false,
            calibration: None,
        }
    }
}

impl ScorerBuilder {
    /// Sets the model [default: the one inside the library].
    #[must_use]
    pub fn model(self, model: ModelChoice) -> Self {
        Self { model: Some(model), ..self }
    }

    /// Sets the engine by its name, one of [`engine::names`] [default: the first of them].
    #[must_use]
    pub fn engine(self, name: impl Into<String>) -> Self {
        Self { engine: EngineChoice::Named(name.into()), ..self }
    }

    /// Sets an engine that the caller has made. It must be one for the model.
    #[must_use]
    pub fn custom_engine(self, engine: Arc<dyn Engine>) -> Self {
        Self { engine: EngineChoice::Custom(engine), ..self }
    }

    /// Starts this number of threads for the scorer alone; 0 is one for each core, and
    /// [`max_threads`] is the most. By default, the scorer starts none and uses the rayon pool that
    /// it is called in.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { threads: Some(threads), ..self }
    }

    /// Sets the number of windows in one engine call, at least 1 [default: [`DEFAULT_BATCH`]].
    #[must_use]
    pub fn batch(self, windows: usize) -> Self {
        Self { batch: windows, ..self }
    }

    /// Scores texts in every language if `true`, also in those that the model does not support.
    #[must_use]
    pub fn any_language(self, any: bool) -> Self {
        Self { any_language: any, ..self }
    }

    /// Maps the scores of toxicity labels, for example to those of Perspective. The map must have been
    /// made for the model.
    #[must_use]
    pub fn calibration(self, map: ScoreMap) -> Self {
        Self { calibration: Some(Arc::new(map)), ..self }
    }

    /// Returns the score map, if one was set.
    pub fn score_map(&self) -> Option<&ScoreMap> {
        self.calibration.as_deref()
    }

    /// Returns `true` if texts in every language are scored.
    pub fn is_any_language(&self) -> bool {
        self.any_language
    }

    /// Returns the name of the engine, as it was set.
    pub fn engine_name(&self) -> &str {
        match &self.engine {
            EngineChoice::Named(name) => name,
            EngineChoice::Custom(engine) => engine.name(),
        }
    }

    /// Loads the model, checks it, and makes its engine.
    ///
    /// # Errors
    /// [`ScoreError`] names the file of the model that is wrong, or the engine, and what to do.
    pub fn build(&self) -> Result<Scorer, ScoreError> {
        self.build_with(self.load()?)
    }

    /// Loads the model if its texts were normalized as ours are.
    fn load(&self) -> Result<Model, ScoreError> {
        let model = match &self.model {
            Some(ModelChoice::Folder(dir)) => Model::open(dir)?,
            #[cfg(feature = "embedded")]
            Some(ModelChoice::English) | None => Model::embedded()?,
            #[cfg(not(feature = "embedded"))]
            None => return Err(ScoreError::NoModel),
        };
        match &model.manifest {
            Manifest { name, normalizer: Some(normalizer), .. }
                if !normalize::VERSIONS.contains(normalizer) =>
            {
                Err(ScoreError::Normalizer { model: name.clone(), normalizer: *normalizer })
            }
            _ => Ok(model),
        }
    }

    /// Builds a scorer of a loaded model.
    pub(super) fn build_with(&self, model: Model) -> Result<Scorer, ScoreError> {
        if let Some(map) = &self.calibration {
            let model = mapped_model(&model);
            if map.model != model {
                let (map, made_for) = (map.name.clone(), map.model.clone());
                let (made_for, model) = (Box::new(made_for), Box::new(model));
                return Err(ScoreError::Calibration { map, made_for, model });
            }
        }
        let engine = match &self.engine {
            EngineChoice::Named(name) => engine::open(name, &model)?.into(),
            EngineChoice::Custom(engine) => engine.clone(),
        };
        let start =
            |threads: usize| rayon::ThreadPoolBuilder::new().num_threads(threads.min(max_threads())).build();
        let pool = self.threads.map(start).transpose()?;
        let languages = &model.manifest.languages;
        let knows_english = languages.is_empty() || language::is_known("en", languages);
        let lexicon = knows_english.then(|| Lexicon::new(model.encoder.vocabulary()));
        let gate = Gate::new(languages);
        let gate = if self.any_language { gate.open() } else { gate };
        let (batch, calibration) = (self.batch.max(1), self.calibration.clone());
        let shared = Shared { model, engine, lexicon, gate, pool, batch, calibration };
        Ok(Scorer { shared: Arc::new(shared) })
    }
}

/// Returns a model as score maps name it.
pub fn mapped_model(model: &Model) -> MappedModel {
    let Manifest { name, version, .. } = &model.manifest;
    MappedModel { name: name.clone(), version: version.clone(), checksum: model.checksum.clone() }
}
