//! `comity formats`

use std::io::{self, Write};

use comity::read::Format;

use super::Done;

/// List the formats that can be read.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> anyhow::Result<Done> {
    let mut out = io::stdout().lock();
    for format in Format::ALL {
        writeln!(out, "{:<10} {}", format.to_string(), format.description())?;
    }
    Ok(Done::Clean)
}
