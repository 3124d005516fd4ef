//! The charts: numbers in, SVG out. plotters draws; nothing of an export but numbers comes into a
//! drawing.
//!
//! The colours are of the palette of Okabe and Ito 2008 ("Color universal design"), which people
//! with any colour vision can tell apart; the page's style sheet knows them by their codes and puts
//! lighter ones in their place on a dark ground.

use std::ops::Range;
use std::path::Path;
use std::{fs, io};

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::TextStyle;

use super::ReportError;
use super::plain::{count, counted, number, time};
use super::threads::Row;
use crate::aggregate::{
    Bin, Histogram, Interval, MIN_COMMENTS_FOR_TREND, Point, SizeBins, ThreadTotals, TimeBins,
    local_block_band, rolling_mean, rolling_window,
};

/// Folder of the charts, each a file.
pub(super) const FOLDER: &str = "charts";

/// Above this many scored comments a chart shows bins of equally many comments, so that the page
/// stays light.
const MAX_POINTS: usize = 400;

/// Above this many points they are drawn faintly, so that the line stays to be seen.
const FAINT_FROM: usize = 150;

/// Above this many deleted or removed comments they are not marked: the marks would run together.
const MAX_GONE: usize = 100;

/// plotters knows whole pixels only: a drawing has four to each of the page's.
const UNIT: i32 = 4;

/// Width of a thread's chart, on the page.
const ALONG: i32 = 720;

/// Width and height of a histogram, on the page.
const BARS: (i32, i32) = (420, 260);

/// Height of the panels of a thread's chart: toxicity, sentiment, shares by comments and by time.
const PANELS: [i32; 4] = [230, 210, 210, 210];

/// Size of letters.
const LETTERS: i32 = 14;

const TOXICITY: RGBColor = RGBColor(0xD5, 0x5E, 0x00);
const SENTIMENT: RGBColor = RGBColor(0x00, 0x72, 0xB2);
const FLAG: RGBColor = RGBColor(0xCC, 0x79, 0xA7);
const BURST: RGBColor = RGBColor(0xE6, 0x9F, 0x00);
const INK: RGBColor = RGBColor(0x1D, 0x21, 0x26);
const GRID: RGBColor = RGBColor(0xDC, 0xDA, 0xD5);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plot<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Failed = DrawingAreaErrorKind<io::Error>;

/// A drawing.
pub(super) struct Chart {
    /// The content of the `svg` element: shapes, numbers and our own words.
    pub(super) shapes: String,
    pub(super) width: i32,
    pub(super) height: i32,
    /// A description of what there is to see.
    pub(super) caption: String,
    /// Where flagged comments are marked.
    pub(super) flags: Vec<Flag>,
}

/// The mark of a flagged comment.
pub(super) struct Flag {
    pub(super) x: i32,
    pub(super) y: i32,
    /// Place of the comment in its thread.
    pub(super) position: u32,
    pub(super) toxicity: f64,
}

/// A score along a thread: one value a point, with the rolling mean and its band if there are
/// enough of them.
struct Curve {
    name: &'static str,
    range: Range<f64>,
    color: RGBColor,
    values: Vec<f64>,
    line: Vec<f64>,
    band: Vec<Interval>,
}

impl Curve {
    fn new(
        name: &'static str,
        range: Range<f64>,
        color: RGBColor,
        values: Vec<f64>,
        window: Option<usize>,
    ) -> Self {
        let (line, band) = window.filter(|_| !values.is_empty()).map_or_else(Default::default, |window| {
            let band = local_block_band(&values, window, range.start, range.end);
            (rolling_mean(&values, window), band)
        });
        Self { name, range, color, values, line, band }
    }
}

/// The chart of a thread: toxicity, sentiment and the share of toxic comments along it, the share
/// also over time where its comments have times. None below two scored comments.
pub(super) fn along(
    totals: &ThreadTotals,
    bursts: &[Range<u32>],
    time_bins: Option<&TimeBins>,
) -> io::Result<Option<Chart>> {
    let points = totals.series.points();
    if points.len() < 2 {
        return Ok(None);
    }
    let bin = points.len().div_ceil(MAX_POINTS);
    let stretches: Vec<&[Point]> = points.chunks(bin).collect();
    // Of a score that the model does not give there is nothing to draw.
    let mean = |of: fn(&Point) -> Option<f64>| {
        let sum = |points: &[Point]| points.iter().map(of).sum::<Option<f64>>();
        let means = stretches.iter().map(|points| Some(sum(points)? / points.len() as f64));
        means.collect::<Option<Vec<f64>>>().unwrap_or_default()
    };
    let places = mean(|point| Some(f64::from(point.position)));
    let window = (points.len() >= MIN_COMMENTS_FOR_TREND).then(|| rolling_window(stretches.len()));
    let curves = [
        Curve::new(
            "toxicity (0 to 1)",
            0.0..1.0,
            TOXICITY,
            mean(|point| Some(point.toxicity?.get())),
            window,
        ),
        Curve::new(
            "sentiment (−1 to 1)",
            -1.0..1.0,
            SENTIMENT,
            mean(|point| Some(point.sentiment?.get())),
            window,
        ),
    ];
    let mut flags = Vec::new();
    let height = PANELS[..3].iter().sum::<i32>() + time_bins.map_or(0, |_| PANELS[3]);
    let shapes = draw((ALONG, height), |root| {
        let (upper, rest) = root.split_vertically(PANELS[0] * UNIT);
        let (middle, rest) = rest.split_vertically(PANELS[1] * UNIT);
        let (lower, lowest) = rest.split_vertically(PANELS[2] * UNIT);
        flags = panel(&upper, totals, bursts, &places, &curves[0], bin == 1)?;
        panel(&middle, totals, bursts, &places, &curves[1], false)?;
        shares_along(&lower, totals)?;
        time_bins.map_or(Ok(()), |bins| shares_over_time(&lowest, bins))
    })?;
    let mut caption = caption(totals, bursts, bin, window, !flags.is_empty());
    if time_bins.is_some() {
        caption += " Below it, the same in stretches of equal time.";
    }
    Ok(Some(Chart { shapes, width: ALONG * UNIT, height: height * UNIT, caption, flags }))
}

/// The histogram of a score.
pub(super) fn bars(score: &'static str, histogram: &Histogram) -> io::Result<Chart> {
    let color = if histogram.from < 0.0 { SENTIMENT } else { TOXICITY };
    let most = histogram.counts.iter().copied().max().unwrap_or(0);
    let step = (histogram.to - histogram.from) / histogram.counts.len() as f64;
    let shapes = draw(BARS, |root| {
        let axes = Axes { x: score, y: "scored comments", x_mark: &tenths, y_mark: &whole };
        let mut chart = plot(root, histogram.from..histogram.to, 0.0..most.max(1) as f64, &axes)?;
        let bars = histogram.counts.iter().enumerate().filter(|(_, comments)| **comments > 0);
        chart.draw_series(bars.map(|(bin, comments)| {
            let left = histogram.from + step * bin as f64;
            let gap = step * 0.04;
            Rectangle::new([(left + gap, 0.0), (left + step - gap, *comments as f64)], color.filled())
        }))?;
        Ok(())
    })?;
    let caption = format!("Scored comments by {score}. The highest bar: {}.", count(most));
    Ok(Chart { shapes, width: BARS.0 * UNIT, height: BARS.1 * UNIT, caption, flags: Vec::new() })
}

/// The share of toxic comments by size of thread.
pub(super) fn sizes(sizes: &SizeBins) -> io::Result<Chart> {
    let bins = sizes.iter().map(|(least, _, bin)| {
        let place = f64::from(least.ilog2());
        (place, place + 1.0, &bin.all)
    });
    let ends =
        bins.clone().map(|(left, right, _)| (left, right)).reduce(|(left, _), (_, right)| (left, right));
    let (first, last) = ends.unwrap_or((0.0, 1.0));
    let size = |place: &f64| whole(&if place.fract() == 0.0 { place.exp2() } else { *place });
    let axes = Axes { x: "comments in the thread", y: "toxic (%)", x_mark: &size, y_mark: &whole };
    let height = PANELS[2];
    let shapes = draw((ALONG, height), |root| shares(root, first..last, bins, &axes))?;
    let caption =
        "Share of toxic comments in threads of similar size, with its 95% Wilson interval. A bar covers the sizes from \
         its left end up to, but not including, its right end."
            .to_owned();
    Ok(Chart { shapes, width: ALONG * UNIT, height: height * UNIT, caption, flags: Vec::new() })
}

/// The name of a thread's chart: the row of `threads.csv` that tells of the thread, from 1.
pub(super) fn name(number: usize) -> String {
    format!("thread-{}.svg", number + 1)
}

/// Deletes the charts of threads that an earlier report into the folder drew and this one did not.
pub(super) fn forget_others(dir: &Path, threads: &[Row<'_>]) -> Result<(), ReportError> {
    let drawn: Vec<String> =
        threads.iter().filter(|row| row.chart.is_some()).map(|row| name(row.number)).collect();
    let folder = dir.join(FOLDER);
    let failed = |source| ReportError::Write { path: folder.clone(), source };
    for file in fs::read_dir(&folder).map_err(failed)? {
        let file = file.map_err(failed)?;
        let name = file.file_name().to_string_lossy().into_owned();
        let number = name.strip_prefix("thread-").and_then(|name| name.strip_suffix(".svg"));
        if number.is_some_and(|number| number.parse::<u64>().is_ok()) && !drawn.contains(&name) {
            fs::remove_file(file.path()).map_err(failed)?;
        }
    }
    Ok(())
}

/// The shapes of a drawing.
fn draw(
    (width, height): (i32, i32),
    shapes: impl FnOnce(&Area<'_>) -> Result<(), Failed>,
) -> io::Result<String> {
    let mut svg = String::new();
    let root = SVGBackend::with_string(&mut svg, ((width * UNIT) as u32, (height * UNIT) as u32))
        .into_drawing_area();
    shapes(&root).and_then(|()| root.present()).map_err(io::Error::other)?;
    drop(root);
    // The page and the file have an `svg` element of their own around them, which scales and has a
    // title.
    let inside = svg.split_once(">\n").map_or("", |(_, rest)| rest);
    Ok(inside.trim_end().trim_end_matches("</svg>").to_owned())
}

fn letters() -> TextStyle<'static> {
    // plotters writes the size of letters as what they take of a line, by this factor.
    ("sans-serif", f64::from(LETTERS * UNIT) * 1.24).into_font().color(&INK)
}

/// A score along the thread. Gives the marks of flagged comments, where those are wanted.
fn panel(
    area: &Area<'_>,
    totals: &ThreadTotals,
    bursts: &[Range<u32>],
    places: &[f64],
    curve: &Curve,
    with_flags: bool,
) -> Result<Vec<Flag>, Failed> {
    let Range { start: min, end: max } = curve.range;
    let axes = Axes { x: "", y: curve.name, x_mark: &whole, y_mark: &tenths };
    let mut chart = plot(area, 0.5..f64::from(totals.comments) + 0.5, curve.range.clone(), &axes)?;
    chart.draw_series(bursts.iter().map(|burst| {
        let (first, after) = (f64::from(burst.start) - 0.5, f64::from(burst.end) - 0.5);
        Rectangle::new([(first, min), (after, max)], BURST.mix(0.2).filled())
    }))?;
    let ends = |end: fn(&Interval) -> f64| places.iter().copied().zip(curve.band.iter().map(end));
    let outline: Vec<(f64, f64)> = ends(|i| i.high).chain(ends(|i| i.low).rev()).collect();
    if !outline.is_empty() {
        chart.draw_series([Polygon::new(outline, curve.color.mix(0.2))])?;
    }
    let strength = if places.len() > FAINT_FROM { 0.25 } else { 0.45 };
    let dot = curve.color.mix(strength).filled();
    chart.draw_series(
        places.iter().zip(&curve.values).map(|(x, y)| Circle::new((*x, *y), 5 * UNIT / 2, dot)),
    )?;
    let line = places.iter().copied().zip(curve.line.iter().copied());
    chart.draw_series(LineSeries::new(line, curve.color.stroke_width(2 * UNIT as u32)))?;
    if totals.gone.len() <= MAX_GONE {
        let foot = |x: f64| [(x, min), (x, min + (max - min) * 0.06)];
        let ticks = totals.gone.iter().map(|position| foot(f64::from(*position)));
        chart.draw_series(ticks.map(|tick| PathElement::new(tick, INK.stroke_width(UNIT as u32))))?;
    }
    if !with_flags {
        return Ok(Vec::new());
    }
    let points = totals.series.points();
    let flags: Vec<Flag> = points
        .iter()
        .filter(|point| point.flagged)
        .filter_map(|point| {
            let toxicity = point.toxicity?.get();
            let (x, y) = chart.backend_coord(&(f64::from(point.position), toxicity));
            Some(Flag { x, y, position: point.position, toxicity })
        })
        .collect();
    let half = 9 * UNIT / 2;
    let diamond = [(0, -half), (half, 0), (0, half), (-half, 0)];
    let edge = [diamond.as_slice(), &diamond[..1]].concat();
    let at = |flag: &Flag| EmptyElement::at((f64::from(flag.position), flag.toxicity));
    chart.draw_series(flags.iter().map(|flag| at(flag) + Polygon::new(diamond, FLAG.filled())))?;
    let thin = INK.stroke_width(UNIT as u32);
    chart.draw_series(flags.iter().map(|flag| at(flag) + PathElement::new(edge.clone(), thin)))?;
    Ok(flags)
}

/// The share of toxic comments in each stretch of the thread.
fn shares_along(area: &Area<'_>, totals: &ThreadTotals) -> Result<(), Failed> {
    let bins = totals.bins.iter().map(|(first, bin)| {
        let left = f64::from(first) - 0.5;
        (left, left + bin.comments as f64, bin)
    });
    let axes =
        Axes { x: "comment, by its place in the thread", y: "toxic (%)", x_mark: &whole, y_mark: &whole };
    shares(area, 0.5..f64::from(totals.comments) + 0.5, bins, &axes)
}

/// The share of toxic comments in each stretch of the thread's time.
fn shares_over_time(area: &Area<'_>, bins: &TimeBins) -> Result<(), Failed> {
    let ends = |bins: &TimeBins| bins.iter().map(|(from, to, _)| (from, to)).reduce(|(a, _), (_, b)| (a, b));
    let (first, last) = ends(bins).unwrap_or_default();
    let (unit, name) = match last - first {
        span if span < 2.0 * 3_600.0 => (60.0, "minutes"),
        span if span < 3.0 * 86_400.0 => (3_600.0, "hours"),
        _ => (86_400.0, "days"),
    };
    let x = format!("{name} since the first comment ({})", time(first as i64));
    let mark = |value: &f64| number(Some(*value), usize::from(value.fract() != 0.0));
    let axes = Axes { x: &x, y: "toxic (%)", x_mark: &mark, y_mark: &whole };
    let since = move |time: f64| (time - first) / unit;
    let bins = bins.iter().map(move |(from, to, bin)| (since(from), since(to), bin));
    shares(area, 0.0..since(last), bins, &axes)
}

/// The share of toxic comments in stretches, each from one place of the lower axis to another.
fn shares<'b>(
    area: &Area<'_>,
    xs: Range<f64>,
    bins: impl Iterator<Item = (f64, f64, &'b Bin)> + Clone,
    axes: &Axes<'_>,
) -> Result<(), Failed> {
    let bins = bins.filter_map(|(left, right, bin)| Some((left, right, bin.toxic_share()?)));
    let highest = bins.clone().map(|(_, _, share)| share.interval.high * 100.0).fold(0.0, f64::max);
    let top = [5.0, 10.0, 20.0, 40.0, 60.0].into_iter().find(|top| highest <= *top).unwrap_or(100.0);
    let mut chart = plot(area, xs, 0.0..top, axes)?;
    for (left, right, share) in bins {
        let gap = (right - left) * 0.06;
        let (middle, height) = ((left + right) / 2.0, share.share * 100.0);
        let bar = Rectangle::new([(left + gap, 0.0), (right - gap, height)], TOXICITY.mix(0.5).filled());
        chart.draw_series([bar])?;
        let (low, high) = (share.interval.low * 100.0, share.interval.high * 100.0);
        chart.draw_series([PathElement::new(
            [(middle, low), (middle, high)],
            INK.stroke_width(UNIT as u32),
        )])?;
    }
    Ok(())
}

/// The names of a plot's axes (the lower may have none) and how their marks are written.
struct Axes<'a> {
    x: &'a str,
    y: &'a str,
    x_mark: &'a dyn Fn(&f64) -> String,
    y_mark: &'a dyn Fn(&f64) -> String,
}

/// A plot with its axes and a grid of lines across.
fn plot<'b>(
    area: &Area<'b>,
    xs: Range<f64>,
    ys: Range<f64>,
    axes: &Axes<'_>,
) -> Result<Plot<'b, 'b>, Failed> {
    let foot = if axes.x.is_empty() { 24 } else { 48 };
    let mut chart = ChartBuilder::on(area)
        .margin_top(12 * UNIT)
        .margin_left(4 * UNIT)
        .margin_bottom(4 * UNIT)
        // Half of the last mark stands beyond the end of the axis.
        .margin_right(32 * UNIT)
        .set_label_area_size(LabelAreaPosition::Left, 76 * UNIT)
        .set_label_area_size(LabelAreaPosition::Bottom, foot * UNIT)
        .build_cartesian_2d(xs, ys)?;
    let thin = |color: RGBColor| color.stroke_width(UNIT as u32);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(thin(GRID))
        .axis_style(thin(INK))
        .label_style(letters())
        .axis_desc_style(letters())
        .set_all_tick_mark_size(4 * UNIT)
        .x_labels(8)
        .y_labels(5)
        .x_desc(axes.x)
        .y_desc(axes.y)
        .x_label_formatter(&axes.x_mark)
        .y_label_formatter(&axes.y_mark)
        .draw()?;
    Ok(chart)
}

/// A mark at a whole number; between two there is none.
fn whole(value: &f64) -> String {
    if value.fract() == 0.0 { count(*value as u64) } else { String::new() }
}

fn tenths(value: &f64) -> String {
    number(Some(*value), 1)
}

/// Returns the caption of a thread's chart: its parts.
fn caption(
    totals: &ThreadTotals,
    bursts: &[Range<u32>],
    bin: usize,
    window: Option<usize>,
    flags: bool,
) -> String {
    let mut caption = if bin == 1 {
        "Each dot is a scored comment".to_owned()
    } else {
        format!("Each dot is the mean of {} scored comments; flagged ones are not marked", count(bin as u64))
    };
    if flags {
        caption += "; diamonds are flagged";
    }
    if let Some(window) = window {
        let window = counted((window * bin) as u64, "scored comment", "scored comments");
        caption += &format!(
            ". The line is the rolling mean over {window}, the band its pointwise 95% interval (local block bootstrap)"
        );
    }
    if !bursts.is_empty() {
        caption +=
            ". Shaded: bursts, in which comments came faster than in the thread as a whole (Kleinberg 2003)";
    }
    match totals.gone.len() {
        0 => {}
        1..=MAX_GONE => caption += ". Ticks at the bottom: deleted or removed comments",
        gone => {
            let gone = counted(gone as u64, "deleted or removed comment", "deleted or removed comments");
            caption += &format!(". Not marked: {gone}");
        }
    }
    let stretches = counted(totals.bins.width().into(), "comment", "comments");
    caption
        + &format!(". Bars: share of toxic comments in stretches of {stretches}, with 95% Wilson intervals.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::{CommentStats, Tone};
    use crate::comment::{Comment, Origin, Status};
    use crate::label::Label;
    use crate::record::{Outcome, Scored, Scores};

    fn thread(comments: u32) -> ThreadTotals {
        let mut totals = ThreadTotals::new(comments);
        for position in 1..=comments {
            let mut comment = Comment::new("1", "t", "", Origin { file: "x".into(), record: 1, line: 1 });
            comment.status = if position % 3 == 0 { Status::Removed } else { Status::Live };
            let scores = Scores::new([f64::from(position * 37 % 100) / 100.0; Label::COUNT]);
            let scored = Scored { comment, language: None, evasion: false, outcome: Outcome::Scored(scores) };
            totals.add(&CommentStats::new(
                0,
                position,
                None,
                &scored,
                scores.get(Label::Toxicity) > Some(0.9),
            ));
        }
        totals
    }

    #[test]
    fn a_drawing_stays_light_however_long_the_thread() {
        for (comments, has_flags) in [(2, false), (37, true), (400, true), (100_000, false)] {
            let chart = along(&thread(comments), std::slice::from_ref(&(1..2)), None).unwrap().unwrap();
            assert!(chart.shapes.len() < 200_000, "{comments}: {}", chart.shapes.len());
            assert_eq!(!chart.flags.is_empty(), has_flags, "{comments}");
            assert!(!chart.shapes.contains("svg") && !chart.shapes.contains("style"));
            for flag in &chart.flags {
                assert!((0..chart.width).contains(&flag.x) && (0..chart.height).contains(&flag.y));
            }
        }
        assert!(along(&thread(1), &[], None).unwrap().is_none());
    }

    #[test]
    fn shares_over_time_stand_below_where_there_are_times() {
        let totals = thread(40);
        for (span, unit) in [(600, "minutes"), (86_400, "hours"), (8_000_000, "days")] {
            let mut bins = TimeBins::new(1_000, 1_000 + span, 40).unwrap();
            [0, span / 3, span]
                .into_iter()
                .for_each(|time| bins.add(1_000 + time, Some(Tone { toxicity: Some(0.7), sentiment: None })));
            let [with, without] = [Some(&bins), None].map(|bins| along(&totals, &[], bins).unwrap().unwrap());
            let axis = format!("{unit} since the first comment (1 January 1970, 00:16 UTC)");
            assert!(with.shapes.contains(&axis), "{axis}");
            assert!(with.caption.ends_with("of equal time.") && !without.caption.contains("equal time"));
            assert_eq!(with.height - without.height, PANELS[3] * UNIT);
            assert!(with.flags.iter().zip(&without.flags).all(|(a, b)| (a.x, a.y) == (b.x, b.y)));
        }
    }

    #[test]
    fn sizes_stand_at_powers_of_two() {
        let mut bins = SizeBins::default();
        let bars = |bins: &SizeBins| sizes(bins).unwrap().shapes.matches("<rect").count();
        assert_eq!(bars(&bins), 0);
        [1, 8, 9, 1_500].into_iter().for_each(|comments| bins.add(&thread(comments)));
        let chart = sizes(&bins).unwrap();
        assert_eq!(bars(&bins), 3);
        for size in ["\n4\n", "\n16\n", "\n1\u{202f}024\n"] {
            assert!(chart.shapes.contains(size), "{size:?}: {}", chart.shapes);
        }
    }

    #[test]
    fn empty_bins_have_no_bar() {
        let mut histogram = Histogram::new(0.0, 1.0, 4);
        [0.1, 0.1, 0.9].into_iter().for_each(|value| histogram.add(value));
        let bars = bars("toxicity", &histogram).unwrap();
        assert_eq!(bars.shapes.matches("<rect").count(), 2);
    }
}
