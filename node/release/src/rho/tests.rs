use proptest::prelude::*;

use super::*;

fn refused(result: Result<Rho, ReleaseError>) -> bool {
    matches!(result, Err(ReleaseError::Parameter { field: "rho", .. }))
}

#[test]
fn text_is_read_exactly_or_not_at_all() {
    let read = [
        ("0", 0),
        ("1", 1_000_000_000),
        ("0.02", 20_000_000),
        ("1000000", 1_000_000_000_000_000),
        ("0.000000001", 1),
        ("007.50", 7_500_000_000),
        ("18446744073.709551615", u64::MAX),
    ];
    for (text, nano) in read {
        assert_eq!(text.parse(), Ok(Rho::from_nano(nano)), "{text}");
    }
    let odd = ["", ".", "1.", ".5", "-1", "+1", "1e3", "NaN", "inf", " 1", "0x1", "1,5", "٣", "1.5.2"];
    let large = ["0.0000000001", "18446744073.709551616", "18446744074", "99999999999999999999999"];
    for text in odd.into_iter().chain(large) {
        assert!(refused(text.parse()), "`{text}`");
    }
}

#[test]
fn a_number_of_a_file_is_what_it_says() {
    assert_eq!(Rho::try_from(0.1), Ok(Rho::from_nano(100_000_000)));
    assert_eq!(Rho::try_from(1e6), Ok(Rho::from_nano(1_000_000_000_000_000)));
    assert_eq!(Rho::try_from(0.0), Ok(Rho::ZERO));
    for number in [-1.0, f64::NAN, f64::INFINITY, 1e308, i64::MAX as f64, 1e-10, 0.1 + 0.2] {
        assert!(refused(Rho::try_from(number)), "{number}");
    }
}

#[test]
fn a_loss_is_rounded_up_to_the_next_billionth() {
    let losses = [
        (0.0, 0),
        (5e-324, 1),
        (1e-308, 1),
        (1e-10, 1),
        (0.5, 500_000_000),
        (0.5_f64.next_up(), 500_000_001),
        (0.5_f64.next_down(), 500_000_000),
        // In floating point 0.02 is a little more than that, and 0.03 a little less.
        (0.02, 20_000_001),
        (0.03, 30_000_000),
        (1e6, 1_000_000_000_000_000),
        (18_446_744_073.0, 18_446_744_073_000_000_000),
    ];
    for (loss, nano) in losses {
        assert_eq!(Rho::at_least(loss), Some(Rho::from_nano(nano)), "{loss}");
    }
    for loss in [-1.0, -5e-324, f64::NAN, f64::INFINITY, 1e308, 18_446_744_074.0, i64::MAX as f64] {
        assert_eq!(Rho::at_least(loss), None, "{loss}");
    }
}

#[test]
fn sums_are_checked() {
    let most = Rho::from_nano(u64::MAX);
    assert_eq!(most.checked_add(Rho::from_nano(1)), None);
    assert_eq!(Rho::ZERO.checked_sub(Rho::from_nano(1)), None);
    assert_eq!(most.checked_sub(most), Some(Rho::ZERO));
}

proptest! {
    #[test]
    fn text_reads_back(nano: u64) {
        let rho = Rho::from_nano(nano);
        prop_assert_eq!(rho.to_string().parse(), Ok(rho));
    }

    #[test]
    fn floating_point_stands_on_the_right_side(nano in 1..u64::MAX) {
        let rho = Rho::from_nano(nano);
        prop_assert!(Rho::at_least(rho.above()).is_none_or(|above| above > rho));
        prop_assert!((rho.nearest() / rho.above() - 1.0).abs() < 1e-15);
    }
}
