//! Decisions about all items that a filter selects, with a preview and undo.

use comity_core::record::decision::Verdict;

use super::decide::{UndoOutcome, undo_one};
use super::fold::elect;
use super::queue::{Filter, ITEM, Queue, QueueRow, State, rows};
use super::{BatchId, Sql, Store, StoreError, UserId, Write, audit, count, get, score, webhooks};

/// A preview of a bulk action.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BulkPreview {
    /// The number of items that it would decide about.
    pub count: u64,
    /// The number of items that it leaves out, because somebody else has claimed them.
    pub claimed: u64,
    /// The lowest and the highest score of the flags.
    pub scores: Option<(f64, f64)>,
    /// The number of items by rule, the most frequent first.
    pub rules: Vec<(String, u64)>,
    /// Some of the items: the most and the least urgent.
    pub examples: Vec<QueueRow>,
}

/// The outcome of a bulk action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkOutcome {
    /// The decisions are recorded.
    Done {
        /// Its id, for [`Store::undo_bulk`].
        batch: BatchId,
        /// The number of decisions.
        count: u64,
    },
    /// The filter selects another number of items than the preview showed. Nothing was recorded.
    Changed {
        /// The number now.
        count: u64,
    },
}

/// Examples of a preview: this many of the most and of the least urgent.
const EXAMPLES: i64 = 5;

impl Filter {
    /// Returns true if its queue may be decided in bulk. Second opinions and appeals are about one
    /// decision each, and a sample is judged one by one.
    fn is_bulk(&self) -> bool {
        !matches!(self.queue, Queue::SecondOpinion | Queue::Appeal | Queue::Sample)
    }

    /// Adds the conditions on the items that a bulk action of a user is about.
    fn push_bulk(&self, sql: &mut Sql, user: UserId, now: i64) {
        self.push_open(sql);
        sql.push(" AND (i.claimed_until IS NULL OR i.claimed_until <= ").bind(now);
        sql.push(" OR i.claimed_by = ").bind(user).push(")");
    }
}

impl Store {
    /// Returns what a bulk action of a user would decide about. It is nothing in the queues of
    /// second opinions, appeals and samples, which are decided one by one.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn preview_bulk(&self, filter: &Filter, user: UserId) -> Result<BulkPreview, StoreError> {
        if !filter.is_bulk() {
            return Ok(BulkPreview::default());
        }
        let now = self.now().await?;
        let mut connection = self.reader().await?;
        let mut sql = self
            .sql("SELECT COUNT(*) AS total, MIN(i.score) AS low, MAX(i.score) AS high FROM item i WHERE ");
        filter.push_bulk(&mut sql, user, now);
        let row = sql.one(&mut connection).await?;
        let total = count(&row, "total")?;
        let scores = get::<Option<i64>>(&row, "low")?.zip(get::<Option<i64>>(&row, "high")?);
        let mut sql = self.sql("SELECT COUNT(*) AS total FROM item i WHERE ");
        filter.push_open(&mut sql);
        let open = count(&sql.one(&mut connection).await?, "total")?;
        let mut sql = self.sql("SELECT i.rule, COUNT(*) AS total FROM item i WHERE ");
        filter.push_bulk(&mut sql, user, now);
        sql.push(" GROUP BY i.rule ORDER BY total DESC, i.rule");
        let mut rules = Vec::new();
        for row in sql.all(&mut connection).await? {
            rules.push((get::<Option<String>>(&row, "rule")?.unwrap_or_default(), count(&row, "total")?));
        }
        let mut items = Vec::new();
        for order in ["i.rank, i.posted, i.id", "i.rank DESC, i.posted DESC, i.id DESC"] {
            let mut sql = self.sql(ITEM);
            sql.push("WHERE ");
            filter.push_bulk(&mut sql, user, now);
            sql.push(" ORDER BY ").push(order).push(" LIMIT ").bind(EXAMPLES);
            let mut found = sql.all(&mut connection).await?;
            if order.contains("DESC") {
                found.reverse();
            }
            for row in found {
                let id: i64 = get(&row, "id")?;
                let is_new = items.iter().all(|known| get::<i64>(known, "id").ok() != Some(id));
                if is_new {
                    items.push(row);
                }
            }
        }
        Ok(BulkPreview {
            count: total,
            claimed: open.saturating_sub(total),
            scores: scores.map(|(low, high)| (score(low), score(high))),
            rules,
            examples: rows(self, &mut connection, &items, now).await?,
        })
    }

    /// Decides about every open item that a filter selects and nobody else has claimed, if there
    /// are as many as `expected`. All decisions are recorded or none.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn bulk(
        &self,
        filter: &Filter,
        verdict: Verdict,
        reason: &str,
        note: &str,
        expected: u64,
        user: UserId,
    ) -> Result<BulkOutcome, StoreError> {
        if !filter.is_bulk() {
            return Ok(BulkOutcome::Changed { count: 0 });
        }
        let json = serde_json::to_string(filter).expect("every filter has a form in JSON");
        let mut write = self.begin().await?;
        let now = write.now;
        let mut sql = write.sql("SELECT COUNT(*) AS total FROM (SELECT i.id FROM item i WHERE ");
        filter.push_bulk(&mut sql, user, now);
        // In one order, so that two of them do not wait for each other.
        sql.push(" ORDER BY i.id").push(write.for_update()).push(") locked");
        let found = count(&sql.one(write.connection()).await?, "total")?;
        if found != expected {
            return Ok(BulkOutcome::Changed { count: found });
        }
        let sql =
            "INSERT INTO batch (user_id, at, verdict, filter, size) VALUES ($1, $2, $3, $4, $5) RETURNING id";
        let query = sqlx::query_scalar(sql).bind(user).bind(now).bind(verdict.as_str()).bind(json);
        let query = query.bind(i64::try_from(found).unwrap_or(i64::MAX));
        let batch: BatchId = query.fetch_one(write.connection()).await?;
        let mut sql = write.sql(
            "INSERT INTO decision (item_id, user_id, verdict, at, queue, policy, rule, label, score, threshold, model, \
             text_sha256, reason, note, stratum, stratum_size, batch_id, revision, before) SELECT i.id, ",
        );
        sql.bind(user).push(", ").bind(verdict.as_str()).push(", ").bind(now);
        sql.push(", i.queue, p.name, i.rule, i.label, i.score, i.threshold, m.name || ' ' || m.version, c.text_sha256, ");
        sql.bind(reason).push(", ").bind(note).push(", i.stratum, i.stratum_size, ").bind(batch);
        sql.push(
            ", i.revision + 1, i.last_decision FROM item i JOIN comment c ON c.id = i.id \
             JOIN model m ON m.id = c.model_id LEFT JOIN policy p ON p.id = i.policy_id WHERE ",
        );
        filter.push_bulk(&mut sql, user, now);
        let inserted = sql.execute(write.connection()).await?;
        if inserted != expected {
            // Items came in between, which PostgreSQL allows. Nothing is kept.
            return Ok(BulkOutcome::Changed { count: inserted });
        }
        let (to, state) = match verdict {
            Verdict::Approve | Verdict::Reject => (filter.queue, State::Decided),
            Verdict::Defer => (Queue::Deferred, State::Open),
            Verdict::Escalate => (Queue::Escalation, State::Open),
        };
        let sql = "UPDATE item SET queue = $1, state = $2, revision = revision + 1, claimed_by = NULL, \
                   claimed_until = NULL, lead = 0, last_decision = (SELECT d.id FROM decision d WHERE d.batch_id = $3 \
                   AND d.item_id = item.id) WHERE id IN (SELECT item_id FROM decision WHERE batch_id = $3)";
        let query = sqlx::query(sql).bind(to.as_str()).bind(state.as_str()).bind(batch);
        query.execute(write.connection()).await?;
        elect_all(&mut write, batch, filter.queue).await?;
        if state == State::Open && to != filter.queue {
            elect_all(&mut write, batch, to).await?;
        }
        let ids = decisions_of(&mut write, batch).await?;
        webhooks::announce(&mut write, "decision", &ids).await?;
        audit::note(&mut write, Some(user), "bulk.decide", &format!("batch:{batch}"), verdict.as_str())
            .await?;
        write.commit().await?;
        Ok(BulkOutcome::Done { batch, count: inserted })
    }

    /// Undoes a bulk action. Items that changed after it are left as they are.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn undo_bulk(&self, batch: BatchId, user: UserId) -> Result<UndoOutcome, StoreError> {
        let mut write = self.begin().await?;
        let now = write.now;
        let mut undone = Vec::new();
        let mut kept = 0;
        for decision in decisions_of(&mut write, batch).await? {
            if undo_one(&mut write, decision, user).await? {
                undone.push(decision);
            } else {
                kept += 1;
            }
        }
        let sql = "UPDATE batch SET undone_at = $1 WHERE id = $2";
        sqlx::query(sql).bind(now).bind(batch).execute(write.connection()).await?;
        webhooks::announce(&mut write, "undo", &undone).await?;
        audit::note(&mut write, Some(user), "bulk.undo", &format!("batch:{batch}"), "").await?;
        write.commit().await?;
        Ok(UndoOutcome { undone: undone.len() as u64, kept })
    }
}

/// Returns the decisions of a bulk action.
async fn decisions_of(write: &mut Write, batch: BatchId) -> Result<Vec<i64>, StoreError> {
    let sql = "SELECT id FROM decision WHERE batch_id = $1 ORDER BY id";
    Ok(sqlx::query_scalar(sql).bind(batch).fetch_all(write.connection()).await?)
}

/// Has a queue show one of the near-duplicates again that a bulk action left, or moved there.
async fn elect_all(write: &mut Write, batch: BatchId, queue: Queue) -> Result<(), StoreError> {
    let sql = "SELECT DISTINCT o.fold FROM decision d JOIN item i ON i.id = d.item_id \
               JOIN item o ON o.fold = i.fold WHERE d.batch_id = $1 AND o.queue = $2 AND o.state = $3 \
               AND o.lead = 0 AND NOT EXISTS (SELECT 1 FROM item l WHERE l.fold = i.fold AND l.queue = $2 \
               AND l.state = $3 AND l.lead = 1)";
    let query = sqlx::query_scalar(sql).bind(batch).bind(queue.as_str()).bind(State::Open.as_str());
    let folds: Vec<i64> = query.fetch_all(write.connection()).await?;
    for fold in folds {
        elect(write, fold, queue).await?;
    }
    Ok(())
}
