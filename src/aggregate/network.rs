//! The network of replies between authors.

/// Edges of a network, from those who answer to those who are answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Edges {
    /// Pairs of different nodes of which the first answers the second.
    pub edges: u64,
    /// Those of which the second answers the first, too.
    pub mutual: u64,
    /// Nodes that answer themselves.
    pub loops: u64,
}

impl Edges {
    /// Adds the edge of a pair, and whether there is one the other way.
    pub(crate) fn add(&mut self, from: u32, to: u32, is_mutual: bool) {
        if from == to {
            self.loops += 1;
        } else {
            self.edges += 1;
            self.mutual += u64::from(is_mutual);
        }
    }

    /// The share of the edges that go both ways; loops do not count. `None` if there are no edges.
    ///
    /// Newman, Forrest and Balthrop 2002, Physical Review E 66:035101.
    pub(crate) fn reciprocity(&self) -> Option<f64> {
        (self.edges > 0).then(|| self.mutual as f64 / self.edges as f64)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::aggregate::reference;

    #[derive(serde::Deserialize)]
    struct Case {
        edges: BTreeSet<(u32, u32)>,
        reciprocity: f64,
    }

    #[test]
    fn agrees_with_networkx() {
        for case in reference::cases::<Case>("networks") {
            let mut edges = Edges::default();
            for (from, to) in &case.edges {
                edges.add(*from, *to, case.edges.contains(&(*to, *from)));
            }
            assert!((edges.reciprocity().unwrap() - case.reciprocity).abs() < 1e-12);
        }
        let mut alone = Edges::default();
        alone.add(1, 1, true);
        assert_eq!((alone.reciprocity(), alone.loops), (None, 1));
    }
}
