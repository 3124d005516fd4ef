//! The database: comments, scores, flags, decisions, claims, people and the audit log.
//!
//! One set of statements serves both databases; where they differ, `Kind` says which is in use.
//! Times are microseconds since 1970, UTC; scores are millionths, which is what files keep; enums
//! are words. All SQL of the crate is in this module and its children.

mod audit;
mod bulk;
mod decide;
mod erase;
mod export;
mod flags;
mod fold;
mod incoming;
mod insight;
mod item;
mod people;
mod policies;
mod queue;
mod sample;
mod scores;
mod search;
mod webhooks;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use comity_core::digest::hex;
use comity_core::label::Label;
use jiff::Timestamp;
use sqlx::any::{AnyArguments, AnyPoolOptions, AnyRow};
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, Arguments, AssertSqlSafe, Decode, Encode, Row, Transaction, Type};
use tokio::sync::{Mutex, OwnedMutexGuard};

pub use audit::{AuditEntry, AuditPage};
pub use bulk::{BulkOutcome, BulkPreview};
pub use decide::{AppealInput, Claim, ClaimOutcome, DecideOutcome, DecisionInput, DecisionView, UndoOutcome};
pub(crate) use incoming::{Catalog, Incoming, cautions};
pub use insight::{
    Agreement, AppealFigures, DayFigures, Insight, ModeratorLoad, QueueFigures, Range, RuleFigures, Share,
    Suggestion,
};
pub use item::{AuthorHistory, AuthorRef, CommentView, Explained, ItemView, ThreadPage, ThreadRef};
pub use people::{LoginFailures, Role, Session, User};
pub(crate) use policies::Published;
pub use policies::{PolicyState, PolicyVersion, ShadowReport, WhatIf, WhatIfRule};
pub use queue::{Cursor, Filter, Flag, Page, Queue, QueuePage, QueueRow, SavedView, State};
pub use sample::{BlindSample, RecallFigures};
use scores::ScoreTable;
pub use search::{SearchHit, SearchPage};
pub(crate) use webhooks::Call;
pub use webhooks::Webhook;

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
    /// The system gave no random bytes.
    #[error("the system gives no random numbers ({0}); check that /dev/urandom can be read")]
    Random(String),
    /// The output could not be written.
    #[error("the log cannot be written; check that the disk has room")]
    Write(#[source] std::io::Error),
}

impl StoreError {
    /// Returns true if the database ended this writer, because two waited for each other.
    pub(crate) fn is_deadlock(&self) -> bool {
        let Self::Database(error) = self else { return false };
        error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "40P01")
    }

    /// Returns true if a row has the key of one that another writer added.
    pub(crate) fn is_taken(&self) -> bool {
        let Self::Database(error) = self else { return false };
        error.as_database_error().is_some_and(|error| error.is_unique_violation())
    }
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
    /// The key of the hashes of authors' names.
    author_key: Arc<OnceLock<[u8; 32]>>,
    /// The scores of all comments, for what-if figures.
    scores: Arc<Mutex<ScoreTable>>,
}

/// The statements that every connection to SQLite begins with. A commit is on the disk when it
/// returns (`synchronous`), and readers do not wait for the writer (WAL).
const SQLITE_SETTINGS: [&str; 7] = [
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 30000",
    "PRAGMA cache_size = -65536",
    "PRAGMA temp_store = MEMORY",
    // Deleted texts are overwritten.
    "PRAGMA secure_delete = ON",
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
        let store = Self {
            pool,
            kind,
            writer: Arc::new(Mutex::new(())),
            author_key: Arc::default(),
            scores: Arc::default(),
        };
        store.ensure_policy().await?;
        store.secret_of_authors().await?;
        Ok(store)
    }
}

/// A transaction that writes. It is rolled back if it is dropped before [`Write::commit`].
pub(crate) struct Write {
    /// Dropped first, so that the next writer finds the lock of the file free.
    transaction: Transaction<'static, Any>,
    kind: Kind,
    /// The time of the database when the transaction began. Leases are compared with this clock
    /// alone.
    pub(crate) now: i64,
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Write {
    /// Returns the connection, for statements.
    pub(crate) fn connection(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }

    /// Begins a statement that is put together.
    pub(crate) fn sql(&self, text: &str) -> Sql {
        Sql::new(self.kind, text)
    }

    /// Makes the changes last.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit().await?)
    }

    /// Returns the database in use.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the end of a statement that reads rows in order to change them.
    pub(crate) fn for_update(&self) -> &'static str {
        match self.kind {
            // Its writers take turns.
            Kind::Sqlite => "",
            Kind::Postgres => " FOR UPDATE",
        }
    }
}

impl Store {
    /// Begins a transaction that writes.
    pub(crate) async fn begin(&self) -> Result<Write, StoreError> {
        let (turn, mut transaction) = match self.kind {
            Kind::Sqlite => {
                let turn = self.writer.clone().lock_owned().await;
                (Some(turn), self.pool.begin_with("BEGIN IMMEDIATE").await?)
            }
            Kind::Postgres => (None, self.pool.begin().await?),
        };
        let clock = match self.kind {
            Kind::Sqlite => "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
            Kind::Postgres => "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
        };
        let now = sqlx::query_scalar(clock).fetch_one(&mut *transaction).await?;
        Ok(Write { transaction, kind: self.kind, now, _turn: turn })
    }

    /// Returns a connection that reads.
    pub(crate) async fn reader(&self) -> Result<PoolConnection<Any>, StoreError> {
        Ok(self.pool.acquire().await?)
    }

    /// Begins a statement that is put together.
    pub(crate) fn sql(&self, text: &str) -> Sql {
        Sql::new(self.kind, text)
    }

    /// Returns the time of the database.
    pub(crate) async fn now(&self) -> Result<i64, StoreError> {
        let clock = match self.kind {
            Kind::Sqlite => "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
            Kind::Postgres => "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
        };
        Ok(sqlx::query_scalar(clock).fetch_one(&self.pool).await?)
    }

    /// Returns a setting; `None` if it was never set.
    pub(crate) async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT value FROM setting WHERE name = $1";
        Ok(sqlx::query_scalar(sql).bind(name).fetch_optional(&self.pool).await?)
    }

    /// Returns random bytes that are made once for each name and kept, for keys that must survive a
    /// restart.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn secret(&self, name: &str) -> Result<[u8; 32], StoreError> {
        let name = format!("secret.{name}");
        let known = match self.setting(&name).await? {
            Some(known) => known,
            None => {
                let mut fresh = [0; 32];
                getrandom::fill(&mut fresh).map_err(|error| StoreError::Random(error.to_string()))?;
                let mut write = self.begin().await?;
                let sql = "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
                sqlx::query(sql).bind(&name).bind(hex(&fresh)).execute(write.connection()).await?;
                // Another process may have been first.
                let sql = "SELECT value FROM setting WHERE name = $1";
                let kept = sqlx::query_scalar(sql).bind(&name).fetch_one(write.connection()).await?;
                write.commit().await?;
                kept
            }
        };
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(known.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).unwrap_or_default();
            *byte =
                u8::from_str_radix(pair, 16).map_err(|_| StoreError::Value(format!("no key `{name}`")))?;
        }
        Ok(bytes)
    }
}

/// Sets a setting within a transaction; `None` removes it.
pub(crate) async fn set(write: &mut Write, name: &str, value: Option<&str>) -> Result<(), StoreError> {
    match value {
        Some(value) => {
            let sql = "INSERT INTO setting (name, value) VALUES ($1, $2) \
                       ON CONFLICT (name) DO UPDATE SET value = excluded.value";
            sqlx::query(sql).bind(name).bind(value).execute(write.connection()).await?;
        }
        None => {
            let sql = "DELETE FROM setting WHERE name = $1";
            sqlx::query(sql).bind(name).execute(write.connection()).await?;
        }
    }
    Ok(())
}

/// A statement that is put together from parts of this crate and values, which are never part of
/// its text.
pub(crate) struct Sql {
    kind: Kind,
    text: String,
    values: AnyArguments,
}

impl Sql {
    fn new(kind: Kind, text: &str) -> Self {
        Self { kind, text: text.to_owned(), values: AnyArguments::default() }
    }

    /// Returns true if it has no text.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Adds text.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a value.
    pub(crate) fn bind<'v, V: Encode<'v, Any> + Type<Any>>(&mut self, value: V) -> &mut Self {
        self.values.add(value).expect("every type of a value has a form in both databases");
        match self.kind {
            // SQLite looks numbered ones up one by one.
            Kind::Sqlite => self.text.push('?'),
            Kind::Postgres => {
                let number = self.values.len();
                // Writing to a string does not fail.
                let _ = write!(self.text, "${number}");
            }
        }
        self
    }

    /// Adds values in parentheses, separated by commas.
    pub(crate) fn list<'v, V: Encode<'v, Any> + Type<Any>>(
        &mut self,
        values: impl IntoIterator<Item = V>,
    ) -> &mut Self {
        self.push("(");
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.bind(value);
        }
        self.push(")")
    }

    /// Runs the statement, and returns the number of rows that it changed.
    pub(crate) async fn execute(self, connection: &mut AnyConnection) -> Result<u64, StoreError> {
        let query = sqlx::query_with(AssertSqlSafe(self.text), self.values);
        Ok(query.execute(connection).await?.rows_affected())
    }

    /// Returns the rows.
    pub(crate) async fn all(self, connection: &mut AnyConnection) -> Result<Vec<AnyRow>, StoreError> {
        let query = sqlx::query_with(AssertSqlSafe(self.text), self.values);
        Ok(query.fetch_all(connection).await?)
    }

    /// Returns the first row, if there is one.
    pub(crate) async fn optional(self, connection: &mut AnyConnection) -> Result<Option<AnyRow>, StoreError> {
        let query = sqlx::query_with(AssertSqlSafe(self.text), self.values);
        Ok(query.fetch_optional(connection).await?)
    }

    /// Returns the steps by which the database would run the statement.
    async fn plan(mut self, connection: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
        let (explain, column) = match self.kind {
            Kind::Sqlite => ("EXPLAIN QUERY PLAN ", "detail"),
            Kind::Postgres => ("EXPLAIN (COSTS OFF) ", "QUERY PLAN"),
        };
        self.text.insert_str(0, explain);
        self.all(connection).await?.iter().map(|row| get(row, column)).collect()
    }

    /// Returns the only row.
    pub(crate) async fn one(self, connection: &mut AnyConnection) -> Result<AnyRow, StoreError> {
        let query = sqlx::query_with(AssertSqlSafe(self.text), self.values);
        Ok(query.fetch_one(connection).await?)
    }
}

/// The time of a comment without one, which is behind all others.
pub(crate) const NO_TIME: i64 = i64::MAX;

/// Returns a time as the database has it.
pub(crate) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// Returns a duration as the database has it.
pub(crate) fn span(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 4)
}

/// Returns a time of the database.
pub(crate) fn time(micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|_| StoreError::Value(format!("the time {micros}")))
}

/// Returns a score as the database has it.
pub(crate) fn millionths(score: f64) -> i64 {
    (score * 1e6).round() as i64
}

/// Returns a score of the database.
pub(crate) fn score(millionths: i64) -> f64 {
    millionths as f64 / 1e6
}

/// Returns the value of a column.
pub(crate) fn get<'r, V: Decode<'r, Any> + Type<Any>>(
    row: &'r AnyRow,
    column: &str,
) -> Result<V, StoreError> {
    Ok(row.try_get(column)?)
}

/// Returns the word of a column.
pub(crate) fn word<W: FromStr<Err = String>>(row: &AnyRow, column: &str) -> Result<W, StoreError> {
    get::<&str>(row, column)?.parse().map_err(StoreError::Value)
}

/// Returns the word of a column that may be blank.
pub(crate) fn maybe_word<W: FromStr<Err = String>>(
    row: &AnyRow,
    column: &str,
) -> Result<Option<W>, StoreError> {
    get::<Option<&str>>(row, column)?.map(str::parse).transpose().map_err(StoreError::Value)
}

/// Returns the count of a column.
pub(crate) fn count(row: &AnyRow, column: &str) -> Result<u64, StoreError> {
    Ok(u64::try_from(get::<i64>(row, column)?).unwrap_or(0))
}

/// Returns the name of a column of `comment` that has the scores of a label.
pub(crate) const fn score_column(label: Label) -> &'static str {
    label.as_str()
}

/// Returns an address without its password, for messages.
fn hide_password(url: &str) -> String {
    match (url.split_once("://"), url.rfind('@')) {
        (Some((scheme, _)), Some(at)) => format!("{scheme}://***{}", &url[at..]),
        _ => url.to_owned(),
    }
}
