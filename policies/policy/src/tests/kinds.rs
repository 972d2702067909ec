//! Means, histograms, quantiles and sets of flags, under a policy that was written for sums and counts.

use super::*;

fn codes(policy: &str, text: &str) -> Vec<&'static str> {
    let query = query(text);
    read_right(policy).admit_aggregate(&aggregate(&query), &Spent::default(), TODAY).codes()
}

#[test]
fn a_mean_needs_the_clamp_that_a_sum_needs_and_bins_need_none() {
    let none: [&str; 0] = [];
    for kind in ["sum", "mean"] {
        let of =
            |feature: &str| codes(municipality(), &format!("kind = \"{kind}\"\nfeature = \"{feature}\"\n"));
        assert_eq!(of("cost_municipal_social_1y"), none, "{kind}");
        assert_eq!(of("sick_spells_2y"), ["data.sum"], "{kind}: no clamp is stated");
        assert_eq!(of("last_spell_days"), ["data.feature", "data.sum"], "{kind}");
    }
    for kind in ["histogram", "quantiles"] {
        let of = |feature: &str| {
            codes(municipality(), &format!("kind = \"{kind}\"\nfeature = \"{feature}\"\nbins = [0, 1, 5]\n"))
        };
        assert_eq!(of("sick_spells_2y"), none, "{kind}");
        assert_eq!(of("last_spell_days"), ["data.feature"], "{kind}");
    }
}

#[test]
fn a_pure_epsilon_is_not_compared_with_one_at_a_delta() {
    let in_epsilon =
        edit(municipality(), "[permit.budget]", "per-query = { rho = ", "per-query = { epsilon = 1 } # ");
    let allowed = |mechanism: &str| {
        let query = query(&format!("kind = \"count\"\n[privacy]\nrho = 0.5\nmechanism = \"{mechanism}\"\n"));
        let request = AggregateRequest { nano_rho: Some(500_000_000), ..aggregate(&query) };
        let verdict = read_right(&in_epsilon).admit_aggregate(&request, &Spent::default(), TODAY);
        format!("{verdict:?}")
    };
    assert!(allowed("discrete_gaussian").contains("epsilon"), "{}", allowed("discrete_gaussian"));
    assert!(!allowed("discrete_laplace").contains("epsilon"), "{}", allowed("discrete_laplace"));
}

#[test]
fn bins_count_among_the_cells_and_the_dimensions() {
    let bins: Vec<String> = (0..=120).map(|age| age.to_string()).collect();
    let text = |by: &str| {
        format!("kind = \"histogram\"\nfeature = \"age\"\nbins = [{}]\nby = [{by}]\n", bins.join(", "))
    };
    let none: [&str; 0] = [];
    assert_eq!(codes(municipality(), &text("\"sex\"")), none);
    // 2 × 3 × 121 cells, where the policy has 500.
    assert_eq!(codes(municipality(), &text("\"sex\", \"civil_status\"")), ["cells.number"]);
}

#[test]
fn a_set_of_flags_is_a_category_by_its_own_name_that_reads_what_its_flags_read() {
    let text = "kind = \"count\"\nby = [\"support\"]\n";
    assert_eq!(codes(municipality(), text), ["data.category"]);
    let with_set =
        edit(municipality(), "[permit.data]", "\"civil_status\"]", "\"civil_status\", \"support\"]");
    let none: [&str; 0] = [];
    assert_eq!(codes(&with_set, text), none);
    // A set that could never be used, for want of a table of one of its flags, is a mistake in the file.
    let without_table = edit(&with_set, "[permit.data]", ", \"social_services\"", "");
    let faults = read(&without_table).unwrap_err();
    assert!(faults.iter().any(|fault| fault.to_string().contains("social_service")), "{}", shown(&faults));
    let unknown =
        edit(municipality(), "[permit.data]", "\"civil_status\"]", "\"civil_status\", \"supports\"]");
    assert!(read(&unknown).is_err());
}
