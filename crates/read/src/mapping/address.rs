//! Addresses of comments, and of the page that contains a comment.

/// Returns true for an address of the web or of an account.
pub(super) fn is_address(value: &str) -> bool {
    !value.contains(char::is_whitespace)
        && (value.contains("://") || value.starts_with("www.") || (value.starts_with('/') && value.len() > 1))
}

/// Returns true for an address with a path: a comment's own is never that of a home page.
pub(super) fn has_path(value: &str) -> bool {
    let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
    rest.trim_end_matches('/').contains(['/', '?', '#'])
}

/// Returns the address of the page from that of a comment on it; `None` if no part of it belongs to
/// the comment alone.
pub(crate) fn page_of(link: &str) -> Option<String> {
    /// Parameters that name a comment.
    const PARAMETERS: [&str; 6] = ["comment", "commentid", "comment_id", "comment-id", "lc", "reply"];
    if let Some((page, fragment)) = link.split_once('#') {
        return (!page.is_empty() && fragment.bytes().any(|byte| byte.is_ascii_digit()))
            .then(|| page.to_owned());
    }
    if let Some((path, query)) = link.split_once('?') {
        let is_of_comment = |pair: &&str| {
            PARAMETERS.contains(&pair.split('=').next().unwrap_or_default().to_lowercase().as_str())
        };
        let rest: Vec<&str> = query.split('&').filter(|pair| !is_of_comment(pair)).collect();
        let mark = if rest.is_empty() { "" } else { "?" };
        return (rest.len() < query.split('&').count()).then(|| format!("{path}{mark}{}", rest.join("&")));
    }
    // Reddit: `/comments/THREAD/TITLE/COMMENT/`.
    let (start, rest) = link.split_once("/comments/")?;
    match rest.trim_end_matches('/').split('/').collect::<Vec<_>>()[..] {
        [thread, title, _] => Some(format!("{start}/comments/{thread}/{title}/")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_found_in_the_addresses_of_comments() {
        for (link, expected) in [
            ("https://x.example/issues/3#comment-11", Some("https://x.example/issues/3")),
            ("https://x.example/a?commentID=c1", Some("https://x.example/a")),
            ("https://x.example/w?v=1&lc=Ug1", Some("https://x.example/w?v=1")),
            ("/r/trams/comments/z1/late/a1/", Some("/r/trams/comments/z1/late/")),
            ("/r/trams/comments/z1/late/", None),
            ("https://x.example/ann/status/11", None),
            ("https://x.example/item?id=11", None),
            ("https://x.example/a#top", None),
            ("#c1", None),
        ] {
            assert_eq!(page_of(link).as_deref(), expected, "{link}");
        }
        assert!(has_path("https://x.example/a") && has_path("/a/b") && has_path("www.x.example/a"));
        assert!(!has_path("https://x.example/") && !has_path("https://x.example"));
    }
}
