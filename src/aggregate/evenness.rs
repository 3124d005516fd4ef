//! Evenness: the spread of a thread's comments over its authors.

/// Pielou's evenness of counts: the Shannon entropy of their shares, by the largest that this
/// number of counts could have (all equal). From 0, where one has nearly all, to 1, where all have
/// the same. None for fewer than two counts above 0, if there is no balance to speak of. Sorts
/// `counts`, so that their order does not matter to the last bit.
///
/// `H / ln n` with `H = -sum(p ln p)`: Shannon 1948, "A mathematical theory of communication", Bell
/// System Technical Journal 27:379-423; Pielou 1966, "The measurement of diversity in different
/// types of biological collections", Journal of Theoretical Biology 13:131-144. The plug-in
/// estimate: of few comments it is a little low.
pub(crate) fn evenness(counts: &mut [u64]) -> Option<f64> {
    counts.sort_unstable();
    let counts = &counts[counts.partition_point(|count| *count == 0)..];
    if counts.len() < 2 {
        return None;
    }
    let sum: u64 = counts.iter().sum();
    let share = |count: &u64| *count as f64 / sum as f64;
    let entropy: f64 = counts.iter().map(|count| -share(count) * libm::log(share(count))).sum();
    Some((entropy / libm::log(counts.len() as f64)).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Case {
        counts: Vec<u64>,
        evenness: f64,
    }

    #[test]
    fn agrees_with_scipy() {
        let json = include_str!("../../tests/reference/threads.json");
        let mut all: serde_json::Value = serde_json::from_str(json).unwrap();
        let cases: Vec<Case> = serde_json::from_value(all["evenness"].take()).unwrap();
        assert!(cases.len() > 4);
        for Case { mut counts, evenness: expected } in cases {
            let found = evenness(&mut counts).unwrap();
            assert!((found - expected).abs() < 1e-12, "{counts:?}: {found}, not {expected}");
        }
        assert_eq!((evenness(&mut []), evenness(&mut [0, 7])), (None, None));
    }
}
