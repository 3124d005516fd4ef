//! A short way to the ids of plain words, which are most of any text: BERT's cleaning and splitting
//! leave them as they are, and the vocabulary has most of them whole.

use tokenizers::models::ModelWrapper;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::tokenizer::Model;

/// The settings of a tokenizer like BERT's, besides its vocabulary.
pub(super) struct Words {
    /// True if capitals are read as small letters.
    lowercase: bool,
    /// Marks that a token begins with which is matched before the text is split, such as `[MASK]`.
    token_marks: Vec<char>,
}

impl Words {
    /// Returns `None` if a token that is matched before the text is split, one of `added`, could be
    /// part of a word or of several.
    pub(super) fn new(normalizer: &BertNormalizer, added: &[String]) -> Option<Self> {
        let token_marks: Vec<char> = added.iter().filter_map(|token| token.chars().next()).collect();
        let stand_out = token_marks.iter().all(char::is_ascii_punctuation)
            && !added.iter().any(|token| token.contains(char::is_whitespace));
        stand_out.then_some(Self { lowercase: normalizer.lowercase, token_marks })
    }

    /// Returns true if the text between two spaces is made of ASCII letters, digits and marks
    /// alone, and of no token that is matched before.
    pub(super) fn are_plain(&self, text: &str) -> bool {
        text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains(&self.token_marks[..])
    }

    /// Adds the ids of such a part of a text: of each word between marks, and of each mark.
    ///
    /// # Errors
    /// As the model's own.
    pub(super) fn encode(
        &self,
        model: &ModelWrapper,
        text: &str,
        ids: &mut Vec<u32>,
    ) -> tokenizers::Result<()> {
        let lower;
        let text = match self.lowercase && text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => {
                lower = text.to_ascii_lowercase();
                &lower
            }
            false => text,
        };
        for part in text.split_inclusive(|c: char| c.is_ascii_punctuation()) {
            let (word, mark) = part.split_at(part.trim_end_matches(|c: char| c.is_ascii_punctuation()).len());
            for word in [word, mark].into_iter().filter(|word| !word.is_empty()) {
                // The model looks for the longest piece first, so that a word of its vocabulary is
                // one piece.
                match model.token_to_id(word) {
                    Some(id) => ids.push(id),
                    None => ids.extend(model.tokenize(word)?.into_iter().map(|token| token.id)),
                }
            }
        }
        Ok(())
    }
}
