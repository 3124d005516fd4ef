//! The cost of a comment, stage by stage, on one thread and on two: `cargo bench --bench speed`.
//!
//! - `encode`: text to token ids;
//! - `read`: normalising and the search for hidden words, in plain and in disguised texts;
//! - `kernel`: token ids to logits, by each kernel that this processor can run and by the reference
//!   in 32 bits;
//! - `one`: one comment alone, from text to scores, as a server would score it;
//! - `score`: the scoring stage as `comity score` runs it, with one thread and with two; twice the
//!   threads should do twice as much.
//!
//! The texts are made here, of the words of `data/sample` in random order, so that everybody
//! measures the same: 40 words on average, and as unequal in length as comments are. Ratios to
//! other people's engines: `scripts/bench-peers`.

#![allow(clippy::print_stderr, reason = "a bench speaks to the one who runs it")]

use std::hint::black_box;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use comity::comment::{Comment, Origin};
use comity::engine::{self, Batch};
use comity::evade::{Evasion, disguise};
use comity::model::Model;
use comity::score::Scorer;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

const SAMPLE: &str = include_str!("../data/sample/bell-tower.txt");
const TEXTS: usize = 128;
const ENGINES: [&str; 7] = [
    "native:amx",
    "native:avx512",
    "native:avxvnni",
    "native:avx2",
    "native:neon",
    "native:scalar",
    "native:f32",
];

/// Texts of 4 to 160 words, short ones more often.
fn texts(count: usize) -> Vec<String> {
    let words: Vec<&str> = SAMPLE.split_whitespace().collect();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut below = |bound: usize| random.next_u32() as usize % bound;
    let mut text = || {
        let length = 4 + (below(157) * below(157)) / 157;
        (0..length).map(|_| words[below(words.len())]).collect::<Vec<_>>().join(" ")
    };
    (0..count).map(|_| text()).collect()
}

fn comments(texts: &[String]) -> Vec<Comment> {
    let comment = |(number, text): (u64, &String)| {
        Comment::new(
            number.to_string(),
            "t",
            text.as_str(),
            Origin { file: "x".into(), record: number, line: number },
        )
    };
    (1..).zip(texts).map(comment).collect()
}

fn encode(criterion: &mut Criterion) {
    let (model, texts) = (Model::embedded().expect("the embedded model"), texts(TEXTS));
    let mut group = criterion.benchmark_group("encode");
    group.throughput(Throughput::Elements(texts.len() as u64));
    group.bench_function("ids", |bench| {
        bench.iter(|| texts.iter().map(|text| model.encoder.encode(text).expect("ids").len()).sum::<usize>());
    });
    group.finish();
}

fn hidden(criterion: &mut Criterion) {
    let texts = texts(TEXTS);
    let scorer = Scorer::builder().build().expect("the embedded model");
    let disguised: Vec<String> = texts.iter().map(|text| disguise(text, Evasion::Leet)).collect();
    let mut group = criterion.benchmark_group("read");
    group.throughput(Throughput::Elements(texts.len() as u64));
    for (name, texts) in [("plain", &texts), ("disguised", &disguised)] {
        group.bench_with_input(BenchmarkId::from_parameter(name), texts, |bench, texts| {
            bench.iter(|| texts.iter().filter(|text| scorer.read(text).folded.is_some()).count());
        });
    }
    group.finish();
}

fn kernel(criterion: &mut Criterion) {
    let model = Model::embedded().expect("the embedded model");
    let texts = texts(32);
    let mut batch = Batch::new();
    texts.iter().for_each(|text| batch.push(&model.encoder.encode(text).expect("ids")));
    let mut group = criterion.benchmark_group("kernel");
    group.throughput(Throughput::Elements(texts.len() as u64)).sample_size(10);
    for name in ENGINES {
        match engine::open(name, &model) {
            Ok(engine) => {
                group.bench_function(name, |bench| {
                    bench.iter(|| engine.logits(black_box(&batch)).expect("logits"));
                });
            }
            Err(error) => eprintln!("kernel/{name}: skipped: {error}"),
        }
    }
    group.finish();
}

fn one(criterion: &mut Criterion) {
    let scorer = Scorer::builder().build().expect("the embedded model");
    let texts = texts(1);
    criterion.bench_function("one", |bench| {
        bench.iter(|| {
            scorer
                .score_texts(&[&scorer.read(black_box(&texts[0]))], &AtomicBool::new(false), &|_| ())
                .expect("scores")
        });
    });
}

fn score(criterion: &mut Criterion) {
    let comments = comments(&texts(TEXTS * 4));
    let mut group = criterion.benchmark_group("score");
    group
        .throughput(Throughput::Elements(comments.len() as u64))
        .sample_size(10)
        .measurement_time(Duration::from_secs(20));
    for threads in [1, 2] {
        let scorer = Scorer::builder().threads(threads).build().expect("the embedded model");
        group.bench_function(BenchmarkId::new("threads", threads), |bench| {
            // A new session each time: one remembers the texts that it has scored.
            let fresh = || (scorer.session(), comments.clone());
            bench.iter_batched(
                fresh,
                |(mut session, comments)| session.score(comments, &|_| ()).expect("scores"),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(speed, encode, hidden, kernel, one, score);
criterion_main!(speed);
