//! The database: comments, scores, flags, decisions, claims, people and the audit log.
//!
//! One set of statements serves both databases; where they differ, [`Kind`] says which is in use.
//! Times are microseconds since 1970, UTC; scores are millionths, which is what files keep; enums
//! are words. All SQL of the crate is in this module and its children.

mod audit;
mod bulk;
mod decide;
mod insight;
mod item;
mod people;
mod policies;
mod queue;
mod sample;
mod search;

use std::path::PathBuf;
use std::sync::Arc;

use sqlx::AnyPool;
use sqlx::any::AnyPoolOptions;
use sqlx::migrate::Migrator;
use tokio::sync::Mutex;

pub use audit::{AuditEntry, AuditPage};
pub use bulk::{BulkOutcome, BulkPreview};
pub use decide::{AppealInput, Claim, ClaimOutcome, DecideOutcome, DecisionInput, DecisionView, UndoOutcome};
pub use insight::{
    Agreement, AppealFigures, DayFigures, Insight, ModeratorLoad, QueueFigures, Range, RuleFigures, Share,
    Suggestion,
};
pub use item::{AuthorHistory, AuthorRef, CommentView, Explained, ItemView, ThreadPage, ThreadRef};
pub use people::{LoginFailures, Role, Session, User};
pub use policies::{PolicyState, PolicyVersion, ShadowReport, WhatIf, WhatIfRule};
pub use queue::{Cursor, Filter, Flag, Page, Queue, QueuePage, QueueRow, SavedView, State};
pub use sample::{BlindSample, RecallFigures};
pub use search::{SearchHit, SearchPage};

/// The id of a comment, and of its item if it is flagged or drawn.
pub type CommentId = i64;
/// The id of a user.
pub type UserId = i64;
/// The id of a decision.
pub type DecisionId = i64;
/// The id of a bulk action.
pub type BatchId = i64;
/// The id of a version of a policy.
pub type PolicyId = i64;
/// The id of an author within a source.
pub type AuthorId = i64;
/// The id of a thread within a source.
pub type ThreadId = i64;
/// The id of a source: an imported export, or the clients of a server's address.
pub type SourceId = i64;

/// Error of the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The address of the database is none that is supported.
    #[error("`{0}` is no database; write sqlite://FILE or postgres://USER@HOST/NAME")]
    Address(String),
    /// The database cannot be opened.
    #[error("the database cannot be opened; check its address and that it accepts connections")]
    Open(#[source] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error(
        "the database's schema cannot be updated; restore a backup, or use the version of comity that made it"
    )]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A statement failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// A value of the database is none that this version writes.
    #[error("the database contains {0}; use the version of comity that wrote it")]
    Value(String),
    /// There is no such thing.
    #[error("there is no {0} {1}; it may have been deleted")]
    Missing(&'static str, i64),
    /// A user of that name exists.
    #[error("a user is named `{0}` already; choose another name")]
    NameTaken(String),
    /// A policy was refused.
    #[error(transparent)]
    Policy(#[from] comity_core::policy::PolicyError),
    /// A folder contains no run that can be imported.
    #[error("{path}: {cause}; name a folder that `comity score` has finished", path = path.display())]
    Run {
        /// The file or folder.
        path: PathBuf,
        /// The fault.
        cause: String,
    },
    /// A scores file cannot be read.
    #[error(transparent)]
    Ledger(#[from] comity_core::record::ledger::LedgerError),
    /// The address of a webhook was refused.
    #[error("`{0}` is no address of a webhook; write one like https://example.org/comity")]
    Webhook(String),
    /// The output could not be written.
    #[error("the log cannot be written; check that the disk has room")]
    Write(#[source] std::io::Error),
}

/// The database in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// The database. Cheap to clone; clones share its connections.
#[derive(Clone, Debug)]
pub struct Store {
    pool: AnyPool,
    kind: Kind,
    /// Held by the one writer of this process to SQLite, so that writers queue in order instead of
    /// polling the file's lock.
    writer: Arc<Mutex<()>>,
}

/// The statements that every connection to SQLite begins with. A commit is on the disk when it
/// returns (`synchronous`), and readers do not wait for the writer (WAL).
const SQLITE_SETTINGS: [&str; 6] = [
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 30000",
    "PRAGMA cache_size = -65536",
    "PRAGMA temp_store = MEMORY",
];

/// The number of connections. SQLite has one writer, and readers are short.
const CONNECTIONS: u32 = 8;

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

impl Store {
    /// Opens a database and brings its schema up to date. `url` is `sqlite://FILE` (which is
    /// created if it does not exist), `sqlite::memory:`, or `postgres://USER:PASSWORD@HOST/NAME`.
    ///
    /// # Errors
    /// [`StoreError`] if the address is none, or the database cannot be opened or updated.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let (kind, url) = if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            (Kind::Postgres, url.to_owned())
        } else if url == "sqlite::memory:" {
            (Kind::Sqlite, url.to_owned())
        } else if let Some(file) = url.strip_prefix("sqlite:") {
            let joint = if file.contains('?') { '&' } else { '?' };
            (Kind::Sqlite, format!("{url}{joint}mode=rwc"))
        } else {
            return Err(StoreError::Address(hide_password(url)));
        };
        let mut options = AnyPoolOptions::new().max_connections(CONNECTIONS);
        if kind == Kind::Sqlite {
            options = options.after_connect(|connection, _| {
                Box::pin(async move {
                    for setting in SQLITE_SETTINGS {
                        sqlx::query(setting).execute(&mut *connection).await?;
                    }
                    Ok(())
                })
            });
        }
        if url == "sqlite::memory:" {
            // Every connection would have a database of its own.
            options = options.max_connections(1).idle_timeout(None).max_lifetime(None);
        }
        let pool = options.connect(&url).await.map_err(StoreError::Open)?;
        match kind {
            Kind::Sqlite => SQLITE.run(&pool).await?,
            Kind::Postgres => POSTGRES.run(&pool).await?,
        }
        Ok(Self { pool, kind, writer: Arc::new(Mutex::new(())) })
    }
}

/// Returns an address without its password, for messages.
fn hide_password(url: &str) -> String {
    match (url.split_once("://"), url.rfind('@')) {
        (Some((scheme, _)), Some(at)) => format!("{scheme}://***{}", &url[at..]),
        _ => url.to_owned(),
    }
}
