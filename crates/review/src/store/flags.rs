//! The flags of a policy, and the items that they open, change and drop.

use std::collections::BTreeSet;

use comity_core::comment::Comment;
use comity_core::label::Label;
use comity_core::policy::{Action, Policy, reach};
use comity_core::record::Scored;
use sqlx::any::AnyRow;

use super::fold::{Fingerprint, elect, folds};
use super::queue::{Flag, Queue, State};
use super::{CommentId, PolicyId, SourceId, StoreError, Write, get, maybe_word, millionths, score, word};

/// Rows of a statement.
const ROWS: usize = 900;

/// A flag, as the database has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Judged {
    pub(crate) rule: String,
    pub(crate) label: Label,
    pub(crate) action: Action,
    pub(crate) score: i64,
    pub(crate) threshold: i64,
    /// The negated harm.
    pub(crate) rank: f64,
}

impl Judged {
    /// Returns the flag of a comment; `None` if a policy approves it or it has no scores.
    pub(crate) fn of(policy: &Policy, scored: &Scored) -> Option<Self> {
        Self::with_reach(policy, scored, reach(&scored.comment))
    }

    fn with_reach(policy: &Policy, scored: &Scored, reach: f64) -> Option<Self> {
        let decision = policy.decide(scored).filter(|decision| decision.is_flagged())?;
        let fired = decision.fired?;
        Some(Self {
            rule: fired.rule.name.clone(),
            label: fired.rule.label,
            action: decision.action,
            score: millionths(fired.score),
            threshold: millionths(fired.threshold),
            rank: -fired.harm(reach),
        })
    }
}

/// Returns the flag of an item's row, whose policy's name is in the column `policy_name`; `None` if
/// it has none.
pub(crate) fn flag(row: &AnyRow) -> Result<Option<Flag>, StoreError> {
    let Some(rule) = get::<Option<String>>(row, "rule")? else { return Ok(None) };
    let number = |column| Ok::<_, StoreError>(score(get::<Option<i64>>(row, column)?.unwrap_or(0)));
    Ok(Some(Flag {
        policy: get::<Option<String>>(row, "policy_name")?.unwrap_or_default(),
        rule,
        label: word(row, "label")?,
        action: action(get(row, "action")?)?,
        score: number("score")?,
        threshold: number("threshold")?,
        harm: -get::<f64>(row, "rank")?,
    }))
}

/// Reads the word of an action.
pub(crate) fn action(word: &str) -> Result<Action, StoreError> {
    let known = Action::ALL.into_iter().find(|known| known.as_str() == word);
    known.ok_or_else(|| StoreError::Value(format!("the action `{word}`")))
}

/// A flagged comment that is new.
pub(crate) struct New<'a> {
    pub(crate) id: CommentId,
    pub(crate) source: SourceId,
    pub(crate) thread: i64,
    pub(crate) author: Option<i64>,
    pub(crate) posted: i64,
    pub(crate) language: Option<&'a str>,
    pub(crate) judged: &'a Judged,
    pub(crate) fingerprint: Option<&'a Fingerprint>,
}

/// Opens items for flagged comments that have none.
pub(crate) async fn open(write: &mut Write, policy: PolicyId, new: &[New<'_>]) -> Result<(), StoreError> {
    let now = write.now;
    for rows in new.chunks(ROWS) {
        let prints: Vec<(CommentId, Option<&Fingerprint>)> =
            rows.iter().map(|row| (row.id, row.fingerprint)).collect();
        let folds = folds(write, &prints).await?;
        let mut sql = write.sql(
            "INSERT INTO item (id, queue, state, rank, posted, fold, lead, source_id, thread_id, author_id, language, \
             policy_id, rule, label, action, score, threshold, opened_at) VALUES ",
        );
        let mut folded = BTreeSet::new();
        for (index, (row, fold)) in rows.iter().zip(folds).enumerate() {
            sql.push(if index > 0 { ", (" } else { "(" });
            sql.bind(row.id).push(", ").bind(Queue::Review.as_str()).push(", ");
            sql.bind(State::Open.as_str()).push(", ").bind(row.judged.rank).push(", ").bind(row.posted);
            sql.push(", ").bind(fold).push(", ").bind(i64::from(fold == row.id)).push(", ");
            sql.bind(row.source).push(", ").bind(row.thread).push(", ").bind(row.author).push(", ");
            sql.bind(row.language.map(str::to_owned)).push(", ").bind(policy).push(", ");
            sql.bind(row.judged.rule.as_str()).push(", ").bind(row.judged.label.as_str()).push(", ");
            sql.bind(row.judged.action.as_str()).push(", ").bind(row.judged.score).push(", ");
            sql.bind(row.judged.threshold).push(", ").bind(now).push(")");
            if fold != row.id {
                folded.insert(fold);
            }
        }
        sql.execute(write.connection()).await?;
        for fold in folded {
            elect(write, fold, Queue::Review).await?;
        }
    }
    Ok(())
}

/// A comment whose scores, text or policy changed.
pub(crate) struct Changed<'a> {
    pub(crate) id: CommentId,
    pub(crate) source: SourceId,
    pub(crate) thread: i64,
    pub(crate) author: Option<i64>,
    pub(crate) posted: i64,
    pub(crate) language: Option<&'a str>,
    pub(crate) judged: Option<&'a Judged>,
    pub(crate) fingerprint: Option<&'a Fingerprint>,
    pub(crate) has_new_text: bool,
}

/// Brings the item of a comment up to date. Returns true if that opened it.
///
/// An open item gets the new flag, or is dropped without one if the policy had opened it. A
/// decision stays, unless the text changed: it was about another text.
pub(crate) async fn change(
    write: &mut Write,
    policy: PolicyId,
    comment: &Changed<'_>,
) -> Result<bool, StoreError> {
    let mut sql = write.sql(
        "SELECT queue, state, rule, label, action, score, threshold, rank, fold \
                             FROM item WHERE id = ",
    );
    sql.bind(comment.id).push(write.for_update());
    let Some(row) = sql.optional(write.connection()).await? else {
        let Some(judged) = comment.judged else { return Ok(false) };
        let &Changed { id, source, thread, author, posted, language, fingerprint, .. } = comment;
        let new = New { id, source, thread, author, posted, language, judged, fingerprint };
        open(write, policy, &[new]).await?;
        return Ok(true);
    };
    let (queue, state): (Queue, State) = (word(&row, "queue")?, word(&row, "state")?);
    let fold: CommentId = get(&row, "fold")?;
    match (state, comment.judged) {
        (State::Open, Some(judged)) => {
            if is_same(&row, judged)? {
                // What moderators see stays as it is.
                let sql = "UPDATE item SET policy_id = $1 WHERE id = $2";
                sqlx::query(sql).bind(policy).bind(comment.id).execute(write.connection()).await?;
            } else if queue != Queue::Sample {
                set_flag(write, policy, comment.id, judged, queue, State::Open).await?;
                elect(write, fold, queue).await?;
            }
            Ok(false)
        }
        (State::Open, None) => {
            if queue == Queue::Review && get::<Option<&str>>(&row, "rule")?.is_some() {
                let sql = "UPDATE item SET state = $1, revision = revision + 1, claimed_by = NULL, \
                           claimed_until = NULL WHERE id = $2";
                let query = sqlx::query(sql).bind(State::Dropped.as_str()).bind(comment.id);
                query.execute(write.connection()).await?;
                elect(write, fold, queue).await?;
            }
            Ok(false)
        }
        (State::Dropped, Some(judged)) => {
            set_flag(write, policy, comment.id, judged, Queue::Review, State::Open).await?;
            elect(write, fold, Queue::Review).await?;
            Ok(true)
        }
        (State::Decided, Some(judged)) if comment.has_new_text => {
            set_flag(write, policy, comment.id, judged, Queue::Review, State::Open).await?;
            elect(write, fold, Queue::Review).await?;
            Ok(true)
        }
        (State::Decided | State::Dropped, _) => Ok(false),
    }
}

/// Returns true if an item has this flag already.
fn is_same(row: &AnyRow, judged: &Judged) -> Result<bool, StoreError> {
    Ok(get::<Option<&str>>(row, "rule")? == Some(judged.rule.as_str())
        && maybe_word::<Label>(row, "label")? == Some(judged.label)
        && get::<Option<&str>>(row, "action")? == Some(judged.action.as_str())
        && get::<Option<i64>>(row, "score")? == Some(judged.score)
        && get::<Option<i64>>(row, "threshold")? == Some(judged.threshold)
        && get::<f64>(row, "rank")? == judged.rank)
}

async fn set_flag(
    write: &mut Write,
    policy: PolicyId,
    item: CommentId,
    judged: &Judged,
    queue: Queue,
    state: State,
) -> Result<(), StoreError> {
    let sql = "UPDATE item SET policy_id = $1, rule = $2, label = $3, action = $4, score = $5, threshold = $6, \
               rank = $7, queue = $8, state = $9, revision = revision + 1, lead = 0 WHERE id = $10";
    let query = sqlx::query(sql).bind(policy).bind(&judged.rule).bind(judged.label.as_str());
    let query =
        query.bind(judged.action.as_str()).bind(judged.score).bind(judged.threshold).bind(judged.rank);
    let query = query.bind(queue.as_str()).bind(state.as_str()).bind(item);
    query.execute(write.connection()).await?;
    Ok(())
}

/// Returns the expected harm of a comment that a person flags, which has no rule: its highest
/// toxicity score times its reach.
pub(crate) fn rank_without_rule(scored: &Scored) -> f64 {
    let highest = scored.outcome.scores().map_or(0.0, |scores| {
        Label::TOXICITY.into_iter().filter_map(|label| scores.get(label)).fold(0.0, f64::max)
    });
    -highest * reach(&scored.comment)
}

/// Returns a comment with what a policy and the order of review look at, from its row.
pub(crate) fn scored(row: &AnyRow) -> Result<Scored, StoreError> {
    use comity_core::comment::Origin;
    use comity_core::record::{Outcome, Scores, Unscored};

    let origin = Origin { file: "".into(), record: 1, line: 1 };
    let mut comment = Comment::new(
        "",
        get::<String>(row, "thread_name")?,
        get::<Option<String>>(row, "body")?.unwrap_or_default(),
        origin,
    );
    comment.section = get(row, "section")?;
    comment.votes = get(row, "votes")?;
    comment.replies = get::<Option<i64>>(row, "replies")?.and_then(|count| u64::try_from(count).ok());
    comment.quotes = super::item::parse_ranges(get(row, "quotes")?)?;
    comment.unsourced = super::item::parse_ranges(get(row, "unsourced")?)?;
    let outcome = match maybe_word::<Unscored>(row, "unscored")? {
        Some(cause) => Outcome::Unscored(cause),
        None => {
            let mut scores = [None; Label::COUNT];
            for label in Label::ALL {
                scores[label.index()] = get::<Option<i64>>(row, label.as_str())?.map(score);
            }
            Outcome::Scored(Scores::new(scores))
        }
    };
    Ok(Scored { comment, language: get(row, "language")?, evasion: false, outcome })
}
