//! Links over QUIC: the node dials, the coordinator listens.
//!
//! A connection passes three stages, each a type that only the one before can make: a stranger whose TLS handshake
//! is done, a party whose key is pinned (`door`), and a [`QuicLink`] after the greeting.

mod dial;
mod door;
mod half;
mod link;
mod listen;
#[cfg(test)]
mod tests;
mod transport;

pub use dial::{DialError, Dialer};
pub use door::IdentityMismatch;
pub use link::QuicLink;
pub use listen::{AcceptError, BindError, Listener, Refusal};
