//! Figures about the queues, the rules and the moderators.

use std::collections::BTreeMap;

use comity_core::label::Label;
use comity_core::policy::{Policy, Rule};
use comity_core::record::decision::{Appeal, Verdict};
use comity_core::statistics::{cohen_kappa, threshold_for_precision, wilson};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::decide::effective;
use super::queue::{Queue, State};
use super::sample::RecallFigures;
use super::{SourceId, Sql, Store, StoreError, UserId, count, get, maybe_word, micros, score, time, word};

/// A share with its 95% Wilson interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share {
    /// The number of hits.
    pub hits: u64,
    /// The number of trials.
    pub trials: u64,
}

/// The decisions that figures are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// Made at this time or later.
    pub from: Option<Timestamp>,
    /// Made before this time.
    pub before: Option<Timestamp>,
    /// About comments of this source.
    pub source: Option<SourceId>,
}

/// The decisions of a day, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayFigures {
    /// The day.
    pub day: Date,
    /// Approvals.
    pub approved: u64,
    /// Rejections.
    pub rejected: u64,
    /// Postponed decisions.
    pub deferred: u64,
    /// Escalations.
    pub escalated: u64,
}

/// The record of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleFigures {
    /// Name of the rule.
    pub rule: String,
    /// Its precision: rejected comments of those that it flagged and people decided about.
    pub precision: Share,
    /// The precision that the scores predict; `None` without decisions.
    pub expected: Option<f64>,
}

/// The agreement of two moderators on the comments that both decided about.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// The names of the two.
    pub names: (String, String),
    /// Comments on which they agree, of those that both decided about.
    pub agreed: Share,
    /// Cohen's kappa with its 95% interval; `None` if one of them used one verdict only.
    pub kappa: Option<(f64, f64, f64)>,
}

/// Appeals against decisions by a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct AppealFigures {
    /// Name of the rule; blank for decisions without one.
    pub rule: String,
    /// Appeals that nobody has decided about.
    pub open: u64,
    /// Overturned decisions of those whose appeal is decided.
    pub overturned: Share,
}

/// The backlog of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueFigures {
    /// The queue.
    pub queue: Queue,
    /// Open items.
    pub open: u64,
    /// When the oldest of them was opened.
    pub oldest: Option<Timestamp>,
}

/// The work of a moderator.
#[derive(Clone, Debug, PartialEq)]
pub struct ModeratorLoad {
    /// The user.
    pub user: UserId,
    /// The name.
    pub name: String,
    /// Decisions one by one.
    pub decisions: u64,
    /// Decisions in bulk.
    pub in_bulk: u64,
    /// Decisions that the user or somebody else undid.
    pub undone: u64,
    /// Decisions overturned on appeal, of those whose appeal is decided.
    pub overturned: Share,
}

/// A threshold that the decisions suggest for a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// Name of the rule.
    pub rule: String,
    /// Its label.
    pub label: Label,
    /// Its threshold now.
    pub current: f64,
    /// The lowest threshold at which the target precision is reached; `None` if there is none.
    pub suggested: Option<f64>,
    /// The precision at that threshold, or without one at the current.
    pub precision: Share,
}

/// Figures about the queues, the rules and the moderators.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Insight {
    /// Decisions by day, every day from the first to the last.
    pub days: Vec<DayFigures>,
    /// Rules, by name.
    pub rules: Vec<RuleFigures>,
    /// Pairs of moderators who decided about the same comments.
    pub agreement: Vec<Agreement>,
    /// Appeals by rule.
    pub appeals: Vec<AppealFigures>,
    /// The queues.
    pub queues: Vec<QueueFigures>,
    /// Moderators, the busiest first.
    pub moderators: Vec<ModeratorLoad>,
    /// Thresholds that the decisions suggest, for the target precision.
    pub suggestions: Vec<Suggestion>,
    /// Recall, estimated from the blind samples.
    pub recall: Vec<RecallFigures>,
}

impl Share {
    /// Returns the share; `None` without trials.
    pub fn value(&self) -> Option<f64> {
        (self.trials > 0).then(|| self.hits as f64 / self.trials as f64)
    }

    /// Returns the ends of its 95% Wilson interval; `None` without trials.
    pub fn interval(&self) -> Option<(f64, f64)> {
        wilson(self.hits, self.trials).map(|interval| (interval.low, interval.high))
    }
}

/// Microseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

impl Range {
    /// Adds the conditions on decisions, whose alias is `d`.
    fn push(&self, sql: &mut Sql) {
        if let Some(from) = self.from {
            sql.push(" AND d.at >= ").bind(micros(from));
        }
        if let Some(before) = self.before {
            sql.push(" AND d.at < ").bind(micros(before));
        }
        if let Some(source) = self.source {
            sql.push(" AND EXISTS (SELECT 1 FROM comment c WHERE c.id = d.item_id AND c.source_id = ");
            sql.bind(source).push(")");
        }
    }
}

/// The decision about an item that counts, for figures of rules.
struct Final {
    rule: String,
    label: Option<Label>,
    score: f64,
    is_broken: bool,
}

impl Store {
    /// Returns figures about the decisions of a range. `precision` is the target of suggested
    /// thresholds, from 0 to 1.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn insight(&self, range: &Range, precision: f64) -> Result<Insight, StoreError> {
        let policy = self.published_policy().await?.policy;
        let recall = self.recall().await?;
        let mut connection = self.reader().await?;
        let finals = self.finals(&mut connection, range).await?;
        Ok(Insight {
            days: self.days(&mut connection, range).await?,
            rules: rules(&finals),
            agreement: self.agreement(&mut connection, range).await?,
            appeals: self.appeals(&mut connection, range).await?,
            queues: self.backlog(&mut connection).await?,
            moderators: self.moderators(&mut connection, range).await?,
            suggestions: suggestions(&policy, &finals, precision),
            recall,
        })
    }

    async fn days(
        &self,
        connection: &mut AnyConnection,
        range: &Range,
    ) -> Result<Vec<DayFigures>, StoreError> {
        let mut sql = self.sql(&format!(
            "SELECT d.at / {DAY} AS day, d.verdict, COUNT(*) AS total FROM decision d WHERE d.undone_at IS NULL"
        ));
        range.push(&mut sql);
        sql.push(" GROUP BY 1, 2 ORDER BY 1");
        let mut days: Vec<DayFigures> = Vec::new();
        for row in sql.all(connection).await? {
            let date = |day: i64| Ok::<_, StoreError>(TimeZone::UTC.to_datetime(time(day * DAY)?).date());
            let number: i64 = get(&row, "day")?;
            let day = date(number)?;
            if days.last().is_none_or(|last| last.day != day) {
                // Days without decisions have a row, too.
                while let Some(last) = days.last().copied() {
                    match last.day.tomorrow() {
                        Ok(next) if next < day => days.push(DayFigures::none(next)),
                        _ => break,
                    }
                }
                days.push(DayFigures::none(day));
            }
            let total = count(&row, "total")?;
            if let Some(last) = days.last_mut() {
                match word::<Verdict>(&row, "verdict")? {
                    Verdict::Approve => last.approved += total,
                    Verdict::Reject => last.rejected += total,
                    Verdict::Defer => last.deferred += total,
                    Verdict::Escalate => last.escalated += total,
                }
            }
        }
        Ok(days)
    }

    /// Returns the last decisions about items that a rule flagged.
    async fn finals(&self, connection: &mut AnyConnection, range: &Range) -> Result<Vec<Final>, StoreError> {
        let mut sql = self.sql("SELECT i.rule, i.label, i.score, d.verdict, d.appeal FROM item i \
                                JOIN decision d ON d.id = i.last_decision WHERE i.rule IS NOT NULL AND i.state = ");
        sql.bind(State::Decided.as_str()).push(" AND d.verdict IN ('approve', 'reject')");
        range.push(&mut sql);
        let last = |row: &AnyRow| {
            let verdict = effective(word(row, "verdict")?, maybe_word(row, "appeal")?);
            Ok(Final {
                rule: get(row, "rule")?,
                label: maybe_word(row, "label")?,
                score: score(get::<Option<i64>>(row, "score")?.unwrap_or(0)),
                is_broken: verdict == Verdict::Reject,
            })
        };
        sql.all(connection).await?.iter().map(last).collect()
    }

    async fn agreement(
        &self,
        connection: &mut AnyConnection,
        range: &Range,
    ) -> Result<Vec<Agreement>, StoreError> {
        // Of several decisions of one person about an item, the last counts.
        let mut sql = self.sql("WITH last AS (SELECT d.item_id, d.user_id, MAX(d.id) AS id FROM decision d \
                                WHERE d.undone_at IS NULL AND d.appeal IS NULL AND d.verdict IN ('approve', 'reject')");
        range.push(&mut sql);
        sql.push(
            " GROUP BY d.item_id, d.user_id) \
             SELECT u.name AS first, v.name AS second, x.verdict AS one, y.verdict AS other, COUNT(*) AS total \
             FROM last a JOIN last b ON a.item_id = b.item_id AND a.user_id < b.user_id \
             JOIN decision x ON x.id = a.id JOIN decision y ON y.id = b.id \
             JOIN member u ON u.id = a.user_id JOIN member v ON v.id = b.user_id \
             GROUP BY u.name, v.name, x.verdict, y.verdict ORDER BY u.name, v.name",
        );
        let mut tables: BTreeMap<(String, String), [[u64; 2]; 2]> = BTreeMap::new();
        for row in sql.all(connection).await? {
            let rejects =
                |column| Ok::<_, StoreError>(usize::from(word::<Verdict>(&row, column)? == Verdict::Reject));
            let table = tables.entry((get(&row, "first")?, get(&row, "second")?)).or_default();
            table[rejects("one")?][rejects("other")?] += count(&row, "total")?;
        }
        let agreement = |(names, table): (_, [[u64; 2]; 2])| Agreement {
            names,
            agreed: Share { hits: table[0][0] + table[1][1], trials: table.iter().flatten().sum() },
            kappa: cohen_kappa(&table).map(|found| (found.kappa, found.interval.low, found.interval.high)),
        };
        Ok(tables.into_iter().map(agreement).collect())
    }

    async fn appeals(
        &self,
        connection: &mut AnyConnection,
        range: &Range,
    ) -> Result<Vec<AppealFigures>, StoreError> {
        let mut sql = self.sql(
            "SELECT COALESCE(d.rule, '') AS rule, a.outcome, COUNT(*) AS total FROM appeal a \
                                JOIN decision d ON d.id = a.decision_id WHERE d.undone_at IS NULL",
        );
        range.push(&mut sql);
        sql.push(" GROUP BY COALESCE(d.rule, ''), a.outcome ORDER BY 1");
        let mut appeals: Vec<AppealFigures> = Vec::new();
        for row in sql.all(connection).await? {
            let rule: String = get(&row, "rule")?;
            if appeals.last().is_none_or(|last| last.rule != rule) {
                appeals.push(AppealFigures { rule, open: 0, overturned: Share::default() });
            }
            let total = count(&row, "total")?;
            if let Some(last) = appeals.last_mut() {
                match word::<Appeal>(&row, "outcome")? {
                    Appeal::Open => last.open += total,
                    Appeal::Uphold => last.overturned.trials += total,
                    Appeal::Overturn => {
                        last.overturned.trials += total;
                        last.overturned.hits += total;
                    }
                }
            }
        }
        Ok(appeals)
    }

    async fn backlog(&self, connection: &mut AnyConnection) -> Result<Vec<QueueFigures>, StoreError> {
        let mut queues = Vec::with_capacity(Queue::ALL.len());
        for queue in Queue::ALL {
            let sql = "SELECT COUNT(*) AS total, MIN(opened_at) AS oldest FROM item WHERE queue = $1 AND state = $2";
            let query = sqlx::query(sql).bind(queue.as_str()).bind(State::Open.as_str());
            let row = query.fetch_one(&mut *connection).await?;
            let oldest = get::<Option<i64>>(&row, "oldest")?.map(time).transpose()?;
            queues.push(QueueFigures { queue, open: count(&row, "total")?, oldest });
        }
        Ok(queues)
    }

    async fn moderators(
        &self,
        connection: &mut AnyConnection,
        range: &Range,
    ) -> Result<Vec<ModeratorLoad>, StoreError> {
        let sum = |condition: &str, column: &str| {
            format!("CAST(SUM(CASE WHEN {condition} THEN 1 ELSE 0 END) AS BIGINT) AS {column}")
        };
        let mut sql = self.sql("SELECT d.user_id, u.name, ");
        sql.push(&sum("d.batch_id IS NULL AND d.undone_at IS NULL", "single")).push(", ");
        sql.push(&sum("d.batch_id IS NOT NULL AND d.undone_at IS NULL", "in_bulk")).push(", ");
        sql.push(&sum("d.undone_at IS NOT NULL", "undone")).push(", ");
        sql.push(&sum("a.outcome IN ('uphold', 'overturn')", "appealed")).push(", ");
        sql.push(&sum("a.outcome = 'overturn'", "overturned"));
        sql.push(
            " FROM decision d JOIN member u ON u.id = d.user_id LEFT JOIN appeal a ON a.decision_id = d.id \
                  WHERE 1 = 1",
        );
        range.push(&mut sql);
        sql.push(" GROUP BY d.user_id, u.name ORDER BY COUNT(*) DESC, u.name");
        let load = |row: &AnyRow| {
            Ok(ModeratorLoad {
                user: get(row, "user_id")?,
                name: get(row, "name")?,
                decisions: count(row, "single")?,
                in_bulk: count(row, "in_bulk")?,
                undone: count(row, "undone")?,
                overturned: Share { hits: count(row, "overturned")?, trials: count(row, "appealed")? },
            })
        };
        sql.all(connection).await?.iter().map(load).collect()
    }
}

impl DayFigures {
    fn none(day: Date) -> Self {
        Self { day, approved: 0, rejected: 0, deferred: 0, escalated: 0 }
    }
}

/// Returns the precision of rules.
fn rules(finals: &[Final]) -> Vec<RuleFigures> {
    let mut rules: BTreeMap<&str, (Share, f64)> = BTreeMap::new();
    for last in finals {
        let (precision, scores) = rules.entry(&last.rule).or_default();
        precision.trials += 1;
        precision.hits += u64::from(last.is_broken);
        *scores += last.score;
    }
    let figures = |(rule, (precision, scores)): (&str, (Share, f64))| RuleFigures {
        rule: rule.to_owned(),
        precision,
        expected: (precision.trials > 0).then(|| scores / precision.trials as f64),
    };
    rules.into_iter().map(figures).collect()
}

/// Returns the thresholds that decisions suggest for the rules of a policy.
fn suggestions(policy: &Policy, finals: &[Final], target: f64) -> Vec<Suggestion> {
    let suggestion = |rule: &Rule| {
        let of_label = finals.iter().filter(|last| last.rule == rule.name && last.label == Some(rule.label));
        let judged: Vec<(f64, bool)> = of_label.map(|last| (last.score, last.is_broken)).collect();
        if judged.is_empty() {
            return None;
        }
        let found = threshold_for_precision(&judged, target);
        let lowest = found.map_or(rule.threshold, |found| found.threshold);
        let above = judged.iter().filter(|(score, _)| *score >= lowest);
        let precision = above.fold(Share::default(), |sum, (_, is_broken)| Share {
            hits: sum.hits + u64::from(*is_broken),
            trials: sum.trials + 1,
        });
        Some(Suggestion {
            rule: rule.name.clone(),
            label: rule.label,
            current: rule.threshold,
            suggested: found.map(|found| found.threshold),
            precision,
        })
    };
    policy.rules.iter().filter_map(suggestion).collect()
}
