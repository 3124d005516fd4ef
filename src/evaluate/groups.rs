//! Bias: the quality of scores for each group that comments mention.
//!
//! Borkan, Dixon, Sorensen, Thain and Vasserman 2019, "Nuanced metrics for measuring unintended
//! bias with real data for text classification", WWW Companion: three areas under the ROC curve a
//! group, and their generalised mean with the power -5, which is near the worst of them.

use serde::Serialize;

use super::bootstrap::Bootstrap;
use super::{Estimate, Ranking, round};

/// Power of the generalised mean, as in the Jigsaw competition on unintended bias.
const POWER: f64 = -5.0;

/// Figures of one group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// The group, as the file calls it.
    pub name: String,
    /// Rows that speak of it.
    pub rows: u64,
    /// Positive ones among them.
    pub positives: u64,
    /// AUC among the rows of the group; `None` if they are all of one kind.
    pub subgroup_auc: Option<Estimate>,
    /// Background positive, subgroup negative: low where harmless rows of the group score above
    /// harmful ones of no group.
    pub bpsn_auc: Option<f64>,
    /// Background negative, subgroup positive: low where harmful rows of the group score below
    /// harmless ones of no group.
    pub bnsp_auc: Option<f64>,
}

/// The groups' figures together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Groups {
    /// Each group, in the order of the file.
    pub groups: Vec<Group>,
    /// Over the groups' own AUCs.
    pub subgroup: Option<GroupSpread>,
    /// Over the BPSN AUCs.
    pub bpsn: Option<GroupSpread>,
    /// Over the BNSP AUCs.
    pub bnsp: Option<GroupSpread>,
    /// The Jigsaw competition's figure: a quarter each of the AUC over all rows and of the three
    /// power means.
    pub bias_score: Option<f64>,
}

/// Spread of an AUC over groups.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct GroupSpread {
    /// Plain mean.
    pub mean: f64,
    /// The lowest.
    pub worst: f64,
    /// Mean less worst.
    pub gap: f64,
    /// Generalised mean with the power -5.
    pub power_mean: f64,
}

fn spread(values: &[f64]) -> Option<GroupSpread> {
    if values.is_empty() {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let worst = values.iter().copied().fold(f64::INFINITY, f64::min);
    let power_mean = (values.iter().map(|value| value.powf(POWER)).sum::<f64>() / n).powf(1.0 / POWER);
    Some(GroupSpread {
        mean: round(mean),
        worst: round(worst),
        gap: round(mean - worst),
        power_mean: round(power_mean),
    })
}

/// The figures of `names`' groups; `of_row` has the groups (places in `names`) of each row. Rows of
/// no group belong to every group's background.
pub(super) fn groups(
    names: &[String],
    of_row: &[&[u32]],
    (scores, truth, weights): (&[f64], &[bool], &[f64]),
    resamples: usize,
) -> Groups {
    let auc_of = |rows: &[usize]| -> (Option<f64>, Vec<f64>, Vec<bool>, Vec<f64>) {
        let scores: Vec<f64> = rows.iter().map(|row| scores[*row]).collect();
        let truth: Vec<bool> = rows.iter().map(|row| truth[*row]).collect();
        let weights: Vec<f64> = rows.iter().map(|row| weights[*row]).collect();
        (Ranking::new(&scores, &truth).auc(&weights), scores, truth, weights)
    };
    let (mut own, mut bpsn, mut bnsp) = (Vec::new(), Vec::new(), Vec::new());
    let mut groups = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let is_in = |row: &usize| of_row[*row].contains(&(place as u32));
        let inside: Vec<usize> = (0..scores.len()).filter(is_in).collect();
        if inside.is_empty() {
            continue;
        }
        let (auc, own_scores, own_truth, own_weights) = auc_of(&inside);
        let ranking = Ranking::new(&own_scores, &own_truth);
        let aucs = Bootstrap::new(&own_weights, resamples, |weights| ranking.auc(weights));
        let mixed = |negatives_inside: bool| {
            let taken = |row: &usize| (is_in(row) == negatives_inside) != truth[*row];
            auc_of(&(0..scores.len()).filter(taken).collect::<Vec<_>>()).0
        };
        let (positive_outside, negative_outside) = (mixed(true), mixed(false));
        own.extend(auc);
        bpsn.extend(positive_outside);
        bnsp.extend(negative_outside);
        groups.push(Group {
            name: name.clone(),
            rows: inside.len() as u64,
            positives: own_truth.iter().filter(|truth| **truth).count() as u64,
            subgroup_auc: aucs.estimate(|auc| *auc),
            bpsn_auc: positive_outside.map(round),
            bnsp_auc: negative_outside.map(round),
        });
    }
    let all = Ranking::new(scores, truth).auc(weights);
    let spreads = [&own, &bpsn, &bnsp].map(|values| spread(values));
    let [subgroup, bpsn, bnsp] = spreads;
    let bias_score = match (all, subgroup, bpsn, bnsp) {
        (Some(all), Some(own), Some(bpsn), Some(bnsp)) => {
            Some(round((all + own.power_mean + bpsn.power_mean + bnsp.power_mean) / 4.0))
        }
        _ => None,
    };
    Groups { groups, subgroup, bpsn, bnsp, bias_score }
}
