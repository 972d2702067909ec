//! QUIC's own settings, the same on both sides.

use std::sync::Arc;

use quinn::{IdleTimeout, TransportConfig, VarInt};

use crate::limit::{
    IDLE_TIME, KEEP_ALIVE_TIME, LINK_WINDOW_BYTES, SEND_WINDOW_BYTES, STREAM_WINDOW_BYTES, STREAMS_MAX,
};

/// Small windows, so that what nodes have sent and the coordinator has not read stays small, however many they are.
pub(super) fn transport() -> Arc<TransportConfig> {
    let mut config = TransportConfig::default();
    config
        .max_concurrent_bidi_streams(VarInt::from_u32(STREAMS_MAX))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW_BYTES))
        .receive_window(VarInt::from_u32(LINK_WINDOW_BYTES))
        .send_window(SEND_WINDOW_BYTES)
        .datagram_receive_buffer_size(None)
        .keep_alive_interval(Some(KEEP_ALIVE_TIME))
        .max_idle_timeout(IdleTimeout::try_from(IDLE_TIME).ok());
    Arc::new(config)
}
