//! The part of a comment that the statistics of a thread need.

use bytemuck::{Pod, Zeroable};

use super::FixedPoint;
use crate::comment::Status;
use crate::label::Label;
use crate::record::{Scored, Scores};

/// Scores of a comment that statistics use; `None` if its model does not give them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tone {
    /// Probability of toxicity.
    pub toxicity: Option<f64>,
    /// From -1 to 1.
    pub sentiment: Option<f64>,
}

impl Tone {
    /// Selects them from the scores of a comment.
    pub(crate) fn of(scores: &Scores) -> Self {
        Self { toxicity: scores.get(Label::Toxicity), sentiment: scores.sentiment() }
    }
}

/// The values of a comment that the statistics of its thread use: 32 bytes, which sort by thread
/// and place, so that all comments of a large export can be kept on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct CommentStats {
    thread: u32,
    position: u32,
    /// When it was posted, in seconds since 1970; [`Self::NO_TIME`] if it is unknown.
    time: i64,
    /// Number of the author; [`Self::NO_AUTHOR`] if there is no name.
    author: u32,
    toxicity: FixedPoint,
    sentiment: FixedPoint,
    /// A set of the constants below.
    flags: u32,
}

impl CommentStats {
    const NO_AUTHOR: u32 = u32::MAX;
    const NO_TIME: i64 = i64::MIN;
    const SCORED: u32 = 1;
    const FLAGGED: u32 = 2;
    const REPLY: u32 = 4;
    const INFERRED: u32 = 8;
    const GONE: u32 = 16;
    const TOXICITY: u32 = 32;
    const SENTIMENT: u32 = 64;

    /// Creates the record of a comment from the number of its thread, its place there (from 1,
    /// comments without scores have places too), the number of its author if it has a name, and
    /// whether a rule of the policy flagged it.
    pub(crate) fn new(
        thread: u32,
        position: u32,
        author: Option<u32>,
        scored: &Scored,
        flagged: bool,
    ) -> Self {
        let scores = scored.outcome.scores();
        let tone = scores.map(Tone::of).unwrap_or_default();
        let is_reply = scored.comment.parent.is_some();
        let flags = [
            (Self::SCORED, scores.is_some()),
            (Self::FLAGGED, scores.is_some() && flagged),
            (Self::REPLY, is_reply),
            (Self::INFERRED, is_reply && scored.comment.parent_inferred),
            (Self::TOXICITY, tone.toxicity.is_some()),
            (Self::SENTIMENT, tone.sentiment.is_some()),
            (Self::GONE, matches!(scored.comment.status, Status::Deleted | Status::Removed)),
        ];
        Self {
            thread,
            position,
            time: scored.comment.created_at.map_or(Self::NO_TIME, |time| time.as_second()),
            author: author.unwrap_or(Self::NO_AUTHOR),
            toxicity: FixedPoint::new(tone.toxicity.unwrap_or(0.0)),
            sentiment: FixedPoint::new(tone.sentiment.unwrap_or(0.0)),
            flags: flags.iter().filter(|(_, is_set)| *is_set).map(|(flag, _)| flag).sum(),
        }
    }

    /// Number of the thread.
    pub(crate) fn thread(&self) -> u32 {
        self.thread
    }

    /// Place in the thread, from 1.
    pub(crate) fn position(&self) -> u32 {
        self.position
    }

    /// When it was posted, in seconds since 1970, if that is known.
    pub(crate) fn time(&self) -> Option<i64> {
        (self.time != Self::NO_TIME).then_some(self.time)
    }

    /// Number of the author, if the comment has a name.
    pub(crate) fn author(&self) -> Option<u32> {
        (self.author != Self::NO_AUTHOR).then_some(self.author)
    }

    /// Toxicity and sentiment, if the comment is scored.
    pub(crate) fn tone(&self) -> Option<Tone> {
        self.is(Self::SCORED).then(|| Tone {
            toxicity: self.is(Self::TOXICITY).then(|| self.toxicity.get()),
            sentiment: self.is(Self::SENTIMENT).then(|| self.sentiment.get()),
        })
    }

    /// A rule of the policy flagged it.
    pub(crate) fn is_flagged(&self) -> bool {
        self.is(Self::FLAGGED)
    }

    /// It answers another comment.
    pub(crate) fn is_reply(&self) -> bool {
        self.is(Self::REPLY)
    }

    /// Returns true if the parent was inferred from the text.
    pub(crate) fn is_inferred(&self) -> bool {
        self.is(Self::INFERRED)
    }

    /// It was deleted by its author or removed by a moderator.
    pub(crate) fn is_gone(&self) -> bool {
        self.is(Self::GONE)
    }

    fn is(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }
}
