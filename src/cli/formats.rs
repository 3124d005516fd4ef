//! `comity formats`

use std::io::Write;

use crate::read::Format;

use super::Done;
use super::output::Output;

/// List the formats that can be read.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> anyhow::Result<Done> {
    let mut out = Output::new();
    let width = Format::ALL.iter().map(|format| format.as_str().len()).max().unwrap_or_default();
    for format in Format::ALL {
        writeln!(out, "{:<width$}  {}", format.as_str(), format.description())?;
    }
    Ok(Done::Clean)
}
