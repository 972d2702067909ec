//! The way out of answers and failures: on the policy's grid, so that when they leave tells nothing of rows.

use std::time::Duration;

use tokio::time::Instant;
use tvaers_link::exchange::Exchange;
use tvaers_protocol::limit;
use tvaers_protocol::message::{Releases, ReleasesEnd, Rule};

use crate::refusal::Refusal;

/// For the coordinator to take a frame of answers.
const FRAME_TIME: Duration = Duration::from_secs(300);

/// Bytes of answers in one frame, with room for what is around them.
const FRAME_BYTES: usize = limit::FRAME_BYTES_MAX as usize / 2;

/// Does the work, and holds a failure back until the next multiple of `grid` since `began`: how long it took until
/// something failed may tell of rows, too.
pub(super) async fn or_fail_on_grid<T>(
    began: Instant,
    grid: Duration,
    work: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    let done = work.await;
    if done.is_err() {
        on_grid(began, grid).await;
    }
    done
}

/// Waits for the next multiple of `grid` since `began`; not at all where there is no grid.
async fn on_grid(began: Instant, grid: Duration) {
    let Some(past) = began.elapsed().as_nanos().checked_rem(grid.as_nanos()) else { return };
    let rest = u64::try_from(grid.as_nanos() - past).unwrap_or(0);
    tokio::time::sleep(Duration::from_nanos(rest)).await;
}

/// The way out. The first answer leaves at a multiple of the policy's grid after the request came, so that it does not
/// tell how long noise took to draw.
pub(super) struct Replies<'a> {
    exchange: &'a mut Exchange,
    began: Instant,
    grid: Duration,
    sequence: u32,
    count: u32,
    /// Whether something has just left on the grid, so that the end may follow it at once.
    on_time: bool,
}

impl<'a> Replies<'a> {
    pub(super) const fn new(exchange: &'a mut Exchange, began: Instant) -> Self {
        Self { exchange, began, grid: Duration::ZERO, sequence: 0, count: 0, on_time: false }
    }

    /// From now on nothing leaves but at multiples of `grid`; 0 is no grid.
    pub(super) const fn keep_to(&mut self, grid: Duration) {
        self.grid = grid;
    }

    /// Sends answers, at the next multiple of the grid; of none nothing is sent.
    pub(super) async fn send(&mut self, bodies: Vec<Vec<u8>>) -> Result<(), Refusal> {
        self.on_time = !bodies.is_empty();
        if bodies.is_empty() {
            return Ok(());
        }
        on_grid(self.began, self.grid).await;
        let mut frame = Vec::new();
        let mut bytes = 0;
        for body in bodies {
            if bytes + body.len() > FRAME_BYTES && !frame.is_empty() {
                self.frame(std::mem::take(&mut frame)).await?;
                bytes = 0;
            }
            bytes += body.len();
            frame.push(body);
        }
        self.frame(frame).await
    }

    async fn frame(&mut self, bodies: Vec<Vec<u8>>) -> Result<(), Refusal> {
        self.count = self.count.saturating_add(u32::try_from(bodies.len()).unwrap_or(u32::MAX));
        let message = Releases { sequence: self.sequence, bodies };
        self.sequence += 1;
        let sent = self.exchange.send(&message, FRAME_TIME).await;
        sent.map_err(|error| Refusal::because(error.code(), error))
    }

    /// Ends the answers, with the rules that the others broke.
    pub(super) async fn end(self, refused: Vec<Rule>) -> Result<(), Refusal> {
        // After answers there is nothing left to hide: a second wait would only double how long an answer takes.
        if !self.on_time {
            on_grid(self.began, self.grid).await;
        }
        let end = ReleasesEnd { count: self.count, refused };
        let sent = self.exchange.answer(&end, FRAME_TIME).await;
        sent.map_err(|error| Refusal::because(error.code(), error))
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;
    use tvaers_link::link::Link as _;
    use tvaers_link::memory::{MemoryLink, pair};
    use tvaers_protocol::frame::Kind;
    use tvaers_protocol::id::{Digest, NodeId};
    use tvaers_protocol::message::Status;

    use super::*;

    const GRID: Duration = Duration::from_millis(100);

    /// Work that ends before, on and after multiples of the grid, and when it has to have left.
    const TIMES: [(u64, u64); 8] =
        [(0, 100), (1, 100), (99, 100), (100, 200), (101, 200), (199, 200), (350, 400), (12_345, 12_400)];

    const fn ms(time: u64) -> Duration {
        Duration::from_millis(time)
    }

    /// The node's and the coordinator's end of a request; the links live as long as it does.
    async fn request() -> (Exchange, Exchange, [MemoryLink; 2]) {
        let (at_node, at_coordinator) = pair(NodeId::new("k360").unwrap());
        let mut asking = Exchange::open(&at_coordinator, Digest::NONE, Digest::NONE).await.unwrap();
        asking.send(&Status {}, FRAME_TIME).await.unwrap();
        let mut answering = Exchange::on(at_node.accept().await.unwrap(), Digest::NONE, Digest::NONE);
        answering.frame(FRAME_TIME).await.unwrap();
        (answering, asking, [at_node, at_coordinator])
    }

    /// When each frame arrives, and of which kind, until the end.
    async fn arrivals(asking: &mut Exchange, began: Instant) -> Vec<(Kind, Duration)> {
        let mut seen = Vec::new();
        loop {
            let frame = asking.frame(FRAME_TIME).await.unwrap();
            seen.push((frame.kind(), began.elapsed()));
            if frame.kind() == Kind::ReleasesEnd {
                return seen;
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn answers_leave_at_multiples_of_the_grid_whatever_the_work_took() {
        for (first, leaves) in TIMES {
            for (second, later) in TIMES {
                let (mut exchange, mut asking, _links) = request().await;
                let began = Instant::now();
                let mut replies = Replies::new(&mut exchange, began);
                replies.keep_to(GRID);
                let answering = async move {
                    sleep(ms(first)).await;
                    replies.send(vec![vec![1; 10]]).await?;
                    sleep(ms(second)).await;
                    replies.send(vec![vec![2; 10]]).await?;
                    replies.end(Vec::new()).await
                };
                let (answered, seen) = tokio::join!(answering, arrivals(&mut asking, began));
                answered.unwrap();
                let then = ms(leaves + later);
                let wanted =
                    [(Kind::Releases, ms(leaves)), (Kind::Releases, then), (Kind::ReleasesEnd, then)];
                assert_eq!(seen, wanted, "{first} ms, then {second} ms");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_leave_at_multiples_of_the_grid_before_answers_and_after() {
        for (work, leaves) in TIMES {
            let (mut exchange, mut asking, _links) = request().await;
            let began = Instant::now();
            let mut replies = Replies::new(&mut exchange, began);
            replies.keep_to(GRID);
            let answering = async move {
                sleep(ms(work)).await;
                // A group all of which was refused: nothing has left yet.
                replies.send(Vec::new()).await?;
                replies.end(Vec::new()).await
            };
            let (answered, seen) = tokio::join!(answering, arrivals(&mut asking, began));
            answered.unwrap();
            assert_eq!(seen, [(Kind::ReleasesEnd, ms(leaves))], "{work} ms");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn failures_are_told_at_multiples_of_the_grid() {
        for (work, leaves) in TIMES {
            let began = Instant::now();
            let failed = or_fail_on_grid::<()>(began, GRID, async {
                sleep(ms(work)).await;
                Err(Refusal::internal("something broke"))
            });
            assert!(failed.await.is_err());
            assert_eq!(began.elapsed(), ms(leaves), "{work} ms");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_grid_nothing_waits() {
        let (mut exchange, mut asking, _links) = request().await;
        let began = Instant::now();
        let replies = Replies::new(&mut exchange, began);
        let answering = async move {
            sleep(ms(7)).await;
            replies.end(Vec::new()).await
        };
        let (answered, seen) = tokio::join!(answering, arrivals(&mut asking, began));
        answered.unwrap();
        assert_eq!(seen, [(Kind::ReleasesEnd, ms(7))]);
    }
}
