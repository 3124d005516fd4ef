//! Webhooks and the calls that wait: they are stored in the transaction of their decision.

use std::time::Duration;

use comity_core::record::decision::Verdict;
use jiff::Timestamp;
use serde_json::json;
use sqlx::any::AnyRow;

use super::decide::effective;
use super::{
    DecisionId, Kind, Store, StoreError, UserId, Write, audit, count, get, maybe_word, span, time, word,
};

/// An address that is called about decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The id.
    pub id: i64,
    /// The address.
    pub url: String,
    /// True if it is called.
    pub enabled: bool,
    /// Calls that wait to be sent or sent again.
    pub waiting: u64,
    /// Calls that were given up.
    pub failed: u64,
    /// The last fault, for people.
    pub last_error: Option<String>,
    /// When the last call was accepted.
    pub accepted_at: Option<Timestamp>,
}

/// A call that is due.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) id: i64,
    pub(crate) webhook: i64,
    pub(crate) url: String,
    pub(crate) secret: Vec<u8>,
    /// Equal for every attempt to send this call.
    pub(crate) key: String,
    pub(crate) body: String,
    pub(crate) attempts: i64,
}

/// Rows of a statement.
const ROWS: usize = 500;

/// Calls that are taken at a time.
const CALLS: i64 = 20;

/// The time after which a call that nobody reports about is sent again: its process may have ended.
const TAKEN: Duration = Duration::from_secs(120);

/// Stores calls about decisions for every webhook. `event` is `decision` or `undo`.
pub(crate) async fn announce(
    write: &mut Write,
    event: &str,
    decisions: &[DecisionId],
) -> Result<(), StoreError> {
    let sql = "SELECT id FROM webhook WHERE enabled = 1 ORDER BY id";
    let webhooks: Vec<i64> = sqlx::query_scalar(sql).fetch_all(write.connection()).await?;
    if webhooks.is_empty() {
        return Ok(());
    }
    let now = write.now;
    for part in decisions.chunks(ROWS) {
        let mut sql = write.sql(
            "SELECT d.id, d.verdict, d.appeal, d.policy, d.rule, d.reason, d.revision, u.name AS actor, c.external_id, \
             t.name AS thread, s.name AS source, c.link, i.state, i.queue FROM decision d \
             JOIN item i ON i.id = d.item_id JOIN comment c ON c.id = d.item_id JOIN thread t ON t.id = c.thread_id \
             JOIN source s ON s.id = c.source_id JOIN member u ON u.id = d.user_id WHERE d.id IN ",
        );
        sql.list(part.iter().copied()).push(" ORDER BY d.id");
        let rows = sql.all(write.connection()).await?;
        for webhook in &webhooks {
            let mut sql = write
                .sql("INSERT INTO outbox (webhook_id, idempotency_key, body, created_at, next_at) VALUES ");
            for (index, row) in rows.iter().enumerate() {
                let key = format!("{event}-{}", get::<i64>(row, "id")?);
                sql.push(if index > 0 { ", (" } else { "(" });
                sql.bind(*webhook).push(", ").bind(key.as_str()).push(", ").bind(body(row, event, now)?);
                sql.push(", ").bind(now).push(", ").bind(now).push(")");
            }
            sql.execute(write.connection()).await?;
        }
    }
    Ok(())
}

/// Returns the body of a call. It has no text of a comment and no author.
fn body(row: &AnyRow, event: &str, now: i64) -> Result<String, StoreError> {
    let text = |column| get::<Option<String>>(row, column);
    let verdict = effective(word::<Verdict>(row, "verdict")?, maybe_word(row, "appeal")?);
    let body = json!({
        "event": event,
        "decision_id": get::<i64>(row, "id")?,
        "source": text("source")?,
        "thread": text("thread")?,
        "comment": text("external_id")?,
        "link": text("link")?,
        "decision": verdict.as_str(),
        "appeal": text("appeal")?,
        "final": get::<&str>(row, "state")? == super::State::Decided.as_str(),
        "queue": text("queue")?,
        "policy": text("policy")?,
        "rule": text("rule")?,
        "reason": text("reason")?,
        "actor": text("actor")?,
        "time": time(now)?.to_string(),
        // Later calls about a comment have higher ones.
        "revision": get::<i64>(row, "revision")? + i64::from(event == "undo"),
    });
    Ok(body.to_string())
}

/// Returns true for an address that can be called.
fn is_address(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        !host.is_empty() && !host.contains('@') && url.chars().all(|c| c.is_ascii_graphic())
    })
}

impl Store {
    /// Adds a webhook. `secret` signs its calls.
    ///
    /// # Errors
    /// [`StoreError::Webhook`] if the address is none; [`StoreError`] if the database fails.
    pub async fn add_webhook(&self, url: &str, secret: &[u8], user: UserId) -> Result<i64, StoreError> {
        if !is_address(url) {
            return Err(StoreError::Webhook(url.to_owned()));
        }
        let mut write = self.begin().await?;
        let sql = "INSERT INTO webhook (url, secret) VALUES ($1, $2) RETURNING id";
        let id = sqlx::query_scalar(sql).bind(url).bind(secret).fetch_one(write.connection()).await?;
        audit::note(&mut write, Some(user), "webhook.add", &format!("webhook:{id}"), url).await?;
        write.commit().await?;
        Ok(id)
    }

    /// Returns the webhooks.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, StoreError> {
        let sql = "SELECT w.id, w.url, w.enabled, w.last_error, w.accepted_at, \
                   (SELECT COUNT(*) FROM outbox o WHERE o.webhook_id = w.id AND o.failed_at IS NULL) AS waiting, \
                   (SELECT COUNT(*) FROM outbox o WHERE o.webhook_id = w.id AND o.failed_at IS NOT NULL) AS failed \
                   FROM webhook w ORDER BY w.id";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await?;
        let webhook = |row: &AnyRow| {
            Ok(Webhook {
                id: get(row, "id")?,
                url: get(row, "url")?,
                enabled: get::<i64>(row, "enabled")? == 1,
                waiting: count(row, "waiting")?,
                failed: count(row, "failed")?,
                last_error: get(row, "last_error")?,
                accepted_at: get::<Option<i64>>(row, "accepted_at")?.map(time).transpose()?,
            })
        };
        rows.iter().map(webhook).collect()
    }

    /// Stops or continues to call a webhook. Calls that wait or were given up are then due at once.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn enable_webhook(&self, id: i64, enabled: bool, user: UserId) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        let now = write.now;
        let sql = "UPDATE webhook SET enabled = $1 WHERE id = $2";
        sqlx::query(sql).bind(i64::from(enabled)).bind(id).execute(write.connection()).await?;
        if enabled {
            let sql = "UPDATE outbox SET failed_at = NULL, attempts = 0, next_at = $1 \
                       WHERE webhook_id = $2";
            sqlx::query(sql).bind(now).bind(id).execute(write.connection()).await?;
        }
        let action = if enabled { "webhook.enable" } else { "webhook.disable" };
        audit::note(&mut write, Some(user), action, &format!("webhook:{id}"), "").await?;
        write.commit().await
    }

    /// Deletes a webhook and the calls that wait.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn delete_webhook(&self, id: i64, user: UserId) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        let sql = "DELETE FROM webhook WHERE id = $1";
        sqlx::query(sql).bind(id).execute(write.connection()).await?;
        audit::note(&mut write, Some(user), "webhook.delete", &format!("webhook:{id}"), "").await?;
        write.commit().await
    }

    /// Takes calls that are due, the oldest first. Nobody else gets them for two minutes.
    pub(crate) async fn take_calls(&self) -> Result<Vec<Call>, StoreError> {
        let mut write = self.begin().await?;
        let now = write.now;
        let mut sql = write.sql(
            "SELECT o.id, o.webhook_id, w.url, w.secret, o.idempotency_key, o.body, o.attempts FROM outbox o \
             JOIN webhook w ON w.id = o.webhook_id WHERE w.enabled = 1 AND o.failed_at IS NULL AND o.next_at <= ",
        );
        sql.bind(now).push(" ORDER BY o.id LIMIT ").bind(CALLS);
        if write.kind() == Kind::Postgres {
            sql.push(" FOR UPDATE OF o SKIP LOCKED");
        }
        let call = |row: &AnyRow| {
            Ok::<_, StoreError>(Call {
                id: get(row, "id")?,
                webhook: get(row, "webhook_id")?,
                url: get(row, "url")?,
                secret: get(row, "secret")?,
                key: get(row, "idempotency_key")?,
                body: get(row, "body")?,
                attempts: get(row, "attempts")?,
            })
        };
        let calls = sql.all(write.connection()).await?.iter().map(call).collect::<Result<Vec<_>, _>>()?;
        if calls.is_empty() {
            return Ok(calls);
        }
        let mut sql = write.sql("UPDATE outbox SET attempts = attempts + 1, next_at = ");
        sql.bind(now + span(TAKEN)).push(" WHERE id IN ").list(calls.iter().map(|call| call.id));
        sql.execute(write.connection()).await?;
        write.commit().await?;
        Ok(calls)
    }

    /// Records that a call was accepted.
    pub(crate) async fn accepted(&self, call: &Call) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        let now = write.now;
        let sql = "DELETE FROM outbox WHERE id = $1";
        sqlx::query(sql).bind(call.id).execute(write.connection()).await?;
        let sql = "UPDATE webhook SET accepted_at = $1, last_error = NULL WHERE id = $2";
        sqlx::query(sql).bind(now).bind(call.webhook).execute(write.connection()).await?;
        write.commit().await
    }

    /// Records that a call failed, and when it is sent again; `None` gives it up.
    pub(crate) async fn refused(
        &self,
        call: &Call,
        cause: &str,
        again: Option<Duration>,
    ) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        let now = write.now;
        match again {
            Some(pause) => {
                let sql = "UPDATE outbox SET next_at = $1 WHERE id = $2";
                sqlx::query(sql).bind(now + span(pause)).bind(call.id).execute(write.connection()).await?;
            }
            None => {
                let sql = "UPDATE outbox SET failed_at = $1 WHERE id = $2";
                sqlx::query(sql).bind(now).bind(call.id).execute(write.connection()).await?;
            }
        }
        let sql = "UPDATE webhook SET last_error = $1 WHERE id = $2";
        sqlx::query(sql).bind(cause).bind(call.webhook).execute(write.connection()).await?;
        write.commit().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_scheme_and_a_host() {
        for (url, fine) in [
            ("https://example.org/hook?a=1", true),
            ("http://127.0.0.1:9000", true),
            ("https://", false),
            ("https:///path", false),
            ("ftp://example.org", false),
            ("https://user:key@example.org", false),
            ("https://example.org/a b", false),
            ("https://example.org/\r\nX: y", false),
        ] {
            assert_eq!(is_address(url), fine, "{url}");
        }
    }
}
