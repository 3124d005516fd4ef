//! A thread in stretches of equal time.

use super::{Bin, MAX_BINS, MIN_COMMENTS_IN_BIN, Tone};

/// The time of a thread in equal parts, as many as [`super::Bins`] would make of its comments with
/// times: at most 20, and no more than one for every ten comments. A part may be empty.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TimeBins {
    /// In seconds since 1970.
    first: i64,
    span: i64,
    bins: Vec<Bin>,
}

impl TimeBins {
    /// Creates the bins of a thread of this many comments between two times; `None` if both are
    /// the same.
    pub(crate) fn new(first: i64, last: i64, comments: usize) -> Option<Self> {
        let count = comments.div_ceil(MIN_COMMENTS_IN_BIN as usize).clamp(1, MAX_BINS as usize);
        (first < last).then(|| Self { first, span: last - first, bins: vec![Bin::default(); count] })
    }

    /// Adds a comment posted at a time from the first to the last: its toxicity and sentiment if it
    /// is scored.
    pub(crate) fn add(&mut self, time: i64, tone: Option<Tone>) {
        let count = self.bins.len() as i128;
        let place = i128::from(time - self.first) * count / i128::from(self.span);
        // The last moment belongs to the last part.
        let place = place.clamp(0, count - 1) as usize;
        self.bins[place].add(Some(time), tone);
    }

    /// The parts, each with where it begins and ends, in seconds since 1970.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (f64, f64, &Bin)> + Clone {
        let edge =
            |place: usize| self.first as f64 + self.span as f64 * place as f64 / self.bins.len() as f64;
        self.bins.iter().enumerate().map(move |(place, bin)| (edge(place), edge(place + 1), bin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Case {
        times: Vec<i64>,
        edges: Vec<f64>,
        counts: Vec<u64>,
    }

    #[test]
    fn agrees_with_scipy() {
        let json = include_str!("../../tests/reference/threads.json");
        let mut all: serde_json::Value = serde_json::from_str(json).unwrap();
        let cases: Vec<Case> = serde_json::from_value(all["time_bins"].take()).unwrap();
        for Case { times, edges, counts } in cases {
            let mut bins = TimeBins::new(times[0], times[times.len() - 1], times.len()).unwrap();
            times
                .iter()
                .for_each(|time| bins.add(*time, Some(Tone { toxicity: Some(0.5), sentiment: None })));
            assert_eq!(bins.iter().map(|(.., bin)| bin.toxic).collect::<Vec<_>>(), counts);
            for ((from, to, _), ends) in bins.iter().zip(edges.windows(2)) {
                assert!((from - ends[0]).abs() < 1e-6 && (to - ends[1]).abs() < 1e-6, "{from} {to} {ends:?}");
            }
        }
    }

    #[test]
    fn without_a_span_there_is_none() {
        assert_eq!(TimeBins::new(5, 5, 100), None);
        let mut bins = TimeBins::new(i64::MIN / 4, i64::MAX / 4, 30).unwrap();
        [i64::MIN / 4, 0, i64::MAX / 4].into_iter().for_each(|time| bins.add(time, None));
        assert_eq!(bins.iter().map(|(.., bin)| bin.comments).collect::<Vec<_>>(), [1, 1, 1]);
    }
}
