//! Scores of an earlier run, taken over for texts that the model would only read again.

use std::path::Path;

use super::ledger::{LedgerError, Reader};
use super::{Outcome, Scores, digest};
use crate::comment::Comment;
use crate::normalize::normalize;

/// The scored rows of an earlier run's scores file, found by the text that the model read.
///
/// The file stays on disk; 16 bytes a scored comment are in memory.
pub struct Earlier {
    reader: Reader,
    /// The beginning of the digest of each text, and where its row begins; sorted.
    rows: Vec<(u64, u64)>,
}

impl Earlier {
    /// Reads a scores file once. Of the file of a run that was interrupted (`may_be_torn`), the rows up to the first that is
    /// not whole are taken.
    ///
    /// # Errors
    /// [`LedgerError`] if the file cannot be read.
    pub fn open(path: &Path, may_be_torn: bool) -> Result<Self, LedgerError> {
        let mut reader = Reader::open(path)?;
        let mut rows = Vec::new();
        while let Some(row) = reader.next() {
            match row {
                Ok(row) if matches!(row.outcome, Outcome::Scored(_)) => {
                    rows.push((key(&model_text(&row.comment)), reader.offset()));
                }
                Ok(_) => {}
                Err(LedgerError::Row { .. }) if may_be_torn => break,
                Err(error) => return Err(error),
            }
        }
        rows.sort_unstable();
        Ok(Self { reader, rows })
    }

    /// The scores that the earlier run has of a normalised text.
    ///
    /// # Errors
    /// [`LedgerError`] if the file cannot be read any more.
    pub fn scores(&mut self, text: &str) -> Result<Option<Scores>, LedgerError> {
        let key = key(text);
        let first = self.rows.partition_point(|(known, _)| *known < key);
        for place in first..self.rows.len() {
            let (known, offset) = self.rows[place];
            if known != key {
                break;
            }
            let row = self.reader.row_at(offset)?;
            if let (Some(scores), true) = (row.outcome.scores(), model_text(&row.comment) == text) {
                return Ok(Some(*scores));
            }
        }
        Ok(None)
    }
}

/// The text that a comment is scored by.
fn model_text(comment: &Comment) -> String {
    normalize(&comment.own_words()).text.into_owned()
}

/// The first bytes of a text's digest: enough to find it, and then the text itself is compared.
fn key(text: &str) -> u64 {
    let digest = digest(text);
    u64::from_le_bytes(std::array::from_fn(|byte| digest[byte]))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::*;
    use crate::comment::Origin;
    use crate::label::Label;
    use crate::score::ledger::{FILE_NAME, Writer};
    use crate::score::{Scored, Unscored};

    #[test]
    fn scores_are_found_by_what_the_model_reads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let mut writer = Writer::new(File::create(&path).unwrap(), &path).unwrap();
        let texts = ["Good  luck", "> said he\nNever.", "lost", "again", "again"];
        for (number, text) in texts.iter().enumerate() {
            let origin = Origin { file: "x".into(), record: 1, line: 1 };
            let mut comment = Comment::new("1", "t", *text, origin);
            if text.starts_with('>') {
                comment.quotes.push(0..10);
            }
            let outcome = match *text {
                "lost" => Outcome::Unscored(Unscored::Language),
                _ => Outcome::Scored(Scores::new([number as f64 / 10.0; Label::COUNT])),
            };
            writer.write(&Scored { comment, language: None, evasion: false, outcome }).unwrap();
        }
        writer.finish().unwrap();
        let found = |earlier: &mut Earlier, text: &str| {
            earlier.scores(text).unwrap().and_then(|scores| scores.get(Label::Toxicity))
        };
        let mut earlier = Earlier::open(&path, false).unwrap();
        for (text, toxicity) in [
            ("Good luck", Some(0.0)),
            ("Never.", Some(0.1)),
            ("lost", None),
            ("again", Some(0.3)),
            ("good luck", None),
            ("", None),
        ] {
            assert_eq!(found(&mut earlier, text), toxicity, "{text}");
        }

        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 30]).unwrap();
        assert!(Earlier::open(&path, false).is_err());
        let mut torn = Earlier::open(&path, true).unwrap();
        assert_eq!(torn.rows.len(), 3);
        assert_eq!(found(&mut torn, "again"), Some(0.3));
    }
}
