//! Charts, drawn as SVG on the server. Colours come from the style, by class.

use crate::store::{DayFigures, RuleFigures};
use crate::words::Words;

/// The width of a chart's drawing, in its own units.
const WIDTH: f64 = 640.0;

/// Returns an upper end for an axis: 1, 2 or 5 times a power of ten, at least the value.
fn ceiling(value: u64) -> u64 {
    let mut unit = 1;
    loop {
        for factor in [1, 2, 5] {
            if unit * factor >= value.max(1) {
                return unit * factor;
            }
        }
        unit *= 10;
    }
}

/// A bar of a day: its place, and the parts that are stacked in it.
pub(crate) struct Bar {
    pub(crate) x: String,
    pub(crate) width: String,
    pub(crate) parts: Vec<(&'static str, String, String)>,
    pub(crate) title: String,
}

/// Decisions by day, as stacked bars.
pub(crate) struct Days {
    pub(crate) bars: Vec<Bar>,
    /// The heights of the grid's lines, with their numbers.
    pub(crate) grid: Vec<(String, String)>,
    /// The places of some days along the axis, with their dates.
    pub(crate) ticks: Vec<(String, String)>,
}

impl Days {
    /// Draws at most the last 90 days.
    pub(crate) fn new(days: &[DayFigures], w: &Words) -> Self {
        let days = &days[days.len().saturating_sub(90)..];
        let total = |day: &DayFigures| day.approved + day.rejected + day.deferred + day.escalated;
        let top = ceiling(days.iter().map(total).max().unwrap_or(0));
        let (left, right, base, height) = (56.0, WIDTH - 8.0, 180.0, 160.0);
        let step = (right - left) / days.len().max(1) as f64;
        let y = |count: u64| base - height * count as f64 / top as f64;
        let bars = days.iter().enumerate().map(|(index, day)| {
            let parts = [
                ("bar-approve", day.approved),
                ("bar-reject", day.rejected),
                ("bar-defer", day.deferred),
                ("bar-escalate", day.escalated),
            ];
            let mut under = 0;
            let mut drawn = Vec::new();
            for (class, count) in parts.into_iter().filter(|(_, count)| *count > 0) {
                let (low, high) = (y(under), y(under + count));
                drawn.push((class, format!("{high:.1}"), format!("{:.1}", low - high)));
                under += count;
            }
            let width = (step * 0.8).min(40.0);
            Bar {
                x: format!("{:.1}", left + step * index as f64 + (step - width) / 2.0),
                width: format!("{width:.1}"),
                parts: drawn,
                title: format!("{}: {}", w.date(&day.day), w.number(total(day))),
            }
        });
        let lines = if top >= 2 { vec![0, top / 2, top] } else { vec![0, top] };
        let every = days.len().div_ceil(6).max(1);
        let tick = |(index, day): (usize, &DayFigures)| {
            let x = left + step * (index as f64 + 0.5);
            (format!("{x:.1}"), format!("{:02}-{:02}", day.day.month(), day.day.day()))
        };
        Self {
            bars: bars.collect(),
            grid: lines.into_iter().map(|line| (format!("{:.1}", y(line)), w.number(line))).collect(),
            ticks: days.iter().enumerate().step_by(every).map(tick).collect(),
        }
    }
}

/// A rule's precision with its interval, as a line with a point on a scale from 0 to 1.
pub(crate) struct Precision {
    pub(crate) name: String,
    pub(crate) y: String,
    pub(crate) low: String,
    pub(crate) high: String,
    pub(crate) at: String,
    /// The precision that the scores predict.
    pub(crate) expected: Option<String>,
}

/// Draws the precision of rules that people decided about, and returns the drawing's height.
pub(crate) fn precisions(rules: &[RuleFigures]) -> (Vec<Precision>, String) {
    let x = |share: f64| format!("{:.1}", 200.0 + share * (WIDTH - 216.0));
    let mut lines = Vec::new();
    for rule in rules {
        let (Some(value), Some((low, high))) = (rule.precision.value(), rule.precision.interval()) else {
            continue;
        };
        let y = 22.0 + 24.0 * lines.len() as f64;
        lines.push(Precision {
            name: super::text::name(&rule.rule).chars().take(24).collect(),
            y: format!("{y:.0}"),
            low: x(low),
            high: x(high),
            at: x(value),
            expected: rule.expected.map(x),
        });
    }
    let height = format!("{:.0}", 46.0 + 24.0 * lines.len() as f64);
    (lines, height)
}

/// Returns the width of a bar of a share, of 100.
pub(crate) fn bar_width(share: f64) -> String {
    format!("{:.1}", share.clamp(0.0, 1.0) * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Share;
    use crate::words::Language;

    #[test]
    fn axes_end_at_round_numbers() {
        for (value, top) in [(0, 1), (1, 1), (2, 2), (3, 5), (11, 20), (51, 100), (501, 1000)] {
            assert_eq!(ceiling(value), top, "{value}");
        }
    }

    #[test]
    fn bars_stack_from_the_base() {
        let day = |day: &str, approved, rejected| DayFigures {
            day: day.parse().unwrap(),
            approved,
            rejected,
            deferred: 0,
            escalated: 0,
        };
        let days = Days::new(&[day("2026-01-01", 5, 5), day("2026-01-02", 0, 0)], Language::English.words());
        let [(first, top, height), (second, higher, _)] = &days.bars[0].parts[..] else {
            panic!("two parts")
        };
        assert_eq!((*first, top.as_str(), height.as_str()), ("bar-approve", "100.0", "80.0"));
        assert_eq!((*second, higher.as_str()), ("bar-reject", "20.0"));
        assert!(days.bars[1].parts.is_empty());
        assert!(Days::new(&[], Language::English.words()).bars.is_empty());
    }

    #[test]
    fn rules_without_decisions_have_no_line() {
        let rule = |hits, trials| RuleFigures {
            rule: "a".to_owned(),
            precision: Share { hits, trials },
            expected: None,
        };
        let (lines, height) = precisions(&[rule(0, 0), rule(1, 2)]);
        assert_eq!((lines.len(), height.as_str(), lines[0].at.as_str()), (1, "70", "412.0"));
    }
}
