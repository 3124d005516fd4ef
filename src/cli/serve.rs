//! `comity serve`

use std::io::Write;
use std::net::SocketAddr;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::engine;
use crate::files;
use crate::score::ScorerBuilder;
use anyhow::Context;
use clap::builder::PossibleValuesParser;
use comity_serve::{Config, Keys, LogFormat, Tls};
use serde::{Deserialize, Serialize};

use super::output::Output;
use super::score::load_policy;
use super::scorer::{calibrated, scorer, threads};
use super::{Done, one_line};

/// The port of the default address.
const PORT: u16 = 8765;

/// The model that ships inside, by its name.
const BUILT_IN: &str = "english";

/// The environment's list of keys, for those who keep secrets there.
const KEYS: &str = "COMITY_KEYS";

/// The environment's secret of Coral.
const CORAL_SECRET: &str = "COMITY_CORAL_SECRET";

/// Answer requests over HTTP, in the forms of Perspective, OpenAI and others.
///
/// Each option can also be a line of the file that --config names, such as `max-texts = 100`. An
/// option counts before its environment variable, and both before the file.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// File with options (TOML) [default: none].
    #[arg(long, value_name = "FILE", env = "COMITY_CONFIG")]
    config: Option<PathBuf>,

    #[command(flatten)]
    settings: Settings,
}

/// The options that the command line, the environment and the file have in common.
#[derive(clap::Args, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[derive(Default)]
struct Settings {
    /// Address to listen on; port 0 lets the system choose [default: 127.0.0.1:8765].
    #[arg(long, value_name = "IP:PORT", env = "COMITY_LISTEN")]
    #[serde(skip_serializing_if = "Option::is_none")]
    listen: Option<SocketAddr>,

    /// Model: `english` or a folder; repeated, the first that supports a text's language scores it
    /// [default: english].
    #[arg(long, value_name = "MODEL", env = "COMITY_MODEL", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    model: Vec<PathBuf>,

    /// Engine that runs the models [default: native].
    #[arg(long, value_name = "E", env = "COMITY_ENGINE", value_parser = PossibleValuesParser::new(engine::names()))]
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<String>,

    /// Number of threads [default: one per core].
    #[arg(long, value_name = "N", env = "COMITY_THREADS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    threads: Option<NonZero<usize>>,

    /// Largest number of tokens that a thread scores at once [default: 512].
    #[arg(long, value_name = "TOKENS", env = "COMITY_BATCH")]
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<NonZero<usize>>,

    /// Milliseconds that a thread waits for more texts before it scores fewer [default: 0].
    #[arg(long, value_name = "MS", env = "COMITY_WAIT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    wait: Option<u32>,

    /// Map toxicity scores to those of Perspective (`perspective`), or by a file of `comity
    /// calibrate`.
    #[arg(long, value_name = "FILE", env = "COMITY_CALIBRATION")]
    #[serde(skip_serializing_if = "Option::is_none")]
    calibration: Option<PathBuf>,

    /// Policy that turns scores into decisions (TOML) [default: the built-in policy].
    #[arg(long, value_name = "FILE", env = "COMITY_POLICY")]
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PathBuf>,

    /// File with the keys that clients must send, `name = "key"` a line [default: no key is
    /// needed, unless COMITY_KEYS contains such lines].
    #[arg(long, value_name = "FILE", env = "COMITY_KEYS_FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<PathBuf>,

    /// Certificate for HTTPS (PEM) [default: HTTP].
    #[arg(long, value_name = "FILE", env = "COMITY_TLS_CERT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_cert: Option<PathBuf>,

    /// Private key of the certificate (PEM).
    #[arg(long, value_name = "FILE", env = "COMITY_TLS_KEY")]
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_key: Option<PathBuf>,

    /// Origin whose pages may call the server from a browser, or `*` [default: none].
    #[arg(long, value_name = "ORIGIN", env = "COMITY_CORS_ORIGIN", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cors_origin: Vec<String>,

    /// File with the secret that Coral signs its requests with [default: they are refused, unless
    /// COMITY_CORAL_SECRET has the secret].
    #[arg(long, value_name = "FILE", env = "COMITY_CORAL_SECRET_FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    coral_secret_file: Option<PathBuf>,

    /// File to append the scores to that clients of Perspective suggest, with their texts (NDJSON)
    /// [default: they are not kept].
    #[arg(long, value_name = "FILE", env = "COMITY_SUGGESTIONS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestions: Option<PathBuf>,

    /// Serve a review console, too, and store what Coral, clients of Perspective with a
    /// `clientToken` and `POST /v1/comments` send [default: no].
    #[cfg(feature = "review")]
    #[arg(long, env = "COMITY_REVIEW")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    review: bool,

    /// Database of the review console: sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME.
    #[cfg(feature = "review")]
    #[arg(long, value_name = "URL", env = "COMITY_DATABASE", hide_env_values = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<String>,

    /// Format of the log, which goes to standard error [default: text].
    #[arg(long, value_name = "FORMAT", env = "COMITY_LOG_FORMAT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    log_format: Option<Log>,

    /// Seconds that requests have to finish after the signal to end [default: 30].
    #[arg(long, value_name = "S", env = "COMITY_GRACE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    grace: Option<u32>,

    /// Largest request, in bytes [default: 1048576].
    #[arg(long, value_name = "BYTES", env = "COMITY_MAX_BODY", help_heading = "Limits")]
    #[serde(skip_serializing_if = "Option::is_none")]
    max_body: Option<NonZero<usize>>,

    /// Largest stream, in bytes [default: 1073741824].
    #[arg(long, value_name = "BYTES", env = "COMITY_MAX_STREAM", help_heading = "Limits")]
    #[serde(skip_serializing_if = "Option::is_none")]
    max_stream: Option<NonZero<usize>>,

    /// Largest number of texts in a request that is not a stream [default: 1000].
    #[arg(long, value_name = "N", env = "COMITY_MAX_TEXTS", help_heading = "Limits")]
    #[serde(skip_serializing_if = "Option::is_none")]
    max_texts: Option<NonZero<usize>>,

    /// Largest number of tokens that wait to be scored, of about 4 bytes each [default: 262144].
    #[arg(long, value_name = "TOKENS", env = "COMITY_QUEUE", help_heading = "Limits")]
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<NonZero<usize>>,

    /// Largest number of open connections; further ones wait [default: 1024].
    #[arg(long, value_name = "N", env = "COMITY_MAX_CONNECTIONS", help_heading = "Limits")]
    #[serde(skip_serializing_if = "Option::is_none")]
    max_connections: Option<NonZero<usize>>,

    /// Seconds in which the headers of a request must arrive, and that a connection may stay idle
    /// [default: 30].
    #[arg(long, value_name = "S", env = "COMITY_HEADER_TIME", help_heading = "Limits")]
    #[serde(skip_serializing_if = "Option::is_none")]
    header_time: Option<NonZero<u32>>,

    /// Seconds in which the body of a request must arrive [default: 30].
    #[arg(long, value_name = "S", env = "COMITY_BODY_TIME", help_heading = "Limits")]
    #[serde(skip_serializing_if = "Option::is_none")]
    body_time: Option<NonZero<u32>>,

    /// Seconds that a client may pause while it sends a stream or reads an answer [default: 30].
    #[arg(long, value_name = "S", env = "COMITY_PAUSE", help_heading = "Limits")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pause: Option<NonZero<u32>>,
}

#[derive(Clone, Copy, clap::ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Log {
    /// Lines for people.
    Text,
    /// A JSON object a line.
    Json,
}

pub(crate) fn run(args: Args) -> anyhow::Result<Done> {
    let settings = match &args.config {
        Some(file) => args.settings.over(file)?,
        None => args.settings,
    };
    // Dropped last: it sends what it has of the requests.
    let _log = comity_serve::start_log(match settings.log_format {
        Some(Log::Json) => LogFormat::Json,
        Some(Log::Text) | None => LogFormat::Text,
    });
    let scheme = if settings.tls_cert.is_some() { "https" } else { "http" };
    #[cfg(feature = "review")]
    let (review, policy) = (settings.console()?, settings.policy.clone());
    #[cfg_attr(not(feature = "review"), expect(unused_mut, reason = "only the console adds to it"))]
    let mut config = settings.config()?;
    #[cfg(feature = "review")]
    let _console = match review {
        Some(url) => Some(Running::start(&url, policy, &mut config)?),
        None => None,
    };
    comity_serve::serve(&config, |address| {
        // Whoever does not read this line is served nevertheless.
        let mut out = Output::new();
        let _ = writeln!(out, "listening on {scheme}://{address}; open it in a browser to try a text");
        let _ = out.flush();
    })?;
    Ok(Done::Clean)
}

/// The database of the console, and what runs beside the server for it.
#[cfg(feature = "review")]
struct Running {
    /// Runs the connections of the database; the server has a runtime of its own.
    _runtime: tokio::runtime::Runtime,
}

#[cfg(feature = "review")]
impl Running {
    /// Opens the database, and adds the console to the settings of the server. The policy of a file
    /// is published; without one, the server takes the policy that is published.
    fn start(url: &str, policy: Option<PathBuf>, config: &mut Config) -> anyhow::Result<Self> {
        use super::review;

        let runtime = tokio::runtime::Runtime::new().context("cannot start threads")?;
        let store = runtime.block_on(async {
            let store = comity_review::Store::open(url).await?;
            if let Some(policy) = &policy {
                review::publish(&store, policy).await?;
            }
            store.apply_policy().await?;
            anyhow::Ok(store)
        })?;
        let secure = config.tls.is_some();
        let pages = runtime.block_on(review::console(&store, config.listen, secure))?;
        config.policy = runtime.block_on(store.published_policy())?.policy;
        if let Some(files) = config.reload.take() {
            let (handle, store) = (runtime.handle().clone(), store.clone());
            config.reload = Some(Box::new(move || {
                let (_, keys) = files()?;
                // The server reloads within its own runtime, which must not wait for another.
                let published = std::thread::scope(|scope| {
                    scope.spawn(|| handle.block_on(store.published_policy())).join()
                });
                let published = published.map_err(|_| "the database failed".to_owned())?;
                Ok((published.map_err(|error| one_line(&error))?.policy, keys))
            }));
        }
        let keep = {
            let store = store.clone();
            std::sync::Arc::new(move |sent: comity_serve::Sent| {
                let store = store.clone();
                let kept = async move {
                    let comity_serve::Sent { source, scored, model, explanation } = sent;
                    let added = store.add(&source, scored, &model, explanation).await;
                    added.map(|_| ()).map_err(|error| one_line(&error))
                };
                Box::pin(kept) as std::pin::Pin<Box<dyn Future<Output = Result<(), String>> + Send>>
            })
        };
        config.console = Some(comity_serve::Console { keep, pages });
        runtime.spawn(async move { store.keep_up().await });
        Ok(Self { _runtime: runtime })
    }
}

impl Settings {
    /// Returns the database of the console, if there is to be one.
    #[cfg(feature = "review")]
    fn console(&self) -> anyhow::Result<Option<String>> {
        match (self.review, &self.database) {
            (true, None) => {
                usage("--review needs a database: add --database URL, such as sqlite://review.db")
            }
            (true, Some(url)) => Ok(Some(url.clone())),
            (false, _) => Ok(None),
        }
    }

    /// Returns these settings, with those of a file where these have none.
    fn over(&self, file: &Path) -> anyhow::Result<Self> {
        let text = files::read_text_at_most(file, files::MAX_SMALL_FILE)
            .with_context(|| format!("cannot read the options {}", file.display()))?;
        let name = || file.display().to_string();
        // Parsed for its own sake first, since these errors have the line.
        let _: Self = toml::from_str(&text).with_context(name)?;
        let mut merged: toml::Table = toml::from_str(&text).with_context(name)?;
        merged.extend(toml::Table::try_from(self).context("an option is not UTF-8")?);
        merged.try_into().with_context(name)
    }

    /// Returns the settings of the server.
    fn config(self) -> anyhow::Result<Config> {
        let mut config = Config::new(self.listen.unwrap_or_else(|| ([127, 0, 0, 1], PORT).into()));
        config.models = self.models()?;
        config.threads = Some(threads(self.threads.map(NonZero::get)));
        config.batch = self.batch.map_or(config.batch, NonZero::get);
        config.queue = self.queue.map_or(config.queue, NonZero::get);
        config.wait = self.wait.map_or(config.wait, |wait| Duration::from_millis(wait.into()));
        config.coral_secret = coral_secret(self.coral_secret_file.as_deref())?;
        config.tls = match (self.tls_cert, self.tls_key) {
            (Some(certificate), Some(key)) => Some(Tls { certificate, key }),
            (None, None) => None,
            (Some(_), None) => {
                return usage("--tls-cert needs the key of the certificate: add --tls-key FILE");
            }
            (None, Some(_)) => return usage("--tls-key needs a certificate: add --tls-cert FILE"),
        };
        config.suggestions = self.suggestions;
        config.cors = self.cors_origin;
        config.grace = self.grace.map_or(config.grace, |grace| Duration::from_secs(grace.into()));
        let seconds = |time: NonZero<u32>| Duration::from_secs(time.get().into());
        let limits = &mut config.limits;
        limits.body = self.max_body.map_or(limits.body, NonZero::get);
        limits.stream = self.max_stream.map_or(limits.stream, NonZero::get);
        limits.texts = self.max_texts.map_or(limits.texts, NonZero::get);
        limits.connections = self.max_connections.map_or(limits.connections, NonZero::get);
        limits.header_time = self.header_time.map_or(limits.header_time, seconds);
        limits.body_time = self.body_time.map_or(limits.body_time, seconds);
        limits.pause = self.pause.map_or(limits.pause, seconds);
        let (policy, keys) = (self.policy, self.keys);
        let load = move || Ok((load_policy(policy.as_deref())?, load_keys(keys.as_deref())?));
        (config.policy, config.keys) = load()?;
        config.reload =
            Some(Box::new(move || load().map_err(|error: anyhow::Error| one_line(error.as_ref()))));
        Ok(config)
    }

    /// Returns the models, in the order given. A score map must be for each of them.
    fn models(&self) -> anyhow::Result<Vec<ScorerBuilder>> {
        let engine = self.engine.clone().or_else(|| engine::names().next().map(str::to_owned));
        let engine = engine.unwrap_or_default();
        let model = |folder: Option<&PathBuf>| {
            let folder = folder.filter(|folder| folder.as_os_str() != BUILT_IN);
            calibrated(scorer(folder.cloned(), engine.clone()), self.calibration.as_deref())
        };
        if self.model.is_empty() {
            return Ok(vec![model(None)?]);
        }
        self.model.iter().map(|folder| model(Some(folder))).collect()
    }
}

/// Fails as clap does on wrong usage.
pub(super) fn usage<T>(fault: &str) -> anyhow::Result<T> {
    Err(clap::Error::raw(clap::error::ErrorKind::MissingRequiredArgument, format!("{fault}\n")).into())
}

/// Returns the keys of a file, or of the environment.
fn load_keys(path: Option<&Path>) -> anyhow::Result<Keys> {
    if let Some(path) = path {
        let list = files::read_text_at_most(path, files::MAX_SMALL_FILE)
            .with_context(|| format!("cannot read the keys {}", path.display()))?;
        return Keys::parse(&list).with_context(|| path.display().to_string());
    }
    match std::env::var(KEYS) {
        Ok(list) => Keys::parse(&list).context(KEYS),
        Err(std::env::VarError::NotPresent) => Ok(Keys::default()),
        Err(error) => Err(error).context(KEYS),
    }
}

/// Returns Coral's secret from a file or the environment, without the line end of a file.
fn coral_secret(path: Option<&Path>) -> anyhow::Result<Option<Vec<u8>>> {
    let secret = match path {
        Some(path) => {
            let secret = files::read_at_most(path, files::MAX_SMALL_FILE)
                .with_context(|| format!("cannot read the secret {}", path.display()))?;
            Some(secret.trim_ascii().to_vec())
        }
        None => std::env::var_os(CORAL_SECRET).map(|secret| secret.into_encoded_bytes()),
    };
    if secret.as_ref().is_some_and(Vec::is_empty) {
        anyhow::bail!("the secret of Coral is empty; copy it from Coral's settings");
    }
    Ok(secret)
}
