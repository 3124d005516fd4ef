//! Standard output.

use std::fmt;
use std::io::{self, StdoutLock, Write};

/// Standard output for words that come from data: what could move the cursor, recolour the terminal
/// or ring its bell is shown as a replacement character.
pub(crate) struct Output(StdoutLock<'static>);

impl Output {
    pub(crate) fn new() -> Self {
        Self(io::stdout().lock())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }

    fn write_fmt(&mut self, text: fmt::Arguments<'_>) -> io::Result<()> {
        self.0.write_all(printable(&text.to_string()).as_bytes())
    }
}

/// Returns a text from data as one line: its line ends are escaped.
pub(crate) fn one_line(text: &str) -> String {
    text.replace('\r', "\\r").replace('\n', "\\n")
}

/// A text without control characters but line ends.
pub(crate) fn printable(text: &str) -> String {
    let shown =
        |char: char| if char.is_control() && char != '\n' { char::REPLACEMENT_CHARACTER } else { char };
    text.chars().map(shown).collect()
}
