//! A stream: frames in order, both ways, between two parties of a link.
//!
//! Bytes come from any pair of reader and writer; what is a frame is decided here alone, so that all links agree on
//! it. Every wait has a limit that the caller states, as only the caller knows how much work lies behind an answer.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tvaers_protocol::frame::{Frame, FrameError, FrameHeader, HEADER_BYTES};
use tvaers_protocol::reject::RejectCode;

use crate::limit::{BODY_STEP_BYTES, RELAY_BUFFER_BYTES};
use crate::link::Closed;

#[cfg(test)]
mod tests;

/// Both directions of a stream.
pub struct Stream {
    /// Frames to the other party.
    pub sender: Sender,
    /// Frames from the other party.
    pub receiver: Receiver,
}

/// Sends frames. Dropping it before [`Sender::finish`] cuts the stream, and the other side can tell.
pub struct Sender {
    write: Box<dyn AsyncWrite + Send + Unpin>,
    // Set while a frame is under way and after one that was not sent whole: what follows would be read as its rest.
    broken: bool,
}

/// Receives frames. Every method may be cancelled and called again without losing a byte, except `relay`.
pub struct Receiver {
    read: Box<dyn AsyncRead + Send + Unpin>,
    head: [u8; HEADER_BYTES],
    head_filled: usize,
    header: Option<FrameHeader>,
    body: Vec<u8>,
    broken: bool,
}

/// Why a frame did not arrive or could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The other side sent what is no frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The other side neither sent nor read a frame in time.
    #[error("the other side let {limit_s} seconds pass", limit_s = .limit.as_secs_f64())]
    TimedOut {
        /// The limit that was stated.
        limit: Duration,
    },
    /// The other side ended the stream where a frame must come.
    #[error("the other side ended the stream where a frame must come")]
    Ended,
    /// The other side gave up the stream in the middle, or would not read on.
    #[error("the other side cut the stream")]
    Cut,
    /// A frame before was not sent or relayed whole, or the stream was finished.
    #[error("the stream was finished, or a frame before was not sent whole")]
    Broken,
    /// The link under the stream has ended.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// Some other failure of the reader or writer.
    #[error("the stream failed: {0}")]
    Io(io::Error),
}

/// Why a frame was not relayed, by the side that failed.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The frame did not arrive.
    #[error("the frame to relay did not arrive: {0}")]
    From(#[source] StreamError),
    /// The frame could not be passed on.
    #[error("the frame could not be passed on: {0}")]
    To(#[source] StreamError),
}

impl StreamError {
    /// What the other party may be told.
    #[must_use]
    pub const fn code(&self) -> RejectCode {
        match self {
            Self::Frame(error) => error.code(),
            Self::TimedOut { .. } => RejectCode::TimedOut,
            Self::Ended | Self::Cut => RejectCode::BrokenOff,
            Self::Broken | Self::Closed(_) | Self::Io(_) => RejectCode::Internal,
        }
    }
}

impl From<io::Error> for StreamError {
    fn from(error: io::Error) -> Self {
        // Links wrap the end of a connection in an `io::Error`, as that is all a reader or writer can return.
        if let Some(closed) = error.get_ref().and_then(|inner| inner.downcast_ref::<Closed>()) {
            return Self::Closed(closed.clone());
        }
        match error.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => {
                Self::Cut
            }
            _ => Self::Io(error),
        }
    }
}

impl Stream {
    /// Frames over any reader and writer.
    ///
    /// The writer's `poll_shutdown` must end the stream for the reader at the other end, and dropping the writer
    /// without it must fail that reader with [`io::ErrorKind::ConnectionReset`].
    pub fn new(
        read: impl AsyncRead + Send + Unpin + 'static,
        write: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Self {
        Self { sender: Sender::new(write), receiver: Receiver::new(read) }
    }

    /// The two directions, for two tasks.
    #[must_use]
    pub fn split(self) -> (Sender, Receiver) {
        (self.sender, self.receiver)
    }

    /// See [`Sender::send`].
    ///
    /// # Errors
    /// [`StreamError`].
    pub async fn send(&mut self, frame: &Frame, limit: Duration) -> Result<(), StreamError> {
        self.sender.send(frame, limit).await
    }

    /// See [`Receiver::recv`].
    ///
    /// # Errors
    /// [`StreamError`].
    pub async fn recv(&mut self, limit: Duration) -> Result<Option<Frame>, StreamError> {
        self.receiver.recv(limit).await
    }

    /// See [`Receiver::expect`].
    ///
    /// # Errors
    /// [`StreamError`].
    pub async fn expect(&mut self, limit: Duration) -> Result<Frame, StreamError> {
        self.receiver.expect(limit).await
    }

    /// See [`Sender::finish`].
    ///
    /// # Errors
    /// [`StreamError`].
    pub async fn finish(&mut self) -> Result<(), StreamError> {
        self.sender.finish().await
    }
}

impl Sender {
    fn new(write: impl AsyncWrite + Send + Unpin + 'static) -> Self {
        Self { write: Box::new(write), broken: false }
    }

    /// Sends a frame, and waits at most `limit` for the other side to make room for it.
    ///
    /// # Errors
    /// [`StreamError`]. A frame that was cancelled or failed half way breaks the stream.
    pub async fn send(&mut self, frame: &Frame, limit: Duration) -> Result<(), StreamError> {
        self.begin()?;
        within(limit, async {
            self.write.write_all(&frame.header().encode()).await?;
            Ok(self.write.write_all(frame.body()).await?)
        })
        .await?;
        self.broken = false;
        Ok(())
    }

    /// Says that no frame follows. What was sent still arrives, as long as the link lives.
    ///
    /// # Errors
    /// [`StreamError`].
    pub async fn finish(&mut self) -> Result<(), StreamError> {
        self.begin()?;
        Ok(self.write.shutdown().await?)
    }

    /// Sends what need not be a frame, as only a hostile party would.
    #[cfg(test)]
    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.write.write_all(bytes).await.unwrap();
    }

    fn begin(&mut self) -> Result<(), StreamError> {
        if std::mem::replace(&mut self.broken, true) { Err(StreamError::Broken) } else { Ok(()) }
    }
}

impl Receiver {
    fn new(read: impl AsyncRead + Send + Unpin + 'static) -> Self {
        Self {
            read: Box::new(read),
            head: [0; HEADER_BYTES],
            head_filled: 0,
            header: None,
            body: Vec::new(),
            broken: false,
        }
    }

    /// The next frame, or none where the other side has finished; waits at most `limit` for all of it.
    ///
    /// A header is judged before its body is waited for, and memory is taken as the body arrives.
    ///
    /// # Errors
    /// [`StreamError`].
    pub async fn recv(&mut self, limit: Duration) -> Result<Option<Frame>, StreamError> {
        within(limit, async {
            let Some(header) = self.header().await? else {
                return Ok(None);
            };
            while self.body_left(&header) > 0 {
                let left = self.body_left(&header);
                self.body.reserve(left.min(BODY_STEP_BYTES));
                let read = (&mut self.read).take(left as u64).read_buf(&mut self.body).await?;
                if read == 0 {
                    return Err(StreamError::Cut);
                }
            }
            self.next_frame();
            Ok(Some(Frame::from_parts(header, std::mem::take(&mut self.body))?))
        })
        .await
    }

    /// The next frame, where one must come.
    ///
    /// # Errors
    /// [`StreamError::Ended`] where the other side has finished, and [`StreamError`].
    pub async fn expect(&mut self, limit: Duration) -> Result<Frame, StreamError> {
        self.recv(limit).await?.ok_or(StreamError::Ended)
    }

    /// The header of the next frame, which stays to be received or relayed; none where the other side has finished.
    ///
    /// # Errors
    /// [`StreamError`].
    pub async fn peek(&mut self, limit: Duration) -> Result<Option<FrameHeader>, StreamError> {
        within(limit, self.header()).await
    }

    /// Passes the next frame on as it arrives and holds [`RELAY_BUFFER_BYTES`] of it at most. Gives its header, or
    /// none where the other side has finished; `to` is then still open.
    ///
    /// # Errors
    /// [`RelayError`]. Both streams are broken after an error or where the call was cancelled.
    pub async fn relay(
        &mut self,
        to: &mut Sender,
        limit: Duration,
    ) -> Result<Option<FrameHeader>, RelayError> {
        let deadline = tokio::time::Instant::now() + limit;
        let left = || deadline.saturating_duration_since(tokio::time::Instant::now());
        let Some(header) = self.peek(limit).await.map_err(RelayError::From)? else {
            return Ok(None);
        };
        to.begin().map_err(RelayError::To)?;
        self.broken = true;

        let mut rest = self.body_left(&header);
        let mut buffer = std::mem::take(&mut self.body);
        let head = within(left(), async { Ok(to.write.write_all(&self.head).await?) });
        head.await.map_err(RelayError::To)?;
        loop {
            // The first turn passes on what a cancelled `recv` may have read.
            let write = within(left(), async { Ok(to.write.write_all(&buffer).await?) });
            write.await.map_err(RelayError::To)?;
            if rest == 0 {
                break;
            }
            buffer.clear();
            let most = rest.min(RELAY_BUFFER_BYTES);
            buffer.reserve_exact(most);
            let mut part = (&mut self.read).take(most as u64);
            let read = within(left(), async { Ok(part.read_buf(&mut buffer).await?) });
            match read.await.map_err(RelayError::From)? {
                0 => return Err(RelayError::From(StreamError::Cut)),
                read => rest -= read,
            }
        }
        self.next_frame();
        (self.broken, to.broken) = (false, false);
        Ok(Some(header))
    }

    async fn header(&mut self) -> Result<Option<FrameHeader>, StreamError> {
        if self.broken {
            return Err(StreamError::Broken);
        }
        while let Some(rest) = self.head.get_mut(self.head_filled..).filter(|rest| !rest.is_empty()) {
            match self.read.read(rest).await? {
                0 if self.head_filled == 0 => return Ok(None),
                0 => return Err(StreamError::Cut),
                read => self.head_filled += read,
            }
        }
        match self.header {
            Some(header) => Ok(Some(header)),
            // A refused header stays where it is, so that the stream gives the same answer again.
            None => Ok(Some(*self.header.insert(FrameHeader::decode(&self.head)?))),
        }
    }

    fn body_left(&self, header: &FrameHeader) -> usize {
        usize::try_from(header.body_bytes).unwrap_or(usize::MAX).saturating_sub(self.body.len())
    }

    fn next_frame(&mut self) {
        (self.head_filled, self.header) = (0, None);
    }
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, StreamError>>,
) -> Result<T, StreamError> {
    tokio::time::timeout(limit, work).await.unwrap_or(Err(StreamError::TimedOut { limit }))
}
