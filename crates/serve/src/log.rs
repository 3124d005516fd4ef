//! The log, on standard error. It has the events of this crate alone: a library's could quote a
//! request.

use std::io::IsTerminal;
use std::panic::{self, PanicHookInfo};

use tracing::level_filters::LevelFilter;
use tracing::{Subscriber, error};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// How an event is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogFormat {
    /// A line for people.
    #[default]
    Text,
    /// A JSON object on a line.
    Json,
}

/// The log of the process, and with the feature `otel` the spans of its requests. Spans that have
/// not been sent yet are sent when it is dropped.
#[must_use]
#[derive(Debug)]
pub struct Log {
    #[cfg(feature = "otel")]
    spans: Option<opentelemetry_sdk::trace::SdkTracerProvider>,
}

/// Starts the log of the process. Panics are logged without their message, which can quote a text.
///
/// A process has one log: later calls have no effect.
pub fn start_log(format: LogFormat) -> Log {
    let colour = std::io::stderr().is_terminal();
    let subscriber = subscriber(format, colour, std::io::stderr);
    #[cfg(feature = "otel")]
    let (spans, fault) = match crate::spans::provider() {
        Ok(spans) => (spans, None),
        Err(fault) => (None, Some(fault)),
    };
    #[cfg(feature = "otel")]
    let subscriber = subscriber.with(spans.as_ref().map(crate::spans::layer));
    let _ = subscriber.try_init();
    panic::set_hook(Box::new(log_panic));
    #[cfg(feature = "otel")]
    if let Some(fault) = fault {
        error!(fault, "spans are not exported");
    }
    Log {
        #[cfg(feature = "otel")]
        spans,
    }
}

#[cfg(feature = "otel")]
impl Drop for Log {
    fn drop(&mut self) {
        if let Some(Err(fault)) = self.spans.as_ref().map(|spans| spans.shutdown()) {
            error!(%fault, "spans are lost");
        }
    }
}

/// Logs where a panic happened, not what it says.
pub(crate) fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    error!(place, "a part of the server panicked; please report it");
}

/// Returns what turns events into lines.
pub(crate) fn subscriber<W>(
    format: LogFormat,
    colour: bool,
    writer: W,
) -> impl Subscriber + for<'a> LookupSpan<'a> + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_target(false).with_ansi(colour);
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).boxed(),
    };
    let ours = Targets::new().with_target(env!("CARGO_CRATE_NAME"), LevelFilter::INFO);
    tracing_subscriber::registry().with(lines.with_filter(ours))
}
