//! The `comity` program: see `comity --help`.

fn main() {}
