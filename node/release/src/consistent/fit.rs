//! The numbers behind: nearest numbers that are not negative, and rounding that keeps a total.

/// Variances that can be divided by: where there is no noise at all, all the same; else none is nothing beside another.
pub(super) fn usable(variances: &[f64]) -> Vec<f64> {
    const LEAST: f64 = 1e-12;
    let greatest = variances.iter().copied().fold(0.0, f64::max);
    variances.iter().map(|v| if greatest > 0.0 { v.max(greatest * LEAST) } else { 1.0 }).collect()
}

/// The numbers x ≥ 0 with sum `total` (0 or more) that are nearest to `values`: least Σ(x − y)²/v.
///
/// They are max(0, y − λv) for the one λ that makes the sum right (Held, Wolfe and Crowder, 1974, for equal v). Those
/// above 0 have the greatest y/v, so λ is found among the numbers ordered by it.
pub(super) fn nonnegative(values: &[f64], variances: &[f64], total: f64) -> Vec<f64> {
    let mut ordered: Vec<(f64, f64)> = values.iter().copied().zip(variances.iter().copied()).collect();
    ordered.sort_by(|(y, v), (other_y, other_v)| (other_y / other_v).total_cmp(&(y / v)));
    let (mut sum, mut variance, mut lambda) = (-total, 0.0, f64::INFINITY);
    for (y, v) in ordered {
        let (sum_with, variance_with) = (sum + y, variance + v);
        // One more is above 0 only if it is with the λ that it takes part in.
        if variance > 0.0 && y <= v * (sum_with / variance_with) {
            break;
        }
        (sum, variance) = (sum_with, variance_with);
        lambda = sum / variance;
    }
    values.iter().zip(variances).map(|(y, v)| (y - lambda * v).max(0.0)).collect()
}

/// Whole numbers of 0 or more as multiples of `unit` that add up to the multiple nearest to their sum (a half goes up).
pub(super) fn units_of(values: &[i64], unit: u32) -> Vec<i64> {
    let unit = i128::from(unit);
    let parts = values.iter().map(|value| i128::from(*value));
    let parts = parts.map(|value| (value.div_euclid(unit), value.rem_euclid(unit) as f64));
    let total: i128 = values.iter().map(|value| i128::from(*value)).sum();
    apportioned(parts.collect(), (total + unit / 2).div_euclid(unit), unit)
}

/// Numbers of 0 or more with sum `total` as multiples of `unit` that add up to the multiple nearest to it.
pub(super) fn rounded(values: &[f64], total: f64, unit: u32) -> Vec<i64> {
    let unit_float = f64::from(unit);
    let parts = values.iter().map(|value| value / unit_float);
    let parts = parts.map(|share| (share.floor() as i128, share - share.floor()));
    apportioned(parts.collect(), (total / unit_float + 0.5).floor() as i128, i128::from(unit))
}

/// The largest remainder method (Hamilton's): each gets its whole units, and what is left goes to the largest remainders,
/// the first of equal ones first.
fn apportioned(parts: Vec<(i128, f64)>, wanted: i128, unit: i128) -> Vec<i64> {
    // A multiple that does not fit: the greatest that does.
    let wanted = wanted.min(i128::from(i64::MAX) / unit);
    let mut units: Vec<i128> = parts.iter().map(|(whole, _)| *whole).collect();
    let left = wanted - units.iter().sum::<i128>();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|a, b| {
        let remainder = |part: &usize| parts.get(*part).map_or(0.0, |(_, remainder)| *remainder);
        remainder(b).total_cmp(&remainder(a))
    });
    match usize::try_from(left) {
        Ok(left) if left <= units.len() => {
            for part in order.into_iter().take(left) {
                units.iter_mut().skip(part).take(1).for_each(|units| *units += 1);
            }
        }
        // Beyond 2^53 floating point errs by more than a unit. The greatest bears it.
        _ => {
            if let Some(greatest) = units.iter_mut().max() {
                *greatest = (*greatest + left).max(0);
            }
        }
    }
    units.into_iter().map(|units| i64::try_from(units * unit).unwrap_or(i64::MAX)).collect()
}
