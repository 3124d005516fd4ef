//! The progress line of long work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::pipeline::Progress;
use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};

/// No time left is shown before this much of scoring: the first chunks say little about the rest.
const NO_ESTIMATE: Duration = Duration::from_secs(5);

/// The share of the comments that must be scored before a time left is shown.
const SHARE_FOR_ESTIMATE: f64 = 0.01;

/// A line on the terminal with the number of comments, their rate and the time left; nothing if
/// standard error is no terminal.
pub(crate) struct Bar {
    line: ProgressBar,
    /// Set once the run is to stop.
    stop: Arc<AtomicBool>,
    /// When scoring began: milliseconds since the line began.
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
        let message = if self.stop.load(Ordering::Relaxed) {
            "stopping after the comments that are being scored; press Ctrl-C again to stop now".to_owned()
        } else if let Some((explained, of)) = progress.explained {
            let scored = HumanCount(progress.scored);
            format!("{scored} comments scored; explaining flagged comments: {explained} of {of}")
        } else {
            let now = self.line.elapsed().as_millis() as u64;
            if progress.scored == progress.kept {
                self.scoring_since.store(now, Ordering::Relaxed);
            }
            let since = self.scoring_since.load(Ordering::Relaxed);
            message(&progress, Duration::from_millis(now.saturating_sub(since)))
        };
        self.line.set_message(message);
        self.line.tick();
    }

    pub(crate) fn finish(&self) {
        self.line.finish_and_clear();
    }
}

/// Returns the line after `elapsed` of scoring: rate and time left only once there is something to
/// go by.
fn message(progress: &Progress, elapsed: Duration) -> String {
    let (scored, new) = (progress.scored as f64, (progress.scored - progress.kept) as f64);
    let mut message = format!("{} comments", HumanCount(progress.scored));
    // The share of the input's bytes that was read tells how many comments there will be.
    let total = progress.estimated_total().map(|total| total.max(scored));
    if let Some(total) = total {
        message += &format!(" of about {}", HumanCount(total as u64));
    }
    if new == 0.0 || elapsed.is_zero() {
        return message;
    }
    let rate = new / elapsed.as_secs_f64();
    message += &format!(", {rate:.0}/s");
    if let Some(total) = total
        && elapsed >= NO_ESTIMATE
        && new >= (total - progress.kept as f64) * SHARE_FOR_ESTIMATE
    {
        let left = Duration::from_secs_f64((total - scored) / rate);
        message += &format!(", {} left", HumanDuration(left));
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_shown_once_there_is_something_to_go_by() {
        let progress = |kept, scored| Progress {
            scored,
            kept,
            read: 500,
            bytes_read: 1_000,
            total_bytes: Some(20_000),
            limit: None,
            explained: None,
        };
        for (kept, scored, seconds, line) in [
            (0, 0, 0, "0 comments of about 10,000"),
            (0, 0, 60, "0 comments of about 10,000"),
            (0, 32, 1, "32 comments of about 10,000, 32/s"),
            (0, 500, 4, "500 comments of about 10,000, 125/s"),
            (0, 50, 10, "50 comments of about 10,000, 5/s"),
            (0, 500, 10, "500 comments of about 10,000, 50/s, 3 minutes left"),
            // What an earlier run scored says nothing about the rate.
            (5_000, 5_000, 10, "5,000 comments of about 10,000"),
            (5_000, 5_010, 10, "5,010 comments of about 10,000, 1/s"),
            (5_000, 5_500, 10, "5,500 comments of about 10,000, 50/s, 2 minutes left"),
        ] {
            assert_eq!(message(&progress(kept, scored), Duration::from_secs(seconds)), line);
        }
        let no_size = Progress { total_bytes: None, ..progress(0, 500) };
        assert_eq!(message(&no_size, Duration::from_secs(10)), "500 comments, 50/s");
    }
}
