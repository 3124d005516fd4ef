//! `comity formats`

use std::io::Write;

use comity::read::Format;

use super::Done;
use super::output::Output;

/// List the formats that can be read.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> anyhow::Result<Done> {
    let mut out = Output::new();
    for format in Format::ALL {
        writeln!(out, "{:<10} {}", format.to_string(), format.description())?;
    }
    Ok(Done::Clean)
}
