//! Web addresses of an export: which become links, and how they are shown.

use std::path::Path;

use super::ReportError;
use super::first_pass::ThreadCounts;
use super::plain::shorten;
use crate::record::ledger::{self, LedgerError};

/// Characters of an address that are shown.
const MAX_SHOWN: usize = 80;

/// Returns whether a link leads to a web page: nothing that runs, nothing local.
pub(super) fn is_web_address(link: &str) -> bool {
    let scheme =
        |scheme: &str| link.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    (scheme("https://") || scheme("http://")) && !link.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// Returns an address as people read it: host and path, without scheme, `www.`, query and fragment.
/// The path often ends in the title of the page.
pub(super) fn shown(link: &str) -> String {
    let rest = link.split_once("://").map_or(link, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let (kept, cut) = shorten(rest.strip_prefix("www.").unwrap_or(rest), MAX_SHOWN);
    if cut > 0 { format!("{kept}…") } else { kept.to_owned() }
}

/// The heading of a thread, besides its name.
#[derive(Default)]
pub(super) struct Heading {
    /// Its title in the export.
    pub(super) title: Option<String>,
    /// Its address on the web, if the comments' links share one.
    pub(super) address: Option<String>,
}

/// Headings of threads, looked up in the scores file.
pub(super) struct Headings(ledger::Reader);

impl Headings {
    pub(super) fn open(scores: &Path) -> Result<Self, ReportError> {
        Ok(Self(ledger::Reader::open(scores)?))
    }

    /// Returns the heading of a thread: the title of its first comment's thread, and the link that
    /// its first and its last comment share, fragments (`#comment-3`) aside. There is no address if
    /// they have no link, or each has a page of its own.
    pub(super) fn of(&mut self, counts: &ThreadCounts) -> Result<Heading, LedgerError> {
        let Some([first, last]) = counts.ends else { return Ok(Heading::default()) };
        let page = |link: Option<String>| {
            let link = link.filter(|link| is_web_address(link));
            link.map(|link| link.split('#').next().unwrap_or_default().to_owned())
        };
        let first_comment = self.0.row_at(first)?.comment;
        let title = first_comment.thread_title;
        let mut address = page(first_comment.link);
        if first != last && page(self.0.row_at(last)?.comment.link) != address {
            address = None;
        }
        Ok(Heading { title, address })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_are_links() {
        for (link, is_web) in [
            ("https://example.org/a?b=1#c", true),
            ("HTTP://example.org", true),
            ("javascript:alert(1)", false),
            (" https://example.org", false),
            ("https://example.org/a b", false),
            ("//example.org", false),
            ("file:///etc/passwd", false),
            ("é", false),
        ] {
            assert_eq!(is_web_address(link), is_web, "{link}");
        }
    }

    #[test]
    fn addresses_are_shown_by_host_and_path() {
        for (link, text) in [
            ("https://www.example.org/2026/11/new-bridge/#comment-7", "example.org/2026/11/new-bridge"),
            ("http://example.org/?p=40", "example.org"),
            ("https://example.org", "example.org"),
        ] {
            assert_eq!(shown(link), text);
        }
        assert_eq!(shown(&format!("https://example.org/{}", "é".repeat(200))).chars().count(), MAX_SHOWN + 1);
    }
}
