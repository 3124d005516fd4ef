//! Reading without scoring: what was understood of an export.

use std::collections::HashSet;
use std::path::PathBuf;

use super::{PipelineError, check_strict, check_temporary_folder, strict_error};
use crate::comment::Comment;
use crate::normalize::normalize;
use crate::read::{FileReport, Options, Reader, Record, Reject};
use crate::thread::{ThreadReport, Threader};

/// Comments that [`read`] shows of each file.
const SAMPLES_A_FILE: usize = 3;

/// What [`read`] understood.
pub struct Understood {
    /// File by file.
    pub files: Vec<FileReport>,
    /// Comments read.
    pub comments: u64,
    /// Different names of authors.
    pub authors: usize,
    /// What was found between comments.
    pub replies: ThreadReport,
    /// The first comments of each file, as a model would see them.
    pub samples: Vec<Sample>,
    /// The records that could not be read: the first hundred.
    pub rejects: Vec<Reject>,
}

/// A comment and its text as the model would see it.
pub struct Sample {
    /// The comment.
    pub comment: Comment,
    /// Its own words, normalised.
    pub normalized: String,
}

/// Reads without scoring.
///
/// # Errors
/// [`PipelineError::Read`] and, if `strict`, [`PipelineError::Strict`].
pub fn read(
    inputs: &[PathBuf],
    options: &Options,
    limit: Option<u64>,
    strict: bool,
) -> Result<Understood, PipelineError> {
    let mut reader = Reader::open(inputs, options)?;
    check_strict(&reader, strict)?;
    check_temporary_folder()?;
    let mut threader = Threader::new();
    let mut samples: Vec<Sample> = Vec::new();
    let mut rejects = Vec::new();
    let mut comments = 0;
    let mut authors: HashSet<String> = HashSet::new();
    while limit.is_none_or(|limit| comments < limit) {
        match reader.next().transpose()? {
            None => break,
            Some(Record::Reject(reject)) if strict => return Err(strict_error(reject)),
            Some(Record::Reject(reject)) if rejects.len() < 100 => rejects.push(reject),
            Some(Record::Reject(_)) => {}
            Some(Record::Comment(mut comment)) => {
                comments += 1;
                threader.link(&mut comment);
                if let Some(author) = comment.author.as_ref().filter(|author| !authors.contains(*author)) {
                    authors.insert(author.clone());
                }
                let of_file =
                    samples.iter().rev().take_while(|s| s.comment.origin.file == comment.origin.file);
                if of_file.count() < SAMPLES_A_FILE {
                    let normalized = normalize(&comment.own_words()).text.into_owned();
                    samples.push(Sample { comment, normalized });
                }
            }
        }
    }
    let (files, replies) = (reader.files().to_vec(), threader.finish().map_err(PipelineError::Links)?);
    Ok(Understood { files, comments, authors: authors.len(), replies, samples, rejects })
}
