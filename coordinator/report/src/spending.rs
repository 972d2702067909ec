//! What was spent and what is left.

use maud::{Markup, html};

use crate::number::{size, trimmed};
use crate::object::{Left, Object, Privacy};
use crate::place;
use crate::section::Shown;
use crate::table::scrolled;
use crate::words::Tongue;

fn told(value: Option<f64>, tongue: Tongue) -> String {
    value.map_or_else(|| "–".to_owned(), |value| size(value, tongue))
}

/// A laboratory's budget is one that nobody can spend: its size would say nothing.
fn told_left(value: Option<f64>, tongue: Tongue) -> String {
    const NO_LIMIT: f64 = 1e9;
    match value {
        Some(left) if left >= NO_LIMIT => tongue.say("uden grænse", "no limit").to_owned(),
        value => told(value, tongue),
    }
}

fn mechanism(privacy: &Privacy, tongue: Tongue) -> &str {
    match privacy.mechanism.as_str() {
        "discrete_gaussian" => tongue.say("diskret normalfordelt støj", "discrete Gaussian noise"),
        "discrete_laplace" => tongue.say("diskret Laplace-fordelt støj", "discrete Laplace noise"),
        other => other,
    }
}

/// In a citation.
pub(crate) fn in_short(privacy: &Privacy, tongue: Tongue) -> Markup {
    html! {
        (tongue.say("Differentiel privathed: ", "Differential privacy: "))
        (mechanism(privacy, tongue)) ", ε = " (told(privacy.epsilon, tongue)) ", δ = " (told(privacy.delta, tongue)) "."
    }
}

/// What a result cost, at each node.
pub(crate) fn of_result(object: &Object, title: &str, tongue: Tongue) -> Markup {
    let privacy = &object.privacy;
    let caption = format!("{title}, {}", tongue.say("pris hos hver node", "cost at each node"));
    let table = html! {
        table {
            caption { (caption) }
            thead { tr {
                th scope="col" { "Node" }
                th.number scope="col" { (tongue.say("Betalt ρ", "Charged ρ")) }
                th.number scope="col" { (tongue.say("Betalt ε", "Charged ε")) }
                th.number scope="col" { (tongue.say("Støjens bredde", "Scale of noise")) }
                th.number scope="col" { (tongue.say("Mindste celle", "Smallest cell")) }
                th.number scope="col" { (tongue.say("Afrundet til", "Rounded to")) }
                (left_head(tongue))
            } }
            tbody {
                @for node in &privacy.nodes {
                    tr {
                        th scope="row" { (place::of_node(&node.node, tongue)) }
                        td.number { (told(node.charged_rho, tongue)) }
                        td.number { (told(node.charged_epsilon, tongue)) }
                        td.number { (told(node.scale, tongue)) }
                        td.number { (told(node.smallest_cell, tongue)) }
                        td.number { (told(node.rounding, tongue)) }
                        (left(Some(&node.left), tongue))
                    }
                }
            }
        }
    };
    html! {
        h3 { (tongue.say("Pris i privatliv", "Cost in privacy")) }
        p {
            (tongue.say("Støj: ", "Noise: ")) (mechanism(privacy, tongue)) ". ε = " (told(privacy.epsilon, tongue)) " (ρ = " (told(privacy.rho, tongue)) ") "
            (tongue.say("hos én node, δ = ", "at one node, δ = ")) (told(privacy.delta, tongue))
            (tongue.say("; højst ρ = ", "; at most ρ = ")) (told(privacy.rho_person_max, tongue))
            (tongue.say(" for den, som alle noder kender.", " for someone whom all nodes know."))
        }
        @if !privacy.nodes.is_empty() {
            details {
                summary { (tongue.say("Betalt og tilbage hos hver node", "Charged and left at each node")) }
                (scrolled(&caption, &table))
            }
        }
    }
}

fn left_head(tongue: Tongue) -> Markup {
    html! {
        th.number scope="col" { (tongue.say("Tilbage: tilladelse", "Left: permit")) }
        th.number scope="col" { (tongue.say("Tilbage: periode", "Left: period")) }
        th.number scope="col" { (tongue.say("Tilbage: for altid", "Left: for life")) }
    }
}

fn left(left: Option<&Left>, tongue: Tongue) -> Markup {
    let left = left.copied().unwrap_or_default();
    html! {
        @for budget in [left.permit_rho, left.period_rho, left.life_rho] { td.number { (told_left(budget, tongue)) } }
    }
}

/// What one node was charged for all results, and what the last one left.
struct AtNode<'a> {
    node: &'a str,
    rho: f64,
    left: &'a Left,
}

fn by_node<'a>(results: &[Shown<'a>]) -> Vec<AtNode<'a>> {
    let mut nodes: Vec<AtNode<'a>> = Vec::new();
    for result in results {
        for node in &result.object.privacy.nodes {
            let rho = node.charged_rho.unwrap_or_default() * as_factor(result.answers);
            match nodes.iter_mut().find(|known| known.node == node.node) {
                Some(known) => {
                    known.rho += rho;
                    known.left = &node.left;
                }
                None => nodes.push(AtNode { node: &node.node, rho, left: &node.left }),
            }
        }
    }
    nodes
}

#[expect(clippy::cast_precision_loss, reason = "a number of answers, for people")]
fn as_factor(answers: u64) -> f64 {
    answers as f64
}

/// What all results cost.
pub(crate) fn of_all(results: &[Shown<'_>], tongue: Tongue) -> Markup {
    let by_result = tongue.say("Pris efter resultat", "Cost by result");
    let by_node_caption = tongue.say("Betalt og tilbage efter node", "Charged and left by node");
    let first = html! {
        table {
            caption { (by_result) }
            thead { tr {
                th scope="col" { (tongue.say("Resultat", "Result")) }
                th.number scope="col" { (tongue.say("ε hos én node", "ε at one node")) }
                th.number scope="col" { (tongue.say("ρ hos én node", "ρ at one node")) }
                th.number scope="col" { (tongue.say("ρ højst for én person", "ρ at most for one person")) }
                th.number scope="col" { (tongue.say("Svarede", "Answered")) }
            } }
            tbody {
                @for result in results {
                    @let privacy = &result.object.privacy;
                    @let coverage = &result.object.coverage;
                    tr {
                        th scope="row" { a href={ "#" (result.id) } { (result.title) } @if result.answers > 1 { " × " (trimmed(as_factor(result.answers), 0, tongue)) } }
                        td.number { (told(privacy.epsilon, tongue)) }
                        td.number { (told(privacy.rho, tongue)) }
                        td.number { (told(privacy.rho_person_max, tongue)) }
                        td.number { (coverage.answered.len()) (tongue.say(" af ", " of ")) (coverage.asked.len()) }
                    }
                }
            }
        }
    };
    let second = html! {
        table {
            caption { (by_node_caption) }
            thead { tr {
                th scope="col" { "Node" }
                th.number scope="col" { (tongue.say("Betalt ρ i alt", "Charged ρ, total")) }
                (left_head(tongue))
            } }
            tbody {
                @for node in by_node(results) {
                    tr {
                        th scope="row" { (place::of_node(node.node, tongue)) }
                        td.number { (size(node.rho, tongue)) }
                        (left(Some(node.left), tongue))
                    }
                }
            }
        }
    };
    html! {
        p { (tongue.say(
            "Hvert svar bruger af et budget hos hver node. Prisen er i zCDP (ρ) og som differentiel privathed (ε ved rapportens δ): jo mindre, jo mindre kan nogen slutte om en enkelt borger. Tallene er dem, resultaterne selv angiver; et svar, der allerede var givet, koster ikke igen.",
            "Each answer spends from a budget at each node. The cost is in zCDP (ρ) and as differential privacy (ε at the δ of the result): the smaller, the less anyone can conclude of a single citizen. The numbers are what the results state; an answer that had been given before costs nothing again.",
        )) }
        (scrolled(by_result, &first))
        (scrolled(by_node_caption, &second))
        p.note { (tongue.say("Tilbage er, hvad der var tilbage hos noden efter det sidste af resultaterne.", "What is left is what the node had left after the last of the results.")) }
    }
}
