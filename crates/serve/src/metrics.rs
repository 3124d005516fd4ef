//! The figures of `/metrics`, named like Text Embeddings Inference's.

use std::time::Duration;

use axum::http::StatusCode;
use prometheus::{
    Encoder, Gauge, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

/// The upper bounds of the classes of request durations, in seconds.
const SECONDS: [f64; 14] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0];

/// The figures of `/metrics`.
pub(crate) struct Metrics {
    /// Collects the figures of every part of the server.
    pub(crate) registry: Registry,
    requests: IntCounterVec,
    successes: IntCounterVec,
    failures: IntCounterVec,
    durations: HistogramVec,
    in_flight: IntGauge,
    memory: IntGauge,
}

impl Metrics {
    /// Creates the figures of requests, all 0.
    pub(crate) fn new() -> Self {
        let registry = Registry::new();
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels).expect(VALID);
            registry.register(Box::new(counter.clone())).expect(UNIQUE);
            counter
        };
        let gauge = |name: &str, help: &str| {
            let gauge = IntGauge::new(name, help).expect(VALID);
            registry.register(Box::new(gauge.clone())).expect(UNIQUE);
            gauge
        };
        let labels = ["method", "shape", "key"];
        let durations = HistogramOpts::new(
            "te_request_duration",
            "Seconds from the headers of a request to the end of its answer",
        );
        let durations =
            HistogramVec::new(durations.buckets(SECONDS.to_vec()), &["method", "shape"]).expect(VALID);
        registry.register(Box::new(durations.clone())).expect(UNIQUE);
        let build = Opts::new("comity_build_info", "Always 1; the version of the server is a label")
            .const_label("version", env!("CARGO_PKG_VERSION"));
        let build = Gauge::with_opts(build).expect(VALID);
        build.set(1.0);
        registry.register(Box::new(build)).expect(UNIQUE);
        Self {
            requests: counter("te_request_count", "Finished and abandoned requests", &labels),
            successes: counter("te_request_success", "Requests answered with a status below 400", &labels),
            failures: counter("te_request_failure", "Requests that failed, by kind of error", &["err"]),
            in_flight: gauge("comity_requests_in_flight", "Requests that are being answered"),
            memory: gauge("process_resident_memory_bytes", "Memory of the process, in bytes"),
            durations,
            registry,
        }
    }

    /// Counts a request that begins.
    pub(crate) fn begin(&self) {
        self.in_flight.inc();
    }

    /// Counts a request that has ended; `status` is `None` if its client left before the answer.
    pub(crate) fn end(
        &self,
        [method, shape, key]: [&str; 3],
        status: Option<StatusCode>,
        duration: Duration,
    ) {
        self.in_flight.dec();
        self.requests.with_label_values(&[method, shape, key]).inc();
        self.durations.with_label_values(&[method, shape]).observe(duration.as_secs_f64());
        match failure(status) {
            None => self.successes.with_label_values(&[method, shape, key]).inc(),
            Some(err) => self.failures.with_label_values(&[err]).inc(),
        }
    }

    /// Returns every figure in the text format of Prometheus.
    pub(crate) fn text(&self) -> Vec<u8> {
        if let Some(bytes) = resident_memory() {
            self.memory.set(bytes);
        }
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text).expect("a vector takes every byte");
        text
    }
}

const VALID: &str = "the name and the labels are valid";
const UNIQUE: &str = "each name is registered once";

/// Returns the kind of error of an answer, `None` if it is a success.
fn failure(status: Option<StatusCode>) -> Option<&'static str> {
    let Some(status) = status else { return Some("abandoned") };
    Some(match status.as_u16() {
        ..400 => return None,
        401 | 403 => "unauthorized",
        404 | 405 => "not_found",
        408 => "timeout",
        413 => "too_large",
        429 | 503 => "overloaded",
        400..500 => "validation",
        _ => "inference",
    })
}

/// Returns the memory of the process in bytes, where the system says so (Linux).
fn resident_memory() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
