use super::*;

fn spread(scale: f64) -> Spread {
    Spread::discrete_gaussian(Scale::new(scale).unwrap())
}

/// P(noise = x) for x from −reach to reach.
fn mass(scale: f64) -> Vec<f64> {
    let reach = (REACH * scale).ceil() as i64;
    let weights: Vec<f64> = (-reach..=reach).map(|x| (-0.5 * (x as f64 / scale).powi(2)).exp()).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

fn laplace(scale: f64) -> Spread {
    Spread::discrete_laplace(Scale::new(scale).unwrap())
}

/// P(noise = x) of a discrete Laplace for x from −reach to reach.
fn laplace_mass(scale: f64) -> Vec<f64> {
    let reach = (42.0 * scale).ceil() as i64;
    let weights: Vec<f64> = (-reach..=reach).map(|x| (-(x as f64 / scale).abs()).exp()).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

/// P(|noise| ≤ half).
fn coverage(mass: &[f64], half: i64) -> f64 {
    let middle = i64::try_from(mass.len() / 2).unwrap();
    mass.iter().zip(-middle..).filter(|(_, x)| x.abs() <= half).map(|(p, _)| p).sum()
}

fn convolved(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; a.len() + b.len() - 1];
    for (i, p) in a.iter().enumerate() {
        for (j, q) in b.iter().enumerate() {
            sum[i + j] += p * q;
        }
    }
    sum
}

#[test]
fn an_interval_is_the_least_that_covers() {
    for scale in [0.05, 0.3, 0.36, 0.5, 0.7, 1.0, 1.3, 2.5, 5.0, 17.25, 100.0, 999.5] {
        let (mass, half) = (mass(scale), spread(scale).half_width());
        assert!(coverage(&mass, half) >= CONFIDENCE - 1e-12, "{scale}");
        assert!(half == 0 || coverage(&mass, half - 1) < CONFIDENCE + 1e-12, "{scale}");
    }
}

#[test]
fn the_standard_error_is_that_of_whole_numbers() {
    for scale in [0.05, 0.3, 0.5, 1.0, 2.5, 100.0] {
        let mass = mass(scale);
        let middle = i64::try_from(mass.len() / 2).unwrap();
        let variance: f64 = mass.iter().zip(-middle..).map(|(p, x)| p * (x * x) as f64).sum();
        assert!((spread(scale).standard_error() - variance.sqrt()).abs() < 1e-9, "{scale}");
    }
    // Never more than the scale (Canonne, Kamath and Steinke, 2020), and from 2 on hardly less.
    assert!(spread(0.5).standard_error() < 0.47);
    assert!((spread(2.0).standard_error() - 2.0).abs() < 1e-9);
    assert_eq!(spread(7e-4).standard_error(), 0.0);
    assert_eq!(spread(7e-4).half_width(), 0);
}

#[test]
fn beyond_a_thousand_the_normal_distribution_stands_in() {
    assert_eq!(spread(1_000.0).half_width(), 1_960);
    assert_eq!(spread(1_000.0_f64.next_up()).half_width(), 1_961);
    assert_eq!(spread(1e8).half_width(), 195_996_400);
    assert_eq!(spread(1e8).standard_error(), 1e8);
    // However wide the noise is, this takes no time.
    assert!(spread(crate::scale::SCALE_MAX).half_width() < i64::MAX / 32);
}

/// Every number of nodes from 2 to 128 with like scales, and pairs of unlike ones: the interval of a sum is that of no
/// known distribution, so its coverage is worked out by convolution.
#[test]
fn the_interval_of_a_sum_covers() {
    for scale in [0.1, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 3.0] {
        let one = mass(scale);
        let mut sum = one.clone();
        for n in 2..=128 {
            sum = convolved(&sum, &one);
            // What is far out matters to nobody and would only cost time.
            let cut = sum.iter().take_while(|p| **p < 1e-18).count();
            sum = sum[cut..sum.len() - cut].to_vec();
            let half = Spread::sum(&vec![spread(scale); n]).half_width();
            assert!(coverage(&sum, half) >= CONFIDENCE, "{n} nodes at {scale}");
        }
    }
    for (a, b) in [(0.2, 0.4), (0.3, 2.0), (0.5, 10.0), (1.0, 1.7), (0.05, 0.36), (30.0, 90.0)] {
        let half = Spread::sum(&[spread(a), spread(b)]).half_width();
        assert!(coverage(&convolved(&mass(a), &mass(b)), half) >= CONFIDENCE, "{a} and {b}");
    }
}

#[test]
fn a_sum_without_noise_has_none() {
    let sum = Spread::sum(&[spread(7e-4), spread(7e-4)]);
    assert_eq!((sum.standard_error(), sum.half_width()), (0.0, 0));
}

#[test]
fn a_laplaces_interval_is_the_least_that_covers_and_its_error_that_of_whole_numbers() {
    for scale in [1e-6, 0.05, 0.2, 0.27, 0.3, 0.5, 0.7, 1.0, 1.3, 2.5, 5.0, 17.25, 100.0, 999.5, 5_000.0] {
        let (mass, found) = (laplace_mass(scale), laplace(scale));
        let half = found.half_width();
        assert!(coverage(&mass, half) >= CONFIDENCE - 1e-12, "{scale}");
        assert!(half == 0 || coverage(&mass, half - 1) < CONFIDENCE + 1e-12, "{scale}");
        let middle = i64::try_from(mass.len() / 2).unwrap();
        let variance: f64 = mass.iter().zip(-middle..).map(|(p, x)| p * (x as f64).powi(2)).sum();
        assert!((found.standard_error() - variance.sqrt()).abs() < 1e-9 * scale.max(1.0), "{scale}");
    }
    // ln(20)·b and √2·b, and no more time or trouble at the ends of the room.
    assert!((laplace(1e9).half_width() - 2_995_732_274).abs() <= 1);
    assert!((laplace(1e9).standard_error() / 1e9 - 2_f64.sqrt()).abs() < 1e-9);
    assert!(laplace(crate::scale::SCALE_MAX).half_width() < i64::MAX / 32);
    assert_eq!(
        (laplace(crate::scale::SCALE_MIN).half_width(), laplace(crate::scale::SCALE_MIN).standard_error()),
        (0, 0.0)
    );
}

/// As for Gaussians: nodes with like scales, and unlike ones of either family, by convolution. How wide they are at
/// most is asserted too: not wider than five standard errors' hundredths and the two of whole numbers.
#[test]
fn the_interval_of_a_sum_with_laplaces_covers() {
    let add = |a: &[f64], b: &[f64]| {
        let sum = convolved(a, b);
        let cut = sum.iter().take_while(|p| **p < 1e-17).count();
        sum[cut..sum.len() - cut].to_vec()
    };
    let judged = |name: &str, mass: &[f64], sum: &Spread| {
        let half = sum.half_width();
        assert!(coverage(mass, half) >= CONFIDENCE, "{name}: {}", coverage(mass, half));
        let least = (0..).find(|h| coverage(mass, *h) >= CONFIDENCE).unwrap();
        let room = 2.0 + 0.05 * sum.standard_error();
        assert!((half - least) as f64 <= room, "{name}: {half} where {least} is enough");
    };
    for scale in [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 3.0] {
        let one = laplace_mass(scale);
        let mut sum = one.clone();
        for n in 2..=64 {
            sum = add(&sum, &one);
            judged(&format!("{n} at {scale}"), &sum, &Spread::sum(&vec![laplace(scale); n]));
        }
    }
    for (a, b) in [(0.1, 0.3), (0.3, 2.0), (0.5, 10.0), (1.0, 1.7), (1.0, 50.0), (30.0, 90.0), (60.0, 60.0)] {
        let sums = [
            (add(&laplace_mass(a), &laplace_mass(b)), Spread::sum(&[laplace(a), laplace(b)])),
            (add(&laplace_mass(a), &mass(b)), Spread::sum(&[laplace(a), spread(b)])),
            (add(&mass(a), &laplace_mass(b)), Spread::sum(&[spread(a), laplace(b)])),
        ];
        for (position, (mass, sum)) in sums.iter().enumerate() {
            judged(&format!("{a} and {b}, {position}"), mass, sum);
        }
    }
    let mut unlike = (laplace_mass(100.0), vec![laplace(100.0)]);
    for scale in [25.0, 25.0, 30.0, 40.0] {
        unlike = (add(&unlike.0, &laplace_mass(scale)), [&unlike.1[..], &[laplace(scale)]].concat());
        judged(&format!("{} unlike", unlike.1.len()), &unlike.0, &Spread::sum(&unlike.1));
    }
}

#[test]
fn a_sum_of_the_widest_noises_ends_where_numbers_do() {
    let widest = Spread::discrete_laplace(Scale::new(crate::scale::SCALE_MAX).unwrap());
    assert_eq!(Spread::sum(&vec![widest; 10_000]).half_width(), i64::MAX);
}
