//! A comment's text in stretches: own words and quotes, and the words that carry the score.

use std::ops::Range;

use crate::report::queue::Neighbour;

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

/// A comment's text, or the beginning that is kept of it, as own and quoted stretches, with the marked words of its own. A
/// quote bears the name of the neighbour whose words it is.
pub(in crate::report::queue) fn segments<'a>(
    text: &'a str,
    quotes: &[Range<usize>],
    neighbours: &[&'a Neighbour],
    marks: &[Range<usize>],
) -> Vec<Segment<'a>> {
    let mut segments = Vec::new();
    let mut push = |range: Range<usize>, quoted| {
        let range = range.start.min(text.len())..range.end.min(text.len());
        let stretch = text.get(range.clone()).unwrap_or_default();
        let start = range.start + (stretch.len() - stretch.trim_start().len());
        if !stretch.trim().is_empty() {
            let pieces = pieces(text, start..start + stretch.trim().len(), marks);
            let by = if quoted { quoted_author(stretch, neighbours) } else { None };
            segments.push(Segment { quoted, by, pieces });
        }
    };
    let mut end = 0;
    for quote in quotes {
        push(end..quote.start, false);
        push(quote.clone(), true);
        end = quote.end;
    }
    push(end..text.len(), false);
    segments
}

/// The author of the neighbour whose text holds the words of a quote, marks of quotation aside.
fn quoted_author<'a>(quote: &str, neighbours: &[&'a Neighbour]) -> Option<&'a str> {
    let words = |text: &str| {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_lowercase).fold(" ".to_owned(), |line, word| line + &word + " ")
    };
    let quote = words(quote);
    let holds = |neighbour: &&&Neighbour| quote.trim().len() > 3 && words(&neighbour.text).contains(&quote);
    neighbours.iter().find(holds)?.author.as_deref()
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
        let neighbour = |author: &str, text: &str| Neighbour {
            id: String::new(),
            author: Some(author.to_owned()),
            text: text.to_owned(),
        };
        let (ana, ben) = (neighbour("Ana", "unsaid she"), neighbour("Ben", "So SAID, she!"));
        let parts = segments(text, &[Range { start: 0, end: 11 }], &[&ana, &ben], &[2..6, 12..14]);
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
        let parts = segments("éé", &[2..6, 8..9], &[], &[]);
        let found: Vec<_> = parts.iter().map(|part| (part.quoted, part.pieces[0].text)).collect();
        assert_eq!(found, [(false, "é"), (true, "é")]);
    }
}
