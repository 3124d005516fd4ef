//! Databases of every released schema open, with all that is in them.

#![cfg(test)] // clippy's `allow-unwrap-in-tests` requires this for helper functions

mod common;

use std::path::Path;

use comity_core::digest::sha256;
use comity_core::record::decision::Verdict;
use comity_review::Store;
use comity_review::store::State;
use sqlx::Connection;
use sqlx::migrate::Migrator;

/// The checksums of the released migrations, which nobody may edit: a database remembers those that
/// it was made with.
const RELEASED: [(&str, &str); 2] = [
    ("sqlite/0001_first.sql", "9e288d794320c326e72cc351c68fd5f531c6efe83b425f36c54aebdc33a4b2e1"),
    ("postgres/0001_first.sql", "fd761057660680a3b8236bf9fac08bbc1089056f43d8f380d2b74d9344233f69"),
];

#[test]
fn released_migrations_are_as_they_were() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for (file, sum) in RELEASED {
        let text = std::fs::read_to_string(folder.join(file)).unwrap().replace("\r\n", "\n");
        assert_eq!(sha256(text), sum, "{file}: add a migration instead of changing this one");
    }
}

#[tokio::test]
async fn every_schema_is_brought_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    for database in common::empty().await {
        let (kind, bytes) = match database.name {
            "SQLite" => ("sqlite", "BLOB"),
            _ => ("postgres", "BYTEA"),
        };
        let all = Migrator::new(folder.join("migrations").join(kind)).await.unwrap();
        // The first schema; a later one with data of its own gets a file of its own.
        let first = Migrator::with_migrations(vec![all.iter().next().unwrap().clone()]);
        sqlx::any::install_default_drivers();
        let mut connection = sqlx::AnyConnection::connect(&database.url).await.unwrap();
        first.run(&mut connection).await.unwrap();
        let data =
            std::fs::read_to_string(folder.join("tests/schemas/1.sql")).unwrap().replace("BYTES", bytes);
        for statement in data.split(";\n") {
            sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();

        let store = Store::open(&database.url).await.unwrap();
        let item = store.item(1, 1).await.unwrap().unwrap();
        assert_eq!(
            (item.comment.state, item.comment.text.as_deref()),
            (Some(State::Decided), Some("you fool"))
        );
        assert_eq!(item.comment.thread.title.as_deref(), Some("A title"));
        let [decision] = &item.decisions[..] else { panic!("{:?}", item.decisions) };
        assert_eq!(
            (decision.name.as_str(), decision.verdict, decision.threshold),
            ("Ana", Verdict::Reject, Some(0.8))
        );
        assert_eq!(store.published_policy().await.unwrap().policy.name, "old");
        assert_eq!(store.retention().await.unwrap(), Some(30));
        let mut log = Vec::new();
        assert_eq!(store.export_log(None, &mut log).await.unwrap(), 1);
        store.undo(decision.id, decision.user).await.unwrap();
        assert_eq!(store.queue_sizes().await.unwrap()[0].1, 1);
    }
}
