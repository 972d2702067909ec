use proptest::prelude::*;

use super::*;
use crate::clamp::CLAMP_MAX;

#[test]
fn known_sensitivities() {
    let l = |k, from, to| {
        let sensitivity = Sensitivity::new(k, Clamp::new(from, to).unwrap()).unwrap();
        (sensitivity.l1(), sensitivity.l2())
    };
    assert_eq!(l(1, 0, 1), (1, 1.0));
    assert_eq!(l(4, 0, 1), (4, 2.0));
    assert_eq!(l(1, -7, 3), (7, 7.0));
    assert_eq!(l(2, 0, 1), (2, 2_f64.sqrt().next_up()));
    assert_eq!(l(1, 0, CLAMP_MAX), (1_000_000_000_000, 1e12));
    assert_eq!(l(4_096, -CLAMP_MAX, 0), (4_096_000_000_000_000, 64e12));
}

#[test]
fn no_cells_and_too_many_are_refused_by_name() {
    for k in [0, 4_097, u32::MAX] {
        let refused = Sensitivity::new(k, Clamp::COUNT);
        assert!(matches!(refused, Err(ReleaseError::Parameter { field: "cells_per_person", .. })), "{k}");
    }
}

/// Whether `root` is the square root of `square` or more, without rounding: the product of two numbers is the sum of two
/// numbers (fused multiply-add), and so is an integer of 106 bits; both differences are exact, because the minuends
/// are so close to the subtrahends.
fn is_root_or_more(root: f64, square: u128) -> bool {
    let high = root * root;
    let low = root.mul_add(root, -high);
    let near = square as f64;
    let rest = i128::try_from(square).unwrap() - near as i128;
    (high - near) + (low - rest as f64) >= 0.0
}

proptest! {
    #[test]
    fn l2_is_rounded_up_and_by_very_little(k in 1..=CELLS_PER_PERSON_MAX, to in 1..=CLAMP_MAX) {
        let l2 = Sensitivity::new(k, Clamp::new(0, to).unwrap()).unwrap().l2();
        let square = u128::from(k) * u128::try_from(to).unwrap().pow(2);
        prop_assert!(is_root_or_more(l2, square));
        prop_assert!(!is_root_or_more(l2 * (1.0 - 1e-15), square));
    }
}
