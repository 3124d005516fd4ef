//! Agreement of two raters beyond chance: Cohen's kappa.

use super::{Interval, Z_95};

/// Cohen's kappa and its 95% interval.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Kappa {
    /// From -1 to 1: 1 is full agreement, 0 what chance would give.
    pub kappa: f64,
    /// Its interval, within -1 and 1; large-sample, so too narrow below some 30 cases.
    pub interval: Interval,
}

/// Cohen's kappa of two raters; `table[i][j]` counts the cases that the first put into class `i`
/// and the second into `j`. `None` if there are no cases, or where one of the raters used one
/// class only: kappa is then 0 whatever the other did, and its standard error too.
///
/// Cohen 1960, "A coefficient of agreement for nominal scales", Educational and Psychological
/// Measurement 20:37-46; the interval is kappa plus and minus 1.96 standard errors by Fleiss, Cohen
/// and Everitt 1969, "Large sample standard errors of kappa and weighted kappa", Psychological
/// Bulletin 72:323-327, their formula 13 with equal weights.
pub fn cohen_kappa<const K: usize>(table: &[[u64; K]; K]) -> Option<Kappa> {
    let n = table.iter().flatten().sum::<u64>() as f64;
    if n == 0.0 {
        return None;
    }
    let share = |i: usize, j: usize| table[i][j] as f64 / n;
    let rows: [f64; K] = std::array::from_fn(|i| (0..K).map(|j| share(i, j)).sum());
    let columns: [f64; K] = std::array::from_fn(|j| (0..K).map(|i| share(i, j)).sum());
    let agreed: f64 = (0..K).map(|i| share(i, i)).sum();
    let by_chance: f64 = (0..K).map(|i| rows[i] * columns[i]).sum();
    let uses_one = |shares: &[f64; K]| shares.iter().filter(|share| **share > 0.0).count() == 1;
    if uses_one(&rows) || uses_one(&columns) {
        return None;
    }
    let kappa = (agreed - by_chance) / (1.0 - by_chance);
    let on: f64 = (0..K).map(|i| share(i, i) * (1.0 - (rows[i] + columns[i]) * (1.0 - kappa)).powi(2)).sum();
    let off: f64 = (0..K)
        .flat_map(|i| (0..K).filter(move |j| *j != i).map(move |j| (i, j)))
        .map(|(i, j)| share(i, j) * (columns[i] + rows[j]).powi(2))
        .sum();
    let spread = on + (1.0 - kappa).powi(2) * off - (kappa - by_chance * (1.0 - kappa)).powi(2);
    let error = spread.max(0.0).sqrt() / ((1.0 - by_chance) * n.sqrt());
    let interval = Interval { low: kappa - Z_95 * error, high: kappa + Z_95 * error };
    Some(Kappa { kappa, interval: interval.clamp(-1.0, 1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn agrees_with_statsmodels_and_scikit_learn() {
        let reference: Value =
            serde_json::from_str(include_str!("../../../../tests/reference/review.json")).unwrap();
        let found = |table: &Value| {
            let two = serde_json::from_value::<[[u64; 2]; 2]>(table.clone()).map(|table| cohen_kappa(&table));
            two.unwrap_or_else(|_| cohen_kappa::<3>(&serde_json::from_value(table.clone()).unwrap())).unwrap()
        };
        for case in reference["kappa"].as_array().unwrap() {
            let table = &case["table"];
            let Kappa { kappa, interval } = found(table);
            for (name, value) in [("kappa", kappa), ("low", interval.low), ("high", interval.high)] {
                let want = case[name].as_f64().unwrap().clamp(-1.0, 1.0);
                assert!((value - want).abs() < 1e-12, "{table}: {name} {value}, not {want}");
            }
        }
    }

    #[test]
    fn one_class_alone_has_no_kappa() {
        assert_eq!(cohen_kappa(&[[0, 0], [0, 0]]), None);
        assert_eq!(cohen_kappa(&[[5, 0], [0, 0]]), None);
        assert_eq!(cohen_kappa(&[[0, 1], [0, 3]]), None);
        let apart = cohen_kappa(&[[0, 4], [4, 0]]).unwrap();
        assert_eq!((apart.kappa, apart.interval.low), (-1.0, -1.0));
    }
}
