//! The progress line of long work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use comity::pipeline::Progress;
use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};

/// A line on the terminal with comments done, their rate and the time left; nothing where standard error is no terminal.
pub(crate) struct Bar {
    line: ProgressBar,
    /// Set once the run is to stop.
    stop: Arc<AtomicBool>,
    /// When the scoring began: milliseconds since the line began.
    scoring_since: AtomicU64,
}

impl Bar {
    pub(crate) fn new(stop: Arc<AtomicBool>) -> Self {
        let line = ProgressBar::new_spinner();
        let style = ProgressStyle::with_template("{spinner} {msg}").expect("the template is well formed");
        line.set_style(style);
        Self { line, stop, scoring_since: AtomicU64::new(0) }
    }

    /// Shows how far the work is. Called from many threads.
    pub(crate) fn show(&self, progress: Progress) {
        if self.stop.load(Ordering::Relaxed) {
            self.line.set_message(
                "stopping as soon as what is being scored is written; once more to stop at once",
            );
            self.line.tick();
            return;
        }
        if let Some((explained, of)) = progress.explained {
            self.line.set_message(format!(
                "{} comments; which words carry the worst scores: {explained} of {of}",
                HumanCount(progress.scored)
            ));
            self.line.tick();
            return;
        }
        let anew = (progress.scored - progress.kept) as f64;
        let now = self.line.elapsed().as_millis() as u64;
        if anew == 0.0 {
            self.scoring_since.store(now, Ordering::Relaxed);
        }
        let milliseconds = now.saturating_sub(self.scoring_since.load(Ordering::Relaxed)).max(1);
        let rate = anew * 1e3 / milliseconds as f64;
        let mut message = format!("{} comments, {rate:.0}/s", HumanCount(progress.scored));
        // The input's share that was read tells how many comments there will be.
        if let Some(total) = progress.estimated_total() {
            let left = std::time::Duration::from_secs_f64(
                (total - progress.scored as f64).max(0.0) / rate.max(1e-3),
            );
            message += &format!(" of about {}, {} left", HumanCount(total as u64), HumanDuration(left));
        }
        self.line.set_message(message);
        self.line.tick();
    }

    pub(crate) fn finish(&self) {
        self.line.finish_and_clear();
    }
}
