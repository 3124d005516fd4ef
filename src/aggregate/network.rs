//! Who answers whom.

use std::collections::HashSet;

/// The share of the edges that go both ways: of the pairs (who answers, who is answered), those whose answered one
/// answers back. Edges from a node to itself do not count. None where there are no others.
///
/// Newman, Forrest and Balthrop 2002, Physical Review E 66:035101.
pub fn reciprocity(edges: &HashSet<(u32, u32)>) -> Option<f64> {
    let (mut all, mut mutual) = (0_u64, 0_u64);
    for (from, to) in edges.iter().filter(|(from, to)| from != to) {
        all += 1;
        mutual += u64::from(edges.contains(&(*to, *from)));
    }
    (all > 0).then(|| mutual as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::reference;

    #[derive(serde::Deserialize)]
    struct Case {
        edges: HashSet<(u32, u32)>,
        reciprocity: f64,
    }

    #[test]
    fn agrees_with_networkx() {
        for case in reference::cases::<Case>("networks") {
            assert!((reciprocity(&case.edges).unwrap() - case.reciprocity).abs() < 1e-12);
        }
        assert_eq!(reciprocity(&[(1, 1)].into()), None);
    }
}
