//! Time in a simulation: it stands still while anyone works, and jumps where everybody waits.
//!
//! Tokio's clock is paused, so that every wait of the product, its own and its streams', costs nothing. Left to itself a
//! paused clock would jump whenever the runtime has nothing to do, which it also has while a thread of a database works:
//! so a blocking task is held for as long as the simulation lasts, which forbids those jumps (Tokio does not advance
//! while a blocking task is under way). Someone else moves the clock on: a thread looks every few milliseconds of real
//! time whether a frame has passed or the runtime has been at work, and says so where neither is the case. The clock
//! is then moved by ever longer steps, so that even a long wait costs a handful of looks.
//!
//! Where a database is slow, a step may come too early, and a wait may end that would not have. That is what a slow node
//! does to a run as well: it may fail or become incomplete, but never wrong. And where nothing has gone wrong in a run
//! nobody moves the clock at all, so that such a run must succeed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// Between two looks, in real time.
const LOOK: Duration = Duration::from_millis(6);

/// The runtime is at work where it is busy for more than this part of the time between two looks. Waking up for a timer
/// whose time does not come is no work.
const BUSY_PART: u32 = 4;

const FIRST_STEP: Duration = Duration::from_millis(200);
const LONGEST_STEP: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    frames: u64,
    busy: Duration,
}

/// The clock.
pub(super) struct Time {
    handle: Handle,
    frames: Arc<AtomicU64>,
    looks: mpsc::Receiver<Seen>,
    step: Duration,
    moved_at: u64,
    stop: Arc<AtomicBool>,
    _held: std::sync::mpsc::Sender<()>,
}

fn see(handle: &Handle, frames: &AtomicU64) -> Seen {
    let busy = handle.metrics().worker_total_busy_duration(0);
    Seen { frames: frames.load(Ordering::Relaxed), busy }
}

impl Seen {
    fn is_quiet_since(self, before: Self) -> bool {
        self.frames == before.frames && self.busy.saturating_sub(before.busy) < LOOK / BUSY_PART
    }
}

impl Time {
    /// Holds the clock of the current runtime, which must be paused. Whoever passes a frame counts it in `frames`.
    #[must_use]
    pub(super) fn hold(frames: Arc<AtomicU64>) -> Self {
        let (held, until_dropped) = std::sync::mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || until_dropped.recv());
        let (handle, stop) = (Handle::current(), Arc::new(AtomicBool::new(false)));
        let (sender, looks) = mpsc::channel(1);
        let (of_thread, counted, is_over) = (handle.clone(), Arc::clone(&frames), Arc::clone(&stop));
        std::thread::spawn(move || {
            let mut before = see(&of_thread, &counted);
            while !is_over.load(Ordering::Relaxed) {
                std::thread::sleep(LOOK);
                let now = see(&of_thread, &counted);
                if now.is_quiet_since(before) {
                    // Where the last look has not been heard of yet, this one need not be either.
                    let _ = sender.try_send(now);
                }
                before = now;
            }
        });
        Self { handle, frames, looks, step: FIRST_STEP, moved_at: 0, stop, _held: held }
    }

    /// Waits until nothing happens. May be cancelled.
    pub(super) async fn quiet(&mut self) {
        loop {
            let Some(seen) = self.looks.recv().await else { return };
            if see(&self.handle, &self.frames).is_quiet_since(seen) {
                return;
            }
        }
    }

    /// Moves the clock on, farther than the last time if nothing has come of that; gives how far.
    pub(super) async fn advance(&mut self) -> Duration {
        let frames = self.frames.load(Ordering::Relaxed);
        self.step = if frames == self.moved_at { (self.step * 2).min(LONGEST_STEP) } else { FIRST_STEP };
        self.moved_at = frames;
        tokio::time::advance(self.step).await;
        self.step
    }
}

impl Drop for Time {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
