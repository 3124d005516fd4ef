//! A generated export: threads that run side by side, authors as unequal as those of real sites,
//! and faults.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Comments of an author on average: every tenth comment has a new one.
const AN_AUTHOR: u64 = 10;

/// Comments of a thread on average, and threads that are open at a time.
const A_THREAD: u64 = 100;
const OPEN_THREADS: u64 = 40;

const ENGLISH: &str = "the of and to in is you that it he was for on are as with his they I at be this have from or one had by \
    word but not what all were we when your can said there use an each which she do how their if will up other about out many \
    then them these so some her would make like him into time has look two more write go see number no way could people my than \
    first water been call who oil its now find long down day did get come made may part harbour ferry council school street \
    parking tax vote never always really wrong right agree nobody everybody money idiots liar nonsense thanks great terrible";

const GERMAN: &str = "Das ist doch wirklich nicht euer Ernst, oder habe ich das alles falsch verstanden? Die Stadt hat kein Geld.";

/// SplitMix64 (Steele, Lea and Flood 2014, OOPSLA): the same numbers on every machine.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `bound - 1`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// Returns true with this probability, in thousandths.
    fn per_mille(&mut self, share: u64) -> bool {
        self.below(1000) < share
    }
}

/// Writes this many comments, one JSON object a line.
pub(crate) fn write(comments: u64, path: &Path) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    let mut random = Random(1);
    let words: Vec<&str> = ENGLISH.split_whitespace().collect();
    // The latest comment of every open thread and its text.
    let mut latest: Vec<(u64, String)> = vec![(0, String::new()); OPEN_THREADS as usize];
    for number in 1..=comments {
        if random.per_mille(1) {
            writeln!(out, "{{\"id\": \"c{number}\", \"text\": ")?; // cut short
            continue;
        }
        let newest = number / A_THREAD;
        let thread = newest.saturating_sub(random.below(OPEN_THREADS));
        let authors = number / AN_AUTHOR + 1;
        // The rank of an author is Zipf's: as likely as its reciprocal.
        let unit = random.below(1 << 40) as f64 / (1_u64 << 40) as f64;
        let author = if number % AN_AUTHOR == 0 { authors } else { (authors as f64).powf(unit) as u64 };
        let slot = &mut latest[(thread % OPEN_THREADS) as usize];
        let mut text = String::new();
        match random.below(1000) {
            0..20 => text.push_str("So true."),
            20..50 => text.push_str(GERMAN),
            kind => {
                if kind < 60 && slot.0 > 0 {
                    text = format!("> {}\n", slot.1);
                }
                for _ in 0..5 + random.below(40) {
                    text.push_str(words[random.below(words.len() as u64) as usize]);
                    text.push_str(if random.per_mille(90) { ". " } else { " " });
                }
            }
        }
        let parent =
            if slot.0 > 0 && random.per_mille(600) { format!("\"c{}\"", slot.0) } else { "null".to_owned() };
        let time = 1_700_000_000 + number;
        writeln!(
            out,
            "{{\"id\": \"c{number}\", \"thread\": \"thread {thread}\", \"parent\": {parent}, \"author\": \"author {author}\", \
             \"created_at\": {time}, \"text\": {}}}",
            serde_json::Value::from(text.as_str())
        )?;
        *slot = (number, text.lines().last().unwrap_or_default().to_owned());
    }
    out.flush()
}
