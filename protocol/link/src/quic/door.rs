//! The one door to a link: who the other side is, decided right after the handshake and before any frame.
//!
//! The handshake has proved that the other side holds the key of the certificate that it showed. Here the key is
//! looked up among the pinned ones; [`Known`] has no other maker, and a link is made of nothing else. A party that
//! is not let in is told why by the code with which the connection is closed.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use quinn::{Connection, Endpoint};
use rustls_pki_types::CertificateDer;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::reject::RejectCode;

use crate::certificate::Certificate;
use crate::greeting::Agreed;
use crate::link::{CloseCode, Closed, Party};
use crate::quic::link::{QuicLink, Shared};

/// The keys that a party accepts at the other end.
pub(super) enum Pins<'a> {
    /// A node accepts one key.
    Coordinator(Digest),
    /// The coordinator accepts those of the nodes.
    Nodes(&'a BTreeMap<Digest, NodeId>),
}

/// A party whose key is pinned, and whose connection is open.
pub(super) struct Known {
    pub(super) party: Party,
    pub(super) shared: Arc<Shared>,
}

/// Why the other side is not let in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityMismatch {
    /// It shows no certificate that can be read.
    #[error("it shows no certificate that can be read")]
    Unreadable,
    /// A node met a party that is not its roster's coordinator.
    #[error(
        "the certificate has key `{found}`, and the roster pins `{expected}` for the coordinator: either the \
         roster is old, or this is not the coordinator"
    )]
    NotTheCoordinator {
        /// The pinned key, SHA-256 of its SPKI.
        expected: Digest,
        /// The key of the certificate.
        found: Digest,
    },
    /// The coordinator met a party that is no node of its roster.
    #[error("the certificate has key `{found}`, which the roster pins for no node")]
    NoNode {
        /// The key of the certificate.
        found: Digest,
    },
    /// The key is right and the certificate is not valid at this time.
    #[error("the certificate of {who} is valid from {from} until {until}, and it is {now}")]
    NotValid {
        /// Whose it is.
        who: String,
        /// From when on it is valid.
        from: Timestamp,
        /// Until when it is valid.
        until: Timestamp,
        /// The time on this side's clock.
        now: Timestamp,
    },
}

impl IdentityMismatch {
    const fn code(&self) -> RejectCode {
        match self {
            Self::Unreadable => RejectCode::Malformed,
            Self::NotTheCoordinator { .. } => RejectCode::WrongCertificate,
            Self::NoNode { .. } => RejectCode::UnknownNode,
            Self::NotValid { .. } => RejectCode::CertificateExpired,
        }
    }
}

impl Known {
    /// Lets the other side of `connection` in where `pins` have its key; closes the connection where not.
    pub(super) fn identify(
        connection: Connection,
        own_endpoint: Option<Endpoint>,
        pins: &Pins<'_>,
        now: Timestamp,
    ) -> Result<Self, (IdentityMismatch, Arc<Shared>)> {
        let certificate = shown(&connection);
        let shared = Shared::new(connection, own_endpoint);
        match certificate.and_then(|certificate| recognise(&certificate, pins, now)) {
            Ok(party) => Ok(Self { party, shared }),
            Err(mismatch) => {
                shared.close(CloseCode::Rejected(mismatch.code()));
                Err((mismatch, shared))
            }
        }
    }

    /// The link, once both have greeted.
    pub(super) fn link(self, agreed: Agreed) -> QuicLink {
        QuicLink::new(self.shared, self.party, agreed)
    }

    /// Closes the connection and waits for the other side to hear of it.
    pub(super) async fn turn_away(self, code: RejectCode) -> Closed {
        self.shared.close(CloseCode::Rejected(code));
        self.shared.ended().await
    }
}

fn shown(connection: &Connection) -> Result<Certificate, IdentityMismatch> {
    let identity = connection.peer_identity().and_then(|any| any.downcast::<Vec<CertificateDer<'_>>>().ok());
    let leaf = identity.and_then(|chain| chain.first().cloned()).ok_or(IdentityMismatch::Unreadable)?;
    Certificate::read(&leaf).map_err(|_| IdentityMismatch::Unreadable)
}

fn recognise(certificate: &Certificate, pins: &Pins<'_>, now: Timestamp) -> Result<Party, IdentityMismatch> {
    let found = certificate.spki;
    let party = match pins {
        Pins::Coordinator(expected) if found == *expected => Party::Coordinator,
        Pins::Coordinator(expected) => {
            return Err(IdentityMismatch::NotTheCoordinator { expected: *expected, found });
        }
        Pins::Nodes(nodes) => {
            Party::Node(nodes.get(&found).cloned().ok_or(IdentityMismatch::NoNode { found })?)
        }
    };
    if certificate.is_valid(now) {
        return Ok(party);
    }
    let (from, until) = (certificate.valid_from, certificate.valid_until);
    Err(IdentityMismatch::NotValid { who: party.to_string(), from, until, now })
}
