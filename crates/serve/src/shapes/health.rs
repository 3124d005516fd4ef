//! Health and figures, for load balancers, orchestrators and Prometheus.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{Router, get};

use super::Shape;
use crate::app::Shared;
use crate::refusal::Refusal;

/// Returns the shape of the addresses that say if the server is well. They need no key.
pub(crate) fn shape() -> Shape {
    // `/health` is TEI's name.
    let routes = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/health", get(ready))
        .route("/readyz", get(ready));
    Shape::new("health", routes, refuse).open()
}

/// Returns the shape of `/metrics`, which has the names of the keys.
pub(crate) fn metrics() -> Shape {
    Shape::new("metrics", Router::new().route("/metrics", get(figures)), refuse)
}

async fn ready(State(app): State<Shared>) -> Response {
    if app.is_stopping() {
        return (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n").into_response();
    }
    "ready\n".into_response()
}

async fn figures(State(app): State<Shared>) -> Response {
    ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], app.metrics.text()).into_response()
}

fn refuse(refusal: Refusal) -> Response {
    let mut response = (refusal.status(), format!("{refusal}\n")).into_response();
    if matches!(refusal, Refusal::NoKey | Refusal::WrongKey) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
