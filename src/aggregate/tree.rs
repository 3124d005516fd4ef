//! The shape of a thread's replies.

/// Shape of the tree of a thread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shape {
    /// Replies on the longest way from a comment that answers none down to a reply; 0 where nothing
    /// is answered.
    pub depth: u32,
    /// Mean number of direct replies of the comments that have any.
    pub branching: f64,
}

/// The shape of a forest of replies: `parents` has for every comment the index of the one that it
/// answers. `None` if there are no replies. A ring of comments that answer each other is opened at
/// one of them.
///
/// Depth and branching as of a rooted tree (Gómez, Kappen and Kaltenbrunner 2011, "Modeling the
/// structure and evolution of discussion cascades", ACM Hypertext, 181-190).
pub(crate) fn shape(parents: &[Option<u32>]) -> Option<Shape> {
    const UNKNOWN: u32 = u32::MAX;
    const ON_PATH: u32 = u32::MAX - 1;
    let mut has_replies = vec![false; parents.len()];
    let mut replies = 0_u64;
    for parent in parents.iter().flatten() {
        has_replies[*parent as usize] = true;
        replies += 1;
    }
    let answered = has_replies.iter().filter(|has| **has).count();
    if answered == 0 {
        return None;
    }
    let mut depths = vec![UNKNOWN; parents.len()];
    let mut path = Vec::new();
    for start in 0..parents.len() {
        let mut at = start;
        let mut depth = loop {
            match (depths[at], parents[at]) {
                (UNKNOWN, Some(parent)) => {
                    depths[at] = ON_PATH;
                    path.push(at);
                    at = parent as usize;
                }
                (UNKNOWN, None) => {
                    depths[at] = 0;
                    break 0;
                }
                // Round the ring: as if this one answered none. It is on the path and gets its
                // depth there.
                (ON_PATH, _) => break 0,
                (depth, _) => break depth,
            }
        };
        while let Some(on) = path.pop() {
            depth += 1;
            depths[on] = depth;
        }
    }
    let depth = depths.into_iter().max().unwrap_or(0);
    Some(Shape { depth, branching: replies as f64 / answered as f64 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::reference;

    #[derive(serde::Deserialize)]
    struct Case {
        parents: Vec<Option<u32>>,
        depth: u32,
        branching: Option<f64>,
    }

    #[test]
    fn agrees_with_networkx() {
        for Case { parents, depth, branching } in reference::cases("trees") {
            match shape(&parents) {
                None => assert_eq!((depth, branching), (0, None)),
                Some(shape) => {
                    assert_eq!(shape.depth, depth);
                    assert!((shape.branching - branching.unwrap()).abs() < 1e-12);
                }
            }
        }
    }

    #[test]
    fn answers_may_stand_first_and_rings_have_an_end() {
        let newest_first = shape(&[Some(1), Some(2), None]).unwrap();
        assert_eq!((newest_first.depth, newest_first.branching), (2, 1.0));
        let ring = shape(&[Some(1), Some(2), Some(0), Some(0)]).unwrap();
        assert!((2..=4).contains(&ring.depth));
        assert!(shape(&[Some(0)]).unwrap().depth <= 1);
        let chain: Vec<Option<u32>> = (0..300_000_u32).map(|n| n.checked_sub(1)).collect();
        assert_eq!(shape(&chain).unwrap().depth, 299_999);
    }
}
