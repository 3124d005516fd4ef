//! Hashes and checksums. The algorithms are specified, so that bytes which depend on them outlast
//! Rust releases and machines.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Returns the 64-bit XXH3 hash of a text: for tables and joins, where a collision costs little.
/// Texts that collide can be made on purpose; use [`sha256`] where that matters.
pub fn hash(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}

/// Returns the hash of two texts in this order. The boundary between them counts.
pub fn hash_pair(first: &str, second: &str) -> u64 {
    xxh3_64_with_seed(second.as_bytes(), hash(first))
}

/// Returns the SHA-256 of bytes, in lower-case hexadecimal.
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(bytes))
}

/// Returns bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes any text");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that the reference implementation gives (xxHash 0.8.4, `XXH3_64bits` and
    /// `XXH3_64bits_withSeed`).
    #[test]
    fn hashes_are_those_of_the_specification() {
        assert_eq!(hash(""), 0x2d06_8005_38d3_94c2);
        assert_eq!(hash("a"), 0xe6c6_32b6_1e96_4e1f);
        assert_eq!(hash(&"The ferry was late again today.".repeat(20)), 0xa79d_388d_1547_dc72);
        assert_eq!(hash_pair("ab", "c"), 0x164c_43d7_c802_70a0);
        assert_eq!(hash_pair("thread", "comment-1"), 0xf1a9_76d9_f6d4_8a71);
        assert_ne!(hash_pair("ab", "c"), hash_pair("a", "bc"));
    }

    #[test]
    fn digests_are_lower_case_hexadecimal() {
        assert_eq!(hex(&[0, 0xab, 9]), "00ab09");
        assert_eq!(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
