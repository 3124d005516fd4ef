//! Reading without scoring: what was understood of an export.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::chunks::Ahead;
use super::{PipelineError, check_strict, check_temporary_folder, strict_error};
use crate::comment::{Comment, Status};
use crate::language::census;
use crate::normalize::normalize;
use crate::read::{Field, FileReport, Options, Reader, Record, Reject, Skipped};
use crate::thread::{ThreadReport, Threader};

/// The number of comments of each file in [`UnderstoodFile::previews`].
const PREVIEWS: usize = 3;

/// The result of [`read`] for all inputs.
pub struct Understood {
    /// Each file, in the order of reading.
    pub files: Vec<UnderstoodFile>,
    /// Files of folders that hold no comments.
    pub skipped: Vec<Skipped>,
    /// The number of comments read.
    pub comments: u64,
    /// The number of different names of authors.
    pub authors: usize,
    /// The replies and threads of all comments.
    pub replies: ThreadReport,
    /// The records that could not be read: the first hundred.
    pub rejects: Vec<Reject>,
    /// The languages of the first comments, with the number of different texts in each.
    pub languages: Vec<(&'static str, u64)>,
}

/// The result of [`read`] for one file.
pub struct UnderstoodFile {
    /// The reader's report: format, columns, notices, doubts.
    pub report: FileReport,
    /// The number of comments in which each field has a value, in the order of [`Field::ALL`].
    pub filled: [u64; Field::ALL.len()],
    /// The first comments.
    pub previews: Vec<Preview>,
}

/// A comment and its text as the model would see it.
pub struct Preview {
    /// The comment.
    pub comment: Comment,
    /// Its own words, normalized.
    pub normalized: String,
}

/// Returns the value of a comment's field as text; `None` if it has none. An id or a thread that
/// the export does not have is the reader's default, and a status is only a value if it is not
/// [`Status::Live`].
pub fn value_of(comment: &Comment, field: Field) -> Option<Cow<'_, str>> {
    let value = match field {
        Field::Text => Some(Cow::Borrowed(comment.text.as_str())),
        Field::Author => comment.author.as_deref().map(Cow::Borrowed),
        Field::Id => Some(Cow::Borrowed(comment.id.as_str())),
        Field::Parent => comment.parent.as_deref().filter(|_| !comment.parent_inferred).map(Cow::Borrowed),
        Field::Thread => Some(Cow::Borrowed(comment.thread.as_str())),
        Field::ThreadTitle => comment.thread_title.as_deref().map(Cow::Borrowed),
        Field::CreatedAt => comment.created_at.map(|time| Cow::Owned(time.to_string())),
        Field::Link => comment.link.as_deref().map(Cow::Borrowed),
        Field::Section => comment.section.as_deref().map(Cow::Borrowed),
        Field::Votes => comment.votes.map(|votes| Cow::Owned(votes.to_string())),
        Field::Replies => comment.replies.map(|replies| Cow::Owned(replies.to_string())),
        Field::Status => (comment.status != Status::Live).then(|| Cow::Borrowed(comment.status.as_str())),
        _ => None,
    };
    value.filter(|value| !value.trim().is_empty())
}

/// Returns true if a comment has a value in a field.
fn has_value(comment: &Comment, field: Field) -> bool {
    match field {
        Field::CreatedAt => comment.created_at.is_some(),
        Field::Votes => comment.votes.is_some(),
        Field::Replies => comment.replies.is_some(),
        _ => value_of(comment, field).is_some(),
    }
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
    let mut seen: HashMap<Arc<str>, ([u64; Field::ALL.len()], Vec<Preview>)> = HashMap::new();
    let mut rejects = Vec::new();
    let mut comments = 0;
    let mut authors: HashSet<String> = HashSet::new();
    let (mut ahead, mut head) = (Ahead::new(limit), Vec::new());
    while limit.is_none_or(|limit| comments < limit) {
        let Some(record) = reader.next().transpose()? else { break };
        let is_of_head = ahead.has_room();
        if is_of_head {
            ahead.count(&record);
        }
        match record {
            Record::Reject(reject) if strict => return Err(strict_error(reject)),
            Record::Reject(reject) if rejects.len() < 100 => rejects.push(reject),
            Record::Reject(_) => {}
            Record::Comment(mut comment) => {
                comments += 1;
                threader.link(&mut comment);
                if is_of_head && comment.status == Status::Live {
                    head.push(comment.own_words());
                }
                if let Some(author) = comment.author.as_ref().filter(|author| !authors.contains(*author)) {
                    authors.insert(author.clone());
                }
                let (filled, previews) = seen.entry(comment.origin.file.clone()).or_default();
                for (count, field) in filled.iter_mut().zip(Field::ALL) {
                    *count += u64::from(has_value(&comment, field));
                }
                if previews.len() < PREVIEWS {
                    let normalized = normalize(&comment.own_words()).text.into_owned();
                    previews.push(Preview { comment, normalized });
                }
            }
        }
    }
    let files = reader.files().iter().map(|report| {
        let (filled, previews) = seen.remove(&report.file).unwrap_or_default();
        UnderstoodFile { report: report.clone(), filled, previews }
    });
    let files = files.collect();
    let skipped = reader.skipped().to_vec();
    let replies = threader.finish().map_err(PipelineError::Links)?;
    let languages = census(head);
    Ok(Understood { files, skipped, comments, authors: authors.len(), replies, rejects, languages })
}
