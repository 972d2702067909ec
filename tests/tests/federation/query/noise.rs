//! The noise that arrives is the noise that is claimed, through the whole federation.

use tvaers_coordinator::answer::Answer;

use super::laboratory;

/// With what probability a right claim is refused, by each comparison.
const ALARM: f64 = 1e-6;

const TIMES: u32 = 2_000;

/// P(Z ≤ x) of the discrete Gaussian, P(x) ∝ exp(−x²/2σ²), for x from −reach on.
fn cumulative(scale: f64, reach: i32) -> Vec<f64> {
    let weights: Vec<f64> = (-reach..=reach).map(|x| (-0.5 * (f64::from(x) / scale).powi(2)).exp()).collect();
    let total: f64 = weights.iter().sum();
    let mut sum = 0.0;
    weights
        .iter()
        .map(|weight| {
            sum += weight / total;
            sum
        })
        .collect()
}

/// The number of a cell.
pub(super) fn whole(answer: &Answer, cell: usize) -> i64 {
    answer.cells[cell].value.unwrap().whole().unwrap()
}

fn noise(results: &[Answer], right: i64) -> Vec<i32> {
    results.iter().map(|answer| i32::try_from(whole(answer, 0) - right).unwrap()).collect()
}

/// Draws fit a discrete Gaussian of this scale. Both bounds hold for any number of draws: the inequality of Dvoretzky,
/// Kiefer, Wolfowitz and Massart, and that of Laurent and Massart, which a sub-Gaussian variable keeps too.
fn fits(draws: &[i32], scale: f64) -> bool {
    let n = f64::from(u32::try_from(draws.len()).unwrap());
    let reach = (scale * 12.0).ceil() as i32;
    let claimed = cumulative(scale, reach);
    let epsilon = ((2.0 / ALARM).ln() / (2.0 * n)).sqrt();
    let distance = (-reach..=reach).zip(&claimed).map(|(x, claimed)| {
        let at_most = draws.iter().filter(|draw| **draw <= x).count();
        (f64::from(u32::try_from(at_most).unwrap()) / n - claimed).abs()
    });
    let t = (2.0 / ALARM).ln();
    let variance = draws.iter().map(|draw| f64::from(*draw).powi(2)).sum::<f64>() / n;
    let width = 2.0 * (t / n).sqrt() + 2.0 * t / n;
    distance.fold(0.0, f64::max) <= epsilon && (variance / scale.powi(2) - 1.0).abs() <= width
}

#[tokio::test]
async fn two_thousand_counts_of_one_query_are_noised_as_claimed() {
    let federation = laboratory().await;
    let text = |rho: &str, of: &str| {
        format!(
            "name = \"n\"\nkind = \"count\"\nas_of = {}\n[privacy]\nrho = {rho}\n[nodes]\nof = {of}\n",
            federation.as_of()
        )
    };
    let (_, right) = federation.query(&text("1e6", "[\"k360\"]")).await.unwrap();
    let right = whole(&right[0], 0);
    let (answered, results) = federation.query_times(&text("0.02", "[\"k360\"]"), TIMES).await.unwrap();
    assert_eq!((answered.results, results.len()), (TIMES, 2_000));
    let scale = results[0].privacy.nodes[0].scale;
    // rho = Δ²/2σ².
    assert!((scale - 5.0).abs() < 1e-4, "{scale}");
    let draws = noise(&results, right);
    assert!(fits(&draws, scale), "not the noise that is claimed");
    // The comparison can fail: noise a third narrower than this would not pass for it, nor half as wide again.
    assert!(!fits(&draws, scale * 1.5) && !fits(&draws, scale / 1.5));

    // Three nodes' noises add up, and the result says so.
    let (_, right) = federation.query(&text("1e6", "\"all\"")).await.unwrap();
    let right = whole(&right[0], 0);
    let (_, results) = federation.query_times(&text("0.02", "\"all\""), TIMES).await.unwrap();
    let nodes = results[0].privacy.nodes.len();
    let error = results[0].cells[0].standard_error.unwrap();
    let expected = scale * f64::from(u32::try_from(nodes).unwrap()).sqrt();
    assert!(nodes > 1 && (error / expected - 1.0).abs() < 1e-3, "{error} for {expected}");
    let draws = noise(&results, right);
    assert!(fits(&draws, expected), "not the noise of {nodes} nodes");
    let inside = results.iter().zip(&draws).filter(|(answer, draw)| {
        let [low, high] = answer.cells[0].ci95.unwrap().map(|bound| bound.whole().unwrap());
        (low..=high).contains(&(whole(answer, 0) - i64::from(**draw)))
    });
    // At least 95 %: with 2,000 draws fewer than 92.5 % would be seen once in ten million times.
    assert!(inside.count() >= 1_850, "intervals cover");
}
