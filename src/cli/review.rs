//! `comity review`

use std::io::{self, BufRead, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use comity_review::Store;
use comity_review::people::hash_password;
use comity_review::store::Role;
use comity_review::web::{Access, Console, router};
use comity_serve::{Config, LogFormat, Tls};
use indicatif::{HumanCount, ProgressBar};
use tokio::runtime::Runtime;

use crate::files;
use crate::policy::Policy;

use super::Done;
use super::output::Output;
use super::words::{counted, one_of};

/// The port of the default address.
const PORT: u16 = 8766;

/// Review finished runs in a browser, alone or with others.
///
/// Opens the runs in a console: queues, search, bulk actions, policies and figures. Without logins,
/// and on this machine alone, nobody has to log in; `comity review users add` adds a login.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    /// Folders of finished runs to import before the console opens.
    dirs: Vec<PathBuf>,

    /// Name of the source that the runs are of [default: the name of each folder].
    #[arg(long, value_name = "NAME")]
    source: Option<String>,

    #[command(flatten)]
    database: Database,

    /// Address to listen on; port 0 lets the system choose [default: 127.0.0.1:8766].
    #[arg(long, value_name = "IP:PORT", env = "COMITY_REVIEW_LISTEN")]
    listen: Option<SocketAddr>,

    /// Policy to publish before the console opens (TOML) [default: the one in force].
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Certificate for HTTPS (PEM) [default: HTTP].
    #[arg(long, value_name = "FILE", env = "COMITY_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// Private key of the certificate (PEM).
    #[arg(long, value_name = "FILE", env = "COMITY_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Import the runs, and end.
    #[arg(long)]
    import_only: bool,
}

/// The database of the console.
#[derive(clap::Args)]
struct Database {
    /// Database: sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME
    /// [default: review.db in the first folder].
    #[arg(long, value_name = "URL", env = "COMITY_DATABASE", hide_env_values = true)]
    database: Option<String>,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Add, change and list the users who log in.
    #[command(subcommand)]
    Users(Users),
    /// Write the decisions as a CSV file for `comity decisions`.
    Export(Export),
}

#[derive(clap::Subcommand)]
enum Users {
    /// Add a user. The password is the first line of standard input.
    Add {
        /// Name to log in with.
        name: String,
        /// Rights: read-only, moderator, lead or admin.
        #[arg(long, default_value = "moderator", value_parser = one_of::<Role>(Role::ALL.map(Role::as_str)))]
        role: Role,
        #[command(flatten)]
        database: Database,
    },
    /// Replace a user's password by the first line of standard input, and end the user's sessions.
    Password {
        /// Name of the user.
        name: String,
        #[command(flatten)]
        database: Database,
    },
    /// Give a user another role.
    Role {
        /// Name of the user.
        name: String,
        /// Rights: read-only, moderator, lead or admin.
        #[arg(value_parser = one_of::<Role>(Role::ALL.map(Role::as_str)))]
        role: Role,
        #[command(flatten)]
        database: Database,
    },
    /// Lock a user out.
    Disable {
        /// Name of the user.
        name: String,
        #[command(flatten)]
        database: Database,
    },
    /// Let a user in again.
    Enable {
        /// Name of the user.
        name: String,
        #[command(flatten)]
        database: Database,
    },
    /// List the users.
    List {
        #[command(flatten)]
        database: Database,
    },
}

#[derive(clap::Args)]
struct Export {
    /// File to write; `-` for standard output.
    file: PathBuf,

    /// Source whose decisions are written [default: all].
    #[arg(long, value_name = "NAME")]
    source: Option<String>,

    #[command(flatten)]
    database: Database,
}

pub(crate) fn run(args: Args) -> anyhow::Result<Done> {
    let runtime = Runtime::new().context("cannot start threads")?;
    match args.command {
        Some(Command::Users(command)) => runtime.block_on(change_users(command))?,
        Some(Command::Export(export)) => runtime.block_on(write_log(&export))?,
        None => serve(&args, &runtime)?,
    }
    Ok(Done::Clean)
}

impl Database {
    fn url(&self, dirs: &[PathBuf]) -> anyhow::Result<String> {
        match (&self.database, dirs.first()) {
            (Some(url), _) => Ok(url.clone()),
            (None, Some(dir)) => Ok(format!("sqlite://{}", dir.join("review.db").display())),
            (None, None) => {
                super::serve::usage("name a folder of a finished run, or a database: --database URL")
            }
        }
    }

    async fn open(&self) -> anyhow::Result<Store> {
        Ok(Store::open(&self.url(&[])?).await?)
    }
}

fn serve(args: &Args, runtime: &Runtime) -> anyhow::Result<()> {
    let _log = comity_serve::start_log(LogFormat::Text);
    let mut out = Output::new();
    let store = runtime.block_on(async {
        let store = Store::open(&args.database.url(&args.dirs)?).await?;
        if let Some(policy) = &args.policy {
            publish(&store, policy).await?;
        }
        store.apply_policy().await?;
        for dir in &args.dirs {
            import(&store, dir, args.source.as_deref(), &mut out).await?;
        }
        anyhow::Ok(store)
    })?;
    if args.import_only {
        return Ok(());
    }
    let mut config = Config::new(args.listen.unwrap_or_else(|| ([127, 0, 0, 1], PORT).into()));
    config.tls =
        args.tls_cert.clone().zip(args.tls_key.clone()).map(|(certificate, key)| Tls { certificate, key });
    config.limits.header_time = Duration::from_secs(60);
    let pages = runtime.block_on(console(&store, config.listen, config.tls.is_some()))?;
    let pages =
        pages.route("/", axum::routing::get(|| async { axum::response::Redirect::to("/review/queue") }));
    let upkeep = runtime.spawn(async move { store.keep_up().await });
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let served = comity_serve::serve_pages(&config, pages, |address| {
        // Whoever does not read this line is served nevertheless.
        let _ = writeln!(out, "open {scheme}://{address}/review/ in a browser; Ctrl-C ends");
        let _ = out.flush();
    });
    upkeep.abort();
    Ok(served?)
}

/// Returns the pages of a console. Without logins, whoever reaches a loopback address is let in.
pub(super) async fn console(store: &Store, listen: SocketAddr, secure: bool) -> anyhow::Result<axum::Router> {
    let has_logins = store.has_logins().await?;
    if !has_logins && !listen.ip().is_loopback() {
        anyhow::bail!(
            "{listen} can be reached by others, and nobody has a login; add one with `comity review users add NAME \
             --role admin --database URL`, or listen on 127.0.0.1"
        );
    }
    let access = if has_logins { Access::Login } else { Access::SingleUser };
    Ok(router(Console { store: store.clone(), access, secure }).await?)
}

/// Publishes the policy of a file, unless it is in force.
pub(super) async fn publish(store: &Store, path: &Path) -> anyhow::Result<()> {
    let toml = files::read_text_at_most(path, files::MAX_SMALL_FILE)
        .with_context(|| format!("cannot read the policy {}", path.display()))?;
    Policy::parse(&toml).with_context(|| path.display().to_string())?;
    if store.published_policy().await?.toml != toml {
        store.publish_policy(&toml, &path.display().to_string(), None).await?;
    }
    Ok(())
}

async fn import(store: &Store, dir: &Path, source: Option<&str>, out: &mut Output) -> anyhow::Result<()> {
    let name = match source {
        Some(name) => name.to_owned(),
        None => {
            let whole = dir.canonicalize().with_context(|| format!("cannot open {}", dir.display()))?;
            whole.file_name().map_or_else(|| "run".to_owned(), |name| name.to_string_lossy().into_owned())
        }
    };
    let line = ProgressBar::new_spinner();
    let mut show = |comments| {
        line.set_message(format!("{} comments imported", HumanCount(comments)));
        line.tick();
    };
    let imported = store.import_run(dir, &name, &mut show).await?;
    line.finish_and_clear();
    writeln!(
        out,
        "{name}: {}, {} new or changed, {} to review",
        counted(imported.comments, "comment", "comments"),
        imported.added,
        imported.opened
    )?;
    Ok(())
}

async fn change_users(command: Users) -> anyhow::Result<()> {
    let mut out = Output::new();
    match command {
        Users::Add { name, role, database } => {
            let store = database.open().await?;
            let hash = hash_password(&name, &password()?)?;
            let user = store.create_user(&name, role, Some(&hash)).await?;
            store.audit(None, "user.create", &format!("user:{}", user.id), role.as_str()).await?;
            writeln!(out, "{} can log in as {role}", user.name)?;
        }
        Users::Password { name, database } => {
            let store = database.open().await?;
            let user = known(&store, &name).await?;
            store.set_password_hash(user.id, &hash_password(&name, &password()?)?).await?;
            store.audit(None, "user.password", &format!("user:{}", user.id), "").await?;
            writeln!(out, "{} has another password", user.name)?;
        }
        Users::Role { name, role, database } => {
            let store = database.open().await?;
            let user = known(&store, &name).await?;
            store.set_role(user.id, role).await?;
            store.audit(None, "user.role", &format!("user:{}", user.id), role.as_str()).await?;
            writeln!(out, "{} is {role}", user.name)?;
        }
        Users::Disable { name, database } => set_disabled(&database, &name, true, &mut out).await?,
        Users::Enable { name, database } => set_disabled(&database, &name, false, &mut out).await?,
        Users::List { database } => {
            for user in database.open().await?.users().await? {
                let state = if user.disabled { ", disabled" } else { "" };
                writeln!(out, "{}: {}{state}", super::output::printable(&user.name), user.role)?;
            }
        }
    }
    out.flush()?;
    Ok(())
}

async fn set_disabled(
    database: &Database,
    name: &str,
    disabled: bool,
    out: &mut Output,
) -> anyhow::Result<()> {
    let store = database.open().await?;
    let user = known(&store, name).await?;
    store.set_disabled(user.id, disabled).await?;
    let (action, state) = if disabled { ("user.disable", "locked out") } else { ("user.enable", "let in") };
    store.audit(None, action, &format!("user:{}", user.id), "").await?;
    writeln!(out, "{} is {state}", user.name)?;
    Ok(())
}

async fn known(store: &Store, name: &str) -> anyhow::Result<comity_review::store::User> {
    let user = store.user_by_name(name).await?;
    user.with_context(|| format!("no user is named `{name}`; `comity review users list` lists them"))
}

/// Reads a password from standard input.
fn password() -> anyhow::Result<String> {
    if io::stdin().is_terminal() {
        eprint!("password (it is shown as you type): ");
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("cannot read the password from standard input")?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        anyhow::bail!("no password; write it to standard input");
    }
    Ok(password.to_owned())
}

async fn write_log(export: &Export) -> anyhow::Result<()> {
    let store = export.database.open().await?;
    let source = match &export.source {
        None => None,
        Some(name) => {
            let sources = store.sources().await?;
            let found = sources.iter().find(|(_, known)| known == name).map(|(id, _)| *id);
            Some(found.with_context(|| format!("no source is named `{name}`"))?)
        }
    };
    if export.file.as_os_str() == "-" {
        store.export_log(source, &mut io::stdout()).await?;
        return Ok(());
    }
    let (dir, name) = match (export.file.parent(), export.file.file_name()) {
        (Some(dir), Some(name)) => (dir, name),
        _ => return super::serve::usage("name a file to write"),
    };
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    let failed = || format!("cannot write {}", export.file.display());
    let (staged, mut draft) = files::Staged::create(dir, name).with_context(failed)?;
    let written = store.export_log(source, &mut draft).await?;
    files::finish(draft).with_context(failed)?;
    staged.publish().with_context(failed)?;
    let mut out = Output::new();
    writeln!(out, "{}: {}", export.file.display(), counted(written, "decision", "decisions"))?;
    Ok(())
}
