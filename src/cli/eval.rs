//! `comity eval`

use std::fmt::Display;
use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use crate::engine;
use crate::evade::Evasion;
use crate::evaluate::{
    Budget, CLASSES, DEFAULT_RESAMPLES, Estimate, Figures, GroupSpread, SentimentFigures, Settings, Target,
    WANTED_PRECISION,
};
use crate::pipeline::{self, EvaluateRequest, LabelledColumns, ModelMetrics};
use crate::score::DEFAULT_BATCH;
use anyhow::bail;
use clap::builder::PossibleValuesParser;

use super::Done;
use super::output::Output;
use super::progress::Bar;
use super::score::{at_least_one, load_policy};
use super::scorer::{calibrated, scorer, threads};
use super::table;
use super::words::{counted, one_of};

/// Measure a model on a labelled file: ranking, calibration and thresholds.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Labelled file with a header: CSV or TSV, plain, .gz or .zst; `-` for standard input.
    #[arg(value_name = "FILE")]
    input: PathBuf,

    /// Column of the texts.
    #[arg(long, value_name = "COL")]
    text: String,

    /// Compare a score with a column of labels: `toxicity=COL`, `sentiment=COL`, or
    /// `toxicity*insult=COL` for the geometric mean of two scores. May be repeated.
    #[arg(long, value_name = "NAME=COL", required_unless_present = "spans", value_parser = named::<Measured, String>)]
    label: Vec<(Measured, String)>,

    /// Column of the characters that people marked as toxic, as `[3, 4, 5]`, to compare with the
    /// words that carry the score.
    #[arg(long, value_name = "COL")]
    spans: Option<String>,

    /// Word that means yes in a column of labels; every other word means no. May be repeated.
    #[arg(long, value_name = "VALUE")]
    positive: Vec<String>,

    /// Meaning of a blank label [default: the row has no such label].
    #[arg(long, value_name = "0|1", value_parser = zero_or_one)]
    blank_as: Option<bool>,

    /// Column of the rows' weights.
    #[arg(long, value_name = "COL")]
    weight: Option<String>,

    /// Column of the groups that the texts are about, for figures of each and the gaps between
    /// them.
    #[arg(long, value_name = "COL")]
    group: Option<String>,

    /// Character that separates several groups in one cell.
    #[arg(long, value_name = "CHAR", requires = "group")]
    group_separator: Option<char>,

    /// Column of the rows' kinds, for the accuracy on each at the first threshold.
    #[arg(long, value_name = "COL")]
    by: Option<String>,

    /// Threshold chosen on other data, for `--label NAME` or for `spans`.
    #[arg(long, value_name = "NAME=T", value_parser = named::<String, f64>)]
    threshold: Vec<(String, f64)>,

    /// Policy whose thresholds are measured (TOML) [default: the built-in policy].
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Number (200) or share (5%) of the comments that people can review.
    #[arg(long, value_name = "N", default_value = "5%")]
    budget: Budget,

    /// Disguise the texts and measure the loss [default without a value: all evasions].
    #[arg(long, value_name = "EVASION,...", value_delimiter = ',', num_args = 0..=1, require_equals = true,
        default_missing_values = Evasion::ALL.map(Evasion::as_str),
        value_parser = one_of::<Evasion>(Evasion::ALL.map(Evasion::as_str)))]
    evade: Vec<Evasion>,

    /// Number of bootstrap resamples for the 95% intervals; 0 for none.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_RESAMPLES)]
    resamples: usize,

    /// File to write each row's scores to (CSV).
    #[arg(long, value_name = "FILE")]
    scores: Option<PathBuf>,

    /// Print everything as JSON instead of tables of the main figures.
    #[arg(long)]
    json: bool,

    /// Read at most this many rows.
    #[arg(long, value_name = "N")]
    limit: Option<u64>,

    /// Folder of another model [default: the built-in model].
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,

    /// Map toxicity scores to those of Perspective (`perspective`), or by a file of `comity
    /// calibrate`.
    #[arg(long, value_name = "FILE")]
    calibration: Option<PathBuf>,

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

/// The label or sentiment that a column is about.
#[derive(Clone)]
enum Measured {
    Target(Target),
    Sentiment,
}

impl FromStr for Measured {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if name == "sentiment" { Ok(Self::Sentiment) } else { name.parse().map(Self::Target) }
    }
}

/// Reads `NAME=VALUE`.
fn named<N, V>(argument: &str) -> Result<(N, V), String>
where
    N: FromStr<Err: Display>,
    V: FromStr<Err: Display>,
{
    let (name, value) = argument.split_once('=').ok_or("write NAME=VALUE, as in toxicity=...")?;
    let name = name.trim().parse().map_err(|error: N::Err| error.to_string())?;
    Ok((name, value.trim().parse().map_err(|error: V::Err| error.to_string())?))
}

fn zero_or_one(word: &str) -> Result<bool, String> {
    match word {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => Err("write 0 or 1".to_owned()),
    }
}

pub(crate) fn run(args: Args) -> anyhow::Result<Done> {
    let policy = load_policy(args.policy.as_deref())?;
    let mut columns = LabelledColumns {
        text: args.text,
        weight: args.weight,
        group: args.group,
        group_separator: args.group_separator,
        kind: args.by,
        spans: args.spans,
        positive: args.positive,
        blank_as: args.blank_as,
        ..LabelledColumns::default()
    };
    for (measured, column) in args.label {
        match measured {
            Measured::Sentiment if columns.sentiment.is_some() => bail!("--label sentiment is given twice"),
            Measured::Sentiment => columns.sentiment = Some(column),
            Measured::Target(target) => columns.labels.push((target, column)),
        }
    }
    for (name, threshold) in &args.threshold {
        if !(0.0..=1.0).contains(threshold) {
            bail!("--threshold {name}={threshold}: not a number from 0 to 1");
        }
        let is_measured = columns.labels.iter().any(|(target, _)| target.to_string() == *name)
            || (name == "spans" && columns.spans.is_some());
        if !is_measured {
            bail!("--threshold {name}={threshold}: there is no --label {name}=COL that it could be for");
        }
    }
    let mark = args.threshold.iter().find(|(name, _)| name == "spans").map(|(_, mark)| *mark);
    let mut request = EvaluateRequest::new(args.input, columns);
    request.limit = args.limit;
    request.evasions = args.evade;
    request.scores = args.scores;
    request.reads = args.policy.into_iter().chain(args.calibration.clone()).collect();
    if let Some(model) = &args.model {
        let files = std::fs::read_dir(model).into_iter().flatten().flatten();
        request.reads.extend(files.map(|file| file.path()));
    }
    request.thresholds = args.threshold;
    request.mark = mark;
    request.figures = Settings { budget: args.budget, resamples: args.resamples };
    let scorer = calibrated(scorer(args.model, args.engine), args.calibration.as_deref())?;
    request.scorer = scorer.threads(threads(args.threads)).batch(args.batch);
    let bar = Bar::new(Arc::default());
    let evaluation = pipeline::evaluate(&request, &policy, &|progress| bar.show(progress));
    bar.finish();
    let evaluation = evaluation?;
    let mut out = Output::new();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&evaluation)?)?;
    } else {
        show(&mut out, &evaluation)?;
    }
    Ok(if evaluation.rejects == 0 { Done::Clean } else { Done::WithRejects })
}

fn show(out: &mut impl Write, evaluation: &ModelMetrics) -> io::Result<()> {
    writeln!(
        out,
        "{}: {} scored, {} without words, {}; {} {}",
        evaluation.file,
        counted(evaluation.rows, "row", "rows"),
        evaluation.unscored,
        counted(evaluation.rejects, "reject", "rejects"),
        evaluation.model.name,
        evaluation.model.version
    )?;
    if let Some(map) = &evaluation.calibration {
        writeln!(out, "scores mapped by the calibration {map}")?;
    }
    for reject in &evaluation.first_rejects {
        writeln!(out, "  reject: record {} (line {}): {}", reject.record, reject.line, reject.cause)?;
    }
    for figures in &evaluation.labels {
        show_figures(out, figures, evaluation)?;
    }
    if let Some(sentiment) = &evaluation.sentiment {
        show_sentiment(out, sentiment)?;
    }
    if let Some(spans) = &evaluation.spans {
        let rows = counted(spans.rows, "row", "rows");
        writeln!(out, "\nspans: {rows}, {} with nothing marked", spans.unmarked)?;
        writeln!(
            out,
            "  {:26} {} at threshold {:.2}",
            "character F1",
            estimate(Some(spans.f1)),
            spans.threshold
        )?;
        writeln!(
            out,
            "  {:26} {:.4} at threshold {:.2}",
            "best on this file", spans.best_f1, spans.best_threshold
        )?;
    }
    Ok(())
}

/// `0.972 (0.970 to 0.975)`.
fn estimate(estimate: Option<Estimate>) -> String {
    match estimate {
        None => "not defined".to_owned(),
        Some(Estimate { value, interval: None }) => format!("{value:.4}"),
        Some(Estimate { value, interval: Some(interval) }) => {
            format!("{value:.4} ({:.4} to {:.4})", interval.low, interval.high)
        }
    }
}

fn show_figures(out: &mut impl Write, figures: &Figures, evaluation: &ModelMetrics) -> io::Result<()> {
    writeln!(
        out,
        "\n{}: {}, {} positive ({:.2} % by weight)",
        figures.label,
        counted(figures.rows, "row", "rows"),
        figures.positives,
        figures.positive_share * 100.0
    )?;
    let budget = format!("precision of the top {}", evaluation.budget);
    let wanted = format!("recall at precision {WANTED_PRECISION:.2}");
    let at =
        figures.recall_threshold.map_or(String::new(), |threshold| format!(" at threshold {threshold:.6}"));
    for (name, value) in [
        ("AUC", estimate(figures.auc)),
        ("average precision", estimate(figures.average_precision)),
        (&budget, estimate(figures.precision_at_budget)),
        (&wanted, estimate(figures.recall_at_precision) + &at),
        ("Brier score", estimate(figures.brier)),
        ("Brier skill", estimate(figures.brier_skill)),
        ("calibration error", format!("{:.4}", figures.ece)),
        ("calibration shift", shift(figures.shift)),
    ] {
        writeln!(out, "  {name:26} {value}")?;
    }
    let heading =
        ["threshold", "", ">flagged", ">precision", ">recall", ">specificity", "F1", "macro F1", "accuracy"];
    let rows = figures.thresholds.iter().map(|at| {
        let four = |value: f64| format!("{value:.4}");
        [
            at.name.clone(),
            format!("{:.6}", at.threshold),
            percent(at.flagged_share),
            four(at.precision),
            four(at.recall),
            four(at.specificity),
            estimate(at.f1),
            estimate(at.macro_f1),
            estimate(at.accuracy),
        ]
    });
    table::show(out, "  ", &heading, rows)?;
    writeln!(out, "  scores, by bins of equal weight:")?;
    let rows = figures.reliability.iter().map(|bin| {
        let four = |value: f64| format!("{value:.4}");
        let range = format!("{:.4} to {:.4}", bin.low, bin.high);
        [range, bin.rows.to_string(), four(bin.mean_score), four(bin.positive_share)]
    });
    table::show(out, "  ", &["scores", ">rows", ">mean score", ">share positive"], rows)?;
    if let Some(groups) = &figures.groups {
        let figure = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.4}"));
        let rows = groups.groups.iter().map(|group| {
            [
                group.name.clone(),
                group.rows.to_string(),
                group.positives.to_string(),
                figure(group.bpsn_auc),
                figure(group.bnsp_auc),
                estimate(group.subgroup_auc),
            ]
        });
        table::show(out, "  ", &["group", ">rows", ">positive", ">BPSN", ">BNSP", "AUC within"], rows)?;
        let spreads = [("AUC within", groups.subgroup), ("BPSN AUC", groups.bpsn), ("BNSP AUC", groups.bnsp)];
        for (name, spread) in spreads {
            if let Some(GroupSpread { mean, worst, gap, power_mean }) = spread {
                writeln!(
                    out,
                    "  {name:26} mean {mean:.4}, worst {worst:.4} ({gap:.4} below), power mean {power_mean:.4}"
                )?;
            }
        }
        if let Some(score) = groups.bias_score {
            writeln!(out, "  {:26} {score:.4}", "bias score")?;
        }
    }
    if !figures.by.is_empty() {
        let rows = figures.by.iter().map(|kind| {
            [
                kind.name.clone(),
                kind.rows.to_string(),
                kind.positives.to_string(),
                format!("{:.4}", kind.positive_share),
                format!("{:.4}", kind.mean_score),
                format!("{:.4}", kind.ece),
                shift(kind.shift),
                percent(kind.flagged_share),
                format!("{:.4}", kind.accuracy),
            ]
        });
        let heading = [
            "kind",
            ">rows",
            ">positive",
            ">share positive",
            ">mean score",
            ">calibration error",
            ">shift",
            ">flagged",
            ">accuracy",
        ];
        table::show(out, "  ", &heading, rows)?;
    }
    if !figures.evasion.is_empty() {
        let rows = figures.evasion.iter().map(|drop| {
            let detected = evaluation.detected.iter().find(|detected| detected.evasion == drop.evasion);
            let detected = detected.map_or(String::new(), |of| format!("{} of {}", of.flagged, of.altered));
            let loss = estimate(Some(drop.drop));
            [drop.evasion.as_str().to_owned(), format!("{:.4}", drop.auc), loss, detected]
        });
        table::show(out, "  ", &["evasion", ">AUC", "loss", "flagged as evasion"], rows)?;
    }
    Ok(())
}

/// Returns a calibration shift such as `+0.42`.
fn shift(shift: Option<f64>) -> String {
    shift.map_or("-".to_owned(), |shift| format!("{shift:+.2}"))
}

/// Returns a share such as `12.50%`.
fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

fn show_sentiment(out: &mut impl Write, figures: &SentimentFigures) -> io::Result<()> {
    let names: Vec<&str> = if figures.classes == 2 { vec![CLASSES[0], CLASSES[2]] } else { CLASSES.to_vec() };
    let rows = counted(figures.rows, "row", "rows");
    writeln!(out, "\nsentiment: {rows}, {}", names.join(", "))?;
    for (name, value) in [
        ("accuracy", estimate(figures.accuracy)),
        ("macro recall", estimate(figures.macro_recall)),
        ("macro F1", estimate(figures.macro_f1)),
        ("calibration error", format!("{:.4}", figures.ece)),
    ] {
        writeln!(out, "  {name:26} {value}")?;
    }
    let rows = names.iter().zip(&figures.confusion).map(|(name, row)| {
        [(*name).to_owned()].into_iter().chain(row.iter().map(ToString::to_string)).collect::<Vec<String>>()
    });
    let called: Vec<String> = names.iter().map(|name| format!(">{name}")).collect();
    let heading: Vec<&str> =
        ["labelled, and called"].into_iter().chain(called.iter().map(String::as_str)).collect();
    table::show(out, "  ", &heading, rows)?;
    if !figures.by.is_empty() {
        let rows = figures
            .by
            .iter()
            .map(|kind| [kind.name.clone(), kind.rows.to_string(), format!("{:.4}", kind.accuracy)]);
        table::show(out, "  ", &["kind", ">rows", ">accuracy"], rows)?;
    }
    Ok(())
}
