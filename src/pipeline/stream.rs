//! Comments as they come: a line of JSON in, a line of JSON out, in order and without delay.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::PipelineError;
use crate::policy::{Policy, answer};
use crate::read::{Lines, Options, ReadError, Record, Reject};
use crate::record::Scored;
use crate::score::{Scorer, ScorerBuilder};
use crate::thread::Threader;

/// The most lines that are scored together, for each thread.
const LINES_A_THREAD: usize = 128;

/// The time between two checks of [`StreamRequest::stop`] while no line comes. A line that has been
/// read when it is set is parsed within this time.
const PAUSE: Duration = Duration::from_millis(200);

/// The options of scoring a stream.
#[non_exhaustive]
pub struct StreamRequest {
    /// Which key has which field.
    pub read: Options,
    /// The model, its engine and its threads.
    pub scorer: ScorerBuilder,
    /// Set to `true` to stop once every line that has been read is answered.
    pub stop: Arc<AtomicBool>,
}

impl StreamRequest {
    /// Creates a request with the default options.
    pub fn new() -> Self {
        Self { read: Options::default(), scorer: Scorer::builder(), stop: Arc::default() }
    }
}

impl Default for StreamRequest {
    fn default() -> Self {
        Self::new()
    }
}

/// Scores ndjson line by line: every line of `input` that is not blank is answered by one line of
/// `output`, in the same order. Returns the number of lines that were no comments.
///
/// Whatever is waiting is scored together, at most `LINES_A_THREAD` lines a thread, and written
/// before more is waited for: a line waits for those before it and for no other. Scores are those
/// of a run over the same lines.
///
/// # Errors
/// [`PipelineError`]: the model cannot be had, or `input` cannot be read, or `output` not written
/// ([`PipelineError::Stream`]); [`PipelineError::StreamStopped`] if `stop` came before the end of
/// `input`.
pub fn stream(
    request: &StreamRequest,
    policy: &Policy,
    input: impl Read + Send + 'static,
    output: &mut impl Write,
) -> Result<u64, PipelineError> {
    let scorer = request.scorer.build()?;
    let mut session = scorer.session();
    let mut threader = Threader::for_stream();
    let (mut bad_lines, mut answered) = (0, 0);
    let most = LINES_A_THREAD * scorer.threads();
    let lines = Lines::new(&request.read)?;
    let waiting = read_ahead(lines, StoppableLines::new(input, request.stop.clone()), most);
    loop {
        let first = match waiting.recv_timeout(PAUSE) {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) if !request.stop.load(Ordering::Relaxed) => continue,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        };
        let mut comments = Vec::new();
        let mut rejects = Vec::new();
        for record in [first].into_iter().chain(waiting.try_iter()).take(most) {
            match record? {
                Record::Reject(reject) => rejects.push(reject),
                Record::Comment(mut comment) => {
                    threader.link(&mut comment);
                    comments.push(comment);
                }
            }
        }
        bad_lines += rejects.len() as u64;
        answered += (comments.len() + rejects.len()) as u64;
        let mut rejects = rejects.into_iter().peekable();
        let rows = session.score(comments, &|_| ())?;
        let mut answer = |line: Value| writeln!(output, "{line}").map_err(PipelineError::Stream);
        for row in &rows {
            while let Some(reject) = rejects.next_if(|reject| reject.record < row.comment.origin.record) {
                answer(bad_line(&reject))?;
            }
            answer(good_line(row, policy))?;
        }
        rejects.try_for_each(|reject| answer(bad_line(&reject)))?;
        output.flush().map_err(PipelineError::Stream)?;
    }
    if request.stop.load(Ordering::Relaxed) {
        return Err(PipelineError::StreamStopped { answered });
    }
    Ok(bad_lines)
}

/// Reads on another thread, so that one knows whether a line is waiting. The thread ends with the
/// input, or once nobody listens.
fn read_ahead<R: Read + Send + 'static>(
    mut lines: Lines,
    mut input: StoppableLines<R>,
    most: usize,
) -> Receiver<Result<Record, ReadError>> {
    let (sender, receiver) = sync_channel(most);
    thread::spawn(move || {
        while let Some(record) = lines.next(&mut input).transpose() {
            // Nobody knows how the rest of the line would have read.
            let is_over = record.is_err();
            if input.is_torn || sender.send(record).is_err() || is_over {
                break;
            }
        }
    });
    receiver
}

/// An input that ends behind the last whole line that has been read, once `stop` is set.
struct StoppableLines<R> {
    input: BufReader<R>,
    stop: Arc<AtomicBool>,
    /// The last byte that was consumed belongs to a line that goes on.
    is_within: bool,
    /// The input was made to end within a line.
    is_torn: bool,
}

impl<R: Read> StoppableLines<R> {
    fn new(input: R, stop: Arc<AtomicBool>) -> Self {
        Self { input: BufReader::new(input), stop, is_within: false, is_torn: false }
    }
}

impl<R: Read> Read for StoppableLines<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(bytes)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: Read> BufRead for StoppableLines<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.stop.load(Ordering::Relaxed) && !self.input.buffer().contains(&b'\n') {
            self.is_torn = self.is_within;
            return Ok(&[]);
        }
        self.input.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        if let Some(last) = self.input.buffer()[..bytes].last() {
            self.is_within = *last != b'\n';
        }
        self.input.consume(bytes);
    }
}

/// Returns the answer to a line with a comment: the columns of `scores.csv` and `decisions.csv`
/// that are not in the line itself.
fn good_line(row: &Scored, policy: &Policy) -> Value {
    let number = [("line".to_owned(), json!(row.comment.origin.record))];
    let values = answer(row, policy).map(|(name, value)| (name.to_owned(), json!(value)));
    Value::Object(number.into_iter().chain(values).collect())
}

/// The answer to any other line.
fn bad_line(reject: &Reject) -> Value {
    json!({"line": reject.record, "reject": reject.cause})
}
