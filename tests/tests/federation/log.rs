//! What the parties of one test write to their logs. They run on the test's own thread, and so does their log.

use std::any::Any;
use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{FilterFn, LevelFilter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

#[derive(Clone, Default)]
struct Text(Arc<Mutex<Vec<u8>>>);

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// All that tvaers says on this thread until it is dropped.
pub(crate) struct Log {
    text: Text,
    _until_dropped: Box<dyn Any>,
}

impl Log {
    /// Begins to listen.
    pub(crate) fn begin() -> Self {
        let text = Text::default();
        let writer = text.clone();
        let ours = FilterFn::new(|metadata| metadata.target().starts_with("tvaers"));
        let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || writer.clone());
        let layer = layer.with_filter(ours).with_filter(LevelFilter::INFO);
        // With one subscriber alone `tracing` asks whichever thread comes first to a line whether anybody wants it, for
        // all threads; a test beside this one, to which nobody listens, would silence it here. Hence a second one.
        let second = tracing_subscriber::registry().with(LevelFilter::OFF).set_default();
        let guard = tracing_subscriber::registry().with(layer).set_default();
        Self { text, _until_dropped: Box::new((guard, second)) }
    }

    /// The last line with all of these in it.
    pub(crate) fn line(&self, parts: &[&str]) -> Option<String> {
        let text = String::from_utf8(self.text.0.lock().unwrap().clone()).unwrap();
        text.lines().rfind(|line| parts.iter().all(|part| line.contains(part))).map(str::to_owned)
    }

    /// Forgets what was said so far.
    pub(crate) fn forget(&self) {
        self.text.0.lock().unwrap().clear();
    }
}
