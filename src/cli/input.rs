//! Arguments of every command that reads an export.

use std::path::PathBuf;

use crate::files;
use crate::read::{DateOrder, Encoding, Format, Mapping, Options};
use anyhow::Context;

use super::words::one_of;

/// The inputs, and the options for reading them.
#[derive(clap::Args)]
pub(crate) struct InputArgs {
    /// Exports to read: files, folders, or `-` for standard input; plain, .gz or .zst.
    #[arg(required = true, value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,

    /// Format of the inputs (`comity formats` describes them) [default: detected from the content].
    #[arg(long, value_name = "F", value_parser = one_of::<Format>(Format::ALL.iter().map(|format| format.as_str())))]
    format: Option<Format>,

    /// Columns or dotted keys of the fields, as `text=COL,author=COL,...`.
    #[arg(long, value_name = "FIELD=COL,...")]
    map: Option<Mapping>,

    /// JSON: path of the list of records, as `/data/comments` or `data.comments` [default: chosen
    /// by content].
    #[arg(long, value_name = "PATH")]
    records: Option<String>,

    /// Tables: line that contains the header, counted from 1 [default: detected].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    header_row: Option<u64>,

    /// Order of day and month in dates such as 03/04/2024 [default: inferred from the column].
    #[arg(long, value_name = "ORDER", value_parser = one_of::<DateOrder>(DateOrder::ALL.map(DateOrder::as_str)))]
    date_order: Option<DateOrder>,

    /// Encoding of inputs that are not UTF-8, such as `windows-1252` or `ibm850` [default: inferred
    /// from the letters].
    #[arg(long, value_name = "NAME")]
    encoding: Option<Encoding>,

    /// Page dump: file that lists its authors, one name per line.
    #[arg(long, value_name = "FILE")]
    pub(crate) authors: Option<PathBuf>,

    /// Page dump: a piece of the article's last line.
    #[arg(long, value_name = "TEXT")]
    article_end: Option<String>,

    /// Does nothing: XML that is not well-formed is always read up to its last readable part.
    #[arg(long, hide = true)]
    lenient: bool,

    /// Limit how far a compressed file may expand, as a multiple of its size beyond 256 MiB
    /// [default: 250].
    #[arg(long, value_name = "N")]
    max_expansion: Option<u64>,

    /// Read at most this many comments.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,

    /// Stop at the first record that cannot be read.
    #[arg(long)]
    pub(crate) strict: bool,
}

impl InputArgs {
    /// The reader's options.
    pub(crate) fn options(&self, keep_raw: bool) -> anyhow::Result<Options> {
        if self.lenient {
            eprintln!("comity: --lenient does nothing: XML is always read as far as it can be");
        }
        let authors = match &self.authors {
            None => None,
            Some(path) => {
                let list = files::read_text_at_most(path, files::MAX_SMALL_FILE)
                    .with_context(|| format!("cannot read the authors' list {}", path.display()))?;
                Some(list.lines().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect())
            }
        };
        Ok(Options {
            format: self.format,
            mapping: self.map.clone().unwrap_or_default(),
            authors,
            article_end: self.article_end.clone(),
            records: self.records.clone(),
            date_order: self.date_order,
            encoding: self.encoding,
            header_row: self.header_row,
            keep_raw,
            max_expansion: self.max_expansion,
            withhold_names: false,
        })
    }
}
