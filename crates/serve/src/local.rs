//! Answers requests of the same process, without a socket.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, header};
use axum::routing::Router;
use comity_infer::Scorer;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

use crate::app::App;
use crate::config::Config;
use crate::scoring::Models;
use crate::server::{ServeError, router};

/// The server's answers for callers in the same process: requests take the same way as those of a
/// connection, but no socket is opened.
///
/// ```
/// # #[cfg(feature = "embedded")]
/// # fn main() -> Result<(), comity_serve::ServeError> {
/// use comity_infer::Scorer;
/// use comity_serve::Local;
///
/// let local = Local::new(Scorer::builder().build()?, 1)?;
/// let request = r#"{"comment": {"text": "You fool!"}, "requestedAttributes": {"TOXICITY": {}}}"#;
/// let reply = local.post("/v1alpha1/comments:analyze", request)?;
/// assert_eq!(reply.status, 200);
/// assert!(reply.body.contains("summaryScore"));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "embedded"))]
/// # fn main() {}
/// ```
pub struct Local {
    routes: Router,
    runtime: Runtime,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status of HTTP, 200 for success.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Local {
    /// Starts the threads that score, with a model that is loaded; 0 is one for each core.
    ///
    /// # Errors
    /// [`ServeError`] if the system refuses threads.
    pub fn new(scorer: Scorer, threads: usize) -> Result<Self, ServeError> {
        // The address is not listened on.
        let mut config = Config::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        config.threads = Some(threads);
        let app = App::with(&config, Models::new(vec![scorer], None))?;
        let runtime = Builder::new_current_thread().enable_time().build().map_err(ServeError::System)?;
        Ok(Self { routes: router(&app), runtime })
    }

    /// Answers a request with a JSON body, at an address of the server such as
    /// `/v1alpha1/comments:analyze`. It returns once the answer is complete; threads may call it at
    /// the same time.
    ///
    /// # Errors
    /// [`ServeError::System`] if the address is none, or the answer is not text.
    pub fn post(&self, address: &str, body: impl Into<String>) -> Result<Reply, ServeError> {
        let failed =
            |error: Box<dyn std::error::Error + Send + Sync>| ServeError::System(io::Error::other(error));
        let request = Request::builder()
            .method(Method::POST)
            .uri(address)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.into()))
            .map_err(|error| failed(error.into()))?;
        let routes = self.routes.clone();
        self.runtime.block_on(async {
            let Ok::<_, Infallible>(response) = routes.oneshot(request).await;
            let (head, body) = response.into_parts();
            let body = to_bytes(body, usize::MAX).await.map_err(|error| failed(error.into()))?;
            let body = String::from_utf8(body.into()).map_err(|error| failed(error.into()))?;
            Ok(Reply { status: head.status.as_u16(), body })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use comity_core::label::Label;
    use comity_infer::ModelChoice;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn requests_are_answered_as_over_a_connection() {
        let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/models/tiny");
        let scorer = Scorer::builder().model(ModelChoice::Folder(tiny)).build().unwrap();
        let text = "The new bridge is a disgrace, and whoever planned it should be ashamed of himself.";
        let scores = *scorer.score(&[text]).unwrap()[0].scores().unwrap();
        let local = Local::new(scorer, 1).unwrap();
        let analyze = |body: Value| {
            let reply = local.post("/v1alpha1/comments:analyze", body.to_string()).unwrap();
            (reply.status, serde_json::from_str::<Value>(&reply.body).unwrap())
        };

        let (status, answer) =
            analyze(json!({"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}}));
        assert_eq!(status, 200);
        let value = &answer["attributeScores"]["TOXICITY"]["summaryScore"]["value"];
        assert_eq!(value.as_f64(), scores.get(Label::Toxicity));

        let (status, answer) = analyze(json!({"comment": {"text": text}}));
        assert_eq!(
            (status, answer["error"]["message"].as_str()),
            (400, Some("Missing requested_attributes"))
        );
        // The server's limit on a body.
        let (status, _) = analyze(json!({"comment": {"text": "a".repeat(1 << 20)}}));
        assert_eq!(status, 413);

        let suggestion = json!({
            "comment": {"text": text},
            "attributeScores": {"TOXICITY": {"summaryScore": {"value": 1}}},
        });
        let reply = local.post("/v1alpha1/comments:suggestscore", suggestion.to_string()).unwrap();
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(local.post("/nowhere", "").unwrap().status, 404);
    }
}
