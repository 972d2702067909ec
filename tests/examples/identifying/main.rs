//! How far contributions identify people by themselves, in a population made for it:
//!
//! ```text
//! cargo run --release -p tvaers-tests --example identifying -- [PERSONS [SEED [AS_OF [REGIONS MUNICIPALITIES]]]]
//! ```
//!
//! By default 100,000 persons of seed 1 on 2026-02-28: Lolland and Guldborgsund at their real size, their region and the
//! one beside it. It makes the rows, has each node work out what it would contribute, and counts how many persons look
//! like nobody else, or like fewer than 5 or 10 with themselves, by parts of that. Everyone who counts lives in a member
//! municipality at an age of the model's population. It prints numbers of made-up persons, and names none.

mod crowd;
mod person;

use std::env;
use std::io::{Write, stdout};

use anyhow::Context as _;
use jiff::civil::Date;
use tvaers_definitions::layout::Grain;
use tvaers_definitions::library::Library;
use tvaers_definitions::model::Model;
use tvaers_local::make::{MakeOptions, make};
use tvaers_protocol::id::Sector;
use tvaers_tests::joined::Node;

use crowd::Crowds;
use person::{Person, Which};

/// How a person looks by a part of what is contributed.
type Look = fn(&Person) -> Vec<i64>;

/// How a person looks by some events.
type EventLook = fn(&Person, Which) -> Vec<i64>;

fn main() -> anyhow::Result<()> {
    let mut arguments = env::args().skip(1);
    let mut next = |otherwise: &str| arguments.next().unwrap_or(otherwise.to_owned());
    let (persons, seed) = (next("100000").parse()?, next("1").parse()?);
    let as_of: Date = next("2026-02-28").parse()?;
    let (regions, municipalities) = (codes(&next("1083,1085"))?, codes(&next("360,376"))?);
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("nodes");
    let made = make(&MakeOptions { persons, seed, as_of, regions, municipalities, out }, |_, _| ())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let screen = &mut stdout().lock();
    writeln!(screen, "{} persons, seed {seed}, {as_of}", made.persons)?;
    runtime.block_on(async {
        let nodes = Node::all(&made.folders, as_of).await?;
        let library = Library::embedded()?;
        for name in ["sad", "somv"] {
            let model = library.model(name).context("a model that is shipped")?;
            writeln!(screen, "\n{name} | persons | alone | below 5 | below 10\n---|---|---|---|---")?;
            for grain in [Grain::Points, Grain::Counts, Grain::Events] {
                table(screen, &nodes, model, grain).await?;
            }
        }
        anyhow::Ok(())
    })
}

/// Prints the lines of one model at one grain.
async fn table(screen: &mut impl Write, nodes: &[Node], model: &Model, grain: Grain) -> anyhow::Result<()> {
    let all = person::persons(nodes, model, grain).await?;
    for (who, sector) in [("a region", Sector::Region), ("a municipality", Sector::Municipality)] {
        let looks = all.values().flat_map(|person| person.by_node(sector));
        writeln!(screen, "{grain}: what {who} alone sends | {}", Crowds::of(looks))?;
    }
    let population: Vec<&Person> = all.values().filter(|person| person.home().is_some()).collect();
    let looks: [(&str, Look); 3] = [
        ("what all nodes send", Person::by_values),
        ("and the municipality", Person::by_values_and_home),
        ("all that arrives", Person::by_all),
    ];
    for (what, look) in looks {
        let crowds = Crowds::of(population.iter().map(|person| look(person)));
        writeln!(screen, "{grain}: {what} | {crowds}")?;
    }
    if grain == Grain::Events { events(screen, &population) } else { Ok(()) }
}

/// Prints the lines of the second round, and those of what it keeps back.
fn events(screen: &mut impl Write, population: &[&Person]) -> anyhow::Result<()> {
    let kinds: [(&str, Which); 2] = [("events", |_| true), ("acute stays", |event| event.acute)];
    let looks: [(&str, EventLook); 3] = [
        ("municipality and first days, were they told", Person::by_first_days),
        ("municipality, first and last days, were they told", Person::by_both_days),
        ("municipality, lengths and gaps in days", Person::by_lengths_and_gaps),
    ];
    for (kind, which) in kinds {
        let with: Vec<&&Person> = population.iter().filter(|person| person.has(which)).collect();
        for (what, look) in looks.iter().filter(|_| !with.is_empty()) {
            let crowds = Crowds::of(with.iter().map(|person| look(person, which)));
            writeln!(screen, "of those with {kind}: {what} | {crowds}")?;
        }
    }
    let asked = population.iter().filter(|person| person.is_asked_for());
    let crowds = Crowds::of(asked.map(|person| person.by_all_shifted()));
    writeln!(screen, "of those whose events are asked for: all that arrives, shifted | {crowds}")?;
    Ok(())
}

fn codes(text: &str) -> anyhow::Result<Vec<u16>> {
    text.split(',').map(|code| code.parse().context("codes are numbers separated by commas")).collect()
}
