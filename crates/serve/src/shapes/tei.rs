//! Text Embeddings Inference's `POST /predict` and `GET /info`.
//!
//! TEI serves one classifier, and a model of ours has two: the toxicity labels, each a probability
//! of its own, and the sentiment, of which one class holds. The address chooses: `/predict` and
//! `/toxicity/predict`, or `/sentiment/predict`. TEI itself would spread a probability of 1 over
//! the toxicity labels as well; `/info` says that they are sigmoids.

mod info;
mod request;
#[cfg(test)]
mod tests;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{Router, get, post};
use comity_core::label::Label;
use comity_core::record::Scored;
use serde::Serialize;

use self::info::Info;
use self::request::Inputs;
use super::Shape;
use crate::app::{Shared, comment};
use crate::refusal::Refusal;
use crate::scoring::{Languages, Priority};

/// A classifier that an address stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Classifier {
    Toxicity,
    Sentiment,
}

impl Classifier {
    /// Returns its labels, in the order of their numbers.
    fn labels(self) -> &'static [Label] {
        match self {
            Self::Toxicity => &Label::TOXICITY,
            Self::Sentiment => &Label::SENTIMENT,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Toxicity => "toxicity",
            Self::Sentiment => "sentiment",
        }
    }
}

/// Returns the shape.
pub(crate) fn shape() -> Shape {
    use Classifier::{Sentiment, Toxicity};
    let predict = |classifier| post(move |state, body| predict(classifier, state, body));
    let info = |classifier| get(move |State(app): State<Shared>| async move { info(classifier, &app) });
    let routes = Router::new()
        .route("/predict", predict(Toxicity))
        .route("/toxicity/predict", predict(Toxicity))
        .route("/sentiment/predict", predict(Sentiment))
        .route("/info", info(Toxicity))
        .route("/toxicity/info", info(Toxicity))
        .route("/sentiment/info", info(Sentiment));
    Shape::new("tei", routes, refuse)
}

/// Reads any bytes as the body of a request. For fuzzing.
pub(crate) fn read_any(bytes: &[u8]) {
    if let Ok(Inputs::Batch(texts)) = request::parse(bytes, 8) {
        assert!((1..=8).contains(&texts.len()), "a batch is neither empty nor too large");
    }
}

/// The kind of an error: those of TEI's that can occur.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
enum ErrorType {
    Unhealthy,
    Backend,
    Overloaded,
    Validation,
    Empty,
}

/// An error, as TEI writes it.
#[derive(Debug, PartialEq, Serialize)]
struct Fault {
    #[serde(skip)]
    status: StatusCode,
    error: String,
    error_type: ErrorType,
}

impl Fault {
    /// Creates a fault with the status that TEI gives this kind.
    fn new(error_type: ErrorType, error: impl Into<String>) -> Self {
        let status = match error_type {
            ErrorType::Unhealthy => StatusCode::SERVICE_UNAVAILABLE,
            ErrorType::Backend => StatusCode::FAILED_DEPENDENCY,
            ErrorType::Overloaded => StatusCode::TOO_MANY_REQUESTS,
            ErrorType::Validation => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorType::Empty => StatusCode::BAD_REQUEST,
        };
        Self { status, error: error.into(), error_type }
    }

    /// Sets another status.
    fn with(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}

/// The score of one label.
#[derive(Serialize)]
struct Prediction {
    score: f64,
    label: &'static str,
}

/// The scores of one text, or of each of a batch.
#[derive(Serialize)]
#[serde(untagged)]
enum Predictions {
    One(Vec<Prediction>),
    Batch(Vec<Vec<Prediction>>),
}

async fn predict(classifier: Classifier, State(app): State<Shared>, body: Bytes) -> Response {
    let inputs = match request::parse(&body, app.limits.texts) {
        Ok(inputs) => inputs,
        Err(fault) => return fault.into_response(),
    };
    let gives = |label: &Label| info::gives(&app, *label);
    if !classifier.labels().iter().any(gives) {
        let error = format!("no model of this server gives the labels of {}", classifier.as_str());
        return Fault::new(ErrorType::Backend, error).into_response();
    }
    let (texts, is_batch) = match inputs {
        Inputs::One(text) => (vec![text], false),
        Inputs::Batch(texts) => (texts, true),
    };
    let priority = if is_batch { Priority::Bulk } else { Priority::Interactive };
    let comments = texts.into_iter().map(comment).collect();
    let scored = match app.scoring.score(comments, &Languages::Detect, priority).await {
        Ok(scored) => scored,
        Err(refusal) => return refuse(refusal),
    };
    let mut predictions = scored.iter().map(|scored| predictions(classifier, scored));
    Json(if is_batch {
        Predictions::Batch(predictions.collect())
    } else {
        Predictions::One(predictions.next().unwrap_or_default())
    })
    .into_response()
}

/// Returns the scores of a text, highest first; none if it was not scored.
fn predictions(classifier: Classifier, scored: &Scored) -> Vec<Prediction> {
    let Some(scores) = scored.outcome.scores() else { return Vec::new() };
    let prediction =
        |label: &Label| scores.get(*label).map(|score| Prediction { score, label: label.as_str() });
    let mut predictions: Vec<Prediction> = classifier.labels().iter().filter_map(prediction).collect();
    // The order of equal scores is TEI's.
    predictions.sort_by(|one, other| one.score.total_cmp(&other.score));
    predictions.reverse();
    predictions
}

fn info(classifier: Classifier, app: &Shared) -> Response {
    Json(Info::new(classifier, app)).into_response()
}

/// Writes a refusal as TEI does.
fn refuse(refusal: Refusal) -> Response {
    use ErrorType::{Backend, Overloaded, Unhealthy, Validation};
    let fault = match refusal {
        Refusal::NoKey | Refusal::WrongKey => {
            Fault::new(Validation, "a key is required: Authorization: Bearer KEY")
                .with(StatusCode::UNAUTHORIZED)
        }
        Refusal::TooLarge(limit) => Fault::new(Validation, format!("the body has more than {limit} bytes")),
        Refusal::TooMany(limit) => Fault::new(Validation, format!("the request has more than {limit} texts")),
        Refusal::Interrupted => Fault::new(Validation, "the body ended early").with(StatusCode::BAD_REQUEST),
        Refusal::TimedOut => {
            Fault::new(Validation, "the body did not arrive in time").with(StatusCode::REQUEST_TIMEOUT)
        }
        Refusal::Busy(_) => Fault::new(Overloaded, "Model is overloaded"),
        Refusal::Stopping => Fault::new(Unhealthy, "the server is shutting down"),
        Refusal::NotFound => Fault::new(Validation, "no such address").with(StatusCode::NOT_FOUND),
        Refusal::MethodNotAllowed => {
            Fault::new(Validation, "this method is not allowed").with(StatusCode::METHOD_NOT_ALLOWED)
        }
        Refusal::Internal => Fault::new(Backend, "Inference failed"),
    };
    let mut response = fault.into_response();
    match refusal {
        Refusal::NoKey | Refusal::WrongKey => {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        Refusal::Busy(wait) => {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, seconds.max(1).into());
        }
        _ => {}
    }
    response
}
