//! Policies for made-up nodes that are none of a laboratory: a municipality's, as the example in `policies/examples`
//! has it, valid today and with the local analyst as the person who asks.

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::sign::SigningKey;

const EXAMPLE: &str = include_str!("../../policies/examples/municipality.toml");

/// The seed of the key of the person who asks in tests: policies name the key.
pub const ANALYST: [u8; 32] = [0x5a; 32];
/// The key of the person who approves stratifications.
pub const OFFICER: [u8; 32] = [0x5b; 32];

/// The permit for queries of [`municipality`].
pub const AGGREGATES: &str = "monitoring-2026";
/// The purpose of that permit.
pub const PURPOSE: &str = "triple-aim-monitoring";

/// The policy of a municipality: 0.05 rho a query, 0.01 where none is stated, 0.5 in all; cells below 5 are hidden.
///
/// # Panics
/// Where the example is no longer as this expects it.
#[must_use]
pub fn municipality(node: &str) -> String {
    let today = TimeZone::UTC.to_datetime(SystemClock.now()).date();
    let day = |days: i64| today.saturating_add(days.days()).to_string();
    let key = hex(&SigningKey::from_seed(&ANALYST).verifying_key().0);
    let officer = hex(&SigningKey::from_seed(&OFFICER).verifying_key().0);
    let changes = [
        ("node = \"k360\"", format!("node = \"{node}\"")),
        ("version = 2\n", "version = 1\n".to_owned()),
        (
            "predecessor = \"5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9\"\n",
            String::new(),
        ),
        // Budgets for several answers at once, in a federation too small for witnesses.
        (
            "per-query = { rho = 0.016 }\n# For queries",
            "per-query = { rho = 0.05 }\n# For queries".to_owned(),
        ),
        (
            "per-query = { rho = 0.016 }\ndefault-query = { rho = 0.01 }",
            "per-query = { rho = 0.1 }\ndefault-query = { rho = 0.05 }".to_owned(),
        ),
        ("\nwitnesses = 1\n", "\nwitnesses = 0\n".to_owned()),
        ("date = 2026-11-12", format!("date = {}", day(-40))),
        ("2026-12-01", day(-30)),
        ("2027-11-30", day(300)),
        ("2027-05-31", day(300)),
        ("date = 2026-11-20", format!("date = {}", day(-31))),
        ("date = 2026-11-21", format!("date = {}", day(-31))),
        ("opt-outs = \"opt-outs.csv\"", "opt-outs = \"none\"".to_owned()),
        ("protected-addresses = \"protected-addresses.csv\"", "protected-addresses = \"none\"".to_owned()),
        ("objections = \"objections.csv\"", "objections = \"none\"".to_owned()),
        (
            "key = \"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1\"",
            format!("key = \"{key}\""),
        ),
        (
            "key = \"d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0\"",
            format!("key = \"{officer}\""),
        ),
        (
            "key = \"b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2\"",
            format!("key = \"{key}\""),
        ),
    ];
    changes.into_iter().fold(EXAMPLE.to_owned(), |text, (from, to)| changed(&text, from, &to))
}

/// A policy with one thing otherwise.
///
/// # Panics
/// Where what is to be changed does not stand in it.
#[must_use]
pub fn changed(policy: &str, from: &str, to: &str) -> String {
    assert!(policy.contains(from), "`{from}` does not stand in the policy");
    policy.replace(from, to)
}

/// The day so many days from today.
#[must_use]
pub fn day(days: i64) -> Date {
    TimeZone::UTC.to_datetime(SystemClock.now()).date().saturating_add(days.days())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
