//! The settings of a server.

use std::net::SocketAddr;

use comity_core::policy::Policy;
use comity_infer::ScorerBuilder;

/// The settings of a server.
#[non_exhaustive]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The models, in order of preference. A text is scored by the first that supports its language.
    pub models: Vec<ScorerBuilder>,
    /// The policy that decides what is flagged.
    pub policy: Policy,
    /// The largest body of a request, in bytes.
    pub max_body: usize,
}

impl Config {
    /// Creates the default settings of a server that listens on `listen`.
    pub fn new(listen: SocketAddr) -> Self {
        Self { listen, models: vec![ScorerBuilder::default()], policy: Policy::built_in(), max_body: 1 << 20 }
    }
}
