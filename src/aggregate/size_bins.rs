//! Threads by how many comments they have.

use super::{Bin, ThreadTotals};

/// Threads of like size: from a power of two up to, not with, the next one. Avalle et al. 2024,
/// "Persistent interaction patterns across social media platforms and over time", Nature
/// 628:582-589, follow the toxic share over conversations binned by the logarithm of their size;
/// their bins are as many for every data set, ours have the same bounds in every report.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SizeBin {
    /// Threads.
    pub threads: u64,
    /// Threads with a toxic comment.
    pub toxic_threads: u64,
    /// Their comments together.
    pub all: Bin,
}

/// The threads of an export by size.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SizeBins(Vec<SizeBin>);

impl SizeBins {
    /// Adds a thread; one without comments is in no bin.
    pub(crate) fn add(&mut self, thread: &ThreadTotals) {
        let Some(place) = thread.comments.checked_ilog2() else { return };
        if self.0.len() <= place as usize {
            self.0.resize_with(place as usize + 1, SizeBin::default);
        }
        let bin = &mut self.0[place as usize];
        bin.threads += 1;
        bin.toxic_threads += u64::from(thread.toxic > 0);
        bin.all.comments += u64::from(thread.comments);
        bin.all.scored += thread.scored;
        bin.all.toxic += thread.toxic;
        bin.all.toxicity.merge(&thread.toxicity);
        bin.all.sentiment.merge(&thread.sentiment);
    }

    /// The bins that have threads, each with its least and its greatest size.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, u64, &SizeBin)> + Clone {
        let bounds = (0..).map(|place: u32| (1_u64 << place, (2_u64 << place) - 1));
        bounds.zip(&self.0).filter(|(_, bin)| bin.threads > 0).map(|((least, most), bin)| (least, most, bin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_with_those_of_their_size() {
        let mut bins = SizeBins::default();
        for (comments, toxic) in [(1, 0), (2, 1), (3, 0), (4, 4), (7, 0), (8, 2), (1_000, 10), (0, 0)] {
            let mut thread = ThreadTotals::new(comments);
            (thread.comments, thread.scored, thread.toxic) = (comments, comments.into(), toxic);
            (0..comments).for_each(|n| thread.toxicity.add(if u64::from(n) < toxic { 1.0 } else { 0.0 }));
            bins.add(&thread);
        }
        let found: Vec<_> = bins
            .iter()
            .map(|(least, most, bin)| {
                (least, most, bin.threads, bin.toxic_threads, bin.all.comments, bin.all.toxic)
            })
            .collect();
        assert_eq!(
            found,
            [
                (1, 1, 1, 0, 1, 0),
                (2, 3, 2, 1, 5, 1),
                (4, 7, 2, 1, 11, 4),
                (8, 15, 1, 1, 8, 2),
                (512, 1023, 1, 1, 1_000, 10),
            ]
        );
        let (.., bin) = bins.iter().nth(2).unwrap();
        assert!((bin.all.toxicity.mean().unwrap() - 4.0 / 11.0).abs() < 1e-12);
        // Wilson's interval of 4 in 11, by hand: (8 + 3.8415 ± 1.96 sqrt(3.8415 + 4 * 4 * 7 / 11))
        // / (2 (11 + 3.8415)).
        let interval = bin.all.toxic_share().unwrap().interval;
        assert!(
            (interval.low - 0.151_66).abs() < 1e-4 && (interval.high - 0.646_20).abs() < 1e-4,
            "{interval:?}"
        );
    }
}
