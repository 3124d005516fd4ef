//! A thread in stretches of equally many comments.

use super::{Moments, ShareEstimate, TOXIC, Tone, counted_share};

/// Most bins of a thread: each is a twentieth of it, as in Avalle et al. 2024, "Persistent
/// interaction patterns across social media platforms and over time", Nature 628:582-589, who
/// follow the toxic share along conversations of any length.
pub(crate) const MAX_BINS: u32 = 20;

/// Fewest comments in a bin: the share of fewer says nothing.
pub(crate) const MIN_COMMENTS_IN_BIN: u32 = 10;

/// A stretch of a thread.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Bin {
    /// Comments, scored or not.
    pub comments: u64,
    /// When the earliest and the latest of them that have a time were posted, in seconds since
    /// 1970.
    pub times: Option<(i64, i64)>,
    /// Scored comments.
    pub scored: u64,
    /// Probabilities of toxicity of the scored ones.
    pub toxicity: Moments,
    /// Sentiments of the scored ones.
    pub sentiment: Moments,
    /// Comments at or above [`TOXIC`].
    pub toxic: u64,
}

impl Bin {
    /// Adds a comment: when it was posted, and its toxicity and sentiment if it is scored.
    pub(crate) fn add(&mut self, time: Option<i64>, tone: Option<Tone>) {
        self.comments += 1;
        if let Some(time) = time {
            self.times =
                Some(self.times.map_or((time, time), |(first, last)| (first.min(time), last.max(time))));
        }
        let Some(Tone { toxicity, sentiment }) = tone else { return };
        self.scored += 1;
        self.toxicity.extend(toxicity);
        self.sentiment.extend(sentiment);
        self.toxic += u64::from(toxicity.is_some_and(|toxicity| toxicity >= TOXIC));
    }

    /// Share of the scored comments that are toxic; `None` if none is scored.
    pub(crate) fn toxic_share(&self) -> Option<ShareEstimate> {
        counted_share(self.toxic, self.toxicity.count())
    }
}

/// The bins of a thread, each of [`Self::width`] comments; the last may have fewer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bins {
    width: u32,
    bins: Vec<Bin>,
}

impl Bins {
    /// Creates the bins of a thread of this many comments: at most 20 bins of equally many
    /// comments, at least 10.
    pub(crate) fn new(comments: u32) -> Self {
        Self { width: comments.div_ceil(MAX_BINS).max(MIN_COMMENTS_IN_BIN), bins: Vec::new() }
    }

    /// Adds the comment at a place of the thread, from 1; places come in order.
    pub(crate) fn add(&mut self, position: u32, time: Option<i64>, tone: Option<Tone>) {
        let bin = (position.saturating_sub(1) / self.width) as usize;
        if self.bins.len() <= bin {
            self.bins.resize_with(bin + 1, Bin::default);
        }
        self.bins[bin].add(time, tone);
    }

    /// Comments in a bin.
    pub(crate) fn width(&self) -> u32 {
        self.width
    }

    /// The bins, each with the place of its first comment.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Bin)> + Clone {
        (0..).map(|bin| bin * self.width + 1).zip(&self.bins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_comment_is_in_one_bin() {
        for (comments, width, sizes) in [
            (0, 10, vec![]),
            (7, 10, vec![7]),
            (36, 10, vec![10, 10, 10, 6]),
            (200, 10, vec![10; 20]),
            (201, 11, [vec![11; 18], vec![3]].concat()),
            (4000, 200, vec![200; 20]),
        ] {
            let mut bins = Bins::new(comments);
            for position in 1..=comments {
                let tone = Tone { toxicity: Some(0.5), sentiment: Some(-1.0) };
                bins.add(position, Some(5000 - i64::from(position)), (position % 2 == 0).then_some(tone));
            }
            assert_eq!(bins.width(), width);
            assert_eq!(bins.iter().map(|(_, bin)| bin.comments).collect::<Vec<_>>(), sizes);
            if let Some((first, bin)) = bins.iter().nth(1) {
                assert_eq!(first, width + 1);
                let last = first + bin.comments as u32 - 1;
                assert_eq!(bin.times, Some((5000 - i64::from(last), 5000 - i64::from(first))));
                assert_eq!((bin.toxic, bin.toxic_share().unwrap().share), (bin.toxicity.count(), 1.0));
            }
        }
    }
}
