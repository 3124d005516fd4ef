//! A run on a machine that fails it: it names the file and what to do, loses no row in
//! silence, and once there is room again writes what it would have written.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function
#![cfg(unix)] // devices and mounts

use std::fs;
use std::path::Path;
use std::process::Command;

use comity::pipeline::PipelineError;
use comity::report::ReportError;
use tempfile::TempDir;

use crate::pipeline::{assert_same, files, mixed_export, request, root, score, with, with_causes};

/// A small file system in memory; taken away at the end.
struct Disk(TempDir);

impl Disk {
    /// None, with a word why, where this user may not mount one.
    fn new(options: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "comity-test"])
            .arg(folder.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        eprintln!("a file system in memory cannot be mounted here (root can): skipped");
        None
    }

    fn remount(&self, options: &str) {
        let status =
            Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(self.0.path()).status();
        assert!(status.unwrap().success(), "{options}");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

/// Returns the files of a run over the sample if nothing fails.
fn whole(export: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    score(&request(&[export], &out)).unwrap();
    files(&out)
}

#[test]
fn a_full_disk_is_named_and_leaves_no_half_report() {
    let folder = tempfile::tempdir().unwrap();
    let export = mixed_export(folder.path());
    let expected = whole(&export);
    let bytes: usize = expected.values().map(Vec::len).sum();
    let Some(disk) = Disk::new("size=16k") else { return };
    let out = disk.0.path().join("out");
    let mut failures = 0;
    // From hardly room for the folder to room for everything but the last files.
    for share in [0, 1, 4, 10, 13, 16] {
        let _ = fs::remove_dir_all(&out);
        disk.remount(&format!("size={}k", 16 + bytes / 1024 * share / 16));
        let Err(error) = score(&request(&[&export], &out)) else { continue };
        failures += 1;
        let said = with_causes(&error);
        assert!(said.contains("No space left") || said.contains("os error 28"), "{said}");
        assert!(said.contains(&*out.to_string_lossy()), "names the file: {said}");
        let remedies = ["make room", "the disk is not full", "the disk has room"];
        assert!(remedies.iter().any(|remedy| said.contains(remedy)), "says what to do: {said}");
        assert!(!out.join("report.html").exists() || out.join("run.json").exists(), "{said}");
        // What was not written to its end is no report.
        if !out.join("run.json").exists() {
            let refused = comity::report::write(&out, &comity::policy::Policy::built_in(), &[], &[], &[]);
            assert!(refused.is_err());
        }
    }
    assert!(failures >= 4, "{failures}");
    disk.remount(&format!("size={}k", 4 * bytes / 1024 + 1024));
    // The run continues with the rows that had found room.
    score(&with(request(&[&export], &out), |request| request.resume = true)).unwrap();
    assert_same(&files(&out), &expected, "after the disk was full");
}

#[test]
fn a_folder_that_cannot_be_written_is_refused_before_any_work() {
    let sample = root().join("data/sample");
    if let Some(disk) = Disk::new("size=1m") {
        disk.remount("ro");
        let out = disk.0.path().join("out");
        let error = score(&request(&[&sample], &out)).map(|_| ()).unwrap_err();
        assert!(matches!(error, PipelineError::Write { .. }), "{error}");
        let said = with_causes(&error);
        assert!(said.contains("Read-only") && said.contains("choose another folder"), "{said}");
        disk.remount("rw");
        score(&request(&[&sample], &out)).unwrap();
        // A report that stands there stays as it was.
        let before = files(&out);
        disk.remount("ro");
        assert!(score(&request(&[&sample], &out)).is_err());
        let error = comity::report::write(&out, &comity::policy::Policy::built_in(), &[], &[], &[])
            .map(|_| ())
            .unwrap_err();
        let said = with_causes(&error);
        assert!(matches!(error, ReportError::Write { .. }) && said.contains("Read-only"), "{said}");
        assert_same(&files(&out), &before, "a report on a disk that became read-only");
    }
    // A file stands where a folder or a file of the run should be.
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("out"), "mine").unwrap();
    let error = score(&request(&[&sample], &folder.path().join("out"))).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("choose another folder with --out"), "{error}");
    assert_eq!(fs::read_to_string(folder.path().join("out")).unwrap(), "mine");
    let out = folder.path().join("new");
    fs::create_dir_all(out.join("scores.csv")).unwrap();
    let error = score(&request(&[&sample], &out)).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("scores.csv"), "{error}");
}

#[test]
fn an_input_cut_within_a_record_loses_that_record_alone_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<String> =
        (0..40).map(|n| format!("{{\"text\":\"comment number {n}\",\"author\":\"a{n}\"}}\n")).collect();
    let whole = lines.concat();
    for cut in [whole.len() - 1, whole.len() - 20, whole.len() / 2 + 7, lines[0].len() + lines[1].len() + 1] {
        let input = folder.path().join("export.ndjson");
        fs::write(&input, &whole[..cut]).unwrap();
        let out = folder.path().join("out");
        let counts = score(&request(&[&input], &out)).unwrap().counts;
        // The line end alone may be missing from a record that is whole.
        let records = whole[..cut].lines().count() as u64;
        let is_broken = !whole[..cut].ends_with('}');
        assert_eq!((counts.read, counts.rejects), (records, u64::from(is_broken)), "{cut}");
        assert_eq!(counts.read, counts.scored + counts.unscored + counts.rejects);
        if is_broken {
            let rejects = fs::read_to_string(out.join("rejects.csv")).unwrap();
            assert!(rejects.contains(&format!(",{records},{records},")), "{rejects}");
            assert!(rejects.contains("get the whole export again"), "{rejects}");
        }
    }
}
