//! The two halves of a QUIC stream as reader and writer, with the manners that [`crate::stream::Stream`] asks for.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use quinn::{ReadError, RecvStream, SendStream, VarInt, WriteError};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::quic::link::Shared;
use crate::stream::Stream;

/// The code with which half a stream is given up; why stands in frames or in the closing of the link.
const CUT: VarInt = VarInt::from_u32(1);

pub(super) fn stream(send: SendStream, recv: RecvStream, shared: &Arc<Shared>) -> Stream {
    let read = ReadHalf { recv, shared: Arc::clone(shared) };
    let write = WriteHalf { send, finished: false, shared: Arc::clone(shared) };
    Stream::new(read, write)
}

struct ReadHalf {
    recv: RecvStream,
    shared: Arc<Shared>,
}

struct WriteHalf {
    send: SendStream,
    finished: bool,
    shared: Arc<Shared>,
}

impl AsyncRead for ReadHalf {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let result = std::task::ready!(AsyncRead::poll_read(Pin::new(&mut self.recv), cx, buf));
        Poll::Ready(result.map_err(|error| {
            let lost = error.get_ref().and_then(|inner| inner.downcast_ref::<ReadError>());
            match lost {
                Some(ReadError::ConnectionLost(reason)) => io::Error::other(self.shared.closed_by(reason)),
                _ => error,
            }
        }))
    }
}

impl WriteHalf {
    fn explain(&self, error: io::Error) -> io::Error {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<WriteError>()) {
            Some(WriteError::ConnectionLost(reason)) => io::Error::other(self.shared.closed_by(reason)),
            _ => error,
        }
    }
}

impl AsyncWrite for WriteHalf {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = std::task::ready!(AsyncWrite::poll_write(Pin::new(&mut self.send), cx, buf));
        Poll::Ready(result.map_err(|error| self.explain(error)))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_flush(Pin::new(&mut self.send), cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = std::task::ready!(AsyncWrite::poll_shutdown(Pin::new(&mut self.send), cx));
        self.finished = result.is_ok();
        Poll::Ready(result.map_err(|error| self.explain(error)))
    }
}

impl Drop for WriteHalf {
    fn drop(&mut self) {
        if !self.finished {
            // Quinn would finish the stream, and the other side would take half of it for all.
            let _ = self.send.reset(CUT);
        }
    }
}
