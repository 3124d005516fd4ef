//! The settings of a server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::routing::Router;
use comity_core::policy::Policy;
use comity_core::record::{Explanation, ModelId, Scored};
use comity_infer::ScorerBuilder;

use crate::keys::Keys;

/// The settings of a server.
#[non_exhaustive]
pub struct Config {
    /// The address to listen on. Port 0 lets the system choose one.
    pub listen: SocketAddr,
    /// The models, in order of preference. A text is scored by the first that supports its language.
    pub models: Vec<ScorerBuilder>,
    /// The number of threads that score; `None` and 0 are one for each core.
    pub threads: Option<usize>,
    /// The largest number of tokens that are scored at once. More would make little difference to
    /// the throughput, and let others wait longer.
    pub batch: usize,
    /// The number of tokens (about 4 bytes of text each) that may wait to be scored before requests
    /// are refused, for each priority.
    pub queue: usize,
    /// The time that a thread waits for more texts before it scores fewer than a batch.
    pub wait: Duration,
    /// The policy that decides what is flagged.
    pub policy: Policy,
    /// The keys that clients must send. Without any, every client is served.
    pub keys: Keys,
    /// Reads policy and keys again when the server receives SIGHUP.
    pub reload: Option<Reload>,
    /// The origins whose pages may call the server from a browser, such as `https://example.org`.
    pub cors: Vec<String>,
    /// The certificate of HTTPS; `None` serves HTTP.
    pub tls: Option<Tls>,
    /// The secret that Coral signs its requests with; `None` refuses them.
    pub coral_secret: Option<Vec<u8>>,
    /// The file that scores suggested by clients (Perspective's `comments:suggestscore`) are added
    /// to, with the texts that they are about. `None` keeps none.
    pub suggestions: Option<PathBuf>,
    /// A review console in the same server; `None` serves none, and stores nothing.
    pub console: Option<Console>,
    /// The bounds of a request and of the server.
    pub limits: Limits,
    /// The time that requests have to finish after the signal to end.
    pub grace: Duration,
}

/// A review console in the same server.
#[derive(Clone)]
pub struct Console {
    /// Stores a comment that a client sent.
    pub keep: Keep,
    /// Its pages.
    pub pages: Router,
}

/// Stores a comment, or returns why that failed.
pub type Keep = Arc<dyn Fn(Sent) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

/// A comment that a client sent for the console.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Name of the source: `coral`, `perspective`, or the one that the client names.
    pub source: String,
    /// The comment and its scores.
    pub scored: Scored,
    /// The model that scored it.
    pub model: ModelId,
    /// The words that carry the score of a flagged comment.
    pub explanation: Option<Explanation>,
}

/// Reads policy and keys from where the caller keeps them, or returns why that failed.
pub type Reload = Box<dyn Fn() -> Result<(Policy, Keys), String> + Send + Sync>;

/// The files of a certificate, in PEM form.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The certificate, and those that it depends on.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// The bounds of a request and of the server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// The largest body that is read as a whole, in bytes.
    pub body: usize,
    /// The largest body of a stream, in bytes.
    pub stream: usize,
    /// The largest number of texts in a request that is not a stream.
    pub texts: usize,
    /// The largest number of open connections. Further ones wait until one closes.
    pub connections: usize,
    /// The time in which the headers of a request must arrive. It is also the longest that a
    /// connection may stay idle between two requests.
    pub header_time: Duration,
    /// The time in which a body that is read as a whole must arrive.
    pub body_time: Duration,
    /// The longest that a client may pause while it sends a stream or reads an answer.
    pub pause: Duration,
}

impl Config {
    /// Creates the default settings of a server that listens on `listen`.
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            models: vec![ScorerBuilder::default()],
            threads: None,
            batch: 512,
            queue: 1 << 18,
            wait: Duration::ZERO,
            policy: Policy::built_in(),
            keys: Keys::default(),
            reload: None,
            cors: Vec::new(),
            tls: None,
            coral_secret: None,
            suggestions: None,
            console: None,
            limits: Limits::default(),
            grace: Duration::from_secs(30),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1 << 20,
            stream: 1 << 30,
            texts: 1000,
            connections: 1024,
            header_time: Duration::from_secs(30),
            body_time: Duration::from_secs(30),
            pause: Duration::from_secs(30),
        }
    }
}
