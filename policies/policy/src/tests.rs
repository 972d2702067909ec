//! What a policy file may say, and what it then permits. The examples are the policies that tests begin with.

mod admit;
mod diff;
mod every_key;
mod examples;
mod explain;
mod kinds;
mod laboratory;
mod load;
mod records;
mod schema;
mod simulate;
mod tighten;
mod warning;

use std::sync::LazyLock;

use jiff::civil::{Date, date};
use tvaers_definitions::library::Library;
use tvaers_definitions::model::Model;
use tvaers_protocol::id::{NodeId, Sector};
use tvaers_protocol::roster::Role;
use tvaers_protocol::sign::VerifyingKey;
use tvaers_protocol::study::{Disclosure, Grain};
use tvaers_query::query::Party;
use tvaers_query::{Decimal, Query};

use crate::permit::Recipient;
use crate::request::{AggregateRequest, Ask, ContributionRequest, JoinedRequest, Second, Spent, Study, Wish};
use crate::{Fault, Policy};

const REGION: &str = include_str!("../../examples/region.toml");
const PILOT: &str = include_str!("../../examples/pilot.toml");
const LABORATORY: &str = include_str!("../../examples/laboratory.toml");

/// The municipality's example with budgets for several answers at once and follow-up of its list, in a federation too
/// small for witnesses.
fn municipality() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let text = include_str!("../../examples/municipality.toml");
        let text = edit(text, AGGREGATES, "per-query = { rho = 0.016 }", "per-query = { rho = 0.05 }");
        let text = edit(&text, JOINED, "per-query = { rho = 0.016 }", "per-query = { rho = 0.1 }");
        let text = edit(&text, JOINED, "default-query = { rho = 0.01 }", "default-query = { rho = 0.05 }");
        let text = edit(&text, LIST, "[permit.safeguards]", &format!("{FOLLOW_UP}\n[permit.safeguards]"));
        edit(&text, "[release]", "\nwitnesses = 1\n", "\nwitnesses = 0\n")
    });
    &TEXT
}

/// As no example has it: a list's runs may go on under one key.
const FOLLOW_UP: &str =
    "[permit.follow-up]\nuntil = 2027-03-31\nreason = \"Tilbuddet følges op efter tre måneder\"\n";

/// A day on which all examples hold.
const TODAY: Date = date(2026, 12, 15);

const AGGREGATES: &str = "monitoring-2026";
const JOINED: &str = "sizing-2026";
const LIST: &str = "sad-list-2026";

/// Read once: tests read many policies.
fn library() -> &'static Library {
    static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::embedded().unwrap());
    &LIBRARY
}

/// A stand-in for the conversion at the roster's delta, which is another crate's: it rises with epsilon, and a very
/// small one is worth nothing.
fn rho_of_epsilon(epsilon: Decimal) -> Option<u64> {
    let nano = u128::from(epsilon.nano());
    let rho = nano * nano / 1_000_000_000 / 80;
    u64::try_from(rho).ok().filter(|rho| *rho > 0)
}

fn read(text: &str) -> Result<Policy, Vec<Fault>> {
    Policy::read(text, "policy.toml", library(), &rho_of_epsilon)
}

fn read_right(text: &str) -> Policy {
    read(text).unwrap_or_else(|faults| panic!("{}", shown(&faults)))
}

fn shown(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

/// The text with `from` replaced once by `to`, after `after`.
fn edit(text: &str, after: &str, from: &str, to: &str) -> String {
    let start = text.find(after).unwrap_or_else(|| panic!("no `{after}`"));
    let place = start + text[start..].find(from).unwrap_or_else(|| panic!("no `{from}` after `{after}`"));
    format!("{}{to}{}", &text[..place], &text[place + from.len()..])
}

const ANNA: VerifyingKey = VerifyingKey([0xa1; 32]);
const STINE: VerifyingKey = VerifyingKey([0xb2; 32]);
/// The data-protection officer, who signs beside whoever asks for a list.
const OFFICER: Second = Second { key: VerifyingKey([0xd0; 32]), role: Role::Dpo };

fn anna(permit: &'static str, purpose: &'static str) -> Ask<'static> {
    Ask { key: ANNA, role: Role::Analyst, permit, purpose, second: None }
}

fn stine() -> Ask<'static> {
    Ask { key: STINE, role: Role::Analyst, permit: LIST, purpose: "offer-help", second: Some(OFFICER) }
}

fn parties() -> Vec<Party> {
    let party = |id: &str, sector, code| Party { id: NodeId::new(id).unwrap(), sector, code };
    vec![
        party("k360", Sector::Municipality, 360),
        party("k376", Sector::Municipality, 376),
        party("region_1085", Sector::Region, 1085),
    ]
}

fn query(text: &str) -> Query {
    let text = format!("name = \"q\"\nas_of = 2026-10-31\n{text}");
    Query::parse(&text, "q.toml", library().catalogue(), &parties()).unwrap()
}

/// A sum with a condition, over two categories: it needs most of what a permit for aggregates says.
const SUM: &str = "kind = \"sum\"\nfeature = \"cost_municipal_social_1y\"\nby = [\"sex\", \"age_band\"]\n\
                   [[where]]\nfeature = \"unemployed\"\nis = 1\n";

fn aggregate(query: &Query) -> AggregateRequest<'_> {
    AggregateRequest { ask: anna(AGGREGATES, "triple-aim-monitoring"), query, nano_rho: None, repetition: 0 }
}

fn study(model: &Model, sector: Sector, grain: Grain) -> Study<'_> {
    Study {
        model,
        sector,
        grain: Wish::Exactly(grain),
        as_of: date(2026, 10, 31),
        until: Some(date(2026, 12, 20)),
        follow_up: None,
        evaluations: 50_000,
        peer_evaluations: 800_000,
    }
}

fn joined(model: &Model) -> JoinedRequest<'_> {
    JoinedRequest {
        ask: anna(JOINED, "size-target-group"),
        study: study(model, Sector::Municipality, Grain::Points),
        categories: &["kommune", "stratum"],
        dimensions: 2,
        cells: 6,
        nano_rho: None,
        repetition: 0,
    }
}

fn contribution(model: &Model) -> ContributionRequest<'_> {
    ContributionRequest {
        ask: stine(),
        study: Study {
            follow_up: Some(date(2027, 1, 31)),
            ..study(model, Sector::Municipality, Grain::Points)
        },
        disclosure: Wish::Exactly(Disclosure::Stratum),
        recipients: &[Recipient::Municipality],
    }
}

/// The codes with which the municipality's policy refuses the three usual requests; none where it permits all.
fn refused(policy: &Policy) -> Vec<&'static str> {
    let library = library();
    let sad = library.model("sad").unwrap();
    let sum = query(SUM);
    let spent = Spent::default();
    let mut codes = policy.admit_aggregate(&aggregate(&sum), &spent, TODAY).codes();
    codes.extend(policy.admit_joined(&joined(sad), &spent, TODAY).codes());
    codes.extend(policy.admit_contribution(&contribution(sad), TODAY).codes());
    codes
}

/// The codes with which the region's policy refuses a sum and the work list.
fn refused_by_region(policy: &Policy) -> Vec<&'static str> {
    let library = library();
    let somv = library.model("somv").unwrap();
    let sum = query("kind = \"sum\"\nfeature = \"cost_gp_1y\"\nby = [\"age_band\"]\n");
    let ask = anna("hospital-use-2026", "cost-per-capita");
    let request = AggregateRequest { ask, ..aggregate(&sum) };
    let mut codes = policy.admit_aggregate(&request, &Spent::default(), TODAY).codes();
    let request = ContributionRequest {
        ask: Ask { permit: "somv-list-2026", purpose: "one-course", ..stine() },
        study: study(somv, Sector::Region, Grain::Events),
        disclosure: Wish::Exactly(Disclosure::Items),
        recipients: &[Recipient::Municipality, Recipient::GpPractice],
    };
    codes.extend(policy.admit_contribution(&request, TODAY).codes());
    codes
}
