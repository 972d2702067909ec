//! Bytes from outside never do more than be refused.

use proptest::prelude::*;
use tvaers_protocol::codec;
use tvaers_protocol::frame::{Frame, FrameHeader, HEADER_BYTES, Kind};
use tvaers_protocol::hello::{Hello, Welcome};
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::{
    Answer, AskQuery, Batch, Declined, NodeStatus, Prepare, Prepared, Previewed, Propose, Releases,
    ReleasesEnd, Signed,
};
use tvaers_protocol::reject::Reject;
use tvaers_protocol::release::Release;

proptest! {
    // Proptest prints the input that fails; a seed file would be one more thing to keep.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_header_is_refused_or_means_exactly_its_bytes(mut bytes in any::<[u8; 32]>(), plausible in any::<bool>()) {
        if plausible {
            bytes[0] = 1;
            (bytes[2], bytes[3], bytes[4]) = (0, 0, 0);
        }
        let mut head = [0xa1; HEADER_BYTES];
        head[..32].copy_from_slice(&bytes);
        if let Ok(header) = FrameHeader::decode(&head) {
            prop_assert_eq!(header.encode(), head);
        }
    }

    #[test]
    fn a_frame_is_refused_or_means_exactly_its_bytes(body in proptest::collection::vec(any::<u8>(), 0..200), cut in 0..300_usize) {
        let frame = Frame::new(Kind::Status, Digest([1; 32]), Digest([2; 32]), body).unwrap();
        let mut bytes = frame.encode();
        bytes.truncate(cut);
        match Frame::decode(&bytes) {
            Ok(read) => prop_assert_eq!(read.encode(), bytes),
            Err(_) => prop_assert!(cut < HEADER_BYTES + frame.body().len()),
        }
    }

    #[test]
    fn a_message_is_refused_or_means_exactly_its_bytes(bytes in proptest::collection::vec(prop_oneof![Just(0_u8), 0_u8..4, any::<u8>()], 0..300)) {
        fn judge<M: serde::Serialize + serde::de::DeserializeOwned>(bytes: &[u8]) -> bool {
            codec::decode::<M>(bytes).is_ok_and(|message| codec::canonical(&message) != bytes)
        }
        prop_assert!(!judge::<Hello>(&bytes));
        prop_assert!(!judge::<Welcome>(&bytes));
        prop_assert!(!judge::<Reject>(&bytes));
        prop_assert!(!judge::<Signed<Batch>>(&bytes));
        prop_assert!(!judge::<Signed<Answer>>(&bytes));
        prop_assert!(!judge::<NodeStatus>(&bytes));
        prop_assert!(!judge::<Prepare>(&bytes));
        prop_assert!(!judge::<Prepared>(&bytes));
        prop_assert!(!judge::<Declined>(&bytes));
        prop_assert!(!judge::<Propose>(&bytes));
        prop_assert!(!judge::<AskQuery>(&bytes));
        prop_assert!(!judge::<Releases>(&bytes));
        prop_assert!(!judge::<ReleasesEnd>(&bytes));
        prop_assert!(!judge::<Previewed>(&bytes));
        prop_assert!(!judge::<Signed<Release>>(&bytes));
    }
}
