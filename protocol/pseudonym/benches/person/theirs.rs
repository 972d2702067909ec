//! The `voprf` crate doing the same work with one key holder: the same suite, proofs and bytes on the wire.

use rand::rngs::ChaCha20Rng;
use voprf::{BlindedElement, EvaluationElement, Proof, Ristretto255 as Suite, VoprfClient, VoprfServer};

/// A batch. The crate's cost a person does not fall with the batch, so it is smaller than ours.
pub(crate) const PERSONS: usize = 2_000;

/// A batch with its reply.
pub(crate) struct Asked {
    inputs: Vec<[u8; 63]>,
    server: VoprfServer<Suite>,
    clients: Vec<VoprfClient<Suite>>,
    points: Vec<u8>,
    reply: (Vec<u8>, Proof<Suite>),
}

impl Asked {
    pub(crate) fn new(rng: &mut ChaCha20Rng) -> Self {
        let mut inputs = vec![[7; 63]; PERSONS];
        for (number, input) in (0_u32..).zip(&mut inputs) {
            input[..4].copy_from_slice(&number.to_be_bytes());
        }
        let server = VoprfServer::new_from_seed(&[1; 32], b"bench").unwrap();
        let (points, clients) = blind(&inputs, rng);
        let reply = evaluate(&server, &points, rng);
        Self { inputs, server, clients, points, reply }
    }

    /// The requester's first half: blinds, and encodes for the wire.
    pub(crate) fn blind(&self, rng: &mut ChaCha20Rng) -> (Vec<u8>, Vec<VoprfClient<Suite>>) {
        blind(&self.inputs, rng)
    }

    /// The requester's second half: decodes, verifies, unblinds and hashes.
    pub(crate) fn finish(&self) -> Vec<[u8; 64]> {
        let (elements, proof) = &self.reply;
        let elements: Vec<EvaluationElement<Suite>> =
            elements.chunks(32).map(|bytes| EvaluationElement::deserialize(bytes).unwrap()).collect();
        let key = self.server.get_public_key();
        VoprfClient::batch_finalize(&self.inputs, &self.clients, &elements, proof, key)
            .unwrap()
            .map(|output| output.unwrap().into())
            .collect()
    }

    /// The holder's work: decodes, multiplies, proves, encodes.
    pub(crate) fn evaluate(&self, rng: &mut ChaCha20Rng) -> (Vec<u8>, Proof<Suite>) {
        evaluate(&self.server, &self.points, rng)
    }
}

fn blind(inputs: &[[u8; 63]], rng: &mut ChaCha20Rng) -> (Vec<u8>, Vec<VoprfClient<Suite>>) {
    let (mut points, mut clients) = (Vec::new(), Vec::new());
    for input in inputs {
        let blinded = VoprfClient::<Suite>::blind(input, &mut Older(rng)).unwrap();
        points.extend(blinded.message.serialize());
        clients.push(blinded.state);
    }
    (points, clients)
}

fn evaluate(server: &VoprfServer<Suite>, points: &[u8], rng: &mut ChaCha20Rng) -> (Vec<u8>, Proof<Suite>) {
    let blinded: Vec<BlindedElement<Suite>> =
        points.chunks(32).map(|bytes| BlindedElement::deserialize(bytes).unwrap()).collect();
    let reply = server.batch_blind_evaluate(&mut Older(rng), &blinded).unwrap();
    (reply.messages.iter().flat_map(|element| element.serialize()).collect(), reply.proof)
}

/// Our generator under the traits that the crate asks for.
struct Older<'a>(&'a mut ChaCha20Rng);

impl rand_core_09::RngCore for Older<'_> {
    fn next_u32(&mut self) -> u32 {
        rand_core::Rng::next_u32(self.0)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::Rng::next_u64(self.0)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        rand_core::Rng::fill_bytes(self.0, bytes);
    }
}

impl rand_core_09::CryptoRng for Older<'_> {}
