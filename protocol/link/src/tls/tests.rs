use rustls::{ClientConnection, Connection, ServerConnection};

use super::*;

fn identity(name: &str) -> Identity {
    Identity::generate(name, "2026-03-01T12:00:00Z".parse().unwrap()).unwrap()
}

/// Lets both sides speak until neither has anything to say.
fn shake(client: &mut Connection, server: &mut Connection) -> Result<(), Error> {
    for _ in 0..4 {
        carry(client, server)?;
        carry(server, client)?;
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    Ok(())
}

fn carry(from: &mut Connection, to: &mut Connection) -> Result<(), Error> {
    let mut bytes = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut bytes).unwrap();
    }
    let mut bytes = bytes.as_slice();
    while !bytes.is_empty() {
        to.read_tls(&mut bytes).unwrap();
        to.process_new_packets()?;
    }
    Ok(())
}

fn connect(client: ClientConfig, server: ServerConfig) -> (Connection, Connection) {
    let name = ServerName::try_from("coordinator.example").unwrap();
    let client = ClientConnection::new(Arc::new(client), name).unwrap();
    (client.into(), ServerConnection::new(Arc::new(server)).unwrap().into())
}

#[test]
fn the_key_exchange_is_hybrid_and_both_sides_show_their_certificates() {
    let (node, coordinator) = (identity("k360"), identity("coordinator"));
    let (mut at_node, mut at_coordinator) = connect(client(&node).unwrap(), server(&coordinator).unwrap());
    shake(&mut at_node, &mut at_coordinator).unwrap();
    let group = at_node.negotiated_key_exchange_group().unwrap().name();
    assert_eq!(group, rustls::NamedGroup::X25519MLKEM768);
    assert_eq!(at_node.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    assert_eq!(at_node.alpn_protocol(), Some(PROTOCOL));
    assert_eq!(at_node.peer_certificates().unwrap(), coordinator.chain());
    assert_eq!(at_coordinator.peer_certificates().unwrap(), node.chain());
}

#[test]
fn a_certificate_without_its_key_does_not_pass() {
    let (node, stranger) = (identity("k360"), identity("stranger"));
    // rustls itself refuses the pair, so the thief's config is put together around that check.
    let provider = Arc::new(provider());
    let key = provider.key_provider.load_private_key(stranger.key()).unwrap();
    let stolen = Arc::new(rustls::sign::CertifiedKey::new(node.chain(), key));
    let mut thief = client(&stranger).unwrap();
    thief.client_auth_cert_resolver = Arc::new(rustls::sign::SingleCertAndKey::from(stolen));
    let (mut at_thief, mut at_coordinator) = connect(thief, server(&identity("coordinator")).unwrap());
    let error = shake(&mut at_thief, &mut at_coordinator).unwrap_err();
    assert_eq!(error, Error::InvalidCertificate(CertificateError::BadSignature));
}

#[test]
fn a_caller_without_a_certificate_does_not_pass() {
    let mut nobody = client(&identity("k360")).unwrap();
    nobody.client_auth_cert_resolver = Arc::new(Nobody);
    let (mut at_nobody, mut at_coordinator) = connect(nobody, server(&identity("coordinator")).unwrap());
    assert_eq!(shake(&mut at_nobody, &mut at_coordinator).unwrap_err(), Error::NoCertificatesPresented);
}

#[derive(Debug)]
struct Nobody;

impl rustls::client::ResolvesClientCert for Nobody {
    fn resolve(
        &self,
        _hints: &[&[u8]],
        _schemes: &[SignatureScheme],
    ) -> Option<Arc<rustls::sign::CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}
