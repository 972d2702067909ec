//! Which data a permit is about, by name and in the catalogue's words, and whose.

use tvaers_definitions::feature::{Feature, Kind};
use tvaers_definitions::library::Library;

use super::Explaining;
use super::number::{joined, whole};
use super::words;
use super::writer::{Writer, same};
use crate::permit::{Allowed, Mode, Permit};
use crate::reach;
use crate::text::Text;

pub(super) fn write(out: &mut Writer, permit: &Permit, with: &Explaining<'_>) {
    out.part("Hvilke data (del 5)", "Which data (part 5)");
    let data = &permit.data;
    names(
        out,
        &data.tables,
        ["Tabel", "Table"],
        ["Tabeller, der må læses", "Tables that may be read"],
        words::table,
    );
    let what = match permit.mode {
        Mode::Aggregates => [
            "Egenskaber, der må opgøres og bruges som betingelser",
            "Features that may be worked out and used as conditions",
        ],
        _ => ["Egenskaber, der må indgå i modellerne", "Features that models may use"],
    };
    names(out, &data.features, ["Egenskab", "Feature"], what, |name| feature(with.library, name));
    if permit.mode.is_statistics() {
        names(
            out,
            &data.categories,
            ["Kategori", "Category"],
            ["Kategorier, som svar må opdeles efter", "Categories that answers may be grouped by"],
            |name| category(with.library, name, permit.mode),
        );
    }
    names(
        out,
        &data.sensitive,
        ["Egenskab", "Feature"],
        [
            "Egenskaber af særligt følsomme oplysninger (statsborgerskab eller a-kasse), godkendt ved navn",
            "Features of especially sensitive data (citizenship or unemployment fund), approved by name",
        ],
        |name| feature(with.library, name),
    );
    if permit.mode == Mode::Aggregates {
        clamps(out, permit, with);
    }
    population(out, permit);
}

/// A list with its words.
fn names(
    out: &mut Writer,
    allowed: &Allowed<String>,
    head: [&str; 2],
    [da, en]: [&str; 2],
    words: impl Fn(&str) -> Option<Text>,
) {
    match allowed {
        Allowed::All => out.say(format!("{da}: alle."), format!("{en}: all.")),
        Allowed::Only(list) if list.is_empty() => out.say(format!("{da}: ingen."), format!("{en}: none.")),
        Allowed::Only(list) => {
            out.say(format!("{da}:"), format!("{en}:"));
            let rows = list.iter().map(|name| vec![same(name), words(name).unwrap_or_else(|| same(""))]);
            out.table(&[head, ["Betydning", "Meaning"]], rows.collect());
        }
    }
}

fn feature(library: &Library, name: &str) -> Option<Text> {
    let feature = library.catalogue().feature(name)?;
    Some(Text::new(with_note(&feature.da, feature, true), with_note(&feature.en, feature, false)))
}

fn with_note(words: &str, feature: &Feature, danish: bool) -> String {
    match (reach::is_sensitive(feature), danish) {
        (false, _) => words.to_owned(),
        (true, true) => format!("{words} (særligt følsom)"),
        (true, false) => format!("{words} (especially sensitive)"),
    }
}

fn category(library: &Library, name: &str, mode: Mode) -> Option<Text> {
    let joined = (mode == Mode::JoinedStatistics).then(|| words::joined_category(name)).flatten();
    let set = || library.catalogue().set(name).map(|set| Text::new(&set.da, &set.en));
    joined.or_else(|| feature(library, name)).or_else(set)
}

fn clamps(out: &mut Writer, permit: &Permit, with: &Explaining<'_>) {
    let clamps = match &permit.data.clamps {
        Allowed::All => {
            out.say(
                "Alle tal må lægges sammen, inden for katalogets grænser.",
                "All numbers may be added up, within the catalogue's bounds.",
            );
            return;
        }
        Allowed::Only(clamps) if clamps.is_empty() => {
            out.say(
                "Ingen tal må lægges sammen; personer må kun tælles.",
                "No numbers may be added up; persons may only be counted.",
            );
            return;
        }
        Allowed::Only(clamps) => clamps,
    };
    out.say(
        "Kun disse tal må lægges sammen. Én persons tal skæres af ved katalogets grænser, og de må ikke gå ud over dem, der står her; det afgør, hvor meget støj der skal til for at skjule én person. Beløb er i øre.",
        "Only these numbers may be added up. One person's number is cut off at the catalogue's bounds, and those must not go beyond the ones that stand here; that decides how much noise hides one person. Amounts of money are in øre.",
    );
    let rows = clamps.iter().map(|clamp| {
        let known = with.library.catalogue().feature(&clamp.feature);
        let now = known.and_then(|feature| match feature.kind {
            Kind::Integer { from, to, .. } => Some((whole(from), whole(to))),
            _ => None,
        });
        let catalogue = now.map_or_else(
            || same(""),
            |(from, to)| Text::new(format!("{} til {}", from.da, to.da), format!("{} to {}", from.en, to.en)),
        );
        let words = feature(with.library, &clamp.feature).unwrap_or_else(|| same(""));
        vec![same(&clamp.feature), words, whole(clamp.from), whole(clamp.to), catalogue]
    });
    let head = [
        ["Tal", "Number"],
        ["Betydning", "Meaning"],
        ["Ikke under", "Not below"],
        ["Ikke over", "Not above"],
        ["Katalogets grænser nu", "The catalogue's bounds now"],
    ];
    out.table(&head, rows.collect());
}

fn population(out: &mut Writer, permit: &Permit) {
    out.part("Hvem oplysningerne handler om (del 6)", "Whose data (part 6)");
    let population = &permit.population;
    let mut points = Vec::new();
    if let Some(kommuner) = &population.kommuner {
        let codes = joined(&kommuner.iter().map(|code| same(code.to_string())).collect::<Vec<_>>());
        points.push(Text::new(
            format!("Kun borgere bosat i kommune {}.", codes.da),
            format!("Only residents of municipality {}.", codes.en),
        ));
    }
    if let Some(from) = population.age_from {
        points.push(Text::new(
            format!("Kun borgere, der er fyldt {from} år."),
            format!("Only citizens of {from} years and over."),
        ));
    }
    if let Some(to) = population.age_to {
        points.push(Text::new(
            format!("Kun borgere på højst {to} år."),
            format!("Only citizens of at most {to} years."),
        ));
    }
    if points.is_empty() {
        out.say(
            "Tilladelsen afgrænser ikke, hvis data det er, ud over det, der spørges om.",
            "The permit does not bound whose data it is, beyond what is asked.",
        );
    } else {
        out.list(points);
    }
    out.say(
        "De, der holdes ude af alt, er heller ikke med her.",
        "Those who are left out of everything are not part of this either.",
    );
}
