//! The comments of a run, read and threaded chunk by chunk.

use std::collections::VecDeque;

use super::outputs::Outputs;
use super::{CHUNK_BYTES, PipelineError, Progress, ScoreRequest, Shard, strict_error};
use crate::comment::Comment;
use crate::language::HEAD_COMMENTS;
use crate::read::{ReadError, Reader, Record};
use crate::score::CHUNK_COMMENTS;
use crate::thread::Threader;

/// Comments of a chunk for each thread, up to [`CHUNK_COMMENTS`] in all: enough to keep it busy,
/// few enough that a run that is interrupted has lost seconds.
const COMMENTS_A_THREAD: usize = 512;

/// The counts of the records read so far.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    /// Comments of the whole input.
    all: u64,
    /// Those of them that are scored here: all, but for a shard.
    pub(super) comments: u64,
    pub(super) rejects: u64,
}

/// Counts what is read ahead.
pub(super) struct Ahead {
    comments: usize,
    bytes: usize,
    most: usize,
}

impl Ahead {
    /// Starts with nothing. Of an input, at most `limit` comments are wanted.
    pub(super) fn new(limit: Option<u64>) -> Self {
        let most = limit.map_or(HEAD_COMMENTS, |limit| HEAD_COMMENTS.min(limit as usize));
        Self { comments: 0, bytes: 0, most }
    }

    /// Returns true if the next record belongs to the head.
    pub(super) fn has_room(&self) -> bool {
        self.comments < self.most && self.bytes < CHUNK_BYTES
    }

    /// Counts a record of the head.
    pub(super) fn count(&mut self, record: &Record) {
        match record {
            Record::Comment(comment) => {
                self.comments += 1;
                self.bytes += comment.text.len();
            }
            // Rejects are kept too, with their records.
            Record::Reject(_) => self.bytes += 1 << 10,
        }
    }
}

/// Reads the comments of a run, chunk by chunk.
pub(super) struct Chunks<'r> {
    request: &'r ScoreRequest,
    pub(super) reader: Reader,
    /// The first records, read ahead.
    head: VecDeque<Result<Record, ReadError>>,
    pub(super) threader: Threader,
    pub(super) counts: Counts,
    /// The number of comments in a whole chunk.
    size: usize,
}

impl<'r> Chunks<'r> {
    /// Reads the first comments of the input, for the scorer to look at before it scores any. Every
    /// shard and every resumed run reads the same ones. An error ends the head and is kept in it.
    pub(super) fn new(request: &'r ScoreRequest, mut reader: Reader, threads: usize) -> Self {
        let (mut head, mut ahead) = (VecDeque::new(), Ahead::new(request.limit));
        while ahead.has_room() {
            let Some(record) = reader.next() else { break };
            let is_end = record.is_err();
            record.iter().for_each(|record| ahead.count(record));
            head.push_back(record);
            if is_end {
                break;
            }
        }
        let size = (COMMENTS_A_THREAD * threads).min(CHUNK_COMMENTS);
        Self { request, reader, head, threader: Threader::new(), counts: Counts::default(), size }
    }

    /// Returns the comments that were read ahead.
    pub(super) fn head_comments(&self) -> impl Iterator<Item = &Comment> {
        self.head.iter().filter_map(|record| match record {
            Ok(Record::Comment(comment)) => Some(comment),
            _ => None,
        })
    }

    /// Reads the next chunk, and writes the rejects before its end. Returns `None` at the end of
    /// the input, or of what the user wants of it.
    pub(super) fn next(&mut self, outputs: &mut Outputs) -> Result<Option<Vec<Comment>>, PipelineError> {
        let Self { request, reader, head, threader, counts, size } = self;
        let mut chunk = Vec::new();
        let mut bytes = 0;
        while chunk.len() < *size
            && bytes < CHUNK_BYTES
            && request.limit.is_none_or(|limit| counts.all < limit)
        {
            match head.pop_front().or_else(|| reader.next()).transpose()? {
                None => break,
                Some(Record::Reject(reject)) if request.strict => return Err(strict_error(reject)),
                Some(Record::Reject(mut reject)) => {
                    if request.shard.is_none_or(Shard::holds_rejects) {
                        counts.rejects += 1;
                        reject.cause = request.shown(&reject.cause);
                        outputs.reject(&reject)?;
                    }
                }
                Some(Record::Comment(mut comment)) => {
                    counts.all += 1;
                    // The threader sees every comment, so that it links those of a shard as it
                    // would in a whole run.
                    threader.link(&mut comment);
                    if request.shard.is_none_or(|shard| shard.holds(&comment.thread)) {
                        counts.comments += 1;
                        bytes += comment.text.len();
                        if let Some(pseudonyms) = &request.pseudonyms {
                            pseudonyms.apply(&mut comment, threader);
                        }
                        chunk.push(comment);
                    }
                }
            }
        }
        Ok(Some(chunk).filter(|chunk| !chunk.is_empty()))
    }

    /// Sets how much has been read.
    pub(super) fn show(&self, progress: &mut Progress) {
        progress.read = self.counts.comments;
        progress.bytes_read = self.reader.bytes_read();
        progress.total_bytes = self.reader.total_bytes();
    }
}
