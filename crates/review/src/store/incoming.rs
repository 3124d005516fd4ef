//! Writes comments: those of a run, chunk by chunk, and single ones of a server.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use comity_core::comment::Comment;
use comity_core::label::Label;
use comity_core::record::{Explanation, ModelId, Scored};
use comity_infer::caution::Caution;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use sqlx::any::AnyRow;

use super::flags::{self, Judged};
use super::fold::Fingerprint;
use super::policies::Published;
use super::scores::CHANGES;
use super::{CommentId, Kind, NO_TIME, SourceId, Store, StoreError, Write, get, micros, millionths};

/// Rows of a statement: SQLite allows 32,766 values in one.
const ROWS: usize = 900;

/// Names that are remembered between chunks, at most.
const MOST_NAMES: usize = 200_000;

/// The longest name of a thread and id of a comment that are stored as they are, in bytes: indexes
/// of PostgreSQL do not take longer ones.
const LONGEST_NAME: usize = 2_000;

/// A comment on its way into the store.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    pub(crate) scored: Scored,
    pub(crate) explanation: Option<Explanation>,
    sha256: [u8; 32],
    /// The flag; `None` if the policy approves or the comment has no scores.
    judged: Option<Judged>,
    /// Of a flagged comment.
    cautions: String,
    fingerprint: Option<Fingerprint>,
}

impl Incoming {
    /// Prepares a comment: everything that takes no database.
    pub(crate) fn new(mut scored: Scored, published: &Published, languages: &[String]) -> Self {
        let sha256 = Sha256::digest(&scored.comment.text).into();
        // PostgreSQL stores no zero bytes. A blank in their place keeps all positions.
        if scored.comment.text.contains('\0') {
            scored.comment.text = scored.comment.text.replace('\0', " ");
        }
        let mut incoming = Self {
            scored,
            explanation: None,
            sha256,
            judged: None,
            cautions: String::new(),
            fingerprint: None,
        };
        incoming.judge(published, languages);
        incoming
    }

    /// Applies a policy.
    pub(crate) fn judge(&mut self, published: &Published, languages: &[String]) {
        self.judged = Judged::of(&published.policy, &self.scored);
        if self.judged.is_some() && self.fingerprint.is_none() {
            self.cautions = cautions(&self.scored.comment, self.scored.language.as_deref(), languages);
            self.fingerprint = Some(Fingerprint::of(&self.scored.comment));
        }
    }
}

/// Returns the words of a comment's cautions, separated by spaces.
pub(crate) fn cautions(comment: &Comment, language: Option<&str>, languages: &[String]) -> String {
    let found = Caution::of(comment, language, languages);
    found.into_iter().map(Caution::as_str).collect::<Vec<_>>().join(" ")
}

/// An import that begins or continues.
pub(crate) struct Import {
    pub(crate) id: i64,
    pub(crate) source: SourceId,
    pub(crate) model: i64,
    /// Rows of the scores file that are in the store.
    pub(crate) done: u64,
    pub(crate) finished: bool,
    /// True if the source has no other comments than those of this run.
    pub(crate) is_first: bool,
}

/// The ids of names that were looked up.
pub(crate) struct Catalog {
    source: SourceId,
    model: i64,
    /// True if none of the comments that come is in the store.
    is_first: bool,
    threads: HashMap<String, i64>,
    authors: HashMap<String, i64>,
}

impl Catalog {
    pub(crate) fn new(source: SourceId, model: i64, is_first: bool) -> Self {
        Self { source, model, is_first, threads: HashMap::new(), authors: HashMap::new() }
    }

    /// Returns the id of a comment that was just added.
    pub(crate) async fn id_of(&self, write: &mut Write, comment: &Comment) -> Result<CommentId, StoreError> {
        let thread = self.threads.get(&stored_name(&comment.thread)).copied().unwrap_or(0);
        let sql = "SELECT id FROM comment WHERE thread_id = $1 AND external_id = $2";
        let query = sqlx::query_scalar(sql).bind(thread).bind(stored_name(&comment.id));
        Ok(query.fetch_one(write.connection()).await?)
    }
}

/// A stored comment that came again.
struct Known {
    id: CommentId,
    /// True if nothing of it changed.
    is_same: bool,
    /// True if its text is the same.
    has_same_text: bool,
    has_text: bool,
}

impl Store {
    /// Begins or continues the import of a run.
    pub(crate) async fn begin_import(
        &self,
        source: &str,
        checksum: &str,
        model: &ModelId,
    ) -> Result<Import, StoreError> {
        let mut write = self.begin().await?;
        let (source, model) = Self::source_and_model(&mut write, source, model).await?;
        let sql = "INSERT INTO import (source_id, checksum, done) VALUES ($1, $2, 0) \
                   ON CONFLICT (source_id, checksum) DO NOTHING";
        sqlx::query(sql).bind(source).bind(checksum).execute(write.connection()).await?;
        let sql = "SELECT id, done, finished_at, \
                   (SELECT COUNT(*) FROM import o WHERE o.source_id = i.source_id AND o.id <> i.id) AS others, \
                   (SELECT COUNT(*) FROM (SELECT 1 FROM comment c WHERE c.source_id = i.source_id LIMIT 1) any_row) \
                   AS comments \
                   FROM import i WHERE source_id = $1 AND checksum = $2";
        let row = sqlx::query(sql).bind(source).bind(checksum).fetch_one(write.connection()).await?;
        let done: i64 = get(&row, "done")?;
        let is_first = get::<i64>(&row, "others")? == 0 && (done > 0 || get::<i64>(&row, "comments")? == 0);
        let import = Import {
            id: get(&row, "id")?,
            source,
            model,
            done: u64::try_from(done).unwrap_or(0),
            finished: get::<Option<i64>>(&row, "finished_at")?.is_some(),
            is_first,
        };
        write.commit().await?;
        Ok(import)
    }

    /// Records how far an import is, in the transaction of its comments.
    pub(crate) async fn note_import(write: &mut Write, import: i64, done: u64) -> Result<(), StoreError> {
        let sql = "UPDATE import SET done = $1 WHERE id = $2";
        let done = i64::try_from(done).unwrap_or(i64::MAX);
        sqlx::query(sql).bind(done).bind(import).execute(write.connection()).await?;
        Ok(())
    }

    pub(crate) async fn finish_import(&self, import: i64) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        let now = write.now;
        let sql = "UPDATE import SET finished_at = $1 WHERE id = $2";
        sqlx::query(sql).bind(now).bind(import).execute(write.connection()).await?;
        if write.kind() == Kind::Postgres {
            // Many rows came at once; its own statistics would be late.
            for table in ["ANALYZE comment", "ANALYZE item"] {
                sqlx::query(table).execute(write.connection()).await?;
            }
        }
        write.commit().await
    }

    /// Returns the ids of a source and a model, which are created if they are new.
    pub(crate) async fn source_and_model(
        write: &mut Write,
        source: &str,
        model: &ModelId,
    ) -> Result<(SourceId, i64), StoreError> {
        let sql = "INSERT INTO source (name) VALUES ($1) ON CONFLICT (name) DO NOTHING";
        sqlx::query(sql).bind(source).execute(write.connection()).await?;
        let sql = "SELECT id FROM source WHERE name = $1";
        let source = sqlx::query_scalar(sql).bind(source).fetch_one(write.connection()).await?;
        let sql = "INSERT INTO model (name, version, checksum, languages) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (name, version, checksum) DO NOTHING";
        let query = sqlx::query(sql).bind(&model.name).bind(&model.version).bind(&model.checksum);
        query.bind(model.languages.join(" ")).execute(write.connection()).await?;
        let sql = "SELECT id FROM model WHERE name = $1 AND version = $2 AND checksum = $3";
        let query = sqlx::query_scalar(sql).bind(&model.name).bind(&model.version).bind(&model.checksum);
        Ok((source, query.fetch_one(write.connection()).await?))
    }

    /// Adds comments, or replaces those that changed. Returns the number of these, and of the items
    /// that were opened.
    pub(crate) async fn add_all(
        &self,
        write: &mut Write,
        catalog: &mut Catalog,
        published: &Published,
        chunk: &[Incoming],
    ) -> Result<(u64, u64), StoreError> {
        resolve_threads(write, catalog, chunk).await?;
        resolve_authors(write, catalog, chunk, &self.secret_of_authors().await?).await?;
        let forgotten = forgotten(write, catalog.source).await?;
        let is_forgotten = |incoming: &Incoming| {
            let author = incoming.scored.comment.person().and_then(|name| catalog.authors.get(name));
            author.is_some_and(|author| forgotten.contains(author))
        };
        let known = if catalog.is_first { HashMap::new() } else { known(write, catalog, chunk).await? };
        let key = |incoming: &Incoming| {
            let comment = &incoming.scored.comment;
            (catalog.threads[&stored_name(&comment.thread)], stored_name(&comment.id))
        };
        let mut new = Vec::with_capacity(chunk.len());
        let mut changed = Vec::new();
        let mut seen = HashSet::new();
        for incoming in chunk {
            let key = key(incoming);
            match known.get(&key) {
                Some(known) if known.is_same => {}
                Some(known) => changed.push((known, incoming)),
                // Of two with the same id, which a server's client may send, the first counts.
                None if catalog.is_first || seen.insert(key) => new.push(incoming),
                None => {}
            }
        }
        let ids = new_ids(write, new.len()).await?;
        let new: Vec<(CommentId, &Incoming)> = ids.into_iter().zip(new).collect();
        for rows in new.chunks(ROWS) {
            insert(write, catalog, rows, &is_forgotten).await?;
        }
        let flagged: Vec<flags::New<'_>> = new
            .iter()
            .filter_map(|(id, incoming)| {
                let comment = &incoming.scored.comment;
                Some(flags::New {
                    id: *id,
                    source: catalog.source,
                    thread: catalog.threads[&stored_name(&comment.thread)],
                    author: comment.person().and_then(|name| catalog.authors.get(name)).copied(),
                    posted: comment.created_at.map_or(NO_TIME, micros),
                    language: incoming.scored.language.as_deref(),
                    judged: incoming.judged.as_ref()?,
                    fingerprint: incoming.fingerprint.as_ref(),
                })
            })
            .collect();
        flags::open(write, published.id, &flagged).await?;
        let mut opened = flagged.len() as u64;
        for (known, incoming) in &changed {
            opened += u64::from(update(write, catalog, published, known, incoming, &is_forgotten).await?);
        }
        if !changed.is_empty() {
            let sql = "INSERT INTO setting (name, value) VALUES ($1, '1') ON CONFLICT (name) \
                       DO UPDATE SET value = CAST(CAST(setting.value AS BIGINT) + 1 AS TEXT)";
            sqlx::query(sql).bind(CHANGES).execute(write.connection()).await?;
        }
        let explained = new.iter().map(|(id, incoming)| (*id, *incoming));
        let explained = explained.chain(changed.iter().map(|(known, incoming)| (known.id, *incoming)));
        for (id, incoming) in explained {
            if let Some(explanation) = &incoming.explanation
                && !is_forgotten(incoming)
            {
                explain(write, id, explanation).await?;
            }
        }
        Ok(((new.len() + changed.len()) as u64, opened))
    }

    /// Returns the key of the hashes by which authors are known again.
    pub(crate) async fn secret_of_authors(&self) -> Result<[u8; 32], StoreError> {
        if let Some(key) = self.author_key.get() {
            return Ok(*key);
        }
        // Reads within a transaction of SQLite's only writer would wait for it: `Store::open` has
        // made the key.
        let key = self.secret("authors").await?;
        Ok(*self.author_key.get_or_init(|| key))
    }
}

/// Returns a name as it is stored.
fn stored_name(name: &str) -> String {
    let mut name = if name.contains('\0') { name.replace('\0', " ") } else { name.to_owned() };
    if name.len() > LONGEST_NAME {
        let digest = comity_core::digest::sha256(&name);
        let end = name.floor_char_boundary(LONGEST_NAME - digest.len());
        name.truncate(end);
        name.push_str(&digest);
    }
    name
}

/// Returns text without zero bytes, which PostgreSQL does not store.
fn stored_text(text: Option<&str>) -> Option<String> {
    text.map(|text| text.replace('\0', " "))
}

async fn resolve_threads(
    write: &mut Write,
    catalog: &mut Catalog,
    chunk: &[Incoming],
) -> Result<(), StoreError> {
    if catalog.threads.len() > MOST_NAMES {
        catalog.threads.clear();
    }
    let mut unknown: HashMap<String, Option<String>> = HashMap::new();
    for incoming in chunk {
        let name = stored_name(&incoming.scored.comment.thread);
        if !catalog.threads.contains_key(&name) {
            let title = unknown.entry(name).or_default();
            if title.is_none() {
                *title = stored_text(incoming.scored.comment.thread_title.as_deref());
            }
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    // In one order, so that two writers do not wait for each other.
    let mut unknown: Vec<(String, Option<String>)> = unknown.into_iter().collect();
    unknown.sort();
    let mut sql = write.sql("INSERT INTO thread (source_id, name, title) VALUES ");
    for (index, (name, title)) in unknown.iter().enumerate() {
        sql.push(if index > 0 { ", (" } else { "(" });
        sql.bind(catalog.source).push(", ").bind(name.as_str()).push(", ").bind(title.clone()).push(")");
    }
    sql.push(" ON CONFLICT (source_id, name) DO UPDATE SET title = COALESCE(excluded.title, thread.title)");
    sql.push(" RETURNING id, name");
    for row in sql.all(write.connection()).await? {
        catalog.threads.insert(get(&row, "name")?, get(&row, "id")?);
    }
    Ok(())
}

async fn resolve_authors(
    write: &mut Write,
    catalog: &mut Catalog,
    chunk: &[Incoming],
    key: &[u8; 32],
) -> Result<(), StoreError> {
    if catalog.authors.len() > MOST_NAMES {
        catalog.authors.clear();
    }
    let mut unknown: HashMap<Vec<u8>, &str> = HashMap::new();
    for name in chunk.iter().filter_map(|incoming| incoming.scored.comment.person()) {
        if !catalog.authors.contains_key(name) {
            unknown.insert(author_hash(key, catalog.source, name), name);
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let mut sorted: Vec<(&Vec<u8>, &&str)> = unknown.iter().collect();
    sorted.sort();
    let mut sql = write.sql("INSERT INTO author (source_id, name_hash, name) VALUES ");
    for (index, (hash, name)) in sorted.iter().enumerate() {
        sql.push(if index > 0 { ", (" } else { "(" });
        sql.bind(catalog.source).push(", ").bind(hash.as_slice()).push(", ");
        sql.bind(name.replace('\0', " ")).push(")");
    }
    // The name of an author who is known may be a pseudonym, or gone: it stays.
    sql.push(" ON CONFLICT (source_id, name_hash) DO UPDATE SET name = author.name RETURNING id, name_hash");
    for row in sql.all(write.connection()).await? {
        let hash: Vec<u8> = get(&row, "name_hash")?;
        if let Some(name) = unknown.get(&hash) {
            catalog.authors.insert((*name).to_owned(), get(&row, "id")?);
        }
    }
    Ok(())
}

/// Returns the keyed hash by which an author is known.
fn author_hash(key: &[u8; 32], source: SourceId, name: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    mac.update(&source.to_be_bytes());
    mac.update(name.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Returns the forgotten authors of a source: their texts are not stored again.
async fn forgotten(write: &mut Write, source: SourceId) -> Result<HashSet<i64>, StoreError> {
    let sql = "SELECT id FROM author WHERE source_id = $1 AND forgotten = 1";
    let ids = sqlx::query_scalar(sql).bind(source).fetch_all(write.connection()).await?;
    Ok(ids.into_iter().collect())
}

/// Returns the comments of a chunk that are stored, by thread and id.
async fn known(
    write: &mut Write,
    catalog: &Catalog,
    chunk: &[Incoming],
) -> Result<HashMap<(i64, String), Known>, StoreError> {
    let mut known = HashMap::new();
    for part in chunk.chunks(ROWS) {
        let mut by_key = HashMap::new();
        let mut sql = write.sql(
            "SELECT id, thread_id, external_id, text_sha256, model_id, unscored, toxicity, severe_toxicity, obscene, \
             threat, insult, identity_attack, negative, neutral, positive, votes, replies, status, \
             CASE WHEN body IS NULL THEN 0 ELSE 1 END AS has_text \
             FROM comment WHERE (thread_id, external_id) IN (VALUES ",
        );
        for (index, incoming) in part.iter().enumerate() {
            let comment = &incoming.scored.comment;
            let (thread, id) = (catalog.threads[&stored_name(&comment.thread)], stored_name(&comment.id));
            sql.push(if index > 0 { ", (" } else { "(" });
            sql.bind(thread).push(", ").bind(id.as_str()).push(")");
            by_key.insert((thread, id), incoming);
        }
        sql.push(")").push(write.for_update());
        for row in sql.all(write.connection()).await? {
            let key = (get(&row, "thread_id")?, get(&row, "external_id")?);
            if let Some(incoming) = by_key.get(&key) {
                known.insert(key, compare(catalog, &row, incoming)?);
            }
        }
    }
    Ok(known)
}

/// Compares a stored comment with the one that came.
fn compare(catalog: &Catalog, row: &AnyRow, incoming: &Incoming) -> Result<Known, StoreError> {
    let Scored { comment, outcome, .. } = &incoming.scored;
    let has_same_text = get::<&[u8]>(row, "text_sha256")? == incoming.sha256;
    let mut is_same = has_same_text
        && get::<i64>(row, "model_id")? == catalog.model
        && get::<Option<i64>>(row, "votes")? == comment.votes
        && get::<Option<i64>>(row, "replies")? == comment.replies.and_then(|count| i64::try_from(count).ok())
        && get::<&str>(row, "status")? == comment.status.as_str();
    for label in Label::ALL {
        let stored: Option<i64> = get(row, label.as_str())?;
        is_same &= stored == outcome.scores().and_then(|scores| scores.get(label)).map(millionths);
    }
    let has_text = get::<i64>(row, "has_text")? == 1;
    Ok(Known { id: get(row, "id")?, is_same, has_same_text, has_text })
}

/// Returns ids for new comments, in ascending order.
async fn new_ids(write: &mut Write, count: usize) -> Result<Vec<CommentId>, StoreError> {
    let count = count as i64;
    match write.kind() {
        Kind::Sqlite => {
            let sql = "SELECT COALESCE(MAX(id), 0) FROM comment";
            let last: i64 = sqlx::query_scalar(sql).fetch_one(write.connection()).await?;
            Ok((last + 1..=last + count).collect())
        }
        Kind::Postgres => {
            let sql = "SELECT nextval(pg_get_serial_sequence('comment', 'id')) FROM generate_series(1, $1)";
            let mut ids: Vec<i64> = sqlx::query_scalar(sql).bind(count).fetch_all(write.connection()).await?;
            ids.sort_unstable();
            Ok(ids)
        }
    }
}

/// Returns ranges as the database has them: `0-4 6-9`.
fn ranges(ranges: &[Range<usize>]) -> String {
    ranges.iter().map(|range| format!("{}-{}", range.start, range.end)).collect::<Vec<_>>().join(" ")
}

/// Adds the values of a comment, in the order of the columns of [`insert`].
fn bind_values(sql: &mut super::Sql, catalog: &Catalog, incoming: &Incoming, is_forgotten: bool) {
    let Scored { comment, language, evasion, outcome } = &incoming.scored;
    let person = comment.person();
    let shared = if person.is_some() { None } else { stored_text(comment.author.as_deref()) };
    sql.bind(stored_text(comment.parent.as_deref())).push(", ");
    sql.bind(i64::from(comment.parent_inferred)).push(", ");
    sql.bind(person.and_then(|name| catalog.authors.get(name)).copied()).push(", ");
    sql.bind(shared).push(", ");
    sql.bind(comment.created_at.map_or(NO_TIME, micros)).push(", ");
    sql.bind(comment.status.as_str()).push(", ");
    sql.bind(language.clone()).push(", ");
    sql.bind(i64::from(*evasion)).push(", ");
    let unscored = match outcome {
        comity_core::record::Outcome::Unscored(cause) => Some(cause.as_str().to_owned()),
        comity_core::record::Outcome::Scored(_) => None,
    };
    sql.bind(unscored).push(", ");
    for label in Label::ALL {
        sql.bind(outcome.scores().and_then(|scores| scores.get(label)).map(millionths)).push(", ");
    }
    sql.bind(catalog.model).push(", ");
    sql.bind(comment.votes).push(", ");
    sql.bind(comment.replies.and_then(|count| i64::try_from(count).ok())).push(", ");
    sql.bind(&incoming.sha256[..]).push(", ");
    sql.bind(incoming.cautions.as_str()).push(", ");
    sql.bind(ranges(&comment.quotes)).push(", ");
    sql.bind(ranges(&comment.unsourced)).push(", ");
    sql.bind(stored_text(comment.section.as_deref())).push(", ");
    sql.bind(stored_text(comment.link.as_deref())).push(", ");
    sql.bind((!is_forgotten).then(|| comment.text.clone()));
}

/// Columns of a comment in the order of [`bind_values`].
const VALUES: [&str; 28] = [
    "parent",
    "parent_inferred",
    "author_id",
    "author_name",
    "posted",
    "status",
    "language",
    "evasion",
    "unscored",
    "toxicity",
    "severe_toxicity",
    "obscene",
    "threat",
    "insult",
    "identity_attack",
    "negative",
    "neutral",
    "positive",
    "model_id",
    "votes",
    "replies",
    "text_sha256",
    "cautions",
    "quotes",
    "unsourced",
    "section",
    "link",
    "body",
];

/// Adds new comments.
async fn insert(
    write: &mut Write,
    catalog: &Catalog,
    rows: &[(CommentId, &Incoming)],
    is_forgotten: &impl Fn(&Incoming) -> bool,
) -> Result<(), StoreError> {
    let now = write.now;
    let mut sql = write.sql("INSERT INTO comment (id, source_id, thread_id, external_id, added_at, ");
    sql.push(&VALUES.join(", ")).push(") VALUES ");
    for (index, (id, incoming)) in rows.iter().enumerate() {
        let comment = &incoming.scored.comment;
        sql.push(if index > 0 { ", (" } else { "(" });
        sql.bind(*id).push(", ").bind(catalog.source).push(", ");
        sql.bind(catalog.threads[&stored_name(&comment.thread)]).push(", ");
        sql.bind(stored_name(&comment.id)).push(", ").bind(now).push(", ");
        bind_values(&mut sql, catalog, incoming, is_forgotten(incoming));
        sql.push(")");
    }
    sql.execute(write.connection()).await?;
    if write.kind() == Kind::Sqlite {
        let mut sql = write.sql("INSERT INTO comment_words (rowid, body) VALUES ");
        let mut is_empty = true;
        for (id, incoming) in rows.iter().filter(|(_, incoming)| !is_forgotten(incoming)) {
            sql.push(if is_empty { "(" } else { ", (" });
            sql.bind(*id).push(", ").bind(incoming.scored.comment.text.as_str()).push(")");
            is_empty = false;
        }
        if !is_empty {
            sql.execute(write.connection()).await?;
        }
    }
    Ok(())
}

/// Replaces a comment that changed. Returns true if that opened its item.
async fn update(
    write: &mut Write,
    catalog: &Catalog,
    published: &Published,
    known: &Known,
    incoming: &Incoming,
    is_forgotten: &impl Fn(&Incoming) -> bool,
) -> Result<bool, StoreError> {
    // A text that retention deleted comes back only if its author changed it.
    let drop_text = is_forgotten(incoming) || (known.has_same_text && !known.has_text);
    let mut sql = write.sql("UPDATE comment SET (");
    sql.push(&VALUES.join(", ")).push(") = (");
    bind_values(&mut sql, catalog, incoming, drop_text);
    sql.push(") WHERE id = ").bind(known.id);
    sql.execute(write.connection()).await?;
    if write.kind() == Kind::Sqlite && !known.has_same_text && !drop_text {
        let sql = "INSERT OR REPLACE INTO comment_words (rowid, body) VALUES ($1, $2)";
        let query = sqlx::query(sql).bind(known.id).bind(incoming.scored.comment.text.as_str());
        query.execute(write.connection()).await?;
    }
    if !known.has_same_text {
        let sql = "DELETE FROM explanation WHERE comment_id = $1";
        sqlx::query(sql).bind(known.id).execute(write.connection()).await?;
    }
    let comment = &incoming.scored.comment;
    let item = flags::Changed {
        id: known.id,
        source: catalog.source,
        thread: catalog.threads[&stored_name(&comment.thread)],
        author: comment.person().and_then(|name| catalog.authors.get(name)).copied(),
        posted: comment.created_at.map_or(NO_TIME, micros),
        language: incoming.scored.language.as_deref(),
        judged: incoming.judged.as_ref(),
        fingerprint: incoming.fingerprint.as_ref(),
        has_new_text: !known.has_same_text,
    };
    flags::change(write, published.id, &item).await
}

/// Stores the explanation of a comment.
async fn explain(write: &mut Write, id: CommentId, explanation: &Explanation) -> Result<(), StoreError> {
    let json = |parts| serde_json::to_string(parts).expect("numbers have a form in JSON");
    let sql = "INSERT INTO explanation (comment_id, label, partial, read_as, sentences, words) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (comment_id) DO UPDATE SET label = excluded.label, \
               partial = excluded.partial, read_as = excluded.read_as, sentences = excluded.sentences, \
               words = excluded.words";
    let query =
        sqlx::query(sql).bind(id).bind(explanation.label.as_str()).bind(i64::from(explanation.partial));
    let query = query.bind(stored_text(explanation.read_as.as_deref()));
    query
        .bind(json(&explanation.sentences))
        .bind(json(&explanation.words))
        .execute(write.connection())
        .await?;
    Ok(())
}
