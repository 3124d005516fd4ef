//! Comparison of figures with those of scikit-learn and SciPy: tests/reference/evaluation.json,
//! written by scripts/reference/evaluation.py with the versions noted.

use serde_json::Value;

use super::*;

fn reference() -> Value {
    serde_json::from_str(include_str!("../../tests/reference/evaluation.json")).unwrap()
}

fn numbers(values: &Value) -> Vec<f64> {
    values.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn sample(values: &Value) -> LabelledRows {
    let truth = values["truth"].as_array().unwrap().iter().map(|truth| truth.as_bool().unwrap()).collect();
    let groups = values["groups"].as_array().unwrap().iter();
    let groups = groups.map(|groups| numbers(groups).into_iter().map(|group| group as u32).collect());
    LabelledRows {
        scores: numbers(&values["scores"]),
        truth,
        weights: numbers(&values["weights"]),
        groups: groups.collect(),
        ..LabelledRows::default()
    }
}

fn close(what: &str, got: f64, want: &Value) {
    let want = want.as_f64().unwrap();
    assert!((got - want).abs() < 1e-9, "{what}: {got}, not {want}");
}

#[test]
fn rankings_and_thresholds_agree_with_scikit_learn() {
    for values in reference()["samples"].as_array().unwrap() {
        let (LabelledRows { scores, truth, weights, .. }, want) = (sample(values), &values["figures"]);
        let ranking = Ranking::new(&scores, &truth);
        close("auc", ranking.auc(&weights).unwrap(), &want["auc"]);
        close("average precision", ranking.average_precision(&weights).unwrap(), &want["average_precision"]);
        let (recall, at) = ranking.recall_at_precision(&weights, 0.7).unwrap();
        close("recall", recall, &want["recall_at_precision_70"]);
        let found = at.map(|at| ranking.at(&weights, at));
        assert!(found.is_none_or(|found| found.precision() >= 0.7 && (found.recall() - recall).abs() < 1e-9));
        close("brier", calibration::brier(&scores, &truth, &weights), &want["brier"]);
        close("skill", calibration::brier_skill(&scores, &truth, &weights).unwrap(), &want["brier_skill"]);
        close("best f1", ranking.best_threshold(&weights, WeightedConfusion::f1).unwrap(), &want["best_f1"]);
        close(
            "best macro f1",
            ranking.best_threshold(&weights, WeightedConfusion::macro_f1).unwrap(),
            &want["best_macro_f1"],
        );
        for want in want["at"].as_array().unwrap() {
            let at = ranking.at(&weights, want["threshold"].as_f64().unwrap());
            for (name, got) in [
                ("precision", at.precision()),
                ("recall", at.recall()),
                ("specificity", at.specificity()),
                ("f1", at.f1()),
                ("macro_f1", at.macro_f1()),
                ("accuracy", at.accuracy()),
            ] {
                close(name, got, &want[name]);
            }
        }
    }
}

#[test]
fn groups_agree_with_scikit_learn() {
    let names = ["a", "b", "c"].map(str::to_owned);
    for values in reference()["samples"].as_array().unwrap() {
        let (sample, want) = (sample(values), &values["figures"]["groups"]);
        let of_row: Vec<&[u32]> = sample.groups.iter().map(|groups| &groups[..]).collect();
        let got = groups::groups(&names, &of_row, (&sample.scores, &sample.truth, &sample.weights), 0);
        let near = |what: &str, got: Option<f64>, want: &Value| {
            let (got, want) = (got.unwrap(), want.as_f64().unwrap());
            assert!((got - want).abs() < 1e-6, "{what}: {got}, not {want}");
        };
        for (place, group) in got.groups.iter().enumerate() {
            near("subgroup", group.subgroup_auc.map(|auc| auc.value), &want["subgroup"][place]);
            near("bpsn", group.bpsn_auc, &want["bpsn"][place]);
            near("bnsp", group.bnsp_auc, &want["bnsp"][place]);
        }
        for (name, spread) in [("subgroup", got.subgroup), ("bpsn", got.bpsn), ("bnsp", got.bnsp)] {
            near(name, spread.map(|spread| spread.power_mean), &want["power_means"][name]);
        }
        near("bias", got.bias_score, &want["bias_score"]);
    }
}

#[test]
fn bins_agree_with_scikit_learn() {
    let reference = reference();
    let values = &reference["calibration"];
    let LabelledRows { scores, truth, weights, .. } = sample(values);
    let bins = calibration::bins(&scores, &truth, &weights);
    assert_eq!(bins.len(), BINS);
    for (place, bin) in bins.iter().enumerate() {
        assert_eq!(bin.rows, 20);
        close("said", bin.mean_score, &values["figures"]["said"][place]);
        close("so", bin.positive_share, &values["figures"]["so"][place]);
    }
    close("ece", calibration::expected_calibration_error(&bins), &values["figures"]["ece"]);
    let heavy: Vec<f64> = weights.iter().map(|weight| weight * 3.0).collect();
    assert!((calibration::bins(&scores, &truth, &heavy)[4].share - bins[4].share).abs() < 1e-12);
}

#[test]
fn the_bootstrap_agrees_with_scipy_and_is_seeded() {
    let reference = reference();
    let values = &reference["calibration"];
    let LabelledRows { scores, truth, weights, .. } = sample(values);
    let ranking = Ranking::new(&scores, &truth);
    let draw = || Bootstrap::new(&weights, 2000, |weights| ranking.auc(weights)).estimate(|auc| *auc);
    let found = draw();
    let interval = found.unwrap().interval.unwrap();
    let want = numbers(&values["auc_interval"]);
    // Two streams of chance: the ends of 2,000 and of 4,000 resamples lie within a twentieth of the
    // width.
    let tolerance = 0.05 * (want[1] - want[0]);
    assert!((interval.low - want[0]).abs() < tolerance, "{interval:?}, not {want:?}");
    assert!((interval.high - want[1]).abs() < tolerance, "{interval:?}, not {want:?}");
    assert_eq!(Bootstrap::new(&weights, 9, |_| None).estimate(|none| *none), None);
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(one_thread.install(draw), found);
}

#[test]
fn sentiment_agrees_with_scikit_learn() {
    let reference = reference();
    let values = &reference["sentiment"];
    let chances = values["chances"].as_array().unwrap().iter().map(|row| numbers(row).try_into().unwrap());
    let chances: Vec<[f64; 3]> = chances.collect();
    let truth: Vec<u8> = numbers(&values["truth"]).into_iter().map(|class| class as u8).collect();
    let weights = numbers(&values["weights"]);
    let check = |got: &SentimentFigures, want: &Value| {
        let figures =
            [("accuracy", got.accuracy), ("macro_recall", got.macro_recall), ("macro_f1", got.macro_f1)];
        for (name, got) in figures {
            let (got, want) = (got.unwrap().value, want[name].as_f64().unwrap());
            assert!((got - want).abs() < 1e-6, "{name}: {got}, not {want}");
        }
    };
    check(&sentiment(&chances, &truth, &weights, 3, &[], 0), &values["three"]);
    let two: Vec<usize> = (0..truth.len()).filter(|row| truth[*row] != 1).collect();
    let got = sentiment(
        &two.iter().map(|row| chances[*row]).collect::<Vec<_>>(),
        &two.iter().map(|row| truth[*row]).collect::<Vec<_>>(),
        &two.iter().map(|row| weights[*row]).collect::<Vec<_>>(),
        2,
        &[("all".to_owned(), (0..two.len()).collect())],
        0,
    );
    check(&got, &values["two"]);
    assert_eq!(got.confusion.len(), 2);
    assert_eq!(got.by[0].accuracy, got.accuracy.unwrap().value);
}

#[test]
fn a_budget_takes_the_top_and_a_part_of_the_tied() {
    let (scores, truth) = ([0.9, 0.8, 0.8, 0.8, 0.1], [true, true, false, false, true]);
    let ranking = Ranking::new(&scores, &truth);
    for (budget, precision) in [(1.0, 1.0), (2.0, (1.0 + 1.0 / 3.0) / 2.0), (4.0, 0.5), (99.0, 0.6)] {
        let got = ranking.precision_at(&[1.0; 5], budget).unwrap();
        assert!((got - precision).abs() < 1e-12, "{budget}: {got}");
    }
    assert_eq!(ranking.precision_at(&[0.0; 5], 1.0), None);
    for (word, budget) in
        [("200", Budget::Rows(200.0)), ("5%", Budget::Share(0.05)), ("0.5%", Budget::Share(0.005))]
    {
        assert_eq!(word.parse(), Ok(budget));
        assert_eq!(budget.to_string(), word);
    }
    for word in ["", "0", "-1", "101%", "many", "NaN"] {
        assert!(word.parse::<Budget>().is_err(), "{word}");
    }
}

#[test]
fn what_is_not_defined_is_none() {
    let ranking = Ranking::new(&[0.5, 0.4], &[true, true]);
    assert_eq!(ranking.auc(&[1.0, 1.0]), None);
    assert_eq!(Ranking::new(&[0.5], &[false]).average_precision(&[1.0]), None);
    assert_eq!(Ranking::new(&[], &[]).best_threshold(&[], WeightedConfusion::f1), None);
    assert_eq!(calibration::brier_skill(&[0.5], &[true], &[1.0]), None);
    assert_eq!(ranking.recall_at_precision(&[1.0, 1.0], 0.9), Some((1.0, Some(0.4))));
}

#[test]
fn targets_are_labels_or_geometric_means() {
    let mut probabilities = [0.0; Label::COUNT];
    probabilities[Label::Toxicity.index()] = 0.9;
    probabilities[Label::IdentityAttack.index()] = 0.4;
    let scores = Scores::new(probabilities);
    for (name, score, threshold) in [
        ("toxicity", 0.9, Some(0.5)),
        ("identity_attack", 0.4, Some(0.2)),
        ("toxicity*identity_attack", 0.6, None),
    ] {
        let target: Target = name.parse().unwrap();
        assert_eq!(target.score(&scores), Some(score));
        assert_eq!(target.to_string(), name);
        assert_eq!(target.threshold(&Policy::built_in()).is_some(), threshold.is_some());
    }
    assert!("toxicity*rude".parse::<Target>().is_err());
}

#[test]
fn kinds_and_drops_are_counted() {
    let sample = LabelledRows {
        scores: vec![0.9, 0.2, 0.7, 0.1],
        truth: vec![true, true, false, false],
        weights: vec![1.0; 4],
        groups: vec![Box::default(); 4],
        kinds: vec![0, 1, 1, 0],
        disguised: vec![(Evasion::Leet, vec![0.1, 0.2, 0.7, 0.1])],
    };
    let settings = Settings { resamples: 50, ..Settings::default() };
    let names = ["a", "b"].map(str::to_owned);
    let policy = Policy::built_in();
    let figures = figures(&"toxicity".parse().unwrap(), &sample, (&[], &names), &policy, Some(0.5), settings);
    assert_eq!(figures.thresholds[0].name, "given");
    let by: Vec<(&str, f64, f64)> =
        figures.by.iter().map(|kind| (kind.name.as_str(), kind.flagged_share, kind.accuracy)).collect();
    assert_eq!(by, [("a", 0.5, 1.0), ("b", 0.5, 0.0)]);
    assert_eq!(figures.evasion[0].auc, 0.375);
    assert_eq!(figures.evasion[0].drop.value, 0.375);
    assert_eq!(figures.groups, None);
}

#[test]
fn marked_characters_are_counted_as_in_semeval() {
    let row = |gold: &[u32], words: &[(std::ops::Range<u32>, f64)]| Marked {
        gold: gold.to_vec(),
        words: words.to_vec(),
        weight: 1.0,
    };
    // By hand, after the task's own evaluation: 2 * hits / (marked + gold); 1 where both are empty,
    // 0 where one is.
    let fool = [(0..3, 0.1), (4..8, 0.9), (9..13, 0.8)];
    for (row, expected) in [
        (row(&[4, 5, 6, 7], &fool), 2.0 * 4.0 / (8.0 + 4.0)),
        (row(&[4, 5, 6, 7, 8, 9, 10, 11, 12], &fool), 2.0 * 8.0 / (8.0 + 9.0)),
        (row(&[], &fool), 0.0),
        (row(&[0, 1], &[(0..3, 0.2)]), 0.0),
        (row(&[], &[(0..3, 0.2)]), 1.0),
        (row(&[0, 1], &[]), 0.0),
    ] {
        let figures = spans(&[row], 0.5, 0);
        assert!((figures.f1.value - expected).abs() < 1e-6, "{figures:?}");
    }
    let figures = spans(&[row(&[9, 10, 11, 12], &[(4..8, 0.31), (9..13, 0.8)]), row(&[], &[])], 0.3, 50);
    assert_eq!((figures.rows, figures.unmarked), (2, 1));
    assert_eq!((figures.best_threshold, figures.best_f1), (0.32, 1.0));
    assert!(figures.f1.interval.is_some());
}

#[test]
fn the_calibration_shift_makes_the_mean_the_share_of_positives() {
    // Odds of 1 to 3 become 1 to 1 by a factor of 3.
    let found = calibration::shift(&[0.25, 0.25], 0.5, &[1.0, 1.0]).unwrap();
    assert!((found - 3_f64.ln()).abs() < 1e-9, "{found}");
    // A row of weight 3 counts as three rows.
    let scores = [0.9, 0.1, 0.1, 0.1];
    let together = calibration::shift(&scores, 0.6, &[1.0; 4]).unwrap();
    let weighted = calibration::shift(&[0.9, 0.1], 0.6, &[1.0, 3.0]).unwrap();
    assert!((together - weighted).abs() < 1e-9, "{together} {weighted}");
    // What is right already is not moved; where all rows are of one kind, nothing is defined.
    assert!(calibration::shift(&[0.2, 0.4], 0.3, &[1.0, 1.0]).unwrap().abs() < 1e-9);
    assert_eq!(calibration::shift(&[0.2, 0.4], 0.0, &[1.0, 1.0]), None);
    assert_eq!(calibration::shift(&[0.0, 1.0], 0.7, &[1.0, 1.0]), None);
}
