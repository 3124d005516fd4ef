//! `comity decisions`

use std::io::Write;
use std::path::PathBuf;

use crate::aggregate::Interval;
use crate::decisions::{AppealRecord, RecallEstimate, ReviewStats, Tally};
use crate::pipeline;

use super::Done;
use super::output::Output;
use super::report::warn_if_unfinished;
use super::score::load_policy;
use super::table;
use super::words::counted;

/// Bad rows that are shown; the rest is counted.
const SHOWN: usize = 20;

/// Evaluate moderators' decisions: precision of rules, agreement, recall, thresholds.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder that `comity score` wrote.
    dir: PathBuf,

    /// Files of decisions (CSV), as queue.html saves them; a sample with its decisions filled in is
    /// one, too. Columns: id and decision (approve, reject, defer, escalate), optionally thread,
    /// reason, actor and time. A row with an `appeal` (uphold, overturn, open) is an appeal.
    #[arg(required = true)]
    files: Vec<PathBuf>,

    /// Policy that flagged the comments (TOML) [default: the built-in policy].
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Precision to suggest thresholds for.
    #[arg(long, value_name = "P", default_value_t = 0.9, value_parser = share)]
    precision: f64,
}

fn share(number: &str) -> Result<f64, String> {
    let share = number.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "not a number from 0 to 1".to_owned())
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Done> {
    let policy = load_policy(args.policy.as_deref())?;
    let found = pipeline::evaluate_decisions(&args.dir, &policy, &args.files, args.precision)?;
    let mut out = Output::new();
    warn_if_unfinished(&mut out, &args.dir)?;
    writeln!(
        out,
        "{}; other rows: {} blank, {} about comments without scores, {} unusable; {} flagged by the policy `{}`",
        counted(found.decisions, "decision", "decisions"),
        found.undecided,
        found.unscored,
        found.bad.len(),
        counted(found.flagged.flagged, "comment", "comments"),
        policy.name
    )?;
    for bad in found.bad.iter().take(SHOWN) {
        writeln!(out, "  {}: line {}: {}", bad.location.file, bad.location.line, bad.cause)?;
    }
    if found.bad.len() > SHOWN {
        writeln!(out, "  and {} more", found.bad.len() - SHOWN)?;
    }
    if found.other_policy + found.other_score > 0 {
        writeln!(
            out,
            "decisions made under another policy: {}, when the comment had another score: {}; all count for the current \
             rules and scores",
            found.other_policy, found.other_score
        )?;
    }
    show_precision(&mut out, &found)?;
    show_appeals(&mut out, &found.appeals)?;
    show_agreement(&mut out, &found)?;
    show_thresholds(&mut out, &found, args.precision)?;
    show_recall(&mut out, &found)?;
    Ok(if found.bad.is_empty() { Done::Clean } else { Done::WithRejects })
}

fn show_precision(out: &mut Output, found: &ReviewStats) -> std::io::Result<()> {
    let row = |name: &str, tally: &Tally| {
        let precision = match (tally.precision(), tally.interval()) {
            (Some(precision), Some(interval)) => format!("{precision:.2} ({})", span(&interval)),
            _ => "-".to_owned(),
        };
        let expected = tally.expected_precision().map_or("-".to_owned(), |share| format!("{share:.2}"));
        let Tally { flagged, right, wrong, deferred, escalated, split, .. } = tally;
        let [flagged, right, wrong, deferred, escalated, split] =
            [flagged, right, wrong, deferred, escalated, split].map(u64::to_string);
        [name.to_owned(), flagged, right, wrong, precision, expected, deferred, escalated, split]
    };
    let rules = found.rules.iter().map(|record| row(&record.rule.name, &record.tally));
    let heading = [
        "rule",
        ">flagged",
        ">right",
        ">wrong",
        "precision (95%)",
        ">expected",
        ">deferred",
        ">escalated",
        ">split",
    ];
    writeln!(out)?;
    table::show(out, "", &heading, rules.chain([row("all rules", &found.flagged)]))
}

fn show_appeals(out: &mut Output, appeals: &[AppealRecord]) -> std::io::Result<()> {
    if appeals.is_empty() {
        return Ok(());
    }
    let rows = appeals.iter().map(|record| {
        let name = if record.rule.is_empty() { "not flagged" } else { &record.rule };
        let rate = record.overturn_rate();
        let rate = rate.map_or("-".to_owned(), |(rate, interval)| format!("{rate:.2} ({})", span(&interval)));
        let [upheld, overturned, open] =
            [record.upheld, record.overturned, record.open].map(|count| count.to_string());
        [name.to_owned(), upheld, overturned, open, rate]
    });
    writeln!(out)?;
    let heading = ["appeals, by rule", ">upheld", ">overturned", ">open", "overturned (95%)"];
    table::show(out, "", &heading, rows)
}

fn show_agreement(out: &mut Output, found: &ReviewStats) -> std::io::Result<()> {
    for agreement in &found.agreement {
        let [first, second] = &agreement.actors;
        let kappa =
            agreement.kappa.map_or("no kappa, because one of them used one class only".to_owned(), |kappa| {
                format!("kappa {:.2} ({:.2} to {:.2})", kappa.kappa, kappa.interval.low, kappa.interval.high)
            });
        writeln!(
            out,
            "\nagreement of {first} and {second}: {} of {} alike, {kappa}",
            agreement.alike,
            counted(agreement.both, "comment", "comments")
        )?;
    }
    if let Some(alpha) = found.alpha {
        writeln!(out, "\nagreement of all: Krippendorff's alpha {alpha:.2}")?;
    }
    Ok(())
}

fn show_thresholds(out: &mut Output, found: &ReviewStats, wanted: f64) -> std::io::Result<()> {
    writeln!(
        out,
        "\nthresholds that reach a precision of {wanted}, from the judged comments at or above each rule's own:"
    )?;
    for record in &found.rules {
        let (rule, judged) = (&record.rule, record.reached);
        write!(out, "  {}: ", rule.name)?;
        match record.suggestion {
            _ if judged == 0 => writeln!(out, "no comment judged")?,
            None => {
                let judged = counted(judged, "judged comment", "judged comments");
                writeln!(out, "no {} threshold does ({judged})", rule.label)?;
            }
            Some(found) => {
                let holds = if found.judged == judged { ", the current threshold or lower" } else { "" };
                writeln!(
                    out,
                    "{} {:.6}{holds} (precision {:.2} on {}, {})",
                    rule.label,
                    found.threshold,
                    found.precision,
                    counted(found.judged, "judged comment", "judged comments"),
                    span(&found.interval)
                )?;
            }
        }
    }
    Ok(())
}

fn show_recall(out: &mut Output, found: &ReviewStats) -> std::io::Result<()> {
    write!(out, "\nrecall: ")?;
    match &found.recall {
        RecallEstimate::Found(recall, judged) => writeln!(
            out,
            "{:.2} ({}): about {:.0} caught, {:.0} missed ({:.0} to {:.0}), from {} of a sample",
            recall.recall,
            span(&recall.interval),
            recall.caught,
            recall.missed,
            recall.missed_interval.low,
            recall.missed_interval.high,
            counted(*judged, "judged comment", "judged comments")
        ),
        RecallEstimate::NoSample => {
            writeln!(out, "unknown; judge a sample of the unflagged comments (`comity sample`)")
        }
        RecallEstimate::OtherPolicy(flagged) => writeln!(
            out,
            "unknown; the policy flags {} of the sample: name the policy that the sample was drawn under, or draw again",
            counted(*flagged, "comment", "comments")
        ),
        RecallEstimate::TooFew => {
            writeln!(out, "unknown; judge comments of every part of the sample, and flagged ones")
        }
    }
}

fn span(interval: &Interval) -> String {
    format!("{:.2} to {:.2}", interval.low, interval.high)
}
