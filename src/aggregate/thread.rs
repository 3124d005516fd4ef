//! The statistics of a thread.

use std::collections::HashMap;
use std::ops::Range;

use super::{
    Bins, CommentStats, EXPECTED_MAXIMUM_OF, FixedPoint, Interval, MIN_COMMENTS_FOR_TREND, MannKendall,
    Moments, Point, Series, TOXIC, TimeBins, Tone, bursts, evenness, expected_maximum, gini, mann_kendall,
    quantiles, theil_sen, top_share, wilson,
};

/// A thread has recovered once this many scored comments in a row are not toxic. We chose the
/// number.
pub(crate) const CALM: u32 = 10;

/// Totals of a thread, and its scores in order.
#[derive(Clone, Debug)]
pub(crate) struct ThreadTotals {
    /// Comments, scored or not.
    pub comments: u32,
    /// Scored comments.
    pub scored: u64,
    /// Comments that answer another.
    pub replies: u64,
    /// Those of them whose parent was inferred from the text.
    pub replies_inferred: u64,
    /// Probabilities of toxicity of the scored comments.
    pub toxicity: Moments,
    /// Sentiments of the scored comments, each from -1 to 1.
    pub sentiment: Moments,
    /// Comments at or above [`TOXIC`].
    pub toxic: u64,
    /// Comments on which a rule of the policy fired.
    pub flagged: u64,
    /// Place of the most toxic comment, the first if several are; `None` if none is
    /// scored.
    pub peak: Option<u32>,
    /// Place of the first comment at or above [`TOXIC`].
    pub first_toxic: Option<u32>,
    /// Place of the first comment of the first [`CALM`] scored ones in a row, after the first toxic
    /// one, none of which is toxic: when the thread had recovered. `None` if it never was toxic or
    /// never recovered.
    pub recovered: Option<u32>,
    /// When the earliest and the latest comment that has a time was posted, in seconds since 1970.
    pub times: Option<(i64, i64)>,
    /// The statistics of its stretches.
    pub bins: Bins,
    /// The scored comments.
    pub series: Series,
    /// Places of comments that were deleted or removed.
    pub gone: Vec<u32>,
    /// When comments were posted, with their places.
    posted: Vec<(i64, u32)>,
    /// Comments and sums of toxicity by author.
    authors: HashMap<u32, (u64, f64)>,
    /// Scored comments since the last toxic one, and the place of the first of them.
    calm: (u32, u32),
}

/// Trend of a score along a thread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Trend {
    /// Theil-Sen slope: change per 100 comments.
    pub slope: f64,
    /// The Mann-Kendall test; `None` if every score is the same.
    pub test: Option<MannKendall>,
}

impl ThreadTotals {
    /// Creates the statistics of a thread of this many comments.
    pub(crate) fn new(comments: u32) -> Self {
        Self {
            comments: 0,
            scored: 0,
            replies: 0,
            replies_inferred: 0,
            toxicity: Moments::default(),
            sentiment: Moments::default(),
            toxic: 0,
            flagged: 0,
            peak: None,
            first_toxic: None,
            recovered: None,
            times: None,
            bins: Bins::new(comments),
            series: Series::default(),
            gone: Vec::new(),
            posted: Vec::new(),
            authors: HashMap::new(),
            calm: (0, 0),
        }
    }

    /// Adds the next comment of the thread.
    pub(crate) fn add(&mut self, stats: &CommentStats) {
        self.comments += 1;
        let position = self.comments;
        self.replies += u64::from(stats.is_reply());
        self.replies_inferred += u64::from(stats.is_inferred());
        if stats.is_gone() {
            self.gone.push(position);
        }
        if let Some(time) = stats.time() {
            self.posted.push((time, position));
            let (first, last) = self.times.unwrap_or((time, time));
            self.times = Some((first.min(time), last.max(time)));
        }
        let tone = stats.tone();
        self.bins.add(position, stats.time(), tone);
        if let Some(author) = stats.author() {
            let (comments, sum) = self.authors.entry(author).or_default();
            *comments += 1;
            *sum += tone.and_then(|tone| tone.toxicity).unwrap_or(0.0);
        }
        let Some(Tone { toxicity, sentiment }) = tone else { return };
        self.scored += 1;
        self.sentiment.extend(sentiment);
        let flagged = stats.is_flagged();
        self.flagged += u64::from(flagged);
        let (of_toxicity, of_sentiment) = (toxicity.map(FixedPoint::new), sentiment.map(FixedPoint::new));
        self.series.push(Point { position, toxicity: of_toxicity, sentiment: of_sentiment, flagged });
        let Some(toxicity) = toxicity else { return };
        if self.toxicity.max().is_none_or(|peak| peak < toxicity) {
            self.peak = Some(position);
        }
        self.toxicity.add(toxicity);
        if toxicity >= TOXIC {
            self.toxic += 1;
            self.first_toxic.get_or_insert(position);
            self.calm = (0, 0);
        } else if self.first_toxic.is_some() && self.recovered.is_none() {
            let (calm, since) = self.calm;
            self.calm = if calm == 0 { (1, position) } else { (calm + 1, since) };
            self.recovered = (self.calm.0 == CALM).then_some(self.calm.1);
        }
    }

    /// Lets go of what is kept of single comments: nothing but counts and moments is known then.
    pub(crate) fn forget_comments(&mut self) {
        self.series = Series::default();
        self.gone = Vec::new();
        self.posted = Vec::new();
    }

    /// Authors with a name.
    pub(crate) fn authors(&self) -> u64 {
        self.authors.len() as u64
    }

    /// Median toxicity; `None` if none is scored.
    pub(crate) fn median_toxicity(&self) -> Option<f64> {
        quantiles(&mut self.series.toxicity(), &[0.5]).first().copied()
    }

    /// The expected highest toxicity of [`EXPECTED_MAXIMUM_OF`] of its scored comments; `None` if
    /// there are fewer.
    pub(crate) fn expected_maximum(&self) -> Option<f64> {
        expected_maximum(&mut self.series.toxicity(), EXPECTED_MAXIMUM_OF)
    }

    /// Returns how unevenly its toxicity is spread over its named authors: the Gini coefficient of
    /// their sums, and the share of the one with most. `None` if no named author has a scored
    /// comment.
    pub(crate) fn concentration(&self) -> Option<(f64, f64)> {
        let mut sums: Vec<f64> = self.authors.values().map(|(_, sum)| *sum).collect();
        gini(&mut sums).zip(top_share(&mut sums, 1))
    }

    /// Returns how evenly its comments are spread over its named authors, from 0 to 1; `None` if
    /// there are fewer than two.
    pub(crate) fn author_evenness(&self) -> Option<f64> {
        evenness(&mut self.authors.values().map(|(comments, _)| *comments).collect::<Vec<_>>())
    }

    /// Its stretches of equal time; none below [`MIN_COMMENTS_FOR_TREND`] comments with times, or
    /// where all were posted at once.
    pub(crate) fn time_bins(&self) -> Option<TimeBins> {
        let (first, last) = self.times.filter(|_| self.posted.len() >= MIN_COMMENTS_FOR_TREND)?;
        let mut bins = TimeBins::new(first, last, self.posted.len())?;
        let mut scored = self.series.points().iter().peekable();
        // Both stand in the order of the thread.
        for (time, position) in &self.posted {
            while scored.next_if(|point| point.position < *position).is_some() {}
            let point = scored.peek().filter(|point| point.position == *position);
            bins.add(*time, point.map(|point| point.tone()));
        }
        Some(bins)
    }

    /// Places of the comments that came in bursts, as stretches; none below
    /// [`MIN_COMMENTS_FOR_TREND`] comments with times. Where comments do not stand in the order of
    /// posting, a burst may be several stretches.
    pub(crate) fn bursts(&self) -> Vec<Range<u32>> {
        if self.posted.len() < MIN_COMMENTS_FOR_TREND {
            return Vec::new();
        }
        let mut posted = self.posted.clone();
        posted.sort_unstable();
        let times: Vec<i64> = posted.iter().map(|(time, _)| *time).collect();
        let mut places: Vec<u32> = bursts(&times)
            .into_iter()
            .flat_map(|burst| &posted[burst])
            .map(|(_, position)| *position)
            .collect();
        places.sort_unstable();
        places.dedup();
        places.chunk_by(|a, b| a + 1 == *b).map(|run| run[0]..run[run.len() - 1] + 1).collect()
    }

    /// Share of the comments with a toxicity that are toxic; `None` if there are none.
    pub(crate) fn toxic_share(&self) -> Option<f64> {
        let rated = self.toxicity.count();
        (rated > 0).then(|| self.toxic as f64 / rated as f64)
    }

    /// 95% Wilson interval of that share.
    pub(crate) fn toxic_interval(&self) -> Option<Interval> {
        wilson(self.toxic, self.toxicity.count())
    }

    /// Trend of toxicity along the thread; none below [`MIN_COMMENTS_FOR_TREND`] scored comments.
    pub(crate) fn toxicity_trend(&self) -> Option<Trend> {
        self.trend(|point| point.toxicity)
    }

    /// Trend of sentiment along the thread; none below [`MIN_COMMENTS_FOR_TREND`] scored comments.
    pub(crate) fn sentiment_trend(&self) -> Option<Trend> {
        self.trend(|point| point.sentiment)
    }

    fn trend(&self, score: fn(&Point) -> Option<FixedPoint>) -> Option<Trend> {
        let hundreds = |point: &Point| f64::from(point.position) / 100.0;
        let points = self.series.points().iter();
        let points: Vec<(f64, f64)> =
            points.filter_map(|point| Some((hundreds(point), score(point)?.get()))).collect();
        if points.len() < MIN_COMMENTS_FOR_TREND {
            return None;
        }
        let values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
        Some(Trend { slope: theil_sen(&points)?, test: mann_kendall(&values, MIN_COMMENTS_FOR_TREND) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::{Comment, Origin};
    use crate::label::Label;
    use crate::record::{Outcome, Scored, Scores, Unscored};

    fn stats(position: u32, toxicity: Option<f64>, author: Option<u32>, flagged: bool) -> CommentStats {
        let origin = Origin { file: "x".into(), record: 1, line: 1 };
        let outcome = toxicity.map_or(Outcome::Unscored(Unscored::Language), |toxicity| {
            let mut probabilities = [0.0; Label::COUNT];
            probabilities[Label::Toxicity.index()] = toxicity;
            probabilities[Label::Positive.index()] = 1.0 - toxicity;
            probabilities[Label::Negative.index()] = toxicity;
            Outcome::Scored(Scores::new(probabilities))
        });
        let comment = Comment::new("1", "t", "hi", origin);
        CommentStats::new(
            0,
            position,
            author,
            &Scored { comment, language: None, evasion: false, outcome },
            flagged,
        )
    }

    #[test]
    fn places_count_comments_without_scores() {
        let mut thread = ThreadTotals::new(20);
        for (position, toxicity, author) in
            [(1, Some(0.1), Some(0)), (2, None, Some(1)), (3, Some(0.7), None), (4, Some(0.7), Some(0))]
        {
            thread.add(&stats(position, toxicity, author, toxicity == Some(0.7)));
        }
        assert_eq!((thread.comments, thread.scored, thread.authors()), (4, 3, 2));
        assert_eq!((thread.first_toxic, thread.peak, thread.flagged), (Some(3), Some(3), 2));
        assert_eq!(thread.toxic_share(), Some(2.0 / 3.0));
        assert_eq!((thread.toxicity_trend(), thread.time_bins()), (None, None));
        // Two comments and one: -(2/3 ln 2/3 + 1/3 ln 1/3) / ln 2.
        assert!((thread.author_evenness().unwrap() - 0.918_295_834).abs() < 1e-9);
    }

    #[test]
    fn a_thread_recovers_with_ten_calm_comments_in_a_row() {
        let scores = |toxic: &[u32]| {
            let mut thread = ThreadTotals::new(40);
            for place in 1..=40 {
                let toxicity = if toxic.contains(&place) { 0.8 } else { 0.1 };
                // A comment without scores neither heats nor calms.
                thread.add(&stats(place, (place != 9).then_some(toxicity), None, false));
            }
            (thread.first_toxic, thread.recovered)
        };
        assert_eq!(scores(&[]), (None, None));
        assert_eq!(scores(&[5]), (Some(5), Some(6)));
        assert_eq!(scores(&[5, 12, 16]), (Some(5), Some(17)));
        assert_eq!(scores(&[5, 16, 25, 31, 36]), (Some(5), None));
    }

    #[test]
    fn bursts_are_places_in_the_thread() {
        let mut thread = ThreadTotals::new(20);
        for place in 1..=20_u32 {
            let mut comment = Comment::new("1", "t", "hi", Origin { file: "x".into(), record: 1, line: 1 });
            let seconds =
                if (8..=14).contains(&place) { 700 + i64::from(place) } else { 100 * i64::from(place) };
            comment.created_at = Some(jiff::Timestamp::from_second(seconds).unwrap());
            let outcome = Outcome::Unscored(Unscored::Language);
            thread.add(&CommentStats::new(
                0,
                place,
                None,
                &Scored { comment, language: None, evasion: false, outcome },
                false,
            ));
        }
        assert_eq!(thread.bursts(), std::slice::from_ref(&(7..15)));
        assert_eq!(thread.times, Some((100, 2000)));
        let bins = thread.time_bins().unwrap();
        let comments: Vec<u64> = bins.iter().map(|(.., bin)| bin.comments).collect();
        assert_eq!((comments, bins.iter().next().unwrap().0), (vec![14, 6], 100.0));
        thread.forget_comments();
        assert!(thread.bursts().is_empty() && thread.time_bins().is_none());
    }

    #[test]
    fn a_rising_thread_rises() {
        let mut thread = ThreadTotals::new(20);
        for place in 1..=20 {
            thread.add(&stats(place, Some(f64::from(place) * 0.01), None, false));
        }
        let trend = thread.toxicity_trend().unwrap();
        assert!((trend.slope - 1.0).abs() < 1e-9, "0.01 a comment is 1 per 100");
        assert!((trend.test.unwrap().tau - 1.0).abs() < 1e-12);
        let sentiment = thread.sentiment_trend().unwrap();
        assert!((sentiment.slope + 2.0).abs() < 1e-9);
    }
}
