//! Forms for other programs, written on request beside a report's own files. Each is one file and one line in
//! [`Form::ALL`].

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::draft::Drafts;
use super::survey::Survey;
use super::{ReportError, Run, convokit, gexf};
use crate::policy::Policy;

/// A form of [`Form::ALL`]: `convokit` or `gexf`.
#[derive(Clone, Copy)]
pub struct Form {
    name: &'static str,
    /// The file or folder that it is written to.
    path: &'static str,
    write: fn(&Facts<'_>, &mut Drafts) -> Result<(), ReportError>,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 2] = [
        Self { name: "convokit", path: "convokit", write: convokit::write },
        Self { name: "gexf", path: "network.gexf", write: gexf::write },
    ];

    /// The word of the command line.
    pub fn as_str(self) -> &'static str {
        self.name
    }

    /// The file or folder that it is written to, in the folder of the report.
    pub fn path(self) -> &'static str {
        self.path
    }

    pub(super) fn write(self, facts: &Facts<'_>, drafts: &mut Drafts) -> Result<(), ReportError> {
        (self.write)(facts, drafts)
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Form {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl FromStr for Form {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|form| form.name == word).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|form| form.name).collect();
            format!("unknown form `{word}`; known: {}", known.join(", "))
        })
    }
}

/// What a form is written from.
pub(super) struct Facts<'a> {
    /// The scores file.
    pub(super) scores: &'a Path,
    pub(super) policy: &'a Policy,
    pub(super) run: &'a Run,
    pub(super) survey: &'a Survey<'a>,
}
