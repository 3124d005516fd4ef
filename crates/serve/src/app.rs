//! What every handler shares.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};

use comity_core::comment::{Comment, Origin};
use comity_core::policy::Policy;

use crate::config::{Config, Limits};
use crate::keys::Keys;
use crate::metrics::Metrics;
use crate::scoring::{Models, Scoring};

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
