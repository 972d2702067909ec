//! Quantiles, read from a noisy histogram over public bins.
//!
//! Persons of a bin are taken to be spread evenly over [from, to + 1): of whole numbers, v stands for what lies in
//! [v, v + 1), as of people of 18 some have turned it today and others a year ago, less a day. So a quantile of 18.4 is
//! within the number 18. A bin of one number gives that number.

use crate::error::{ReleaseError, require};
use crate::estimate::{Estimate, half_a_step};
use crate::released::Released;
use crate::spread::point;

/// Quantiles of one histogram, at most.
pub const PROBABILITIES_MAX: usize = 1_000;

/// A bin of a histogram, both ends included. The bins of a histogram follow one another without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bin {
    /// The least number in it.
    pub from: i64,
    /// The greatest.
    pub to: i64,
}

impl Bin {
    /// Where in the bin is the part `within` (0 to 1) of its persons.
    fn at(self, within: f64) -> f64 {
        let from = self.from as f64;
        if self.from == self.to { from } else { from + within * (self.to as f64 + 1.0 - from) }
    }
}

/// The quantiles at `probabilities`, in their order. Given expected counts in place of released ones it says what
/// error to expect.
///
/// The value is where p·N is crossed by the cumulative counts, made monotone by isotonic regression (the nearest
/// monotone numbers in L2; Barlow, Bartholomew, Bremner and Brunk, 1972) and never below 0; N is the last of these.
/// Where that is 0, the persons are taken to be spread evenly over all bins.
///
/// The interval holds each x at which |F(x) − p·N| ≤ z·s(x), with F and N as they were released, so that the error of
/// F(x) − p·N is that of the counts alone: each bin below x weighs 1 − p, each above −p, and s² is made of the bins'
/// own variances. Where several pieces of the axis pass, it holds all that lies between. The standard error is half
/// the width of what passes at z = 1.
///
/// # Errors
/// `bins`, if there are none, one ends before it begins, or they do not follow one another; `counts`, if they are not
/// as many; `probabilities`, if there are none or more than [`PROBABILITIES_MAX`], or one is not between 0 and 1.
pub fn quantiles(
    bins: &[Bin],
    counts: &[Released],
    probabilities: &[f64],
) -> Result<Vec<Estimate>, ReleaseError> {
    let follow = bins.iter().zip(bins.iter().skip(1));
    let ordered = bins.iter().all(|bin| bin.from <= bin.to)
        && follow.clone().all(|(bin, next)| bin.to.checked_add(1) == Some(next.from));
    require(!bins.is_empty() && ordered, "bins", "must follow one another without gap or overlap")?;
    require(counts.len() == bins.len(), "counts", "must be as many as the bins")?;
    let room = (1..=PROBABILITIES_MAX).contains(&probabilities.len());
    let between = probabilities.iter().all(|p| *p > 0.0 && *p < 1.0);
    require(room && between, "probabilities", "must be 1 to 1000 numbers between 0 and 1")?;
    let histogram = Histogram::new(bins, counts);
    Ok(probabilities.iter().map(|p| histogram.quantile(*p)).collect())
}

/// A bin with what is in it and what lies below it.
struct Column {
    bin: Bin,
    count: f64,
    variance: f64,
    fourth: f64,
    below: Totals,
    /// The monotone cumulative counts, without this bin and with it.
    monotone: [f64; 2],
}

/// Sums over bins.
#[derive(Clone, Copy, Default)]
struct Totals {
    count: f64,
    variance: f64,
    fourth: f64,
}

struct Histogram {
    columns: Vec<Column>,
    all: Totals,
}

impl Histogram {
    fn new(bins: &[Bin], counts: &[Released]) -> Self {
        let mut all = Totals::default();
        let mut columns = Vec::with_capacity(bins.len());
        for (bin, released) in bins.iter().zip(counts) {
            let (count, spread) = (released.value() as f64, released.spread());
            let (variance, fourth) = (spread.variance(), spread.fourth());
            columns.push(Column { bin: *bin, count, variance, fourth, below: all, monotone: [0.0; 2] });
            all.count += count;
            all.variance += variance;
            all.fourth += fourth;
        }
        let cumulative: Vec<f64> = columns.iter().map(|column| column.below.count + column.count).collect();
        let mut before = 0.0;
        for (column, fitted) in columns.iter_mut().zip(isotonic(&cumulative)) {
            let with = fitted.max(0.0);
            column.monotone = [before, with];
            before = with;
        }
        Self { columns, all }
    }

    fn quantile(&self, p: f64) -> Estimate {
        let (value, fourth, variance) = self.crossing(p);
        let noise = if self.all.variance > 0.0 { half_a_step(p.max(1.0 - p)) } else { 0.0 };
        let interval = self.passing(p, value, point(fourth, variance), noise);
        let [least, greatest] = self.passing(p, value, 1.0, 0.0);
        Estimate { value, standard_error: (greatest - least) / 2.0, interval }
    }

    /// The least and greatest x with |F(x) − p·N| ≤ z·s(x) + `step`. The value itself, which may not pass where the counts
    /// are far from monotone, belongs to it in any case.
    fn passing(&self, p: f64, value: f64, z: f64, step: f64) -> [f64; 2] {
        let passing = self.columns.iter().filter_map(|column| {
            let [least, greatest] = column.passing(p, &self.all, z, step)?;
            Some([column.bin.at(least), column.bin.at(greatest)])
        });
        passing.fold([value, value], |[a, b], [c, d]| [a.min(c), b.max(d)])
    }

    /// Where the monotone counts cross p·N, and fourth cumulant and variance of F(x) − p·N there.
    fn crossing(&self, p: f64) -> (f64, f64, f64) {
        let total = self.columns.last().map_or(0.0, |column| column.monotone[1]);
        let wanted = p * total;
        let crossed = self.columns.iter().find(|column| column.monotone[1] >= wanted && total > 0.0);
        if let Some(column) = crossed {
            let [before, with] = column.monotone;
            let within = ((wanted - before) / (with - before)).clamp(0.0, 1.0);
            let (fourth, variance) = column.cumulants(p, within, &self.all);
            return (column.bin.at(within), fourth, variance);
        }
        // Nobody, as far as can be seen.
        let ends = self.columns.first().zip(self.columns.last());
        let value = ends.map_or(0.0, |(first, last)| {
            let (from, to) = (first.bin.at(0.0), last.bin.at(1.0));
            from + p * (to - from)
        });
        (value, 0.0, 0.0)
    }
}

impl Column {
    /// Fourth cumulant and variance of F(x) − p·N where x has the part `within` of this bin below it.
    fn cumulants(&self, p: f64, within: f64, all: &Totals) -> (f64, f64) {
        let sum = |below: f64, own: f64, all: f64, power: i32| {
            let above = (all - below - own).max(0.0);
            (1.0 - p).powi(power) * below + (within - p).powi(power) * own + p.powi(power) * above
        };
        let fourth = sum(self.below.fourth, self.fourth, all.fourth, 4);
        (fourth, sum(self.below.variance, self.variance, all.variance, 2))
    }

    /// The first and last t in 0 to 1 with |F − p·N| ≤ z·s + `step`, where t is the part of this bin that is below x.
    fn passing(&self, p: f64, all: &Totals, z: f64, step: f64) -> Option<[f64; 2]> {
        // (a + t·c)² ≤ k + (t − p)²·v, with all of z in k and v.
        let (a, c) = (self.below.count - p * all.count, self.count);
        let (below, above) =
            (self.below.variance, (all.variance - self.below.variance - self.variance).max(0.0));
        let others = (1.0 - p).powi(2) * below + p.powi(2) * above;
        let k = (z * others.sqrt() + step).powi(2);
        let v = z * z * self.variance;
        // Most bins are far from it, on one side.
        let nearest = if (a < 0.0) == (a + c < 0.0) { a.abs().min((a + c).abs()) } else { 0.0 };
        if nearest * nearest > k + v {
            return None;
        }
        let excess = |t: f64| (a + t * c).powi(2) - k - (t - p).powi(2) * v;
        // As A·t² + 2B·t + C ≤ 0. Its roots cut 0 to 1 into pieces, each of which passes or does not.
        let (square, linear, constant) = (c * c - v, a * c + p * v, a * a - k - p * p * v);
        let discriminant = linear * linear - square * constant;
        let roots = match square {
            // A line, or nothing at all.
            0.0 => [-constant / (2.0 * linear); 2],
            _ if discriminant < 0.0 => [f64::NAN; 2],
            _ => [-1.0, 1.0].map(|sign| (-linear + sign * discriminant.sqrt()) / square),
        };
        let within = |t: &f64| (0.0..=1.0).contains(t);
        let ends = [0.0, 1.0].into_iter().filter(|t| excess(*t) <= 0.0);
        let passing = ends.chain(roots.into_iter().filter(within));
        passing.fold(None, |found, t| match found {
            None => Some([t, t]),
            Some([least, greatest]) => Some([t.min(least), t.max(greatest)]),
        })
    }
}

/// The nearest numbers in L2 that never fall: pools adjacent violators (Barlow et al., 1972).
fn isotonic(values: &[f64]) -> Vec<f64> {
    // Blocks of a mean and a length.
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for &value in values {
        let mut block = (value, 1);
        while let Some(&(mean, length)) = blocks.last() {
            if mean <= block.0 {
                break;
            }
            blocks.pop();
            let both = length + block.1;
            block = ((mean * length as f64 + block.0 * block.1 as f64) / both as f64, both);
        }
        blocks.push(block);
    }
    blocks.into_iter().flat_map(|(mean, length)| std::iter::repeat_n(mean, length)).collect()
}

#[cfg(test)]
mod tests;
