//! Geometry of the charts: numbers become places in a drawing; the template draws.

use super::plain::{count, counted, name, number};
use super::survey::Survey;
use super::threads::Row;
use crate::aggregate::{
    Histogram, Interval, MIN_COMMENTS_FOR_TREND, Mark, local_block_band, rolling_mean, rolling_window,
};

/// Above this many scored comments a chart shows bins of equal numbers of comments, so that the page stays light.
const MAX_POINTS: usize = 1_000;

/// Most bins that such a chart has.
const MAX_BINS: usize = 500;

/// Above this many points they are drawn faintly, so that the line stays to be seen.
const FAINT_FROM: usize = 200;

/// The plot: from left to right, and for each panel from top to bottom, in the drawing's units.
const LEFT: f64 = 50.0;
const RIGHT: f64 = 604.0;
const PANELS: [(f64, f64); 2] = [(28.0, 198.0), (242.0, 412.0)];

/// Toxicity and sentiment along a thread.
pub(super) struct Chart {
    pub(super) panels: [Panel; 2],
    /// Along the thread.
    pub(super) ticks: Vec<Tick>,
    pub(super) left: f64,
    pub(super) right: f64,
    /// What a point is.
    pub(super) points: String,
    /// What the line is; none where the thread is too short for one.
    pub(super) line: Option<String>,
    /// Some of its points are marked as flagged.
    pub(super) flagged: bool,
    /// So many points that they are drawn faintly.
    pub(super) many: bool,
}

/// One score along a thread.
pub(super) struct Panel {
    pub(super) name: &'static str,
    pub(super) class: &'static str,
    pub(super) top: f64,
    pub(super) ticks: Vec<Tick>,
    /// Corners of the band and of the line, as SVG wants them; empty where there is none.
    pub(super) band: String,
    pub(super) line: String,
    pub(super) dots: Vec<Dot>,
}

/// A mark on an axis.
pub(super) struct Tick {
    pub(super) at: String,
    pub(super) label: String,
}

/// A comment, or a bin of comments.
pub(super) struct Dot {
    pub(super) x: String,
    pub(super) y: String,
    pub(super) title: String,
    /// A flagged comment; a bin never is.
    pub(super) flagged: bool,
    /// Rank of the card that shows the comment.
    pub(super) card: Option<usize>,
}

/// A score: its name and its range.
struct Score {
    name: &'static str,
    class: &'static str,
    range: (f64, f64),
    marks: [f64; 3],
}

const SCORES: [Score; 2] = [
    Score { name: "toxicity", class: "toxicity", range: (0.0, 1.0), marks: [0.0, 0.5, 1.0] },
    Score { name: "sentiment", class: "sentiment", range: (-1.0, 1.0), marks: [-1.0, 0.0, 1.0] },
];

/// The scored comments of a thread, gathered into as many bins as a chart has points.
pub(super) struct Bins {
    /// Scored comments in a bin: one, where a chart shows every comment.
    size: usize,
    bins: Vec<Bin>,
}

/// Some scored comments that follow each other.
struct Bin {
    /// Places in the thread.
    first: u32,
    last: u32,
    sum_of_places: f64,
    /// Of the first.
    author: Option<u32>,
    comments: u32,
    flagged: u32,
    /// In the order of [`SCORES`].
    scores: [Range; 2],
}

/// What is kept of the values of a score.
struct Range {
    sum: f64,
    lowest: f64,
    highest: f64,
}

impl Bins {
    /// For a thread of so many scored comments.
    pub(super) fn new(scored: usize) -> Self {
        Self { size: if scored > MAX_POINTS { scored.div_ceil(MAX_BINS) } else { 1 }, bins: Vec::new() }
    }

    /// Whether every point is a comment.
    pub(super) fn show_comments(&self) -> bool {
        self.size == 1
    }

    /// Adds the next comment of the thread; one without scores has no point.
    pub(super) fn add(&mut self, mark: &Mark) {
        let Some((toxicity, sentiment)) = mark.scores() else { return };
        if self.bins.last().is_none_or(|bin| bin.comments as usize == self.size) {
            self.bins.push(Bin {
                first: mark.position(),
                last: mark.position(),
                sum_of_places: 0.0,
                author: mark.author(),
                comments: 0,
                flagged: 0,
                scores: [(); 2].map(|()| Range {
                    sum: 0.0,
                    lowest: f64::INFINITY,
                    highest: f64::NEG_INFINITY,
                }),
            });
        }
        let Some(bin) = self.bins.last_mut() else { return };
        bin.last = mark.position();
        bin.sum_of_places += f64::from(mark.position());
        bin.comments += 1;
        bin.flagged += u32::from(mark.is_flagged());
        for (range, value) in bin.scores.iter_mut().zip([toxicity.get(), sentiment.get()]) {
            range.sum += value;
            range.lowest = range.lowest.min(value);
            range.highest = range.highest.max(value);
        }
    }
}

impl Bin {
    /// Whether it is a single comment that a rule flagged.
    fn is_flagged_comment(&self) -> bool {
        self.comments == 1 && self.flagged == 1
    }
}

/// The chart of a thread; none below two scored comments. `card` tells the rank of the card that shows the comment at a
/// place, if one does.
pub(super) fn along(
    row: &Row<'_>,
    Bins { size, bins }: &Bins,
    survey: &Survey<'_>,
    card: impl Fn(u32) -> Option<usize>,
) -> Option<Chart> {
    if row.totals.scored() < 2 {
        return None;
    }
    let comments = row.totals.comments;
    let width = RIGHT - LEFT;
    let x_at = |position: f64| LEFT + (position - 0.5) / f64::from(comments) * width;
    let xs: Vec<f64> = bins.iter().map(|bin| x_at(bin.sum_of_places / f64::from(bin.comments))).collect();
    let window = (row.totals.scored() >= MIN_COMMENTS_FOR_TREND as u64).then(|| rolling_window(bins.len()));

    let panels = [0, 1].map(|which| {
        let (score, (top, bottom)) = (&SCORES[which], PANELS[which]);
        let (min, max) = score.range;
        let y_at = |value: f64| bottom - (value - min) / (max - min) * (bottom - top);
        let values: Vec<f64> =
            bins.iter().map(|bin| bin.scores[which].sum / f64::from(bin.comments)).collect();
        let (line, band) = window.map_or_else(Default::default, |window| {
            let line = rolling_mean(&values, window);
            let band = local_block_band(&values, window, min, max);
            (corners(&xs, line.iter().map(|y| y_at(*y))), outline(&xs, &band, y_at))
        });
        let dots = bins.iter().zip(&xs).zip(&values).map(|((bin, x), value)| {
            let flagged = bin.is_flagged_comment();
            let title = if *size == 1 {
                let author = bin.author.map(|author| survey.authors.name(author as usize));
                let place = format!("{} of {}", count(bin.first.into()), count(comments.into()));
                let flag = if flagged { ", flagged" } else { "" };
                format!(
                    "{place}, {}: {} {}{flag}",
                    author.map_or_else(|| "no author".to_owned(), name),
                    score.name,
                    number(Some(*value), 2)
                )
            } else {
                bin_title(bin, score.name, &bin.scores[which], *value)
            };
            let card = if flagged { card(bin.first) } else { None };
            Dot { x: place(*x), y: place(y_at(*value)), title, flagged, card }
        });
        Panel {
            name: score.name,
            class: score.class,
            top,
            ticks: score
                .marks
                .map(|mark| Tick { at: place(y_at(mark)), label: number(Some(mark), 1) })
                .into(),
            band,
            line,
            dots: dots.collect(),
        }
    });
    Some(Chart {
        panels,
        ticks: positions(comments)
            .into_iter()
            .map(|n| Tick { at: place(x_at(n.into())), label: count(n.into()) })
            .collect(),
        left: LEFT,
        right: RIGHT,
        points: if *size == 1 {
            "Each point is a scored comment".to_owned()
        } else {
            format!(
                "Each point is the mean of {} scored comments; flagged ones are not marked",
                count(*size as u64)
            )
        },
        line: window.map(|window| counted((window * size) as u64, "scored comment", "scored comments")),
        flagged: *size == 1 && row.totals.flagged > 0,
        many: bins.len() > FAINT_FROM,
    })
}

fn bin_title(bin: &Bin, score: &str, range: &Range, mean: f64) -> String {
    format!(
        "{} to {}: mean {score} {}, from {} to {}, {} flagged",
        count(bin.first.into()),
        count(bin.last.into()),
        number(Some(mean), 2),
        number(Some(range.lowest), 2),
        number(Some(range.highest), 2),
        count(bin.flagged.into())
    )
}

fn place(value: f64) -> String {
    format!("{value:.1}")
}

fn corners(xs: &[f64], ys: impl Iterator<Item = f64>) -> String {
    xs.iter().zip(ys).map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ")
}

/// The outline of a band: along its upper end and back along its lower.
fn outline(xs: &[f64], band: &[Interval], y_at: impl Fn(f64) -> f64) -> String {
    let mut back: Vec<String> =
        xs.iter().zip(band).map(|(x, i)| format!("{x:.1},{:.1}", y_at(i.low))).collect();
    back.reverse();
    corners(xs, band.iter().map(|i| y_at(i.high))) + " " + &back.join(" ")
}

/// About five round places from 1 to `last`.
fn positions(last: u32) -> Vec<u32> {
    let rough = f64::from(last) / 5.0;
    let power = 10_f64.powf(rough.max(1.0).log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].map(|n| n * power).into_iter().find(|step| *step >= rough).unwrap_or(power);
    let step = step as u32;
    let mut places: Vec<u32> = (1..).map(|i| i * step).take_while(|place| *place <= last).collect();
    if step > 1 {
        places.insert(0, 1);
    }
    places
}

/// Bars of a histogram.
pub(super) struct Bars {
    pub(super) name: &'static str,
    pub(super) class: &'static str,
    pub(super) bars: Vec<Bar>,
    pub(super) ticks: Vec<Tick>,
    /// Comments in the fullest bin.
    pub(super) most: String,
}

/// A bar of a histogram.
pub(super) struct Bar {
    pub(super) x: String,
    pub(super) y: String,
    pub(super) width: String,
    pub(super) height: String,
    pub(super) title: String,
}

/// The bars of a score's histogram, in a drawing of 300 by 120 whose bars stand on 100.
pub(super) fn bars(name: &'static str, class: &'static str, histogram: &Histogram) -> Bars {
    let Histogram { from, to, counts } = histogram;
    let most = counts.iter().copied().max().unwrap_or(0);
    let (left, right, top, bottom) = (14.0, 286.0, 18.0, 100.0);
    let step = (right - left) / counts.len() as f64;
    let at = |edge: usize| from + (to - from) * edge as f64 / counts.len() as f64;
    let bars = counts.iter().enumerate().filter(|(_, comments)| **comments > 0).map(|(bin, comments)| {
        // A bin with one comment among many stays to be seen.
        let height = ((bottom - top) * *comments as f64 / most as f64).max(1.0);
        Bar {
            x: place(left + bin as f64 * step + 0.5),
            y: place(bottom - height),
            width: place(step - 1.0),
            height: place(height),
            title: format!(
                "{} to {}: {}",
                number(Some(at(bin)), 2),
                number(Some(at(bin + 1)), 2),
                counted(*comments, "comment", "comments")
            ),
        }
    });
    let ticks = [0, counts.len() / 2, counts.len()]
        .map(|edge| Tick { at: place(left + edge as f64 * step), label: number(Some(at(edge)), 1) });
    Bars { name, class, bars: bars.collect(), ticks: ticks.into(), most: count(most) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_round() {
        for (last, places) in [
            (2, vec![1, 2]),
            (7, vec![1, 2, 4, 6]),
            (45, vec![1, 10, 20, 30, 40]),
            (120, vec![1, 50, 100]),
            (100_000, vec![1, 20_000, 40_000, 60_000, 80_000, 100_000]),
        ] {
            assert_eq!(positions(last), places, "{last}");
        }
    }

    #[test]
    fn empty_bins_have_no_bar() {
        let mut histogram = Histogram::new(0.0, 1.0, 4);
        [0.1, 0.1, 0.9].into_iter().for_each(|value| histogram.add(value));
        let bars = bars("toxicity", "toxicity", &histogram);
        let titles: Vec<&str> = bars.bars.iter().map(|bar| bar.title.as_str()).collect();
        assert_eq!(titles, ["0.00 to 0.25: 2 comments", "0.75 to 1.00: 1 comment"]);
    }
}
