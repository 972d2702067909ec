//! A federation on machines of its own, set up by the commands of `deploy/SETUP.md` and nothing else: what is printed
//! there is what runs here. Machines are network namespaces where those are permitted, else loopback addresses; one
//! municipality is behind a bad network.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "helpers of tests may panic and tell figures; clippy only knows the tests themselves"
)]

mod ask;
mod change;
mod guide;
mod killed;
mod ledger;
mod machine;
mod network;
mod relay;
mod setup;
mod truth;

use std::time::{Duration, Instant};

use jiff::civil::{Date, date};

/// The reference date, as the guide has it.
const AS_OF: Date = date(2026, 2, 28);

/// For anything to happen on a loaded machine.
const SOON: Duration = Duration::from_secs(60);

/// Looks again and again until there is something.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < SOON, "{what}: not within {SOON:?}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}
