//! What every handler shares.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};

use comity_core::comment::{Comment, Origin};
use comity_core::policy::Policy;
use comity_core::record::Scored;
use tracing::error;

use crate::config::{Config, Keep, Limits, Sent};
use crate::keys::Keys;
use crate::metrics::Metrics;
use crate::refusal::Refusal;
use crate::scoring::{Languages, Models, Priority, Scoring};

/// What every handler shares.
pub(crate) struct App {
    /// The models, and the threads that run them.
    pub(crate) scoring: Scoring,
    /// The bounds of a request.
    pub(crate) limits: Limits,
    /// The figures of `/metrics`.
    pub(crate) metrics: Metrics,
    /// The secret that Coral signs its requests with, if any.
    pub(crate) coral_secret: Option<Vec<u8>>,
    /// The file that suggested scores are added to, if any.
    pub(crate) suggestions: Option<PathBuf>,
    /// Stores what clients send, if there is a console.
    keep: Option<Keep>,
    /// True if clients reach the server by HTTPS, without a proxy.
    pub(crate) has_tls: bool,
    policy: RwLock<Arc<Policy>>,
    keys: RwLock<Arc<Keys>>,
    stopping: AtomicBool,
}

/// The state of the routers.
pub(crate) type Shared = Arc<App>;

impl App {
    /// Loads the models.
    pub(crate) fn start(config: &Config) -> Result<Shared, comity_infer::ScoreError> {
        Self::with(config, Models::load(&config.models)?)
    }

    /// Takes models that are loaded, in place of those that the settings name.
    pub(crate) fn with(config: &Config, models: Models) -> Result<Shared, comity_infer::ScoreError> {
        let metrics = Metrics::new();
        Ok(Arc::new(Self {
            scoring: Scoring::start(config, models, &metrics.registry)?,
            limits: config.limits.clone(),
            metrics,
            coral_secret: config.coral_secret.clone(),
            suggestions: config.suggestions.clone(),
            keep: config.console.as_ref().map(|console| console.keep.clone()),
            has_tls: config.tls.is_some(),
            policy: RwLock::new(Arc::new(config.policy.clone())),
            keys: RwLock::new(Arc::new(config.keys.clone())),
            stopping: AtomicBool::new(false),
        }))
    }

    /// Returns the policy in force. It may be replaced while a request runs, so a handler asks once.
    pub(crate) fn policy(&self) -> Arc<Policy> {
        self.policy.read().expect(UNPOISONED).clone()
    }

    /// Returns the keys in force.
    pub(crate) fn keys(&self) -> Arc<Keys> {
        self.keys.read().expect(UNPOISONED).clone()
    }

    /// Returns true if comments are stored for a console.
    pub(crate) fn has_console(&self) -> bool {
        self.keep.is_some()
    }

    /// Stores a comment for the console, if there is one. What the policy flags is explained first,
    /// for its moderators.
    ///
    /// # Errors
    /// [`Refusal::Internal`] if the database fails; the cause is in the log.
    pub(crate) async fn keep(
        &self,
        source: &str,
        scored: &Scored,
        languages: &Languages,
    ) -> Result<(), Refusal> {
        let Some(keep) = &self.keep else { return Ok(()) };
        let policy = self.policy();
        let fired =
            policy.decide(scored).filter(|decision| decision.is_flagged()).and_then(|flag| flag.fired);
        let explanation = match fired {
            // A comment without an explanation is better than none.
            Some(fired) => {
                let explain = self.scoring.explain(scored, fired.rule.label, languages, Priority::Bulk);
                explain.await.ok().flatten()
            }
            None => None,
        };
        let model = self.scoring.model_of(&scored.comment, languages);
        let sent = Sent { source: source.to_owned(), scored: scored.clone(), model, explanation };
        keep(sent).await.map_err(|cause| {
            error!(cause, source, "a comment was not stored");
            Refusal::Internal
        })
    }

    /// Replaces policy and keys. Requests that run keep what they have asked for.
    pub(crate) fn replace(&self, policy: Policy, keys: Keys) {
        *self.policy.write().expect(UNPOISONED) = Arc::new(policy);
        *self.keys.write().expect(UNPOISONED) = Arc::new(keys);
    }

    /// Returns true once the server has been told to end.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Reports the server as not ready from now on.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }
}

const UNPOISONED: &str = "no one panics while holding the lock";

/// Returns a text of a request as a comment without thread, author and time.
pub(crate) fn comment(text: impl Into<String>) -> Comment {
    Comment::new("", "", text, Origin { file: "request".into(), record: 1, line: 1 })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use axum::http::{Method, StatusCode};
    use axum::routing::Router;
    use comity_core::label::Label::Toxicity;
    use serde_json::json;

    use super::*;
    use crate::config::Console;
    use crate::shapes::testing::{self, policy, post, scores, send};

    const TEXT: &str = "So bad.";

    /// Returns a server whose console keeps what it is sent, and that; `works` is false for a
    /// database that fails.
    fn with_console(works: bool) -> (Shared, Arc<Mutex<Vec<Sent>>>) {
        let kept: Arc<Mutex<Vec<Sent>>> = Arc::default();
        let keep: Keep = {
            let kept = kept.clone();
            Arc::new(move |sent| {
                kept.lock().unwrap().push(sent);
                Box::pin(async move { works.then_some(()).ok_or_else(|| "no disk".to_owned()) })
            })
        };
        let threshold = scores(TEXT).get(Toxicity).unwrap();
        let app = testing::app(|config| {
            config.policy = policy(&[(Toxicity, threshold, "review")]);
            config.console = Some(Console { keep, pages: Router::new() });
        });
        (app, kept)
    }

    #[tokio::test]
    async fn comments_are_stored_before_they_are_answered() {
        let (app, kept) = with_console(true);
        let body = json!([{ "id": "7", "thread": "t", "author": "a", "text": TEXT }, "fine"]).to_string();
        let answer = post(&app, "/v1/comments?source=forum", body.clone()).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json()[0]["id"], "7");
        let sent = kept.lock().unwrap().clone();
        let [first, second] = &sent[..] else { panic!("{sent:?}") };
        assert_eq!((first.source.as_str(), first.scored.comment.id.as_str()), ("forum", "7"));
        assert_eq!(first.scored.comment.author.as_deref(), Some("a"));
        assert_eq!(first.scored.outcome.scores(), Some(&scores(TEXT)));
        assert_eq!(first.explanation.as_ref().map(|explanation| explanation.label), Some(Toxicity));
        assert!(!first.model.name.is_empty() && second.scored.comment.text == "fine");

        let plain =
            send(&app, Method::POST, "/v1/comments", &[("content-type", "application/x-ndjson")], "{}");
        assert_eq!(plain.await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let (broken, _) = with_console(false);
        assert_eq!(
            post(&broken, "/v1/comments", body.clone()).await.status,
            StatusCode::INTERNAL_SERVER_ERROR
        );
        let without = testing::app(|_| {});
        assert_eq!(post(&without, "/v1/comments", body).await.status, StatusCode::FORBIDDEN);
    }

    #[tokio::test]
    async fn perspective_stores_what_has_a_token_and_may_be_stored() {
        for (token, private, stored) in [("c7", false, true), ("", false, false), ("c7", true, false)] {
            for works in [true, false] {
                let (app, kept) = with_console(works);
                let body = json!({
                    "comment": { "text": TEXT },
                    "requestedAttributes": { "TOXICITY": {} },
                    "languages": ["en"],
                    "clientToken": token,
                    "communityId": "forum",
                    "doNotStore": private,
                });
                let answer = post(&app, "/v1alpha1/comments:analyze", body.to_string()).await;
                assert_eq!(answer.status, StatusCode::OK, "a database that fails costs no answer");
                let sent = kept.lock().unwrap().clone();
                assert_eq!(sent.len(), usize::from(stored), "{token} {private}");
                if let Some(sent) = sent.first() {
                    let comment = &sent.scored.comment;
                    assert_eq!((comment.id.as_str(), comment.thread.as_str()), ("c7", "forum"));
                    assert_eq!(sent.source, "perspective");
                }
            }
        }
    }
}
