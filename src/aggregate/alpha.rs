//! Agreement of any number of raters beyond chance: Krippendorff's alpha.

/// Krippendorff's alpha for classes without an order; `units[u][c]` counts the people who put case
/// `u` into class `c`. 1 is full agreement, 0 what chance would give, and it may be below. Not
/// everyone need have judged every case; a case that one person alone judged says nothing. None
/// where no case has two judgements, or where all judgements are the same, for then nothing is to
/// be disagreed about.
///
/// Krippendorff 2019, Content Analysis, 4th edition, chapter 12; Hayes and Krippendorff 2007,
/// "Answering the call for a standard reliability measure for coding data", Communication Methods
/// and Measures 1:77-89.
pub(crate) fn krippendorff_alpha<const K: usize>(units: &[[u64; K]]) -> Option<f64> {
    let pairs = |counts: &[u64; K]| {
        let all: u64 = counts.iter().sum();
        // Ordered pairs of judgements that differ.
        (all * all - counts.iter().map(|count| count * count).sum::<u64>()) as f64
    };
    let mut totals = [0; K];
    let mut observed = 0.0;
    for unit in units {
        let people: u64 = unit.iter().sum();
        if people > 1 {
            observed += pairs(unit) / (people - 1) as f64;
            totals.iter_mut().zip(unit).for_each(|(total, count)| *total += count);
        }
    }
    let expected = pairs(&totals) / (totals.iter().sum::<u64>() as f64 - 1.0);
    (expected > 0.0).then(|| 1.0 - observed / expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Case {
        units: Vec<[u64; 3]>,
        alpha: f64,
    }

    #[test]
    fn agrees_with_the_package_krippendorff() {
        let json = include_str!("../../tests/reference/review.json");
        let mut all: serde_json::Value = serde_json::from_str(json).unwrap();
        let cases: Vec<Case> = serde_json::from_value(all["alpha"].take()).unwrap();
        assert!(cases.len() > 3);
        for Case { units, alpha } in cases {
            let found = krippendorff_alpha(&units).unwrap();
            assert!((found - alpha).abs() < 1e-12, "{units:?}: {found}, not {alpha}");
        }
    }

    #[test]
    fn without_pairs_or_without_difference_there_is_none() {
        assert_eq!(krippendorff_alpha::<2>(&[]), None);
        assert_eq!(krippendorff_alpha(&[[1, 0], [0, 1]]), None);
        assert_eq!(krippendorff_alpha(&[[2, 0], [3, 0], [0, 1]]), None);
        assert_eq!(krippendorff_alpha(&[[2, 0], [0, 2]]), Some(1.0));
    }
}
