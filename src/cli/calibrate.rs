//! `comity calibrate`

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use crate::aggregate::ShareEstimate;
use crate::calibrate::{AtThreshold, Calibration, ENOUGH_ROWS, FOLDS, TOLERANCE};
use crate::engine;
use crate::label::Label;
use crate::pipeline::{self, CalibrateRequest, CalibrationReport};
use crate::score::DEFAULT_BATCH;
use crate::score_map::{MapError, MapKind};
use anyhow::bail;
use clap::builder::PossibleValuesParser;

use super::Done;
use super::output::Output;
use super::progress::Bar;
use super::score::at_least_one;
use super::scorer::{scorer, threads};
use super::table;
use super::words::counted;

/// Fit a map from our scores to those of another service, or to your labels.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// File with texts and their scores or labels: CSV or TSV with a header, plain, .gz or .zst; `-`
    /// for standard input.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,

    /// Column of the texts.
    #[arg(long, value_name = "COL")]
    text: String,

    /// Map a score to a column of numbers from 0 to 1, or of labels: `TOXICITY=COL`, by Perspective's
    /// names or ours. May be repeated.
    #[arg(long, value_name = "NAME=COL", required = true, value_parser = mapped)]
    score: Vec<(Label, String)>,

    /// Word that means yes in the columns, if they are labels; every other word means no. May be
    /// repeated.
    #[arg(long, value_name = "VALUE")]
    positive: Vec<String>,

    /// File to write the map to (TOML), for --calibration.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Print the figures as JSON instead of tables.
    #[arg(long)]
    json: bool,

    /// Read at most this many rows.
    #[arg(long, value_name = "N")]
    limit: Option<u64>,

    /// Folder of another model [default: the built-in model].
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,

    /// Engine that runs the model.
    #[arg(long, value_name = "E", default_value = engine::names().next(), value_parser = PossibleValuesParser::new(engine::names()))]
    engine: String,

    /// Number of threads [default: one per core].
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    threads: Option<usize>,

    /// Number of texts in one engine call.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_BATCH, value_parser = at_least_one)]
    batch: usize,
}

/// Reads `NAME=COL`, where the name is ours or Perspective's.
fn mapped(argument: &str) -> Result<(Label, String), String> {
    let (name, column) = argument.split_once('=').ok_or("write NAME=COL, as in TOXICITY=score")?;
    let name = name.trim().to_lowercase();
    // Perspective's other names are ours in capitals.
    let name = if name == "profanity" { Label::Obscene.as_str() } else { &name };
    match Label::TOXICITY.into_iter().find(|label| label.as_str() == name) {
        Some(label) => Ok((label, column.trim().to_owned())),
        None => {
            let known = Label::TOXICITY.map(Label::as_str).join(", ");
            Err(format!("no score `{name}` can be mapped; known: {known}, and Perspective's names for them"))
        }
    }
}

pub(crate) fn run(args: Args) -> anyhow::Result<Done> {
    for (index, (label, _)) in args.score.iter().enumerate() {
        if args.score[..index].iter().any(|(earlier, _)| earlier == label) {
            bail!("--score {label} is given twice; name one column");
        }
    }
    let mut request = CalibrateRequest::new(args.from, args.text, args.out);
    request.columns = args.score;
    request.positive = args.positive;
    request.limit = args.limit;
    request.scorer = scorer(args.model, args.engine).threads(threads(args.threads)).batch(args.batch);
    let bar = Bar::new(Arc::default());
    let report = pipeline::calibrate(&request, &|progress| bar.show(progress));
    bar.finish();
    let report = report?;
    let mut out = Output::new();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        show(&mut out, &report)?;
        writeln!(out, "\nmap: {}; apply it with --calibration", request.out.display())?;
    }
    Ok(if report.rejects == 0 { Done::Clean } else { Done::WithRejects })
}

fn show(out: &mut impl Write, report: &CalibrationReport) -> io::Result<()> {
    writeln!(
        out,
        "{}: {} scored, {} unscored, {}; {} {}",
        report.file,
        counted(report.rows, "row", "rows"),
        report.unscored,
        counted(report.rejects, "reject", "rejects"),
        report.model.name,
        report.model.version
    )?;
    for reject in &report.first_rejects {
        writeln!(out, "  reject: record {} (line {}): {}", reject.record, reject.line, reject.cause)?;
    }
    report.labels.iter().try_for_each(|calibration| show_label(out, calibration))
}

fn show_label(out: &mut impl Write, calibration: &Calibration) -> io::Result<()> {
    let Calibration { map, pearson, spearman, thresholds } = calibration;
    let kind = match map.kind {
        MapKind::Scores => "scores from 0 to 1",
        MapKind::Labels => "yes-or-no labels",
    };
    let rows = counted(map.rows, "row", "rows");
    writeln!(out, "\n{} from the column `{}`: {rows}, {kind}", map.label, map.column)?;
    writeln!(out, "  correlation: Pearson {pearson:.3}, Spearman {spearman:.3}")?;
    let knots = counted(map.knots.knots().len() as u64, "knot", "knots");
    writeln!(out, "  map: {knots}, within {:.4} of the fit", map.simplified_within)?;
    writeln!(out, "  errors; those of the mapped scores by {FOLDS}-fold cross-validation:")?;
    let errors = [("as the model gives them", &map.before), ("mapped", &map.after)];
    let errors = errors.map(|(scores, MapError { mean_absolute, rmse, bias })| {
        let bias = if bias.abs() < 0.000_05 { 0.0 } else { *bias };
        [scores.to_owned(), format!("{mean_absolute:.4}"), format!("{rmse:.4}"), format!("{bias:.4}")]
    });
    table::show(out, "  ", &["scores", ">mean absolute", ">RMSE", ">bias"], errors)?;

    let (theirs, value) = match map.kind {
        MapKind::Scores => ("their threshold", "their"),
        MapKind::Labels => ("share of yes", "the share"),
    };
    let score = |score: Option<f64>| score.map_or("-".to_owned(), |score| format!("{score:.4}"));
    let read = thresholds.iter().filter_map(|at| {
        let ours = at.score?;
        Some(match map.kind {
            MapKind::Scores => format!("our {ours:.2} is {value} {:.2}", at.threshold),
            MapKind::Labels => format!("at our {ours:.2}, {value} is {:.2}", at.threshold),
        })
    });
    let read: Vec<String> = read.collect();
    if !read.is_empty() {
        writeln!(out, "  {}", read.join("; "))?;
    }
    writeln!(out, "  mapped scores against theirs, with 95% intervals:")?;
    let rows = thresholds.iter().map(|at| {
        [
            format!("{:.2}", at.threshold),
            score(at.score),
            at.theirs.to_string(),
            at.after.ours.to_string(),
            share(at.after.agreement),
            share(at.after.precision),
            share(at.after.recall),
            score(at.same_number_at),
        ]
    });
    let heading =
        [theirs, ">our score", ">theirs", ">ours", "agreement", "precision", "recall", ">as many at"];
    table::show(out, "  ", &heading, rows)?;
    writeln!(out, "  without the map:")?;
    let rows = thresholds.iter().map(|at| {
        [
            format!("{:.2}", at.threshold),
            at.theirs.to_string(),
            at.before.ours.to_string(),
            share(at.before.agreement),
            share(at.before.precision),
            share(at.before.recall),
        ]
    });
    let heading = [theirs, ">theirs", ">ours", "agreement", "precision", "recall"];
    table::show(out, "  ", &heading, rows)?;
    show_warnings(out, map.rows, thresholds)
}

/// Prints the thresholds at which the rows are too few to rely on the map.
fn show_warnings(out: &mut impl Write, rows: u64, thresholds: &[AtThreshold]) -> io::Result<()> {
    if rows < ENOUGH_ROWS {
        writeln!(out, "  warning: only {}; {ENOUGH_ROWS} would be enough", counted(rows, "row", "rows"))?;
    }
    for at in thresholds.iter().filter(|at| at.near < at.enough) {
        writeln!(
            out,
            "  warning: only {} within {TOLERANCE} of {:.2}; {} would be enough to know the map there within {TOLERANCE}",
            counted(at.near, "row", "rows"),
            at.threshold,
            at.enough
        )?;
    }
    Ok(())
}

/// `0.98 (0.97 to 0.99)`.
fn share(share: Option<ShareEstimate>) -> String {
    share.map_or("-".to_owned(), |ShareEstimate { share, interval }| {
        format!("{share:.3} ({:.3} to {:.3})", interval.low, interval.high)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_perspectives_or_ours() {
        for (argument, label) in [
            ("TOXICITY=t", Label::Toxicity),
            ("severe_toxicity=t", Label::SevereToxicity),
            ("PROFANITY=t", Label::Obscene),
            ("obscene = t", Label::Obscene),
            ("IDENTITY_ATTACK=t", Label::IdentityAttack),
        ] {
            assert_eq!(mapped(argument), Ok((label, "t".to_owned())));
        }
        for argument in ["TOXICITY", "positive=t", "FLIRTATION=t"] {
            assert!(mapped(argument).is_err());
        }
    }
}
