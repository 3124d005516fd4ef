//! `comity models`

use std::io::Write;
use std::path::PathBuf;

use comity::model::Model;

use super::Done;
use super::output::Output;

/// Describe the model that ships inside, or one in a folder.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A model folder; its checksums are verified.
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Done> {
    let model = match &args.model {
        Some(dir) => Model::open(dir)?,
        None => Model::embedded()?,
    };
    let manifest = &model.manifest;
    let labels: Vec<&str> = manifest.heads.labels().map(|label| label.as_str()).collect();
    let mut out = Output::new();
    writeln!(out, "name       {}", manifest.name)?;
    writeln!(out, "version    {}", manifest.version)?;
    writeln!(out, "checksum   {}", model.checksum)?;
    writeln!(out, "languages  {}", manifest.languages.join(", "))?;
    writeln!(out, "labels     {}", labels.join(", "))?;
    writeln!(out, "windows    {} tokens, {} shared", manifest.max_tokens, manifest.overlap_tokens)?;
    Ok(Done::Clean)
}
