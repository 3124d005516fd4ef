//! The progress line of long work.

use comity::pipeline::Progress;
use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};

/// A line on the terminal with comments done, their rate and the time left; nothing where standard error is no terminal.
pub(crate) struct Bar {
    line: ProgressBar,
}

impl Bar {
    pub(crate) fn new() -> Self {
        let line = ProgressBar::new_spinner();
        let style = ProgressStyle::with_template("{spinner} {msg}").expect("the template is well formed");
        line.set_style(style);
        Self { line }
    }

    /// Shows how far the work is. Called from many threads.
    pub(crate) fn show(&self, progress: Progress) {
        if let Some((explained, of)) = progress.explained {
            self.line.set_message(format!(
                "{} comments; which words carry the worst scores: {explained} of {of}",
                HumanCount(progress.scored)
            ));
            self.line.tick();
            return;
        }
        let seconds = self.line.elapsed().as_secs_f64();
        let rate = progress.scored as f64 / seconds.max(1e-3);
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
