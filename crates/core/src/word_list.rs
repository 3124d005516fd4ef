//! Word lists: files of `data/` with an entry on each line.

/// Returns the entries of a list: its lines, trimmed, without blank ones and those that begin with
/// `#`.
pub fn entries(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_and_remarks_are_no_entries() {
        let list = "# Source: nobody\n\none\n two words \n#three\n";
        assert_eq!(entries(list).collect::<Vec<_>>(), ["one", "two words"]);
    }
}
