//! Memory and time as they grow with the length of an export, with the model replaced by arithmetic
//! on token ids.
//!
//! ```text
//! cargo bench --bench scale -- generate 100000 /tmp/export.ndjson   # generates an export of that many comments
//! cargo bench --bench scale -- memory /tmp/export.ndjson /tmp/out   # scores it and reports; peak memory
//! cargo bench --bench scale -- memory-unencoded /tmp/export.ndjson /tmp/out   # the same without the encoder, which takes most of the time
//! cargo bench --bench scale -- report /tmp/out                      # the report alone, from what `memory` left
//! cargo bench --bench scale -- speed /tmp/export.ndjson             # reading to writing, compared with serde_json and csv alone
//! ```
//!
//! docs/performance.md has results.

#![allow(clippy::print_stdout, reason = "a bench speaks to the one who runs it")]

mod export;
mod speed;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use comity::comment::Comment;
use comity::engine::{Batch, Engine, EngineError};
use comity::label::Label;
use comity::normalize::normalize;
use comity::policy::Policy;
use comity::read::{Options, Reader, Record};
use comity::record::{self, ModelId, Outcome, Replies, Run, Scored, Scores, Unscored, ledger};
use comity::report;
use comity::score::{CHUNK_COMMENTS, ModelChoice, Scorer};
use comity::thread::Threader;
use ndarray::Array2;
use rayon::prelude::*;

/// That of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        // What `cargo test --benches` and `cargo bench` without arguments do.
        [] => println!("say what to measure: see the head of benches/scale/"),
        ["generate", comments, path] => {
            export::write(comments.parse().expect("a number of comments"), Path::new(path)).expect("a file");
        }
        ["memory", export, out] => memory(Path::new(export), Path::new(out), true),
        ["memory-unencoded", export, out] => memory(Path::new(export), Path::new(out), false),
        ["report", dir] => {
            measured("report", || {
                report::write(Path::new(dir), &Policy::built_in(), &[], &[], &[]).expect("a report")
            });
        }
        ["speed", export] => speed::compare(Path::new(export)),
        _ => panic!("see the head of benches/scale/"),
    }
}

/// Takes an export through every stage as `pipeline` does, with the tiny model's tokenizer and
/// [`Hashed`]; or, if it is not `encoded`, with scores made of the normalised text.
fn memory(export: &Path, out: &Path, encoded: bool) {
    fs::create_dir_all(out).expect("a folder");
    let run = measured("score", || score(export, out, encoded));
    let file = File::create(out.join(record::RUN)).expect("run.json");
    serde_json::to_writer(file, &run).expect("run.json");
    let counts = measured("report", || {
        report::write(out, &Policy::built_in(), &[], &[], &[]).expect("a report").counts
    });
    println!("{counts:?}");
}

fn score(export: &Path, out: &Path, encoded: bool) -> Run {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models/tiny");
    let scorer =
        Scorer::builder().model(ModelChoice::Folder(folder)).custom_engine(Arc::new(Hashed)).threads(2);
    let scorer = scorer.build().expect("the model");
    let model = scorer.model();
    let mut reader = Reader::open(&[export.to_owned()], &Options::default()).expect("the export");
    let mut threader = Threader::new();
    let mut session = scorer.session();
    let path = out.join(ledger::FILE_NAME);
    let file = BufWriter::new(File::create(&path).expect("scores.csv"));
    let mut writer = ledger::Writer::new(file, &path).expect("scores.csv");
    let (mut read, mut rejects) = (0, 0);
    loop {
        let mut chunk = Vec::new();
        for record in reader.by_ref() {
            read += 1;
            match record.expect("the export") {
                Record::Reject(_) => rejects += 1,
                Record::Comment(mut comment) => {
                    threader.link(&mut comment);
                    chunk.push(comment);
                }
            }
            if chunk.len() == CHUNK_COMMENTS {
                break;
            }
        }
        if chunk.is_empty() {
            break;
        }
        let scored = scorer.install(|| match encoded {
            true => session.score(chunk, &|_| ()).expect("scores"),
            false => chunk.into_par_iter().map(unencoded).collect(),
        });
        scored.iter().for_each(|scored| writer.write(scored).expect("scores.csv"));
    }
    writer.finish().expect("scores.csv").flush().expect("scores.csv");
    let replies = threader.finish().expect("the links");
    println!("{replies:?}");
    Run {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        settings: BTreeMap::new(),
        model: ModelId {
            name: model.manifest.name.clone(),
            version: model.manifest.version.clone(),
            checksum: model.checksum.clone(),
            languages: model.manifest.languages.clone(),
            missing: Vec::new(),
            uncalibrated: false,
            held_out: None,
        },
        engine: Hashed.name().to_owned(),
        inputs: Vec::new(),
        skipped: Vec::new(),
        replies: Replies::default(),
        read,
        rejects,
        by: Vec::new(),
        scores_sha256: None,
        edited: false,
    }
}

/// Does some work and prints its time and memory.
fn measured<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let done = work();
    let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    println!("{what}: {wall:.1} s, {cpu:.1} s of processors, at most {} MB", peak_bytes() / 1_000_000);
    done
}

/// Seconds of user and system time so far, from `/proc`, in hundredths.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in brackets, may hold spaces; what follows begins with field 3.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// The most memory that the process ever had, from `/proc`.
fn peak_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

/// An engine that costs nothing: logits are made of a hash of the ids.
struct Hashed;

impl Engine for Hashed {
    fn name(&self) -> &str {
        "hashed"
    }

    fn logits(&self, batch: &Batch) -> Result<Array2<f32>, EngineError> {
        let mut logits = Array2::zeros((batch.len(), Label::COUNT));
        for (mut row, ids) in logits.rows_mut().into_iter().zip(batch.sequences()) {
            let made = made_up(ids.iter().copied());
            row.iter_mut().zip(made).for_each(|(logit, made)| *logit = made);
        }
        Ok(logits)
    }
}

/// Logits made of a hash. About one comment in a hundred is flagged.
fn made_up(ids: impl Iterator<Item = u32>) -> [f32; Label::COUNT] {
    let hash = ids
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, id| (hash ^ u64::from(id)).wrapping_mul(0x0100_0000_01b3));
    let mut random = export::Random(hash);
    // From -9 up: to -3 for most, to 1 for one in fifty.
    let range = if random.below(50) == 0 { 1000 } else { 600 };
    std::array::from_fn(|_| random.below(range) as f32 / 100.0 - 9.0)
}

/// A comment with scores that no encoder was needed for.
fn unencoded(comment: Comment) -> Scored {
    let text = normalize(&comment.own_words()).text.into_owned();
    let logits = made_up(text.bytes().map(u32::from));
    let probabilities = logits.map(|logit| 1.0 / (1.0 + f64::from(-logit).exp()));
    let outcome = match text.is_empty() {
        true => Outcome::Unscored(Unscored::Empty),
        false => Outcome::Scored(Scores::new(probabilities)),
    };
    Scored { comment, language: Some("en".to_owned()), evasion: false, outcome }
}
