//! Two thousand releases of every kind and mechanism through the whole federation: noise, errors and intervals are those
//! that were promised before it was asked.

use tvaers_coordinator::answer::Answer;
use tvaers_tests::federation::Federation;

use super::laboratory;
use super::noise::whole;

const TIMES: u32 = 2_000;

/// With what probability a right claim is refused, by each comparison.
const ALARM: f64 = 1e-6;

/// Half the budget of a mean's joint, of σ = 2 for the number of persons.
const RHO: &str = "0.25";

const MECHANISMS: [&str; 2] = ["discrete_gaussian", "discrete_laplace"];

/// P(Z ≤ x) of whole-number noise with these weights.
fn cumulative(weight: impl Fn(f64) -> f64, reach: i32) -> Vec<f64> {
    let weights: Vec<f64> = (-reach..=reach).map(|x| weight(f64::from(x))).collect();
    let total: f64 = weights.iter().sum();
    let mut sum = 0.0;
    let mut add = |weight: &f64| {
        sum += weight / total;
        sum
    };
    weights.iter().map(&mut add).collect()
}

/// Whether draws fit the mechanism at this scale: the inequality of Dvoretzky, Kiefer, Wolfowitz and Massart, which
/// holds for any distribution and any number of draws.
fn fits(draws: &[i64], mechanism: &str, scale: f64) -> bool {
    let reach = (scale * 40.0).ceil() as i32;
    let claimed = match mechanism {
        "discrete_gaussian" => cumulative(|x| (-0.5 * (x / scale).powi(2)).exp(), reach),
        _ => cumulative(|x| (-x.abs() / scale).exp(), reach),
    };
    let mut sorted = draws.to_vec();
    sorted.sort_unstable();
    let n = f64::from(TIMES);
    let epsilon = ((2.0 / ALARM).ln() / (2.0 * n)).sqrt();
    let distance = (-reach..=reach).zip(&claimed).map(|(x, claimed)| {
        let at_most = sorted.partition_point(|draw| *draw <= i64::from(x));
        (f64::from(u32::try_from(at_most).unwrap()) / n - claimed).abs()
    });
    sorted.len() == 2_000 && distance.fold(0.0, f64::max) <= epsilon
}

struct Asked<'a> {
    federation: &'a Federation,
    body: &'a str,
    mechanism: &'a str,
}

impl Asked<'_> {
    fn text(&self, rho: &str) -> String {
        let (body, mechanism) = (self.body, self.mechanism);
        format!(
            "name = \"n\"\n{body}\nas_of = {}\n[privacy]\nrho = {rho}\nmechanism = \"{mechanism}\"\n[nodes]\nof = [\"k360\"]\n",
            self.federation.as_of()
        )
    }

    /// The answer that is next to exact, and two thousand noisy ones.
    async fn answers(&self) -> (Answer, Vec<Answer>) {
        let (_, mut right) = self.federation.query(&self.text("1e9")).await.unwrap();
        let (answered, results) = self.federation.query_times(&self.text(RHO), TIMES).await.unwrap();
        assert_eq!((answered.results, results.len()), (TIMES, 2_000));
        (right.remove(0), results)
    }
}

#[tokio::test]
async fn counts_sums_and_histograms_of_either_mechanism_are_noised_as_claimed() {
    let federation = laboratory().await;
    for body in [
        "kind = \"count\"\nby = [\"support\"]",
        "kind = \"sum\"\nfeature = \"self_rated_health_baseline\"",
        "kind = \"histogram\"\nfeature = \"age\"\nbins = [0, 18, 65]",
    ] {
        for mechanism in MECHANISMS {
            let (right, results) = Asked { federation: &federation, body, mechanism }.answers().await;
            let scale = results[0].privacy.nodes[0].scale;
            assert_eq!(results[0].privacy.mechanism, mechanism);
            for cell in 0..right.cells.len() {
                let exact = whole(&right, cell);
                let draws: Vec<i64> = results.iter().map(|answer| whole(answer, cell) - exact).collect();
                assert!(fits(&draws, mechanism, scale), "{mechanism}, cell {cell} of {body}");
                // The comparison can fail.
                assert!(!fits(&draws, mechanism, scale * 1.5) && !fits(&draws, mechanism, scale / 1.5));
                let inside = results.iter().filter(|answer| {
                    let [low, high] = answer.cells[cell].ci95.unwrap().map(|bound| bound.whole().unwrap());
                    (low..=high).contains(&exact)
                });
                // At least 95 %: fewer than 92.5 % of 2,000 would be seen once in ten million times.
                assert!(inside.count() >= 1_850, "{mechanism}: intervals of {body}");
            }
        }
    }
}

#[tokio::test]
async fn means_and_quantiles_are_as_far_off_as_was_expected() {
    let federation = laboratory().await;
    for body in [
        "kind = \"mean\"\nfeature = \"self_rated_health_baseline\"",
        "kind = \"mean\"\nfeature = \"age\"",
        "kind = \"quantiles\"\nfeature = \"age\"\nbins = [0, 20, 40, 60, 80]",
    ] {
        for mechanism in MECHANISMS {
            let (right, results) = Asked { federation: &federation, body, mechanism }.answers().await;
            for (cell, exact) in right.cells.iter().enumerate() {
                let (exact, n) = (exact.value.unwrap().real(), exact.persons.unwrap());
                let errors = results.iter().map(|answer| answer.cells[cell].value.unwrap().real() - exact);
                let seen = (errors.map(|error| error * error).sum::<f64>() / f64::from(TIMES)).sqrt();
                // What every answer says of itself, and so what a preview says with the right guess: they are the same
                // function, of noisy and of expected numbers.
                let told = results.iter().map(|answer| answer.cells[cell].standard_error.unwrap());
                let told = told.sum::<f64>() / f64::from(TIMES);
                let ratio = seen / told;
                let parts = &results[0].privacy.nodes[0].parts;
                let noise = parts.last().map_or(results[0].privacy.nodes[0].scale, |persons| persons.scale);
                let enough = f64::from(i32::try_from(n).unwrap()) / noise >= 20.0;
                assert!(enough, "{body}: {n} persons are too few for this test");
                assert!((0.8..1.2).contains(&ratio), "{mechanism}, cell {cell} of {body}: {seen} for {told}");
                let inside = results.iter().filter(|answer| {
                    let [low, high] = answer.cells[cell].ci95.unwrap().map(|bound| bound.real());
                    low <= exact && exact <= high
                });
                assert!(inside.count() >= 1_850, "{mechanism}: intervals of cell {cell} of {body}");
            }
        }
    }
}

#[tokio::test]
async fn quantiles_of_a_histogram_that_was_released_cost_nothing() {
    let federation = laboratory().await;
    let ask = |body: &str, name: &str| {
        let text = format!(
            "name = \"{name}\"\n{body}\nfeature = \"age\"\nbins = [0, 20, 40]\nas_of = {}\n[privacy]\nrho = 0.1\n[nodes]\nof = [\"k360\"]\n",
            federation.as_of()
        );
        text
    };
    let first = super::spent(&federation, "k360").await.1;
    let (_, histogram) = federation.query(&ask("kind = \"histogram\"", "a")).await.unwrap();
    let after = super::spent(&federation, "k360").await.1;
    assert_eq!(after - first, 100_000_000);
    for body in ["kind = \"quantiles\"", "kind = \"quantiles\"\nprobabilities = [0.01, 0.99]"] {
        let (_, quantiles) = federation.query(&ask(body, "b")).await.unwrap();
        let persons: i64 = (0..3).map(|bin| whole(&histogram[0], bin)).sum();
        assert_eq!(quantiles[0].cells[0].persons, Some(persons), "the same noisy counts");
    }
    assert_eq!(super::spent(&federation, "k360").await.1, after);
}
