//! `unfinished.json`: what a run that has not ended was asked to do. Its presence says that the run can be gone on with,
//! and its content for whom.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::read::FileReport;
use crate::report::{self, ModelId, Run};

/// Name of the file in a run's folder; gone once the run has ended.
pub(super) const FILE_NAME: &str = "unfinished.json";

/// All that decides what a run writes, as far as it is known when it starts: two runs of the same start write the same
/// rows. (The content of the inputs is compared with the rows, comment by comment.)
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

/// What a folder holds of a run.
pub(super) struct Held {
    pub(super) start: Start,
    /// The run has ended.
    pub(super) is_whole: bool,
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

    /// What is different about `other`, in words; nothing if it is a start of the same run.
    pub(super) fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let mut note = |what: &str, mine: &str, others: &str| {
            if mine != others {
                found.push(format!("{what} was {mine}, now it is {others}"));
            }
        };
        let model = |start: &Self| {
            let ModelId { name, version, checksum, .. } = &start.model;
            format!("{name} {version} ({checksum:.12})")
        };
        note("the version of comity", &self.version, &other.version);
        note("the model", &model(self), &model(other));
        note("the engine", &self.engine, &other.engine);
        let names: Vec<&String> = self.settings.keys().chain(other.settings.keys()).collect();
        for (place, name) in names.iter().enumerate().filter(|(place, name)| !names[..*place].contains(name))
        {
            _ = place;
            let value =
                |start: &Self| start.settings.get(*name).map_or("not given", |value| value).to_owned();
            note(&format!("--{name}"), &value(self), &value(other));
        }
        let listed = |start: &Self| {
            let names: Vec<&str> = start.inputs.iter().map(|input| input.file.as_str()).collect();
            names.join(", ")
        };
        note("the input", &listed(self), &listed(other));
        for (mine, others) in self.inputs.iter().zip(&other.inputs).filter(|(a, b)| a.file == b.file) {
            if let (Some(was), Some(is)) = (mine.bytes, others.bytes) {
                note(&format!("the size of {}", mine.file), &format!("{was} bytes"), &format!("{is} bytes"));
            }
        }
        found
    }
}

impl Held {
    /// What `dir` holds of a run; none where there is no run.
    pub(super) fn read(dir: &Path) -> io::Result<Option<Self>> {
        if let Some(run) = read_json::<Run>(&dir.join(report::RUN_FILE_NAME))? {
            let inputs = run.inputs.into_iter();
            let inputs = inputs.map(|input| Named { file: input.file, bytes: Some(input.bytes) }).collect();
            let Run { version, settings, model, engine, .. } = run;
            return Ok(Some(Self {
                start: Start { version, settings, model, engine, inputs },
                is_whole: true,
            }));
        }
        let start = read_json(&dir.join(FILE_NAME))?;
        Ok(start.map(|start| Self { start, is_whole: false }))
    }
}

/// What a JSON file holds; none where there is no file.
fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match File::open(path) {
        Ok(file) => Ok(Some(serde_json::from_reader(BufReader::new(file))?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
