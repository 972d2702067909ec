//! How `tvaers` talks to a serving coordinator on the same machine: lines of JSON over a Unix socket that only its
//! owner can open.

mod client;
#[cfg(test)]
mod tests;

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
use tvaers_definitions::indicator::QUERIES_MAX;
use tvaers_definitions::source::FILE_BYTES_MAX;
use tvaers_protocol::message::Signed;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::request::QueryRequest;

use crate::coordinator::Coordinator;
use crate::event::Event;
use crate::overview::{self, NodeLine};
use crate::preview::NodePreview;
use crate::query::{self, Answered};
use crate::request::{Asked, IndicatorAsked, QueryAsked};
use crate::requests;
use crate::series;
use crate::state::{RequestRow, ResultName, StateError};
use crate::stratify::{self, Outcome, RequestId, Summary};

pub use client::ask;

/// Bytes of one request, at most: an indicator's file of the greatest length as queries, in which every character may be
/// escaped, and a kilobyte of signature and permit for each.
const REQUEST_BYTES_MAX: u64 = (4 * FILE_BYTES_MAX + 1024 * QUERIES_MAX) as u64;

/// Results that one reply holds, at most.
const RESULTS_PAGE: u32 = 500;

/// For a request to arrive once a client has connected.
const REQUEST_TIME: Duration = Duration::from_secs(10);

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Run a stratification.
    Stratify(stratify::Request),
    /// Ask a query.
    Query(QueryAsked),
    /// Ask an indicator that is answered by queries.
    Indicator(IndicatorAsked),
    /// Say what a query would cost.
    Preview(Signed<QueryRequest>),
    /// Results of a request or of a query's name, from a number on, a page at a time.
    Results {
        /// Of which request, or of which name.
        of: String,
        /// From which number on.
        from: u32,
    },
    /// What there are results of.
    ResultNames,
    /// Who is connected, and how they are.
    Nodes,
    /// What was asked for and what came of it, newest first: everything, or what has this name, be it a run's or a
    /// request's.
    Studies(Option<RequestId>),
    /// End the series of a run.
    CloseSeries(RequestId),
}

/// A request as it travels: under a name by which it can be asked again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    id: RequestId,
    ask: Request,
}

/// What a client is told, one object a line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is written at once")]
pub enum Reply {
    /// Something happened; more follows.
    Event(Event),
    /// The stratification has been carried out, perhaps without some nodes.
    Stratified(Summary),
    /// The query has been answered, perhaps without some nodes; the results are asked for by its name.
    Answered(Answered),
    /// What the query would cost.
    Previewed(Vec<NodePreview>),
    /// Results, each a result object in JSON.
    Results(Vec<String>),
    /// What there are results of.
    ResultNames(Vec<ResultName>),
    /// The nodes.
    Nodes(Vec<NodeLine>),
    /// What was asked for.
    Studies(Vec<RequestRow>),
    /// The series has ended.
    SeriesClosed(series::Ended),
    /// It failed; with the exit code.
    Failed(Problem, Exit),
}

impl From<Outcome> for Reply {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done(summary) => Self::Stratified(summary),
            Outcome::Answered(answered) => Self::Answered(answered),
            Outcome::Failed(problem, exit) => Self::Failed(problem, exit),
        }
    }
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
            if let Err(error) = client(&coordinator, stream).await {
                tracing::warn!(error = %error, "a client of the control socket has left");
            }
        });
    }
}

async fn client(coordinator: &Arc<Coordinator>, stream: UnixStream) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    let mut reader = BufReader::new(read).take(REQUEST_BYTES_MAX);
    tokio::time::timeout(REQUEST_TIME, reader.read_line(&mut line)).await??;
    let Envelope { id, ask } = match serde_json::from_str(&line) {
        Ok(envelope) => envelope,
        Err(error) => {
            let problem = Problem::new(Exit::BadInput, "control.request", error)
                .next("use the `tvaers` of the coordinator's own version");
            return tell(&mut write, &Reply::Failed(problem, Exit::BadInput)).await;
        }
    };
    let reply = match ask {
        Request::Stratify(request) => {
            followed(coordinator, &id, &Asked::Stratify(request), &mut write).await?
        }
        Request::Query(asked) => followed(coordinator, &id, &Asked::Query(asked), &mut write).await?,
        Request::Indicator(asked) => followed(coordinator, &id, &Asked::Indicator(asked), &mut write).await?,
        Request::Preview(request) => {
            query::preview(coordinator, &request).await.map_or_else(failed, Reply::Previewed)
        }
        Request::Results { of, from } => {
            let found = coordinator.state().results(&of, from, RESULTS_PAGE).await;
            found.map_or_else(state_failed, Reply::Results)
        }
        Request::ResultNames => {
            let found = coordinator.state().result_names().await;
            found.map_or_else(state_failed, Reply::ResultNames)
        }
        Request::Nodes => Reply::Nodes(overview::nodes(coordinator).await),
        Request::Studies(name) => {
            let found = coordinator.state().requests(name.as_ref()).await;
            found.map_or_else(state_failed, Reply::Studies)
        }
        Request::CloseSeries(run) => {
            series::end(coordinator, &run).await.map_or_else(failed, Reply::SeriesClosed)
        }
    };
    tell(&mut write, &reply).await
}

async fn followed(
    coordinator: &Arc<Coordinator>,
    id: &RequestId,
    request: &Asked,
    write: &mut (impl tokio::io::AsyncWrite + Unpin),
) -> io::Result<Reply> {
    let mut follower = match requests::follow(coordinator, id, request).await {
        Ok(follower) => follower,
        Err(problem) => return Ok(failed(problem)),
    };
    while let Some(event) = follower.next().await {
        tell(write, &Reply::Event(event)).await?;
    }
    Ok(follower.outcome().await.into())
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_or_else` takes")]
fn state_failed(error: StateError) -> Reply {
    failed(Problem::from_error(Exit::Failed, "state", &error))
}

fn failed(problem: Problem) -> Reply {
    let exit = problem.exit;
    Reply::Failed(problem, exit)
}

async fn tell(write: &mut (impl tokio::io::AsyncWrite + Unpin), reply: &Reply) -> io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    write.write_all(&line).await
}
