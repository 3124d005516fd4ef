//! Scores of an earlier run, reused for texts that the model would read in the same way.

use std::path::Path;

use rayon::prelude::*;

use super::ledger::{LedgerError, Reader};
use super::{CHUNK_COMMENTS, Outcome, Scorer, Scores, TextKey};
use comity_core::comment::Comment;

/// The scored rows of an earlier run's scores file, by what the model reads of each.
///
/// The file stays on disk. In memory are 24 bytes for each different text.
pub struct Earlier {
    reader: Reader,
    /// The key of each text and the offset of the first row that has it; sorted.
    rows: Vec<(TextKey, u64)>,
}

impl Earlier {
    /// Reads a scores file once, and every text in it as `scorer` does. If the run was interrupted
    /// (`may_be_torn`), reading ends at the first row that is not whole.
    ///
    /// # Errors
    /// [`LedgerError`] if the file cannot be read.
    pub fn open(path: &Path, may_be_torn: bool, scorer: &Scorer) -> Result<Self, LedgerError> {
        let mut reader = Reader::open(path)?;
        let mut rows: Vec<(TextKey, u64)> = Vec::new();
        let mut chunk: Vec<(Comment, u64)> = Vec::new();
        let key = |comment: &Comment| scorer.read(&comment.own_words()).key();
        let mut index = |chunk: &mut Vec<(Comment, u64)>| {
            rows.par_extend(chunk.par_drain(..).map(|(comment, offset)| (key(&comment), offset)));
        };
        while let Some(row) = reader.next() {
            match row {
                Ok(row) if matches!(row.outcome, Outcome::Scored(_)) => {
                    chunk.push((row.comment, reader.offset()));
                }
                Ok(_) => {}
                Err(LedgerError::Row { .. }) if may_be_torn => break,
                Err(error) => return Err(error),
            }
            if chunk.len() == CHUNK_COMMENTS {
                index(&mut chunk);
            }
        }
        index(&mut chunk);
        rows.par_sort_unstable();
        rows.dedup_by_key(|(key, _)| *key);
        Ok(Self { reader, rows })
    }

    /// Returns the scores that the earlier run has for the text of a key.
    ///
    /// # Errors
    /// [`LedgerError`] if the file can no longer be read.
    pub(super) fn scores(&mut self, key: TextKey) -> Result<Option<Scores>, LedgerError> {
        let Ok(index) = self.rows.binary_search_by_key(&key, |(known, _)| *known) else { return Ok(None) };
        let row = self.reader.row_at(self.rows[index].1)?;
        Ok(row.outcome.scores().copied())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::*;
    use crate::score::tests::DISGUISED;
    use comity_core::comment::Origin;
    use comity_core::label::Label;
    use comity_core::record::ledger::{FILE_NAME, Writer};
    use comity_core::record::{Scored, Unscored};

    /// Writes a scores file with a row for each text, whose scores are all 0.1 times its index.
    fn write(path: &Path, texts: &[&str]) {
        let mut writer = Writer::new(File::create(path).unwrap(), path).unwrap();
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
    }

    #[test]
    fn scores_are_found_by_everything_that_the_model_reads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let scorer = Scorer::builder().build().unwrap();
        let [disguised, spelt_out] = DISGUISED[0];
        write(&path, &["Good  luck", "> said he\nNever.", "lost", "again", "again", disguised]);
        let toxicity = |earlier: &mut Earlier, text: &str| {
            let scores = earlier.scores(scorer.read(text).key()).unwrap();
            scores.and_then(|scores| scores.get(Label::Toxicity))
        };
        let mut earlier = Earlier::open(&path, false, &scorer).unwrap();
        for (text, found) in [
            ("Good luck", Some(0.0)),
            ("Never.", Some(0.1)),
            ("lost", None),
            ("again", Some(0.3)),
            ("good luck", None),
            ("", None),
            (disguised, Some(0.5)),
            (spelt_out, None),
        ] {
            assert_eq!(toxicity(&mut earlier, text), found, "{text}");
        }

        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 30]).unwrap();
        assert!(Earlier::open(&path, false, &scorer).is_err());
        let mut torn = Earlier::open(&path, true, &scorer).unwrap();
        assert_eq!(torn.rows.len(), 3);
        assert_eq!(toxicity(&mut torn, "again"), Some(0.3));
        assert_eq!(toxicity(&mut torn, disguised), None);
    }
}
