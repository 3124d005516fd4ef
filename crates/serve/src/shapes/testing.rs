//! Requests to a server of the small model, for the tests of the shapes.

use std::path::Path;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use comity_core::label::Label;
use comity_core::policy::Policy;
use comity_core::record::{Outcome, Scores};
use comity_infer::{ModelChoice, Scorer, ScorerBuilder};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use serde_json::Value;
use tower::ServiceExt;

use crate::app::{App, Shared};
use crate::config::Config;
use crate::server::router;

/// A text that the small model's gate takes for German.
pub(crate) const GERMAN: &str =
    "Das ist doch wirklich nicht euer Ernst, oder habe ich das falsch verstanden?";

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// Returns the body as JSON; its keys keep their order.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

fn tiny() -> ScorerBuilder {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/models/tiny");
    Scorer::builder().model(ModelChoice::Folder(folder))
}

/// Starts a server of the small model.
pub(crate) fn app(change: impl FnOnce(&mut Config)) -> Shared {
    let mut config = Config::new("127.0.0.1:0".parse().unwrap());
    config.models = vec![tiny()];
    change(&mut config);
    App::start(&config).unwrap()
}

/// Returns the scores that the small model gives a text.
pub(crate) fn scores(text: &str) -> Scores {
    match tiny().build().unwrap().score(&[text]).unwrap()[0] {
        Outcome::Scored(scores) => scores,
        Outcome::Unscored(cause) => panic!("not scored: {cause:?}"),
    }
}

/// Creates a policy of rules of a label, a threshold and an action.
pub(crate) fn policy(rules: &[(Label, f64, &str)]) -> Policy {
    let rule = |(number, (label, threshold, action)): (usize, &(Label, f64, &str))| {
        format!("[[rule]]\nname='r{number}'\nlabel='{label}'\nthreshold={threshold:?}\naction='{action}'\n")
    };
    let rules: String = rules.iter().enumerate().map(rule).collect();
    Policy::parse(&format!("name='test'\n{rules}")).unwrap()
}

/// Sends a request, and waits for its answer.
pub(crate) async fn send(
    app: &Shared,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router(app).oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    Answer { status: head.status, headers: head.headers, body }
}

/// Posts a body of JSON.
pub(crate) async fn post(app: &Shared, path: &str, body: impl Into<Body>) -> Answer {
    send(app, Method::POST, path, &[("content-type", "application/json")], body).await
}

/// Any JSON whose objects have some of these keys and some of these words.
pub(crate) fn any_json(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let word = proptest::sample::select(words).prop_map(Value::from);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        word,
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        let key =
            prop_oneof![4 => proptest::sample::select(words).prop_map(str::to_owned), 1 => "[a-z]{0,3}"];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((key, inner), 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}
