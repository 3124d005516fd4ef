//! Listens, and takes every connection to its shape.

use std::io;
use std::net::SocketAddr;

use axum::routing::Router;
use comity_infer::ScoreError;

use crate::app::{App, Shared};
use crate::config::Config;
use crate::guard::guarded;
use crate::shapes;

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
}

/// Serves until a signal to end arrives.
///
/// # Errors
/// [`ServeError`] if a model cannot be loaded or the address cannot be listened on.
pub fn serve(config: &Config) -> Result<(), ServeError> {
    let listen = |error| ServeError::Listen(config.listen, error);
    let app = App::start(config)?;
    let runtime = tokio::runtime::Runtime::new().map_err(listen)?;
    runtime.block_on(async {
        let service = router(&app).into_make_service();
        axum_server::bind(config.listen).serve(service).await.map_err(listen)
    })
}

/// Returns the routes of every shape.
pub(crate) fn router(app: &Shared) -> Router {
    let routes = shapes::all().into_iter().fold(Router::new(), |all, shape| all.merge(guarded(shape, app)));
    routes.with_state(app.clone())
}
