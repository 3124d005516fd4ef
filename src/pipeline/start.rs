//! `unfinished.json`: the settings of a run that has not ended. A run can be continued if the file
//! is there and its content is that of the new run.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::files;
use crate::read::FileReport;
use crate::record::{self, ModelId, Run};

/// Name of the file in a run's folder; gone once the run has ended.
pub(super) const FILE_NAME: &str = "unfinished.json";

/// Everything that decides what a run writes and that is known when it starts: two runs of the same
/// start write the same rows. (The content of the inputs is compared with the rows, comment by
/// comment.)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Start {
    /// Version of comity.
    pub(super) version: String,
    /// As in `run.json`.
    pub(super) settings: BTreeMap<String, String>,
    pub(super) model: ModelId,
    pub(super) engine: String,
    /// The files that can be read, in the order of reading.
    inputs: Vec<Named>,
}

/// An input by name and size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    file: String,
    /// None for standard input and pipes.
    bytes: Option<u64>,
}

/// The part of a run that a folder contains.
pub(super) struct Held {
    pub(super) start: Start,
    /// The run, if it has ended.
    pub(super) run: Option<Run>,
}

impl Start {
    /// The start of a run over the inputs that a reader has opened.
    pub(super) fn new(
        settings: BTreeMap<String, String>,
        model: ModelId,
        engine: &str,
        files: &[FileReport],
    ) -> Self {
        let inputs = files.iter().map(|file| Named { file: file.file.to_string(), bytes: file.size });
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            settings,
            model,
            engine: engine.to_owned(),
            inputs: inputs.collect(),
        }
    }

    /// The start of a run that has ended.
    pub(super) fn of(run: &Run) -> Self {
        let inputs = run.inputs.iter();
        let inputs =
            inputs.map(|input| Named { file: input.file.clone(), bytes: Some(input.bytes) }).collect();
        let Run { version, settings, model, engine, .. } = run.clone();
        Self { version, settings, model, engine, inputs }
    }

    /// Returns the differences of `other`; empty if it is a start of the same run.
    pub(super) fn differences(&self, other: &Self) -> Vec<Difference> {
        let mut found = self.differences_of_scorer(other);
        let mut note =
            |what: String, was: String, is: String| found.extend(Difference::between(what, was, is));
        let names: BTreeSet<&String> = self.settings.keys().chain(other.settings.keys()).collect();
        // The scorer's differences have the calibration.
        for name in names.into_iter().filter(|name| *name != record::CALIBRATION) {
            let value = |start: &Self| start.settings.get(name).map_or("not given", |value| value).to_owned();
            note(format!("--{name}"), value(self), value(other));
        }
        let listed = |start: &Self| {
            let names: Vec<&str> = start.inputs.iter().map(|input| input.file.as_str()).collect();
            names.join(", ")
        };
        note("the input".to_owned(), listed(self), listed(other));
        for (mine, others) in self.inputs.iter().zip(&other.inputs).filter(|(a, b)| a.file == b.file) {
            if let (Some(was), Some(is)) = (mine.bytes, others.bytes) {
                note(format!("the size of {}", mine.file), format!("{was} bytes"), format!("{is} bytes"));
            }
        }
        found
    }

    /// Returns the differences in how `other` scores; empty if equal texts have equal scores in
    /// both.
    pub(super) fn differences_of_scorer(&self, other: &Self) -> Vec<Difference> {
        let model = |start: &Self| {
            let ModelId { name, version, checksum, .. } = &start.model;
            format!("{name} {version} ({checksum:.12})")
        };
        let calibration = |start: &Self| {
            start.settings.get(record::CALIBRATION).map_or("not given", |value| value).to_owned()
        };
        // The version stands for the steps of the text on its way to the model, and for the
        // engine's arithmetic.
        let pairs = [
            ("the version of comity", self.version.clone(), other.version.clone()),
            ("the model", model(self), model(other)),
            ("the engine", self.engine.clone(), other.engine.clone()),
            ("--calibration", calibration(self), calibration(other)),
        ];
        pairs
            .into_iter()
            .filter_map(|(what, was, is)| Difference::between(what.to_owned(), was, is))
            .collect()
    }
}

/// A difference between two runs.
pub(super) struct Difference {
    pub(super) what: String,
    pub(super) was: String,
    pub(super) is: String,
}

impl Difference {
    fn between(what: String, was: String, is: String) -> Option<Self> {
        (was != is).then_some(Self { what, was, is })
    }

    /// Differences, in words.
    pub(super) fn list(differences: &[Self]) -> String {
        let words =
            differences.iter().map(|Self { what, was, is }| format!("{what} was {was}, now it is {is}"));
        words.collect::<Vec<_>>().join("; ")
    }
}

impl Held {
    /// Reads the part of a run that `dir` contains; `None` if there is no run.
    pub(super) fn read(dir: &Path) -> io::Result<Option<Self>> {
        if let Some(run) = read_json::<Run>(&dir.join(record::RUN))? {
            return Ok(Some(Self { start: Start::of(&run), run: Some(run) }));
        }
        let start = read_json(&dir.join(FILE_NAME))?;
        Ok(start.map(|start| Self { start, run: None }))
    }
}

/// Reads a JSON file; `None` if there is no file.
pub(super) fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match files::read_at_most(path, files::MAX_WHOLE_FILE) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
