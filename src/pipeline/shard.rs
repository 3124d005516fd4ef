//! One of several parts of an input, each whole threads.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// The `index`th of `of` parts of an input, written `index/of`.
///
/// Which part a thread belongs to depends on its name alone: the first eight bytes of its SHA-256,
/// as a little-endian number, modulo `of`. Records that could not be read belong to the first part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u64,
    of: u64,
}

impl Shard {
    /// Which part it is, from 1.
    pub fn index(self) -> u64 {
        self.index
    }

    /// Returns the number of parts.
    pub fn of(self) -> u64 {
        self.of
    }

    /// Returns true if a thread belongs to it.
    pub fn holds(self, thread: &str) -> bool {
        let digest = Sha256::digest(thread);
        let hash = u64::from_le_bytes(std::array::from_fn(|byte| digest[byte]));
        hash % self.of == self.index - 1
    }

    /// Returns true if the records that could not be read belong to it.
    pub fn holds_rejects(self) -> bool {
        self.index == 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let numbers =
            word.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((index, of)) if 1 <= index && index <= of => Ok(Self { index, of }),
            _ => Err(format!("`{word}` is no part of a whole; write 3/16 for the third of sixteen")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_and_wrong_ones_are_refused() {
        assert_eq!("3/16".parse::<Shard>().unwrap().to_string(), "3/16");
        for word in ["0/4", "5/4", "3", "/", "a/b", "1/0", "-1/2", ""] {
            assert!(word.parse::<Shard>().is_err(), "{word}");
        }
    }

    #[test]
    fn every_thread_has_one_place_that_never_changes() {
        let shards: Vec<Shard> = (1..=16).map(|index| Shard { index, of: 16 }).collect();
        for n in 0..1000 {
            let thread = format!("thread {n}");
            assert_eq!(shards.iter().filter(|shard| shard.holds(&thread)).count(), 1);
        }
        // SHA-256 of "abc" begins with ba7816bf8f01cfea: 0xeacf018fbf1678ba.
        assert!(Shard { index: 0xeacf_018f_bf16_78ba % 16 + 1, of: 16 }.holds("abc"));
        assert_eq!(shards.iter().filter(|shard| shard.holds_rejects()).count(), 1);
    }
}
