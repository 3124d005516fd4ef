//! Holds the direction of dependencies: which module of `src` may name which. ARCHITECTURE.md explains the table.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function

use std::fs;
use std::path::{Path, PathBuf};

/// A module and the modules that it may use. A module is a file of `src` with the folder of the same name.
const MAY_USE: &[(&str, &[&str])] = &[
    ("cell", &[]),
    ("comment", &["digest"]),
    ("decimal", &[]),
    ("digest", &[]),
    ("files", &[]),
    ("label", &[]),
    ("quote", &[]),
    ("sort", &[]),
    ("read", &["comment", "digest", "quote"]),
    ("thread", &["comment", "digest", "quote", "sort"]),
    ("pseudonym", &["comment", "thread"]),
    ("normalize", &[]),
    ("encode", &[]),
    ("model", &["digest", "label", "encode"]),
    ("engine", &["encode", "label", "model"]),
    ("score", &["cell", "comment", "decimal", "label", "normalize", "encode", "engine", "model"]),
    ("policy", &["comment", "label", "score"]),
    ("evade", &[]),
    ("evaluate", &["decimal", "label", "score", "policy", "aggregate", "evade"]),
    ("explain", &["cell", "comment", "decimal", "label", "normalize", "encode", "engine", "model", "score"]),
    ("aggregate", &["comment", "label", "score", "policy"]),
    ("decisions", &["cell", "comment", "decimal", "files", "label", "score", "policy", "aggregate"]),
    (
        "report",
        &[
            "cell",
            "comment",
            "decimal",
            "decisions",
            "digest",
            "files",
            "label",
            "normalize",
            "sort",
            "score",
            "policy",
            "explain",
            "aggregate",
        ],
    ),
    (
        "pipeline",
        &[
            "cell",
            "comment",
            "decimal",
            "decisions",
            "files",
            "label",
            "read",
            "thread",
            "pseudonym",
            "normalize",
            "encode",
            "model",
            "engine",
            "score",
            "policy",
            "explain",
            "aggregate",
            "evade",
            "evaluate",
            "report",
        ],
    ),
    (
        "cli",
        &[
            "aggregate",
            "comment",
            "decisions",
            "evade",
            "evaluate",
            "files",
            "label",
            "pseudonym",
            "read",
            "engine",
            "model",
            "score",
            "policy",
            "report",
            "pipeline",
        ],
    ),
];

/// Lines of `source` (a file of `module`) that name a module which `module` may not use.
fn violations(module: &str, source: &str) -> Vec<String> {
    let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
        return vec![format!("module `{module}` is not in the table of tests/tidy.rs")];
    };
    let mut found = Vec::new();
    for (index, line) in source.lines().enumerate() {
        if line.trim_start().starts_with("//") {
            continue;
        }
        for (start, root) in line.match_indices("crate::").chain(line.match_indices("comity::")) {
            let name = line[start + root.len()..].trim_start_matches('{');
            let name = name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            if name != module && !allowed.contains(&name) {
                found.push(format!("line {}: `{module}` may not use `{name}`: {}", index + 1, line.trim()));
            }
        }
        if line.contains("crate::{") {
            found.push(format!(
                "line {}: one `use crate::module` a line, so that this test can read it",
                index + 1
            ));
        }
    }
    found
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn every_module_keeps_to_its_table() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let mut found = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&src).unwrap();
        let module = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        if ["lib", "main"].contains(&module) {
            continue;
        }
        let source = fs::read_to_string(&file).unwrap();
        found.extend(
            violations(module, &source).into_iter().map(|text| format!("{}: {text}", inside.display())),
        );
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_planted_violation_is_found() {
    for (module, line) in [
        ("engine", "use crate::comment::Comment;"),
        ("read", "    let label = crate::label::Label::Threat;"),
        ("normalize", "use crate::{comment, label};"),
        ("attic", "use crate::label::Label;"),
    ] {
        assert!(!violations(module, line).is_empty(), "{module}: {line}");
    }
    assert!(
        violations("engine", "use crate::label::Label;\n// crate::comment is not ours to use").is_empty()
    );
}

#[test]
fn every_direct_dependency_has_its_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest: toml::Table = fs::read_to_string(root.join("Cargo.toml")).unwrap().parse().unwrap();
    let contributing = fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    let dependencies =
        ["dependencies", "dev-dependencies"].map(|kind| manifest[kind].as_table().unwrap().keys());
    let missing: Vec<&String> = dependencies
        .into_iter()
        .flatten()
        .filter(|name| !contributing.contains(&format!("`{name}`")))
        .collect();
    assert!(missing.is_empty(), "CONTRIBUTING.md does not say why these are here: {missing:?}");
}

#[test]
fn the_readme_shows_the_help_as_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_comity")).arg("--help").output().unwrap();
    assert!(readme.contains(&String::from_utf8(help.stdout).unwrap()), "put `comity --help` into README.md");
}
