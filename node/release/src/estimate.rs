//! What [`mean`](crate::mean) and [`quantiles`](crate::quantiles) read from released values. All of it is post-processing, which costs nothing, and all of it covers the noise
//! alone, neither sampling error nor what clamping took away.

/// A number read from released values, and how far the noise can have moved it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The number, in the feature's unit.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Where the number without noise lies with 95 % certainty, both ends included.
    pub interval: [f64; 2],
}

/// How much further a bound must lie for 95 % of whole-number noise of step `step` to be within it: half a step, which
/// is what the continuous distribution misses of the step that it cuts through.
pub(crate) fn half_a_step(step: f64) -> f64 {
    step / 2.0
}
