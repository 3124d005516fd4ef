//! The language gate in whole runs: the model's list and the first comments of the export decide,
//! however the work is divided.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use comity::pipeline::{self, ScoreRequest, Shard};
use comity::policy::Policy;
use comity::score::ModelChoice;

use crate::pipeline::{assert_same, files, request, root, score, tiny, with};
use crate::resume::few;

const ENGLISH: [&str; 8] = [
    "The ferry was late again this morning",
    "Who decided to close the bakery on Sundays?",
    "so true",
    "I have been saying this for years and nobody listens",
    "kys",
    "Great article!!!",
    "What a waste of money",
    "They should have asked the people who live there first",
];
const SPANISH: [&str; 8] = [
    "El barco llegó tarde otra vez esta mañana",
    "¿Quién decidió cerrar la panadería los domingos?",
    "jajaja",
    "Llevo años diciendo esto y nadie me escucha",
    "payaso",
    "no",
    "Qué manera de tirar el dinero",
    "Primero tenían que haber preguntado a los que viven allí",
];

/// Writes a CSV of these texts, in nine threads.
fn export(folder: &Path, texts: impl IntoIterator<Item = &'static str>) -> PathBuf {
    let rows = texts.into_iter().enumerate();
    let rows: String = rows.map(|(place, text)| format!("t{},{place},\"{text}\"\n", place % 9)).collect();
    let path = folder.join("export.csv");
    fs::write(&path, format!("thread,id,text\n{rows}")).unwrap();
    path
}

/// The model of the tests with another list of languages.
fn model(folder: &Path, name: &str, languages: &str) -> PathBuf {
    let copy = folder.join("model");
    fs::create_dir_all(&copy).unwrap();
    for file in fs::read_dir(root().join("tests/models").join(name)).unwrap() {
        let file = file.unwrap().path();
        fs::copy(&file, copy.join(file.file_name().unwrap())).unwrap();
    }
    let manifest = copy.join("manifest.json");
    if let Ok(text) = fs::read_to_string(&manifest) {
        let text = text.replace("[\n  \"en\"\n ]", languages);
        assert!(text.contains(languages), "{text}");
        fs::write(manifest, text).unwrap();
    }
    copy
}

/// Counts how often each text was turned away, and how often it was not.
fn turned_away(out: &Path) -> BTreeMap<String, (u64, u64)> {
    let mut found: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut rows = csv::Reader::from_path(out.join("scores.csv")).unwrap();
    let head = rows.headers().unwrap().clone();
    let column = |name: &str| head.iter().position(|column| column == name).unwrap();
    for row in rows.records().map(Result::unwrap) {
        let counts = found.entry(row[column("text")].to_owned()).or_default();
        match &row[column("unscored")] {
            "language" => counts.0 += 1,
            _ => counts.1 += 1,
        }
    }
    found
}

/// The cautions of each flagged comment.
fn cautions(out: &Path) -> Vec<String> {
    let mut rows = csv::Reader::from_path(out.join("flagged.csv")).unwrap();
    let column = rows.headers().unwrap().iter().position(|column| column == "cautions").unwrap();
    rows.records().map(|row| row.unwrap()[column].to_owned()).collect()
}

#[test]
fn short_texts_are_in_the_language_of_the_export() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    for (texts, is_foreign) in [(ENGLISH, false), (SPANISH, true)] {
        let export = export(folder.path(), texts.into_iter().cycle().take(80));
        score(&request(&[&export], &out)).unwrap();
        for (text, (away, scored)) in turned_away(&out) {
            assert_eq!((away > 0, scored > 0), (is_foreign, !is_foreign), "{text:?}: {away} and {scored}");
        }
    }
}

#[test]
fn the_list_of_the_model_decides() {
    let folder = tempfile::tempdir().unwrap();
    let export = export(folder.path(), ENGLISH.into_iter().cycle().take(80));
    let run = |model: PathBuf| {
        let out = folder.path().join("out");
        score(&with(request(&[&export], &out), |request| {
            request.scorer = tiny().model(ModelChoice::Folder(model));
        }))
        .unwrap();
        (turned_away(&out), cautions(&out))
    };
    let sum = |texts: &BTreeMap<String, (u64, u64)>| {
        texts.values().fold((0, 0), |(away, scored), text| (away + text.0, scored + text.1))
    };
    let (texts, _) = run(model(folder.path(), "tiny", "[\"de\"]"));
    for (text, (away, scored)) in texts {
        // Two words that a German could write as well say too little.
        if text != "so true" {
            assert!(away > 0 && scored == 0, "a model of German: {text:?}: {away} and {scored}");
        }
    }
    let (texts, _) = run(model(folder.path(), "tiny", "[\"de\", \"en\"]"));
    assert_eq!(sum(&texts), (0, 80));
    for (name, languages) in [("tiny", "[]"), ("tiny-distilbert", "")] {
        fs::remove_dir_all(folder.path().join("model")).unwrap();
        let (texts, cautions) = run(model(folder.path(), name, languages));
        assert_eq!(sum(&texts), (0, 80), "a model that names no languages");
        assert!(!cautions.is_empty() && cautions.iter().all(|cautions| !cautions.contains("language")));
    }
}

#[test]
fn how_a_run_is_divided_does_not_change_what_is_turned_away() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // The head is Spanish; what follows is not.
    let texts = SPANISH.into_iter().cycle().take(1_100).chain(ENGLISH.into_iter().cycle().take(900));
    let export = export(folder.path(), texts);
    let request = |out: &str| request(&[&export], &at(out));
    let run = |request: &ScoreRequest| pipeline::score(request, &few(), &|_| {}).unwrap();
    run(&request("whole"));
    let whole = files(&at("whole"));
    let away = turned_away(&at("whole"));
    assert!(away["jajaja"].0 > 100 && away["What a waste of money"] == (0, 112), "{away:?}");

    for (threads, batch) in [(1, 1), (3, 7)] {
        let mut request = request("divided");
        request.scorer = tiny().threads(threads).batch(batch);
        run(&request);
        assert_same(&files(&at("divided")), &whole, &format!("{threads} threads, batch {batch}"));
    }

    let shards: Vec<PathBuf> = (1..=3)
        .map(|index| {
            let shard: Shard = format!("{index}/3").parse().unwrap();
            let name = format!("part {index}");
            run(&with(request(&name), |request| request.shard = Some(shard)));
            at(&name)
        })
        .collect();
    pipeline::merge(&shards, &at("merged"), &few(), &[], &[]).unwrap();
    assert_same(&files(&at("merged")), &whole, "three shards");

    let stopped = request("resumed");
    let stop = stopped.stop.clone();
    let ended = pipeline::score(&stopped, &few(), &|progress| {
        stop.store(progress.scored > 0, Ordering::Relaxed);
    });
    assert!(ended.is_err());
    let resumed = run(&with(request("resumed"), |request| request.resume = true));
    assert!((1..2_000).contains(&resumed.kept), "{}", resumed.kept);
    assert_same(&files(&at("resumed")), &whole, "stopped and resumed");

    run(&with(request("reusing"), |request| request.reuse = Some(at("whole"))));
    assert_same(&files(&at("reusing")), &whole, "reused");
}

#[test]
fn a_limit_bounds_the_head() {
    let folder = tempfile::tempdir().unwrap();
    let export = export(folder.path(), SPANISH.into_iter().chain(ENGLISH).cycle().take(80));
    let out = folder.path().join("out");
    let limited = with(request(&[&export], &out), |request| request.limit = Some(8));
    let summary = pipeline::score(&limited, &Policy::built_in(), &|_| {}).unwrap().summary;
    assert_eq!((summary.counts.read, summary.counts.unscored), (8, 8));
}
