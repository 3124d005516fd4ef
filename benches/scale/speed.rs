//! Reading, threading, normalizing and writing, compared with a program that only reads JSON lines
//! and writes CSV.

use std::fs::File;
use std::hint::black_box;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::time::Instant;

use comity::comment::Comment;
use comity::label::Label;
use comity::model::Model;
use comity::normalize::normalize;
use comity::read::{Options, Reader, Record};
use comity::record::{Outcome, Scored, Scores, ledger::Writer};
use comity::score::CHUNK_COMMENTS;
use comity::thread::Threader;
use rayon::prelude::*;

/// Rounds; in each, every stage has its turn, so that what else the machine does falls on all of
/// them.
const ROUNDS: usize = 5;

/// Comments whose texts are encoded: it is by far the slowest.
const ENCODED: usize = 20_000;

type Stage = (&'static str, fn(&Path) -> u64);

const STAGES: [Stage; 6] = [
    ("floor: serde_json and csv alone", floor),
    ("read", |export| comments(export).count() as u64),
    ("read, thread", |export| {
        let mut threader = Threader::new();
        comments(export).map(|mut comment| threader.link(&mut comment)).count() as u64
    }),
    ("read, thread, normalise on two threads", |export| through(export, &mut |_| ())),
    ("read, thread, normalise on two threads, write", |export| {
        let mut writer = Writer::new(io::sink(), Path::new("sink")).expect("a sink");
        through(export, &mut |scored| writer.write(scored).expect("a sink"))
    }),
    ("encode, one thread (not part of the above)", encode),
];

/// Prints, for every stage, comments a second of wall time and of processor time, and its processor
/// time divided by the floor's: medians over the rounds.
pub(crate) fn compare(export: &Path) {
    let mut taken: Vec<Vec<(f64, f64)>> = vec![Vec::new(); STAGES.len()];
    let mut counts = [0; STAGES.len()];
    for _ in 0..ROUNDS {
        for (index, (_, stage)) in STAGES.iter().enumerate() {
            let (start, cpu) = (Instant::now(), super::cpu_seconds());
            counts[index] = stage(export);
            taken[index].push((start.elapsed().as_secs_f64(), super::cpu_seconds() - cpu));
        }
    }
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let floor = median(taken[0].iter().map(|(_, cpu)| cpu / counts[0] as f64).collect());
    for (((name, _), taken), count) in STAGES.iter().zip(taken).zip(counts) {
        let wall = median(taken.iter().map(|(wall, _)| *wall).collect()) / count as f64;
        let cpu = median(taken.iter().map(|(_, cpu)| *cpu).collect()) / count as f64;
        println!(
            "{name}: {:.0} comments a second of wall time; {:.2} µs of processors a comment, {:.1} times the floor",
            1.0 / wall,
            cpu * 1e6,
            cpu / floor
        );
    }
}

/// Parses every line and writes its fields.
fn floor(export: &Path) -> u64 {
    let mut csv = csv::Writer::from_writer(io::sink());
    let mut count = 0;
    for line in BufReader::new(File::open(export).expect("the export")).lines() {
        let line = line.expect("the export");
        let Ok(serde_json::Value::Object(record)) = serde_json::from_str(&line) else { continue };
        let cells =
            ["thread", "id", "parent", "author", "created_at", "text"].map(|key| match &record[key] {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            });
        csv.write_record(&cells).expect("a sink");
        count += 1;
    }
    count
}

fn comments(export: &Path) -> impl Iterator<Item = Comment> {
    let reader = Reader::open(&[export.to_owned()], &Options::default()).expect("the export");
    reader.filter_map(|record| match record.expect("the export") {
        Record::Comment(comment) => Some(comment),
        Record::Reject(_) => None,
    })
}

/// Takes comments through all but the model, chunk by chunk as a run does; `each` is given what
/// would be written.
fn through(export: &Path, each: &mut dyn FnMut(&Scored)) -> u64 {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("two threads");
    let mut threader = Threader::new();
    let mut comments = comments(export);
    let mut count = 0;
    loop {
        let mut chunk: Vec<Comment> = comments.by_ref().take(CHUNK_COMMENTS).collect();
        if chunk.is_empty() {
            return count;
        }
        chunk.iter_mut().for_each(|comment| threader.link(comment));
        count += chunk.len() as u64;
        pool.install(|| {
            chunk.par_iter().for_each(|comment| {
                black_box(normalize(&comment.own_words()));
            });
        });
        for comment in chunk {
            let outcome = Outcome::Scored(Scores::new([1.0 / 3.0; Label::COUNT]));
            each(&Scored { comment, language: Some("en".to_owned()), evasion: false, outcome });
        }
    }
}

/// Makes token windows with the embedded model's tokenizer.
fn encode(export: &Path) -> u64 {
    let model = Model::embedded().expect("the embedded model");
    let (most, overlap) = (model.manifest.max_tokens, model.manifest.overlap_tokens);
    comments(export)
        .take(ENCODED)
        .map(|comment| {
            let text = normalize(&comment.text);
            black_box(model.encoder.windows(&text.text, most, overlap).expect("windows"));
        })
        .count() as u64
}
