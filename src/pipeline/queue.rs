//! The worst of the flagged comments, which get an explanation.

use std::sync::atomic::AtomicBool;

use crate::comment::Comment;
use crate::explain::{Excerpt, Flagged, explain};
use crate::policy::{Decision, Policy, Urgency};
use crate::record::{MOST_EXPLAINED, Scored};
use crate::score::{ScoreError, Scorer};
use comity_infer::repeats;

/// Number of comments that are explained at a time: enough for every thread, few enough to show
/// that the work goes on.
const EXPLAINED_AT_ONCE: usize = 8;

/// The worst of the flagged comments, each text once: those that get an explanation, up to
/// [`MOST_EXPLAINED`].
pub(super) struct Queue<'p> {
    pub(super) policy: &'p Policy,
    /// Worst first once sorted; never more than twice [`MOST_EXPLAINED`].
    worst: Vec<Worst>,
}

/// The most urgent comment with its words. Of its text, only what is explained is kept.
struct Worst {
    urgency: Urgency,
    /// Its [`repeats::digest`].
    words: [u64; 2],
    flagged: Flagged,
}

impl<'p> Queue<'p> {
    pub(super) fn new(policy: &'p Policy) -> Self {
        Self { policy, worst: Vec::new() }
    }

    pub(super) fn offer(&mut self, row: Scored) {
        let decision = self.policy.decide(&row).filter(Decision::is_flagged);
        let Some(fired) = decision.and_then(|decision| decision.fired) else { return };
        let Scored { comment, .. } = row;
        let urgency = fired.urgency(&comment);
        let words = repeats::digest(&comment);
        if let Some(same) = self.worst.iter().position(|worst| worst.words == words) {
            if urgency.first(&self.worst[same].urgency).is_ge() {
                return;
            }
            self.worst.remove(same);
        }
        let excerpt = Excerpt::of(&comment);
        let Comment { thread, id, .. } = comment;
        let flagged = Flagged { thread, id, label: fired.rule.label, score: fired.score, excerpt };
        self.worst.push(Worst { urgency, words, flagged });
        if self.worst.len() >= 2 * MOST_EXPLAINED {
            self.keep_worst();
        }
    }

    fn keep_worst(&mut self) {
        // A stable sort: equally urgent ones stay in the order of the input.
        self.worst.sort_by(|a, b| a.urgency.first(&b.urgency));
        self.worst.truncate(MOST_EXPLAINED);
    }

    /// Returns the worst of all, the worst first.
    pub(super) fn worst(mut self) -> Vec<Flagged> {
        self.keep_worst();
        self.worst.into_iter().map(|worst| worst.flagged).collect()
    }

    /// Explains the worst, an [`crate::record::Explanation`] a line. `stop` ends it with
    /// [`ScoreError::Stopped`]. `advance` gets the number of explained comments and the number of
    /// all.
    pub(super) fn explain(
        self,
        scorer: &Scorer,
        stop: &AtomicBool,
        advance: &dyn Fn(usize, usize),
    ) -> Result<Vec<u8>, ScoreError> {
        let worst = self.worst();
        let mut lines = Vec::new();
        for (done, some) in worst.chunks(EXPLAINED_AT_ONCE).enumerate() {
            advance(done * EXPLAINED_AT_ONCE, worst.len());
            let explanations = explain(scorer, some, stop)?;
            for explanation in explanations {
                serde_json::to_writer(&mut lines, &explanation).expect("an explanation is plain data");
                lines.push(b'\n');
            }
        }
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::Origin;
    use crate::explain::MAX_CHARS;
    use crate::label::Label;
    use crate::record::{Outcome, Scores};

    fn row(number: usize, text: &str, toxicity: f64) -> Scored {
        let mut probabilities = [0.0; Label::COUNT];
        probabilities[Label::Toxicity.index()] = toxicity;
        let origin = Origin { file: "x".into(), record: 1, line: 1 };
        let comment = Comment::new(number.to_string(), "t", text, origin);
        let outcome = Outcome::Scored(Scores::new(probabilities));
        Scored { comment, language: None, evasion: false, outcome }
    }

    #[test]
    fn a_text_is_kept_once_by_its_worst_comment() {
        let policy = Policy::built_in();
        let mut queue = Queue::new(&policy);
        let letters = |n: usize| n.to_string().bytes().map(|b| (b - b'0' + b'a') as char).collect::<String>();
        // Of 600 texts each stands three times, the second time worst.
        for (round, worse) in [(0, 0.0), (1, 0.0003), (2, 0.0001)] {
            for n in 0..600 {
                let text = format!("you {}{}", letters(n), "!".repeat(round));
                queue.offer(row(1_000 * round + n, &text, 0.8 + n as f64 / 10_000.0 + worse));
            }
        }
        // As bad as the worst, but later: it stands behind it.
        queue.offer(row(9_000, "and you", 0.8602));
        queue.offer(row(9_001, "nothing", 0.1));
        let worst = queue.worst();
        let ids: Vec<&str> = worst.iter().map(|flagged| flagged.id.as_str()).collect();
        assert_eq!(ids.len(), MOST_EXPLAINED);
        assert_eq!(ids[..3], ["1599", "9000", "1598"]);
        assert_eq!(ids[MOST_EXPLAINED - 1], "1401");
    }

    #[test]
    fn of_long_texts_only_the_beginning_is_kept() {
        let policy = Policy::built_in();
        let mut queue = Queue::new(&policy);
        for n in 0..20 {
            let text = format!("you {}{}", "fool ".repeat(n + 1), " of a".repeat(100_000));
            queue.offer(row(n, &text, 0.9));
        }
        let kept: Vec<usize> = queue.worst.iter().map(|worst| worst.flagged.excerpt.bytes()).collect();
        assert_eq!(kept, [MAX_CHARS; 20]);
    }
}
