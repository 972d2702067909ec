//! The client's side: asks, listens, and where the coordinator goes in the middle of a stratification, asks again under
//! the same name once it is back.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::time::Instant;
use tvaers_protocol::problem::{Exit, Problem};

use super::{Envelope, Reply, Request, short};
use crate::event::Event;
use crate::stratify::RequestId;

/// Between looks whether the coordinator is back.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// How one try to ask went wrong.
enum Lost {
    /// Nobody answers.
    Unreachable(io::Error),
    /// The request was sent, and the coordinator has gone since.
    Gone(io::Error),
    /// It answered what is no answer.
    Unreadable(serde_json::Error),
}

/// Asks a serving coordinator; `on_event` hears of what happens on the way.
///
/// A coordinator that goes in the middle of a stratification is waited for as long as the request lets a node be away,
/// from when it was heard of last: it goes on by itself when it is started again.
///
/// # Errors
/// [`Problem`]: the coordinator's own, or that there is none.
pub async fn ask(path: &Path, request: &Request, mut on_event: impl FnMut(&Event)) -> Result<Reply, Problem> {
    let envelope = Envelope { id: RequestId::random(), ask: request.clone() };
    let patience = match request {
        Request::Stratify(request) => Some(Duration::from_secs(request.deadline_s)),
        Request::Query(asked) => Some(Duration::from_secs(asked.deadline_s)),
        _ => None,
    };
    let mut gone_since = None;
    loop {
        let lost = match once(path, &envelope, &mut on_event, &mut gone_since).await {
            Ok(Reply::Failed(problem, exit)) => return Err(Problem { exit, ..problem }),
            Ok(reply) => return Ok(reply),
            Err(lost) => lost,
        };
        let since: Instant = match (lost, gone_since, patience) {
            (Lost::Unreadable(error), _, _) => return Err(unreadable(path, &error)),
            (Lost::Unreachable(error), None, _) | (Lost::Gone(error) | Lost::Unreachable(error), _, None) => {
                return Err(unreachable(path, &error));
            }
            (Lost::Gone(_), since, Some(_)) => *gone_since.insert(since.unwrap_or_else(Instant::now)),
            (Lost::Unreachable(_), Some(since), Some(_)) => since,
        };
        if patience.is_none_or(|patience| since.elapsed() >= patience) {
            return Err(gone(path));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Asks once. Whatever is heard shows that the coordinator is there.
async fn once(
    path: &Path,
    envelope: &Envelope,
    on_event: &mut impl FnMut(&Event),
    gone_since: &mut Option<Instant>,
) -> Result<Reply, Lost> {
    let (address, dir) = short(path).map_err(Lost::Unreachable)?;
    let stream = UnixStream::connect(&address).await.map_err(Lost::Unreachable)?;
    drop(dir);
    let (read, mut write) = stream.into_split();
    let mut line = serde_json::to_vec(envelope).map_err(Lost::Unreadable)?;
    line.push(b'\n');
    write.write_all(&line).await.map_err(Lost::Gone)?;
    let mut lines = BufReader::new(read).lines();
    loop {
        let line = lines.next_line().await.map_err(Lost::Gone)?;
        let line = line.ok_or_else(|| Lost::Gone(io::ErrorKind::UnexpectedEof.into()))?;
        *gone_since = None;
        match serde_json::from_str(&line).map_err(Lost::Unreadable)? {
            Reply::Event(event) => on_event(&event),
            reply => return Ok(reply),
        }
    }
}

fn unreachable(path: &Path, error: &io::Error) -> Problem {
    Problem::new(Exit::Failed, "control.unreachable", format_args!("no coordinator answers: {error}"))
        .at(path.display())
        .next("start it with `tvaers serve` in the same --home")
}

fn unreadable(path: &Path, error: &serde_json::Error) -> Problem {
    Problem::new(
        Exit::Failed,
        "control.answer",
        format_args!("the coordinator's answer cannot be read: {error}"),
    )
    .at(path.display())
    .next("use the `tvaers` of the coordinator's own version")
}

fn gone(path: &Path) -> Problem {
    Problem::new(Exit::Failed, "control.gone", "the coordinator has gone while it was at work on the request")
        .at(path.display())
        .expected("the coordinator, started again within the deadline")
        .next("start it with `tvaers serve` in the same --home: it goes on by itself, and `tvaers study list` shows what comes of it")
}
