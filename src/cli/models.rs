//! `comity models`

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use crate::engine;
use crate::export::{Precision, export};
use crate::label::{Activation, Label};
use anyhow::{Context, bail};
use clap::builder::PossibleValuesParser;

use super::Done;
use super::output::Output;
use super::scorer::{calibrated, scorer};

/// Check, describe or export the built-in model or one in a folder.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,

    /// Model folder to check, as a run would before it begins.
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,

    /// Score map to check and describe: `perspective`, or a file of `comity calibrate`.
    #[arg(long, value_name = "FILE")]
    calibration: Option<PathBuf>,

    /// Engine that must be able to run it.
    #[arg(long, value_name = "E", default_value = engine::names().next(), value_parser = PossibleValuesParser::new(engine::names()))]
    engine: String,
}

#[derive(clap::Subcommand)]
enum Action {
    Export(Export),
}

/// Write a model folder: in 16 bits for transformers and other programs, or in 8 as the engine
/// computes.
#[derive(clap::Args)]
struct Export {
    /// Folder to write, which must be new or empty.
    #[arg(value_name = "DIR")]
    out: PathBuf,

    /// Model folder to export [default: the built-in model].
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,

    /// Bits of a weight: 16 is a folder of Hugging Face, 8 scores with the same bits as the model.
    #[arg(long, value_name = "N", default_value = "16", value_parser = ["8", "16"])]
    bits: String,
}

impl Export {
    fn run(&self) -> anyhow::Result<Done> {
        let engine = engine::names().next().expect("there are engines");
        let scorer = scorer(self.model.clone(), engine.to_owned()).build()?;
        let precision = if self.bits == "8" { Precision::Eight } else { Precision::Sixteen };
        let files = export(scorer.model(), precision)?;
        let (dir, in_dir) = (&self.out, |what: &str| format!("cannot {what} {}", self.out.display()));
        fs::create_dir_all(dir).with_context(|| in_dir("create the folder"))?;
        if fs::read_dir(dir).with_context(|| in_dir("read the folder"))?.next().is_some() {
            bail!("the folder {} is not empty; give a new one", dir.display());
        }
        let mut out = Output::new();
        for (name, content) in &files {
            let path = dir.join(name);
            fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
            writeln!(out, "{:>12} bytes  {}", content.len(), path.display())?;
        }
        Ok(Done::Clean)
    }
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Done> {
    if let Some(Action::Export(export)) = &args.action {
        return export.run();
    }
    let scorer = scorer(args.model.clone(), args.engine.clone());
    let scorer = calibrated(scorer, args.calibration.as_deref())?.build()?;
    let (model, engine) = (scorer.model(), scorer.engine());
    let manifest = &model.manifest;
    let given: Vec<Label> = manifest.heads.labels().collect();
    let list = |labels: &mut dyn Iterator<Item = &Label>| {
        labels.map(|label| label.as_str()).collect::<Vec<_>>().join(", ")
    };
    let mut out = Output::new();
    writeln!(out, "name       {}", manifest.name)?;
    writeln!(out, "version    {}", manifest.version)?;
    writeln!(out, "checksum   {}", model.checksum)?;
    let languages = match &manifest.languages[..] {
        [] => "not stated: comments in all of them are scored".to_owned(),
        languages => languages.join(", "),
    };
    writeln!(out, "languages  {languages}")?;
    writeln!(out, "labels     {}", list(&mut given.iter()))?;
    if given.len() < Label::COUNT {
        let missing = list(&mut Label::ALL.iter().filter(|label| !given.contains(label)));
        writeln!(out, "missing    {missing}: blank in scores.csv, and no rule on them fires")?;
        for (name, label) in model.config.id2label.values().zip(manifest.heads.of_logits()) {
            let label = label.map_or("none of ours", Label::as_str);
            writeln!(out, "  {name}: {label}")?;
        }
    }
    for head in &manifest.heads.heads {
        let count = head.labels.len();
        match head.activation {
            Activation::Softmax => {
                // Without a manifest and a problem type, this is Hugging Face's default.
                let is_assumed = manifest.files.is_empty() && model.config.is_problem_type_missing();
                let assumed = if is_assumed { "; assumed, for config.json has no problem_type" } else { "" };
                writeln!(
                    out,
                    "head       softmax over {count} labels, of which exactly one applies{assumed}"
                )?;
            }
            Activation::Sigmoid => writeln!(out, "head       sigmoid: {count} labels, each for itself")?,
        }
    }
    if manifest.calibration.is_none() {
        writeln!(out, "calibrated no: scores are probabilities as the network gives them")?;
    }
    if let Some(map) = scorer.calibration() {
        writeln!(out, "mapped by  {}, made from {}", map.identity(), map.source.file)?;
        for of_label in &map.labels {
            writeln!(
                out,
                "  {}: to {} of the column {}, {} rows, mean absolute error {:.4} (without the map {:.4})",
                of_label.label,
                of_label.kind,
                of_label.column,
                of_label.rows,
                of_label.after.mean_absolute,
                of_label.before.mean_absolute
            )?;
        }
    }
    writeln!(out, "windows    {} tokens, {} shared", manifest.max_tokens, manifest.overlap_tokens)?;
    writeln!(out, "engine     {}", engine.name())?;
    Ok(Done::Clean)
}
