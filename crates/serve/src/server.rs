//! Listens, takes every connection to its shape, and ends when told to.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use axum::extract::Request;
use axum::http::{HeaderValue, Method, header};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::Router;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};
use comity_infer::ScoreError;
use tower_http::cors::{Any, CorsLayer};
use tracing::{error, info, warn};

use crate::app::{App, Shared};
use crate::config::{Config, Tls};
use crate::guard::{Refuse, guarded};
use crate::listener::{Connections, Place};
use crate::observe::{Details, observe};
use crate::refusal::Refusal;
use crate::shapes;
use crate::signals::{Signal, Signals};

/// Error of a server that could not start, or had to stop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// A model could not be loaded.
    #[error(transparent)]
    Model(#[from] ScoreError),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}; choose another address with --listen")]
    Listen(SocketAddr, #[source] io::Error),
    /// The certificate or its key cannot be used.
    #[error("cannot use the certificate {0} with the key {1}; both must be PEM files")]
    Tls(PathBuf, PathBuf, #[source] io::Error),
    /// An origin of a browser's page is not one.
    #[error("`{0}` is no origin; write one like https://example.org")]
    Origin(String),
    /// A second signal arrived before every request was answered.
    #[error("ended by a second signal; requests were dropped")]
    Interrupted,
    /// The system refused threads or signals.
    #[error("cannot start the server")]
    System(#[source] io::Error),
}

/// Serves until SIGTERM or SIGINT arrives, and the requests that were accepted are answered.
/// `ready` gets the address once clients can connect.
///
/// # Errors
/// [`ServeError`] if a model cannot be loaded, the address cannot be listened on, a setting is
/// unusable, or a second signal arrived.
pub fn serve(config: &Config, ready: impl FnOnce(SocketAddr)) -> Result<(), ServeError> {
    let app = App::start(config)?;
    let mut routes = router(&app);
    if let Some(console) = &config.console {
        routes = routes.merge(console.pages.clone());
    }
    let runtime = tokio::runtime::Runtime::new().map_err(ServeError::System)?;
    let ended = runtime.block_on(run(config, Some(&app), routes, ready));
    // What the grace did not suffice for is dropped.
    runtime.shutdown_background();
    ended
}

/// Serves pages alone, without a model, as [`serve`] does: of `config`, the address, the certificate,
/// the limits of connections and the grace count.
///
/// # Errors
/// [`ServeError`] if the address cannot be listened on, a setting is unusable, or a second signal
/// arrived.
pub fn serve_pages(config: &Config, pages: Router, ready: impl FnOnce(SocketAddr)) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Runtime::new().map_err(ServeError::System)?;
    let ended = runtime.block_on(run(config, None, pages, ready));
    runtime.shutdown_background();
    ended
}

/// Serves routes. Without an `app` there is nothing to reload but the certificate.
async fn run(
    config: &Config,
    app: Option<&Shared>,
    routes: Router,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), ServeError> {
    let mut signals = Signals::new().map_err(ServeError::System)?;
    let listen = |error| ServeError::Listen(config.listen, error);
    let tls = match &config.tls {
        Some(files) => Some(certificate(files).await?),
        None => None,
    };
    let service = routes.layer(cors(&config.cors)?).into_make_service_with_connect_info::<SocketAddr>();
    let connections = Connections::bind(config.listen, &config.limits).await.map_err(listen)?;
    let address = connections.address().map_err(listen)?;

    let handle = Handle::<Place>::new();
    let mut server = Server::<Place>::from_listener(connections).handle(handle.clone());
    server = server.first_request_timeout(config.limits.header_time);
    server.http_builder().http1().header_read_timeout(config.limits.header_time);
    // A client that has gone without a word does not answer pings.
    let pause = config.limits.pause;
    server.http_builder().http2().keep_alive_interval(pause).keep_alive_timeout(pause);
    let server = async {
        match tls.clone() {
            Some(tls) => {
                let accept = |acceptor| {
                    let tls = RustlsAcceptor::new(tls).handshake_timeout(config.limits.header_time);
                    tls.acceptor(acceptor)
                };
                server.map(accept).serve(service).await
            }
            None => server.serve(service).await,
        }
    };
    tokio::pin!(server);
    if app.is_some() && config.keys.is_empty() && !address.ip().is_loopback() {
        warn!(
            "no key is set: whoever reaches {address} can use this server; add --keys FILE, or listen on \
             127.0.0.1"
        );
    }
    ready(address);
    let mut is_stopping = false;
    loop {
        tokio::select! {
            ended = &mut server => return ended.map_err(listen),
            signal = signals.next() => match signal {
                Signal::Reload => reload(config, app, tls.as_ref()).await,
                Signal::End if is_stopping => return Err(ServeError::Interrupted),
                Signal::End => {
                    info!(grace_s = config.grace.as_secs(), "shutting down");
                    is_stopping = true;
                    if let Some(app) = app {
                        app.stop();
                    }
                    handle.graceful_shutdown(Some(config.grace));
                }
            },
        }
    }
}

/// Returns the routes of every shape, with the ids, logs and figures of requests.
pub(crate) fn router(app: &Shared) -> Router {
    routes(shapes::all(), app)
}

/// Returns the routes of these shapes. Other addresses are refused by the one with the longest
/// prefix.
fn routes(shapes: Vec<shapes::Shape>, app: &Shared) -> Router {
    let mut refusals: Vec<(&str, &str, Refuse)> = shapes
        .iter()
        .filter_map(|shape| shape.prefix.map(|prefix| (prefix, shape.name, shape.refuse)))
        .collect();
    refusals.sort_by_key(|(prefix, ..)| std::cmp::Reverse(prefix.len()));
    let unknown = move |request: Request| async move { not_found(&refusals, &request) };
    let routes = shapes.into_iter().fold(Router::new(), |all, shape| all.merge(guarded(shape, app)));
    routes.fallback(unknown).layer(from_fn_with_state(app.clone(), observe)).with_state(app.clone())
}

/// Refuses an address that no shape has.
fn not_found(refusals: &[(&str, &'static str, Refuse)], request: &Request) -> Response {
    let path = request.uri().path();
    let found = refusals.iter().find(|(prefix, ..)| path.starts_with(prefix));
    let Some((_, name, refuse)) = found else { return Response::default() };
    if let Some(details) = request.extensions().get::<Details>() {
        details.set_shape(name, None);
    }
    refuse(Refusal::NotFound)
}

/// Reads policy, keys and certificate again. What cannot be read stays as it is.
async fn reload(config: &Config, app: Option<&Shared>, tls: Option<&RustlsConfig>) {
    match (app, config.reload.as_ref().map(|reload| reload())) {
        (Some(app), Some(Ok((policy, keys)))) => {
            app.replace(policy, keys);
            info!("policy and keys are reloaded");
        }
        (_, Some(Err(cause))) => error!(cause, "policy and keys stay as they are"),
        _ => info!("there is nothing to reload"),
    }
    if let (Some(tls), Some(files)) = (tls, &config.tls) {
        match tls.reload_from_pem_file(&files.certificate, &files.key).await {
            Ok(()) => info!("the certificate is reloaded"),
            Err(cause) => error!(%cause, "the certificate stays as it is"),
        }
    }
}

async fn certificate(files: &Tls) -> Result<RustlsConfig, ServeError> {
    let Tls { certificate, key } = files;
    let config = RustlsConfig::from_pem_file(certificate, key).await;
    config.map_err(|error| ServeError::Tls(certificate.clone(), key.clone(), error))
}

/// Lets the pages of these origins call the server; `*` stands for all.
fn cors(origins: &[String]) -> Result<CorsLayer, ServeError> {
    if origins.is_empty() {
        return Ok(CorsLayer::new());
    }
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(Any)
        .expose_headers([header::RETRY_AFTER, crate::observe::REQUEST_ID]);
    if origins.iter().any(|origin| origin == "*") {
        return Ok(layer.allow_origin(Any));
    }
    let parse = |origin: &String| {
        let is_origin = origin.split_once("://").is_some_and(|(scheme, host)| {
            ["http", "https"].contains(&scheme) && !host.contains('/') && !host.is_empty()
        });
        let value = HeaderValue::from_str(origin).ok().filter(|_| is_origin);
        value.ok_or_else(|| ServeError::Origin(origin.clone()))
    };
    Ok(layer.allow_origin(origins.iter().map(parse).collect::<Result<Vec<_>, _>>()?))
}

#[cfg(test)]
mod tests;
