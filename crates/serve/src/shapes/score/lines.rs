//! Lines of JSON that arrive in pieces of any size.

use bytes::BytesMut;
use comity_read::MAX_LINE_BYTES;

use super::records::{Item, Reader};
use crate::refusal::Refusal;

/// The most lines that are scored together.
const MOST_LINES: usize = 256;
/// The bytes of lines after which no more are scored together.
const MOST_BYTES: usize = 1 << 18;

/// Cuts a stream into lines, and reads each as a record. At most one line is in memory besides what
/// was pushed last, and of a line that is too long only a part.
pub(super) struct LineSource {
    reader: Reader,
    buffer: BytesMut,
    /// The bytes of the buffer that are known to contain no line break.
    searched: usize,
    /// The bytes of the current line that were dropped because it is too long.
    dropped: u64,
}

impl LineSource {
    /// Creates a source that nothing was pushed to.
    pub(super) fn new(reader: Reader) -> Self {
        Self { reader, buffer: BytesMut::new(), searched: 0, dropped: 0 }
    }

    /// Adds bytes of the stream.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Returns the number of bytes that wait.
    pub(super) fn waiting(&self) -> usize {
        self.buffer.len()
    }

    /// Returns the records of the lines that wait, at most so many as are scored together; `None`
    /// if no line is complete. The last line is complete if the stream `is_over`.
    pub(super) fn next(&mut self, is_over: bool) -> Result<Option<Vec<Item>>, Refusal> {
        let (mut items, mut bytes) = (Vec::new(), 0);
        while items.len() < MOST_LINES && bytes < MOST_BYTES {
            let found = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n');
            let line = match found {
                Some(at) => self.buffer.split_to(self.searched + at + 1),
                None if is_over && (self.dropped > 0 || !self.buffer.is_empty()) => self.buffer.split(),
                None => {
                    if self.buffer.len() as u64 > MAX_LINE_BYTES {
                        self.dropped += self.buffer.len() as u64;
                        self.buffer.clear();
                    }
                    self.searched = self.buffer.len();
                    break;
                }
            };
            self.searched = 0;
            let length = std::mem::take(&mut self.dropped) + line.len() as u64;
            bytes += line.len();
            items.extend(self.reader.json(&line, length)?);
        }
        Ok((!items.is_empty()).then_some(items))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::records::Read;
    use super::*;

    fn source() -> LineSource {
        LineSource::new(Reader::new(|language| language == "en").unwrap())
    }

    /// Pushes pieces, and returns number and text or cause of each record.
    fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<(u64, String)> {
        let mut source = source();
        let mut found = Vec::new();
        let mut drain = |source: &mut LineSource, is_over| {
            while let Some(items) = source.next(is_over).unwrap() {
                assert!(items.len() <= MOST_LINES);
                found.extend(items.into_iter().map(|item| match item.read {
                    Read::Comment(comment, _) => (item.number, comment.text),
                    Read::Reject(cause) => (item.number, format!("! {cause}")),
                }));
            }
        };
        for piece in pieces {
            source.push(piece);
            drain(&mut source, false);
        }
        drain(&mut source, true);
        found
    }

    #[test]
    fn every_line_is_a_record_with_its_number() {
        let lines = "\u{feff}{\"text\": \"a\"}\n\r\n{\"words\": 1}\n{\"text\": \"b\", \"language\": \"xx\"}\n{\"text\": \"c\", \"language\": 7}\n{\"text\": \"d\", \"language\": \"en\"}";
        let found = read([lines.as_bytes()]);
        assert_eq!(found[0], (1, "a".to_owned()));
        assert_eq!(found[1], (3, "! no key `text`".to_owned()));
        assert!(found[2].0 == 4 && found[2].1.contains("`xx`"), "{found:?}");
        assert!(found[3].0 == 5 && found[3].1.contains("`language`"), "{found:?}");
        assert_eq!(found[4..], [(6, "d".to_owned())]);
    }

    #[test]
    fn a_line_that_is_too_long_costs_itself_alone() {
        let long = format!("{{\"text\": \"{}\"}}\n{{\"text\": \"b\"}}\n", "x".repeat(3 << 20));
        for size in [10_000, 1 << 20, 8 << 20] {
            let mut source = source();
            let mut most = 0;
            for piece in long.as_bytes().chunks(size) {
                source.push(piece);
                most = most.max(source.waiting());
                while source.next(false).unwrap().is_some() {}
            }
            assert!(most <= (1 << 20) + size, "{most} bytes wait");
            let found = read(long.as_bytes().chunks(size));
            assert_eq!(found.len(), 2);
            let bytes = (3 << 20) + 13;
            assert!(found[0].0 == 1 && found[0].1.contains(&bytes.to_string()), "{found:?}");
            assert_eq!(found[1], (2, "b".to_owned()));
        }
    }

    proptest! {
        #[test]
        fn the_pieces_do_not_matter(
            lines in prop::collection::vec("\\{\"text\":\"[a-z]{0,5}\"\\}|[a-z]{0,3}| *", 0..40),
            size in 1..50_usize,
            ends in any::<bool>(),
        ) {
            let mut text = lines.join("\n");
            text.push_str(if ends { "\n" } else { "" });
            let expected: Vec<u64> =
                (1..).zip(&lines).filter(|(_, line)| !line.trim().is_empty()).map(|(number, _)| number).collect();
            let found = read(text.as_bytes().chunks(size));
            prop_assert_eq!(found.iter().map(|(number, _)| *number).collect::<Vec<_>>(), expected);
            prop_assert_eq!(found, read([text.as_bytes()]));
        }
    }
}
