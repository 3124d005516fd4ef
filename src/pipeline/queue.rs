//! The worst of the flagged comments, which get an explanation.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::comment::Comment;
use crate::explain::explain;
use crate::label::Label;
use crate::policy::{Action, Fired, Policy};
use crate::score::{ScoreError, Scored, Scorer};

/// Flagged comments that are explained, the worst first: each takes up to [`crate::explain::WORDS_TRIED`] runs of the model over
/// one of its sentences.
const EXPLAINED: usize = 100;

/// Comments that are explained at a time: enough for every thread, few enough to show that the work goes on.
const EXPLAINED_AT_ONCE: usize = 8;

/// The worst of the flagged comments: those that get an explanation.
pub(super) struct Queue<'p> {
    pub(super) policy: &'p Policy,
    /// Worst first once sorted; never more than twice [`EXPLAINED`].
    worst: Vec<(Fired<'p>, Comment)>,
}

impl<'p> Queue<'p> {
    pub(super) fn new(policy: &'p Policy) -> Self {
        Self { policy, worst: Vec::new() }
    }

    pub(super) fn offer(&mut self, row: Scored) {
        let decision = self.policy.decide(&row).filter(|decision| decision.action != Action::Approve);
        if let Some(fired) = decision.and_then(|decision| decision.fired) {
            self.worst.push((fired, row.comment));
            if self.worst.len() >= 2 * EXPLAINED {
                self.keep_worst();
            }
        }
    }

    fn keep_worst(&mut self) {
        // A stable sort: equally urgent ones stay in the order of the input.
        self.worst.sort_by(|(a, this), (b, other)| a.urgency(this).first(&b.urgency(other)));
        self.worst.truncate(EXPLAINED);
    }

    /// The worst of all, the worst first.
    pub(super) fn worst(mut self) -> Vec<(Fired<'p>, Comment)> {
        self.keep_worst();
        self.worst
    }

    /// Explains the worst, an [`crate::explain::Explanation`] a line; none where `stop` came first. `advance` is told how many are explained, of how many.
    pub(super) fn explain(
        self,
        scorer: &Scorer<'_>,
        stop: &AtomicBool,
        advance: &dyn Fn(usize, usize),
    ) -> Result<Option<Vec<u8>>, ScoreError> {
        let worst = self.worst();
        let flagged: Vec<(&Comment, Label, f64)> =
            worst.iter().map(|(fired, comment)| (comment, fired.rule.label, fired.score)).collect();
        let mut lines = Vec::new();
        for (done, some) in flagged.chunks(EXPLAINED_AT_ONCE).enumerate() {
            if stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            advance(done * EXPLAINED_AT_ONCE, flagged.len());
            for explanation in explain(scorer, some)? {
                serde_json::to_writer(&mut lines, &explanation).expect("an explanation is plain data");
                lines.push(b'\n');
            }
        }
        Ok(Some(lines))
    }
}
