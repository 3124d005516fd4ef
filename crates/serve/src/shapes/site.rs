//! The page at `/`, its style and script, and the OpenAPI document. They need no key: they have
//! nothing but what the server is.

mod openapi;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{Router, get};
use comity_core::label::Label;
use comity_core::policy::Policy;
use comity_infer::Scorer;

use super::Shape;
use crate::app::{App, Shared};

/// Lets the page use its own style and script, and send requests to its own server: nothing else.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                                       img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Returns the shape.
pub(crate) fn shape() -> Shape {
    let started = Instant::now();
    let routes = Router::new()
        .route("/", get(move |app, headers| page(app, headers, started)))
        .route("/page.css", get(|| file("text/css; charset=utf-8", include_str!("../../static/page.css"))))
        .route(
            "/page.js",
            get(|| file("text/javascript; charset=utf-8", include_str!("../../static/page.js"))),
        )
        .route("/openapi.json", get(|| file("application/json", openapi::document())));
    Shape::new("site", routes, super::score::refuse).open()
}

/// Answers with a file that browsers ask for again after an update.
async fn file(media_type: &'static str, content: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "no-cache"), NO_SNIFF];
    (headers, content).into_response()
}

const NO_SNIFF: (HeaderName, &str) = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");

async fn page(State(app): State<Shared>, headers: HeaderMap, started: Instant) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let page = Page::new(&app, &app.policy(), host, started.elapsed()).render();
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        NO_SNIFF,
    ];
    match page {
        Ok(page) => (headers, page).into_response(),
        // Rendering to memory fails only if a value does; ours do not.
        Err(_) => super::score::refuse(crate::refusal::Refusal::Internal),
    }
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    version: &'static str,
    uptime: String,
    host: &'a str,
    needs_key: bool,
    policy: &'a Policy,
    models: Vec<Model<'a>>,
    languages: Vec<&'a str>,
    endpoints: &'static [Endpoint],
}

/// A model as the page shows it.
struct Model<'a> {
    name: &'a str,
    version: &'a str,
    languages: String,
    labels: String,
    engine: &'a str,
}

/// An address as the page shows it.
struct Endpoint {
    method: &'static str,
    path: &'static str,
    what: &'static str,
    /// The server may require a key.
    is_locked: bool,
    /// The parts of an example around the address of the server.
    before: &'static str,
    after: &'static str,
}

const fn post(path: &'static str, what: &'static str, after: &'static str) -> Endpoint {
    Endpoint { method: "POST", path, what, is_locked: true, before: "--json ", after }
}

const ENDPOINTS: [Endpoint; 7] = [
    Endpoint {
        method: "POST",
        path: "/v1/score",
        what: "Comity’s own shape: JSON, lines of JSON, Arrow",
        is_locked: true,
        before: "--json '[\"You fool.\", \"Good luck!\"]' '",
        after: "/v1/score?explain=true'",
    },
    Endpoint {
        before: "--json '{\"comment\": {\"text\": \"You fool.\"}, \"requestedAttributes\": {\"TOXICITY\": {}}}' ",
        ..post("/v1alpha1/comments:analyze", "as Perspective", "/v1alpha1/comments:analyze")
    },
    Endpoint {
        before: "--json '{\"input\": \"You fool.\"}' ",
        ..post("/v1/moderations", "as OpenAI’s moderations", "/v1/moderations")
    },
    Endpoint {
        before: "--json '{\"inputs\": \"You fool.\"}' ",
        ..post("/predict", "as a classifier of Text Embeddings Inference", "/predict")
    },
    Endpoint {
        before: "--json '{\"comment\": {\"body\": \"You fool.\"}}' -H \"X-Coral-Signature: $SIGNATURE\" ",
        is_locked: false,
        ..post("/coral/moderate", "a moderation phase of Coral", "/coral/moderate")
    },
    Endpoint {
        before: "--json '{\"event\": {\"type\": \"m.room.message\", \"content\": {\"body\": \"You fool.\"}}}' ",
        ..post(
            "/matrix/check_event_for_spam",
            "callbacks of synapse-http-antispam",
            "/matrix/check_event_for_spam",
        )
    },
    Endpoint {
        method: "GET",
        path: "/metrics",
        what: "figures for Prometheus",
        is_locked: true,
        before: "",
        after: "/metrics",
    },
];

impl<'a> Page<'a> {
    fn new(app: &'a App, policy: &'a Policy, host: &'a str, uptime: Duration) -> Self {
        let scorers = app.scoring.models();
        let mut languages: Vec<&str> = scorers
            .iter()
            .flat_map(|scorer| &scorer.model().manifest.languages)
            .map(String::as_str)
            .collect();
        languages.sort_unstable();
        languages.dedup();
        Self {
            version: env!("CARGO_PKG_VERSION"),
            uptime: duration(uptime),
            host,
            needs_key: !app.keys().is_empty(),
            policy,
            models: scorers.iter().map(Model::new).collect(),
            languages,
            endpoints: &ENDPOINTS,
        }
    }
}

impl<'a> Model<'a> {
    fn new(scorer: &'a Scorer) -> Self {
        let manifest = &scorer.model().manifest;
        let languages = match &manifest.languages[..] {
            [] => "not known".to_owned(),
            languages => languages.join(", "),
        };
        let labels: Vec<&str> = manifest.heads.labels().map(Label::as_str).collect();
        Self {
            name: &manifest.name,
            version: &manifest.version,
            languages,
            labels: labels.join(", ").replace('_', " "),
            engine: scorer.engine().name(),
        }
    }
}

/// Returns a time in its two largest units.
fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, ..) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}
