//! One direction of a stream in memory: bytes through a bounded buffer, with an end that tells finished from cut.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

use crate::memory::{Direction, Wire};

/// Bytes under way in one direction of a stream.
const BUFFER_BYTES: usize = 64 << 10;

/// A pipe whose writer is on the side that sends in `direction`, and whose reader is on the other.
pub(super) fn pipe(wire: &Arc<Wire>, direction: Direction) -> (Reader, Writer) {
    let (read, write) = tokio::io::duplex(BUFFER_BYTES);
    let finished = Arc::new(AtomicBool::new(false));
    let reader = Reader {
        inner: read,
        finished: Arc::clone(&finished),
        side: direction.back(),
        wire: Arc::clone(wire),
    };
    (reader, Writer { inner: write, finished, side: direction, wire: Arc::clone(wire) })
}

pub(super) struct Reader {
    inner: DuplexStream,
    finished: Arc<AtomicBool>,
    side: Direction,
    wire: Arc<Wire>,
}

pub(super) struct Writer {
    inner: DuplexStream,
    finished: Arc<AtomicBool>,
    side: Direction,
    wire: Arc<Wire>,
}

impl Reader {
    pub(super) fn is_finished(&self) -> bool {
        self.finished.load(Ordering::Acquire)
    }
}

impl AsyncRead for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = ready!(Pin::new(&mut self.inner).poll_read(cx, buf));
        if let Some(closed) = self.wire.ended(self.side) {
            buf.set_filled(before);
            return Poll::Ready(Err(io::Error::other(closed)));
        }
        if result.is_ok() && buf.filled().len() == before && buf.remaining() > 0 && !self.is_finished() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Poll::Ready(result)
    }
}

impl AsyncWrite for Writer {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = ready!(Pin::new(&mut self.inner).poll_write(cx, buf));
        Poll::Ready(match self.wire.ended(self.side) {
            Some(closed) => Err(io::Error::other(closed)),
            None => result,
        })
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.finished.store(true, Ordering::Release);
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
