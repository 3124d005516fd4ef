//! The outcome of scoring a comment.

use std::str::FromStr;

use crate::comment::Comment;
use crate::decimal;
use crate::label::Label;
use crate::words;

/// A comment and the outcome of scoring it: a row of `scores.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// The comment.
    pub comment: Comment,
    /// Language of its own words, ISO 639-1; `None` if it was not detected.
    pub language: Option<String>,
    /// True if its spelling hid words: letters swapped for lookalikes, invisible characters inside
    /// words.
    pub evasion: bool,
    /// Its scores, or the reason why it has none.
    pub outcome: Outcome,
}

/// Scores, or the reason why there are none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// The model scored the comment.
    Scored(Scores),
    /// The comment has no scores, for this reason.
    Unscored(Unscored),
}

impl Outcome {
    /// Returns the scores, if there are any.
    pub fn scores(&self) -> Option<&Scores> {
        match self {
            Self::Scored(scores) => Some(scores),
            Self::Unscored(_) => None,
        }
    }
}

/// A probability, from 0 to 1, for every label that the model gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scores([Option<f64>; Label::COUNT]);

impl Scores {
    /// Rounds probabilities, in the order of [`Label::ALL`], to the six decimals that files keep: a
    /// decision made on the fresh score and one made on the score read back are the same.
    pub fn new<P: Into<Option<f64>>>(probabilities: [P; Label::COUNT]) -> Self {
        Self(probabilities.map(|p| p.into().map(decimal::round)))
    }

    /// Returns the probability of a label; `None` if the model does not give it.
    pub fn get(&self, label: Label) -> Option<f64> {
        self.0[label.index()]
    }

    /// Returns `positive - negative`, from -1 to 1 and to the six decimals that files keep; `None`
    /// if the model does not give both.
    pub fn sentiment(&self) -> Option<f64> {
        Some(decimal::round(self.get(Label::Positive)? - self.get(Label::Negative)?))
    }
}

/// The reason why a comment has no scores.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unscored {
    /// The comment has no words, or nothing but signs that the model's vocabulary lacks.
    Empty,
    /// All its words are someone else's.
    Quote,
    /// The model does not support its language.
    Language,
    /// Its author deleted it.
    Deleted,
    /// A moderator removed it.
    Removed,
    /// No person wrote it.
    Service,
}

words! { Unscored:
    Empty = "empty",
    Quote = "quote",
    Language = "language",
    Deleted = "deleted",
    Removed = "removed",
    Service = "service",
}

impl FromStr for Unscored {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|cause| cause.as_str() == word)
            .ok_or_else(|| format!("unknown cause `{word}` of an unscored comment"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentiment_prints_as_files_have_it() {
        let mut probabilities = [0.0; Label::COUNT];
        probabilities[Label::Positive.index()] = 0.94;
        probabilities[Label::Negative.index()] = 0.022455;
        assert_eq!((0.94_f64 - 0.022455).to_string(), "0.9175449999999999");
        assert_eq!(Scores::new(probabilities).sentiment().unwrap().to_string(), "0.917545");
    }
}
