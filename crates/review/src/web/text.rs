//! The text of a comment as the pages show it: cut to a bearable length, quoted stretches apart,
//! and the parts that carry the score marked.

use std::ops::Range;

use crate::store::{CommentView, Explained};

/// The largest number of bytes of a text that a page of one comment shows at first.
pub(crate) const LONG: usize = 20_000;

/// The largest number of bytes of a text in a list.
pub(crate) const SHORT: usize = 1_200;

/// A part of a text that is quoted, or in the author's own words.
#[derive(Debug, PartialEq)]
pub(crate) struct Stretch<'a> {
    /// True for someone else's words.
    pub(crate) quoted: bool,
    /// The pieces, in order.
    pub(crate) pieces: Vec<Piece<'a>>,
}

/// A piece of a text.
#[derive(Debug, PartialEq)]
pub(crate) struct Piece<'a> {
    /// The text.
    pub(crate) text: &'a str,
    /// True for a word that carries the score.
    pub(crate) is_marked: bool,
    /// True within the sentence with the highest score, if it has one.
    pub(crate) is_worst: bool,
}

/// A text with its stretches.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    /// The stretches, in order.
    pub(crate) stretches: Vec<Stretch<'a>>,
    /// The number of characters that are left out.
    pub(crate) cut: u64,
    /// True if there is no text: retention or a request to be forgotten removed it.
    pub(crate) is_gone: bool,
}

/// Returns the start of a text of at most this many bytes, that ends on a character boundary.
fn start(text: &str, most: usize) -> usize {
    text.floor_char_boundary(most.min(text.len()))
}

/// Returns the text of a comment, of at most this many bytes.
pub(crate) fn text<'a>(comment: &'a CommentView, explained: Option<&Explained>, most: usize) -> Text<'a> {
    let Some(text) = comment.text.as_deref() else {
        return Text { stretches: Vec::new(), cut: 0, is_gone: true };
    };
    let end = start(text, most);
    let shown = &text[..end];
    let words: Vec<Range<usize>> =
        explained.iter().flat_map(|parts| &parts.words).map(|part| part.start..part.end).collect();
    let sentences = explained.map_or(&[][..], |parts| &parts.sentences);
    let worst = sentences.iter().max_by(|one, other| one.score.total_cmp(&other.score));
    // Of a single sentence there is nothing to single out.
    let worst = worst.filter(|_| sentences.len() > 1).map(|part| part.start..part.end);
    let mut stretches = Vec::new();
    let mut at = 0;
    for quote in comment.quotes.iter().filter(|quote| quote.start < end) {
        stretches.push((false, at..quote.start));
        stretches.push((true, quote.start..quote.end.min(end)));
        at = quote.end.min(end);
    }
    stretches.push((false, at..end));
    let stretches = stretches
        .into_iter()
        .filter(|(_, range)| shown.get(range.clone()).is_some_and(|part| !part.trim().is_empty()))
        .map(|(quoted, range)| Stretch { quoted, pieces: pieces(shown, range, &words, worst.as_ref()) })
        .collect();
    Text { stretches, cut: text[end..].chars().count() as u64, is_gone: false }
}

/// Cuts a stretch at the ends of its marks.
fn pieces<'a>(
    text: &'a str,
    range: Range<usize>,
    words: &[Range<usize>],
    worst: Option<&Range<usize>>,
) -> Vec<Piece<'a>> {
    let mut cuts: Vec<usize> = words.iter().chain(worst).flat_map(|mark| [mark.start, mark.end]).collect();
    cuts.retain(|cut| range.start < *cut && *cut < range.end && text.is_char_boundary(*cut));
    cuts.push(range.end);
    cuts.sort_unstable();
    cuts.dedup();
    let mut from = range.start;
    let mut pieces = Vec::with_capacity(cuts.len());
    for to in cuts {
        let covers = |mark: &Range<usize>| mark.start <= from && to <= mark.end;
        let is_marked = words.iter().any(covers);
        pieces.push(Piece { text: &text[from..to], is_marked, is_worst: worst.is_some_and(covers) });
        from = to;
    }
    pieces
}

/// Returns a name in one line and of bearable length, for a cell or a heading.
pub(crate) fn name(name: &str) -> String {
    let line: String =
        name.chars().map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Returns an address that a link may lead to; `None` for any other than HTTP.
pub(crate) fn link(link: Option<&String>) -> Option<&str> {
    link.map(String::as_str).filter(|link| link.starts_with("https://") || link.starts_with("http://"))
}

#[cfg(test)]
mod tests {
    use comity_core::record::Part;

    use super::*;
    use crate::web::tests::comment;

    #[test]
    fn quotes_and_marks_are_told_apart() {
        let mut comment = comment("> you fool\nNo, you fool. Go away.");
        comment.quotes.push(0..10);
        let part = |start, end, score| Part { start, end, score };
        let explained = Explained {
            sentences: vec![part(11, 24, 0.9), part(25, 33, 0.4)],
            words: vec![part(19, 23, 0.8)],
            ..Explained::default()
        };
        let found = text(&comment, Some(&explained), LONG);
        assert_eq!(found.stretches.len(), 2);
        assert!(found.stretches[0].quoted && found.stretches[0].pieces.iter().all(|piece| !piece.is_marked));
        let own: Vec<_> = found.stretches[1]
            .pieces
            .iter()
            .map(|piece| (piece.text, piece.is_marked, piece.is_worst))
            .collect();
        assert_eq!(
            own,
            [
                ("\n", false, false),
                ("No, you ", false, true),
                ("fool", true, true),
                (".", false, true),
                (" Go away.", false, false)
            ]
        );
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let comment = comment(&"é".repeat(1_000));
        let found = text(&comment, None, 101);
        assert_eq!((found.stretches[0].pieces[0].text.len(), found.cut), (100, 950));
    }

    #[test]
    fn marks_that_do_not_fit_the_text_do_no_harm() {
        let mut comment = comment("é");
        comment.quotes = vec![0..1, 1..900];
        let parts = vec![Part { start: 1, end: 700, score: 1.0 }];
        let explained = Explained { words: parts.clone(), sentences: parts, ..Explained::default() };
        assert!(!text(&comment, Some(&explained), LONG).is_gone);
        comment.text = None;
        assert!(text(&comment, Some(&explained), LONG).is_gone);
    }

    #[test]
    fn names_stay_in_their_line() {
        assert_eq!(name("a\nb\u{0}c"), "a b c");
        assert_eq!(name(&"x".repeat(500)).chars().count(), 101);
        assert_eq!(link(Some(&"javascript:alert(1)".to_owned())), None);
    }
}
