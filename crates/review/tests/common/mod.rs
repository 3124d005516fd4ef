//! Stores and runs for tests.

#![cfg(test)] // clippy's `allow-unwrap-in-tests` requires this for helper functions
#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(unreachable_pub, reason = "a test program has no other crate to show it to")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use comity_core::comment::{Comment, Origin};
use comity_core::label::Label;
use comity_core::record::{
    EXPLANATIONS, Explanation, ModelId, Outcome, RUN, Replies, Run, Scored, Scores, ledger,
};
use comity_review::Store;

/// The variable with the address of a PostgreSQL server whose user may create databases.
const POSTGRES: &str = "COMITY_TEST_POSTGRES";

/// An empty database for one test.
pub struct Empty {
    pub url: String,
    pub name: &'static str,
    folder: tempfile::TempDir,
}

/// A database for one test.
pub struct Database {
    pub store: Store,
    pub url: String,
    pub name: &'static str,
    _folder: tempfile::TempDir,
}

/// Returns a store on SQLite, and one on PostgreSQL if there is a server.
pub async fn databases() -> Vec<Database> {
    let mut found = Vec::new();
    for Empty { url, name, folder } in empty().await {
        found.push(Database { store: Store::open(&url).await.unwrap(), url, name, _folder: folder });
    }
    found
}

/// Returns an empty SQLite database, and an empty PostgreSQL database if there is a server.
pub async fn empty() -> Vec<Empty> {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("review.db").display());
    let mut found = vec![Empty { url, name: "SQLite", folder }];
    match std::env::var(POSTGRES) {
        Ok(server) => {
            let (url, folder) = (postgres(&server).await, tempfile::tempdir().unwrap());
            found.push(Empty { url, name: "PostgreSQL", folder });
        }
        Err(_) => println!("{POSTGRES} is not set: PostgreSQL is not tested"),
    }
    found
}

async fn postgres(server: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("comity_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    sqlx::any::install_default_drivers();
    let admin = sqlx::AnyPool::connect(server).await.unwrap();
    for sql in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&admin).await.unwrap();
    }
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}

/// Returns the model of the tests' runs.
pub fn model() -> ModelId {
    ModelId {
        name: "test".to_owned(),
        version: "1".to_owned(),
        checksum: "00".to_owned(),
        languages: vec!["en".to_owned()],
        missing: Vec::new(),
        uncalibrated: false,
        held_out: None,
    }
}

/// Returns a comment with a score of toxicity.
pub fn scored(thread: &str, id: &str, author: &str, text: &str, toxicity: f64) -> Scored {
    let origin = Origin { file: "export.csv".into(), record: 1, line: 2 };
    let mut comment = Comment::new(id, thread, text, origin);
    comment.author = (!author.is_empty()).then(|| author.to_owned());
    let mut scores = [0.0; Label::COUNT];
    scores[Label::Toxicity.index()] = toxicity;
    scores[Label::Neutral.index()] = 1.0;
    let outcome = Outcome::Scored(Scores::new(scores));
    Scored { comment, language: Some("en".to_owned()), evasion: false, outcome }
}

/// Writes a finished run.
pub fn write_run(dir: &Path, rows: &[Scored], explanations: &[Explanation]) {
    fs::create_dir_all(dir).unwrap();
    let path = dir.join(ledger::FILE_NAME);
    let mut writer = ledger::Writer::new(File::create(&path).unwrap(), &path).unwrap();
    for row in rows {
        writer.write(row).unwrap();
    }
    drop(writer.finish().unwrap());
    let run = Run {
        version: "0".to_owned(),
        settings: BTreeMap::new(),
        model: model(),
        engine: "native".to_owned(),
        inputs: Vec::new(),
        skipped: Vec::new(),
        replies: Replies::default(),
        read: rows.len() as u64,
        rejects: 0,
        by: Vec::new(),
        scores_sha256: Some(comity_core::digest::sha256(fs::read(&path).unwrap())),
        edited: false,
    };
    fs::write(dir.join(RUN), serde_json::to_string(&run).unwrap()).unwrap();
    let lines: Vec<String> =
        explanations.iter().map(|explanation| serde_json::to_string(explanation).unwrap()).collect();
    fs::write(dir.join(EXPLANATIONS), lines.join("\n")).unwrap();
}

/// Imports comments as the run of a source, and returns what came of it.
pub async fn import(store: &Store, source: &str, rows: &[Scored]) -> comity_review::import::Imported {
    let folder = tempfile::tempdir().unwrap();
    write_run(folder.path(), rows, &[]);
    store.import_run(folder.path(), source, &mut |_| {}).await.unwrap()
}
