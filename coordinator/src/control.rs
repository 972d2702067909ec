//! How `tvaers` talks to a serving coordinator on the same machine: lines of JSON over a Unix socket that only its
//! owner can open.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tvaers_protocol::problem::{Exit, Problem};

use crate::coordinator::Coordinator;
use crate::event::{Event, Events};
use crate::overview::{self, NodeLine};
use crate::stratify::{self, Summary};

/// Bytes of one request, at most.
const REQUEST_BYTES_MAX: u64 = 64 << 10;

/// For a request to arrive once a client has connected.
const REQUEST_TIME: Duration = Duration::from_secs(10);

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Run a stratification.
    Stratify(stratify::Request),
    /// Who is connected, and how they are.
    Nodes,
}

/// What a client is told, one object a line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// Something happened; more follows.
    Event(Event),
    /// The stratification is done.
    Stratified(Summary),
    /// The nodes.
    Nodes(Vec<NodeLine>),
    /// It failed; with the exit code.
    Failed(Problem, Exit),
}

/// A path by which a socket in a deep folder can be reached: addresses of Unix sockets have 108 bytes at most, so
/// the folder is named by an open handle. The handle must live as long as the path is used.
fn short(path: &Path) -> io::Result<(PathBuf, File)> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let dir = File::open(parent)?;
    let name = path.file_name().unwrap_or_default();
    Ok((PathBuf::from(format!("/proc/self/fd/{}", dir.as_raw_fd())).join(name), dir))
}

/// Makes the socket; from then on clients can connect, and wait to be served.
///
/// # Errors
/// Where the socket cannot be made.
pub fn bind(path: &Path) -> io::Result<UnixListener> {
    // A socket that a killed coordinator left behind is in the way.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let (address, dir) = short(path)?;
    let listener = UnixListener::bind(&address)?;
    drop(dir);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Serves clients until cancelled.
///
/// # Errors
/// Where the socket fails.
pub async fn serve(coordinator: Arc<Coordinator>, listener: UnixListener) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let coordinator = Arc::clone(&coordinator);
        tokio::spawn(async move {
            if let Err(error) = client(coordinator, stream).await {
                tracing::warn!(error = %error, "a client of the control socket has left");
            }
        });
    }
}

async fn client(coordinator: Arc<Coordinator>, stream: UnixStream) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    let mut reader = BufReader::new(read).take(REQUEST_BYTES_MAX);
    tokio::time::timeout(REQUEST_TIME, reader.read_line(&mut line)).await??;
    let request: Request = match serde_json::from_str(&line) {
        Ok(request) => request,
        Err(error) => {
            let problem = Problem::new(Exit::BadInput, "control.request", error)
                .next("use the `tvaers` of the coordinator's own version");
            return tell(&mut write, &Reply::Failed(problem, Exit::BadInput)).await;
        }
    };
    let (events, mut happened) = Events::channel();
    // A task of its own: a study that has begun is carried to its end and closed, whether or not its client stays.
    let work = tokio::spawn(async move { carry_out(&coordinator, &request, events).await });
    // The events end when the work has dropped its end of the channel.
    while let Some(event) = happened.recv().await {
        tell(&mut write, &Reply::Event(event)).await?;
    }
    tell(&mut write, &work.await.map_err(io::Error::other)?).await
}

async fn carry_out(coordinator: &Coordinator, request: &Request, events: Events) -> Reply {
    let failed = |problem: Problem| {
        let exit = problem.exit;
        Reply::Failed(problem, exit)
    };
    match request {
        Request::Stratify(request) => {
            stratify::run(coordinator, request, &events).await.map_or_else(failed, Reply::Stratified)
        }
        Request::Nodes => Reply::Nodes(overview::nodes(coordinator).await),
    }
}

async fn tell(write: &mut (impl tokio::io::AsyncWrite + Unpin), reply: &Reply) -> io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    write.write_all(&line).await
}

/// Asks a serving coordinator; `on_event` hears of what happens on the way.
///
/// # Errors
/// [`Problem`]: the coordinator's own, or that there is none.
pub async fn ask(path: &Path, request: &Request, mut on_event: impl FnMut(&Event)) -> Result<Reply, Problem> {
    let unreachable = |error: io::Error| {
        Problem::new(Exit::Failed, "control.unreachable", format_args!("no coordinator answers: {error}"))
            .at(path.display())
            .next("start it with `tvaers serve` in the same --home")
    };
    let (address, dir) = short(path).map_err(unreachable)?;
    let stream = UnixStream::connect(&address).await.map_err(unreachable)?;
    drop(dir);
    let (read, mut write) = stream.into_split();
    let mut line = serde_json::to_vec(request).map_err(|error| unreachable(error.into()))?;
    line.push(b'\n');
    write.write_all(&line).await.map_err(unreachable)?;
    let mut lines = BufReader::new(read).lines();
    while let Some(line) = lines.next_line().await.map_err(unreachable)? {
        match serde_json::from_str(&line).map_err(|error| unreachable(error.into()))? {
            Reply::Event(event) => on_event(&event),
            Reply::Failed(problem, exit) => return Err(Problem { exit, ..problem }),
            reply => return Ok(reply),
        }
    }
    Err(unreachable(io::ErrorKind::UnexpectedEof.into()))
}
