//! What a query file may say, over the embedded catalogue.

mod canonical;
mod indicator;
mod kinds;
mod meaning;
mod refusal;
mod strict;

use std::sync::LazyLock;

use tvaers_definitions::library::Library;
use tvaers_protocol::id::{NodeId, Sector};

use crate::Fault;
use crate::query::{Party, Query};

/// The query of the documentation.
const EXAMPLE: &str = r#"name = "gp-contacts-by-age"
kind = "count"
by = ["sex", "age_band"]
as_of = 2026-02-28

[[where]]
feature = "age"
from = 65

[privacy]
epsilon = 0.5

[nodes]
of = "all"
"#;

fn party(id: &str, sector: Sector, code: u16) -> Party {
    Party { id: NodeId::new(id).unwrap(), sector, code }
}

fn parties() -> Vec<Party> {
    vec![
        party("region_1085", Sector::Region, 1085),
        party("region_1083", Sector::Region, 1083),
        // Out of order: cells go by code.
        party("k461", Sector::Municipality, 461),
        party("k360", Sector::Municipality, 360),
        party("k376", Sector::Municipality, 376),
    ]
}

/// Read once: tests parse many queries.
fn library() -> &'static Library {
    static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::embedded().unwrap());
    &LIBRARY
}

fn parse(text: &str) -> Result<Query, Vec<Fault>> {
    Query::parse(text, "q.toml", library().catalogue(), &parties())
}

/// A query that is right but for what `change` does to its text.
fn changed(from: &str, to: &str) -> Result<Query, Vec<Fault>> {
    assert!(EXAMPLE.contains(from), "`{from}` is not in the example");
    parse(&EXAMPLE.replace(from, to))
}
