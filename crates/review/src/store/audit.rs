//! The audit log: who did what, and who looked at a person's data. It only grows.

use jiff::Timestamp;

use super::{Store, StoreError, UserId};

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
        todo!()
    }

    /// Returns the entries with ids below `before`, the newest first; `None` begins with the newest.
    /// `action` selects those whose action begins with it.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn audit_log(
        &self,
        action: Option<&str>,
        before: Option<i64>,
        size: u32,
    ) -> Result<AuditPage, StoreError> {
        todo!()
    }
}
