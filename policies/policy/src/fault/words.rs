//! The words of every fault, in both languages.

use tvaers_query::decimal::DecimalError;
use tvaers_query::strict::{Form, shown};

use super::{Reason, Thing};
use crate::explain::number::{nano_rho, whole};
use crate::explain::words;
use crate::limit;
use crate::text::Text;

/// Code, sentence and mend.
type Words = (&'static str, Text, Text);

fn told(code: &'static str, da: impl Into<String>, en: impl Into<String>, mend: [&str; 2]) -> Words {
    let [mend_da, mend_en] = mend;
    (code, Text::new(da, en), Text::new(mend_da, mend_en))
}

impl Reason {
    /// One arm for each reason: a table in the form of a match.
    pub(super) fn words(self, key: &str, line: usize) -> Words {
        const VALUE: [&str; 2] = ["Ret værdien.", "Mend the value."];
        const OUT: [&str; 2] = ["Tag det ud.", "Take it out."];
        match self {
            Self::Form(form) => of_form(form, key, line),
            Self::Text => told(
                "policy.text",
                format!("`{key}` er tom eller for lang."),
                format!("`{key}` is empty or too long."),
                ["Skriv en kort tekst.", "Write a short text."],
            ),
            Self::Id => told(
                "policy.id",
                format!(
                    "`{key}` skal være 1 til {max} tegn af a-z, 0-9 og bindestreg.",
                    max = limit::ID_CHARACTERS_MAX
                ),
                format!(
                    "`{key}` must be 1 to {max} characters of a-z, 0-9 and hyphen.",
                    max = limit::ID_CHARACTERS_MAX
                ),
                VALUE,
            ),
            Self::NodeId => told(
                "policy.node-id",
                format!("`{key}` er ikke navnet på en node, som f.eks. k360 eller region_1085."),
                format!("`{key}` is no name of a node, such as k360 or region_1085."),
                VALUE,
            ),
            Self::Cvr => told(
                "policy.cvr",
                format!("`{key}` er ikke et CVR-nummer: otte cifre, hvis vægtede sum går op i 11."),
                format!("`{key}` is no CVR number: eight digits whose weighted sum is a multiple of 11."),
                ["Slå nummeret op, og ret det.", "Look the number up and mend it."],
            ),
            Self::Hex => told(
                "policy.hex",
                format!("`{key}` skal være 64 hexadecimale cifre."),
                format!("`{key}` must be 64 hexadecimal digits."),
                ["Kopiér hele nøglen eller aftrykket.", "Copy the whole key or digest."],
            ),
            Self::File => told(
                "policy.file",
                format!(
                    "`{key}` er ikke et filnavn: bogstaver, cifre, punktum, bindestreg og understreg, uden sti."
                ),
                format!(
                    "`{key}` is no file name: letters, digits, full stop, hyphen and underscore, without a path."
                ),
                [
                    "Skriv filens navn, eller \"none\", hvis der ingen er.",
                    "Write the file's name, or \"none\" where there is none.",
                ],
            ),
            Self::Word { found, known } => told(
                "policy.word",
                format!(
                    "`{key}` kan ikke være \"{found}\"; muligt er {known}.",
                    found = shown(&found),
                    known = known.join(", ")
                ),
                format!(
                    "`{key}` cannot be \"{found}\"; possible are {known}.",
                    found = shown(&found),
                    known = known.join(", ")
                ),
                VALUE,
            ),
            Self::Twice { name } => told(
                "policy.twice",
                format!("\"{name}\" står to gange.", name = shown(&name)),
                format!("\"{name}\" stands twice.", name = shown(&name)),
                ["Tag den ene ud.", "Take one of them out."],
            ),
            Self::Empty => told(
                "policy.empty",
                format!("`{key}` er tom, og intet er så tilladt."),
                format!("`{key}` is empty, so that nothing is permitted."),
                ["Skriv mindst én.", "Name at least one."],
            ),
            Self::TooMany { max } => told(
                "policy.too-many",
                format!("`{key}` har mere end {}.", count(max).da),
                format!("`{key}` has more than {}.", count(max).en),
                ["Tag nogle ud.", "Take some out."],
            ),
            Self::Unknown { thing, name } => told(
                "policy.unknown",
                format!("Der findes {da} \"{name}\".", da = thing.none_da(), name = shown(&name)),
                format!("There is {en} \"{name}\".", en = thing.none_en(), name = shown(&name)),
                ["Ret navnet.", "Mend the name."],
            ),
            Self::Bounds { found, from, to } => told(
                "policy.bounds",
                format!(
                    "`{key}` er {}; det skal være {} til {}.",
                    whole(found).da,
                    whole(from).da,
                    whole(to).da
                ),
                format!("`{key}` is {}; it must be {} to {}.", whole(found).en, whole(from).en, whole(to).en),
                VALUE,
            ),
            Self::Floor { found, from } => told(
                "policy.floor",
                format!(
                    "`{key}` er {}; over virkelige data er det mindst {}.",
                    whole(found).da,
                    whole(from).da
                ),
                format!("`{key}` is {}; over real data it is at least {}.", whole(found).en, whole(from).en),
                ["Sæt det op.", "Raise it."],
            ),
            Self::Number { found, error } => told(
                "policy.number",
                format!("`{key}` kan ikke være {found}: {da}.", found = shown(&found), da = number_da(error)),
                format!("`{key}` cannot be {found}: {error}.", found = shown(&found)),
                [
                    "Skriv et tal over 0 og højst 1000000000 med højst ni decimaler og punktum før dem.",
                    "Write a number more than 0 and at most 1000000000, with at most nine decimals.",
                ],
            ),
            Self::Budget => told(
                "policy.budget",
                format!("`{key}` skal angive enten rho eller epsilon."),
                format!("`{key}` must state either rho or epsilon."),
                ["Skriv f.eks. { rho = 0.1 }.", "Write, for instance, { rho = 0.1 }."],
            ),
            Self::Convert => told(
                "policy.budget-convert",
                format!("`{key}` svarer ikke til noget rho ved føderationens delta."),
                format!("`{key}` is worth no rho at the federation's delta."),
                ["Skriv et større epsilon, eller skriv rho.", "Write a larger epsilon, or write rho."],
            ),
            Self::Order { larger } => told(
                "policy.budget-order",
                format!("`{key}` er større end `{larger}`, som det er en del af."),
                format!("`{key}` is more than `{larger}`, of which it is a part."),
                ["Sæt det ned.", "Lower it."],
            ),
            Self::Life => told(
                "policy.budget-life",
                format!(
                    "`{key}` lover borgeren intet: højst {} for livet.",
                    nano_rho(limit::LIFE_NANO_RHO_MAX).da
                ),
                format!(
                    "`{key}` promises the citizen nothing: at most {} for life.",
                    nano_rho(limit::LIFE_NANO_RHO_MAX).en
                ),
                ["Sæt det ned.", "Lower it."],
            ),
            Self::Unlimited => told(
                "policy.budget-unlimited",
                format!("`{key}` kan kun være et budget; \"unlimited\" er for laboratorier."),
                format!("`{key}` can only be a budget; \"unlimited\" is for laboratories."),
                ["Skriv f.eks. { rho = 0.1 }.", "Write, for instance, { rho = 0.1 }."],
            ),
            Self::Dates => told(
                "policy.dates",
                format!("`{key}` ligger før den første dag."),
                format!("`{key}` lies before the first day."),
                ["Ret en af datoerne.", "Mend one of the dates."],
            ),
            Self::Ended => told(
                "policy.dates",
                format!("`{key}` ligger efter tilladelsens sidste dag."),
                format!("`{key}` lies after the permit's last day."),
                ["Ret en af datoerne.", "Mend one of the dates."],
            ),
            Self::Late => told(
                "policy.assessment-late",
                format!("`{key}` ligger efter politikkens første dag."),
                format!("`{key}` lies after the policy's first day."),
                [
                    "Vurdér konsekvenserne, før politikken gælder.",
                    "Assess the impact before the policy holds.",
                ],
            ),
            Self::First => told(
                "policy.predecessor",
                "Den første version har ingen forgænger.",
                "The first version has no predecessor.",
                OUT,
            ),
            Self::NotFirst => told(
                "policy.predecessor",
                "Fra version 2 skal `predecessor` stå her: forgængerens SHA-256.",
                "From version 2 on, `predecessor` must stand here: the predecessor's SHA-256.",
                ["Skriv, hvad sha256sum siger om filen.", "Write what sha256sum says of the file."],
            ),
            Self::Laboratory => told(
                "policy.laboratory",
                format!("`{key}` kan kun siges i et laboratorium med opdigtede data."),
                format!("`{key}` can only be said in a laboratory with made-up data."),
                ["Skriv ud, hvad der er tilladt.", "Write out what is permitted."],
            ),
            Self::Unneeded { mode } => told(
                "policy.unneeded",
                format!("`{key}` har ingen plads i en tilladelse til {}.", words::mode(mode).da),
                format!("`{key}` has no place in a permit for {}.", mode.name()),
                OUT,
            ),
            Self::Persons { needed } => told(
                "policy.persons",
                format!("`{key}` skal nævne mindst {needed} forskellige personer."),
                format!("`{key}` must name at least {needed} different persons."),
                [
                    "Nævn dem; for godkendelser kan `single-approval` sige, hvorfor én er nok.",
                    "Name them; for approvals `single-approval` can say why one is enough.",
                ],
            ),
            Self::Ehds => told(
                "policy.ehds",
                "Formål efter EHDS artikel 53 er for statistik, ikke for borgernes egen behandling.",
                "A purpose of EHDS Article 53 is for statistics, not for the citizens' own care.",
                OUT,
            ),
            Self::StatisticsOnly => told(
                "policy.statistics-only",
                format!(
                    "`{key}` er et grundlag for statistik og forskning, og data under det må ikke bruges i sagsbehandling."
                ),
                format!(
                    "`{key}` is a basis for statistics and research, and data under it may not serve case handling."
                ),
                [
                    "Nævn grundlaget for at handle over for borgeren.",
                    "Name the basis for acting towards the citizen.",
                ],
            ),
            Self::Agreement => told(
                "policy.agreement",
                format!(
                    "`{key}` nævner hverken en ordning efter artikel 26 eller en aftale efter artikel 28."
                ),
                format!("`{key}` names neither an arrangement by Article 26 nor an agreement by Article 28."),
                ["Henvis til en af dem.", "Refer to one of them."],
            ),
            Self::Sensitive { name } => told(
                "policy.sensitive",
                format!(
                    "\"{name}\" bygger på følsomme oplysninger og er ikke godkendt under `sensitive`.",
                    name = shown(&name)
                ),
                format!(
                    "\"{name}\" rests on sensitive data and is not approved under `sensitive`.",
                    name = shown(&name)
                ),
                ["Godkend den ved navn, eller tag den ud.", "Approve it by name, or take it out."],
            ),
            Self::NoTable { feature, tables } => told(
                "policy.table-of-feature",
                format!("\"{feature}\" læser {tables}, som ikke er tilladt under `tables`."),
                format!("\"{feature}\" reads {tables}, which `tables` does not permit."),
                ["Tillad tabellen, eller tag egenskaben ud.", "Permit the table, or take the feature out."],
            ),
            Self::Clamp { from, to } => told(
                "policy.clamp",
                format!("Fra {} til {} er der intet tal.", whole(from).da, whole(to).da),
                format!("From {} to {} there is no number.", whole(from).en, whole(to).en),
                ["Byt grænserne om.", "Change the bounds round."],
            ),
            Self::ClampWide { from, to } => told(
                "policy.clamp",
                format!(
                    "Kataloget går fra {} til {}, som ligger ud over grænserne her.",
                    whole(from).da,
                    whole(to).da
                ),
                format!(
                    "The catalogue goes from {} to {}, beyond the bounds here.",
                    whole(from).en,
                    whole(to).en
                ),
                [
                    "Vurdér katalogets grænser, og skriv dem her, eller tag egenskaben ud.",
                    "Assess the catalogue's bounds and write them here, or take the feature out.",
                ],
            ),
            Self::Clamped { name } => told(
                "policy.clamp",
                format!("\"{name}\" er ikke et tal.", name = shown(&name)),
                format!("\"{name}\" is no number.", name = shown(&name)),
                OUT,
            ),
            Self::Ages => told(
                "policy.ages",
                "Aldrene er i forkert rækkefølge.",
                "The ages are in the wrong order.",
                ["Byt dem om.", "Change them round."],
            ),
            Self::Version { installed } => told(
                "policy.model",
                format!("Modellen med dette aftryk har version {installed}."),
                format!("The model with this digest has version {installed}."),
                ["Ret versionen eller aftrykket.", "Mend the version or the digest."],
            ),
            Self::Digest => told(
                "policy.model",
                "Den installerede model med dette navn og denne version har et andet aftryk.",
                "The installed model with this name and version has another digest.",
                ["Vurdér modellen igen, og ret aftrykket.", "Assess the model again and mend the digest."],
            ),
            Self::Grain => told(
                "policy.grain",
                "Tilladelsen siger ikke, hvor fint modellens dele må bidrage.",
                "The permit does not say how finely the model's components may contribute.",
                [
                    "Skriv `grain` for alle, eller `component` for hver.",
                    "Write `grain` for all, or `component` for each.",
                ],
            ),
        }
    }
}

/// A number of things.
fn count(number: usize) -> Text {
    whole(i64::try_from(number).unwrap_or(i64::MAX))
}

impl Thing {
    const fn none_da(self) -> &'static str {
        match self {
            Self::Table => "ingen tabel",
            Self::Feature => "ingen egenskab",
            Self::Category => "ingen offentlig kategori",
            Self::Component => "i modellen ingen del",
            Self::Model => "ingen model",
        }
    }

    const fn none_en(self) -> &'static str {
        match self {
            Self::Table => "no table",
            Self::Feature => "no feature",
            Self::Category => "no public category",
            Self::Component => "in the model no component",
            Self::Model => "no model",
        }
    }
}

const fn number_da(error: DecimalError) -> &'static str {
    match error {
        DecimalError::NotANumber => "det er ikke et tal, der kan tælles med",
        DecimalError::NotPositive => "det er ikke over 0",
        DecimalError::TooLarge => "det er for stort",
        DecimalError::TooFine => "det har flere end ni decimaler",
    }
}

fn of_form(form: Form, key: &str, line: usize) -> Words {
    match form {
        Form::Syntax(said) => told(
            "policy.syntax",
            match syntax_da(&said) {
                Some(why) => format!("Linje {line} kan ikke læses som TOML: {why}."),
                None => format!("Linje {line} kan ikke læses som TOML."),
            },
            format!("Line {line} is no TOML: {said}."),
            [
                "Ret linjen, eller den før den, og kør programmet igen: resten af filen er ikke læst.",
                "Mend the line, or the one before it, and run the program again: the rest of the file is not read.",
            ],
        ),
        Form::Duplicate(name) => told(
            "policy.duplicate",
            format!("`{}` står her to gange.", shown(&name)),
            format!("`{}` stands here twice.", shown(&name)),
            ["Slet den ene.", "Take one of them out."],
        ),
        Form::Date(day) => told(
            "policy.date",
            format!("{} er ikke en dato i kalenderen.", shown(&day)),
            format!("{} is no day of the calendar.", shown(&day)),
            ["Skriv en dato som 2026-02-28.", "Write a date such as 2026-02-28."],
        ),
        Form::TooLarge { max } => told(
            "policy.too-large",
            format!("Filen har mere end {} bytes.", count(max).da),
            format!("The file has more than {} bytes.", count(max).en),
            ["Se efter, om det er den rigtige fil.", "Check that it is the right file."],
        ),
        Form::UnknownKey { known } => told(
            "policy.unknown-key",
            format!(
                "Nøglen `{key}` findes ikke; her kan stå {known}.",
                key = shown(key),
                known = known.join(", ")
            ),
            format!(
                "There is no key `{key}`; here may stand {known}.",
                key = shown(key),
                known = known.join(", ")
            ),
            ["Ret nøglen, eller tag den ud.", "Mend the key or take it out."],
        ),
        Form::Missing => told(
            "policy.missing",
            format!("`{key}` mangler, og intet er så tilladt."),
            format!("`{key}` is missing, so that nothing is permitted."),
            ["Skriv den.", "Write it."],
        ),
        Form::Type { found, expected } => told(
            "policy.type",
            format!(
                "`{key}` er {found}; det skal være {expected}.",
                found = type_da(found),
                expected = type_da(expected)
            ),
            format!(
                "`{key}` is {found_en}; it must be {expected_en}.",
                found_en = found,
                expected_en = expected
            ),
            ["Ret værdien.", "Mend the value."],
        ),
    }
}

/// What people get wrong most in TOML, in Danish: by the parser's words, of which only English has all.
fn syntax_da(said: &str) -> Option<&'static str> {
    const KINDS: &[(&str, &str)] = &[
        ("key with no value", "efter en nøgle mangler der et lighedstegn og en værdi"),
        ("missing value", "efter lighedstegnet mangler der en værdi"),
        (
            "string values must be quoted",
            "tekst skal stå i anførselstegn, og efter et lighedstegn skal der stå en værdi",
        ),
        ("invalid basic string, expected `\"`", "et anførselstegn er ikke lukket"),
        ("invalid literal string, expected `'`", "et anførselstegn er ikke lukket"),
        ("missing opening quote", "der mangler et anførselstegn før teksten"),
        (
            "missing comma between array elements",
            "i en liste mangler der et komma, eller listen er ikke lukket med ]",
        ),
        (
            "missing comma between key-value pairs",
            "i krøllede klammer mangler der et komma, eller de er ikke lukket med }",
        ),
        ("missing assignment", "der mangler et lighedstegn i de krøllede klammer"),
        ("extra comma", "der er et komma for meget"),
        ("extra", "der er et lighedstegn for meget"),
        ("unclosed array table", "overskriftens dobbelte klammer er ikke lukket"),
        ("unclosed array", "en liste er ikke lukket med ]"),
        ("unclosed table", "overskriftens klamme er ikke lukket med ]"),
        ("unclosed inline table", "en krøllet klamme er ikke lukket med }"),
        ("invalid unquoted key", "en nøgle har et tegn, som nøgler ikke kan have"),
        ("unquoted keys cannot be empty", "en nøgle mangler før lighedstegnet"),
        ("unexpected leading zero", "et tal begynder med 0"),
        ("unexpected key or value", "der står mere på linjen, end der skal"),
        ("unexpected content", "der står mere på linjen, end der skal"),
    ];
    KINDS.iter().find(|(kind, _)| said.starts_with(kind)).map(|(_, da)| *da)
}

/// The reader's words for types, in Danish.
fn type_da(words: &str) -> &str {
    match words {
        "a text" => "en tekst",
        "a text in quotation marks" => "en tekst i anførselstegn",
        "a whole number" => "et helt tal",
        "a whole number that is too large" => "et helt tal, som er for stort",
        "a number with decimals" => "et tal med decimaler",
        "a number" => "et tal",
        "true or false" => "true eller false",
        "a date or a time" => "en dato eller et tidspunkt",
        "a date such as 2026-02-28, without quotation marks" => "en dato som 2026-02-28, uden anførselstegn",
        "a list" => "en liste",
        "a table" => "en tabel",
        "tables, each under its name in double brackets" => {
            "tabeller, hver under sit navn i dobbelte klammer"
        }
        "a text in quotation marks or a whole number" => "en tekst i anførselstegn eller et helt tal",
        other => other,
    }
}
