//! Figures of the queue and the workers, under the names of Text Embeddings Inference where it has
//! one.

use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry};

use crate::refusal::Refusal;

/// Upper ends of the buckets for times, in seconds.
const SECONDS: [f64; 14] =
    [1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 2.5, 10.0];

/// Upper ends of the buckets for counts.
const COUNTS: [f64; 13] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0];

/// Figures of the queue and the workers.
pub(super) struct Figures {
    /// The state of the queue.
    pub(super) waiting: Waiting,
    batch_size: Histogram,
    batch_tokens: Histogram,
    queued: Histogram,
    tokenization: Histogram,
    inference: Histogram,
    scored: IntCounter,
    unscored: IntCounter,
    abandoned: IntCounter,
    refused: IntCounterVec,
}

/// The state of the queue.
#[derive(Clone)]
pub(super) struct Waiting {
    /// The number of texts that wait.
    pub(super) texts: IntGauge,
    /// The estimated number of their tokens.
    pub(super) tokens: IntGauge,
}

impl Figures {
    /// Creates the figures, all 0.
    pub(super) fn new(registry: &Registry) -> Self {
        let texts = |outcome| {
            let opts =
                Opts::new("comity_texts_total", "Texts, by their outcome").const_label("outcome", outcome);
            register(registry, IntCounter::with_opts(opts))
        };
        let refused = Opts::new("comity_refused_total", "Requests that were not accepted, by the reason");
        Self {
            waiting: Waiting {
                texts: gauge(registry, "te_queue_size", "Texts that wait"),
                tokens: gauge(registry, "comity_queue_tokens", "Estimated tokens of the texts that wait"),
            },
            batch_size: histogram(registry, "te_batch_next_size", "Token windows of a batch", &COUNTS),
            batch_tokens: histogram(registry, "te_batch_next_tokens", "Tokens of a batch", &COUNTS),
            queued: seconds(registry, "te_request_queue_duration", "Time of a text in the queue"),
            tokenization: seconds(
                registry,
                "te_request_tokenization_duration",
                "Time to normalize and tokenize a text",
            ),
            inference: seconds(
                registry,
                "te_request_inference_duration",
                "Time of the engine calls with a text in them",
            ),
            scored: texts("scored"),
            unscored: texts("unscored"),
            abandoned: texts("abandoned"),
            refused: register(registry, IntCounterVec::new(refused, &["reason"])),
        }
    }

    /// Counts a text that has left the queue.
    pub(super) fn waited(&self, time: Duration) {
        self.queued.observe(time.as_secs_f64());
    }

    /// Counts a text that is ready for the engine.
    pub(super) fn prepared(&self, time: Duration) {
        self.tokenization.observe(time.as_secs_f64());
    }

    /// Counts a batch.
    pub(super) fn batch(&self, windows: usize, tokens: usize) {
        self.batch_size.observe(windows as f64);
        self.batch_tokens.observe(tokens as f64);
    }

    /// Counts a text that has scores.
    pub(super) fn scored(&self, inference: Duration) {
        self.inference.observe(inference.as_secs_f64());
        self.scored.inc();
    }

    /// Counts a text that has none.
    pub(super) fn unscored(&self) {
        self.unscored.inc();
    }

    /// Counts texts that were dropped because their clients are gone.
    pub(super) fn abandoned(&self, texts: usize) {
        self.abandoned.inc_by(texts as u64);
    }

    /// Counts a request that was not accepted.
    pub(super) fn refused(&self, refusal: &Refusal) {
        let reason = if *refusal == Refusal::Stopping { "stopping" } else { "busy" };
        self.refused.with_label_values(&[reason]).inc();
    }
}

fn gauge(registry: &Registry, name: &str, help: &str) -> IntGauge {
    register(registry, IntGauge::new(name, help))
}

fn seconds(registry: &Registry, name: &str, help: &str) -> Histogram {
    histogram(registry, name, &format!("{help}, in seconds"), &SECONDS)
}

fn histogram(registry: &Registry, name: &str, help: &str, buckets: &[f64]) -> Histogram {
    register(registry, Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets.to_vec())))
}

fn register<C: Collector + Clone + 'static>(registry: &Registry, made: prometheus::Result<C>) -> C {
    let made = made.expect("the names and buckets above are valid");
    registry.register(Box::new(made.clone())).expect("the names above are different");
    made
}
