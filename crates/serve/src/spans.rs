//! Spans of requests for OpenTelemetry. They go over OTLP (HTTP) to the collector that the
//! environment names, and have no more of a request than the log.

use std::env;
use std::time::Duration;

use axum::http::HeaderMap;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_http::{Bytes, HeaderExtractor, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::{Builder, Runtime};
use tracing::level_filters::LevelFilter;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

/// The variables that name a collector.
const COLLECTOR: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

/// The longest that the collector may take for a batch of spans.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connects to the collector of the environment; `None` if it names none.
///
/// # Errors
/// The environment's settings are faulty, or the system refuses a thread.
pub(crate) fn provider() -> Result<Option<SdkTracerProvider>, Box<dyn std::error::Error>> {
    if COLLECTOR.iter().all(|name| env::var_os(name).is_none()) {
        return Ok(None);
    }
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let client = Client { client: HyperClient::with_default_connector(PATIENCE, None), runtime };
    let exporter = SpanExporter::builder().with_http().with_http_client(client).build()?;
    let mut resource = Resource::builder();
    if env::var_os("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name("comity");
    }
    Ok(Some(
        SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build(),
    ))
}

/// Returns what hands the spans of requests to a provider.
pub(crate) fn layer<S>(provider: &SdkTracerProvider) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("comity"));
    let layer = layer.with_location(false).with_threads(false).with_tracked_inactivity(false);
    layer.with_filter(Targets::new().with_target(crate::observe::SPANS, LevelFilter::INFO))
}

/// Makes a request's span a child of the span that its client names in `traceparent`.
pub(crate) fn join(span: &Span, headers: &HeaderMap) {
    let parent = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
    // It fails if spans are not exported.
    let _ = span.set_parent(parent);
}

/// Names a request's span once its route is known; the field `otel.name` would be too late then.
pub(crate) fn name(span: &Span, name: String) {
    span.context().span().update_name(name);
}

/// Sends spans from a runtime of its own: the thread that collects them has none.
#[derive(Debug)]
struct Client {
    client: HyperClient,
    runtime: Runtime,
}

#[async_trait::async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        self.runtime.spawn(async move { client.send_bytes(request).await }).await?
    }
}
