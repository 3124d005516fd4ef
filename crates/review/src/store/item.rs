//! One comment with everything that a moderator needs to decide about it.

use std::collections::HashMap;
use std::ops::Range;

use comity_core::comment::Status;
use comity_core::label::Label;
use comity_core::record::{Outcome, Part, Scored, Scores, Unscored};
use jiff::Timestamp;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::decide::{self, Claim, DecisionView};
use super::flags;
use super::insight::Share;
use super::queue::{Flag, MOST_ROWS, Queue, State};
use super::{
    AuthorId, CommentId, NO_TIME, SourceId, Store, StoreError, ThreadId, count, get, maybe_word, time, word,
};

/// An author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorRef {
    /// The id.
    pub id: AuthorId,
    /// The name as the export writes it, or the pseudonym that replaced it.
    pub name: String,
}

/// A thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadRef {
    /// The id.
    pub id: ThreadId,
    /// Its name in the export.
    pub name: String,
    /// Its title, if the export has one.
    pub title: Option<String>,
}

/// A comment.
#[derive(Clone, Debug, PartialEq)]
pub struct CommentView {
    /// The id in the store.
    pub id: CommentId,
    /// The id in the export.
    pub external_id: String,
    /// The source.
    pub source: SourceId,
    /// Name of the source.
    pub source_name: String,
    /// The thread.
    pub thread: ThreadRef,
    /// The id in the export of the comment that this one answers.
    pub parent: Option<String>,
    /// True if the parent was inferred from the text.
    pub parent_inferred: bool,
    /// The author; `None` if there is none or the name is one that many people share.
    pub author: Option<AuthorRef>,
    /// The author's name as it is to be shown; `None` if there is none.
    pub author_name: Option<String>,
    /// Time of posting.
    pub posted_at: Option<Timestamp>,
    /// The text; `None` if retention or a request to be forgotten removed it.
    pub text: Option<String>,
    /// Byte ranges of the text that are someone else's words.
    pub quotes: Vec<Range<usize>>,
    /// Byte ranges that are marked as quotations without a source.
    pub unsourced: Vec<Range<usize>>,
    /// The state on the site.
    pub status: Status,
    /// The language, if it was detected.
    pub language: Option<String>,
    /// True if the spelling hid words.
    pub evasion: bool,
    /// The scores; `None` if the comment was not scored.
    pub scores: Option<Scores>,
    /// The reason why there are no scores.
    pub unscored: Option<Unscored>,
    /// Address of the comment or of its thread on the site.
    pub link: Option<String>,
    /// Section of the site.
    pub section: Option<String>,
    /// Votes.
    pub votes: Option<i64>,
    /// Replies that the site counts.
    pub replies: Option<u64>,
    /// The name and version of the model, such as `english 6`.
    pub model: String,
    /// The state of the comment's item; `None` if it has none.
    pub state: Option<State>,
}

/// The parts of a text that carry its score.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explained {
    /// The label that they are about.
    pub label: Option<Label>,
    /// Sentences with their own scores, in byte ranges of the text.
    pub sentences: Vec<Part>,
    /// Words with their weights.
    pub words: Vec<Part>,
    /// The text as the model reads it, if its spelling hides words.
    pub read_as: Option<String>,
    /// True if only the beginning of a long text was explained.
    pub partial: bool,
}

/// A stretch of a thread around a comment, in the order of posting.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ThreadPage {
    /// The comments.
    pub comments: Vec<CommentView>,
    /// The number of comments before the first of these.
    pub before: u64,
    /// The number of comments of the thread.
    pub total: u64,
}

/// The record of an author in a source.
#[derive(Clone, Debug, PartialEq)]
pub struct AuthorHistory {
    /// The author.
    pub author: AuthorRef,
    /// The author's comments that were scored.
    pub comments: u64,
    /// Share of them that the policy flags, with a 95% interval.
    pub flagged: Share,
    /// Share of decided ones that were rejected, with a 95% interval.
    pub rejected: Share,
    /// Time of the first and the last comment.
    pub seen: Option<(Timestamp, Timestamp)>,
    /// The last flagged comments, the newest first: at most 5.
    pub last_flagged: Vec<CommentView>,
}

/// One comment with everything around it.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemView {
    /// The comment.
    pub comment: CommentView,
    /// The queue of the item; `None` if the comment is not flagged and was not drawn.
    pub queue: Option<Queue>,
    /// The reason of the flag.
    pub flag: Option<Flag>,
    /// The revision, for [`super::DecisionInput::seen_revision`]; 0 without an item.
    pub revision: i64,
    /// The claim that is in force, if any.
    pub claim: Option<Claim>,
    /// Decisions about it, the oldest first, undone ones included.
    pub decisions: Vec<DecisionView>,
    /// The parts that carry the score, if the run explained the comment.
    pub explained: Option<Explained>,
    /// Signs that the score may be wrong: see `docs/moderating.md`.
    pub cautions: Vec<String>,
    /// The comment that it answers, if the store has it.
    pub parent: Option<CommentView>,
    /// The thread around it.
    pub thread: ThreadPage,
    /// The author's record; `None` for a comment without an author.
    pub author: Option<AuthorHistory>,
    /// Open near-duplicates in the same queue.
    pub repeats: u64,
}

/// The columns of a comment, for [`comment`].
pub(crate) const COMMENT: &str = "SELECT c.id, c.external_id, c.source_id, s.name AS source_name, c.thread_id, \
     t.name AS thread_name, t.title AS thread_title, c.parent, c.parent_inferred, c.author_id, c.author_name, \
     a.name AS known_name, c.posted, c.body, c.quotes, c.unsourced, c.status, c.language, c.evasion, \
     c.unscored, c.toxicity, c.severe_toxicity, c.obscene, c.threat, c.insult, c.identity_attack, c.negative, \
     c.neutral, c.positive, c.link, c.section, c.votes, c.replies, c.cautions, m.name AS model_name, \
     m.version AS model_version, o.state AS item_state \
     FROM comment c JOIN source s ON s.id = c.source_id JOIN thread t ON t.id = c.thread_id \
     JOIN model m ON m.id = c.model_id LEFT JOIN author a ON a.id = c.author_id LEFT JOIN item o ON o.id = c.id ";

/// Returns ranges that the database has.
pub(crate) fn parse_ranges(text: &str) -> Result<Vec<Range<usize>>, StoreError> {
    let parse = |range: &str| {
        let (start, end) = range.split_once('-')?;
        Some(start.parse().ok()?..end.parse().ok()?)
    };
    let ranges = text.split_ascii_whitespace().map(parse).collect::<Option<_>>();
    ranges.ok_or_else(|| StoreError::Value(format!("the ranges `{text}`")))
}

/// Returns the comment of a row of [`COMMENT`].
pub(crate) fn comment(row: &AnyRow) -> Result<CommentView, StoreError> {
    let text: Option<String> = get(row, "body")?;
    // Ranges of a text that is gone have no meaning.
    let ranges = |column| match &text {
        Some(_) => parse_ranges(get(row, column)?),
        None => Ok(Vec::new()),
    };
    let known_name: Option<String> = get(row, "known_name")?;
    let author = match (get::<Option<i64>>(row, "author_id")?, &known_name) {
        (Some(id), Some(name)) => Some(AuthorRef { id, name: name.clone() }),
        _ => None,
    };
    let Scored { outcome, .. } = flags::scored(row)?;
    let (scores, unscored) = match outcome {
        Outcome::Scored(scores) => (Some(scores), None),
        Outcome::Unscored(cause) => (None, Some(cause)),
    };
    let posted: i64 = get(row, "posted")?;
    Ok(CommentView {
        id: get(row, "id")?,
        external_id: get(row, "external_id")?,
        source: get(row, "source_id")?,
        source_name: get(row, "source_name")?,
        thread: ThreadRef {
            id: get(row, "thread_id")?,
            name: get(row, "thread_name")?,
            title: get(row, "thread_title")?,
        },
        parent: get(row, "parent")?,
        parent_inferred: get::<i64>(row, "parent_inferred")? == 1,
        author,
        author_name: known_name.or(get(row, "author_name")?),
        posted_at: (posted != NO_TIME).then(|| time(posted)).transpose()?,
        quotes: ranges("quotes")?,
        unsourced: ranges("unsourced")?,
        text,
        status: word(row, "status")?,
        language: get(row, "language")?,
        evasion: get::<i64>(row, "evasion")? == 1,
        scores,
        unscored,
        link: get(row, "link")?,
        section: get(row, "section")?,
        votes: get(row, "votes")?,
        replies: get::<Option<i64>>(row, "replies")?.and_then(|count| u64::try_from(count).ok()),
        model: format!("{} {}", get::<&str>(row, "model_name")?, get::<&str>(row, "model_version")?),
        state: maybe_word(row, "item_state")?,
    })
}

/// Returns comments by their ids.
pub(crate) async fn comments(
    store: &Store,
    connection: &mut AnyConnection,
    ids: &[CommentId],
) -> Result<HashMap<CommentId, CommentView>, StoreError> {
    let mut found = HashMap::with_capacity(ids.len());
    if ids.is_empty() {
        return Ok(found);
    }
    let mut sql = store.sql(COMMENT);
    sql.push("WHERE c.id IN ").list(ids.iter().copied());
    for row in sql.all(connection).await? {
        let comment = comment(&row)?;
        found.insert(comment.id, comment);
    }
    Ok(found)
}

/// Returns a claim of an item's row that is in force; the name of its user is in the column
/// `claimer`.
pub(crate) fn claim(row: &AnyRow, now: i64) -> Result<Option<Claim>, StoreError> {
    let until: Option<i64> = get(row, "claimed_until")?;
    match (get::<Option<i64>>(row, "claimed_by")?, until) {
        (Some(user), Some(until)) if until > now => Ok(Some(Claim {
            user,
            name: get::<Option<String>>(row, "claimer")?.unwrap_or_default(),
            until: time(until)?,
        })),
        _ => Ok(None),
    }
}

impl Store {
    /// Returns a comment with everything around it: `around` comments of its thread before and
    /// after it.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn item(&self, id: CommentId, around: u32) -> Result<Option<ItemView>, StoreError> {
        let now = self.now().await?;
        let mut connection = self.reader().await?;
        let mut sql = self.sql(COMMENT);
        sql.push("WHERE c.id = ").bind(id);
        let Some(row) = sql.optional(&mut connection).await? else { return Ok(None) };
        let comment = comment(&row)?;
        let cautions = get::<&str>(&row, "cautions")?.split_ascii_whitespace().map(str::to_owned).collect();
        let mut view = ItemView {
            queue: None,
            flag: None,
            revision: 0,
            claim: None,
            decisions: Vec::new(),
            explained: None,
            cautions,
            parent: None,
            thread: ThreadPage::default(),
            author: None,
            repeats: 0,
            comment,
        };
        let sql = "SELECT i.*, p.name AS policy_name, u.name AS claimer FROM item i \
                   LEFT JOIN policy p ON p.id = i.policy_id LEFT JOIN member u ON u.id = i.claimed_by WHERE i.id = $1";
        if let Some(row) = sqlx::query(sql).bind(id).fetch_optional(&mut *connection).await? {
            let queue: Queue = word(&row, "queue")?;
            view.queue = Some(queue);
            view.flag = flags::flag(&row)?;
            view.revision = get(&row, "revision")?;
            view.claim = claim(&row, now)?;
            let sql = "SELECT COUNT(*) AS repeats FROM item WHERE fold = $1 AND queue = $2 AND state = $3 AND id <> $4";
            let query = sqlx::query(sql).bind(get::<i64>(&row, "fold")?).bind(queue.as_str());
            let row = query.bind(State::Open.as_str()).bind(id).fetch_one(&mut *connection).await?;
            view.repeats = count(&row, "repeats")?;
            view.decisions = decide::decisions_of(&mut connection, id).await?;
        }
        if view.comment.text.is_some() {
            view.explained = explained(&mut connection, id).await?;
        }
        if let Some(parent) = &view.comment.parent {
            let mut sql = self.sql(COMMENT);
            sql.push("WHERE c.thread_id = ").bind(view.comment.thread.id);
            sql.push(" AND c.external_id = ").bind(parent.as_str());
            view.parent = sql.optional(&mut connection).await?.as_ref().map(self::comment).transpose()?;
        }
        let posted = view.comment.posted_at.map_or(NO_TIME, super::micros);
        let sql = "SELECT COUNT(*) AS before FROM comment WHERE thread_id = $1 AND (posted, id) < ($2, $3)";
        let query = sqlx::query(sql).bind(view.comment.thread.id).bind(posted).bind(id);
        let before = count(&query.fetch_one(&mut *connection).await?, "before")?;
        let from = before.saturating_sub(around.into());
        let size = u32::try_from(before - from).unwrap_or(around) + 1 + around;
        view.thread = self.thread_page(&mut connection, view.comment.thread.id, from, size).await?;
        drop(connection);
        if let Some(author) = &view.comment.author {
            view.author = self.author(author.id).await?;
        }
        Ok(Some(view))
    }

    async fn thread_page(
        &self,
        connection: &mut AnyConnection,
        thread: ThreadId,
        from: u64,
        size: u32,
    ) -> Result<ThreadPage, StoreError> {
        let sql = "SELECT COUNT(*) AS total FROM comment WHERE thread_id = $1";
        let row = sqlx::query(sql).bind(thread).fetch_one(&mut *connection).await?;
        let mut sql = self.sql(COMMENT);
        // Passing over comments takes the index alone.
        sql.push("WHERE c.id IN (SELECT id FROM comment WHERE thread_id = ").bind(thread);
        sql.push(" ORDER BY posted, id LIMIT ").bind(i64::from(size)).push(" OFFSET ");
        sql.bind(i64::try_from(from).unwrap_or(i64::MAX)).push(") ORDER BY c.posted, c.id");
        let rows = sql.all(connection).await?;
        let comments = rows.iter().map(comment).collect::<Result<_, _>>()?;
        Ok(ThreadPage { comments, before: from, total: count(&row, "total")? })
    }

    /// Returns the comments of a thread in the order of posting, from the one with number `from`,
    /// counted from 0.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn thread(
        &self,
        thread: ThreadId,
        from: u64,
        size: u32,
    ) -> Result<Option<(ThreadRef, ThreadPage)>, StoreError> {
        let mut connection = self.reader().await?;
        let sql = "SELECT id, name, title FROM thread WHERE id = $1";
        let Some(row) = sqlx::query(sql).bind(thread).fetch_optional(&mut *connection).await? else {
            return Ok(None);
        };
        let page = self.thread_page(&mut connection, thread, from, size.min(MOST_ROWS)).await?;
        let thread = ThreadRef { id: thread, name: get(&row, "name")?, title: get(&row, "title")? };
        Ok(Some((thread, page)))
    }

    /// Returns the record of an author.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn author(&self, author: AuthorId) -> Result<Option<AuthorHistory>, StoreError> {
        let mut connection = self.reader().await?;
        let sql = "SELECT name FROM author WHERE id = $1 AND name IS NOT NULL";
        let row = sqlx::query(sql).bind(author).fetch_optional(&mut *connection).await?;
        let Some(row) = row else { return Ok(None) };
        let author = AuthorRef { id: author, name: get(&row, "name")? };
        let sql = "SELECT COUNT(*) AS comments, MIN(CASE WHEN posted = $1 THEN NULL ELSE posted END) AS first, \
                   MAX(CASE WHEN posted = $1 THEN NULL ELSE posted END) AS last FROM comment \
                   WHERE author_id = $2 AND unscored IS NULL";
        let query = sqlx::query(sql).bind(NO_TIME).bind(author.id);
        let totals = query.fetch_one(&mut *connection).await?;
        let sql = "SELECT CAST(COALESCE(SUM(CASE WHEN i.rule IS NOT NULL AND i.state <> $1 THEN 1 ELSE 0 END), 0) AS BIGINT) \
                   AS flagged, CAST(COALESCE(SUM(CASE WHEN i.state = $2 AND d.verdict IN ('approve', 'reject') \
                   THEN 1 ELSE 0 END), 0) AS BIGINT) AS decided, \
                   CAST(COALESCE(SUM(CASE WHEN i.state = $2 AND ((d.verdict = 'reject' AND (d.appeal IS NULL OR d.appeal = \
                   'uphold')) OR (d.verdict = 'approve' AND d.appeal = 'overturn')) THEN 1 ELSE 0 END), 0) AS BIGINT) \
                   AS rejected FROM item i LEFT JOIN decision d ON d.id = i.last_decision WHERE i.author_id = $3";
        let query =
            sqlx::query(sql).bind(State::Dropped.as_str()).bind(State::Decided.as_str()).bind(author.id);
        let items = query.fetch_one(&mut *connection).await?;
        let comments = count(&totals, "comments")?;
        let seen = match (get::<Option<i64>>(&totals, "first")?, get::<Option<i64>>(&totals, "last")?) {
            (Some(first), Some(last)) => Some((time(first)?, time(last)?)),
            _ => None,
        };
        let mut sql = self.sql(COMMENT);
        sql.push("WHERE c.author_id = ").bind(author.id).push(" AND o.rule IS NOT NULL AND o.state <> ");
        sql.bind(State::Dropped.as_str()).push(" ORDER BY c.id DESC LIMIT 5");
        let rows = sql.all(&mut connection).await?;
        Ok(Some(AuthorHistory {
            flagged: Share { hits: count(&items, "flagged")?, trials: comments },
            rejected: Share { hits: count(&items, "rejected")?, trials: count(&items, "decided")? },
            last_flagged: rows.iter().map(comment).collect::<Result<_, _>>()?,
            author,
            comments,
            seen,
        }))
    }

    /// Returns the comments of an author, the newest first, before a position that the last of a
    /// page gives: `None` begins with the newest.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn author_comments(
        &self,
        author: AuthorId,
        before: Option<CommentId>,
        size: u32,
    ) -> Result<Vec<CommentView>, StoreError> {
        let mut sql = self.sql(COMMENT);
        sql.push("WHERE c.author_id = ").bind(author).push(" AND c.id < ").bind(before.unwrap_or(i64::MAX));
        sql.push(" ORDER BY c.id DESC LIMIT ").bind(i64::from(size.min(MOST_ROWS)));
        let rows = sql.all(&mut *self.reader().await?).await?;
        rows.iter().map(comment).collect()
    }
}

/// Returns the explanation of a comment.
async fn explained(connection: &mut AnyConnection, id: CommentId) -> Result<Option<Explained>, StoreError> {
    let sql = "SELECT label, partial, read_as, sentences, words FROM explanation WHERE comment_id = $1";
    let Some(row) = sqlx::query(sql).bind(id).fetch_optional(connection).await? else { return Ok(None) };
    let parts = |column| {
        let parts = serde_json::from_str(get(&row, column)?);
        parts.map_err(|_| StoreError::Value(format!("no parts of an explanation in `{column}`")))
    };
    Ok(Some(Explained {
        label: maybe_word(&row, "label")?,
        sentences: parts("sentences")?,
        words: parts("words")?,
        read_as: get(&row, "read_as")?,
        partial: get::<i64>(&row, "partial")? == 1,
    }))
}
