//! Blind samples: comments without a flag, drawn at random, to estimate what the policy misses.

use std::collections::{BTreeMap, HashMap};

use comity_core::label::Label;
use comity_core::statistics::{Drawn, Recall, STRATA, Stratum, allocate, stratified_recall, stratum_of};
use sqlx::any::AnyRow;

use super::decide::open_item;
use super::insight::Share;
use super::queue::{Queue, State};
use super::{CommentId, NO_TIME, Store, StoreError, UserId, audit, count, get, set, time, word};

/// A blind sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlindSample {
    /// The id.
    pub id: i64,
    /// When it was drawn.
    pub drawn_at: jiff::Timestamp,
    /// The number of comments.
    pub size: u64,
    /// The number that somebody has judged.
    pub judged: u64,
    /// The number of unflagged comments that it was drawn from.
    pub from: u64,
}

/// Recall of the policy, estimated from blind samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecallFigures {
    /// The sample.
    pub sample: i64,
    /// Judged comments that break the rules, of those judged.
    pub broken: Share,
    /// The estimate; `None` while a stratum, or the flagged comments, have no judgement, or no flag
    /// was right.
    pub estimate: Option<Recall>,
}

/// Names of the settings of the schedule.
const DAYS: &str = "sample.days";
const SIZE: &str = "sample.size";

/// Microseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// A comment that is drawn.
struct Draw {
    id: CommentId,
    stratum: i64,
    stratum_size: i64,
    /// Its place in the queue, which says nothing about its scores.
    rank: f64,
}

/// Draws comments: stratified by toxicity, and within a stratum every subset is equally likely
/// (selection sampling: Knuth, The Art of Computer Programming 3.4.2, algorithm S).
fn draw(candidates: &[(CommentId, Option<f64>)], count: u64, seed: u64) -> Vec<Draw> {
    let mut strata = [Drawn::default(); STRATA];
    for (_, toxicity) in candidates {
        strata[stratum_of(*toxicity)].add(*toxicity);
    }
    allocate(&mut strata, count);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut left = strata.map(|stratum| (stratum.size, stratum.drawn));
    let mut drawn = Vec::new();
    for (id, toxicity) in candidates {
        let number = stratum_of(*toxicity);
        let (rows, wanted) = &mut left[number];
        let is_drawn = random.u64(0..*rows) < *wanted;
        *rows -= 1;
        if is_drawn {
            *wanted -= 1;
            let stratum_size = i64::try_from(strata[number].size).unwrap_or(i64::MAX);
            drawn.push(Draw { id: *id, stratum: number as i64, stratum_size, rank: random.f64() });
        }
    }
    drawn
}

impl Store {
    /// Draws a blind sample of comments that are scored, not flagged and not drawn before, and
    /// opens them in the queue of samples. Equal seeds draw the same from the same comments.
    /// Returns `None` if there is none to draw.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn blind_sample(
        &self,
        count: u32,
        seed: u64,
        user: Option<UserId>,
    ) -> Result<Option<BlindSample>, StoreError> {
        let policy = self.published().await?.policy;
        let mut rows = self.score_rows(&[&policy]).await?;
        let mut write = self.begin().await?;
        let now = write.now;
        let sql = "SELECT id, state FROM item";
        let mut items = HashMap::new();
        for row in sqlx::query(sql).fetch_all(write.connection()).await? {
            items.insert(get::<CommentId>(&row, "id")?, word::<State>(&row, "state")?);
        }
        let mut candidates = Vec::new();
        for row in rows.rows.clone().iter() {
            let is_free = items.get(&row.id).is_none_or(|state| *state == State::Dropped);
            let decision = policy.decide(rows.scored(row));
            if is_free && !decision.is_some_and(|decision| decision.is_flagged()) {
                candidates.push((row.id, row.score(Label::Toxicity)));
            }
        }
        let drawn = draw(&candidates, count.into(), seed);
        if drawn.is_empty() {
            return Ok(None);
        }
        let population = candidates.len() as u64;
        let sql = "INSERT INTO sample (drawn_at, size, population) VALUES ($1, $2, $3) RETURNING id";
        let query = sqlx::query_scalar(sql).bind(now).bind(drawn.len() as i64);
        let id: i64 =
            query.bind(i64::try_from(population).unwrap_or(i64::MAX)).fetch_one(write.connection()).await?;
        for draw in &drawn {
            if items.contains_key(&draw.id) {
                let sql = "UPDATE item SET queue = $1, state = $2, revision = revision + 1, rank = $3, lead = 1, \
                           rule = NULL, label = NULL, action = NULL, score = NULL, threshold = NULL WHERE id = $4";
                let query = sqlx::query(sql).bind(Queue::Sample.as_str()).bind(State::Open.as_str());
                query.bind(draw.rank).bind(draw.id).execute(write.connection()).await?;
            } else {
                open_item(&mut write, draw.id, Queue::Sample, draw.rank).await?;
            }
            let sql = "UPDATE item SET sample_id = $1, stratum = $2, stratum_size = $3, posted = $4, fold = id \
                       WHERE id = $5";
            let query = sqlx::query(sql).bind(id).bind(draw.stratum).bind(draw.stratum_size).bind(NO_TIME);
            query.bind(draw.id).execute(write.connection()).await?;
        }
        audit::note(&mut write, user, "sample.draw", &format!("sample:{id}"), "").await?;
        write.commit().await?;
        let (size, drawn_at) = (drawn.len() as u64, time(now)?);
        Ok(Some(BlindSample { id, drawn_at, size, judged: 0, from: population }))
    }

    /// Returns the samples, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn samples(&self) -> Result<Vec<BlindSample>, StoreError> {
        let sql = "SELECT s.id, s.drawn_at, s.size, s.population, (SELECT COUNT(*) FROM item i JOIN decision d \
                   ON d.id = i.last_decision WHERE i.sample_id = s.id AND d.verdict IN ('approve', 'reject')) AS judged \
                   FROM sample s ORDER BY s.id DESC";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await?;
        let sample = |row: &AnyRow| {
            Ok(BlindSample {
                id: get(row, "id")?,
                drawn_at: time(get(row, "drawn_at")?)?,
                size: count(row, "size")?,
                judged: count(row, "judged")?,
                from: count(row, "population")?,
            })
        };
        rows.iter().map(sample).collect()
    }

    /// Returns recall estimates from the samples that are judged at least in part, the newest
    /// first.
    pub(crate) async fn recall(&self) -> Result<Vec<RecallFigures>, StoreError> {
        let mut connection = self.reader().await?;
        let sql = "SELECT COUNT(*) AS flagged, CAST(COALESCE(SUM(CASE WHEN i.state = $1 AND d.verdict IN ('approve', \
                   'reject') THEN 1 ELSE 0 END), 0) AS BIGINT) AS judged, CAST(COALESCE(SUM(CASE WHEN i.state = $1 AND \
                   d.verdict = 'reject' THEN 1 ELSE 0 END), 0) AS BIGINT) AS broken FROM item i LEFT JOIN decision d \
                   ON d.id = i.last_decision WHERE i.rule IS NOT NULL AND i.sample_id IS NULL AND i.state <> $2";
        let query = sqlx::query(sql).bind(State::Decided.as_str()).bind(State::Dropped.as_str());
        let row = query.fetch_one(&mut *connection).await?;
        let flagged = Stratum {
            size: count(&row, "flagged")?,
            judged: count(&row, "judged")?,
            hits: count(&row, "broken")?,
        };
        let sql = "SELECT i.sample_id, i.stratum, MAX(i.stratum_size) AS size, CAST(SUM(CASE WHEN d.verdict IN ('approve', \
                   'reject') THEN 1 ELSE 0 END) AS BIGINT) AS judged, CAST(SUM(CASE WHEN d.verdict = 'reject' THEN 1 \
                   ELSE 0 END) AS BIGINT) AS broken FROM item i LEFT JOIN decision d ON d.id = i.last_decision \
                   WHERE i.sample_id IS NOT NULL GROUP BY i.sample_id, i.stratum";
        let mut samples: BTreeMap<i64, Vec<Stratum>> = BTreeMap::new();
        for row in sqlx::query(sql).fetch_all(&mut *connection).await? {
            let stratum = Stratum {
                size: count(&row, "size")?,
                judged: count(&row, "judged")?,
                hits: count(&row, "broken")?,
            };
            samples.entry(get(&row, "sample_id")?).or_default().push(stratum);
        }
        let figures = |(sample, strata): (i64, Vec<Stratum>)| {
            let judged = strata.iter().map(|stratum| stratum.judged).sum();
            let found = stratified_recall(flagged, &strata);
            (judged > 0).then(|| RecallFigures {
                sample,
                broken: Share { hits: strata.iter().map(|stratum| stratum.hits).sum(), trials: judged },
                estimate: found,
            })
        };
        Ok(samples.into_iter().rev().filter_map(figures).collect())
    }

    /// Has a sample drawn every so many days, of so many comments; `None` ends that.
    /// [`Store::draw_due_sample`] draws it.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn schedule_samples(&self, plan: Option<(u32, u32)>, user: UserId) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        let (days, size) = (plan.map(|(days, _)| days.to_string()), plan.map(|(_, size)| size.to_string()));
        set(&mut write, DAYS, days.as_deref()).await?;
        set(&mut write, SIZE, size.as_deref()).await?;
        let detail = plan.map_or("ended".to_owned(), |(days, size)| format!("{size} every {days} days"));
        audit::note(&mut write, Some(user), "sample.schedule", "", &detail).await?;
        write.commit().await
    }

    /// Returns the days between scheduled samples and the size of each; `None` without a schedule.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn sample_schedule(&self) -> Result<Option<(u32, u32)>, StoreError> {
        let number = |text: Option<String>| text.and_then(|text| text.parse().ok());
        Ok(number(self.setting(DAYS).await?).zip(number(self.setting(SIZE).await?)))
    }

    /// Draws the scheduled sample if it is due.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn draw_due_sample(&self) -> Result<Option<BlindSample>, StoreError> {
        let Some((days, size)) = self.sample_schedule().await? else { return Ok(None) };
        let last: Option<i64> =
            sqlx::query_scalar("SELECT MAX(drawn_at) FROM sample").fetch_one(&self.pool).await?;
        let now = self.now().await?;
        if last.is_some_and(|last| last.saturating_add(i64::from(days) * DAY) > now) {
            return Ok(None);
        }
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).map_err(|error| StoreError::Random(error.to_string()))?;
        self.blind_sample(size, u64::from_le_bytes(seed), None).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_is_the_same_for_a_seed() {
        let candidates: Vec<(CommentId, Option<f64>)> =
            (1..=1_000).map(|id| (id, Some((id % 400) as f64 / 1000.0))).collect();
        let ids = |seed| draw(&candidates, 100, seed).iter().map(|draw| draw.id).collect::<Vec<_>>();
        assert_eq!(ids(7).len(), 100);
        assert_eq!(ids(7), ids(7));
        assert_ne!(ids(7), ids(8));
        assert_eq!(draw(&candidates[..20], 100, 0).len(), 20, "a small number is drawn whole");
    }
}
