//! The change of a group beside that of a control group with the same make-up: direct standardisation over strata, read
//! from noisy numbers, so that it costs nothing.
//!
//! In stratum s the target group has T persons and changes by A − B, the control group C persons and a − b. Matched are
//! strata where both groups have more persons than their noise could make up. Over these, with w = T/ΣT:
//!
//! - target change Σ(A − B)/ΣT, control change Σ w·(a − b)/C, difference of the two;
//! - variances by the delta method, in which the control's also moves with the noisy weights. The two groups' noise is
//!   independent but for these weights, which the difference takes as one term.

use tvaers_release::estimate::Estimate;
use tvaers_release::released::Released;

/// How many standard errors of noise a group's number in a stratum must be above 0.
const CLEAR: f64 = 6.0;

/// Half the width of a 95 % interval in standard errors.
const Z95: f64 = 1.96;

/// One stratum: the persons of both groups, and what they had before and after.
pub(super) struct Stratum {
    pub(super) target: Group,
    pub(super) control: Group,
}

/// One group in a stratum.
pub(super) struct Group {
    pub(super) persons: Released,
    pub(super) before: Released,
    pub(super) after: Released,
}

/// What is told, in the order of the contrast's measures, in the unit of the sums.
pub(super) struct Contrasted {
    pub(super) target: Estimate,
    pub(super) control: Estimate,
    pub(super) difference: Estimate,
    /// The share of the target group that is in matched strata.
    pub(super) matched: f64,
}

impl Group {
    #[expect(clippy::cast_precision_loss, reason = "noisy numbers, told with their errors")]
    fn size(&self) -> f64 {
        self.persons.value() as f64
    }

    #[expect(clippy::cast_precision_loss, reason = "noisy numbers, told with their errors")]
    fn change(&self) -> f64 {
        self.after.value() as f64 - self.before.value() as f64
    }

    /// The variance of the change.
    fn variance(&self) -> f64 {
        self.after.standard_error().powi(2) + self.before.standard_error().powi(2)
    }

    fn is_clear(&self, least: f64) -> bool {
        self.size() >= least.max(1.0) && self.size() > CLEAR * self.persons.standard_error()
    }
}

/// What the strata say; nothing where no stratum has enough of both groups. A stratum with fewer than `least` persons of
/// either is not matched.
pub(super) fn contrast(strata: &[Stratum], least: f64) -> Option<Contrasted> {
    let all: f64 = strata.iter().map(|stratum| stratum.target.size().max(0.0)).sum();
    let is_matched = |stratum: &&Stratum| stratum.target.is_clear(least) && stratum.control.is_clear(least);
    let matched: Vec<&Stratum> = strata.iter().filter(is_matched).collect();
    let persons: f64 = matched.iter().map(|stratum| stratum.target.size()).sum();
    if matched.is_empty() || persons <= 0.0 {
        return None;
    }
    let target = matched.iter().map(|stratum| stratum.target.change()).sum::<f64>() / persons;
    let rate = |stratum: &Stratum| stratum.control.change() / stratum.control.size();
    let control = matched.iter().map(|stratum| stratum.target.size() * rate(stratum)).sum::<f64>() / persons;

    let mut variances = [0.0; 3];
    for stratum in &matched {
        let Stratum { target: own, control: other } = stratum;
        let of_size = own.persons.standard_error().powi(2);
        let weight = own.size() / persons;
        let of_rate = (other.variance() + rate(stratum).powi(2) * other.persons.standard_error().powi(2))
            / other.size().powi(2);
        // How each moves with the number of the target group's persons in the stratum.
        let (by_target, by_control) = (-target / persons, (rate(stratum) - control) / persons);
        variances[0] += own.variance() / persons.powi(2) + by_target.powi(2) * of_size;
        variances[1] += weight.powi(2) * of_rate + by_control.powi(2) * of_size;
        variances[2] += own.variance() / persons.powi(2)
            + weight.powi(2) * of_rate
            + (by_target - by_control).powi(2) * of_size;
    }
    let [of_target, of_control, of_difference] = variances.map(f64::sqrt);
    Some(Contrasted {
        target: estimate(target, of_target),
        control: estimate(control, of_control),
        difference: estimate(target - control, of_difference),
        matched: (persons / all).clamp(0.0, 1.0),
    })
}

fn estimate(value: f64, standard_error: f64) -> Estimate {
    let half = Z95 * standard_error;
    Estimate { value, standard_error, interval: [value - half, value + half] }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::print_stdout, reason = "a randomised test prints its seed")]

    use rand::rngs::StdRng;
    use rand::{RngExt as _, SeedableRng as _};
    use tvaers_release::scale::Scale;
    use tvaers_release::spread::Spread;

    use super::*;

    fn at(value: i64, scale: f64) -> Released {
        Released::restore(value, Spread::discrete_gaussian(Scale::new(scale).unwrap()))
    }

    fn group([persons, before, after]: [i64; 3], scale: f64) -> Group {
        Group { persons: at(persons, scale), before: at(before, 3.0 * scale), after: at(after, 3.0 * scale) }
    }

    fn strata(numbers: &[[[i64; 3]; 2]], scale: f64) -> Vec<Stratum> {
        let one = |[target, control]: &[[i64; 3]; 2]| Stratum {
            target: group(*target, scale),
            control: group(*control, scale),
        };
        numbers.iter().map(one).collect()
    }

    const NUMBERS: [[[i64; 3]; 2]; 3] = [
        [[100, 200, 100], [4_000, 2_000, 1_000]],
        [[300, 900, 600], [1_000, 2_000, 1_900]],
        [[20, 40, 40], [0, 0, 0]],
    ];

    #[test]
    fn the_control_group_has_the_make_up_of_the_target_group() {
        let told = contrast(&strata(&NUMBERS, 0.01), 0.0).unwrap();
        // −100 and −300 of 400; −0.25 in a quarter and −0.1 in three quarters; 20 of 420 have nobody to be compared with.
        let expected = [-1.0, -0.137_5, -0.862_5];
        let found = [told.target.value, told.control.value, told.difference.value];
        assert!(
            found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-9),
            "{found:?}"
        );
        assert!((told.matched - 400.0 / 420.0).abs() < 1e-9);
        assert!(contrast(&strata(&NUMBERS[2..], 0.01), 0.0).is_none());
        assert!(contrast(&strata(&NUMBERS, 200.0), 0.0).is_none(), "nothing is clear of such noise");
        let first = contrast(&strata(&NUMBERS, 0.01), 200.0).unwrap();
        assert!((first.target.value + 1.0).abs() < 1e-9 && (first.control.value + 0.1).abs() < 1e-9);
    }

    /// Of 4,000 draws 95 % lie within: fewer than 3,700 or, with standard errors that are too great, more than 3,900
    /// would be seen with a probability below 10⁻⁶ (binomial, 13.8 standard deviations are 190).
    #[test]
    fn intervals_cover_the_noise() {
        let seed = 611;
        println!("seed {seed}");
        let mut random = StdRng::seed_from_u64(seed);
        let scale = 4.0;
        let exact = contrast(&strata(&NUMBERS[..2], 0.01), 0.0).unwrap();
        let mut covered = [0_u32; 3];
        for _ in 0..4_000 {
            let mut noise = |scale: f64| {
                // Twelve uniform numbers less six are near enough to a standard normal one.
                let normal: f64 = (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
                #[expect(clippy::cast_possible_truncation, reason = "small noise")]
                let whole = (normal * scale).round() as i64;
                whole
            };
            let noisy: Vec<[[i64; 3]; 2]> = NUMBERS[..2]
                .iter()
                .map(|groups| {
                    groups.map(|[n, b, a]| [n + noise(scale), b + noise(3.0 * scale), a + noise(3.0 * scale)])
                })
                .collect();
            let told = contrast(&strata(&noisy, scale), 0.0).unwrap();
            let pairs = [
                (told.target, exact.target.value),
                (told.control, exact.control.value),
                (told.difference, exact.difference.value),
            ];
            for (count, (estimate, value)) in covered.iter_mut().zip(pairs) {
                *count += u32::from((estimate.interval[0]..=estimate.interval[1]).contains(&value));
            }
        }
        assert!(covered.iter().all(|count| (3_700..=3_900).contains(count)), "{covered:?}");
    }
}
