//! What was said in a thread.

use std::collections::HashSet;

use super::{
    Interval, MIN_COMMENTS_FOR_TREND, MannKendall, Mark, Moments, Point, Series, TOXIC, mann_kendall,
    theil_sen, wilson,
};

/// Totals of a thread, and its scores in order.
#[derive(Clone, Debug, Default)]
pub struct ThreadTotals {
    /// Comments, scored or not.
    pub comments: u32,
    /// Comments that answer another.
    pub replies: u64,
    /// Those of them whose parent was concluded from the text.
    pub replies_inferred: u64,
    /// Probabilities of toxicity of the scored comments.
    pub toxicity: Moments,
    /// Sentiments of the scored comments, each from -1 to 1.
    pub sentiment: Moments,
    /// Comments at or above [`TOXIC`].
    pub toxic: u64,
    /// Comments on which a rule of the policy fired.
    pub flagged: u64,
    /// Place of the first comment at or above [`TOXIC`].
    pub first_toxic: Option<u32>,
    /// The scored comments.
    pub series: Series,
    authors: HashSet<u32>,
}

/// How a score moves along a thread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// Theil-Sen slope: change per 100 comments.
    pub slope: f64,
    /// The Mann-Kendall test; none where every score is the same.
    pub test: Option<MannKendall>,
}

impl ThreadTotals {
    /// Adds the next comment of the thread.
    pub fn add(&mut self, mark: &Mark) {
        self.comments += 1;
        self.replies += u64::from(mark.is_reply());
        self.replies_inferred += u64::from(mark.is_inferred());
        self.authors.extend(mark.author());
        let Some((toxicity, sentiment)) = mark.scores() else { return };
        self.toxicity.add(toxicity.get());
        self.sentiment.add(sentiment.get());
        self.flagged += u64::from(mark.is_flagged());
        if toxicity.get() >= TOXIC {
            self.toxic += 1;
            self.first_toxic.get_or_insert(self.comments);
        }
        self.series.push(Point { position: self.comments, toxicity, sentiment, flagged: mark.is_flagged() });
    }

    /// Lets go of what is kept of single comments: nothing but counts and moments is known then.
    pub fn forget_comments(&mut self) {
        self.series = Series::default();
    }

    /// Scored comments.
    pub fn scored(&self) -> u64 {
        self.toxicity.count()
    }

    /// Authors with a name.
    pub fn authors(&self) -> u64 {
        self.authors.len() as u64
    }

    /// Place of the most toxic comment, the first of them where several are; none where none is scored.
    pub fn peak_position(&self) -> Option<u32> {
        let peak = self.toxicity.max()?;
        self.series.points().iter().find(|point| point.toxicity.get() >= peak).map(|point| point.position)
    }

    /// Share of the scored comments that are toxic; none where none is scored.
    pub fn toxic_share(&self) -> Option<f64> {
        (self.scored() > 0).then(|| self.toxic as f64 / self.scored() as f64)
    }

    /// 95 % Wilson interval of that share.
    pub fn toxic_interval(&self) -> Option<Interval> {
        wilson(self.toxic, self.scored())
    }

    /// Trend of toxicity along the thread; none below [`MIN_COMMENTS_FOR_TREND`] scored comments.
    pub fn toxicity_trend(&self) -> Option<Trend> {
        self.trend(self.series.toxicity())
    }

    /// Trend of sentiment along the thread; none below [`MIN_COMMENTS_FOR_TREND`] scored comments.
    pub fn sentiment_trend(&self) -> Option<Trend> {
        self.trend(self.series.sentiment())
    }

    fn trend(&self, values: Vec<f64>) -> Option<Trend> {
        if values.len() < MIN_COMMENTS_FOR_TREND {
            return None;
        }
        let hundreds = self.series.points().iter().map(|point| f64::from(point.position) / 100.0);
        let points: Vec<(f64, f64)> = hundreds.zip(values.iter().copied()).collect();
        Some(Trend { slope: theil_sen(&points)?, test: mann_kendall(&values, MIN_COMMENTS_FOR_TREND) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::{Comment, Origin};
    use crate::label::Label;
    use crate::score::{Outcome, Scored, Scores, Unscored};

    fn mark(position: u32, toxicity: Option<f64>, author: Option<u32>, flagged: bool) -> Mark {
        let origin = Origin { file: "x".into(), record: 1, line: 1 };
        let outcome = toxicity.map_or(Outcome::Unscored(Unscored::Language), |toxicity| {
            let mut probabilities = [0.0; Label::COUNT];
            probabilities[Label::Toxicity.index()] = toxicity;
            probabilities[Label::Positive.index()] = 1.0 - toxicity;
            probabilities[Label::Negative.index()] = toxicity;
            Outcome::Scored(Scores::new(probabilities))
        });
        let comment = Comment::new("1", "t", "hi", origin);
        Mark::new(0, position, author, &Scored { comment, language: None, evasion: false, outcome }, flagged)
    }

    #[test]
    fn places_count_comments_without_scores() {
        let mut thread = ThreadTotals::default();
        for (position, toxicity, author) in
            [(1, Some(0.1), Some(0)), (2, None, Some(1)), (3, Some(0.7), None), (4, Some(0.7), Some(0))]
        {
            thread.add(&mark(position, toxicity, author, toxicity == Some(0.7)));
        }
        assert_eq!((thread.comments, thread.scored(), thread.authors()), (4, 3, 2));
        assert_eq!((thread.first_toxic, thread.peak_position(), thread.flagged), (Some(3), Some(3), 2));
        assert_eq!(thread.toxic_share(), Some(2.0 / 3.0));
        assert_eq!(thread.toxicity_trend(), None);
    }

    #[test]
    fn a_rising_thread_rises() {
        let mut thread = ThreadTotals::default();
        for place in 1..=20 {
            thread.add(&mark(place, Some(f64::from(place) * 0.01), None, false));
        }
        let trend = thread.toxicity_trend().unwrap();
        assert!((trend.slope - 1.0).abs() < 1e-9, "0.01 a comment is 1 per 100");
        assert!((trend.test.unwrap().tau - 1.0).abs() < 1e-12);
        let sentiment = thread.sentiment_trend().unwrap();
        assert!((sentiment.slope + 2.0).abs() < 1e-9);
    }
}
