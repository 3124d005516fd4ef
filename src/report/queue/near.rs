//! Texts that say nearly the same as one that the page shows.

use std::collections::HashMap;

/// From this resemblance on two texts are nearly the same: one word in ten may be another, or a few
/// may be added at an end. We chose the number on
/// invented pairs (see the tests); short texts
/// must agree in nearly every word.
pub(super) const NEAR: f64 = 0.6;

/// The texts that are shown, by their shingles.
#[derive(Default)]
pub(super) struct Shown {
    /// For every shingle the numbers of the texts that have it.
    with: HashMap<u64, Vec<usize>>,
    /// The number of shingles of each text.
    sizes: Vec<usize>,
}

impl Shown {
    /// Adds a text by its shingles (each once); its number is how many there were before it.
    pub(super) fn add(&mut self, shingles: &[u64]) {
        for shingle in shingles {
            self.with.entry(*shingle).or_default().push(self.sizes.len());
        }
        self.sizes.push(shingles.len());
    }

    /// The number of the first text that is nearly the same. Texts are added behind it, so the
    /// answer stays what it is.
    pub(super) fn near(&self, shingles: &[u64]) -> Option<usize> {
        let near = self.resemblances(shingles).into_iter().filter(|(_, resemblance)| *resemblance >= NEAR);
        near.map(|(text, _)| text).min()
    }

    /// Returns how far each text that has anything in common with this one resembles it: the
    /// shingles that both have by those that one of them has, from 0 to 1 (Jaccard 1901; for texts
    /// Broder 1997, "On the resemblance and containment of documents"). Exact, for the texts of a
    /// page are few.
    fn resemblances(&self, shingles: &[u64]) -> HashMap<usize, f64> {
        let mut common: HashMap<usize, usize> = HashMap::new();
        for text in shingles.iter().filter_map(|shingle| self.with.get(shingle)).flatten() {
            *common.entry(*text).or_default() += 1;
        }
        let share =
            |text: usize, common: usize| common as f64 / (shingles.len() + self.sizes[text] - common) as f64;
        common.into_iter().map(|(text, common)| (text, share(text, common))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::{Comment, Origin};
    use comity_infer::repeats::shingles;

    fn shingles_of(text: &str) -> Vec<u64> {
        shingles(&Comment::new("1", "t", text, Origin { file: "x".into(), record: 1, line: 1 }))
    }

    #[derive(serde::Deserialize)]
    struct Case {
        texts: [String; 2],
        resemblance: f64,
        near: bool,
    }

    #[test]
    fn agrees_with_scikit_learn_and_scipy() {
        let json = include_str!("../../../tests/reference/review.json");
        let mut all: serde_json::Value = serde_json::from_str(json).unwrap();
        let cases: Vec<Case> = serde_json::from_value(all["resemblance"].take()).unwrap();
        assert!(cases.len() > 10);
        for Case { texts, resemblance, near } in cases {
            for (a, b) in [(0, 1), (1, 0)] {
                let mut shown = Shown::default();
                shown.add(&shingles_of(&texts[a]));
                let other = shingles_of(&texts[b]);
                let found = shown.resemblances(&other).get(&0).copied().unwrap_or(0.0);
                assert!((found - resemblance).abs() < 1e-12, "{texts:?}: {found}, not {resemblance}");
                assert_eq!(shown.near(&other).is_some(), near, "{texts:?}");
            }
        }
    }

    #[test]
    fn the_first_text_that_is_near_counts() {
        let mut shown = Shown::default();
        for text in ["go away now you old fool", "and stay away", "go away now you old fool you"] {
            shown.add(&shingles_of(text));
        }
        assert_eq!(shown.near(&shingles_of("go away now you old fool you")), Some(0));
        assert_eq!(shown.near(&shingles_of("stay far away and stay")), None);
        assert_eq!(shown.near(&[]), None);
    }
}
