//! The class `Scorer`.

use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use arrow_array::RecordBatch;
use arrow_pyarrow::ToPyArrow;
use arrow_schema::Schema;
use comity::comment::{Comment, Origin};
use comity::explain::{Excerpt, Flagged, explain};
use comity::files;
use comity::label::Label;
use comity::language::{Gate, HEAD_COMMENTS};
use comity::policy::{Decision, Policy};
use comity::record::row::{self, Kind, Value};
use comity::record::{Explanation, Part, Scored};
use comity::score::{CHUNK_COMMENTS, ScoreError, max_threads};
use comity::score_map::{PERSPECTIVE, ScoreMap};
use comity::{ModelChoice, cli};
use comity_core::record::arrow::{Column, field};
use pyo3::exceptions::{PyKeyboardInterrupt, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use rayon::{ThreadPool, ThreadPoolBuilder};
use serde_json::{Map, json};

use crate::errors::{CalibrationError, PolicyError, of_scorer, other};
use crate::interrupt;
use crate::texts::Texts;

/// The name of the model inside the module.
const ENGLISH: &str = "english";

/// The name of the policy inside the module.
const DEFAULT_POLICY: &str = "default";

/// The most bytes of text in a chunk, so that its preparation takes a second at most.
const CHUNK_BYTES: usize = 4 << 20;

/// The cause of a null text, in the column `unscored`.
const NULL: &str = "null";

/// A model and its threads: scores texts.
#[pyclass(frozen, subclass, module = "comity._native")]
pub(crate) struct Scorer {
    given: Given,
    /// It has no threads: it uses those of the pool that it is called in.
    scorer: comity::Scorer,
    policy: Option<Policy>,
    pool: Mutex<Pool>,
}

/// The arguments of a scorer.
struct Given {
    model: PathBuf,
    threads: Option<usize>,
    policy: Option<PathBuf>,
    calibration: Option<PathBuf>,
}

/// The threads of a process.
struct Pool {
    process: u32,
    threads: Arc<ThreadPool>,
}

impl Pool {
    fn start(threads: Option<usize>) -> PyResult<Self> {
        let threads = threads.unwrap_or(0).min(max_threads());
        let threads = ThreadPoolBuilder::new().num_threads(threads).build().map_err(|error| other(&error))?;
        Ok(Self { process: process::id(), threads: Arc::new(threads) })
    }
}

impl Drop for Pool {
    /// Leaves a pool of the parent process alone: its threads do not exist here, and one of them
    /// may have held a lock.
    fn drop(&mut self) {
        if self.process != process::id() {
            std::mem::forget(self.threads.clone());
        }
    }
}

#[pymethods]
impl Scorer {
    #[new]
    #[pyo3(signature = (*, model = None, threads = None, policy = None, calibration = None))]
    fn new(
        py: Python<'_>,
        model: Option<PathBuf>,
        threads: Option<i64>,
        policy: Option<PathBuf>,
        calibration: Option<PathBuf>,
    ) -> PyResult<Self> {
        let threads = threads.map(count).transpose()?;
        let model = model.unwrap_or_else(|| ENGLISH.into());
        let given = Given { model, threads, policy, calibration };
        py.detach(|| {
            let policy = given.policy.as_deref().map(load_policy).transpose()?;
            let mut builder = comity::Scorer::builder().model(choose(&given.model)?);
            if let Some(map) = &given.calibration {
                builder = builder.calibration(load_map(map)?);
            }
            let scorer = builder.build().map_err(|error| of_scorer(&error))?;
            let pool = Mutex::new(Pool::start(given.threads)?);
            Ok(Self { given, scorer, policy, pool })
        })
    }

    /// The name of the model.
    #[getter]
    fn name(&self) -> &str {
        &self.scorer.model().manifest.name
    }

    /// The version of the model.
    #[getter]
    fn version(&self) -> &str {
        &self.scorer.model().manifest.version
    }

    /// The labels that the model gives.
    #[getter]
    fn labels(&self) -> Vec<&'static str> {
        self.scorer.model().manifest.heads.labels().map(Label::as_str).collect()
    }

    /// The languages that the model supports; none if it does not name them.
    #[getter]
    fn languages(&self) -> Vec<String> {
        self.scorer.model().manifest.languages.clone()
    }

    /// The number of threads that score.
    #[getter]
    pub(crate) fn threads(&self) -> PyResult<usize> {
        Ok(self.pool()?.current_num_threads())
    }

    /// The model, as it was given.
    #[getter]
    fn model(&self) -> String {
        self.given.model.display().to_string()
    }

    /// The policy, as it was given.
    #[getter]
    fn policy(&self) -> Option<String> {
        Some(self.given.policy.as_ref()?.display().to_string())
    }

    /// The score map, as it was given.
    #[getter]
    fn calibration(&self) -> Option<String> {
        Some(self.given.calibration.as_ref()?.display().to_string())
    }

    /// Scores the texts of an Arrow array, and returns a record batch with a row for each.
    ///
    /// `expect` has the first texts of an export, as another array. It decides which short texts
    /// are in a language that the model does not support, as in `comity score`; no score depends on
    /// it.
    #[pyo3(signature = (texts, *, expect = None))]
    fn score_batch<'py>(
        &self,
        py: Python<'py>,
        texts: &Bound<'py, PyAny>,
        expect: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let texts = Texts::of(texts)?;
        let head = expect.map(Texts::of).transpose()?;
        let batch = self.run(py, |stop| {
            let gate = match &head {
                Some(head) => {
                    let head = head.iter().flat_map(Texts::iter).take(HEAD_COMMENTS);
                    self.scorer.expect(head.flatten())
                }
                None => self.scorer.gate().clone(),
            };
            self.score(texts.iter().flat_map(Texts::iter), &gate, stop)
        })?;
        batch.to_pyarrow(py)
    }

    /// Returns the sentences and words that carry the score of a text, as JSON.
    fn explain(&self, py: Python<'_>, text: &str) -> PyResult<String> {
        self.run(py, |stop| self.explanation(text, stop))
    }

    fn __repr__(&self) -> PyResult<String> {
        let named = |name: &str, value: Option<String>| {
            value.map_or_else(String::new, |value| format!(", {name}={value:?}"))
        };
        let (policy, calibration) =
            (named("policy", self.policy()), named("calibration", self.calibration()));
        Ok(format!("Scorer(model={:?}, threads={}{policy}{calibration})", self.model(), self.threads()?))
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let Given { model, threads, policy, calibration } = &self.given;
        let named = PyDict::new(py);
        named.set_item("model", model.to_str())?;
        named.set_item("threads", *threads)?;
        named.set_item("policy", policy.as_ref().map(|path| path.to_str()))?;
        named.set_item("calibration", calibration.as_ref().map(|path| path.to_str()))?;
        Ok((PyTuple::empty(py), named))
    }
}

impl Scorer {
    /// Returns the scorer of the library.
    pub(crate) fn inner(&self) -> &comity::Scorer {
        &self.scorer
    }

    /// Returns the threads of this process. A fork has none of its parent's, and gets its own.
    fn pool(&self) -> PyResult<Arc<ThreadPool>> {
        let mut pool = self.pool.lock().expect("no one panics while holding the lock");
        if pool.process != process::id() {
            *pool = Pool::start(self.given.threads)?;
        }
        Ok(pool.threads.clone())
    }

    fn run<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&AtomicBool) -> Result<T, ScoreError> + Send,
    ) -> PyResult<T> {
        let pool = self.pool()?;
        interrupt::run(py, &pool, work)?.map_err(|error| match error {
            ScoreError::Stopped => PyKeyboardInterrupt::new_err(()),
            error => of_scorer(&error),
        })
    }

    fn score<'t>(
        &self,
        mut texts: impl Iterator<Item = Option<&'t str>>,
        gate: &Gate,
        stop: &AtomicBool,
    ) -> Result<RecordBatch, ScoreError> {
        let mut table = Table::new(self.policy.as_ref());
        let mut chunk = Vec::new();
        loop {
            chunk.clear();
            let mut bytes = 0;
            while chunk.len() < CHUNK_COMMENTS
                && bytes < CHUNK_BYTES
                && let Some(text) = texts.next()
            {
                bytes += text.map_or(0, str::len);
                chunk.push(text);
            }
            if chunk.is_empty() {
                return Ok(table.finish());
            }
            let present: Vec<&str> = chunk.iter().copied().flatten().collect();
            let mut scored = self.scorer.score_with_language(&present, gate, stop)?.into_iter();
            for text in &chunk {
                let scored = text.and_then(|_| scored.next());
                table.push(scored.map(|scored| scored.of(comment(""))).as_ref());
            }
        }
    }

    fn explanation(&self, text: &str, stop: &AtomicBool) -> Result<String, ScoreError> {
        let mut scored = self.scorer.score_with_language(&[text], self.scorer.gate(), stop)?;
        let scored = scored.pop().expect("every text has a row").of(comment(text));
        let decision = self.policy.as_ref().and_then(|policy| policy.decide(&scored));
        let label = self.explained_label(decision);
        let score = label.and_then(|label| Some((label, scored.outcome.scores()?.get(label)?)));
        let explanation = match score {
            None => None,
            Some((label, score)) => {
                let excerpt = Excerpt::of(&scored.comment);
                let flagged = Flagged { thread: String::new(), id: String::new(), label, score, excerpt };
                explain(&self.scorer, &[flagged], stop)?.pop()
            }
        };
        let mut answer: Map<_, _> = row::score_columns()
            .map(|column| (column.name.to_owned(), json!(column.value(&scored))))
            .collect();
        if self.policy.is_some() {
            answer.insert("flagged".to_owned(), json!(decision.map(|decision| decision.is_flagged())));
            let values = Decision::COLUMNS.into_iter().zip(Decision::values(decision));
            answer.extend(values.map(|((name, _), value)| (name.to_owned(), json!(value))));
        }
        answer
            .insert("explained".to_owned(), explanation.map_or(json!(null), |found| explained(&found, text)));
        Ok(json!(answer).to_string())
    }

    /// Returns the label whose score is explained: that of the rule that decided, or toxicity, or
    /// another that the model gives.
    fn explained_label(&self, decision: Option<Decision<'_>>) -> Option<Label> {
        let fired = decision.and_then(|decision| decision.fired).map(|fired| fired.rule.label);
        fired.or_else(|| self.scorer.model().manifest.heads.labels().next())
    }
}

/// Returns an explanation with places in code points, as Python counts them.
fn explained(explanation: &Explanation, text: &str) -> serde_json::Value {
    let Explanation { label, score, partial, read_as, sentences, words, .. } = explanation;
    let place = |byte: usize| text[..byte].chars().count();
    let part = |part: &Part| json!({"start": place(part.start), "end": place(part.end), "score": part.score});
    json!({
        "label": label,
        "score": score,
        "partial": partial,
        "read_as": read_as,
        "sentences": sentences.iter().map(part).collect::<Vec<_>>(),
        "words": words.iter().map(part).collect::<Vec<_>>(),
    })
}

/// The columns of a record batch that are being filled.
struct Table<'p> {
    policy: Option<&'p Policy>,
    scores: Vec<(&'static row::Column, Column)>,
    flagged: Column,
    decision: Vec<Column>,
}

impl<'p> Table<'p> {
    fn new(policy: Option<&'p Policy>) -> Self {
        let scores = row::score_columns().map(|column| (column, Column::new(column.kind)));
        let decision = Decision::COLUMNS.into_iter().map(|(_, kind)| Column::new(kind));
        Self {
            policy,
            scores: scores.collect(),
            flagged: Column::new(Kind::Flag),
            decision: decision.collect(),
        }
    }

    /// Adds the row of a text; `None` if the text is null.
    fn push(&mut self, scored: Option<&Scored>) {
        for (column, array) in &mut self.scores {
            array.push(match scored {
                Some(scored) => column.value(scored),
                None => (column.name == "unscored").then_some(Value::Word(NULL)),
            });
        }
        let decision = self.policy.zip(scored).and_then(|(policy, scored)| policy.decide(scored));
        self.flagged.push(decision.map(|decision| Value::Flag(decision.is_flagged())));
        self.decision
            .iter_mut()
            .zip(Decision::values(decision))
            .for_each(|(column, value)| column.push(value));
    }

    fn finish(self) -> RecordBatch {
        let mut fields = Vec::new();
        let mut arrays = Vec::new();
        for (column, array) in self.scores {
            fields.push(field(column.name, column.kind));
            arrays.push(array.finish());
        }
        if self.policy.is_some() {
            fields.push(field("flagged", Kind::Flag));
            arrays.push(self.flagged.finish());
            for ((name, kind), array) in Decision::COLUMNS.into_iter().zip(self.decision) {
                fields.push(field(name, kind));
                arrays.push(array.finish());
            }
        }
        let schema = Arc::new(Schema::new(fields));
        RecordBatch::try_new(schema, arrays).expect("every column has the type of its field, and every row")
    }
}

/// Returns a text as a comment without thread, author and time.
fn comment(text: &str) -> Comment {
    Comment::new("", "", text, Origin { file: "".into(), record: 1, line: 1 })
}

/// Checks a number of threads.
fn count(threads: i64) -> PyResult<usize> {
    let count = usize::try_from(threads).ok().filter(|count| *count > 0);
    count.ok_or_else(|| {
        PyValueError::new_err(format!("threads must be above 0, not {threads}; None is one per core"))
    })
}

/// Returns the model of a name or a folder.
fn choose(model: &Path) -> PyResult<ModelChoice> {
    let is_name = model.components().count() == 1 && !model.exists();
    match model.to_str() {
        Some(ENGLISH) => Ok(ModelChoice::English),
        Some(name) if is_name => Err(PyValueError::new_err(format!(
            "unknown model {name:?}; use {ENGLISH:?}, or name a model folder"
        ))),
        _ => Ok(ModelChoice::Folder(model.to_owned())),
    }
}

fn load_policy(path: &Path) -> PyResult<Policy> {
    if path == Path::new(DEFAULT_POLICY) {
        return Ok(Policy::built_in());
    }
    let name = path.display();
    let toml = files::read_text_at_most(path, files::MAX_SMALL_FILE)
        .map_err(|error| PolicyError::new_err(format!("cannot read the policy {name}: {error}")))?;
    Policy::parse(&toml).map_err(|error| PolicyError::new_err(format!("{name}: {}", cli::one_line(&error))))
}

fn load_map(path: &Path) -> PyResult<ScoreMap> {
    if path == Path::new(PERSPECTIVE) {
        return Ok(ScoreMap::perspective());
    }
    let name = path.display();
    let toml = files::read_text_at_most(path, files::MAX_SMALL_FILE)
        .map_err(|error| CalibrationError::new_err(format!("cannot read the calibration {name}: {error}")))?;
    ScoreMap::parse(&toml)
        .map_err(|error| CalibrationError::new_err(format!("{name}: {}", cli::one_line(&error))))
}
