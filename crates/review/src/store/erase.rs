//! Statements that delete texts and names.

use super::queue::State;
use super::{AuthorId, CommentId, Kind, Store, StoreError, UserId, Write, audit, set};

/// Texts that a transaction deletes.
const ROWS: i64 = 1_000;

/// Microseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// Name of the setting that is there while the index of words has deleted texts.
const STALE: &str = "search.stale";

/// Deletes the texts of comments.
async fn delete_texts(write: &mut Write, ids: &[CommentId]) -> Result<(), StoreError> {
    for part in ids.chunks(ROWS as usize) {
        let mut sql = write.sql("UPDATE comment SET body = NULL WHERE id IN ");
        sql.list(part.iter().copied());
        sql.execute(write.connection()).await?;
        let mut sql = write.sql("DELETE FROM explanation WHERE comment_id IN ");
        sql.list(part.iter().copied());
        sql.execute(write.connection()).await?;
        if write.kind() == Kind::Sqlite {
            let mut sql = write.sql("DELETE FROM comment_words WHERE rowid IN ");
            sql.list(part.iter().copied());
            sql.execute(write.connection()).await?;
        }
    }
    if !ids.is_empty() {
        set(write, STALE, Some("1")).await?;
    }
    Ok(())
}

impl Store {
    /// Sets a setting, and records that in the audit log.
    pub(crate) async fn change_setting(
        &self,
        name: &str,
        value: Option<&str>,
        user: UserId,
        action: &str,
        detail: &str,
    ) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        set(&mut write, name, value).await?;
        audit::note(&mut write, Some(user), action, "", detail).await?;
        write.commit().await
    }

    /// Deletes some of the texts that were added more days ago and are not open, and returns their
    /// number.
    pub(crate) async fn delete_texts_older_than(&self, days: u32) -> Result<u64, StoreError> {
        let mut write = self.begin().await?;
        let before = write.now.saturating_sub(i64::from(days).saturating_mul(DAY));
        let sql = "SELECT c.id FROM comment c WHERE c.body IS NOT NULL AND c.added_at <= $1 AND NOT EXISTS \
                   (SELECT 1 FROM item i WHERE i.id = c.id AND i.state = $2) ORDER BY c.added_at LIMIT $3";
        let query = sqlx::query_scalar(sql).bind(before).bind(State::Open.as_str()).bind(ROWS);
        let ids: Vec<CommentId> = query.fetch_all(write.connection()).await?;
        delete_texts(&mut write, &ids).await?;
        write.commit().await?;
        Ok(ids.len() as u64)
    }

    /// Removes the words of deleted texts from the index of words, where they stay until it is
    /// merged. PostgreSQL's vacuum does that by itself.
    pub(crate) async fn clean_search(&self) -> Result<(), StoreError> {
        if self.kind != Kind::Sqlite || self.setting(STALE).await?.is_none() {
            return Ok(());
        }
        let mut write = self.begin().await?;
        let sql = "INSERT INTO comment_words (comment_words) VALUES ('optimize')";
        sqlx::query(sql).execute(write.connection()).await?;
        set(&mut write, STALE, None).await?;
        write.commit().await
    }

    /// Deletes an author's name and texts, and returns the number of comments.
    pub(crate) async fn erase_author(&self, author: AuthorId, user: UserId) -> Result<u64, StoreError> {
        let mut write = self.begin().await?;
        let sql = "UPDATE author SET name = NULL, forgotten = 1 WHERE id = $1";
        let done = sqlx::query(sql).bind(author).execute(write.connection()).await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::Missing("author", author));
        }
        let sql = "SELECT id FROM comment WHERE author_id = $1";
        let ids: Vec<CommentId> = sqlx::query_scalar(sql).bind(author).fetch_all(write.connection()).await?;
        delete_texts(&mut write, &ids).await?;
        let subject = format!("author:{author}");
        audit::note(&mut write, Some(user), "author.forget", &subject, &format!("{} texts", ids.len()))
            .await?;
        write.commit().await?;
        self.clean_search().await?;
        Ok(ids.len() as u64)
    }

    /// Gives an author another name.
    pub(crate) async fn rename_author(
        &self,
        author: AuthorId,
        name: &str,
        user: UserId,
    ) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        let sql = "UPDATE author SET name = $1 WHERE id = $2 AND name IS NOT NULL";
        let done = sqlx::query(sql).bind(name).bind(author).execute(write.connection()).await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::Missing("author", author));
        }
        audit::note(&mut write, Some(user), "author.pseudonymize", &format!("author:{author}"), name).await?;
        write.commit().await
    }
}
