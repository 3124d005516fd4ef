//! Comity's own `POST /v1/score`: comments in, the fields of `scores.csv` and the decision of the
//! policy out, as JSON or as a stream.
//!
//! A JSON request is read as a whole, and refused as a whole. A stream (ndjson, Arrow IPC) is
//! answered while it arrives, record by record in the order of the request.

mod answers;
#[cfg_attr(not(feature = "arrow"), path = "score/no_arrow.rs")]
mod arrow;
mod fault;
mod form;
mod lines;
mod records;
mod streamed;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{Router, post};
use comity_core::comment::Comment;
use comity_core::label::Label;
use comity_core::policy::Policy;
use comity_core::record::{Explanation, Scored};
use futures_util::future::try_join_all;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::Deserialize;
use tokio::time::sleep;

use super::Shape;
use crate::app::{App, Shared};
use crate::guard::{closing, whole};
use crate::refusal::Refusal;
use crate::scoring::{Languages, Priority};
use answers::Writer;
use fault::Fault;
use form::Form;
use records::{Item, Read, Reader};

/// Returns the shape.
pub(crate) fn shape() -> Shape {
    let routes = Router::new().route("/v1/score", post(score)).route("/v1/comments", post(comments));
    Shape::new("score", routes, refuse).under("/").streaming()
}

/// Writes a refusal as [`Fault`] does.
pub(super) fn refuse(refusal: Refusal) -> Response {
    Fault::from(refusal).into_response()
}

/// The options of a request, in its address. A JSON object may have them, too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct Options {
    /// Adds the sentences and words that carry a score.
    #[serde(default)]
    explain: bool,
    /// The language of every text whose record names none; `None` to detect it.
    language: Option<String>,
}

/// The most explanations of a request that are in the queue at a time.
const EXPLAINED_TOGETHER: usize = 8;

/// The answer to a record.
enum Answer {
    /// The comment with its scores, and their explanation if it was asked for.
    Scored(Box<Scored>, Option<Explanation>),
    /// The number of a record that is no comment, and the reason.
    Reject(u64, String),
}

async fn score(State(app): State<Shared>, request: Request) -> Response {
    let (head, mut body) = request.into_parts();
    match answer(app, &head, &mut body).await {
        Ok(response) => response,
        Err(fault) => closing(fault.into_response(), &head, body),
    }
}

async fn answer(app: Shared, head: &Parts, body: &mut Body) -> Result<Response, Fault> {
    let Query(options) = Query::<Options>::try_from_uri(&head.uri)
        .map_err(|error| Fault::bad("bad_option", error.body_text()))?;
    let form = Form::of_request(&head.headers)?;
    let answered = Form::of_answer(&head.headers, form)?;
    let reader = Reader::new({
        let app = app.clone();
        move |language| app.scoring.supports(language)
    })?;
    if form != Form::Json {
        reader.check(options.language.as_deref())?;
        let writer = Writer::new(answered, form, app.policy(), options.explain)?;
        return streamed::answer(app, body, form, reader, writer, options).await;
    }

    let limits = &app.limits;
    let bytes = whole(body, limits.body, limits.body_time).await?;
    // All is read: a fault of the request does not cost its connection.
    *body = Body::empty();
    let (items, options) = records::whole(&bytes, reader, options, limits.texts)?;
    let policy = app.policy();
    let mut writer = Writer::new(answered, form, policy.clone(), options.explain)?;
    let answers = score_items(&app, items, &options, &policy, Priority::Interactive).await?;
    let written = [writer.begin()?, writer.write(&answers)?, writer.end()?].concat();
    Ok((StatusCode::OK, answered.header(), written).into_response())
}

/// Options of a request to store comments, in its address.
#[derive(Debug, Deserialize)]
struct Storing {
    /// Name of the source that the comments are of.
    #[serde(default = "usual_source")]
    source: String,
}

fn usual_source() -> String {
    "api".to_owned()
}

/// Scores the comments of a JSON request as [`score`] does, and stores them for the console before
/// it answers.
async fn comments(State(app): State<Shared>, request: Request) -> Response {
    let (head, mut body) = request.into_parts();
    match stored(&app, &head, &mut body).await {
        Ok(response) => response,
        Err(fault) => closing(fault.into_response(), &head, body),
    }
}

async fn stored(app: &Shared, head: &Parts, body: &mut Body) -> Result<Response, Fault> {
    if !app.has_console() {
        let message = "the server stores no comments; start it with --review and --database URL";
        return Err(Fault::of(StatusCode::FORBIDDEN, "no_console", message));
    }
    let bad_option = |error: QueryRejection| Fault::bad("bad_option", error.body_text());
    let Query(options) = Query::<Options>::try_from_uri(&head.uri).map_err(bad_option)?;
    let Query(storing) = Query::<Storing>::try_from_uri(&head.uri).map_err(bad_option)?;
    let form = Form::of_request(&head.headers)?;
    if form != Form::Json {
        return Err(Fault::of(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "comments to store are JSON; send application/json",
        ));
    }
    let answered = Form::of_answer(&head.headers, form)?;
    let reader = Reader::new({
        let app = app.clone();
        move |language| app.scoring.supports(language)
    })?;
    let bytes = whole(body, app.limits.body, app.limits.body_time).await?;
    // All is read: a fault of the request does not cost its connection.
    *body = Body::empty();
    let (items, options) = records::whole(&bytes, reader, options, app.limits.texts)?;
    let languages: Vec<Languages> = items
        .iter()
        .map(|item| match &item.read {
            Read::Comment(_, Some(language)) => Languages::Named(language.clone()),
            _ => options.language.clone().map_or(Languages::Detect, Languages::Named),
        })
        .collect();
    let policy = app.policy();
    let mut writer = Writer::new(answered, form, policy.clone(), options.explain)?;
    let answers = score_items(app, items, &options, &policy, Priority::Interactive).await?;
    for (answer, languages) in answers.iter().zip(&languages) {
        if let Answer::Scored(scored, _) = answer {
            app.keep(&storing.source, scored, languages).await?;
        }
    }
    let written = [writer.begin()?, writer.write(&answers)?, writer.end()?].concat();
    Ok((StatusCode::OK, answered.header(), written).into_response())
}

/// Scores records, in their order. Those in one language are scored together.
async fn score_items(
    app: &App,
    items: Vec<Item>,
    options: &Options,
    policy: &Policy,
    priority: Priority,
) -> Result<Vec<Answer>, Refusal> {
    let mut answers: Vec<Option<Answer>> = Vec::with_capacity(items.len());
    let mut languages: HashMap<Option<String>, (Vec<usize>, Vec<Comment>)> = HashMap::new();
    for Item { number, read } in items {
        match read {
            Read::Reject(cause) => answers.push(Some(Answer::Reject(number, cause))),
            Read::Comment(comment, language) => {
                let language = language.or_else(|| options.language.clone());
                let (places, comments) = languages.entry(language).or_default();
                places.push(answers.len());
                comments.push(*comment);
                answers.push(None);
            }
        }
    }
    let scored = languages.into_iter().map(async |(language, (places, comments))| {
        let language = language.map_or(Languages::Detect, Languages::Named);
        let scored = patiently(priority, || app.scoring.score(comments.clone(), &language, priority)).await?;
        let explained = async |scored: Scored| {
            let explain =
                || app.scoring.explain(&scored, explained_label(policy, &scored), &language, priority);
            let explanation = if options.explain { patiently(priority, explain).await? } else { None };
            Ok::<_, Refusal>(Answer::Scored(Box::new(scored), explanation))
        };
        let answers = stream::iter(scored).map(explained).buffered(EXPLAINED_TOGETHER);
        Ok::<_, Refusal>((places, answers.try_collect::<Vec<_>>().await?))
    });
    for (places, scored) in try_join_all(scored).await? {
        for (place, answer) in places.into_iter().zip(scored) {
            answers[place] = Some(answer);
        }
    }
    Ok(answers.into_iter().flatten().collect())
}

/// Returns the label whose score is explained: that of the rule that decided, or toxicity.
fn explained_label(policy: &Policy, scored: &Scored) -> Label {
    let fired = policy.decide(scored).and_then(|decision| decision.fired);
    fired.map_or(Label::Toxicity, |fired| fired.rule.label)
}

/// Asks for scores. A stream waits while the queue is full: its client then waits, too.
async fn patiently<T, F: Future<Output = Result<T, Refusal>>>(
    priority: Priority,
    ask: impl Fn() -> F,
) -> Result<T, Refusal> {
    loop {
        match ask().await {
            Err(Refusal::Busy(after)) if priority == Priority::Bulk => sleep(after).await,
            answer => return answer,
        }
    }
}

/// Reads any bytes as a request in each form, a stream in pieces of `size` bytes.
///
/// # Panics
/// If a reader returns more than it may; any other panic is a fault of the reader, too.
pub(crate) fn read_any(bytes: &[u8], size: usize) {
    let reader = || Reader::new(|language| language == "en");
    if let Ok(reader) = reader() {
        let read = records::whole(bytes, reader, Options::default(), 1000);
        assert!(read.map_or(0, |(items, _)| items.len()) <= 1000, "more records than allowed");
    }
    if let Ok(reader) = reader() {
        let mut lines = lines::LineSource::new(reader);
        for piece in bytes.chunks(size) {
            lines.push(piece);
            while let Ok(Some(items)) = lines.next(false) {
                assert!(!items.is_empty(), "a batch without records never ends");
            }
        }
        while let Ok(Some(_)) = lines.next(true) {}
    }
    if let Ok(Ok(mut batches)) = reader().map(|reader| arrow::Batches::new(reader, 1 << 16)) {
        for piece in bytes.chunks(size) {
            batches.push(Bytes::copy_from_slice(piece));
            while let Ok(Some(items)) = batches.next(false) {
                assert!(items.len() <= 1 << 16, "a batch is larger than allowed");
            }
        }
        while let Ok(Some(_)) = batches.next(true) {}
    }
}
