//! A log that is safe to forward.
//!
//! `RUST_LOG` sets how much tvaers itself says. Libraries are held at `info` whatever it says: at `trace` a
//! database driver may write statements and a transport may write packets, and those can hold what must not leave.

use std::path::Path;
use std::sync::Mutex;

use tracing::Metadata;
use tracing_subscriber::filter::{EnvFilter, FilterFn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

use crate::private::{self, PrivateFileError};

/// A log that could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// A log was already started in this process.
    #[error("a log was already started")]
    Started(#[from] TryInitError),
}

fn ours_or_rare(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("tvaers") || *metadata.level() <= tracing::Level::INFO
}

/// Appends this process's log to a private file, one line an event.
///
/// # Errors
/// [`LogError`].
pub fn start(path: &Path) -> Result<(), LogError> {
    let file = private::append(path)?;
    let wanted = EnvFilter::builder().with_default_directive(tracing::Level::INFO.into()).from_env_lossy();
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(Mutex::new(file))
        .with_filter(wanted)
        .with_filter(FilterFn::new(ours_or_rare));
    tracing_subscriber::registry().with(layer).try_init()?;
    Ok(())
}
