//! What bounds waits, windows and numbers of connections and streams, each with its reason.

use std::time::Duration;

/// From the first packet to a welcome, at most: more is no slow network but a party that holds a place.
pub const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// Silence after which a connection is lost. A party that was killed says nothing any more, and a run waits for as long
/// until it is noticed; one that was only slow dials again and is asked again.
pub const IDLE_TIME: Duration = Duration::from_secs(12);

/// Between signs of life on a quiet connection: several within [`IDLE_TIME`], so that one lost packet is nothing. Far
/// less than the 30 seconds or more after which firewalls forget a UDP flow.
pub const KEEP_ALIVE_TIME: Duration = Duration::from_secs(3);

/// For the other party to free a stream when all are in use, at most.
pub const OPEN_TIME: Duration = Duration::from_secs(30);

/// For a closing word to reach the other party, at most; a few round trips.
pub const GOODBYE_TIME: Duration = Duration::from_secs(1);

/// For one frame that is small and needs no work at the other end, such as a greeting.
pub const PROMPT_TIME: Duration = Duration::from_secs(10);

/// Bytes that the relay of one frame holds. Larger than a packet burst, far smaller than a frame.
pub const RELAY_BUFFER_BYTES: usize = 64 << 10;

/// Bytes by which a body grows while it arrives, so that a header alone cannot make anyone allocate a whole frame.
pub const BODY_STEP_BYTES: usize = 64 << 10;

/// Streams that the other party may have open at once, either way.
pub const STREAMS_MAX: u32 = 64;

/// Unread bytes of one stream: a batch fits, and a merge over many nodes stays small.
pub const STREAM_WINDOW_BYTES: u32 = 512 << 10;

/// Unread bytes of one connection over all its streams. Times the members of a federation, it is the memory that
/// nodes can make the coordinator hold.
pub const LINK_WINDOW_BYTES: u32 = 2 << 20;

/// Sent and not yet acknowledged bytes of one connection.
pub const SEND_WINDOW_BYTES: u64 = 2 << 20;

/// Handshakes under way at once at the coordinator; further ones are turned away and come back.
pub const HANDSHAKES_MAX: usize = 64;

/// Links and refusals that wait for the coordinator to look at them.
pub const ACCEPT_QUEUE: usize = 64;

/// Addresses that are tried where the coordinator's name has several.
pub const ADDRESSES_MAX: usize = 4;

/// Wait before the first new attempt to dial, before jitter.
pub const BACKOFF_FIRST: Duration = Duration::from_millis(500);

/// Wait between attempts to dial, at most: a mended coordinator has its nodes back within a minute.
pub const BACKOFF_MAX: Duration = Duration::from_secs(60);

/// Days for which a generated certificate is valid. The roster pins its key, so a renewal with the same key is the
/// node's own affair; a new key is a new roster, and two years are about as long as a roster should stand.
pub const CERTIFICATE_DAYS: i64 = 2 * 365;

/// Bytes of a certificate or key file, at most.
pub const IDENTITY_FILE_BYTES_MAX: u64 = 64 << 10;
