//! Events of one person, told to the coordinator without their dates.
//!
//! Whoever has the person's [`EventSecret`] derives the same numbers from it, and they are the nodes that have the
//! person: what two of them send fits together, and nobody else can tell when it was. Days and minutes since
//! 1970-01-01 are moved by uniform numbers of their own, modulo 2³², so that differences are kept and nothing else.
//! Identifiers of contacts become tags that can be ordered and tell little more (Chenette, Lewi, Weis and Wu,
//! *Practical Order-Revealing Encryption with Limited Leakage*, 2016, §3, over bytes instead of bits).
//!
//! Every touch group of a model has numbers of its own, so that a stay cannot be laid beside a spell; and every run, also
//! under one key, so that an event cannot be laid beside itself in another run.

use hkdf::Hkdf;
use hkdf::hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tvaers_protocol::event::{ORDER_BYTES, ORDER_MODULUS, OrderTag};
use tvaers_protocol::id::Digest;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::combine::EventSecret;

/// Separates these numbers from all else that is derived from an event secret. The study's digest and the group's name
/// follow it.
const TAG: &[u8] = b"tvaers-pseudonym/shift/v2/";

/// By how much the events of one person and one touch group are moved. Secret, and cleared when dropped.
///
/// ```compile_fail
/// fn print(shift: &tvaers_pseudonym::shift::Shift) -> String {
///     format!("{shift:?}") // A shift has no `Debug`.
/// }
/// ```
/// ```
/// fn print(shift: &tvaers_pseudonym::shift::Shift) -> String {
///     format!("{:?}", shift.day(20_000))
/// }
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Shift {
    days: u32,
    minutes: u32,
    order: [u8; 32],
}

impl Shift {
    /// The shift of a person's events in the study of this digest and the model's touch group of this name.
    ///
    /// HKDF-SHA256 gives 40 bytes: the number for days, the number for minutes, the key of the tags. The secret is
    /// itself derived and uniform, so it serves as key without the step of extraction (RFC 5869 §3.3).
    #[must_use]
    pub fn new(secret: &EventSecret, study: &Digest, group: &str) -> Self {
        #[expect(clippy::expect_used, reason = "32 bytes are as long a key as HKDF-SHA256 asks for")]
        let key = Hkdf::<Sha256>::from_prk(secret.expose()).expect("32 bytes are a key");
        let mut text = Zeroizing::new([0; 40]);
        #[expect(clippy::expect_used, reason = "HKDF-SHA256 gives up to 255 blocks of 32 bytes")]
        key.expand_multi_info(&[TAG, &study.0, group.as_bytes()], text.as_mut_slice())
            .expect("40 bytes are two blocks");
        let [d0, d1, d2, d3, m0, m1, m2, m3, order @ ..] = *text;
        Self {
            days: u32::from_be_bytes([d0, d1, d2, d3]),
            minutes: u32::from_be_bytes([m0, m1, m2, m3]),
            order,
        }
    }

    /// The shifted number of a day, counted from 1970-01-01.
    #[must_use]
    pub fn day(&self, day: i64) -> u32 {
        self.days.wrapping_add(modulo(day))
    }

    /// The shifted number of a minute, counted from 1970-01-01T00:00.
    #[must_use]
    pub fn minute(&self, minute: i64) -> u32 {
        self.minutes.wrapping_add(modulo(minute))
    }

    /// The tag of an identifier: the order of two tags is the byte order of their identifiers, as far as the first
    /// [`ORDER_BYTES`] bytes tell them apart. Beside it, two tags of one person tell how many leading bytes the
    /// identifiers share, and by how much the next ones differ. An identifier holds no byte 0, which stands for its
    /// end.
    #[must_use]
    pub fn order(&self, id: &str) -> OrderTag {
        let mut bytes = [0; ORDER_BYTES];
        for (to, from) in bytes.iter_mut().zip(id.bytes()) {
            *to = from;
        }
        // Each byte is hidden behind a number that depends on its place and on all bytes before it.
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let key = Hmac::<Sha256>::new_from_slice(&self.order).expect("32 bytes are a key");
        let mut place = 0_u8;
        let mut before = Vec::with_capacity(ORDER_BYTES);
        let elements = bytes.map(|byte| {
            let hidden: [u8; 32] =
                key.clone().chain_update([place]).chain_update(&before).finalize().into_bytes().into();
            place += 1;
            before.push(byte);
            let [high, low, ..] = hidden;
            u16::from_be_bytes([high, low]).wrapping_add(byte.into()) % ORDER_MODULUS
        });
        OrderTag(elements)
    }
}

/// A number modulo 2³².
fn modulo(number: i64) -> u32 {
    u32::try_from(number.rem_euclid(1 << 32)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
