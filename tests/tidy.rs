//! Checks the direction of dependencies against the table "Module dependencies" of ARCHITECTURE.md.

#![cfg(test)] // clippy's `allow-unwrap-in-tests` requires this for helper functions

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The crates of the workspace with modules in the table: the folder of their sources, and the
/// module that the whole crate is, if it is one.
const CRATES: &[(&str, Option<&str>)] = &[
    ("src", None),
    ("crates/core/src", None),
    ("crates/infer/src", None),
    ("crates/read/src", Some("read")),
    ("crates/review/src", Some("review")),
    ("crates/serve/src", Some("serve")),
    ("python/src", Some("python")),
];

/// The modules that each module may use, by its name.
type Rights = BTreeMap<String, BTreeSet<String>>;

/// Parses the rows `| module | does | may use |` of the table.
fn rights(architecture: &str) -> Rights {
    let table = architecture.split("## Module dependencies").nth(1).expect("the table's heading");
    let rows =
        table.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    rows.skip(2)
        .map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            let may_use = cells[2].split(',').map(|name| name.trim().trim_matches('`').to_owned());
            let may_use = may_use.filter(|name| name != "-").collect();
            (cells[0].trim_matches('`').to_owned(), may_use)
        })
        .collect()
}

/// The modules that a source file names, each with the number of its first line.
fn named(source: &str, known: &Rights) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for (index, line) in source.lines().enumerate() {
        if line.trim_start().starts_with("//") {
            continue;
        }
        for whole in ["read", "review", "serve"] {
            if line.contains(&format!("comity_{whole}::")) {
                found.entry(whole.to_owned()).or_insert(index + 1);
            }
        }
        for root in ["crate::", "comity::", "comity_core::", "comity_infer::"] {
            for (start, _) in line.match_indices(root) {
                // `use crate::{first, second::Item}` names two.
                for name in line[start + root.len()..].trim_start_matches('{').split(", ") {
                    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
                    if known.contains_key(&name[..end]) {
                        found.entry(name[..end].to_owned()).or_insert(index + 1);
                    }
                }
            }
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

/// Returns the faults of the table or the code: modules without a row, uses without a right, rights
/// without a use.
fn faults(rights: &Rights, sources: &[(String, String, String)]) -> Vec<String> {
    let mut found = Vec::new();
    let mut unused = rights.clone();
    for (module, file, source) in sources {
        let Some(may_use) = rights.get(module) else {
            found.push(format!("{file}: the module `{module}` has no row in the table"));
            continue;
        };
        for (name, line) in named(source, rights) {
            if name != *module && !may_use.contains(&name) {
                found.push(format!("{file}:{line}: `{module}` may not use `{name}`"));
            }
            unused.get_mut(module).expect("a clone").remove(&name);
        }
    }
    for (module, names) in unused {
        let names: Vec<String> = names.into_iter().collect();
        if !names.is_empty() {
            found.push(format!("`{module}` does not use {}; take it out of the table", names.join(", ")));
        }
    }
    found
}

#[test]
fn every_module_keeps_to_the_table_of_architecture_md() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rights = rights(&fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap());
    let mut sources = Vec::new();
    for (folder, whole) in CRATES {
        let folder = root.join(folder);
        let mut files = Vec::new();
        rust_files(&folder, &mut files);
        for file in files {
            let inside = file.strip_prefix(&folder).unwrap();
            let first = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
            if whole.is_none() && ["lib", "main"].contains(&first) {
                continue;
            }
            let name = file.strip_prefix(root).unwrap().display().to_string();
            sources.push((whole.unwrap_or(first).to_owned(), name, fs::read_to_string(&file).unwrap()));
        }
    }
    let found = faults(&rights, &sources);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_planted_fault_is_found() {
    let table = "## Module dependencies\n\n| module | does | may use |\n| --- | --- | --- |\n\
                 | `label` | labels | - |\n| `comment` | records | - |\n| `engine` | logits | `label` |\n";
    let rights = rights(table);
    let source = |module: &str, text: &str| (module.to_owned(), "x.rs".to_owned(), text.to_owned());
    let good = source("engine", "use comity_core::label::Label;\n// crate::comment is not used");
    assert_eq!(faults(&rights, std::slice::from_ref(&good)), Vec::<String>::new());
    for (planted, fault) in [
        (source("engine", "use crate::comment::Comment;"), "x.rs:1: `engine` may not use `comment`"),
        (source("attic", ""), "x.rs: the module `attic` has no row in the table"),
    ] {
        assert_eq!(faults(&rights, &[good.clone(), planted]), [fault]);
    }
    let idle = source("engine", "");
    assert_eq!(faults(&rights, &[idle]), ["`engine` does not use label; take it out of the table"]);
}

#[test]
fn every_direct_dependency_has_its_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let contributing = fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    let mut missing = BTreeSet::new();
    let crates = ["core", "infer", "read", "review", "serve"].map(|name| format!("crates/{name}/Cargo.toml"));
    for manifest in ["Cargo.toml", "python/Cargo.toml"].map(str::to_owned).into_iter().chain(crates) {
        let manifest: toml::Table = fs::read_to_string(root.join(manifest)).unwrap().parse().unwrap();
        for kind in ["dependencies", "dev-dependencies"] {
            let names = manifest
                .get(kind)
                .and_then(|table| table.as_table())
                .into_iter()
                .flat_map(|table| table.keys());
            missing.extend(names.filter(|name| !contributing.contains(&format!("`{name}`"))).cloned());
        }
    }
    missing.retain(|name| !name.starts_with("comity-"));
    assert!(missing.is_empty(), "CONTRIBUTING.md does not say why these are here: {missing:?}");
}

#[test]
fn the_readme_shows_the_help_as_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_comity")).arg("--help").output().unwrap();
    assert!(readme.contains(&String::from_utf8(help.stdout).unwrap()), "put `comity --help` into README.md");
}
