//! Text to token ids: the `tokenizers` crate, and windows for a text that a model cannot take at
//! once.
//!
//! The ids are exactly those of Hugging Face's fast tokenizers for the same `tokenizer.json`; a
//! truncation or padding set in that file is not applied. With BERT's tokenizers, plain words go
//! straight to the vocabulary, and past the crate's cleaning and splitting (`words`). A long text
//! is encoded piece by piece, cut only where no token can span the cut: with BERT's tokenizers,
//! time and memory grow in proportion to the text, however long it is; with others that split at
//! spaces, they do for texts that have words with spaces between them.

use std::collections::HashSet;

use tokenizers::models::ModelWrapper;
use tokenizers::normalizers::NormalizerWrapper;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::tokenizer::Tokenizer;

mod words;

use words::Words;

/// A piece ends at the first safe place after this many bytes. The crate needs some 60 bytes of
/// memory a byte of a long word.
const PIECE_BYTES: usize = 1 << 16;

/// A tokenizer, with the tokens that stand around a text.
pub struct Encoder {
    tokenizer: Tokenizer,
    /// Id of the token that begins a sequence, such as `[CLS]`.
    first: u32,
    /// Id of the one that ends it, such as `[SEP]`.
    last: u32,
    cuts: Cuts,
    /// The mark of a token that begins a word; `None` if `##` begins those that do not.
    word_mark: Option<char>,
    /// Characters within the tokens that are matched before splitting, such as `[MASK]`: no cut
    /// stands before one.
    token_chars: HashSet<char>,
    /// Id of the token for what the vocabulary lacks; `None` if it lacks nothing.
    unknown: Option<u32>,
    /// [`PIECE_BYTES`], but for tests.
    piece_bytes: usize,
}

/// Where a text may be cut without changing a token.
enum Cuts {
    /// Cleaning, lower case, splitting at spaces and marks, word pieces: before every separator.
    Bert {
        /// `None` if a token that is matched before splitting could look like one.
        words: Option<Words>,
        /// A word of more characters is one `[UNK]`; `None` if words must not be shortened.
        max_word_chars: Option<usize>,
        /// True if each Chinese character is a word.
        separates_ideographs: bool,
    },
    /// Before a space between ASCII letters or digits.
    Spaces,
    /// Nowhere that is known.
    None,
}

/// A part of a text that a model takes at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// `[CLS]`, the content, `[SEP]`, or what the tokenizer has in their place.
    pub ids: Vec<u32>,
    /// Number of ids between the two; 0 only for a text without any token.
    pub content_tokens: usize,
}

/// A text could not be encoded, or a tokenizer not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The bytes are not a tokenizer of the crate's format.
    #[error("not a tokenizer.json: {0}; use the file that Hugging Face saves with a model")]
    Load(String),
    /// A text does not stand between two tokens.
    #[error(
        "the tokenizer does not put one token before a text and one after it, as [CLS] and [SEP]; use the file that Hugging \
         Face saves beside a BERT, DistilBERT or RoBERTa"
    )]
    Frame,
    /// Windows of this size cannot move along a text.
    #[error(
        "windows of {max_tokens} tokens cannot overlap by {overlap_tokens}: the overlap must be below {max_tokens} - 2"
    )]
    Windows {
        /// The size asked for.
        max_tokens: usize,
        /// The overlap asked for.
        overlap_tokens: usize,
    },
    /// The crate refused a text.
    #[error("could not encode a text of {bytes} bytes: {cause}")]
    Text {
        /// The length of the text.
        bytes: usize,
        /// The crate's words.
        cause: String,
    },
}

impl Encoder {
    /// Loads a `tokenizer.json`.
    ///
    /// # Errors
    /// Not such a file, or one that does not put a text between two tokens.
    pub fn from_bytes(tokenizer_json: &[u8]) -> Result<Self, EncodeError> {
        let load = |error: tokenizers::Error| EncodeError::Load(error.to_string());
        let mut tokenizer = Tokenizer::from_bytes(tokenizer_json).map_err(load)?;
        tokenizer.with_truncation(None).map_err(load)?;
        tokenizer.with_padding(None);
        let ids = |special| Ok(tokenizer.encode_fast("a", special).map_err(load)?.get_ids().to_vec());
        let (framed, bare): (Vec<u32>, Vec<u32>) = (ids(true)?, ids(false)?);
        let (first, last) = match *framed {
            [first, ref content @ .., last] if *content == bare => (first, last),
            _ => return Err(EncodeError::Frame),
        };
        let added: Vec<String> =
            tokenizer.get_added_tokens_decoder().into_values().map(|token| token.content).collect();
        let token_chars = added.iter().flat_map(|token| token.chars().skip(1)).collect();
        let pre_tokenizer = tokenizer.get_pre_tokenizer();
        let cuts = match (tokenizer.get_model(), tokenizer.get_normalizer(), pre_tokenizer) {
            (
                ModelWrapper::WordPiece(model),
                Some(NormalizerWrapper::BertNormalizer(normalizer)),
                Some(PreTokenizerWrapper::BertPreTokenizer(_)),
            ) => {
                // Such a token could stand inside a long word, and shortening the word would lose
                // it.
                let ends_a_word = |token: &String| token.ends_with(|c: char| c.is_ascii_alphanumeric());
                let may_shorten = !added.iter().any(ends_a_word);
                Cuts::Bert {
                    words: Words::new(normalizer, &added),
                    max_word_chars: may_shorten.then_some(model.max_input_chars_per_word),
                    separates_ideographs: normalizer.handle_chinese_chars,
                }
            }
            (_, _, Some(pre_tokenizer)) if splits_at_spaces(pre_tokenizer) => Cuts::Spaces,
            _ => Cuts::None,
        };
        let word_mark = pre_tokenizer.and_then(word_mark);
        let piece_bytes = PIECE_BYTES;
        let unknown = ["[UNK]", "<unk>"].into_iter().find_map(|token| tokenizer.token_to_id(token));
        Ok(Self { first, last, cuts, word_mark, token_chars, unknown, piece_bytes, tokenizer })
    }

    /// Number of token ids: every id is below it, unless the vocabulary has gaps.
    pub fn vocab_size(&self) -> usize {
        self.tokenizer.get_vocab_size(true)
    }

    /// Every token with its id, in no order; word pieces that go on within a word begin with `##`,
    /// whatever marks them in the tokenizer's own vocabulary.
    pub(crate) fn vocabulary(&self) -> impl Iterator<Item = (String, u32)> {
        let as_bert = |piece: String| match self.word_mark {
            None => piece,
            Some(mark) => match piece.strip_prefix(mark) {
                Some(word) => word.to_owned(),
                None => format!("##{piece}"),
            },
        };
        self.tokenizer.get_vocab(true).into_iter().map(move |(piece, id)| (as_bert(piece), id))
    }

    /// Returns true if the vocabulary has a token for any part of a text. Without one, the model
    /// has nothing to go by.
    ///
    /// # Errors
    /// Those of [`Encoder::encode`].
    pub(crate) fn knows(&self, text: &str) -> Result<bool, EncodeError> {
        Ok(self.content(text)?.into_iter().any(|id| Some(id) != self.unknown))
    }

    /// Token ids of a text with those before and behind it, uncut.
    ///
    /// # Errors
    /// Only where the crate fails, which no text is known to bring about.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, EncodeError> {
        Ok(self.sequence(&self.content(text)?))
    }

    /// A text as windows of at most `max_tokens` ids, `[CLS]` and `[SEP]` included.
    ///
    /// A text that fits is one window. Otherwise every window but the last is full, neighbours
    /// share exactly `overlap_tokens` ids of content, and the last holds what is left: more than
    /// the overlap, as little as one id more.
    ///
    /// # Errors
    /// An overlap that leaves no room to move, or as [`Encoder::encode`].
    pub fn windows(
        &self,
        text: &str,
        max_tokens: usize,
        overlap_tokens: usize,
    ) -> Result<Vec<Window>, EncodeError> {
        let room = max_tokens.saturating_sub(2);
        if overlap_tokens >= room {
            return Err(EncodeError::Windows { max_tokens, overlap_tokens });
        }
        let content = self.content(text)?;
        let stride = room - overlap_tokens;
        let count = 1 + content.len().saturating_sub(room).div_ceil(stride);
        let starts = (0..count).map(|number| number * stride);
        Ok(starts
            .map(|start| {
                let part = &content[start..content.len().min(start + room)];
                Window { ids: self.sequence(part), content_tokens: part.len() }
            })
            .collect())
    }

    fn sequence(&self, content: &[u32]) -> Vec<u32> {
        let mut ids = Vec::with_capacity(content.len() + 2);
        ids.push(self.first);
        ids.extend_from_slice(content);
        ids.push(self.last);
        ids
    }

    fn content(&self, text: &str) -> Result<Vec<u32>, EncodeError> {
        let mut ids = Vec::new();
        let Cuts::Bert { words: Some(words), .. } = &self.cuts else {
            self.encode_pieces(text, &mut ids)?;
            return Ok(ids);
        };
        // BERT ends a word at each of these; what has other spaces in it is not plain.
        let is_space = |c| matches!(c, ' ' | '\t' | '\n' | '\r');
        let (mut start, mut encoded) = (0, 0);
        for part in text.split_inclusive(is_space) {
            let (word, end) = (part.trim_end_matches(is_space), start + part.len());
            if words.are_plain(word) {
                self.encode_pieces(&text[encoded..start], &mut ids)?;
                let added = words.encode(self.tokenizer.get_model(), word, &mut ids);
                added.map_err(|error| failed(text, &error))?;
                encoded = end;
            }
            start = end;
        }
        self.encode_pieces(&text[encoded..], &mut ids)?;
        Ok(ids)
    }

    /// Adds the ids that the crate gives.
    fn encode_pieces(&self, text: &str, ids: &mut Vec<u32>) -> Result<(), EncodeError> {
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(self.piece_end(rest));
            let shortened = self.shorten_word(piece);
            let encoding = self
                .tokenizer
                .encode_fast(shortened.as_deref().unwrap_or(piece), false)
                .map_err(|error| failed(text, &error))?;
            ids.extend_from_slice(encoding.get_ids());
            rest = after;
        }
        Ok(())
    }

    /// Where the next piece of a text ends: at the first place for a cut after `piece_bytes`, or at
    /// the text's end.
    fn piece_end(&self, text: &str) -> usize {
        let from = text.ceil_char_boundary(self.piece_bytes);
        let found = match self.cuts {
            Cuts::Bert { separates_ideographs, .. } => {
                let ideograph = |c| separates_ideographs && matches!(c, '\u{4e00}'..='\u{9fff}');
                let cut = |c| (is_separator(c) || ideograph(c)) && !self.token_chars.contains(&c);
                text[from..].find(cut).map(|found| from + found)
            }
            Cuts::Spaces if self.token_chars.contains(&' ') => None,
            Cuts::Spaces => text.as_bytes()[from - 1..]
                .windows(3)
                .position(|around| {
                    let [before, space, after] = [around[0], around[1], around[2]];
                    before.is_ascii_alphanumeric() && space == b' ' && after.is_ascii_alphanumeric()
                })
                .map(|found| from + found),
            Cuts::None => None,
        };
        found.unwrap_or(text.len())
    }

    /// A piece far over its length is one long word at its end. If that is plain letters and
    /// digits, more of them than the longest word that is not `[UNK]` change nothing, and are not
    /// worth the crate's memory.
    fn shorten_word(&self, piece: &str) -> Option<String> {
        let Cuts::Bert { max_word_chars: Some(max_word_chars), .. } = self.cuts else { return None };
        let (kept, tail) = piece.split_at(piece.ceil_char_boundary(self.piece_bytes));
        let plain = tail.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (plain && tail.len() > max_word_chars + 1).then(|| format!("{kept}{}", &tail[..=max_word_chars]))
    }
}

fn failed(text: &str, error: &tokenizers::Error) -> EncodeError {
    EncodeError::Text { bytes: text.len(), cause: error.to_string() }
}

/// Returns true if a word ends before every space between letters or digits.
fn splits_at_spaces(pre_tokenizer: &PreTokenizerWrapper) -> bool {
    match pre_tokenizer {
        PreTokenizerWrapper::BertPreTokenizer(_)
        | PreTokenizerWrapper::Whitespace(_)
        | PreTokenizerWrapper::WhitespaceSplit(_) => true,
        PreTokenizerWrapper::ByteLevel(byte_level) => byte_level.use_regex,
        PreTokenizerWrapper::Metaspace(metaspace) => metaspace.get_split(),
        PreTokenizerWrapper::Sequence(sequence) => sequence.as_ref().iter().any(splits_at_spaces),
        _ => false,
    }
}

/// Returns the character for the space before a word, in the tokens of vocabularies that have one.
fn word_mark(pre_tokenizer: &PreTokenizerWrapper) -> Option<char> {
    match pre_tokenizer {
        PreTokenizerWrapper::ByteLevel(_) => Some('\u{120}'),
        PreTokenizerWrapper::Metaspace(metaspace) => Some(metaspace.get_replacement()),
        PreTokenizerWrapper::Sequence(sequence) => sequence.as_ref().iter().find_map(word_mark),
        _ => None,
    }
}

/// Returns true if BERT ends a word before this character in any context: spaces and some
/// marks. The controls that Unicode counts as spaces are not among them, since BERT removes all but
/// these three.
fn is_separator(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => true,
        '。' | '、' | '，' | '！' | '？' => true,
        _ => c.is_ascii_punctuation() || (c.is_whitespace() && !c.is_control()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tiny() -> Encoder {
        Encoder::from_bytes(include_bytes!("../../../tests/models/tiny/tokenizer.json")).unwrap()
    }

    fn tiny_roberta() -> Encoder {
        Encoder::from_bytes(include_bytes!("../../../tests/models/tiny-roberta/tokenizer.json")).unwrap()
    }

    /// The crate's own ids of the whole text.
    fn uncut(encoder: &Encoder, text: &str) -> Vec<u32> {
        encoder.sequence(encoder.tokenizer.encode(text, false).unwrap().get_ids())
    }

    #[test]
    fn windows_overlap_and_leave_nothing_out() {
        let encoder = tiny();
        // Tokens of content, max_tokens, overlap_tokens, content of each window.
        for (tokens, max, overlap, expected) in [
            (0, 6, 2, vec![0]),
            (1, 6, 2, vec![1]),
            (4, 6, 2, vec![4]),
            (5, 6, 2, vec![4, 3]),
            (6, 6, 2, vec![4, 4]),
            (7, 6, 2, vec![4, 4, 3]),
            (9, 6, 0, vec![4, 4, 1]),
            (3, 3, 0, vec![1, 1, 1]),
            (254, 256, 64, vec![254]),
            (255, 256, 64, vec![254, 65]),
        ] {
            let letters = (b'a'..=b'z').cycle().take(tokens);
            let text: String = letters.flat_map(|letter| [char::from(letter), ' ']).collect();
            let windows = encoder.windows(&text, max, overlap).unwrap();
            let sizes: Vec<usize> = windows.iter().map(|window| window.content_tokens).collect();
            assert_eq!(sizes, expected, "{tokens} tokens in windows of {max}");
            let whole = encoder.encode(&text).unwrap();
            let mut joined = vec![whole[0]];
            for (number, window) in windows.iter().enumerate() {
                assert_eq!(window.ids.len(), window.content_tokens + 2);
                assert_eq!((window.ids[0], window.ids.last()), (whole[0], whole.last()));
                let shared = if number == 0 { 0 } else { overlap };
                assert!(joined.ends_with(&window.ids[1..=shared]));
                joined.extend(&window.ids[1 + shared..=window.content_tokens]);
            }
            joined.extend(whole.last());
            assert_eq!(joined, whole);
        }
        for (max, overlap) in [(0, 0), (2, 0), (6, 4), (6, 9)] {
            assert!(matches!(encoder.windows("a", max, overlap), Err(EncodeError::Windows { .. })));
        }
    }

    #[test]
    fn every_separator_ends_a_word() {
        let encoder = tiny();
        let separators = ('\0'..=char::MAX).filter(|c| is_separator(*c) && !encoder.token_chars.contains(c));
        for separator in separators {
            let text = format!("ab{separator}cd");
            let (before, after) = text.split_at(2);
            let parts: Vec<u32> =
                [before, after].iter().flat_map(|part| encoder.content(part).unwrap()).collect();
            assert_eq!(encoder.content(&text).unwrap(), parts, "{separator:?}");
        }
    }

    #[test]
    fn a_word_of_a_megabyte_is_unknown() {
        let encoder = tiny();
        let unknown = encoder.tokenizer.token_to_id("[UNK]").unwrap();
        for letter in ["a", "é", "\u{1f600}"] {
            let ids = encoder.content(&letter.repeat(1 << 20)).unwrap();
            assert_eq!(ids, [unknown], "{letter}");
        }
    }

    #[test]
    fn other_files_are_refused() {
        let json: serde_json::Value =
            serde_json::from_slice(include_bytes!("../../../tests/models/tiny/tokenizer.json")).unwrap();
        for (key, value, words) in [
            ("model", serde_json::json!(7), "not a tokenizer.json"),
            (
                "post_processor",
                serde_json::json!(null),
                "does not put one token before a text and one after it",
            ),
        ] {
            let mut other = json.clone();
            other[key] = value;
            let error = Encoder::from_bytes(other.to_string().as_bytes()).err().unwrap();
            assert!(error.to_string().contains(words), "{error}");
        }
    }

    #[test]
    fn vocabularies_mark_words_alike() {
        for (encoder, whole, inner) in [(tiny(), "the", "##ing"), (tiny_roberta(), "the", "##ing")] {
            let vocabulary: Vec<String> = encoder.vocabulary().map(|(piece, _)| piece).collect();
            assert!([whole, inner].iter().all(|piece| vocabulary.iter().any(|known| known == piece)));
        }
    }

    proptest! {
        #[test]
        fn pieces_change_nothing(
            parts in prop::collection::vec(
                prop_oneof![
                    r"[a-z ]{1,5}",
                    r"(The|you|ARE|is|ing|not|a|x)[ ,.'\t\n]{0,2}",
                    r"[\[\]CLSEPMAK]{1,5}",
                    "[!-~]{1,3}",
                    "[。，é東京\u{301}\u{85}\u{b}\u{2028}\u{200b}\u{ad}👍]{1,3}",
                    Just("[MASK]".to_owned()),
                    Just(" <mask>".to_owned()),
                    r"[a-z ]{1,3}'[st ]{1,2}[0-9 ]{0,4}",
                    Just("x7".repeat(70)),
                    any::<String>(),
                ],
                0..12,
            ),
            piece_bytes in 1..40_usize,
        ) {
            let text = parts.concat();
            for mut encoder in [tiny(), tiny_roberta()] {
                encoder.piece_bytes = piece_bytes;
                let ids = encoder.encode(&text).unwrap();
                prop_assert_eq!(&ids, &uncut(&encoder, &text));
                prop_assert!(ids.iter().all(|&id| (id as usize) < encoder.vocab_size()));
            }
        }
    }
}
