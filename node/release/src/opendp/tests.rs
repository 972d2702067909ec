use ::opendp::accuracy::discrete_gaussian_scale_to_accuracy;

use super::*;
use crate::spread::Spread;

#[test]
fn a_release_that_would_cost_more_than_charged_is_refused() {
    let scale = Scale::new(5.0).unwrap();
    let charged = gaussian_loss(1.0, scale).unwrap();
    assert_eq!(charged, Rho::from_nano(20_000_001));
    assert_eq!(gaussian(&[1, 2, 3], 1.0, scale, charged).unwrap().len(), 3);
    let less = charged.checked_sub(Rho::from_nano(1)).unwrap();
    assert_eq!(gaussian(&[1, 2, 3], 1.0, scale, less), Err(ReleaseError::Loss));
    assert_eq!(gaussian(&[1, 2, 3], f64::NAN, scale, charged), Err(ReleaseError::Loss));
    assert_eq!(gaussian(&[1, 2, 3], -1.0, scale, charged), Err(ReleaseError::Loss));
}

/// OpenDP's own accuracy is the least whole number that noise reaches or passes in at most one of twenty draws, which is
/// one more than our interval. It takes time proportional to the scale, which is why it is used in tests only.
#[test]
fn intervals_agree_with_opendps_accuracy() {
    for scale in [0.3, 0.5, 1.0, 2.5, 5.0, 17.25, 100.0, 1_000.0] {
        let accuracy: f64 = discrete_gaussian_scale_to_accuracy(scale, 0.05).unwrap();
        let half_width = Spread::discrete_gaussian(Scale::new(scale).unwrap()).half_width();
        assert_eq!(accuracy.floor() as i64 - 1, half_width, "{scale}");
    }
}

/// Where OpenDP's own search for an epsilon works, it finds what ours does.
#[test]
fn epsilons_agree_with_opendps_search() {
    for nano in [1, 1_000_000, 20_000_000, 500_000_000, 1_000_000_000, 1_000_000_000_000] {
        for delta in [1e-15, 1e-8, 1e-5] {
            let rho = Rho::from_nano(nano);
            let profile = ZeroConcentratedDivergence::convert(rho.above()).unwrap();
            let theirs: f64 = profile.epsilon(delta).unwrap();
            let ours = crate::conversion::epsilon_of(rho, crate::conversion::Delta::new(delta).unwrap());
            assert!((ours / theirs - 1.0).abs() < 1e-12, "{rho} at {delta}: {ours}, {theirs}");
        }
    }
}

#[test]
fn a_laplace_that_would_cost_more_than_its_epsilon_is_refused() {
    let scale = Scale::new(5.0).unwrap();
    let epsilon = laplace_epsilon(1.0, scale).unwrap();
    // A fifth, rounded up: there is no such number in floating point.
    assert!((0.2..0.2_f64.next_up().next_up()).contains(&epsilon), "{epsilon}");
    assert_eq!(laplace(&[1, 2, 3], 1.0, scale, epsilon).unwrap().len(), 3);
    assert_eq!(laplace(&[1, 2, 3], 1.0, scale, epsilon.next_down()), Err(ReleaseError::Loss));
    assert_eq!(laplace(&[1, 2, 3], f64::NAN, scale, epsilon), Err(ReleaseError::Loss));
    assert_eq!(laplace(&[1, 2, 3], -1.0, scale, epsilon), Err(ReleaseError::Loss));
    assert_eq!(laplace(&[1, 2, 3], 1.0, scale, f64::NAN), Err(ReleaseError::Loss));
}

#[test]
fn epsilons_add_up_rounded_up() {
    let sum = compose_pure(vec![0.1, 0.2, 0.3]).unwrap();
    assert!((0.6..0.6 + 1e-15).contains(&sum), "{sum}");
}
