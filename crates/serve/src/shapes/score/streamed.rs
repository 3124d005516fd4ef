//! Answers a stream while it arrives.
//!
//! One task reads, scores and writes. It reads ahead while a batch is scored, up to a bound, and no
//! further while the client does not take the answers; so a stream uses the same memory however
//! long it is. The task ends with the client: dropping it takes its texts out of the queue.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::future::Either;
use http_body_util::BodyExt;
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::timeout;

use super::answers::Writer;
use super::arrow::Batches;
use super::lines::LineSource;
use super::records::{Item, Reader};
use super::{Answer, Fault, Form, Options, score_items};
use crate::app::Shared;
use crate::guard;
use crate::refusal::Refusal;
use crate::scoring::Priority;

/// The bytes that may wait while a batch is scored.
const AHEAD: usize = 1 << 18;
/// The most records that are scored together.
const TOGETHER: usize = 256;
/// The most records that are scored and explained together: explaining takes many times as long.
const EXPLAINED: usize = 8;

/// The time between two looks if the server is to end, while nothing arrives.
const GLANCE: Duration = Duration::from_millis(500);

/// Tells nginx to pass on answers at once.
const UNBUFFERED: (HeaderName, &str) = (HeaderName::from_static("x-accel-buffering"), "no");

/// The records of a stream.
enum Source {
    Lines(LineSource),
    Arrow(Batches),
}

impl Source {
    fn push(&mut self, bytes: Bytes) {
        match self {
            Self::Lines(lines) => lines.push(&bytes),
            Self::Arrow(batches) => batches.push(bytes),
        }
    }

    fn waiting(&self) -> usize {
        match self {
            Self::Lines(lines) => lines.waiting(),
            Self::Arrow(batches) => batches.waiting(),
        }
    }

    fn next(&mut self, is_over: bool) -> Result<Option<Vec<Item>>, Fault> {
        match self {
            Self::Lines(lines) => Ok(lines.next(is_over)?),
            Self::Arrow(batches) => batches.next(is_over),
        }
    }
}

/// A stream that is being answered.
struct Stream {
    app: Shared,
    body: Body,
    is_over: bool,
    source: Source,
    /// A batch that was read before the answer began.
    first: Option<Vec<Item>>,
    writer: Writer,
    options: Options,
}

/// Answers a stream.
///
/// # Errors
/// [`Fault`] if the columns of an Arrow stream cannot be read. Later faults end the answer.
pub(super) async fn answer(
    app: Shared,
    body: &mut Body,
    form: Form,
    reader: Reader,
    writer: Writer,
    options: Options,
) -> Result<Response, Fault> {
    let source = match form {
        Form::Arrow => Source::Arrow(Batches::new(reader, app.limits.body)?),
        _ => Source::Lines(LineSource::new(reader)),
    };
    let header = writer.form().header();
    let body = std::mem::take(body);
    let mut stream = Stream { app, body, is_over: false, source, first: None, writer, options };
    stream.read_schema().await?;

    let pause = stream.app.limits.pause;
    let (sender, mut receiver) = channel::<Written>(1);
    tokio::spawn(async move {
        let gone = sender.clone();
        tokio::select! {
            () = gone.closed() => {}
            _ = stream.run(&sender, pause) => {}
        }
    });
    let mut has_ended = false;
    let body = futures_util::stream::poll_fn(move |context| {
        receiver.poll_recv(context).map(|written| match written {
            Some(Written::Bytes(bytes)) => Some(Ok(bytes)),
            Some(Written::End) => {
                has_ended = true;
                None
            }
            // The task gave up: the client must not take the answer for complete.
            None if !has_ended => {
                has_ended = true;
                Some(Err(io::Error::other("the stream could not be answered to its end")))
            }
            None => None,
        })
    });
    Ok((StatusCode::OK, header, [UNBUFFERED], Body::from_stream(body)).into_response())
}

/// What the task of a stream sends to its connection.
enum Written {
    Bytes(Bytes),
    End,
}

/// The client does not take its answers.
struct Gone;

impl Stream {
    /// Reads until the columns are known, if there are any.
    async fn read_schema(&mut self) -> Result<(), Fault> {
        while let Source::Arrow(batches) = &self.source
            && !batches.has_schema()
            && self.first.is_none()
        {
            self.first = self.source.next(self.is_over)?;
            if self.first.is_none() && !self.is_over {
                self.read().await?;
            }
        }
        Ok(())
    }

    /// Waits for the next bytes of the request.
    ///
    /// # Errors
    /// [`Fault`] if the body is at fault, or the server was told to end: what was read is answered,
    /// and no more is read.
    async fn read(&mut self) -> Result<(), Fault> {
        while !self.app.is_stopping() {
            match timeout(GLANCE, next_bytes(&mut self.body)).await {
                Ok(Some(bytes)) => self.source.push(bytes?),
                Ok(None) => self.is_over = true,
                Err(_) => continue,
            }
            return Ok(());
        }
        Err(Refusal::Stopping.into())
    }

    /// Answers until the end of the stream, or the first fault.
    async fn run(mut self, sender: &Sender<Written>, pause: Duration) -> Result<(), Gone> {
        let ended = match self.answer_all(sender, pause).await? {
            Ok(()) => self.writer.end().ok(),
            Err(fault) => self.writer.fail(&fault),
        };
        // Without an end, the connection breaks off.
        let Some(bytes) = ended else { return Ok(()) };
        send(sender, Written::Bytes(bytes.into()), pause).await?;
        send(sender, Written::End, pause).await
    }

    async fn answer_all(
        &mut self,
        sender: &Sender<Written>,
        pause: Duration,
    ) -> Result<Result<(), Fault>, Gone> {
        match self.writer.begin() {
            Ok(bytes) => send(sender, Written::Bytes(bytes.into()), pause).await?,
            Err(refusal) => return Ok(Err(refusal.into())),
        }
        loop {
            let bytes = match self.next_answers().await {
                Ok(Some(answers)) => self.writer.write(&answers),
                Ok(None) => return Ok(Ok(())),
                Err(fault) => return Ok(Err(fault)),
            };
            match bytes {
                Ok(bytes) => send(sender, Written::Bytes(bytes.into()), pause).await?,
                Err(refusal) => return Ok(Err(refusal.into())),
            }
        }
    }

    /// Returns the answers to the records that wait, or to the next that arrive; `None` at the end.
    async fn next_answers(&mut self) -> Result<Option<Vec<Answer>>, Fault> {
        let mut items = loop {
            if let Some(items) = self.first.take() {
                break items;
            }
            match self.source.next(self.is_over)? {
                Some(items) => break items,
                None if self.is_over => return Ok(None),
                None => self.read().await?,
            }
        };
        let mut answers = Vec::with_capacity(items.len());
        let together = if self.options.explain { EXPLAINED } else { TOGETHER };
        while !items.is_empty() {
            let rest = items.split_off(items.len().min(together));
            answers.extend(self.score(items).await?);
            items = rest;
        }
        Ok(Some(answers))
    }

    /// Scores records, and reads ahead meanwhile.
    async fn score(&mut self, items: Vec<Item>) -> Result<Vec<Answer>, Fault> {
        let Self { app, body, is_over, source, options, writer, .. } = self;
        let mut scoring = Box::pin(score_items(app, items, options, writer.policy(), Priority::Bulk));
        loop {
            if *is_over || app.is_stopping() || source.waiting() >= AHEAD {
                return Ok(scoring.await?);
            }
            let next = Box::pin(next_bytes(body));
            match futures_util::future::select(scoring, next).await {
                Either::Left((answers, _)) => return Ok(answers?),
                Either::Right((Some(bytes), rest)) => {
                    source.push(bytes?);
                    scoring = rest;
                }
                Either::Right((None, rest)) => {
                    *is_over = true;
                    scoring = rest;
                }
            }
        }
    }
}

/// Returns the next bytes of a body; `None` at its end.
async fn next_bytes(body: &mut Body) -> Option<Result<Bytes, Fault>> {
    loop {
        match body.frame().await? {
            Ok(frame) => match frame.into_data() {
                Ok(bytes) => return Some(Ok(bytes)),
                // Trailers.
                Err(_) => continue,
            },
            Err(error) => return Some(Err(guard::fault(&error).into())),
        }
    }
}

/// Sends bytes to the client. One that does not take them for the time of a pause is gone.
async fn send(sender: &Sender<Written>, written: Written, pause: Duration) -> Result<(), Gone> {
    sender.send_timeout(written, pause).await.map_err(|_| Gone)
}
