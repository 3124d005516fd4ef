use proptest::prelude::*;

use super::*;

/// Rows whose value is the square root of the score, with a disturbance that no map can follow.
fn rows(count: u32) -> Vec<Pair> {
    let row = |n: u32| {
        let score = f64::from(n) / f64::from(count);
        let disturbed = score.sqrt() + if n.is_multiple_of(2) { 0.05 } else { -0.05 };
        Pair { score, value: disturbed.clamp(0.0, 1.0), fold: fold(&n.to_string()) }
    };
    (0..count).map(row).collect()
}

fn of(pairs: &[Pair]) -> Result<Calibration, CalibrateError> {
    calibrate(Label::Toxicity, "TOXICITY", MapKind::Scores, pairs)
}

#[test]
fn a_map_recovers_the_relation() {
    let Calibration { map, pearson, spearman, thresholds } = of(&rows(2000)).unwrap();
    assert!(map.before.mean_absolute > 0.15, "{:?}", map.before);
    assert!(map.after.mean_absolute < 0.06 && map.after.bias.abs() < 0.002, "{:?}", map.after);
    assert!((map.after.rmse - 0.05).abs() < 0.005, "{:?}", map.after);
    assert!(pearson > 0.9 && spearman > 0.97, "{pearson} {spearman}");
    for at in &thresholds[..4] {
        assert!((at.score.unwrap() - at.threshold.powi(2)).abs() < 0.04, "{at:?}");
        assert!(at.after.agreement.unwrap().share > at.before.agreement.unwrap().share);
        let interval = at.after.precision.unwrap().interval;
        assert!(interval.low > 0.8 && interval.high <= 1.0);
        assert!((at.same_number_at.unwrap() - at.threshold).abs() < 0.05);
        // The disturbance is 0.05 everywhere: (1.96 * 0.05 / 0.05)^2 = 3.8.
        assert_eq!(at.enough, 10, "{at:?}");
        assert!(at.near > 50);
    }
}

#[test]
fn scores_that_are_the_values_stay_as_they_are() {
    let mut rows = rows(1000);
    rows.iter_mut().for_each(|row| row.value = row.score);
    let Calibration { map, thresholds, .. } = of(&rows).unwrap();
    assert_eq!(map.before, MapError { mean_absolute: 0.0, rmse: 0.0, bias: 0.0 });
    assert!(map.after.mean_absolute < 1e-5);
    for score in [0.0, 0.123, 0.5, 0.999] {
        assert!((map.knots.at(score) - score).abs() < 1e-3);
    }
    assert!((thresholds[0].score.unwrap() - 0.5).abs() < 1e-3);
}

#[test]
fn labels_become_shares() {
    let mut rows = rows(4000);
    for (n, row) in rows.iter_mut().enumerate() {
        // Yes in as many of ten as the tenth of the score says.
        row.value = f64::from(u8::from(((n * 7) % 10) < (row.score * 10.0) as usize));
    }
    let result = calibrate(Label::Insult, "rude", MapKind::Labels, &rows).unwrap();
    assert!((result.map.knots.at(0.55) - 0.5).abs() < 0.05, "{:?}", result.map.knots.at(0.55));
    let half = &result.thresholds[0];
    assert_eq!(half.theirs, rows.iter().filter(|row| row.value == 1.0).count() as u64);
    // Near a half, a yes has the standard deviation of a half.
    assert!((350..=ENOUGH_ROWS).contains(&half.enough), "{half:?}");
}

#[test]
fn what_no_map_can_be_fitted_on_is_refused() {
    let rows = rows(100);
    assert_eq!(of(&rows[..19]).unwrap_err(), CalibrateError::TooFew { rows: 19 });
    let changed = |change: fn(&mut Pair)| {
        let mut rows = rows.clone();
        rows.iter_mut().for_each(change);
        of(&rows).unwrap_err()
    };
    assert_eq!(changed(|row| row.value = 0.5), CalibrateError::OneValue);
    assert_eq!(changed(|row| row.score = 0.5), CalibrateError::OneValue);
    assert_eq!(changed(|row| row.value = 1.0 - row.score), CalibrateError::NoRelation);
    assert_eq!(changed(|row| row.fold = 3), CalibrateError::OneValue);
}

#[test]
fn few_rows_near_a_threshold_are_told() {
    let mut rows = rows(400);
    rows.retain(|row| row.value < 0.6);
    let thresholds = of(&rows).unwrap().thresholds;
    let high = &thresholds[4];
    assert_eq!((high.threshold, high.near, high.theirs), (0.9, 0, 0));
    // Without rows, the most that could be needed: (1.96 / 0.05)^2 * 0.9 * 0.1.
    assert_eq!(high.enough, 139);
    assert_eq!((high.same_number_at, high.after.recall), (None, None));
}

#[test]
fn ranks_and_correlations_are_those_of_scipy() {
    // scipy.stats.rankdata, pearsonr and spearmanr 1.17
    let (a, b) = ([0.3, 0.1, 0.3, 0.9, 0.2], [0.5, 0.2, 0.1, 0.8, 0.2]);
    assert_eq!(ranks(&a), [3.5, 1.0, 3.5, 5.0, 2.0]);
    assert!((correlation(&a, &b).unwrap() - 0.864853442929914).abs() < 1e-12);
    assert!((correlation(&ranks(&a), &ranks(&b)).unwrap() - 0.5263157894736843).abs() < 1e-12);
    assert_eq!(correlation(&a, &[0.5; 5]), None);
}

#[test]
fn equal_texts_share_a_fold_and_folds_are_of_like_size() {
    assert_eq!(fold("You fool!"), fold("You fool!"));
    let mut sizes = [0; FOLDS as usize];
    (0..10_000).for_each(|n| sizes[fold(&format!("text {n}")) as usize] += 1);
    assert!(sizes.iter().all(|size| (850..1150).contains(size)), "{sizes:?}");
}

proptest! {
    #[test]
    fn figures_are_of_the_rows(values in prop::collection::vec((0..=1000_u32, 0..=100_u32), 20..80)) {
        let row = |(n, (score, value)): (usize, &(u32, u32))| Pair {
            score: f64::from(*score) / 1000.0,
            value: f64::from(*value) / 100.0,
            fold: n as u64 % FOLDS,
        };
        let rows: Vec<Pair> = values.iter().enumerate().map(row).collect();
        if let Ok(result) = of(&rows) {
            for at in &result.thresholds {
                let reached = rows.iter().filter(|row| row.value >= at.threshold).count() as u64;
                prop_assert_eq!(at.theirs, reached);
                prop_assert!(at.enough >= 10 && at.near <= rows.len() as u64);
                prop_assert!(at.after.ours <= rows.len() as u64);
                if let Some(score) = at.score {
                    prop_assert!(result.map.knots.at(score) >= at.threshold - 1e-3);
                }
            }
            prop_assert!(result.map.after.rmse >= result.map.after.mean_absolute - 1e-6);
        }
    }
}
