//! A PostgreSQL server for tests: the one that `TVAERS_TEST_POSTGRES` names by a superuser's URL, or a throw-away
//! one from the binaries of this machine. Where there is neither, the tests fail and say what to install.
//!
//! A throw-away server listens on a Unix socket in a folder of its own and is started once for all tests of a
//! program. A guard, a shell that reads from the tests' end of a pipe, stops it and removes the folder as soon as
//! the tests end, however they end: a panic or a kill closes the pipe too.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _};

/// Names a server's superuser by URL.
const VARIABLE: &str = "TVAERS_TEST_POSTGRES";

/// What the guard does: makes a server, says so, waits for the end of its input, and clears away.
/// `$1` is the folder, `$2` that of the binaries.
const GUARD: &str = r#"
set -e
trap '"$2/pg_ctl" -D "$1/data" -m immediate -w stop >/dev/null 2>&1 || true; rm -rf "$1"' EXIT
{
    "$2/initdb" -D "$1/data" -U tvaers -A scram-sha-256 --pwfile="$1/password" -E UTF8 --locale=C --no-sync
    "$2/pg_ctl" -D "$1/data" -l "$1/log" -w -t 60 -o "-k '$1' -c listen_addresses='' -c fsync=off \
        -c full_page_writes=off -c synchronous_commit=off -c max_connections=40" start
} >"$1/made" 2>&1 </dev/null || { cat "$1/made" "$1/log" >&2 || true; exit 1; }
echo ready
cat >/dev/null
"#;

/// A superuser's password at the throw-away server.
const PASSWORD: &str = "a-password-of-the-superuser";

/// Keeps the guard waiting.
struct Throwaway {
    superuser: String,
    /// With the tests' end of its input, which closes when they end.
    _guard: Child,
}

/// A database of one test.
pub(crate) struct Database {
    /// Its name.
    pub(crate) name: String,
    /// A connection that may do everything in it.
    pub(crate) owner: PgConnection,
}

impl Database {
    /// Makes a new database.
    pub(crate) async fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("tvaers_test_{}_{number}", std::process::id());
        let mut superuser = options().connect().await.expect("the server for tests answers");
        // Names that are made of numbers.
        for sql in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
            superuser.execute(AssertSqlSafe(sql)).await.unwrap();
        }
        let owner = options().database(&name).connect().await.unwrap();
        Self { name, owner }
    }

    /// Runs statements in it that the test is made of.
    pub(crate) async fn run(&mut self, sql: impl Into<String>) {
        let sql = sql.into();
        sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&mut self.owner).await.expect(&sql);
    }

    /// A role that may log in with this password, and what it may read; gives its URL.
    pub(crate) async fn role(&mut self, password: &str, grants: &str) -> String {
        let role = format!("{}_reader", self.name);
        self.run(format!("DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN PASSWORD '{password}'")).await;
        self.run(grants.replace("READER", &role)).await;
        self.url(&role, password)
    }

    /// The URL of the database for a role.
    pub(crate) fn url(&self, role: &str, password: &str) -> String {
        let (_, place) = url().rsplit_once('@').expect("a URL with user and password");
        let (host, rest) = place.split_once('/').unwrap_or((place, ""));
        let query = rest.split_once('?').map_or_else(String::new, |(_, query)| format!("?{query}"));
        format!("postgres://{role}:{password}@{host}/{}{query}", self.name)
    }
}

impl Drop for Database {
    /// A throw-away server goes as a whole; at one that is named nothing is to be left behind.
    fn drop(&mut self) {
        if named().is_none() {
            return;
        }
        let name = self.name.clone();
        let cleared = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut superuser = options().connect().await?;
                superuser.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await?;
                superuser.execute(AssertSqlSafe(format!("DROP ROLE IF EXISTS {name}_reader"))).await?;
                Ok::<_, sqlx::Error>(())
            })
        });
        // A test that fails is told of by itself.
        let _ = cleared.join();
    }
}

fn options() -> PgConnectOptions {
    let example = "postgres://user:password@host/database";
    url().parse().unwrap_or_else(|_| panic!("{VARIABLE} must be a URL such as {example}"))
}

/// The superuser's URL, of a server that runs.
fn url() -> &'static str {
    static SERVER: OnceLock<Throwaway> = OnceLock::new();
    named().unwrap_or_else(|| &SERVER.get_or_init(start).superuser)
}

fn named() -> Option<&'static str> {
    static NAMED: OnceLock<Option<String>> = OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "tests have no command line of their own")]
    let named = NAMED.get_or_init(|| std::env::var(VARIABLE).ok().filter(|url| !url.is_empty()));
    named.as_deref()
}

fn start() -> Throwaway {
    let binaries = binaries().unwrap_or_else(|| {
        panic!(
            "no PostgreSQL server: install one (`apt-get install postgresql`, or put the folder of `initdb` and \
             `postgres` into PATH), or name one in {VARIABLE} by a superuser's URL"
        )
    });
    // A socket's path must be short, which the folder for temporary files need not be.
    let folder = tempfile::Builder::new().prefix("tvaers-pg-").tempdir_in("/tmp").unwrap().keep();
    std::fs::write(folder.join("password"), PASSWORD).unwrap();
    let mut guard = Command::new("sh");
    guard.args(["-c", GUARD, "guard"]).arg(&folder).arg(&binaries).current_dir("/");
    // A keyboard's interrupt is for the tests; the guard must live to clear away.
    guard.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
    if let Some((user, group)) = other_user() {
        for path in [&folder, &folder.join("password")] {
            std::os::unix::fs::chown(path, Some(user), Some(group)).unwrap();
        }
        guard.uid(user).gid(group);
    }
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    let mut guard = guard.spawn().expect("a shell");
    let mut said = String::new();
    BufReader::new(guard.stdout.take().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said, "ready\n", "the throw-away server did not start; the reason stands above");
    let superuser = format!("postgres://tvaers:{PASSWORD}@localhost/postgres?host={}", folder.display());
    Throwaway { superuser, _guard: guard }
}

/// The folder that has `initdb`, `pg_ctl` and `postgres`: on the path, or where distributions put them.
fn binaries() -> Option<PathBuf> {
    let complete = |folder: &PathBuf| {
        ["initdb", "pg_ctl", "postgres"].iter().all(|program| folder.join(program).is_file())
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).find(complete);
    let version = |folder: &Path| {
        let name = folder.file_name()?.to_string_lossy().into_owned();
        name.trim_start_matches("pgsql-").parse::<u32>().ok()
    };
    let mut installed: Vec<PathBuf> = ["/usr/lib/postgresql", "/usr"]
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|folder| version(folder).is_some())
        .collect();
    installed.sort_by_key(|folder| version(folder));
    let installed = installed.into_iter().rev().map(|folder| folder.join("bin")).find(complete);
    on_path.or(installed)
}

/// A server refuses to run as root; then it runs as `postgres` or else as `nobody`, by their numbers.
fn other_user() -> Option<(u32, u32)> {
    let number = |arguments: &[&str]| {
        let output = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse::<u32>().ok()
    };
    if number(&["-u"]) != Some(0) {
        return None;
    }
    let user = ["postgres", "nobody"]
        .into_iter()
        .find_map(|name| Some((number(&["-u", name])?, number(&["-g", name])?)));
    Some(user.expect("a server refuses to run as root: there must be a user `postgres` or `nobody`"))
}
