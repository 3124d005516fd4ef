//! When comments come thick and fast.

use std::ops::Range;

/// Factor by which comments come faster in a burst, at least.
pub(crate) const FASTER: f64 = 2.0;

/// Cost of entering a burst, in units of the logarithm of the number of gaps.
pub(crate) const ENTRY: f64 = 1.0;

/// The bursts among comments posted at `times` (ascending, in any unit): ranges of comments that
/// followed one another faster than the thread as a whole.
///
/// Kleinberg's automaton with two states (Kleinberg 2003, "Bursty and hierarchical structure in
/// streams", Data Mining and Knowledge Discovery 7:373-397, section 2): the gaps are exponential
/// with the rate `n / T` of the whole or with twice that; entering the faster state costs `ln n`;
/// the cheapest path of states counts, which the algorithm of Viterbi finds. Of equally cheap paths
/// the one that is calm for longer. None below two comments or where all were posted at once.
pub(crate) fn bursts(times: &[i64]) -> Vec<Range<usize>> {
    let n = times.len().saturating_sub(1);
    let Some(span) = times.last().zip(times.first()).map(|(last, first)| (last - first) as f64) else {
        return Vec::new();
    };
    if n == 0 || span <= 0.0 {
        return Vec::new();
    }
    let rates = [n as f64 / span, FASTER * n as f64 / span];
    let entry = ENTRY * (n as f64).ln();
    // The cost of the cheapest path to each state, and for every gap the state before it on that
    // path.
    let mut costs = [0.0, f64::INFINITY];
    let mut from = Vec::with_capacity(n);
    for gap in times.windows(2).map(|pair| (pair[1] - pair[0]) as f64) {
        let density = rates.map(|rate| rate * gap - rate.ln());
        let entered = costs[0] + entry;
        let calm_from = costs[1] < costs[0];
        let fast_from = costs[1] < entered;
        costs = [costs[usize::from(calm_from)] + density[0], costs[1].min(entered) + density[1]];
        from.push([calm_from, fast_from]);
    }
    let mut fast = costs[1] < costs[0];
    let mut bursts: Vec<Range<usize>> = Vec::new();
    for (gap, from) in from.iter().enumerate().rev() {
        if fast {
            match bursts.last_mut() {
                Some(burst) if burst.start == gap + 1 => burst.start = gap,
                // The gap lies between this comment and the next.
                _ => bursts.push(gap..gap + 2),
            }
        }
        fast = from[usize::from(fast)];
    }
    bursts.reverse();
    bursts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::reference;

    #[derive(serde::Deserialize)]
    struct Case {
        times: Vec<i64>,
        bursts: Vec<(usize, usize)>,
    }

    #[test]
    fn agrees_with_every_path_counted_out() {
        for case in reference::cases::<Case>("bursts") {
            let got: Vec<_> = bursts(&case.times).iter().map(|burst| (burst.start, burst.end)).collect();
            assert_eq!(got, case.bursts, "{:?}", case.times);
        }
    }

    #[test]
    fn degenerate_times_have_none() {
        for times in [&[][..], &[5], &[5, 5, 5], &[1, 2]] {
            assert!(bursts(times).is_empty(), "{times:?}");
        }
    }
}
