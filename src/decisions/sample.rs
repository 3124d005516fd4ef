//! A sample of the comments that were not flagged, to find out what the rules miss.

use std::io;
use std::path::{Path, PathBuf};

use comity_core::statistics::{Drawn, STRATA, allocate, stratum_of};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::decimal;
use crate::files::{self, Staged};
use crate::label::Label;
use crate::policy::Policy;
use crate::record::ledger::{self, LedgerError};
use crate::record::{Scored, Scores, row};

/// Name of the sample's file in a report's folder.
pub const SAMPLE: &str = "sample.csv";

/// Columns of the sample. Scores are left out: who judges should not know them.
const COLUMNS: [&str; 14] = [
    "thread",
    "id",
    "author",
    "created_at",
    "text",
    "decision",
    "reason",
    "actor",
    "time",
    "quotes",
    "link",
    "stratum",
    "stratum_size",
    "weight",
];

/// A drawn sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The file.
    pub path: PathBuf,
    /// Scored comments that were not flagged, and those drawn, by stratum; the least toxic first.
    pub strata: Vec<(u64, u64)>,
}

/// A sample could not be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// The scores could not be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// There is one, and it may contain decisions.
    #[error("{path} exists and may contain decisions; move it away first", path = path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file could not be written.
    #[error("cannot write {path}", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// Draws `count` of the scored comments in `dir` that `policy` does not flag, or all where there
/// are fewer, and writes them to [`SAMPLE`] in `dir`, in input order. The same scores, policy,
/// count and seed draw the same comments.
///
/// Stratified by toxicity. How many of a stratum are drawn follows Neyman's allocation in whole
/// numbers (Wright 2012, The American Statistician 66:217-224), its spread guessed from the
/// calibrated scores, and at least two. Within a stratum every subset is equally likely: selection
/// sampling (Fan, Muller and Rezucha 1962, JASA 57:387-402; Knuth, The Art of Computer Programming
/// 3.4.2, algorithm S). `weight` is how many comments a drawn one stands for.
///
/// # Errors
/// [`SampleError`]: the scores cannot be read, there is a sample already, or it cannot be written.
pub fn draw(dir: &Path, policy: &Policy, count: u64, seed: u64) -> Result<Sample, SampleError> {
    let path = dir.join(SAMPLE);
    if path.symlink_metadata().is_ok() {
        return Err(SampleError::Exists { path });
    }
    let scores_path = dir.join(ledger::FILE_NAME);
    let mut strata = [Drawn::default(); STRATA];
    for scored in ledger::Reader::open(&scores_path)? {
        let scored = scored?;
        if let Some(scores) = unflagged(policy, &scored) {
            let toxicity = scores.get(Label::Toxicity);
            strata[stratum_of(toxicity)].add(toxicity);
        }
    }
    allocate(&mut strata, count);

    let failed = |source| SampleError::Write { path: path.clone(), source };
    let (staged, draft) = Staged::create(dir, SAMPLE).map_err(failed)?;
    let mut csv = csv::Writer::from_writer(draft);
    csv.write_record(COLUMNS).map_err(|error| failed(error.into()))?;
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let mut random = ChaCha8Rng::from_seed(key);
    let mut left = strata.map(|stratum| (stratum.size, stratum.drawn));
    for scored in ledger::Reader::open(&scores_path)? {
        let scored = scored?;
        let Some(scores) = unflagged(policy, &scored) else { continue };
        let number = stratum_of(scores.get(Label::Toxicity));
        // Rows that came since the first reading are of the next sample.
        let (rows, wanted) = &mut left[number];
        if *rows == 0 {
            continue;
        }
        let is_drawn = (u128::from(random.next_u64()) * u128::from(*rows)) >> 64 < u128::from(*wanted);
        *rows -= 1;
        if is_drawn {
            *wanted -= 1;
            csv.write_record(cells(&scored, number, &strata[number]))
                .map_err(|error| failed(error.into()))?;
        }
    }
    files::end_csv(csv).and_then(files::finish).map_err(failed)?;
    match staged.publish_new() {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(SampleError::Exists { path });
        }
        published => published.and_then(|()| files::sync_folder(dir)).map_err(failed)?,
    }
    Ok(Sample { path, strata: strata.iter().map(|stratum| (stratum.size, stratum.drawn)).collect() })
}

/// The scores of a comment that has some and that the policy does not flag.
fn unflagged<'a>(policy: &Policy, scored: &'a Scored) -> Option<&'a Scores> {
    let is_flagged = policy.decide(scored).is_some_and(|decision| decision.is_flagged());
    scored.outcome.scores().filter(|_| !is_flagged)
}

fn cells(scored: &Scored, number: usize, stratum: &Drawn) -> [String; COLUMNS.len()] {
    COLUMNS.map(|column| match column {
        "stratum" => number.to_string(),
        "stratum_size" => stratum.size.to_string(),
        "weight" => decimal::cell(Some(stratum.size as f64 / stratum.drawn as f64)),
        // What is to be filled in is no column of a scored comment, and blank.
        _ => row::value(scored, column).map(|value| value.cell().into_owned()).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::*;
    use crate::comment::{Comment, Origin};
    use crate::record::Outcome;

    /// Returns a folder with the scores of this many comments, of which each tenth is flagged.
    fn folder(comments: u64) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(ledger::FILE_NAME);
        let mut writer = ledger::Writer::new(File::create(&path).unwrap(), &path).unwrap();
        for n in 0..comments {
            let mut probabilities = [0.0; Label::COUNT];
            probabilities[Label::Toxicity.index()] =
                if n % 10 == 0 { 0.8 } else { (n % 400) as f64 / 1000.0 };
            let origin = Origin { file: "x".into(), record: n + 1, line: n + 2 };
            let comment = Comment::new(n.to_string(), "t", format!("=word {n}"), origin);
            let outcome = Outcome::Scored(Scores::new(probabilities));
            writer.write(&Scored { comment, language: None, evasion: false, outcome }).unwrap();
        }
        writer.finish().unwrap();
        folder
    }

    fn rows(path: &Path) -> Vec<csv::StringRecord> {
        csv::Reader::from_path(path).unwrap().records().map(Result::unwrap).collect()
    }

    #[test]
    fn a_sample_is_the_same_for_the_same_seed_and_weights_add_up() {
        let policy = Policy::built_in();
        let (first, again, other) = (folder(2_000), folder(2_000), folder(2_000));
        let sample = draw(first.path(), &policy, 100, 7).unwrap();
        draw(again.path(), &policy, 100, 7).unwrap();
        draw(other.path(), &policy, 100, 8).unwrap();
        let read = |folder: &tempfile::TempDir| fs::read_to_string(folder.path().join(SAMPLE)).unwrap();
        assert_eq!(read(&first), read(&again));
        assert_ne!(read(&first), read(&other));
        assert_eq!(sample.strata.iter().map(|(_, drawn)| drawn).sum::<u64>(), 100);
        assert_eq!(sample.strata.iter().map(|(size, _)| size).sum::<u64>(), 1_800);
        assert!(sample.strata.iter().all(|(_, drawn)| *drawn >= 2));
        let rows = rows(&sample.path);
        let weights: f64 = rows.iter().map(|row| row[13].parse::<f64>().unwrap()).sum();
        assert!((weights - 1_800.0).abs() < 0.01, "{weights}");
        assert!(rows.iter().all(|row| row[4].starts_with("'=word") && row[5].is_empty()));
        assert!(rows.iter().all(|row| row[1].parse::<u64>().unwrap() % 10 != 0), "none is flagged");
        let error = draw(first.path(), &policy, 100, 7).unwrap_err().to_string();
        assert!(error.contains("may contain decisions"), "{error}");
    }

    #[test]
    fn a_small_export_is_drawn_whole() {
        let folder = folder(20);
        let sample = draw(folder.path(), &Policy::built_in(), 100, 0).unwrap();
        assert_eq!(rows(&sample.path).len(), 18);
        assert!(sample.strata.iter().all(|(size, drawn)| size == drawn));
    }
}
