//! `comity models`

use std::io::Write;
use std::path::PathBuf;

use comity::label::Label;
use comity::model::Model;

use super::Done;
use super::output::Output;

/// Describe the built-in model or one in a folder.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Model folder; its checksums are verified.
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Done> {
    let model = match &args.model {
        Some(dir) => Model::open(dir)?,
        None => Model::embedded()?,
    };
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
    if manifest.calibration.is_none() {
        writeln!(out, "calibrated no: scores are probabilities as the network gives them")?;
    }
    writeln!(out, "windows    {} tokens, {} shared", manifest.max_tokens, manifest.overlap_tokens)?;
    Ok(Done::Clean)
}
