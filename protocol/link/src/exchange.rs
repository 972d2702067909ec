//! Messages on a stream: one request and its answers, held to one roster and one study.
//!
//! Node and coordinator speak through this alone, so that no frame is opened before its header is checked, and a
//! refusal by the other side always arrives as [`ExchangeError::Refused`].

use std::time::Duration;

use tvaers_protocol::frame::{Frame, FrameError};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::{Blames, Message};
use tvaers_protocol::reject::{Reject, RejectCode};

use crate::limit::PROMPT_TIME;
use crate::link::{Link, LinkError};
use crate::stream::{Stream, StreamError};

/// A stream on which messages of one roster and one study are exchanged.
pub struct Exchange {
    stream: Stream,
    roster: Digest,
    study: Digest,
}

/// Why an exchange came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The other side refused.
    #[error("refused: {0}")]
    Refused(RejectCode),
    /// The other side refused because of what came to it from a key holder, as it says.
    #[error("refused for what came from holder `{holder}`: {code}")]
    Blamed {
        /// From whom it came.
        holder: NodeId,
        /// What is wrong with it.
        code: RejectCode,
    },
    /// There is no stream.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The stream failed, or what came is no frame of this exchange.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

impl From<FrameError> for ExchangeError {
    fn from(error: FrameError) -> Self {
        Self::Stream(StreamError::Frame(error))
    }
}

impl ExchangeError {
    /// What a third party may be told: the other side's own refusal is passed on.
    #[must_use]
    pub const fn code(&self) -> RejectCode {
        match self {
            Self::Refused(code) | Self::Blamed { code, .. } => *code,
            Self::Link(_) => RejectCode::Unreachable,
            Self::Stream(error) => error.code(),
        }
    }
}

impl Exchange {
    /// Speaks on a stream that the other side opened.
    #[must_use]
    pub const fn on(stream: Stream, roster: Digest, study: Digest) -> Self {
        Self { stream, roster, study }
    }

    /// Opens a stream and speaks on it.
    ///
    /// # Errors
    /// [`ExchangeError::Link`].
    pub async fn open(link: &dyn Link, roster: Digest, study: Digest) -> Result<Self, ExchangeError> {
        Ok(Self::on(link.open().await?, roster, study))
    }

    /// Sends one message.
    ///
    /// # Errors
    /// [`ExchangeError::Stream`], and where the message does not fit in a frame.
    pub async fn send<M: Message>(&mut self, message: &M, wait: Duration) -> Result<(), ExchangeError> {
        let frame = Frame::of(self.roster, self.study, message)?;
        Ok(self.stream.send(&frame, wait).await?)
    }

    /// The next frame, or none where the other side has finished.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub async fn next(&mut self, wait: Duration) -> Result<Option<Frame>, ExchangeError> {
        let Some(frame) = self.stream.recv(wait).await? else {
            return Ok(None);
        };
        // A refusal may come from a party that knows neither roster nor study; its number is all there is to it.
        if let Ok(reject) = frame.message::<Reject>() {
            return Err(ExchangeError::Refused(reject.code));
        }
        frame.header().belongs_to(self.roster, self.study)?;
        if let Ok(Blames { holder, code }) = frame.message() {
            return Err(ExchangeError::Blamed { holder, code });
        }
        Ok(Some(frame))
    }

    /// The next frame, where one must come.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub async fn frame(&mut self, wait: Duration) -> Result<Frame, ExchangeError> {
        self.next(wait).await?.ok_or(ExchangeError::Stream(StreamError::Ended))
    }

    /// The next message, where one of this kind must come.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub async fn receive<M: Message>(&mut self, wait: Duration) -> Result<M, ExchangeError> {
        Ok(self.frame(wait).await?.message()?)
    }

    /// Sends a question and receives its answer.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub async fn ask<Q: Message, A: Message>(
        &mut self,
        question: &Q,
        wait: Duration,
    ) -> Result<A, ExchangeError> {
        self.send(question, wait).await?;
        self.receive(wait).await
    }

    /// Sends the last message.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub async fn answer<M: Message>(&mut self, message: &M, wait: Duration) -> Result<(), ExchangeError> {
        self.send(message, wait).await?;
        self.finish().await
    }

    /// Refuses, and says no more.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub async fn refuse(&mut self, code: RejectCode) -> Result<(), ExchangeError> {
        self.answer(&Reject { code }, PROMPT_TIME).await
    }

    /// Refuses because of what came from a key holder, and says no more.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub async fn blame(&mut self, holder: NodeId, code: RejectCode) -> Result<(), ExchangeError> {
        self.answer(&Blames { holder, code }, PROMPT_TIME).await
    }

    /// Says that nothing follows.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub async fn finish(&mut self) -> Result<(), ExchangeError> {
        Ok(self.stream.finish().await?)
    }

    /// The stream itself, to relay frames over it.
    #[must_use]
    pub fn into_stream(self) -> Stream {
        self.stream
    }
}
