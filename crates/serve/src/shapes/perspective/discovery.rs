//! The discovery document, from which Google's client libraries build their methods.

use axum::extract::State;
use axum::http::header::HOST;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::failure::Failure;
use super::query::Form;
use crate::app::Shared;
use crate::refusal::Refusal;

/// The document without its addresses.
const DOCUMENT: &str = include_str!("discovery.json");

/// Answers with the document of version `v1alpha1`, the only one.
pub(super) async fn serve(State(app): State<Shared>, uri: Uri, headers: HeaderMap) -> Response {
    let (form, checked) = Form::read(&uri);
    let version = uri.query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("version="));
    let result = match version {
        None | Some("v1alpha1") => document(&uri, &headers, app.has_tls),
        Some(_) => Err(Refusal::NotFound.into()),
    };
    form.write(checked.and(result)).into_response()
}

fn document(uri: &Uri, headers: &HeaderMap, has_tls: bool) -> Result<Value, Failure> {
    let root = root_url(uri, headers, has_tls)
        .ok_or_else(|| Failure::invalid("Missing or malformed Host header.", Vec::new()))?;
    let mut document: Value = serde_json::from_str(DOCUMENT).expect("the document is JSON; a test reads it");
    document["rootUrl"] = json!(root);
    document["baseUrl"] = json!(root);
    Ok(document)
}

/// Returns the address by which the client reached the server, with a `/` at its end; `None` if it
/// named no host.
fn root_url(uri: &Uri, headers: &HeaderMap, has_tls: bool) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(HOST.as_str()).or_else(|| uri.authority().map(|authority| authority.as_str()))?;
    let is_of_host = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    if host.is_empty() || !host.chars().all(is_of_host) {
        return None;
    }
    // A proxy in front of the server knows whether the client used TLS.
    let forwarded =
        text("x-forwarded-proto").map(|schemes| schemes.split(',').next().unwrap_or_default().trim());
    let is_secure = forwarded.map_or(has_tls, |scheme| scheme.eq_ignore_ascii_case("https"));
    let scheme = if is_secure { "https" } else { "http" };
    Some(format!("{scheme}://{host}/"))
}
