//! Versions of the policy, and what another one would do to the stored scores.

use std::collections::HashMap;
use std::sync::Arc;

use comity_core::label::Label;
use comity_core::policy::{Action, Policy, Rule};
use comity_core::record::decision::Verdict;
use comity_core::words;
use jiff::Timestamp;
use sqlx::any::AnyRow;
use tokio::task;

use super::decide::effective;
use super::flags::{self, Judged};
use super::fold::Fingerprint;
use super::insight::Share;
use super::queue::State;
use super::scores::ScoredRows;
use super::{
    CommentId, Incoming, Kind, PolicyId, Store, StoreError, UserId, Write, audit, cautions, get, maybe_word,
    time, word,
};

/// The state of a version of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyState {
    /// It decides what is flagged.
    Published,
    /// It is compared with the published one, and flags nothing.
    Shadow,
    /// A later one replaced it.
    Retired,
}

words! { PolicyState, "state of a policy":
    Published = "published",
    Shadow = "shadow",
    Retired = "retired",
}

/// A version of the policy.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyVersion {
    /// The id; later versions have higher ones.
    pub id: PolicyId,
    /// The policy.
    pub policy: Policy,
    /// Its file.
    pub toml: String,
    /// Its state.
    pub state: PolicyState,
    /// Who added it; `None` for the program itself.
    pub by: Option<String>,
    /// When.
    pub created_at: Timestamp,
    /// A note on what changed.
    pub note: String,
}

/// What a rule would do to the stored comments.
#[derive(Clone, Debug, PartialEq)]
pub struct WhatIfRule {
    /// Name of the rule.
    pub rule: String,
    /// Its label.
    pub label: Label,
    /// Its threshold.
    pub threshold: f64,
    /// The action that it calls for.
    pub action: Action,
    /// Comments whose score reaches the threshold.
    pub flagged: u64,
    /// Comments for which the rule decides, of several that fire.
    pub deciding: u64,
    /// The precision that the scores predict: their mean; `None` without flagged comments.
    pub expected_precision: Option<f64>,
    /// The recall that the scores predict: the share of their sum; `None` if that is 0.
    pub expected_recall: Option<f64>,
    /// The share of flagged comments that were rejected, of those that people decided about.
    pub decided: Share,
}

/// What a policy would do to the stored comments.
#[derive(Clone, Debug, PartialEq)]
pub struct WhatIf {
    /// Comments with scores.
    pub scored: u64,
    /// Comments that any rule flags.
    pub flagged: u64,
    /// Comments that it flags and the published policy does not.
    pub added: u64,
    /// Comments that the published policy flags and it does not.
    pub removed: u64,
    /// Hours of review for the flagged comments, at the policy's pace.
    pub hours: f64,
    /// The rules.
    pub rules: Vec<WhatIfRule>,
}

/// The shadow policy next to the published one.
#[derive(Clone, Debug, PartialEq)]
pub struct ShadowReport {
    /// The shadow policy.
    pub shadow: PolicyVersion,
    /// What it would do.
    pub shadow_figures: WhatIf,
    /// What the published one does.
    pub published_figures: WhatIf,
}

/// The policy in force, for writers.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) id: PolicyId,
    pub(crate) policy: Arc<Policy>,
}

/// Comments that a policy is applied to in a transaction.
const CHUNK: i64 = 2_000;

const VERSION: &str = "SELECT p.id, p.toml, p.state, p.created_at, p.note, u.name AS by_name FROM policy p \
     LEFT JOIN member u ON u.id = p.user_id ";

fn version(row: &AnyRow) -> Result<PolicyVersion, StoreError> {
    let toml: String = get(row, "toml")?;
    Ok(PolicyVersion {
        id: get(row, "id")?,
        policy: Policy::parse(&toml)?,
        toml,
        state: word(row, "state")?,
        by: get(row, "by_name")?,
        created_at: time(get(row, "created_at")?)?,
        note: get(row, "note")?,
    })
}

async fn add_version(
    write: &mut Write,
    toml: &str,
    state: PolicyState,
    note: &str,
    user: Option<UserId>,
) -> Result<PolicyId, StoreError> {
    let now = write.now;
    let name = Policy::parse(toml)?.name;
    let sql = "UPDATE policy SET state = $1 WHERE state = $2";
    let query = sqlx::query(sql).bind(PolicyState::Retired.as_str()).bind(state.as_str());
    query.execute(write.connection()).await?;
    let sql = "INSERT INTO policy (name, toml, state, user_id, created_at, note) VALUES ($1, $2, $3, $4, $5, $6) \
               RETURNING id";
    let query = sqlx::query_scalar(sql).bind(name).bind(toml).bind(state.as_str()).bind(user).bind(now);
    Ok(query.bind(note).fetch_one(write.connection()).await?)
}

impl Store {
    /// Publishes the built-in policy in a database without one.
    pub(crate) async fn ensure_policy(&self) -> Result<(), StoreError> {
        let sql = "SELECT COUNT(*) FROM policy WHERE state = $1";
        let count = || sqlx::query_scalar::<_, i64>(sql).bind(PolicyState::Published.as_str());
        if count().fetch_one(&self.pool).await? > 0 {
            return Ok(());
        }
        let mut write = self.begin().await?;
        if write.kind() == Kind::Postgres {
            sqlx::query("LOCK TABLE policy IN EXCLUSIVE MODE").execute(write.connection()).await?;
        }
        // Another process may have been first.
        if count().fetch_one(write.connection()).await? == 0 {
            let id = add_version(&mut write, Policy::BUILT_IN, PolicyState::Published, "", None).await?;
            set_applied(&mut write, id, i64::MAX).await?;
            write.commit().await?;
        }
        Ok(())
    }

    /// Returns the policy in force.
    pub(crate) async fn published(&self) -> Result<Published, StoreError> {
        let version = self.published_policy().await?;
        Ok(Published { id: version.id, policy: Arc::new(version.policy) })
    }

    /// Keeps the published policy from being replaced before a transaction ends, and applies it to
    /// comments if it is another one than `published`.
    pub(crate) async fn hold_published(
        &self,
        write: &mut Write,
        published: Published,
        chunk: &mut [Incoming],
        languages: &[String],
    ) -> Result<Published, StoreError> {
        let mut sql = write.sql("SELECT id, toml FROM policy WHERE state = ");
        sql.bind(PolicyState::Published.as_str());
        if write.kind() == Kind::Postgres {
            sql.push(" FOR SHARE");
        }
        let row = sql.one(write.connection()).await?;
        let id: PolicyId = get(&row, "id")?;
        if id == published.id {
            return Ok(published);
        }
        let published = Published { id, policy: Arc::new(Policy::parse(get(&row, "toml")?)?) };
        for incoming in chunk {
            incoming.judge(&published, languages);
        }
        Ok(published)
    }

    /// Returns all versions, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn policies(&self) -> Result<Vec<PolicyVersion>, StoreError> {
        let mut sql = self.sql(VERSION);
        sql.push("ORDER BY p.id DESC");
        sql.all(&mut *self.reader().await?).await?.iter().map(version).collect()
    }

    /// Returns the published policy.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn published_policy(&self) -> Result<PolicyVersion, StoreError> {
        let mut sql = self.sql(VERSION);
        sql.push("WHERE p.state = ").bind(PolicyState::Published.as_str());
        version(&sql.one(&mut *self.reader().await?).await?)
    }

    /// Publishes a policy, and applies it to all stored scores: items that it no longer flags and
    /// nobody has decided about are dropped, and new ones are opened. Decisions stay. If the
    /// program ends before it is done, [`Store::apply_policy`] continues.
    ///
    /// # Errors
    /// [`StoreError::Policy`] if the file is none; [`StoreError`] if the database fails.
    pub async fn publish_policy(
        &self,
        toml: &str,
        note: &str,
        user: Option<UserId>,
    ) -> Result<PolicyId, StoreError> {
        let mut write = self.begin().await?;
        let id = add_version(&mut write, toml, PolicyState::Published, note, user).await?;
        audit::note(&mut write, user, "policy.publish", &format!("policy:{id}"), note).await?;
        write.commit().await?;
        self.apply_policy().await?;
        Ok(id)
    }

    /// Publishes an earlier version again, as a new one.
    ///
    /// # Errors
    /// [`StoreError`] if there is no such version, or the database fails.
    pub async fn rollback_policy(&self, version: PolicyId, user: UserId) -> Result<PolicyId, StoreError> {
        let sql = "SELECT toml FROM policy WHERE id = $1";
        let toml: Option<String> = sqlx::query_scalar(sql).bind(version).fetch_optional(&self.pool).await?;
        let toml = toml.ok_or(StoreError::Missing("version of the policy", version))?;
        self.publish_policy(&toml, &format!("version {version} again"), Some(user)).await
    }

    /// Applies the published policy to the comments that it was not applied to yet, and returns
    /// their number.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn apply_policy(&self) -> Result<u64, StoreError> {
        let mut applied = 0;
        loop {
            let mut write = self.begin().await?;
            let mut sql = write.sql("SELECT id, toml, applied_to FROM policy WHERE state = ");
            sql.bind(PolicyState::Published.as_str()).push(write.for_update());
            let row = sql.one(write.connection()).await?;
            let published =
                Published { id: get(&row, "id")?, policy: Arc::new(Policy::parse(get(&row, "toml")?)?) };
            let after: i64 = get(&row, "applied_to")?;
            if after == i64::MAX {
                return Ok(applied);
            }
            let (count, last) = apply_to(&mut write, &published, after).await?;
            applied += count;
            let is_last = count < CHUNK.unsigned_abs();
            set_applied(&mut write, published.id, if is_last { i64::MAX } else { last }).await?;
            write.commit().await?;
        }
    }

    /// Sets the shadow policy; `None` ends the comparison.
    ///
    /// # Errors
    /// [`StoreError::Policy`] if the file is none; [`StoreError`] if the database fails.
    pub async fn shadow_policy(&self, toml: Option<&str>, user: UserId) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        match toml {
            Some(toml) => {
                let id = add_version(&mut write, toml, PolicyState::Shadow, "", Some(user)).await?;
                audit::note(&mut write, Some(user), "policy.shadow", &format!("policy:{id}"), "").await?;
            }
            None => {
                let sql = "UPDATE policy SET state = $1 WHERE state = $2";
                let query = sqlx::query(sql).bind(PolicyState::Retired.as_str());
                query.bind(PolicyState::Shadow.as_str()).execute(write.connection()).await?;
                audit::note(&mut write, Some(user), "policy.shadow", "", "ended").await?;
            }
        }
        write.commit().await
    }

    /// Compares the shadow policy with the published one; `None` if there is no shadow policy.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn shadow_report(&self) -> Result<Option<ShadowReport>, StoreError> {
        let mut sql = self.sql(VERSION);
        sql.push("WHERE p.state = ").bind(PolicyState::Shadow.as_str());
        let row = sql.optional(&mut *self.reader().await?).await?;
        let Some(row) = row else { return Ok(None) };
        let shadow = version(&row)?;
        let shadow_figures = self.what_if(&shadow.policy).await?;
        let published_figures = self.what_if(&self.published_policy().await?.policy).await?;
        Ok(Some(ShadowReport { shadow, shadow_figures, published_figures }))
    }

    /// Returns what a policy would do to the stored scores.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn what_if(&self, policy: &Policy) -> Result<WhatIf, StoreError> {
        let published = self.published().await?;
        let mut rows = self.score_rows(&[policy, &published.policy]).await?;
        let decided = self.decided().await?;
        let policy = policy.clone();
        let figures = task::spawn_blocking(move || figures(&policy, &published.policy, &mut rows, &decided));
        match figures.await {
            Ok(figures) => Ok(figures),
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }

    /// Returns the comments that people decided about, with true for those that break the rules.
    pub(crate) async fn decided(&self) -> Result<HashMap<CommentId, bool>, StoreError> {
        let sql = "SELECT i.id, d.verdict, d.appeal FROM item i JOIN decision d ON d.id = i.last_decision \
                   WHERE i.state = $1 AND d.verdict IN ('approve', 'reject')";
        let rows = sqlx::query(sql).bind(State::Decided.as_str()).fetch_all(&self.pool).await?;
        let decided = |row: &AnyRow| {
            let verdict = effective(word(row, "verdict")?, maybe_word(row, "appeal")?);
            Ok((get(row, "id")?, verdict == Verdict::Reject))
        };
        rows.iter().map(decided).collect()
    }
}

fn figures(
    policy: &Policy,
    published: &Policy,
    rows: &mut ScoredRows,
    decided: &HashMap<CommentId, bool>,
) -> WhatIf {
    #[derive(Clone, Default)]
    struct Sums {
        flagged: u64,
        deciding: u64,
        scores: f64,
        decided: Share,
    }
    let mut rules = vec![Sums::default(); policy.rules.len()];
    let mut totals = [0.0; Label::COUNT];
    let (mut flagged, mut added, mut removed) = (0, 0, 0);
    let all = rows.rows.clone();
    for row in all.iter() {
        for label in Label::ALL {
            totals[label.index()] += row.score(label).unwrap_or(0.0);
        }
        let is_broken = decided.get(&row.id);
        let scored = rows.scored(row);
        for (rule, sums) in policy.rules.iter().zip(&mut rules) {
            let threshold = rule.threshold_for(&scored.comment, scored.language.as_deref());
            let Some(score) = row.score(rule.label).filter(|score| *score >= threshold) else { continue };
            sums.flagged += 1;
            sums.scores += score;
            if let Some(is_broken) = is_broken {
                sums.decided.trials += 1;
                sums.decided.hits += u64::from(*is_broken);
            }
        }
        let is_flagged =
            |policy: &Policy| policy.decide(scored).is_some_and(|decision| decision.is_flagged());
        let decision = policy.decide(scored).filter(|decision| decision.is_flagged());
        let fired = decision.and_then(|decision| decision.fired);
        if let Some(fired) = fired
            && let Some(index) = policy.rules.iter().position(|rule| std::ptr::eq(rule, fired.rule))
        {
            rules[index].deciding += 1;
        }
        flagged += u64::from(decision.is_some());
        match (decision.is_some(), is_flagged(published)) {
            (true, false) => added += 1,
            (false, true) => removed += 1,
            _ => {}
        }
    }
    let rule = |(rule, sums): (&Rule, Sums)| WhatIfRule {
        rule: rule.name.clone(),
        label: rule.label,
        threshold: rule.threshold,
        action: rule.action,
        flagged: sums.flagged,
        deciding: sums.deciding,
        expected_precision: (sums.flagged > 0).then(|| sums.scores / sums.flagged as f64),
        expected_recall: Some(totals[rule.label.index()])
            .filter(|sum| *sum > 0.0)
            .map(|sum| sums.scores / sum),
        decided: sums.decided,
    };
    WhatIf {
        scored: all.len() as u64,
        flagged,
        added,
        removed,
        hours: flagged as f64 * policy.seconds_a_comment / 3600.0,
        rules: policy.rules.iter().zip(rules).map(rule).collect(),
    }
}

async fn set_applied(write: &mut Write, policy: PolicyId, to: i64) -> Result<(), StoreError> {
    let sql = "UPDATE policy SET applied_to = $1 WHERE id = $2";
    sqlx::query(sql).bind(to).bind(policy).execute(write.connection()).await?;
    Ok(())
}

/// Applies a policy to the next comments after an id. Returns their number and the last id.
async fn apply_to(write: &mut Write, published: &Published, after: i64) -> Result<(u64, i64), StoreError> {
    let mut sql = write.sql(
        "SELECT c.id, c.source_id, c.thread_id, t.name AS thread_name, c.author_id, c.posted, c.language, c.section, \
         c.votes, c.replies, c.quotes, c.unsourced, c.unscored, c.toxicity, c.severe_toxicity, c.obscene, c.threat, \
         c.insult, c.identity_attack, c.negative, c.neutral, c.positive, c.body, m.languages, \
         CASE WHEN o.id IS NULL THEN 0 ELSE 1 END AS has_item \
         FROM comment c JOIN thread t ON t.id = c.thread_id JOIN model m ON m.id = c.model_id \
         LEFT JOIN item o ON o.id = c.id WHERE c.id > ",
    );
    sql.bind(after).push(" ORDER BY c.id LIMIT ").bind(CHUNK);
    let rows = sql.all(write.connection()).await?;
    let mut last = after;
    let mut opened = Vec::new();
    let mut languages = Vec::with_capacity(rows.len());
    for row in &rows {
        last = get(row, "id")?;
        let scored = flags::scored(row)?;
        let judged = Judged::of(&published.policy, &scored);
        let has_item = get::<i64>(row, "has_item")? == 1;
        match (judged, has_item) {
            (None, false) => {}
            (Some(judged), false) => {
                let known: Vec<String> =
                    get::<&str>(row, "languages")?.split_ascii_whitespace().map(str::to_owned).collect();
                let cautions = cautions(&scored.comment, scored.language.as_deref(), &known);
                let print = (!scored.comment.text.is_empty()).then(|| Fingerprint::of(&scored.comment));
                languages.push(scored.language.clone());
                opened.push((row, judged, print, cautions));
            }
            (judged, true) => {
                let comment = flags::Changed {
                    id: last,
                    source: get(row, "source_id")?,
                    thread: get(row, "thread_id")?,
                    author: get(row, "author_id")?,
                    posted: get(row, "posted")?,
                    language: scored.language.as_deref(),
                    judged: judged.as_ref(),
                    fingerprint: None,
                    has_new_text: false,
                };
                flags::change(write, published.id, &comment).await?;
            }
        }
    }
    let mut new = Vec::with_capacity(opened.len());
    for ((row, judged, print, cautions), language) in opened.iter().zip(&languages) {
        let id = get(row, "id")?;
        let sql = "UPDATE comment SET cautions = $1 WHERE id = $2";
        sqlx::query(sql).bind(cautions).bind(id).execute(write.connection()).await?;
        new.push(flags::New {
            id,
            source: get(row, "source_id")?,
            thread: get(row, "thread_id")?,
            author: get(row, "author_id")?,
            posted: get(row, "posted")?,
            language: language.as_deref(),
            judged,
            fingerprint: print.as_ref(),
        });
    }
    flags::open(write, published.id, &new).await?;
    Ok((rows.len() as u64, last))
}
