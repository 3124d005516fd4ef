//! The spans of a text that are scored on their own.

use std::ops::Range;

/// The largest number of spans of a text. The last one has the rest of a text with more sentences.
const MOST_SPANS: usize = 256;

/// Returns the byte ranges of the sentences of a text, without the white space around them:
/// ascending, not overlapping, at most [`MOST_SPANS`].
pub(super) fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut spans = comity_infer::explain::sentences(text);
    if let Some(end) = spans.last().map(|last| last.end)
        && spans.len() > MOST_SPANS
    {
        spans.truncate(MOST_SPANS);
        spans[MOST_SPANS - 1].end = end;
    }
    spans
}

/// Returns ascending byte ranges of a text in UTF-16 code units.
pub(super) fn utf16(text: &str, ranges: &[Range<usize>]) -> Vec<Range<usize>> {
    let (mut bytes, mut units) = (0, 0);
    let mut unit = |byte: usize| {
        units += text[bytes..byte].encode_utf16().count();
        bytes = byte;
        units
    };
    ranges.iter().map(|range| unit(range.start)..unit(range.end)).collect()
}
