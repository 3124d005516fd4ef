//! The page and the document, as a router serves them.

use std::collections::BTreeSet;
use std::path::Path;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use comity_infer::{ModelChoice, Scorer};
use serde_json::Value;
use tower::ServiceExt;

use super::*;
use crate::config::Config;
use crate::server::router;

fn app() -> Shared {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/models/tiny");
    let mut config = Config::new("127.0.0.1:0".parse().unwrap());
    config.models = vec![Scorer::builder().model(ModelChoice::Folder(folder))];
    App::start(&config).unwrap()
}

async fn get(path: &str) -> (HeaderMap, String) {
    let request = Request::get(path).header("host", "comity.example:\"<8080").body(Body::empty()).unwrap();
    let response = router(&app()).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    let headers = response.headers().clone();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (headers, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn the_page_says_what_runs_and_loads_nothing_from_elsewhere() {
    let (headers, page) = get("/").await;
    for words in ["default", "very-toxic", "0.9", "severe toxicity", "<option>en</option>"] {
        assert!(page.contains(words), "{words}");
    }
    assert!(page.contains("&#34;&#60;8080") && !page.contains("\"<8080"), "the host is escaped");
    assert!(headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    for (path, media_type) in [("/page.css", "text/css"), ("/page.js", "text/javascript")] {
        assert!(page.contains(&format!("\"{}\"", &path[1..])), "{path}");
        let (headers, content) = get(path).await;
        assert!(headers["content-type"].to_str().unwrap().starts_with(media_type));
        assert!(!content.contains("://") && !content.contains("innerHTML"), "{path}");
    }
    let addresses = page.replace("http://comity.example", "");
    assert!(!addresses.contains("://"), "no address of another server");
    assert!(!page.contains(" style=") && !page.contains(" onclick="), "the policy would block these");
}

#[test]
fn a_duration_has_two_units() {
    for (seconds, words) in
        [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3_660, "1 h 1 min"), (90_000, "1 d 1 h")]
    {
        assert_eq!(duration(Duration::from_secs(seconds)), words);
    }
}

fn document() -> Value {
    serde_json::from_str(openapi::document()).unwrap()
}

/// Returns the paths of the router. axum has no list of them, but its `Debug` form does.
fn routes() -> BTreeSet<String> {
    let routes = super::super::all().into_iter().flat_map(|shape| {
        let text = format!("{:?}", shape.routes);
        let paths =
            text.split("): \"/").skip(1).filter_map(|rest| Some(format!("/{}", rest.split_once('"')?.0)));
        paths.collect::<Vec<_>>()
    });
    let own = routes.filter(|path| !path.contains("__private"));
    own.map(|path| path.replace("%3A", ":")).collect()
}

#[test]
fn every_route_is_documented() {
    let routes = routes();
    assert!(routes.contains("/v1/score") && routes.contains("/openapi.json"), "{routes:?}");
    let document = document();
    let paths: BTreeSet<String> = document["paths"].as_object().unwrap().keys().cloned().collect();
    let missing: Vec<&String> = routes.difference(&paths).collect();
    assert!(missing.is_empty(), "add to crates/serve/openapi: {missing:?}");
}

#[tokio::test]
async fn every_operation_exists() {
    let app = app();
    let document = document();
    for (path, operations) in document["paths"].as_object().unwrap() {
        // Others of the shape's routes answer in its place.
        let path = path.replace("{callback}", "user_may_invite");
        for method in ["GET", "POST", "PUT", "DELETE"] {
            let request = Request::builder().method(method).uri(&path).body(Body::empty()).unwrap();
            let status = router(&app).oneshot(request).await.unwrap().status();
            assert_ne!(status, StatusCode::NOT_FOUND, "{method} {path}");
            let is_documented = operations.get(method.to_lowercase()).is_some();
            assert_eq!(status != StatusCode::METHOD_NOT_ALLOWED, is_documented, "{method} {path}: {status}");
        }
    }
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    fn visit(value: &Value, document: &Value) {
        match value {
            Value::Object(object) => {
                if let Some(Value::String(reference)) = object.get("$ref") {
                    let pointer = reference.strip_prefix('#').unwrap();
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                }
                object.values().for_each(|value| visit(value, document));
            }
            Value::Array(items) => items.iter().for_each(|value| visit(value, document)),
            _ => {}
        }
    }
    let document = document();
    visit(&document, &document);
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
}
