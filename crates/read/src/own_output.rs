//! Comity's own output, distinguished from exports by its content: a report that is read as an
//! export would count every comment several times.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::objects;

/// The number of bytes of a file by which it is recognized.
const HEAD_BYTES: u64 = 64 << 10;
/// Keys of `run.json`, and of `unfinished.json` during a run.
const RUN_KEYS: [&str; 5] = ["version", "settings", "model", "engine", "inputs"];
/// Keys of `summary.json`.
const SUMMARY_KEYS: [&str; 4] = ["counts", "unscored", "prevalence", "policy"];
/// Keys of `explanations.ndjson`.
const EXPLANATION_KEYS: [&str; 4] = ["label", "score", "sentences", "words"];
/// Columns that no export has together: those of `scores.csv`, `decisions.csv` and `flagged.csv`,
/// and `rejects.csv`.
const SCORES_COLUMNS: [&str; 4] = ["text", "toxicity", "severe_toxicity", "unscored"];
const DECISION_COLUMNS: [&str; 4] = ["action", "rule", "score", "threshold"];
/// Columns of every table of means: `threads.csv`, `authors.csv`, `by.csv`, the bins,
/// `network.csv`.
const MEANS_COLUMNS: [&str; 2] = ["scored", "mean_sentiment"];
/// The beginnings of the files that are neither tables nor JSON: `summary.md`, `methods.md`,
/// `network.gexf`.
const TEXTS: [&str; 3] =
    ["# Comity summary\n", "# Methods\n\nA paragraph to paste, what it rests on", "<creator>comity "];
const REJECT_COLUMNS: [&str; 5] = ["file", "record", "line", "bytes", "cause"];

/// Returns true if a folder contains a report, or the beginning of one.
pub(crate) fn is_report(folder: &Path) -> bool {
    ["run.json", "unfinished.json"].iter().any(|name| {
        let mut head = Vec::new();
        let read =
            File::open(folder.join(name)).and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head));
        read.is_ok() && has_keys(&head, &RUN_KEYS)
    })
}

/// The description of a folder with a report.
pub(crate) const REPORT: &str = "a report of comity, not an export";
/// The description of a file of a report.
pub(crate) const FILE: &str = "a file of a comity report, not an export";

/// The remedy for such a file outside of a report.
pub(crate) const INSIST: &str = "name the export that was scored, or a --format to read it all the same";

/// Returns the remedy for reading a report as an export.
pub(crate) fn remedy(folder: &Path) -> String {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let (folder, scores) = (folder.display(), folder.join("scores.csv"));
    format!(
        "`comity report {folder}` writes its pages again; name {} to score its comments again, and any other export in it \
         by itself",
        scores.display()
    )
}

/// Returns true if the beginning of a file is that of a report's file. `scores.csv` has the
/// comments of its run, and is an export if the user names it.
pub(crate) fn is_of_report(head: &[u8], is_named: bool) -> bool {
    if head.trim_ascii_start().starts_with(b"{") {
        return [&RUN_KEYS[..], &SUMMARY_KEYS, &EXPLANATION_KEYS].iter().any(|keys| has_keys(head, keys));
    }
    let start = &head[..head.len().min(1 << 10)];
    if TEXTS.iter().any(|text| start.windows(text.len()).any(|window| window == text.as_bytes())) {
        return true;
    }
    let has = |wanted: &[&str]| has_columns(head, wanted);
    has(&DECISION_COLUMNS) || has(&REJECT_COLUMNS) || has(&MEANS_COLUMNS) || !is_named && is_scores(head)
}

/// Returns true if the beginning of a file is that of `scores.csv`, whose cells are guarded.
pub(crate) fn is_scores(head: &[u8]) -> bool {
    has_columns(head, &SCORES_COLUMNS)
}

/// Returns true if the first line names these columns.
fn has_columns(head: &[u8], wanted: &[&str]) -> bool {
    let header = head.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    let columns: Vec<&[u8]> = header.split(|byte| *byte == b',').collect();
    wanted.iter().all(|name| columns.contains(&name.as_bytes()))
}

/// Returns true if the first object has these keys.
fn has_keys(head: &[u8], keys: &[&str]) -> bool {
    let head = head.trim_ascii_start();
    head.starts_with(b"{") && keys.iter().all(|key| objects::is_key_of(head, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_report_are_known_by_their_beginnings() {
        for (head, expected) in [
            ("thread,comments,scored,authors,mean_toxicity,mean_sentiment\nA,1,1,1,0.5,0\n", true),
            ("from,to,replies,scored,toxic,mean_toxicity,mean_sentiment\n", true),
            ("# Comity summary\n\n3 read", true),
            ("<?xml version=\"1.0\"?>\n<gexf>\n <meta>\n  <creator>comity 0.1.0</creator>\n", true),
            ("{\"counts\":{},\"unscored\":{},\"prevalence\":{},\"policy\":\"p\"}", true),
            ("id,text,scored\n1,so,yes\n", false),
            ("# Comity in the valley\n\nAn article.\n", false),
        ] {
            assert_eq!(is_of_report(head.as_bytes(), false), expected, "{head}");
        }
    }
}
