//! The queues: what is open, in the order of expected harm.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use comity_core::label::Label;
use comity_core::policy::Action;
use comity_core::words;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::decide::Claim;
use super::flags;
use super::item::{claim, comments};
use super::{
    AuthorId, CommentId, CommentView, SourceId, Sql, Store, StoreError, ThreadId, UserId, count, get, micros,
    millionths, score_column,
};

/// A queue of items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Queue {
    /// Comments that the policy flags.
    #[default]
    Review,
    /// Comments whose decision was postponed.
    Deferred,
    /// Comments about which a second moderator is to decide.
    SecondOpinion,
    /// Comments that someone else is to decide about, who is allowed to or knows more.
    Escalation,
    /// Appeals against decisions.
    Appeal,
    /// Comments without a flag that were drawn at random, to find out what the policy misses.
    Sample,
}

words! { Queue, "queue":
    Review = "review",
    Deferred = "deferred",
    SecondOpinion = "second_opinion",
    Escalation = "escalation",
    Appeal = "appeal",
    Sample = "sample",
}

/// The state of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for a decision.
    Open,
    /// Somebody approved or rejected it.
    Decided,
    /// The policy no longer flags it, and nobody had decided.
    Dropped,
}

words! { State, "state":
    Open = "open",
    Decided = "decided",
    Dropped = "dropped",
}

/// The items that a page, a claim, a search or a bulk action is about. Conditions that are `None`
/// select everything; all others must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// The queue. A search covers every comment, whatever its queue.
    pub queue: Queue,
    /// The rule that flagged it.
    pub rule: Option<String>,
    /// The label that flagged it; with a score range, the label whose score counts.
    pub label: Option<Label>,
    /// The action that the policy proposes.
    pub action: Option<Action>,
    /// The lowest score, inclusive. Without a label, that of the flag.
    pub min_score: Option<f64>,
    /// The highest score, inclusive.
    pub max_score: Option<f64>,
    /// The thread.
    pub thread: Option<ThreadId>,
    /// The author.
    pub author: Option<AuthorId>,
    /// The language, ISO 639-1.
    pub language: Option<String>,
    /// The source.
    pub source: Option<SourceId>,
    /// A caution that it has.
    pub caution: Option<String>,
    /// Posted at this time or later.
    pub posted_from: Option<Timestamp>,
    /// Posted before this time.
    pub posted_before: Option<Timestamp>,
    /// The item whose near-duplicates are meant: itself and all of them.
    pub repeats_of: Option<CommentId>,
}

/// The position after the last row of a page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cursor {
    /// The negated harm.
    pub(crate) rank: f64,
    /// The time of posting.
    pub(crate) posted: i64,
    /// The id.
    pub(crate) id: CommentId,
}

impl fmt::Display for Cursor {
    /// Writes the form of addresses, which [`FromStr`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}.{:x}.{:x}", self.rank.to_bits(), self.posted, self.id)
    }
}

impl FromStr for Cursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || "not the end of a page; begin with the first page".to_owned();
        let mut parts = text.split('.').map(|part| u64::from_str_radix(part, 16).ok());
        let mut next = || parts.next().flatten().ok_or_else(fault);
        let (rank, posted, id) = (f64::from_bits(next()?), next()?.cast_signed(), next()?.cast_signed());
        if rank.is_nan() || parts.next().is_some() {
            return Err(fault());
        }
        Ok(Self { rank, posted, id })
    }
}

/// A page of a list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Page {
    /// The rows after this position; `None` begins with the first.
    pub after: Option<Cursor>,
    /// The largest number of rows; at most 200 are returned.
    pub size: u32,
}

impl Default for Page {
    fn default() -> Self {
        Self { after: None, size: 50 }
    }
}

/// The reason why the policy flagged a comment.
#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    /// Name of the policy.
    pub policy: String,
    /// Name of the rule.
    pub rule: String,
    /// The rule's label.
    pub label: Label,
    /// The action that the policy proposes.
    pub action: Action,
    /// The score for the label.
    pub score: f64,
    /// The threshold that held for the comment.
    pub threshold: f64,
    /// The expected harm: see [`comity_core::policy::Fired::harm`].
    pub harm: f64,
}

impl Flag {
    /// Returns the distance of the score above the threshold.
    pub fn margin(&self) -> f64 {
        self.score - self.threshold
    }
}

/// A row of a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueRow {
    /// The comment; its id is that of the item.
    pub comment: CommentView,
    /// The reason why it is flagged; `None` for a drawn comment.
    pub flag: Option<Flag>,
    /// The number of open near-duplicates in the same queue that are folded into this row.
    pub repeats: u64,
    /// The claim that is in force, if any.
    pub claim: Option<Claim>,
    /// The revision, for [`super::DecisionInput::seen_revision`].
    pub revision: i64,
}

/// A page of a queue, the most urgent rows first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueuePage {
    /// The rows.
    pub rows: Vec<QueueRow>,
    /// The number of open items that the filter selects, near-duplicates included.
    pub total: u64,
    /// True if there are more than `total`: counting ends at 10,000 if the filter has conditions.
    pub is_least: bool,
    /// The position for the next page; `None` on the last.
    pub next: Option<Cursor>,
}

/// A filter that somebody saved under a name.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedView {
    /// The id.
    pub id: i64,
    /// The name.
    pub name: String,
    /// Whose it is.
    pub user: UserId,
    /// True if everybody sees it.
    pub shared: bool,
    /// The filter.
    pub filter: Filter,
}

/// The largest number of rows of a page.
pub(crate) const MOST_ROWS: u32 = 200;

/// Items that are counted for a filter, at most.
const MOST_COUNTED: i64 = 10_000;

impl Filter {
    /// Adds the conditions on open items, whose alias is `i`.
    pub(crate) fn push_open(&self, sql: &mut Sql) {
        sql.push("i.queue = ").bind(self.queue.as_str());
        sql.push(" AND i.state = ").bind(State::Open.as_str());
        self.push_conditions(sql);
    }

    /// Adds a condition that folds near-duplicates, unless they are asked for.
    pub(crate) fn push_folded(&self, sql: &mut Sql) {
        if self.repeats_of.is_none() {
            sql.push(" AND i.lead = 1");
        }
    }

    /// Returns true if it selects a whole queue.
    fn is_whole_queue(&self) -> bool {
        *self == Self { queue: self.queue, ..Self::default() }
    }

    fn push_conditions(&self, sql: &mut Sql) {
        let texts = [("i.rule", &self.rule), ("i.language", &self.language)];
        for (column, value) in texts.into_iter().filter_map(|(column, value)| Some((column, value.as_ref()?)))
        {
            sql.push(" AND ").push(column).push(" = ").bind(value.as_str());
        }
        if let Some(action) = self.action {
            sql.push(" AND i.action = ").bind(action.as_str());
        }
        let ids = [("i.thread_id", self.thread), ("i.author_id", self.author), ("i.source_id", self.source)];
        for (column, id) in ids.into_iter().filter_map(|(column, id)| Some((column, id?))) {
            sql.push(" AND ").push(column).push(" = ").bind(id);
        }
        if let Some(from) = self.posted_from {
            sql.push(" AND i.posted >= ").bind(micros(from));
        }
        if let Some(before) = self.posted_before {
            sql.push(" AND i.posted < ").bind(micros(before));
        }
        if let Some(item) = self.repeats_of {
            sql.push(" AND i.fold = (SELECT fold FROM item WHERE id = ").bind(item).push(")");
        }
        let has_range = self.min_score.is_some() || self.max_score.is_some();
        let score = match self.label {
            Some(label) if has_range => {
                sql.push(" AND EXISTS (SELECT 1 FROM comment c WHERE c.id = i.id");
                format!("c.{}", score_column(label))
            }
            Some(label) => {
                sql.push(" AND i.label = ").bind(label.as_str());
                String::new()
            }
            None => "i.score".to_owned(),
        };
        if let Some(low) = self.min_score {
            sql.push(" AND ").push(&score).push(" >= ").bind(millionths(low));
        }
        if let Some(high) = self.max_score {
            sql.push(" AND ").push(&score).push(" <= ").bind(millionths(high));
        }
        if has_range && self.label.is_some() {
            sql.push(")");
        }
        if let Some(caution) = &self.caution {
            // Cautions are words, separated by spaces.
            sql.push(
                " AND EXISTS (SELECT 1 FROM comment c WHERE c.id = i.id AND ' ' || c.cautions || ' ' LIKE ",
            );
            let word: String = caution.chars().filter(char::is_ascii_lowercase).collect();
            sql.bind(format!("% {word} %")).push(")");
        }
    }
}

/// The columns of an item, for [`rows`].
pub(crate) const ITEM: &str = "SELECT i.*, p.name AS policy_name, u.name AS claimer FROM item i \
     LEFT JOIN policy p ON p.id = i.policy_id LEFT JOIN member u ON u.id = i.claimed_by ";

/// Returns the rows of items, in their order.
pub(crate) async fn rows(
    store: &Store,
    connection: &mut AnyConnection,
    items: &[AnyRow],
    now: i64,
) -> Result<Vec<QueueRow>, StoreError> {
    let ids = items.iter().map(|row| get(row, "id")).collect::<Result<Vec<CommentId>, _>>()?;
    let mut comments = comments(store, connection, &ids).await?;
    let mut repeats: HashMap<(i64, String), u64> = HashMap::new();
    if !items.is_empty() {
        let folds = items.iter().map(|row| get(row, "fold")).collect::<Result<Vec<i64>, _>>()?;
        let mut sql = store.sql("SELECT fold, queue, COUNT(*) AS repeats FROM item WHERE state = ");
        sql.bind(State::Open.as_str()).push(" AND fold IN ").list(folds).push(" GROUP BY fold, queue");
        for row in sql.all(&mut *connection).await? {
            repeats.insert((get(&row, "fold")?, get(&row, "queue")?), count(&row, "repeats")?);
        }
    }
    let mut found = Vec::with_capacity(items.len());
    for row in items {
        let Some(comment) = comments.remove(&get(row, "id")?) else { continue };
        let key = (get(row, "fold")?, get(row, "queue")?);
        found.push(QueueRow {
            comment,
            flag: flags::flag(row)?,
            repeats: repeats.get(&key).copied().unwrap_or(1).saturating_sub(1),
            claim: claim(row, now)?,
            revision: get(row, "revision")?,
        });
    }
    Ok(found)
}

impl Store {
    /// Returns a page of a queue. Near-duplicates are folded into the most urgent of them, unless
    /// the filter asks for them.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn queue(&self, filter: &Filter, page: Page) -> Result<QueuePage, StoreError> {
        let now = self.now().await?;
        let size = page.size.clamp(1, MOST_ROWS);
        let mut connection = self.reader().await?;
        let mut items = self.queue_sql(filter, page.after, size).all(&mut connection).await?;
        let has_more = items.len() > size as usize;
        items.truncate(size as usize);
        let next = match items.last() {
            Some(row) if has_more => {
                Some(Cursor { rank: get(row, "rank")?, posted: get(row, "posted")?, id: get(row, "id")? })
            }
            _ => None,
        };
        let rows = rows(self, &mut connection, &items, now).await?;
        let (total, is_least) = self.total(&mut connection, filter).await?;
        Ok(QueuePage { rows, total, is_least, next })
    }

    /// Returns the statement of a page: one item more than it has.
    fn queue_sql(&self, filter: &Filter, after: Option<Cursor>, size: u32) -> Sql {
        let mut sql = self.sql(ITEM);
        sql.push("WHERE ");
        filter.push_open(&mut sql);
        filter.push_folded(&mut sql);
        if let Some(Cursor { rank, posted, id }) = after {
            sql.push(" AND (i.rank, i.posted, i.id) > (").bind(rank).push(", ").bind(posted).push(", ");
            sql.bind(id).push(")");
        }
        sql.push(" ORDER BY i.rank, i.posted, i.id LIMIT ").bind(i64::from(size) + 1);
        sql
    }

    /// Returns the way in which the database finds a page of a queue. For `scripts/bench-review`.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    #[doc(hidden)]
    pub async fn queue_plan(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
    ) -> Result<Vec<String>, StoreError> {
        self.queue_sql(filter, after, 50).plan(&mut *self.reader().await?).await
    }

    /// Counts open items, and returns true if there are more than were counted.
    async fn total(
        &self,
        connection: &mut AnyConnection,
        filter: &Filter,
    ) -> Result<(u64, bool), StoreError> {
        let mut sql = self.sql("SELECT COUNT(*) AS total FROM (SELECT 1 FROM item i WHERE ");
        filter.push_open(&mut sql);
        let is_whole = filter.is_whole_queue();
        if !is_whole {
            sql.push(" LIMIT ").bind(MOST_COUNTED);
        }
        sql.push(") counted");
        let total = count(&sql.one(connection).await?, "total")?;
        Ok((total, !is_whole && total == MOST_COUNTED.unsigned_abs()))
    }

    /// Returns the number of open items of each queue.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn queue_sizes(&self) -> Result<Vec<(Queue, u64)>, StoreError> {
        let mut connection = self.reader().await?;
        let mut sizes = Vec::with_capacity(Queue::ALL.len());
        for queue in Queue::ALL {
            let sql = "SELECT COUNT(*) AS total FROM item WHERE queue = $1 AND state = $2";
            let query = sqlx::query(sql).bind(queue.as_str()).bind(State::Open.as_str());
            sizes.push((queue, count(&query.fetch_one(&mut *connection).await?, "total")?));
        }
        Ok(sizes)
    }

    /// Returns the sources, with their names.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn sources(&self) -> Result<Vec<(SourceId, String)>, StoreError> {
        let rows = sqlx::query("SELECT id, name FROM source ORDER BY name").fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok((get(row, "id")?, get(row, "name")?))).collect()
    }

    /// Returns the languages of items, for a filter's choice.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn languages(&self) -> Result<Vec<String>, StoreError> {
        // One step of an index for each language.
        let mut connection = self.reader().await?;
        let mut languages = Vec::new();
        let mut last = String::new();
        loop {
            let sql = "SELECT MIN(language) AS language FROM item WHERE language > $1";
            let row = sqlx::query(sql).bind(&last).fetch_one(&mut *connection).await?;
            let Some(language) = get::<Option<String>>(&row, "language")? else { return Ok(languages) };
            last.clone_from(&language);
            languages.push(language);
        }
    }

    /// Returns the views that a user sees: the user's own and shared ones, by name.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn saved_views(&self, user: UserId) -> Result<Vec<SavedView>, StoreError> {
        let sql = "SELECT id, user_id, name, shared, filter FROM saved_view WHERE user_id = $1 OR shared = 1 \
                   ORDER BY name, id";
        let rows = sqlx::query(sql).bind(user).fetch_all(&self.pool).await?;
        let view = |row: &AnyRow| {
            let filter = serde_json::from_str(get(row, "filter")?);
            Ok(SavedView {
                id: get(row, "id")?,
                name: get(row, "name")?,
                user: get(row, "user_id")?,
                shared: get::<i64>(row, "shared")? == 1,
                filter: filter.map_err(|_| StoreError::Value("a view that cannot be read".to_owned()))?,
            })
        };
        rows.iter().map(view).collect()
    }

    /// Saves a view. One of the same user and name is replaced.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn save_view(
        &self,
        user: UserId,
        name: &str,
        shared: bool,
        filter: &Filter,
    ) -> Result<i64, StoreError> {
        let json = serde_json::to_string(filter).expect("every filter has a form in JSON");
        let mut write = self.begin().await?;
        let sql = "INSERT INTO saved_view (user_id, name, shared, filter) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (user_id, name) DO UPDATE SET shared = excluded.shared, filter = excluded.filter \
                   RETURNING id";
        let query = sqlx::query_scalar(sql).bind(user).bind(name).bind(i64::from(shared)).bind(json);
        let id = query.fetch_one(write.connection()).await?;
        write.commit().await?;
        Ok(id)
    }

    /// Deletes a view of a user. Returns false if there is none.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn delete_view(&self, user: UserId, view: i64) -> Result<bool, StoreError> {
        let mut write = self.begin().await?;
        let sql = "DELETE FROM saved_view WHERE id = $1 AND user_id = $2";
        let done = sqlx::query(sql).bind(view).bind(user).execute(write.connection()).await?;
        write.commit().await?;
        Ok(done.rows_affected() > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back() {
        let cursor = Cursor { rank: -1.25, posted: i64::MAX, id: 7 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in ["", "1.2", "1.2.3.4", "x.1.1", "7ff8000000000001.1.1"] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
