//! The words of a comment for finding repeats: its own words as the model reads them, without case,
//! digits, punctuation and signs.

use comity_core::comment::Comment;
use comity_core::digest::hash_pair;
use sha2::{Digest, Sha256};

use crate::normalize::normalize;

/// Words of a comment that [`shingles`] looks at: a text of a book's length must not fill the
/// memory.
const MAX_WORDS: usize = 2_000;

/// The words of a comment, each of letters alone and in lower case.
fn words(comment: &Comment) -> Vec<String> {
    let own = comment.own_words();
    let read = normalize(&own).text;
    let words = read.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    words.map(|word| word.chars().flat_map(char::to_lowercase).collect()).collect()
}

/// Returns a digest that is equal for texts with the same words: a text with another number,
/// address or row of exclamation marks is the same text; one with another word is not. A text
/// without letters is its own words as they stand. Two different texts of one export never share a
/// digest by chance.
pub fn digest(comment: &Comment) -> [u64; 2] {
    let words = words(comment);
    let digest = if words.is_empty() {
        Sha256::digest(comment.own_words().trim())
    } else {
        Sha256::digest(words.join(" "))
    };
    [0, 8].map(|at| u64::from_be_bytes(std::array::from_fn(|byte| digest[at + byte])))
}

/// The pairs of neighbouring words of a comment, each once, as numbers in ascending order: its
/// shingles of two words (Broder 1997, "On the resemblance and containment of documents",
/// Compression and Complexity of Sequences, 21-29). A text of one word has none; of one longer than
/// 2,000 words the first count.
pub fn shingles(comment: &Comment) -> Vec<u64> {
    let mut words = words(comment);
    words.truncate(MAX_WORDS);
    let mut shingles: Vec<u64> = words.windows(2).map(|pair| hash_pair(&pair[0], &pair[1])).collect();
    shingles.sort_unstable();
    shingles.dedup();
    shingles
}

#[cfg(test)]
mod tests {
    use super::*;
    use comity_core::comment::Origin;

    fn comment(text: &str) -> Comment {
        Comment::new("1", "t", text, Origin { file: "x".into(), record: 1, line: 1 })
    }

    #[test]
    fn texts_that_differ_in_signs_and_numbers_alone_are_one() {
        for (a, b, same) in [
            ("You fool!", "you   FOOL", true),
            ("You f\u{200b}ool", "you fool", true),
            ("Call 555 now!!!", "call 777 now", true),
            ("see https://a.example/1", "see https://b.example/2", true),
            ("you fool", "you, no fool", false),
            ("youfool", "you fool", false),
            ("!!!", "???", false),
            ("12", "12 ", true),
            ("Straße", "straße", true),
        ] {
            assert_eq!(digest(&comment(a)) == digest(&comment(b)), same, "{a} / {b}");
        }
        let mut quoting = comment("> no\nyou fool");
        quoting.quotes.push(0..4);
        assert_eq!(digest(&quoting), digest(&comment("you fool")), "own words count alone");
    }

    #[test]
    fn shingles_are_pairs_of_words_each_once() {
        for (text, pairs) in
            [("", 0), ("no", 0), ("No, no!", 1), ("no no no no", 1), ("to be or 2 not to be", 4)]
        {
            assert_eq!(shingles(&comment(text)).len(), pairs, "{text}");
        }
        assert_eq!(shingles(&comment("You fool, go!")), shingles(&comment("you FOOL  go")));
        assert_ne!(shingles(&comment("ab c")), shingles(&comment("a bc")));
        let long: String = (0..10_000).map(|n| format!("{} ", "ab".repeat(n % 3_001 + 1))).collect();
        assert!(shingles(&comment(&long)).len() < MAX_WORDS);
    }
}
