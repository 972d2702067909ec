//! Carries frames from one end of a stream in memory to the other, past the interceptor.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tvaers_protocol::frame::HEADER_BYTES;

use crate::memory::interceptor::{Direction, Fate, Passage};
use crate::memory::pipe::{Reader, Writer, pipe};
use crate::memory::{End, Wire};
use crate::stream::Stream;

/// Opens a stream from the side that sends in `direction`. The other side gets its end with the first frame, as over
/// QUIC.
pub(super) fn open(
    wire: &Arc<Wire>,
    direction: Direction,
    number: u64,
    accept: mpsc::Sender<Stream>,
) -> Stream {
    let (there_in, near_write) = pipe(wire, direction);
    let (far_read, there_out) = pipe(wire, direction);
    let (back_in, far_write) = pipe(wire, direction.back());
    let (near_read, back_out) = pipe(wire, direction.back());
    let far = Stream::new(far_read, far_write);

    let passage = |direction| Passage { node: wire.node.clone(), direction, stream: number, frame: 0 };
    let there =
        Carrier { wire: Arc::clone(wire), passage: passage(direction), from: there_in, to: there_out };
    let back =
        Carrier { wire: Arc::clone(wire), passage: passage(direction.back()), from: back_in, to: back_out };
    tokio::spawn(there.run(Some((accept, far))));
    tokio::spawn(back.run(None));
    Stream::new(near_read, near_write)
}

struct Carrier {
    wire: Arc<Wire>,
    passage: Passage,
    from: Reader,
    to: Writer,
}

impl Carrier {
    /// Carries until the stream or the link ends. Both pipes are dropped then, which the ends see as a cut unless
    /// the stream was finished.
    async fn run(mut self, announce: Option<(mpsc::Sender<Stream>, Stream)>) {
        let wire = Arc::clone(&self.wire);
        tokio::select! {
            _ = wire.until_ended(self.passage.direction) => {}
            // An end that is gone is no error here: the other end sees it.
            _ = self.carry(announce) => {}
        }
    }

    async fn carry(&mut self, mut announce: Option<(mpsc::Sender<Stream>, Stream)>) -> io::Result<()> {
        loop {
            let frame = self.read_frame().await?;
            let Some(mut frame) = frame else {
                announce_to(announce.take()).await;
                return self.to.shutdown().await;
            };
            let fate = self.wire.interceptor.intercept(&self.passage, &mut frame);
            self.passage.frame += 1;
            let copies = match fate {
                Fate::Forward => 1,
                Fate::Drop => 0,
                Fate::Duplicate => 2,
                Fate::Delay(time) => {
                    tokio::time::sleep(time).await;
                    1
                }
                Fate::CutStream => {
                    announce_to(announce.take()).await;
                    return Ok(());
                }
                Fate::CutLink => {
                    self.wire.end(End::Cut);
                    return Ok(());
                }
            };
            for _ in 0..copies {
                announce_to(announce.take()).await;
                self.to.write_all(&frame).await?;
            }
        }
    }

    /// The next frame's bytes, or none where the stream is finished. They are not judged: that is for its receiver.
    async fn read_frame(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut frame = vec![0; HEADER_BYTES];
        let mut filled = 0;
        while let Some(rest) = frame.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.from.read(rest).await? {
                0 if filled == 0 => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => filled += read,
            }
        }
        let length = frame.get(4..8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes);
        let body = (&mut self.from).take(u64::from(length)).read_to_end(&mut frame).await?;
        if body as u64 == u64::from(length) {
            Ok(Some(frame))
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }
}

async fn announce_to(announce: Option<(mpsc::Sender<Stream>, Stream)>) {
    if let Some((accept, stream)) = announce {
        // Where nobody accepts, the stream is dropped and its opener sees it.
        let _ = accept.send(stream).await;
    }
}
