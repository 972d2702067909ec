use std::cmp::Ordering;

use proptest::prelude::*;

use super::*;

fn shift(secret: u8, group: &str) -> Shift {
    Shift::new(&EventSecret::from_bytes([secret; 32]), &Digest([9; 32]), group)
}

fn order(ids: [&str; 2]) -> Ordering {
    let [one, other] = ids.map(|id| shift(1, "stays").order(id));
    one.order(&other)
}

#[test]
fn the_numbers_of_a_secret_and_a_group_are_these() {
    // From another implementation, `hmac` and `hashlib` of Python.
    let shift = shift(1, "stays");
    assert_eq!((shift.days, shift.minutes), (45_238_451, 3_484_889_448));
    assert_eq!(hex::encode(shift.order), "37b43f37f18685ede3633e766a92b4b213d7f490b22163a49b0e78808bcdb7b3");
    let tag = shift.order("sygehus-1/42").0;
    assert_eq!(tag[..10], [338, 191, 245, 177, 69, 470, 432, 368, 8, 6]);
    assert_eq!(tag[10..16], [49, 362, 71, 480, 9, 425]);
    assert_eq!(tag[62..], [38, 143]);
}

#[test]
fn days_and_minutes_are_moved_modulo_two_to_the_32nd() {
    let shift = Shift { days: u32::MAX, minutes: 5, order: [0; 32] };
    assert_eq!((shift.day(0), shift.day(1), shift.day(20_000)), (u32::MAX, 0, 19_999));
    assert_eq!((shift.day(-1), shift.minute(-6)), (u32::MAX - 1, u32::MAX));
    assert_eq!(shift.minute(i64::from(u32::MAX)), 4);
    assert_eq!(shift.minute(29_000_000), 29_000_005);
}

#[test]
fn another_secret_run_or_group_has_unrelated_numbers() {
    let other_run = Shift::new(&EventSecret::from_bytes([1; 32]), &Digest([8; 32]), "stays");
    let shifts = [other_run, shift(1, "stays"), shift(2, "stays"), shift(1, "spells"), shift(1, "")];
    for (position, one) in shifts.iter().enumerate() {
        for other in &shifts[..position] {
            assert!(one.days != other.days && one.minutes != other.minutes && one.order != other.order);
            let tags = [one.order("a").0, other.order("a").0];
            // 64 elements of 512 agree in one place on average in eight.
            assert!(tags[0].iter().zip(&tags[1]).filter(|(a, b)| a == b).count() < 6);
        }
        assert_ne!(one.days, one.minutes);
    }
}

#[test]
fn tags_have_the_order_of_their_identifiers() {
    for (lower, higher) in [
        ("a", "b"),
        ("", "a"),
        ("a", "aa"),
        ("a2", "a20"),
        ("a10", "a2"),
        ("Z", "a"),
        ("\u{1}", "\u{10ffff}"),
    ] {
        assert_eq!(order([lower, higher]), Ordering::Less, "{lower} {higher}");
        assert_eq!(order([higher, lower]), Ordering::Greater, "{higher} {lower}");
    }
    let long = "x".repeat(ORDER_BYTES);
    assert_eq!(order([&long, &(long.clone() + "y")]), Ordering::Equal, "no more than 64 bytes are looked at");
    assert_eq!(order([&long, &long[1..]]), Ordering::Greater);
}

#[test]
fn a_tag_hides_the_bytes_behind_a_common_beginning() {
    // Of two identifiers whose first byte differs, nothing after it can be compared.
    let shift = shift(1, "stays");
    let [one, other] = ["a-same", "b-same"].map(|id| shift.order(id).0);
    let differences: Vec<u16> =
        one.iter().zip(&other).skip(1).map(|(a, b)| a.wrapping_sub(*b) % ORDER_MODULUS).collect();
    assert!(differences.iter().filter(|difference| **difference == 0).count() < 6);
}

/// Up to 64 bytes of text; often with a common beginning.
fn id() -> impl Strategy<Value = String> {
    let text = prop_oneof![Just(String::new()), Just("contact-".to_owned()), Just("x".repeat(60))];
    let end = proptest::collection::vec(any::<char>().prop_filter("no end", |c| *c != '\0'), 0..4);
    (text, end).prop_filter_map("too long", |(start, end)| {
        let id: String = start.chars().chain(end).collect();
        (id.len() <= ORDER_BYTES).then_some(id)
    })
}

proptest! {
    #[test]
    fn any_two_tags_order_as_the_bytes_of_their_identifiers(one in id(), other in id(), secret: u8) {
        let shift = shift(secret, "stays");
        let found = shift.order(&one).order(&shift.order(&other));
        prop_assert_eq!(found, one.as_bytes().cmp(other.as_bytes()));
        prop_assert!(shift.order(&one) == shift.order(&one));
        prop_assert!(shift.order(&one).0.iter().all(|element| *element < ORDER_MODULUS));
    }

    #[test]
    fn differences_are_kept(one in -1_000_000_i64..1_000_000, other in -1_000_000_i64..1_000_000, secret: u8) {
        let shift = shift(secret, "stays");
        let after = tvaers_protocol::event::Event::after;
        prop_assert_eq!(i64::from(after(shift.day(one), shift.day(other))), one - other);
        prop_assert_eq!(i64::from(after(shift.minute(one), shift.minute(other))), one - other);
    }
}
