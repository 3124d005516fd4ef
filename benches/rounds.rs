//! Scores the same texts again and again, for `scripts/bench-peers`: a round for every line of
//! standard input, answered by the seconds of processor and wall time that it took. One thread,
//! from texts to logits.
//!
//! ```text
//! cargo bench --bench rounds -- TEXTS.json ENGINE BATCH   # a JSON array of texts
//! cargo bench --bench rounds -- peak                      # billions of products of bytes a second
//! ```
//!
//! After the batch, `--model DIR` takes another model, and `--logits FILE` keeps the logits.

#![allow(clippy::print_stdout, reason = "a bench speaks to the one who runs it")]

use std::fs::{self, File};
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::time::Instant;

use comity::engine::{self, Batch, Engine};
use comity::model::Model;

/// That of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    match &words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // What `cargo test --benches` and `cargo bench` without arguments do.
        [] => println!("say what to measure: see the head of benches/rounds.rs"),
        ["peak"] => println!("{:.0}", peak()),
        [texts, engine, batch, rest @ ..] => {
            let texts: Vec<String> =
                serde_json::from_slice(&fs::read(texts).expect("a file")).expect("an array of texts");
            let (model, logits_file) = options(rest);
            let model = match model {
                Some(dir) => Model::open(Path::new(dir)).expect("a model"),
                None => Model::embedded().expect("the embedded model"),
            };
            let engine = engine::open(engine, &model).expect("an engine");
            let batch = batch.parse().expect("texts in a batch");
            let mut out = io::stdout().lock();
            writeln!(out, "ready").expect("standard output");
            for _line in io::stdin().lock().lines() {
                let (start, before) = (Instant::now(), processor_seconds());
                let logits = round(&model, &*engine, &texts, batch);
                let seconds = (processor_seconds() - before, start.elapsed().as_secs_f64());
                writeln!(out, "{} {}", seconds.0, seconds.1).expect("standard output");
                if let Some(path) = logits_file {
                    serde_json::to_writer(File::create(path).expect("a file"), &logits).expect("a file");
                }
            }
        }
        _ => panic!("see the head of benches/rounds.rs"),
    }
}

/// The folder of another model, and the file for the logits, each if it is named.
fn options<'a>(words: &[&'a str]) -> (Option<&'a str>, Option<&'a str>) {
    let value = |option: &str| words.chunks(2).find(|pair| pair[0] == option).map(|pair| pair[1]);
    (value("--model"), value("--logits"))
}

/// The logits of every text, in order.
fn round(model: &Model, engine: &dyn Engine, texts: &[String], batch: usize) -> Vec<Vec<f32>> {
    let mut queue: Vec<(usize, Vec<u32>)> =
        texts.iter().map(|text| model.encoder.encode(text).expect("ids")).enumerate().collect();
    queue.sort_by_key(|(_, ids)| std::cmp::Reverse(ids.len()));
    let mut all = vec![Vec::new(); texts.len()];
    for chunk in queue.chunks(batch) {
        let mut batch = Batch::new();
        chunk.iter().for_each(|(_, ids)| batch.push(ids));
        let logits = engine.logits(&batch).expect("logits");
        for ((text, _), row) in chunk.iter().zip(logits.rows()) {
            all[*text] = row.to_vec();
        }
    }
    all
}

/// User and system time of this process.
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    // The name of the program, in brackets, may hold blanks.
    let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    let ticks = |field: usize| fields[field].parse::<f64>().expect("a number");
    (ticks(11) + ticks(12)) / 100.0
}

/// The most products of bytes that one core adds up in a second, in billions: independent sums in
/// registers, nothing else.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "intrinsics")]
fn peak() -> f64 {
    use std::arch::x86_64::{_mm512_dpbusd_epi32, _mm512_reduce_add_epi32, _mm512_set1_epi32};

    #[target_feature(enable = "avx512f,avx512vnni")]
    fn run(rounds: u32) -> i32 {
        let factor = _mm512_set1_epi32(0x0102_0304);
        let mut sums = [_mm512_set1_epi32(0); 16];
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = _mm512_dpbusd_epi32(*sum, factor, factor);
            }
        }
        sums.iter().map(|&sum| _mm512_reduce_add_epi32(sum)).fold(0, i32::wrapping_add)
    }
    assert!(is_x86_feature_detected!("avx512vnni"), "this processor has no AVX-512 VNNI");
    const ROUNDS: u32 = 20_000_000;
    let best = (0..5)
        .map(|_| {
            let before = Instant::now();
            // SAFETY: the instructions were found.
            std::hint::black_box(unsafe { run(std::hint::black_box(ROUNDS)) });
            before.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min);
    f64::from(ROUNDS) * 16.0 * 64.0 / best / 1e9
}

#[cfg(not(target_arch = "x86_64"))]
fn peak() -> f64 {
    panic!("known for x86-64 alone")
}
