//! The audit log: who did what, and who looked at a person's data. It only grows.

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::queue::MOST_ROWS;
use super::{Kind, Store, StoreError, UserId, Write, get, time};

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its id; later entries have higher ones.
    pub id: i64,
    /// The time.
    pub at: Timestamp,
    /// The person who did it; `None` for the program itself.
    pub actor: Option<UserId>,
    /// The person's name; empty for the program itself.
    pub actor_name: String,
    /// The action, a word such as `user.create` or `author.view`.
    pub action: String,
    /// The thing that it was done to, such as `author:12`; never a text of a comment.
    pub subject: String,
    /// Further facts, for people; never a text of a comment.
    pub detail: String,
}

/// A page of the audit log, the newest entries first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// The `before` of the next page; `None` on the last.
    pub next: Option<i64>,
}

/// Adds an entry to the audit log within a transaction.
pub(crate) async fn note(
    write: &mut Write,
    actor: Option<UserId>,
    action: &str,
    subject: &str,
    detail: &str,
) -> Result<(), StoreError> {
    let now = write.now;
    let sql = "INSERT INTO audit (at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5)";
    let query = sqlx::query(sql).bind(now).bind(actor).bind(action).bind(subject).bind(detail);
    query.execute(write.connection()).await?;
    Ok(())
}

impl Store {
    /// Adds an entry to the audit log.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn audit(
        &self,
        actor: Option<UserId>,
        action: &str,
        subject: &str,
        detail: &str,
    ) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        note(&mut write, actor, action, subject, detail).await?;
        write.commit().await
    }

    /// Returns the entries with ids below `before`, the newest first; `None` begins with the
    /// newest. `action` selects those whose action begins with it.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn audit_log(
        &self,
        action: Option<&str>,
        before: Option<i64>,
        size: u32,
    ) -> Result<AuditPage, StoreError> {
        let size = size.clamp(1, MOST_ROWS);
        let mut sql = self.sql(
            "SELECT a.id, a.at, a.actor, a.action, a.subject, a.detail, u.name AS actor_name FROM audit a \
             LEFT JOIN member u ON u.id = a.actor WHERE a.id < ",
        );
        sql.bind(before.unwrap_or(i64::MAX));
        if let Some(action) = action {
            sql.push(" AND substr(a.action, 1, ").bind(action.chars().count() as i64);
            if self.kind == Kind::Postgres {
                sql.push("::int");
            }
            sql.push(") = ").bind(action);
        }
        sql.push(" ORDER BY a.id DESC LIMIT ").bind(i64::from(size) + 1);
        let rows = sql.all(&mut *self.reader().await?).await?;
        let entry = |row: &AnyRow| {
            Ok::<_, StoreError>(AuditEntry {
                id: get(row, "id")?,
                at: time(get(row, "at")?)?,
                actor: get(row, "actor")?,
                actor_name: get::<Option<String>>(row, "actor_name")?.unwrap_or_default(),
                action: get(row, "action")?,
                subject: get(row, "subject")?,
                detail: get(row, "detail")?,
            })
        };
        let mut entries = rows.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        let has_more = entries.len() > size as usize;
        entries.truncate(size as usize);
        let next = entries.last().filter(|_| has_more).map(|entry| entry.id);
        Ok(AuditPage { entries, next })
    }
}
