//! Parts of a run and scores of an earlier one: whatever is taken from elsewhere, the bytes are
//! those of scoring it all.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function

use std::fs;
use std::path::{Path, PathBuf};

use comity::pipeline::{self, Finished, MergeError, PipelineError, ScoreRequest};
use comity::policy::Policy;
use comity::record::Column;
use comity::report::Summary;
use comity::score::Scorer;

use crate::pipeline::{assert_same, export_of, files, request, root, with};
use crate::resume::few;

fn score(request: &ScoreRequest) -> Result<Finished, PipelineError> {
    pipeline::score(request, &few(), &|_| {})
}

fn merge(dirs: &[PathBuf], out: &Path) -> Result<Summary, PipelineError> {
    pipeline::merge(dirs, out, &few(), &[], &[])
}

#[test]
fn shards_join_into_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (export, sample) = (export_of(700, folder.path()), root().join("data/sample"));
    let by = vec![Column::Author, Column::Hour];
    let request = |out: &str| with(request(&[&sample, &export], &at(out)), |request| request.by = by.clone());
    score(&request("whole")).unwrap();
    let whole = files(&at("whole"));
    pipeline::report(&at("whole"), &few(), &[], &[Column::File], &[]).unwrap();
    assert_ne!(files(&at("whole")), whole);
    pipeline::report(&at("whole"), &few(), &[], &[], &[]).unwrap();
    assert_same(&files(&at("whole")), &whole, "the report is made again by the columns of the run");
    let shard = |index: u64, of: u64| {
        let out = format!("{of}-{index}");
        let shard = format!("{index}/{of}").parse().unwrap();
        let finished = score(&with(request(&out), |request| request.shard = Some(shard))).unwrap();
        let counts = finished.summary.counts;
        assert_eq!(counts.read, counts.scored + counts.unscored + counts.rejects);
        assert_eq!(counts.rejects > 0, index == 1);
        at(&out)
    };
    // Thirteen threads: of forty parts, most are empty.
    for of in [1, 3, 40] {
        let mut dirs: Vec<PathBuf> = (1..=of).map(|index| shard(index, of)).collect();
        dirs.reverse();
        let out = at(&format!("merged-{of}"));
        merge(&dirs, &out).unwrap();
        assert_same(&files(&out), &whole, &format!("{of} parts"));
    }

    let parts = [at("3-1"), at("3-2"), at("3-3")];
    let refused = |dirs: &[&Path], words: &str| {
        let dirs: Vec<PathBuf> = dirs.iter().map(|dir| dir.to_path_buf()).collect();
        let message = merge(&dirs, &at("refused")).err().unwrap().to_string();
        assert!(message.contains(words), "{message}");
    };
    refused(&[&parts[0], &parts[2]], "missing: 2/3; name their folders too");
    refused(&[&parts[0], &parts[1], &parts[2], &parts[1]], "are both part 2/3");
    refused(&[&parts[0], &at("40-2")], "one is of 3 parts, the other of 40");
    refused(&[&parts[0], &at("whole")], "it was scored without --shard");
    refused(&[&parts[0], folder.path()], "contains no run");
    assert!(!at("refused").exists());
    let into_part = merge(&parts, &parts[0]);
    assert!(matches!(into_part, Err(PipelineError::Merge(MergeError::IntoPart { .. }))));
    let all =
        "name = \"all\"\n[[rule]]\nname = \"all\"\nlabel = \"insult\"\nthreshold = 0.0\naction = \"reject\"";
    let other_policy = pipeline::merge(&parts, &at("refused"), &Policy::parse(all).unwrap(), &[], &[]);
    assert!(matches!(other_policy, Err(PipelineError::Merge(MergeError::Policy { .. }))));

    let other_by = with(request("other-by"), |request| {
        request.shard = Some("2/3".parse().unwrap());
        request.by = vec![Column::Author];
    });
    score(&other_by).unwrap();
    refused(&[&parts[0], &at("other-by"), &parts[2]], "--by: author,hour and author; or name");

    let other = with(request("limited"), |request| {
        request.shard = Some("2/3".parse().unwrap());
        request.limit = Some(100);
    });
    score(&other).unwrap();
    refused(&[&parts[0], &at("limited"), &parts[2]], "no parts of one run: --limit: not given and 100");
    fs::write(&export, fs::read_to_string(root().join("data/sample/town-square.csv")).unwrap()).unwrap();
    let changed = with(request("changed"), |request| request.shard = Some("3/3".parse().unwrap()));
    score(&changed).unwrap();
    refused(&[&parts[0], &parts[1], &at("changed")], "the size of ");
}

#[test]
fn reused_scores_are_the_scores() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("first")).unwrap();
    let yesterday = export_of(500, &at("first"));
    let today = export_of(800, folder.path());
    score(&request(&[&yesterday], &at("yesterday"))).unwrap();
    let anew = score(&request(&[&today], &at("anew"))).unwrap();
    assert_eq!(anew.reused, 0);
    let again = |reuse: &str, out: &str| {
        with(request(&[&today], &at(out)), |request| request.reuse = Some(at(reuse)))
    };
    let reused = score(&again("yesterday", "reusing")).unwrap();
    assert!((300..600).contains(&reused.reused), "{}", reused.reused);
    assert_same(&files(&at("reusing")), &files(&at("anew")), "reused");

    // A run that was interrupted has scores as well.
    let scores = fs::read(at("yesterday/scores.csv")).unwrap();
    fs::create_dir(at("torn")).unwrap();
    fs::write(at("torn/scores.csv"), &scores[..scores.len() / 2]).unwrap();
    let run = fs::read_to_string(at("yesterday/run.json")).unwrap();
    fs::write(at("torn/run.json"), &run).unwrap();
    assert!(score(&again("torn", "reusing")).is_err(), "a whole run has whole rows");
    fs::remove_file(at("torn/run.json")).unwrap();
    let run: serde_json::Value = serde_json::from_str(&run).unwrap();
    let start = serde_json::json!({
        "version": run["version"], "settings": run["settings"], "model": run["model"], "engine": run["engine"],
        "inputs": [{"file": "other.csv", "bytes": 7}],
    });
    fs::write(at("torn/unfinished.json"), start.to_string()).unwrap();
    let reused = score(&again("torn", "reusing")).unwrap();
    assert!((100..300).contains(&reused.reused), "{}", reused.reused);
    assert_same(&files(&at("reusing")), &files(&at("anew")), "reused of a torn run");

    let mut other_model = again("yesterday", "refused");
    other_model.scorer = Scorer::builder();
    let refused = |request: &ScoreRequest, words: &str| {
        let message = score(request).err().unwrap().to_string();
        assert!(message.contains(words), "{message}");
    };
    refused(&other_model, "cannot be reused: the model was tiny 1 (");
    refused(&again("nowhere", "refused"), "contains no run whose scores could be reused");
    refused(&again("anew", "anew"), "cannot be reused for itself");
    let old = start.to_string().replacen(env!("CARGO_PKG_VERSION"), "0.0.1", 1);
    fs::write(at("torn/unfinished.json"), old).unwrap();
    refused(&again("torn", "refused"), "the version of comity was 0.0.1");
}

/// Texts whose spelling hides words, so that what the model reads is not the text itself: reused or
/// scored from scratch, in any order and among any others, a text has the same scores.
#[test]
fn reused_scores_of_disguised_texts_are_those_of_a_run_from_scratch() {
    const DISGUISED: [&str; 3] = [
        "th0se refu g33s 4re f*ck1ng m0r0ns 4nd cr00ks",
        "th0se s0ldi ers 4re f*ck1ng 1d10ts, 4ll of th3m",
        "You are a l1ttle m0ron, really.",
    ];
    const SPELT_OUT: [&str; 4] = [
        "those refu gees are fucking morons and crooks",
        "those refugees are fucking morons and crooks",
        "You are a little moron, really.",
        "What a nice town!",
    ];
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let run = |name: &str, texts: &[&str], reuse: Option<&str>| {
        let (input, out) = (at("export.ndjson"), at(name));
        let lines = texts
            .iter()
            .enumerate()
            .map(|(n, text)| serde_json::json!({"thread": n.to_string(), "text": text}));
        fs::write(&input, lines.map(|line| format!("{line}\n")).collect::<String>()).unwrap();
        let request = with(request(&[&input], &out), |request| {
            request.scorer = Scorer::builder();
            request.reuse = reuse.map(at);
        });
        (score(&request).unwrap().reused, files(&out))
    };
    let [both, reversed] = [[&DISGUISED[..], &SPELT_OUT].concat(), [&SPELT_OUT[..], &DISGUISED].concat()];
    for texts in [&both, &reversed] {
        let (_, from_scratch) = run("scratch", texts, None);
        for (earlier, texts_of_earlier) in [
            ("disguised", &DISGUISED[..]),
            ("spelt-out", &SPELT_OUT),
            ("all", &both),
            ("reversed", &reversed),
        ] {
            run(earlier, texts_of_earlier, None);
            let (reused, files) = run("reusing", texts, Some(earlier));
            assert_same(&files, &from_scratch, earlier);
            assert_eq!(reused, texts_of_earlier.len() as u64, "every text of the earlier run is reused");
        }
    }
}
