//! Cuts JSON values from a stream without parsing them.

use super::source::{MAX_RECORD_BYTES, Source, Span};

/// Returns true for space and commas.
pub(crate) fn is_between_elements(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == b','
}

/// Finds the end of a JSON value, a stretch of bytes at a time, only by its brackets and strings.
/// Depth is a number, so that no depth can exhaust the stack.
#[derive(Default)]
pub(crate) struct Element {
    has_begun: bool,
    depth: u64,
    in_string: bool,
    is_escaped: bool,
}

impl Element {
    /// Returns the number of bytes that still belong to the value; `None` if all do and it
    /// continues.
    pub(crate) fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            let index = at;
            at += 1;
            let is_first = !self.has_begun;
            self.has_begun = true;
            if self.in_string {
                if self.is_escaped {
                    self.is_escaped = false;
                } else if *byte == b'\\' {
                    self.is_escaped = true;
                } else if *byte == b'"' {
                    self.in_string = false;
                    if self.depth == 0 {
                        return Some(index + 1);
                    }
                } else {
                    // Most bytes of an export are in strings.
                    let rest = &bytes[at..];
                    at += memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(index + 1);
                    }
                }
                // A number or a word ends before the byte after it; a stray bracket is a value of
                // its own, for a reject.
                b'}' | b']' if !is_first => return Some(index),
                b'}' | b']' => return Some(index + 1),
                _ if self.depth == 0 && is_between_elements(*byte) => return Some(index),
                _ => {}
            }
        }
        None
    }
}

/// Returns the next byte that is neither space nor a comma, still to be consumed.
pub(crate) fn skip_space(source: &mut Source) -> Option<u8> {
    loop {
        let bytes = source.fill();
        let skip = bytes.iter().take_while(|byte| is_between_elements(**byte)).count();
        let byte = bytes.get(skip).copied();
        let is_end = bytes.is_empty();
        source.consume(skip);
        if byte.is_some() || is_end {
            return byte;
        }
    }
}

/// Cuts the value at the current position from the stream, into `raw` (cleared first; only the
/// first 16 MiB of a very long one).
pub(crate) fn cut_value(source: &mut Source, raw: &mut Vec<u8>) -> Span {
    raw.clear();
    let mut element = Element::default();
    cut_through(source, raw, |bytes| element.end(bytes))
}

/// Cuts a stretch from the stream that ends where `end` reports its end, at the latest with the
/// stream; `raw` is as for [`cut_value`].
pub(crate) fn cut_through(
    source: &mut Source,
    raw: &mut Vec<u8>,
    mut end: impl FnMut(&[u8]) -> Option<usize>,
) -> Span {
    let (start, line) = (source.position(), source.line());
    let mut is_complete = false;
    while !is_complete {
        let bytes = source.fill();
        if bytes.is_empty() {
            break;
        }
        let end = end(bytes);
        let taken = end.unwrap_or(bytes.len());
        is_complete = end.is_some();
        raw.extend_from_slice(&bytes[..taken]);
        raw.truncate(MAX_RECORD_BYTES);
        source.consume(taken);
    }
    Span { start, end: source.position(), line, is_complete }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_where_it_ends_however_it_is_cut() {
        for (value, rest) in [
            (r#"{"a":[1,{"b":2}]}"#, ",{}"),
            (r#"{"a":"}\"]{"}"#, "]"),
            (r#"{"a":"\\"}"#, "}"),
            (r#""a,b""#, ",1"),
            ("17", ",18"),
            ("null", "]"),
            ("}", "{}"),
            ("[[]]", "]"),
        ] {
            let whole = format!("{value}{rest}");
            for cut in 1..value.len() {
                let mut element = Element::default();
                let first = element.end(&whole.as_bytes()[..cut]);
                let end = first.or_else(|| element.end(&whole.as_bytes()[cut..]).map(|end| end + cut));
                assert_eq!(end, Some(value.len()), "{whole} cut at {cut}");
            }
            assert_eq!(Element::default().end(whole.as_bytes()), Some(value.len()), "{whole}");
        }
    }
}
