//! What the words of a policy file mean: modes, steps, letters of the law, roles, grains, tables.

use tvaers_protocol::roster::Role;
use tvaers_protocol::sign::VerifyingKey;
use tvaers_protocol::study::{Disclosure, Grain};

use crate::permit::{Mode, Persons, Recipient, Step};
use crate::policy::Calendar;
use crate::text::Text;

pub(crate) fn mode(mode: Mode) -> Text {
    match mode {
        Mode::Aggregates => Text::new("statistik på nodens egne data", "statistics of the node's own data"),
        Mode::JoinedStatistics => {
            Text::new("statistik på tværs af noder", "statistics over several nodes together")
        }
        Mode::PersonContributions => {
            Text::new("arbejdslister over navngivne borgere", "work lists of named citizens")
        }
    }
}

/// What is done in a step, under a permit of that mode.
pub(crate) fn step(step: Step, mode: Mode) -> Text {
    match (step, mode) {
        (Step::Compute, _) => Text::new("Beregning hos noden", "Computing at the node"),
        (Step::Disclose, Mode::Aggregates) => Text::new(
            "Videregivelse af svar med støj til koordinatoren",
            "Disclosing noised answers to the coordinator",
        ),
        (Step::Disclose, _) => Text::new(
            "Videregivelse af pseudonyme bidrag til koordinatoren",
            "Disclosing pseudonymous contributions to the coordinator",
        ),
        (Step::DiscloseItems, _) => Text::new(
            "Videregivelse af hvert kriteriums point til bopælskommunen",
            "Disclosing the points of each criterion to the municipality of residence",
        ),
        (Step::HandToPractice, _) => Text::new(
            "Overlevering af en liste til borgerens praktiserende læge",
            "Handing a list to the citizen's GP practice",
        ),
    }
}

/// GDPR Article 6(1).
pub(crate) fn article_6(letter: char) -> Text {
    match letter {
        'a' => Text::new("samtykke", "consent"),
        'b' => Text::new("kontrakt", "contract"),
        'c' => Text::new("retlig forpligtelse", "legal obligation"),
        'd' => Text::new("vitale interesser", "vital interests"),
        'e' => Text::new(
            "opgave i samfundets interesse eller myndighedsudøvelse",
            "task in the public interest or exercise of official authority",
        ),
        _ => Text::new("legitim interesse", "legitimate interests"),
    }
}

/// GDPR Article 9(2).
pub(crate) fn article_9(letter: char) -> Text {
    match letter {
        'a' => Text::new("udtrykkeligt samtykke", "explicit consent"),
        'b' => Text::new(
            "arbejdsret, socialsikring og social beskyttelse",
            "employment, social security and social protection law",
        ),
        'c' => Text::new("vitale interesser", "vital interests"),
        'd' => Text::new("en forenings egne medlemmer", "an association's own members"),
        'e' => Text::new("offentliggjort af borgeren selv", "made public by the citizen"),
        'f' => Text::new("retskrav", "legal claims"),
        'g' => Text::new("væsentlige samfundsinteresser", "substantial public interest"),
        'h' => Text::new("sundheds- og socialfaglig behandling", "health or social care"),
        'i' => Text::new("folkesundhed", "public health"),
        _ => Text::new("arkiv, forskning og statistik", "archiving, research and statistics"),
    }
}

/// Article 53(1) of the European Health Data Space regulation, (EU) 2025/327.
pub(crate) fn ehds_53(letter: char) -> Text {
    match letter {
        'a' => Text::new("folkesundhed og arbejdsmiljø", "public and occupational health"),
        'b' => Text::new("politikudformning og myndighedsopgaver", "policy-making and regulatory activities"),
        'c' => Text::new("statistik", "statistics"),
        'd' => Text::new("uddannelse og undervisning", "education and teaching"),
        'e' => Text::new("videnskabelig forskning", "scientific research"),
        _ => Text::new("bedre behandling og pleje", "improvement of care and treatment"),
    }
}

pub(crate) fn role(role: Role) -> Text {
    match role {
        Role::Analyst => Text::new("analytiker", "analyst"),
        Role::Dpo => Text::new("databeskyttelsesrådgiver", "data-protection officer"),
    }
}

/// The first twelve digits, as logs show a key.
pub(crate) fn fingerprint(key: &VerifyingKey) -> String {
    hex::encode(key.0.get(..6).unwrap_or_default())
}

pub(crate) fn grain(grain: Grain) -> Text {
    match grain {
        Grain::Points => Text::new("point", "points"),
        Grain::Counts => Text::new("antal", "counts"),
        Grain::Events => Text::new("hændelser", "events"),
    }
}

pub(crate) fn disclosure(disclosure: Disclosure) -> Text {
    match disclosure {
        Disclosure::Inclusion => Text::new(
            "om borgeren er udvalgt, og intet andet",
            "whether the citizen is selected, and nothing else",
        ),
        Disclosure::Stratum => Text::new(
            "om borgeren er udvalgt, og i hvilken gruppe",
            "whether the citizen is selected, and in which stratum",
        ),
        Disclosure::Total => Text::new(
            "om borgeren er udvalgt, i hvilken gruppe og med hvor mange point i alt",
            "whether the citizen is selected, in which stratum and with how many points in all",
        ),
        Disclosure::Items => Text::new(
            "om borgeren er udvalgt, i hvilken gruppe, med hvor mange point i alt og med hvor mange point for hvert kriterium",
            "whether the citizen is selected, in which stratum, with how many points in all and with how many for each criterion",
        ),
    }
}

pub(crate) fn persons(persons: Persons) -> Text {
    match persons {
        Persons::Selected => {
            Text::new("kun dem, som modellen udvælger", "those whom the model selects, and no others")
        }
        Persons::All => Text::new("alle i modellens målgruppe", "everyone in the model's population"),
    }
}

pub(crate) fn recipient(recipient: Recipient) -> Text {
    match recipient {
        Recipient::Municipality => {
            Text::new("borgerens bopælskommune", "the citizen's municipality of residence")
        }
        Recipient::GpPractice => Text::new(
            "borgerens praktiserende læge, gennem regionen",
            "the citizen's GP practice, through the region",
        ),
    }
}

/// As in "within each".
pub(crate) fn calendar(each: Calendar) -> Text {
    match each {
        Calendar::Month => Text::new("kalendermåned", "month of the calendar"),
        Calendar::Quarter => Text::new("kvartal", "quarter of the calendar"),
        Calendar::Year => Text::new("kalenderår", "year of the calendar"),
    }
}

/// What a canonical table holds; `None` for a name that is none.
pub(crate) fn table(name: &str) -> Option<Text> {
    let (da, en) = match name {
        "patients" => (
            "regionens patienter: fødselsdato, køn, død, bopælskommune og almen praksis",
            "the region's patients: birth date, sex, death, municipality of residence and GP practice",
        ),
        "hospital_contacts" => (
            "sygehuskontakter med tid, art, diagnoser og udgift",
            "hospital contacts with time, kind, diagnoses and cost",
        ),
        "gp_contacts" => (
            "kontakter til almen praksis, speciallæger og andre ydere med udgift",
            "contacts with GPs, specialists and other practices, with cost",
        ),
        "prescriptions" => (
            "udleveret receptmedicin og tilskud til den",
            "dispensed prescription medicine and its reimbursement",
        ),
        "transport" => {
            ("kørsel til og fra behandling med udgift", "transport to and from treatment, with cost")
        }
        "persons" => (
            "kommunens borgere: fødselsdato, køn, statsborgerskab, død, civilstand, børn under skolealderen og a-kasse",
            "the municipality's citizens: birth date, sex, citizenship, death, civil status, preschool children and unemployment fund",
        ),
        "residence" => {
            ("bopæl: hvilken kommune, fra og til hvornår", "residence: which municipality, from when to when")
        }
        "sick_leave" => ("sygefravær: første og sidste dag", "sick leave: first and last day"),
        "benefits_weeks" => {
            ("offentlige ydelser uge for uge (DREAM-koder)", "public benefits week by week (DREAM codes)")
        }
        "social_services" => {
            ("sociale indsatser og deres udgift pr. dag", "social services and their cost a day")
        }
        "survey" => (
            "spørgeskemasvar om helbred, livstilfredshed, tilfredshed og sammenhæng",
            "survey answers on health, life satisfaction, satisfaction and coherence",
        ),
        "frontline_flags" => (
            "medarbejderes markering af borgere, og hvornår den er sat",
            "citizens flagged by front-line staff, and when",
        ),
        _ => return None,
    };
    Some(Text::new(da, en))
}

/// What a joined table can be grouped by beside the catalogue's categories.
pub(crate) fn joined_category(name: &str) -> Option<Text> {
    match name {
        "stratum" => Some(Text::new("modellens grupper", "the model's strata")),
        "included" => {
            Some(Text::new("om modellen udvælger borgeren", "whether the model selects the citizen"))
        }
        "total" => Some(Text::new("point i alt i modellen", "points in all in the model")),
        _ => None,
    }
}
