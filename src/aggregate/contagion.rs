//! Contagion: the toxicity of replies to toxic comments and to others.

use super::{Interval, ShareEstimate, TOXIC, counted_share, difference};

/// Scored replies to scored comments, by whether both are toxic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contagion {
    /// Replies to toxic comments: the toxic ones, and all.
    pub to_toxic: (u64, u64),
    /// Replies to other comments, in the same way.
    pub to_other: (u64, u64),
}

impl Contagion {
    /// Adds a reply by its toxicity and that of the comment which it answers.
    pub fn add(&mut self, answered: f64, reply: f64) {
        let (toxic, all) = if answered >= TOXIC { &mut self.to_toxic } else { &mut self.to_other };
        *toxic += u64::from(reply >= TOXIC);
        *all += 1;
    }

    /// P(toxic reply | toxic comment), with its Wilson interval; `None` if no toxic comment was
    /// answered.
    pub fn after_toxic(&self) -> Option<ShareEstimate> {
        counted_share(self.to_toxic.0, self.to_toxic.1)
    }

    /// The base rate: P(toxic reply | other comment), with its Wilson interval.
    pub fn after_other(&self) -> Option<ShareEstimate> {
        counted_share(self.to_other.0, self.to_other.1)
    }

    /// The 95% interval of the first less the second (Newcombe 1998). It takes replies for
    /// independent; those of one thread or author are not quite, which makes it too narrow. And it
    /// is no proof that one toxicity causes the other: a subject may draw both.
    pub fn difference(&self) -> Option<Interval> {
        difference(self.to_toxic, self.to_other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_counted_by_what_they_answer() {
        let mut contagion = Contagion::default();
        assert_eq!((contagion.after_toxic(), contagion.difference()), (None, None));
        for (answered, reply) in [(0.9, 0.6), (0.5, 0.1), (0.49, 0.5), (0.1, 0.2), (0.0, 0.0)] {
            contagion.add(answered, reply);
        }
        assert_eq!((contagion.to_toxic, contagion.to_other), ((1, 2), (1, 3)));
        let difference = contagion.difference().unwrap();
        assert!(difference.low < 1.0 / 6.0 && 1.0 / 6.0 < difference.high);
    }
}
