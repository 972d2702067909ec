//! The twelve tables themselves.
//!
//! Closed lists of words are those that the rules of the models tell apart; codes of registers that grow (diagnoses,
//! medicines, services, laws, unemployment funds) are held to their form only.

use tvaers_protocol::id::Sector;

use super::{Column, Form, Kind, Rule, Table, YEARS};

const fn required(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, required: true }
}

const fn optional(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, required: false }
}

const PERSON: Column = required("person_id", Kind::Person);
const SEX: Kind = Kind::OneOf(&["M", "F"]);
const FLAG: Kind = Kind::Integer(0, 1);
const YDERNR: Kind = code("the number of a practice: 1 to 10 letters or digits", |s| {
    s.len() <= 10 && s.bytes().all(|b| b.is_ascii_alphanumeric())
});
const SPECIALE: Kind = code("two digits", |s| digits(s, 2));
const YDELSE: Kind = code("four digits", |s| digits(s, 4));
const DREAM: Kind = code("three digits", |s| digits(s, 3));
const COUNTRY: Kind = code("two capital letters (ISO 3166 alpha-2)", |s| {
    s.len() == 2 && s.bytes().all(|b| b.is_ascii_uppercase())
});
const CONTACT_TYPE: Kind = code("an SKS code ALCA and two digits, such as ALCA00", |s| {
    s.strip_prefix("ALCA").is_some_and(|rest| digits(rest, 2))
});
const DIAGNOSIS: Kind = code("an SKS code: D and 2 to 9 capital letters or digits", is_diagnosis);
const DIAGNOSES: Kind =
    code("SKS codes that begin with D, separated by |", |s| s.split('|').all(is_diagnosis));
const ATC: Kind = code("an ATC code, such as N06A or N06AB04", is_atc);
const LAW: Kind = code("a law, an underscore and a section, such as SEL_85", |s| {
    s.split_once('_').is_some_and(|(law, section)| {
        (1..=10).contains(&law.len())
            && law.bytes().all(|b| b.is_ascii_uppercase())
            && (1..=10).contains(&section.len())
            && section.bytes().next().is_some_and(|b| b.is_ascii_digit())
            && section.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
});

const fn code(expected: &'static str, matches: fn(&str) -> bool) -> Kind {
    Kind::Code(Form { expected, matches })
}

fn digits(text: &str, n: usize) -> bool {
    text.len() == n && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_diagnosis(text: &str) -> bool {
    text.strip_prefix('D').is_some_and(|rest| {
        (2..=9).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    })
}

/// The five levels of ATC have 1, 3, 4, 5 and 7 characters; the first says too little to be a prescription.
fn is_atc(text: &str) -> bool {
    let letter = |b: u8| b.is_ascii_uppercase();
    matches!(text.len(), 3 | 4 | 5 | 7)
        && text.bytes().enumerate().all(|(i, b)| match i {
            0 | 3 | 4 => letter(b),
            _ => b.is_ascii_digit(),
        })
}

/// The tables of a region.
pub const REGION: &[Table] = &[
    Table {
        name: "patients",
        sector: Sector::Region,
        columns: &[
            PERSON,
            required("birth_date", Kind::Date),
            required("sex", SEX),
            optional("death_date", Kind::Date),
            optional("kommune", Kind::Kommune),
            optional("ydernr", YDERNR),
        ],
        key: Some("person_id"),
        rules: &[Rule::NotBefore("birth_date", "death_date")],
        indices: &[&["person_id"]],
    },
    Table {
        name: "hospital_contacts",
        sector: Sector::Region,
        columns: &[
            required("contact_id", Kind::Text(64)),
            PERSON,
            required("hospital", Kind::Text(64)),
            required("start", Kind::Time),
            optional("end", Kind::Time),
            required("contact_type", CONTACT_TYPE),
            required("priority", Kind::OneOf(&["ATA1", "ATA3"])),
            required("sector", Kind::OneOf(&["somatik", "psykiatri"])),
            required("specialty_group", Kind::OneOf(&["medicin", "kirurgi", "psykiatri"])),
            // A contact that goes on has neither its diagnosis nor its price yet.
            optional("dx", DIAGNOSIS),
            optional("dx_secondary", DIAGNOSES),
            optional("drg_dkk", Kind::Money),
        ],
        key: Some("contact_id"),
        rules: &[Rule::NotBefore("start", "end")],
        indices: &[],
    },
    Table {
        name: "gp_contacts",
        sector: Sector::Region,
        columns: &[
            PERSON,
            required("date", Kind::Date),
            required("speciale", SPECIALE),
            required("ydelse", YDELSE),
            required("kontakt", FLAG),
            required("honorar_dkk", Kind::Money),
            optional("ydernr", YDERNR),
        ],
        key: None,
        rules: &[],
        indices: &[],
    },
    Table {
        name: "prescriptions",
        sector: Sector::Region,
        columns: &[
            PERSON,
            required("date", Kind::Date),
            required("atc", ATC),
            optional("ddd", Kind::Decimal),
            required("tilskud_dkk", Kind::Money),
        ],
        key: None,
        rules: &[],
        indices: &[],
    },
    Table {
        name: "transport",
        sector: Sector::Region,
        columns: &[
            PERSON,
            required("date", Kind::Date),
            required("kind", Kind::OneOf(&["akut", "planlagt"])),
            required("cost_dkk", Kind::Money),
        ],
        key: None,
        rules: &[],
        indices: &[],
    },
];

/// The tables of a municipality.
pub const MUNICIPALITY: &[Table] = &[
    Table {
        name: "persons",
        sector: Sector::Municipality,
        columns: &[
            PERSON,
            required("birth_date", Kind::Date),
            required("sex", SEX),
            optional("citizenship", COUNTRY),
            optional("death_date", Kind::Date),
            optional("civil_status", Kind::OneOf(&["gift", "samboende", "enlig"])),
            optional("preschool_children", Kind::Integer(0, 20)),
            optional("a_kasse", Kind::Text(64)),
        ],
        key: Some("person_id"),
        rules: &[Rule::NotBefore("birth_date", "death_date")],
        indices: &[&["person_id"]],
    },
    Table {
        name: "residence",
        sector: Sector::Municipality,
        columns: &[
            PERSON,
            required("kommune", Kind::Kommune),
            required("from_date", Kind::Date),
            optional("to_date", Kind::Date),
        ],
        key: None,
        rules: &[Rule::NotBefore("from_date", "to_date")],
        indices: &[],
    },
    Table {
        name: "sick_leave",
        sector: Sector::Municipality,
        columns: &[PERSON, required("first_day", Kind::Date), optional("last_day", Kind::Date)],
        key: None,
        rules: &[Rule::NotBefore("first_day", "last_day")],
        indices: &[],
    },
    Table {
        name: "benefits_weeks",
        sector: Sector::Municipality,
        columns: &[
            PERSON,
            required("iso_year", Kind::Integer(YEARS.0 as i64, YEARS.1 as i64)),
            required("iso_week", Kind::Integer(1, 53)),
            required("dream_code", DREAM),
        ],
        key: None,
        rules: &[Rule::WeekOfYear("iso_year", "iso_week")],
        indices: &[],
    },
    Table {
        name: "social_services",
        sector: Sector::Municipality,
        columns: &[
            PERSON,
            required("law", LAW),
            required("from_date", Kind::Date),
            optional("to_date", Kind::Date),
            required("cost_per_day_dkk", Kind::Money),
        ],
        key: None,
        rules: &[Rule::NotBefore("from_date", "to_date")],
        indices: &[],
    },
    Table {
        name: "survey",
        sector: Sector::Municipality,
        columns: &[
            PERSON,
            required("survey_date", Kind::Date),
            required("round", Kind::OneOf(&["baseline", "followup"])),
            optional("self_rated_health", Kind::Integer(1, 5)),
            optional("life_satisfaction", Kind::Integer(0, 10)),
            optional("satisfaction", Kind::Integer(1, 5)),
            optional("coherence", Kind::Integer(1, 5)),
        ],
        key: None,
        rules: &[],
        indices: &[],
    },
    Table {
        name: "frontline_flags",
        sector: Sector::Municipality,
        columns: &[PERSON, required("flag_date", Kind::Date)],
        key: None,
        rules: &[],
        indices: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn has(kind: Kind, text: &str) -> bool {
        matches!(kind, Kind::Code(form) if (form.matches)(text))
    }

    #[test]
    fn codes_of_the_registers_have_their_form_and_others_have_not() {
        for (kind, good, bad) in [
            (
                DIAGNOSIS,
                &["DF33", "DI509", "DF438A", "DVRA01"][..],
                &["F33", "D", "DF3 ", "df33", "DF33|DI509"][..],
            ),
            (DIAGNOSES, &["DI210|DI509", "DF32"], &["DI210|", "|", "DI210,DI509"]),
            (ATC, &["N06A", "N06AB04", "C10"], &["N06ab04", "N", "N06AB0", "06NAB04"]),
            (LAW, &["SEL_85", "SUL_138", "SEL_95_3"], &["SEL85", "sel_85", "SEL_", "_85", "SEL_x"]),
            (CONTACT_TYPE, &["ALCA00", "ALCA10"], &["ALCA", "ALCA1", "ATA100"]),
            (COUNTRY, &["DK", "SY"], &["dk", "DNK", "5100"]),
            (SPECIALE, &["80", "06"], &["8", "800101", "8o"]),
            (YDERNR, &["100001", "0012"], &["100 001", "12345678901"]),
        ] {
            for text in good {
                assert!(has(kind, text), "{text}");
            }
            for text in bad {
                assert!(!has(kind, text), "{text}");
            }
        }
    }
}
