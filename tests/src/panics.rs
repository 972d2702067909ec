//! Notices panics of the product, which a runtime would otherwise turn into a task that merely ended.

use std::panic::{self, PanicHookInfo};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

static COUNT: AtomicUsize = AtomicUsize::new(0);
static WATCH: Once = Once::new();

/// From now on counts, in this process.
pub fn watch() {
    WATCH.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !is_ours(info) {
                COUNT.fetch_add(1, Ordering::Relaxed);
            }
            before(info);
        }));
    });
}

/// How many there were.
#[must_use]
pub fn count() -> usize {
    COUNT.load(Ordering::Relaxed)
}

/// Whether a test has failed, which is a panic too.
fn is_ours(info: &PanicHookInfo<'_>) -> bool {
    info.location().is_some_and(|location| location.file().starts_with("tests/"))
}
