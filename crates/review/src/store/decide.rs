//! Claims, decisions, appeals and undo. Each is one transaction, which checks that the item is what
//! its moderator has seen.

use std::time::Duration;

use comity_core::label::Label;
use comity_core::record::decision::{Appeal, Verdict};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe};

use super::fold::elect;
use super::item::{COMMENT, claim};
use super::queue::{Filter, Queue, State};
use super::{
    BatchId, CommentId, DecisionId, ItemView, Kind, Store, StoreError, UserId, Write, audit, flags, get,
    maybe_word, score, span, time, webhooks, word,
};

/// A claim: until it ends, nobody else is given the item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who has it.
    pub user: UserId,
    /// The user's name.
    pub name: String,
    /// When it ends.
    pub until: Timestamp,
}

/// The outcome of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// The user has the item, until this time.
    Claimed(Timestamp),
    /// Somebody else has it.
    ClaimedBy(Claim),
    /// It is not open: it was decided or dropped.
    NotOpen,
}

/// A decision that somebody makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionInput {
    /// The item.
    pub item: CommentId,
    /// Who decides.
    pub user: UserId,
    /// The decision.
    pub verdict: Verdict,
    /// The rule of the policy that applies, if it is another one than the rule of the flag.
    pub rule: Option<String>,
    /// The reason, for the person whose comment it is.
    pub reason: String,
    /// A note, for moderators.
    pub note: String,
    /// The revision of the item that the user has seen.
    pub seen_revision: i64,
    /// True to have a second moderator decide about it, too. An approval or a rejection only.
    pub second_opinion: bool,
}

/// The outcome of a decision.
#[derive(Clone, Debug, PartialEq)]
pub enum DecideOutcome {
    /// The decision is recorded.
    Done {
        /// Its id, for [`Store::undo`].
        decision: DecisionId,
        /// The queue that the item is open in now; `None` if it is decided.
        moved_to: Option<Queue>,
    },
    /// Somebody decided since the user has seen the item. Nothing was recorded.
    AlreadyDecided(DecisionView),
    /// Somebody else has claimed the item. Nothing was recorded.
    ClaimedBy(Claim),
    /// The item changed since the user has seen it: a decision was undone, or a new policy flags it
    /// for another reason or not at all. Nothing was recorded.
    Changed,
    /// A second opinion, or a decision about an appeal, must be another person's. Nothing was
    /// recorded.
    OwnDecision,
}

/// A decision that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionView {
    /// The id.
    pub id: DecisionId,
    /// The comment.
    pub item: CommentId,
    /// Who decided.
    pub user: UserId,
    /// The name of that user.
    pub name: String,
    /// The queue that the item was in.
    pub queue: Queue,
    /// The decision. Of an appeal, the decision that it is against.
    pub verdict: Verdict,
    /// The outcome of an appeal; `None` if it is not one.
    pub appeal: Option<Appeal>,
    /// When.
    pub at: Timestamp,
    /// The rule.
    pub rule: Option<String>,
    /// The label and the score at that time.
    pub score: Option<(Label, f64)>,
    /// The threshold at that time.
    pub threshold: Option<f64>,
    /// The reason.
    pub reason: String,
    /// The note.
    pub note: String,
    /// The bulk action that it is part of.
    pub batch: Option<BatchId>,
    /// Who undid it, and when.
    pub undone: Option<(String, Timestamp)>,
}

/// The outcome of undoing a decision or a bulk action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UndoOutcome {
    /// Decisions that were undone: their items are as before.
    pub undone: u64,
    /// Decisions that stand, because the item changed after them, or they were undone already.
    pub kept: u64,
}

/// An appeal that somebody hands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppealInput {
    /// The comment; its last decision is appealed against.
    pub item: CommentId,
    /// Who records it.
    pub user: UserId,
    /// The reason that the person gives.
    pub reason: String,
}

const DECISION: &str = "SELECT d.id, d.item_id, d.user_id, u.name AS user_name, d.queue, d.verdict, d.appeal, d.at, \
     d.rule, d.label, d.score, d.threshold, d.reason, d.note, d.batch_id, d.undone_at, d.revision, d.before, \
     r.name AS undone_name FROM decision d JOIN member u ON u.id = d.user_id \
     LEFT JOIN member r ON r.id = d.undone_by ";

fn decision(row: &AnyRow) -> Result<DecisionView, StoreError> {
    let undone = match get::<Option<i64>>(row, "undone_at")? {
        Some(at) => Some((get::<Option<String>>(row, "undone_name")?.unwrap_or_default(), time(at)?)),
        None => None,
    };
    let number: Option<i64> = get(row, "score")?;
    Ok(DecisionView {
        id: get(row, "id")?,
        item: get(row, "item_id")?,
        user: get(row, "user_id")?,
        name: get(row, "user_name")?,
        queue: word(row, "queue")?,
        verdict: word(row, "verdict")?,
        appeal: maybe_word(row, "appeal")?,
        at: time(get(row, "at")?)?,
        rule: get(row, "rule")?,
        score: maybe_word(row, "label")?.zip(number.map(score)),
        threshold: get::<Option<i64>>(row, "threshold")?.map(score),
        reason: get(row, "reason")?,
        note: get(row, "note")?,
        batch: get(row, "batch_id")?,
        undone,
    })
}

/// Returns the decisions about an item, the oldest first.
pub(crate) async fn decisions_of(
    connection: &mut AnyConnection,
    item: CommentId,
) -> Result<Vec<DecisionView>, StoreError> {
    let sql = joined(DECISION, "WHERE d.item_id = $1 ORDER BY d.id");
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(item).fetch_all(connection).await?;
    rows.iter().map(decision).collect()
}

fn joined(first: &str, second: &str) -> String {
    [first, second].concat()
}

async fn decision_by_id(
    connection: &mut AnyConnection,
    id: DecisionId,
) -> Result<Option<DecisionView>, StoreError> {
    let sql = joined(DECISION, "WHERE d.id = $1");
    let row = sqlx::query(AssertSqlSafe(sql)).bind(id).fetch_optional(connection).await?;
    row.as_ref().map(decision).transpose()
}

/// Columns of an item that is locked for a change.
const LOCKED: &str =
    "SELECT i.*, u.name AS claimer FROM item i LEFT JOIN member u ON u.id = i.claimed_by WHERE i.id = ";

/// Returns the row of an item, which nobody else changes before the transaction ends.
async fn lock(write: &mut Write, item: CommentId) -> Result<Option<AnyRow>, StoreError> {
    if write.kind() == Kind::Postgres {
        let sql = "SELECT id FROM item WHERE id = $1 FOR UPDATE";
        sqlx::query(sql).bind(item).fetch_optional(write.connection()).await?;
    }
    let mut sql = write.sql(LOCKED);
    sql.bind(item);
    sql.optional(write.connection()).await
}

/// Returns the last decision about an item that stands.
async fn last_decision(write: &mut Write, row: &AnyRow) -> Result<Option<DecisionView>, StoreError> {
    match get::<Option<i64>>(row, "last_decision")? {
        Some(id) => decision_by_id(write.connection(), id).await,
        None => Ok(None),
    }
}

/// Returns the verdict that a decision amounts to: that of an overturned one is the opposite.
pub(crate) fn effective(verdict: Verdict, appeal: Option<Appeal>) -> Verdict {
    match (verdict, appeal) {
        (Verdict::Approve, Some(Appeal::Overturn)) => Verdict::Reject,
        (Verdict::Reject, Some(Appeal::Overturn)) => Verdict::Approve,
        _ => verdict,
    }
}

/// The state of an item after a decision.
struct Outcome {
    queue: Queue,
    state: State,
}

/// Returns what becomes of an item.
fn outcome(queue: Queue, verdict: Verdict, first: Option<Verdict>, second_opinion: bool) -> Outcome {
    let open = |queue| Outcome { queue, state: State::Open };
    let decided = Outcome { queue, state: State::Decided };
    match (queue, verdict) {
        // An appeal waits until it is decided.
        (Queue::Appeal, Verdict::Defer | Verdict::Escalate) => open(queue),
        (Queue::Appeal, _) => decided,
        // A drawn comment that nobody can judge stays a part of its sample, without a judgement.
        (Queue::Sample, _) => decided,
        (_, Verdict::Escalate) => open(Queue::Escalation),
        (Queue::SecondOpinion, Verdict::Defer) => open(queue),
        (_, Verdict::Defer) => open(Queue::Deferred),
        (Queue::SecondOpinion, _) if first.is_some_and(|first| first != verdict) => open(Queue::Escalation),
        (Queue::SecondOpinion, _) => decided,
        _ if second_opinion => open(Queue::SecondOpinion),
        _ => decided,
    }
}

impl Store {
    /// Claims the most urgent item that a filter selects and nobody has, and returns it. A user
    /// gets the item back that the user claimed last and neither decided nor released, if the
    /// filter selects it. Nobody gets an item whose second opinion or appeal is about the user's
    /// own decision.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn claim_next(
        &self,
        user: UserId,
        filter: &Filter,
        lease: Duration,
    ) -> Result<Option<ItemView>, StoreError> {
        let mut write = self.begin().await?;
        let now = write.now;
        let mut sql = write.sql("SELECT i.id FROM item i WHERE ");
        filter.push_open(&mut sql);
        sql.push(" AND i.claimed_by = ").bind(user).push(" AND i.claimed_until > ").bind(now);
        sql.push(" ORDER BY i.claimed_until DESC LIMIT 1").push(write.for_update());
        let mut row = sql.optional(write.connection()).await?;
        if row.is_none() {
            let mut sql = write.sql("SELECT i.id FROM item i WHERE ");
            filter.push_open(&mut sql);
            filter.push_folded(&mut sql);
            sql.push(" AND (i.claimed_until IS NULL OR i.claimed_until <= ").bind(now).push(")");
            if matches!(filter.queue, Queue::SecondOpinion | Queue::Appeal) {
                sql.push(
                    " AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.id = i.last_decision AND d.user_id = ",
                );
                sql.bind(user).push(")");
            }
            sql.push(" ORDER BY i.rank, i.posted, i.id LIMIT 1");
            if write.kind() == Kind::Postgres {
                sql.push(" FOR UPDATE SKIP LOCKED");
            }
            row = sql.optional(write.connection()).await?;
        }
        let Some(row) = row else { return Ok(None) };
        let item: CommentId = get(&row, "id")?;
        set_claim(&mut write, item, user, now + span(lease)).await?;
        write.commit().await?;
        self.item(item, AROUND).await
    }

    /// Claims an item, or extends the user's own claim.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn claim(
        &self,
        item: CommentId,
        user: UserId,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        let mut write = self.begin().await?;
        let now = write.now;
        let row = lock(&mut write, item).await?.ok_or(StoreError::Missing("item", item))?;
        if word::<State>(&row, "state")? != State::Open {
            return Ok(ClaimOutcome::NotOpen);
        }
        if let Some(claim) = claim(&row, now)?
            && claim.user != user
        {
            return Ok(ClaimOutcome::ClaimedBy(claim));
        }
        let until = now + span(lease);
        set_claim(&mut write, item, user, until).await?;
        write.commit().await?;
        Ok(ClaimOutcome::Claimed(time(until)?))
    }

    /// Ends the claim of a user on an item. Returns false if there was none.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn release(&self, item: CommentId, user: UserId) -> Result<bool, StoreError> {
        let mut write = self.begin().await?;
        let sql = "UPDATE item SET claimed_by = NULL, claimed_until = NULL WHERE id = $1 AND claimed_by = $2";
        let done = sqlx::query(sql).bind(item).bind(user).execute(write.connection()).await?;
        write.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    /// Ends all claims of a user, and returns their number.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn release_all(&self, user: UserId) -> Result<u64, StoreError> {
        let mut write = self.begin().await?;
        let sql = "UPDATE item SET claimed_by = NULL, claimed_until = NULL WHERE claimed_by = $1";
        let done = sqlx::query(sql).bind(user).execute(write.connection()).await?;
        write.commit().await?;
        Ok(done.rows_affected())
    }

    /// Records a decision, and ends the claim on the item.
    ///
    /// # Errors
    /// [`StoreError`] if there is no such item, or the database fails.
    pub async fn decide(&self, input: &DecisionInput) -> Result<DecideOutcome, StoreError> {
        let mut tries = 0;
        loop {
            match self.decide_once(input).await {
                // PostgreSQL ends one of two writers that wait for each other: decisions about
                // near-duplicates, or a bulk action.
                Err(error) if error.is_deadlock() && tries < DEADLOCKS => tries += 1,
                decided => return decided,
            }
        }
    }

    async fn decide_once(&self, input: &DecisionInput) -> Result<DecideOutcome, StoreError> {
        let mut write = self.begin().await?;
        let now = write.now;
        let missing = StoreError::Missing("item", input.item);
        let row = lock(&mut write, input.item).await?.ok_or(missing)?;
        let revision: i64 = get(&row, "revision")?;
        let last = last_decision(&mut write, &row).await?;
        if word::<State>(&row, "state")? != State::Open || revision != input.seen_revision {
            // The last decision is news only if it came after what the user has seen.
            let newer = last.map(|last| revision_of(&mut write, last));
            return match newer {
                Some(newer) => match newer.await? {
                    (last, revision) if revision > input.seen_revision => {
                        Ok(DecideOutcome::AlreadyDecided(last))
                    }
                    _ => Ok(DecideOutcome::Changed),
                },
                None => Ok(DecideOutcome::Changed),
            };
        }
        if let Some(claim) = claim(&row, now)?
            && claim.user != input.user
        {
            return Ok(DecideOutcome::ClaimedBy(claim));
        }
        let queue: Queue = word(&row, "queue")?;
        let is_own = last.as_ref().is_some_and(|last| last.user == input.user);
        if is_own && matches!(queue, Queue::SecondOpinion | Queue::Appeal) {
            return Ok(DecideOutcome::OwnDecision);
        }
        let before = last.as_ref().map(|last| effective(last.verdict, last.appeal));
        let Outcome { queue: to, state } = outcome(queue, input.verdict, before, input.second_opinion);
        let (mut verdict, mut appeal, mut appeal_reason) = (input.verdict, None, String::new());
        if queue == Queue::Appeal && state == State::Decided {
            // The record of an appeal names the decision that it is against.
            verdict = before.unwrap_or(input.verdict);
            let is_upheld = verdict == input.verdict;
            appeal = Some(if is_upheld { Appeal::Uphold } else { Appeal::Overturn });
            let sql = "UPDATE appeal SET outcome = $1 WHERE item_id = $2 AND outcome = $3 RETURNING reason";
            let query = sqlx::query_scalar(sql).bind(appeal.map_or("", Appeal::as_str)).bind(input.item);
            let query = query.bind(Appeal::Open.as_str());
            appeal_reason = query.fetch_optional(write.connection()).await?.unwrap_or_default();
        }
        let sql = "INSERT INTO decision (item_id, user_id, verdict, appeal, appeal_reason, at, queue, policy, rule, label, \
                   score, threshold, model, text_sha256, reason, note, stratum, stratum_size, revision, before) \
                   SELECT i.id, $1, $2, $3, $4, $5, i.queue, p.name, COALESCE($6, i.rule), i.label, i.score, i.threshold, \
                   m.name || ' ' || m.version, c.text_sha256, $7, $8, i.stratum, i.stratum_size, i.revision + 1, \
                   i.last_decision FROM item i JOIN comment c ON c.id = i.id JOIN model m ON m.id = c.model_id \
                   LEFT JOIN policy p ON p.id = i.policy_id WHERE i.id = $9 RETURNING id";
        let query = sqlx::query_scalar(sql).bind(input.user).bind(verdict.as_str());
        let query = query.bind(appeal.map(|appeal| appeal.as_str().to_owned())).bind(appeal_reason).bind(now);
        let query = query.bind(input.rule.clone()).bind(&input.reason).bind(&input.note).bind(input.item);
        let id: DecisionId = query.fetch_one(write.connection()).await?;
        let sql = "UPDATE item SET queue = $1, state = $2, revision = revision + 1, claimed_by = NULL, \
                   claimed_until = NULL, last_decision = $3, lead = 0 WHERE id = $4";
        let query = sqlx::query(sql).bind(to.as_str()).bind(state.as_str()).bind(id).bind(input.item);
        query.execute(write.connection()).await?;
        let fold = get(&row, "fold")?;
        elect(&mut write, fold, queue).await?;
        if to != queue {
            elect(&mut write, fold, to).await?;
        }
        webhooks::announce(&mut write, "decision", &[id]).await?;
        write.commit().await?;
        Ok(DecideOutcome::Done { decision: id, moved_to: (state == State::Open).then_some(to) })
    }

    /// Undoes a decision: the item is in its queue again, as before it.
    ///
    /// # Errors
    /// [`StoreError`] if there is no such decision, or the database fails.
    pub async fn undo(&self, decision: DecisionId, user: UserId) -> Result<UndoOutcome, StoreError> {
        let mut write = self.begin().await?;
        let is_undone = undo_one(&mut write, decision, user).await?;
        if is_undone {
            webhooks::announce(&mut write, "undo", &[decision]).await?;
        }
        write.commit().await?;
        Ok(UndoOutcome { undone: u64::from(is_undone), kept: u64::from(!is_undone) })
    }

    /// Returns the last decisions of a user that are not undone, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn last_decisions(&self, user: UserId, size: u32) -> Result<Vec<DecisionView>, StoreError> {
        let mut sql = self.sql(DECISION);
        sql.push("WHERE d.undone_at IS NULL AND d.user_id = ").bind(user);
        sql.push(" ORDER BY d.id DESC LIMIT ").bind(i64::from(size));
        sql.all(&mut *self.reader().await?).await?.iter().map(decision).collect()
    }

    /// Returns a decision.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn decision(&self, id: DecisionId) -> Result<Option<DecisionView>, StoreError> {
        decision_by_id(&mut *self.reader().await?, id).await
    }

    /// Puts a comment that the policy does not flag into a queue, because a person flags it.
    /// Returns false if it is open already.
    ///
    /// # Errors
    /// [`StoreError`] if there is no such comment, or the database fails.
    pub async fn flag(&self, comment: CommentId, queue: Queue, user: UserId) -> Result<bool, StoreError> {
        let mut write = self.begin().await?;
        let mut sql = write.sql(COMMENT);
        sql.push("WHERE c.id = ").bind(comment);
        let missing = StoreError::Missing("comment", comment);
        let row = sql.optional(write.connection()).await?.ok_or(missing)?;
        match lock(&mut write, comment).await? {
            Some(item) if word::<State>(&item, "state")? == State::Open => return Ok(false),
            Some(item) => {
                let sql =
                    "UPDATE item SET queue = $1, state = $2, revision = revision + 1, lead = 0 WHERE id = $3";
                let query = sqlx::query(sql).bind(queue.as_str()).bind(State::Open.as_str()).bind(comment);
                query.execute(write.connection()).await?;
                elect(&mut write, get(&item, "fold")?, queue).await?;
            }
            None => {
                let rank = flags::rank_without_rule(&flags::scored(&row)?);
                open_item(&mut write, comment, queue, rank).await?;
            }
        }
        audit::note(&mut write, Some(user), "item.flag", &format!("comment:{comment}"), queue.as_str())
            .await?;
        write.commit().await?;
        Ok(true)
    }

    /// Records an appeal against the last decision about a comment, and opens it in the queue of
    /// appeals. There, a decision equal to the one appealed against upholds it, and the other one
    /// overturns it. Returns false if the comment is not decided.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn appeal(&self, input: &AppealInput) -> Result<bool, StoreError> {
        let mut write = self.begin().await?;
        let now = write.now;
        let Some(row) = lock(&mut write, input.item).await? else { return Ok(false) };
        let last = last_decision(&mut write, &row).await?;
        let Some(last) = last.filter(|last| matches!(last.verdict, Verdict::Approve | Verdict::Reject))
        else {
            return Ok(false);
        };
        if word::<State>(&row, "state")? != State::Decided {
            return Ok(false);
        }
        let sql = "INSERT INTO appeal (item_id, decision_id, reason, user_id, opened_at, outcome) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let query =
            sqlx::query(sql).bind(input.item).bind(last.id).bind(&input.reason).bind(input.user).bind(now);
        query.bind(Appeal::Open.as_str()).execute(write.connection()).await?;
        let sql = "UPDATE item SET queue = $1, state = $2, revision = revision + 1, lead = 0 WHERE id = $3";
        let query = sqlx::query(sql).bind(Queue::Appeal.as_str()).bind(State::Open.as_str()).bind(input.item);
        query.execute(write.connection()).await?;
        elect(&mut write, get(&row, "fold")?, Queue::Appeal).await?;
        write.commit().await?;
        Ok(true)
    }
}

/// Comments of a thread that [`Store::claim_next`] returns around the one claimed, on each side.
const AROUND: u32 = 5;

/// Times that a decision is tried again after a deadlock.
const DEADLOCKS: u32 = 5;

async fn set_claim(write: &mut Write, item: CommentId, user: UserId, until: i64) -> Result<(), StoreError> {
    let sql = "UPDATE item SET claimed_by = $1, claimed_until = $2 WHERE id = $3";
    sqlx::query(sql).bind(user).bind(until).bind(item).execute(write.connection()).await?;
    Ok(())
}

async fn revision_of(write: &mut Write, decision: DecisionView) -> Result<(DecisionView, i64), StoreError> {
    let sql = "SELECT revision FROM decision WHERE id = $1";
    let revision = sqlx::query_scalar(sql).bind(decision.id).fetch_one(write.connection()).await?;
    Ok((decision, revision))
}

/// Opens an item without a rule.
pub(crate) async fn open_item(
    write: &mut Write,
    comment: CommentId,
    queue: Queue,
    rank: f64,
) -> Result<(), StoreError> {
    let now = write.now;
    let sql = "INSERT INTO item (id, queue, state, rank, posted, fold, lead, source_id, thread_id, author_id, language, \
               opened_at) SELECT c.id, $1, $2, $3, c.posted, c.id, 1, c.source_id, c.thread_id, c.author_id, c.language, \
               $4 FROM comment c WHERE c.id = $5";
    let query =
        sqlx::query(sql).bind(queue.as_str()).bind(State::Open.as_str()).bind(rank).bind(now).bind(comment);
    query.execute(write.connection()).await?;
    Ok(())
}

/// Undoes a decision, if its item has not changed since. Returns true if so.
pub(crate) async fn undo_one(
    write: &mut Write,
    decision: DecisionId,
    user: UserId,
) -> Result<bool, StoreError> {
    let now = write.now;
    let sql = "SELECT item_id, queue, before, appeal FROM decision WHERE id = $1";
    let row = sqlx::query(sql).bind(decision).fetch_optional(write.connection()).await?;
    let row = row.ok_or(StoreError::Missing("decision", decision))?;
    let item: CommentId = get(&row, "item_id")?;
    let Some(locked) = lock(write, item).await? else { return Ok(false) };
    let to: Queue = word(&row, "queue")?;
    let from: Queue = word(&locked, "queue")?;
    // A queue of appeals that was opened after the decision is news, too.
    let is_appealed = from == Queue::Appeal && to != Queue::Appeal;
    if get::<Option<i64>>(&locked, "last_decision")? != Some(decision) || is_appealed {
        return Ok(false);
    }
    let sql = "UPDATE item SET queue = $1, state = $2, revision = revision + 1, last_decision = $3, claimed_by = NULL, \
               claimed_until = NULL, lead = 0 WHERE id = $4";
    let query = sqlx::query(sql).bind(to.as_str()).bind(State::Open.as_str());
    let query = query.bind(get::<Option<i64>>(&row, "before")?).bind(item);
    query.execute(write.connection()).await?;
    if get::<Option<&str>>(&row, "appeal")?.is_some() {
        let sql = "UPDATE appeal SET outcome = $1 WHERE id = (SELECT MAX(id) FROM appeal WHERE item_id = $2)";
        sqlx::query(sql).bind(Appeal::Open.as_str()).bind(item).execute(write.connection()).await?;
    }
    let sql = "UPDATE decision SET undone_at = $1, undone_by = $2 WHERE id = $3";
    sqlx::query(sql).bind(now).bind(user).bind(decision).execute(write.connection()).await?;
    let fold = get(&locked, "fold")?;
    elect(write, fold, to).await?;
    if from != to {
        elect(write, fold, from).await?;
    }
    Ok(true)
}
