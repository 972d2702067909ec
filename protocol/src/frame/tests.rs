use super::*;
use crate::hello::Welcome;
use crate::reject::Reject;

fn header() -> FrameHeader {
    FrameHeader {
        version: VERSION,
        kind: Kind::Status,
        body_bytes: 5,
        roster: Digest([0xa1; 32]),
        study: Digest([0xb2; 32]),
    }
}

#[test]
fn a_header_comes_back_as_it_was() {
    assert_eq!(FrameHeader::decode(&header().encode()), Ok(header()));
}

#[test]
fn whatever_this_version_gives_no_meaning_is_refused() {
    let with = |index: usize, value: u8| {
        let mut bytes = header().encode();
        bytes[index] = value;
        FrameHeader::decode(&bytes)
    };
    assert_eq!(with(0, 0), Err(FrameError::Version { found: 0 }));
    assert_eq!(with(0, 2), Err(FrameError::Version { found: 2 }));
    assert_eq!(with(1, 0), Err(FrameError::UnknownKind(UnknownKind(0))));
    assert_eq!(with(1, 255), Err(FrameError::UnknownKind(UnknownKind(255))));
    assert_eq!(with(2, 1), Err(FrameError::Flags { found: 0x100 }));
    assert_eq!(with(3, 1), Err(FrameError::Flags { found: 1 }));
    assert_eq!(with(4, 0xff), Err(FrameError::TooLarge { found: 0xff00_0005 }));
}

#[test]
fn the_largest_body_is_accepted_and_one_byte_more_is_not() {
    let frame = |bytes: u32| Frame::new(Kind::Status, Digest::NONE, Digest::NONE, vec![0; bytes as usize]);
    assert!(frame(FRAME_BYTES_MAX).is_ok());
    let found = u64::from(FRAME_BYTES_MAX) + 1;
    assert_eq!(frame(FRAME_BYTES_MAX + 1).err(), Some(FrameError::TooLarge { found }));
}

#[test]
fn a_frame_that_is_too_short_or_too_long_is_refused() {
    let frame = Frame::new(Kind::Status, Digest::NONE, Digest::NONE, vec![1, 2, 3]).unwrap();
    let bytes = frame.encode();
    assert_eq!(Frame::decode(&bytes), Ok(frame));
    for end in 0..bytes.len() {
        assert_eq!(Frame::decode(&bytes[..end]), Err(FrameError::Truncated), "cut at {end}");
    }
    assert_eq!(Frame::decode(&[bytes.as_slice(), &[9]].concat()), Err(FrameError::Trailing { bytes: 1 }));
}

#[test]
fn a_message_is_read_from_a_frame_of_its_kind_only() {
    let reject = Reject { code: RejectCode::Busy };
    let frame = Frame::of(Digest::NONE, Digest::NONE, &reject).unwrap();
    assert_eq!(frame.message::<Reject>(), Ok(reject));
    let other = FrameError::OtherKind { expected: Kind::Welcome, found: Kind::Reject };
    assert_eq!(frame.message::<Welcome>(), Err(other));
}

#[test]
fn a_frame_is_held_to_its_roster_and_study() {
    let (roster, study) = (header().roster, header().study);
    assert_eq!(header().belongs_to(roster, study), Ok(()));
    assert_eq!(header().belongs_to(Digest::NONE, study), Err(FrameError::OtherRoster));
    assert_eq!(header().belongs_to(roster, Digest::NONE), Err(FrameError::OtherStudy));
}

#[test]
fn a_frame_prints_nothing_of_its_body() {
    let body = b"6101653000".to_vec();
    let printed = format!("{:?}", Frame::new(Kind::Status, Digest::NONE, Digest::NONE, body).unwrap());
    assert!(!printed.contains("54, 49") && !printed.contains("6101"), "{printed}");
}

#[test]
fn every_number_is_listed_once_and_in_order() {
    assert!(Kind::ALL.windows(2).all(|pair| pair[0].0.number() < pair[1].0.number()));
    for (kind, _) in Kind::ALL {
        assert_eq!(Kind::try_from(kind.number()), Ok(*kind));
    }
}
