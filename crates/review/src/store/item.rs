//! One comment with everything that a moderator needs to decide about it.

use std::ops::Range;

use comity_core::comment::Status;
use comity_core::label::Label;
use comity_core::record::{Part, Scores, Unscored};
use jiff::Timestamp;

use super::decide::{Claim, DecisionView};
use super::insight::Share;
use super::queue::{Flag, Queue, State};
use super::{AuthorId, CommentId, SourceId, Store, StoreError, ThreadId};

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

impl Store {
    /// Returns a comment with everything around it: `around` comments of its thread before and
    /// after it.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn item(&self, id: CommentId, around: u32) -> Result<Option<ItemView>, StoreError> {
        todo!()
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
        todo!()
    }

    /// Returns the record of an author.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn author(&self, author: AuthorId) -> Result<Option<AuthorHistory>, StoreError> {
        todo!()
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
        todo!()
    }
}
