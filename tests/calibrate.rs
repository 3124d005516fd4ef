//! Score maps: fitted by `comity calibrate`, and applied by `--calibration`.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function

use std::fs;
use std::path::{Path, PathBuf};

use comity::decimal;
use comity::evaluate::Target;
use comity::label::Label;
use comity::pipeline::{
    self, CalibrateRequest, CalibrationReport, EvaluateRequest, LabelledColumns, PipelineError,
};
use comity::policy::Policy;
use comity::record::ledger;
use comity::score::Scorer;
use comity::score_map::{MapKind, ScoreMap};
use tempfile::TempDir;

use crate::pipeline::{assert_same, export_of, files, request, score, tiny, with, with_causes};

/// A folder with texts, the scores of another service for them, and decisions.
struct Case {
    folder: TempDir,
    texts: Vec<String>,
}

/// The score that the other service gives for one of the tiny model's, which all are near 0.88.
fn theirs(score: f64) -> f64 {
    decimal::round(((score - 0.85) * 15.0).clamp(0.0, 1.0))
}

impl Case {
    fn new() -> Self {
        let words = ["harbour", "geese", "baker", "winter", "clock", "stone", "you", "fool", "lamp"];
        let text = |n: usize| format!("The {} of the {} {n}", words[n % 9], words[n / 9 % 9]);
        let texts: Vec<String> = (0..400).map(text).collect();
        let outcomes = tiny().build().unwrap().score(&texts).unwrap();
        let mut csv = "text,their toxicity,removed,threat\n".to_owned();
        for (n, (text, outcome)) in texts.iter().zip(&outcomes).enumerate() {
            let score = outcome.scores().unwrap().get(Label::Toxicity).unwrap();
            let removed = if theirs(score) > 0.45 { "yes" } else { "no" };
            let blank = if n % 7 == 0 { String::new() } else { format!("{:.2}", theirs(score) / 2.0) };
            csv += &format!("{text},{},{removed},{blank}\n", theirs(score));
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("old.csv"), csv).unwrap();
        Self { folder, texts }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn request(&self, out: &str, columns: &[(Label, &str)]) -> CalibrateRequest {
        let mut request = CalibrateRequest::new(self.at("old.csv"), "text", self.at(out));
        request.columns = columns.iter().map(|(label, name)| (*label, (*name).to_owned())).collect();
        request.scorer = tiny();
        request
    }

    fn calibrate(&self, out: &str, columns: &[(Label, &str)]) -> Result<CalibrationReport, PipelineError> {
        pipeline::calibrate(&self.request(out, columns), &|_| {})
    }

    /// Calibrates toxicity, and reads the map.
    fn map(&self) -> ScoreMap {
        self.calibrate("map.toml", &[(Label::Toxicity, "their toxicity")]).unwrap();
        ScoreMap::parse(&fs::read_to_string(self.at("map.toml")).unwrap()).unwrap()
    }
}

#[test]
fn a_map_recovers_the_scores_of_another_service() {
    let case = Case::new();
    let columns = [(Label::Toxicity, "their toxicity")];
    let report = case.calibrate("map.toml", &columns).unwrap();
    assert_eq!((report.rows, report.unscored, report.rejects), (400, 0, 0));
    let [toxicity] = &report.labels[..] else { panic!("{report:?}") };
    assert_eq!((toxicity.map.rows, toxicity.map.kind), (400, MapKind::Scores));
    let labels = case.calibrate("labels.toml", &[(Label::Toxicity, "removed")]).unwrap();
    assert_eq!((labels.labels[0].map.rows, labels.labels[0].map.kind), (400, MapKind::Labels));
    assert!(toxicity.map.before.mean_absolute > 0.2, "{:?}", toxicity.map.before);
    assert!(toxicity.map.after.mean_absolute < 0.01, "{:?}", toxicity.map.after);
    let half = &toxicity.thresholds[0];
    assert!((half.score.unwrap() - (0.85 + 0.5 / 15.0)).abs() < 1e-3, "{half:?}");
    assert!(half.after.agreement.unwrap().share > 0.99);

    let map = fs::read_to_string(case.at("map.toml")).unwrap();
    let parsed = ScoreMap::parse(&map).unwrap();
    assert_eq!((parsed.name.as_str(), parsed.source.file.as_str()), ("map", "old.csv"));
    assert_eq!((parsed.model.name.as_str(), parsed.model.version.as_str()), ("tiny", "1"));
    assert!(case.texts.iter().all(|text| !map.contains(text.as_str())) && !map.contains("harbour"));

    let mut again = case.request("again/map.toml", &columns);
    fs::create_dir(case.at("again")).unwrap();
    again.scorer = tiny().threads(2).batch(7);
    assert_eq!(pipeline::calibrate(&again, &|_| {}).unwrap(), report);
    assert_eq!(fs::read_to_string(case.at("again/map.toml")).unwrap(), map);
}

#[test]
fn blank_cells_are_skipped_and_other_words_are_rejects() {
    let case = Case::new();
    let mut csv = fs::read_to_string(case.at("old.csv")).unwrap();
    csv += "A text,1.5,no,0.1\nAnother text,high,no,0.1\n   ,0.1,no,0.1\n";
    fs::write(case.at("old.csv"), csv).unwrap();
    let report = case.calibrate("m", &[(Label::Toxicity, "their toxicity"), (Label::Threat, "threat")]);
    let report = report.unwrap();
    assert_eq!((report.rows, report.unscored, report.rejects), (400, 1, 2));
    assert_eq!((report.labels[0].map.rows, report.labels[1].map.rows), (400, 342));
    let rejects: Vec<(u64, u64)> =
        report.first_rejects.iter().map(|reject| (reject.record, reject.line)).collect();
    assert_eq!(rejects, [(401, 402), (402, 403)]);
    assert!(report.first_rejects[0].cause.contains("column `their toxicity`: `1.5` is neither a score"));
}

#[test]
fn what_cannot_be_calibrated_leaves_no_file() {
    let case = Case::new();
    let original = fs::read_to_string(case.at("old.csv")).unwrap();
    let fails = |csv: &str, column: &str, words: &str| {
        fs::write(case.at("old.csv"), csv).unwrap();
        let error = case.calibrate("none.toml", &[(Label::Toxicity, column)]).unwrap_err();
        assert!(with_causes(&error).contains(words), "{words}: {}", with_causes(&error));
        assert!(!case.at("none.toml").exists());
    };
    let head: String = original.split_inclusive('\n').take(12).collect();
    fails(&head, "their toxicity", "column `their toxicity`: 11 scored rows are too few");
    fails(&original, "their score", "no column `their score`");
    fails("text,t\nx,\ny,\n", "t", "no scored row has a label in the column `t`");
    let same: String = (0..40).map(|n| format!("The lamp {n},0.5\n")).collect();
    fails(&format!("text,t\n{same}"), "t", "all rows have the same value");
    fs::write(case.at("old.csv"), &original).unwrap();
    let over = case.calibrate("old.csv", &[(Label::Toxicity, "their toxicity")]).unwrap_err();
    assert!(matches!(over, PipelineError::OverInput { .. }), "{over}");
    assert_eq!(fs::read_to_string(case.at("old.csv")).unwrap(), original);
}

/// The toxicity and all other scores of a scores file.
fn scores(dir: &Path) -> Vec<(Option<f64>, Vec<Option<f64>>)> {
    let rows = ledger::Reader::open(&dir.join(ledger::FILE_NAME)).unwrap();
    rows.map(|row| {
        let outcome = row.unwrap().outcome;
        let score = |label| outcome.scores().and_then(|scores| scores.get(label));
        let others = Label::ALL.into_iter().filter(|label| *label != Label::Toxicity);
        (score(Label::Toxicity), others.map(score).collect())
    })
    .collect()
}

#[test]
fn a_run_has_mapped_scores_and_no_other_difference() {
    let case = Case::new();
    let map = case.map();
    let export = export_of(700, case.folder.path());
    score(&request(&[&export], &case.at("plain"))).unwrap();
    let mapped = with(request(&[&export], &case.at("mapped")), |request| {
        request.scorer = tiny().calibration(map.clone());
    });
    let summary = score(&mapped).unwrap();

    let (plain, mapped) = (scores(&case.at("plain")), scores(&case.at("mapped")));
    assert_eq!(plain.len(), mapped.len());
    let mut changed = 0;
    for ((before, others), (after, same)) in plain.iter().zip(&mapped) {
        assert_eq!(others, same);
        let expected = before.map(|score| decimal::round(map.of(Label::Toxicity).unwrap().knots.at(score)));
        assert_eq!(*after, expected);
        changed += usize::from(before != after);
    }
    assert!(changed > 500, "{changed}");

    assert_eq!(summary.run.settings["calibration"], map.identity());
    assert!(summary.run.model.held_out.is_none());
    let notices = summary.notices.join("\n");
    assert!(notices.contains("mapped by the calibration map ("), "{notices}");
    let plain = String::from_utf8(files(&case.at("plain"))["run.json"].clone()).unwrap();
    assert!(!plain.contains("calibration"), "{plain}");
}

#[test]
fn runs_of_different_maps_do_not_mix() {
    let case = Case::new();
    let map = case.map();
    let mut other = map.clone();
    other.labels[0].rows += 1;
    let export = export_of(300, case.folder.path());
    let of = |out: &str, map: Option<&ScoreMap>, part: Option<&str>| {
        with(request(&[&export], &case.at(out)), |request| {
            request.scorer = map.map_or(tiny(), |map| tiny().calibration(map.clone()));
            request.shard = part.map(|part| part.parse().unwrap());
        })
    };
    for (index, map) in [None, Some(&map), Some(&other)].into_iter().enumerate() {
        score(&of(&format!("first-{index}"), map, Some("1/2"))).unwrap();
        score(&of(&format!("second-{index}"), map, Some("2/2"))).unwrap();
        score(&of(&format!("whole-{index}"), map, None)).unwrap();
    }
    for index in 0..3 {
        for another in 0..3 {
            let parts = [case.at(&format!("first-{index}")), case.at(&format!("second-{another}"))];
            let merged = pipeline::merge(&parts, &case.at("merged"), &Policy::built_in(), &[], &[]);
            let map = [None, Some(&map), Some(&other)][another];
            let reuse = with(of("reusing", map, None), |request| {
                request.reuse = Some(case.at(&format!("whole-{index}")));
            });
            let reused = score(&reuse);
            if index == another {
                merged.unwrap();
                reused.unwrap();
                let whole = files(&case.at(&format!("whole-{index}")));
                assert_same(&files(&case.at("merged")), &whole, "merged");
                assert_same(&files(&case.at("reusing")), &whole, "reused");
            } else {
                for error in [merged.err().unwrap(), reused.err().unwrap()] {
                    let message = with_causes(&error);
                    assert_eq!(message.matches("--calibration").count(), 1, "{message}");
                }
            }
        }
    }

    // An interrupted run is continued with the same map only.
    fs::rename(case.at("whole-1/run.json"), case.at("run.json")).unwrap();
    let run = fs::read_to_string(case.at("run.json")).unwrap();
    let run: serde_json::Value = serde_json::from_str(&run).unwrap();
    let input = |key: &str| run["inputs"][0][key].clone();
    let start = serde_json::json!({
        "version": run["version"], "settings": run["settings"], "model": run["model"],
        "engine": run["engine"], "inputs": [{"file": input("file"), "bytes": input("bytes")}],
    });
    fs::write(case.at("whole-1/unfinished.json"), start.to_string()).unwrap();
    let resume = |map| score(&with(of("whole-1", map, None), |request| request.resume = true));
    let message = with_causes(&resume(None).err().unwrap());
    assert!(
        message.contains("--calibration was map (") && message.contains("now it is not given"),
        "{message}"
    );
    resume(Some(&map)).unwrap();
}

#[test]
fn eval_measures_mapped_scores() {
    let case = Case::new();
    let map = case.map();
    let columns = LabelledColumns {
        text: "text".to_owned(),
        labels: vec![("toxicity".parse::<Target>().unwrap(), "removed".to_owned())],
        ..LabelledColumns::default()
    };
    let evaluate = |scorer| {
        let mut request = EvaluateRequest::new(case.at("old.csv"), columns.clone());
        request.scorer = scorer;
        request.thresholds = vec![("toxicity".to_owned(), 0.45)];
        request.figures.resamples = 0;
        pipeline::evaluate(&request, &Policy::built_in(), &|_| {}).unwrap()
    };
    let (plain, mapped) = (evaluate(tiny()), evaluate(tiny().calibration(map.clone())));
    assert_eq!((plain.calibration, mapped.calibration), (None, Some(map.identity())));
    // The order is kept, and the threshold of the other service now fits.
    let auc = |metrics: &[comity::evaluate::Figures]| metrics[0].auc.unwrap().value;
    assert!((auc(&plain.labels) - 1.0).abs() < 1e-9 && auc(&mapped.labels) > 0.999);
    let accuracy = |metrics: &[comity::evaluate::Figures]| metrics[0].thresholds[0].accuracy.unwrap().value;
    assert!(accuracy(&plain.labels) < 0.9 && accuracy(&mapped.labels) > 0.99);
}

#[test]
fn a_map_for_another_model_is_refused() {
    let error = tiny().calibration(ScoreMap::perspective()).build().err().unwrap().to_string();
    assert!(error.contains("perspective was made for the model english"), "{error}");
    assert!(error.contains("but the model is tiny 1 (") && error.contains("`comity calibrate`"), "{error}");
    let mut map = Case::new().map();
    map.model.checksum = "0".repeat(64);
    assert!(tiny().calibration(map).build().is_err());
}

#[test]
fn the_shipped_map_is_for_the_embedded_model() {
    let scorer = Scorer::builder().threads(1).calibration(ScoreMap::perspective()).build().unwrap();
    let plain = Scorer::builder().threads(1).build().unwrap();
    let texts = ["You are very kind.", "You are a stupid idiot and everybody hates you."];
    let toxicity = |scorer: &Scorer| -> Vec<f64> {
        let outcomes = scorer.score(&texts).unwrap();
        outcomes.iter().map(|outcome| outcome.scores().unwrap().get(Label::Toxicity).unwrap()).collect()
    };
    let (before, after) = (toxicity(&plain), toxicity(&scorer));
    assert!(after[0] > before[0] && after[0] < 0.2, "{before:?} {after:?}");
    assert!(after[1] > 0.7, "{before:?} {after:?}");
}
