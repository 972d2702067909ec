//! Fixed-size bytes in serde: hexadecimal where a person reads (TOML, JSON), plain bytes on the wire.

use std::fmt;

// Where a log of a million entries is read, it takes a third of the time that the `hex` library takes.
use data_encoding::HEXLOWER_PERMISSIVE;
use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeTuple};
use serde::{Deserializer, Serializer};

pub(crate) fn serialize<S: Serializer, const N: usize>(bytes: &[u8; N], to: S) -> Result<S::Ok, S::Error> {
    if to.is_human_readable() {
        // On the stack: an audit log is written again, entry by entry, when it is verified.
        let mut digits = [0; 128];
        let text = digits
            .get_mut(..2 * N)
            .and_then(|digits| hex::encode_to_slice(bytes, digits).ok().map(|()| digits))
            .and_then(|digits| std::str::from_utf8(digits).ok());
        return text.map_or_else(
            || Err(S::Error::custom("more bytes than are written in hexadecimal")),
            |text| to.serialize_str(text),
        );
    }
    let mut tuple = to.serialize_tuple(N)?;
    for byte in bytes {
        tuple.serialize_element(byte)?;
    }
    tuple.end()
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(from: D) -> Result<[u8; N], D::Error> {
    if from.is_human_readable() {
        from.deserialize_str(HexVisitor::<N>)
    } else {
        from.deserialize_tuple(N, HexVisitor::<N>)
    }
}

struct HexVisitor<const N: usize>;

impl<'de, const N: usize> Visitor<'de> for HexVisitor<N> {
    type Value = [u8; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} hexadecimal digits", 2 * N)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<[u8; N], E> {
        let mut bytes = [0; N];
        // The text itself is not quoted: it may be half a secret pasted into the wrong field.
        let right =
            text.len() == 2 * N && HEXLOWER_PERMISSIVE.decode_mut(text.as_bytes(), &mut bytes).is_ok();
        right.then_some(bytes).ok_or_else(|| E::custom(format_args!("expected {} hexadecimal digits", 2 * N)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<[u8; N], A::Error> {
        let mut bytes = [0; N];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = seq.next_element()?.ok_or_else(|| A::Error::invalid_length(index, &self))?;
        }
        Ok(bytes)
    }
}
