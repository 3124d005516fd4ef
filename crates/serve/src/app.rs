//! What every handler shares.

use std::sync::{Arc, RwLock};

use comity_core::comment::{Comment, Origin};
use comity_core::policy::Policy;

use crate::config::Config;
use crate::scoring::Scoring;

/// What every handler shares.
pub(crate) struct App {
    /// The models, and the threads that run them.
    pub(crate) scoring: Scoring,
    policy: RwLock<Arc<Policy>>,
    /// The largest body of a request, in bytes.
    pub(crate) max_body: usize,
}

/// The state of the routers.
pub(crate) type Shared = Arc<App>;

impl App {
    /// Loads the models.
    pub(crate) fn start(config: &Config) -> Result<Shared, comity_infer::ScoreError> {
        let scoring = Scoring::start(config)?;
        let policy = RwLock::new(Arc::new(config.policy.clone()));
        Ok(Arc::new(Self { scoring, policy, max_body: config.max_body }))
    }

    /// Returns the policy in force. It may be replaced while a request runs, so a handler asks once.
    pub(crate) fn policy(&self) -> Arc<Policy> {
        self.policy.read().expect("no one panics while holding the lock").clone()
    }
}

/// Returns a text of a request as a comment without thread, author and time.
pub(crate) fn comment(text: impl Into<String>) -> Comment {
    Comment::new("", "", text, Origin { file: "request".into(), record: 1, line: 1 })
}
