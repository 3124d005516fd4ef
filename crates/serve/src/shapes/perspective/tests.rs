//! Requests and their exact answers. The texts are ours; the bodies have the form in which each
//! client sends them.

mod analyze;
mod batches;
mod clients;
mod refusals;
mod suggestions;

use std::path::{Path, PathBuf};

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use comity_core::label::Label;
use comity_core::record::Scores;
use comity_infer::{ModelChoice, ScorerBuilder};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::app::{App, Shared};
use crate::config::Config;
use crate::keys::Keys;
use crate::server::router;

const ANALYZE: &str = "/v1alpha1/comments:analyze?key=k";
const SUGGEST: &str = "/v1alpha1/comments:suggestscore?key=k";
/// A text whose language is beyond doubt.
const ENGLISH: &str = "The new bridge is a disgrace, and whoever planned it should be ashamed of himself.";
const GERMAN: &str =
    "Die neue Brücke ist eine Schande, und wer sie geplant hat, sollte sich wirklich schämen.";

fn model() -> ScorerBuilder {
    let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/models/tiny");
    ScorerBuilder::default().model(ModelChoice::Folder(tiny)).threads(1)
}

fn app(suggestions: Option<PathBuf>) -> Shared {
    let mut config = Config::new(([127, 0, 0, 1], 0).into());
    config.models = vec![model()];
    config.suggestions = suggestions;
    App::start(&config).unwrap()
}

/// Returns what `comity score` gives a text.
fn scores(text: &str) -> Scores {
    let outcomes = model().build().unwrap().score(&[text]).unwrap();
    *outcomes[0].scores().unwrap()
}

fn score(text: &str, label: Label) -> f64 {
    scores(text).get(label).unwrap()
}

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

fn send(app: &Shared, request: Request<Body>) -> Reply {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let response = router(app).oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Reply { status: head.status, headers: head.headers, body }
    })
}

fn post(app: &Shared, path: &str, body: impl Into<Body>) -> Reply {
    send(app, Request::post(path).header("host", "comity.example:8080").body(body.into()).unwrap())
}

fn analyze(body: &Value) -> Reply {
    post(&app(None), ANALYZE, body.to_string())
}

/// Returns the spans and the summary that an attribute has without spans.
fn whole(text: &str, label: Label) -> Value {
    let score = json!({ "value": score(text, label), "type": "PROBABILITY" });
    let end = text.encode_utf16().count();
    json!({ "spanScores": [{ "begin": 0, "end": end, "score": score }], "summaryScore": score })
}

/// Returns the detail of an error of Perspective's own.
fn detail(error_type: &str) -> Value {
    json!({ "@type": "type.googleapis.com/google.commentanalyzer.v1alpha1.Error", "errorType": error_type })
}

fn error(code: u16, status: &str, message: &str, details: &[Value]) -> Value {
    json!({ "error": { "code": code, "message": message, "status": status, "details": details } })
}
