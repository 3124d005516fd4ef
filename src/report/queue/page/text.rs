//! A comment's text in stretches: own words and quotes, and the words that carry the score.

use std::ops::Range;

/// A stretch of a comment: own words or a quote.
pub(in crate::report::queue) struct Segment<'a> {
    pub(in crate::report::queue) quoted: bool,
    /// Whose words the quote is, where a neighbour shows it.
    pub(in crate::report::queue) by: Option<&'a str>,
    pub(in crate::report::queue) pieces: Vec<Piece<'a>>,
}

/// A stretch of a segment.
pub(in crate::report::queue) struct Piece<'a> {
    /// The explanation names it as what carries the score.
    pub(in crate::report::queue) marked: bool,
    pub(in crate::report::queue) text: &'a str,
}

/// Returns a comment's text, or the beginning that is kept of it, as own and quoted stretches, with
/// the marked words of its own. `quoted_author` returns the name of the person quoted, from the
/// number of a quote and its words.
pub(in crate::report::queue) fn segments<'a>(
    text: &'a str,
    quotes: &[Range<usize>],
    quoted_author: impl Fn(usize, &str) -> Option<&'a str>,
    marks: &[Range<usize>],
) -> Vec<Segment<'a>> {
    let mut segments = Vec::new();
    let mut push = |range: Range<usize>, quote: Option<usize>| {
        let range = kept(text, &range);
        let stretch = &text[range.clone()];
        let start = range.start + (stretch.len() - stretch.trim_start().len());
        if !stretch.trim().is_empty() {
            let pieces = pieces(text, start..start + stretch.trim().len(), marks);
            let by = quote.and_then(|quote| quoted_author(quote, stretch));
            segments.push(Segment { quoted: quote.is_some(), by, pieces });
        }
    };
    let mut end = 0;
    for (number, quote) in quotes.iter().enumerate() {
        push(end..quote.start, None);
        push(quote.clone(), Some(number));
        end = quote.end;
    }
    push(end..text.len(), None);
    segments
}

/// Returns for each quote of a comment true if another text has its words. Of the comment's text,
/// the beginning is enough that is shown.
pub(in crate::report::queue) fn quotes_of(text: &str, quotes: &[Range<usize>], other: &str) -> Vec<bool> {
    quotes.iter().map(|quote| has_words(other, &text[kept(text, quote)])).collect()
}

/// Returns true if a text has the words of a quote in their order, whatever stands between and
/// around them.
pub(super) fn has_words(text: &str, quote: &str) -> bool {
    let words = |text: &str| {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_lowercase).fold(" ".to_owned(), |line, word| line + &word + " ")
    };
    let quote = words(quote);
    quote.trim().len() > 3 && words(text).contains(&quote)
}

/// Returns the part of a range within the beginning of a text that is kept; an empty one if that
/// does not end on a character boundary.
fn kept(text: &str, range: &Range<usize>) -> Range<usize> {
    let range = range.start.min(text.len())..range.end.min(text.len());
    if text.get(range.clone()).is_some() { range } else { 0..0 }
}

/// A stretch of a text, with the marks that lie within it.
fn pieces<'a>(text: &'a str, stretch: Range<usize>, marks: &[Range<usize>]) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut push = |range: Range<usize>, marked| {
        if let Some(text) = text.get(range).filter(|text| !text.is_empty()) {
            pieces.push(Piece { marked, text });
        }
    };
    let mut end = stretch.start;
    for mark in marks.iter().filter(|mark| stretch.start <= mark.start && mark.end <= stretch.end) {
        push(end..mark.start, false);
        push(mark.clone(), true);
        end = mark.end;
    }
    push(end..stretch.end, false);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_keep_quotes_apart_and_name_who_is_quoted() {
        let text = "> said  she\nNo.\nNever.";
        let neighbours = [("Ana", "unsaid she"), ("Ben", "So SAID, she!")];
        let quoted_author = |number, quote: &str| {
            assert_eq!(number, 0);
            neighbours.iter().find(|(_, text)| has_words(text, quote)).map(|(author, _)| *author)
        };
        let parts = segments(text, &[Range { start: 0, end: 11 }], quoted_author, &[2..6, 12..14]);
        let pieces = |part: &Segment<'_>| -> Vec<(bool, String)> {
            part.pieces.iter().map(|piece| (piece.marked, piece.text.to_owned())).collect()
        };
        let found: Vec<_> = parts.iter().map(|part| (part.by, pieces(part))).collect();
        let quote =
            [(false, "> "), (true, "said"), (false, "  she")].map(|(marked, text)| (marked, text.to_owned()));
        let own = [(true, "No"), (false, ".\nNever.")].map(|(marked, text)| (marked, text.to_owned()));
        assert_eq!(found, [(Some("Ben"), quote.to_vec()), (None, own.to_vec())]);
    }

    #[test]
    fn quotes_may_reach_beyond_what_is_kept() {
        let parts = segments("éé", &[2..6, 8..9], |_, _| None, &[]);
        let found: Vec<_> = parts.iter().map(|part| (part.quoted, part.pieces[0].text)).collect();
        assert_eq!(found, [(false, "é"), (true, "é")]);
    }
}
