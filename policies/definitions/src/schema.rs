//! The canonical tables that a rule may name, with the sector that holds each and what its columns hold.
//!
//! The same names are the tables of a node's embedded database and the views that a node on PostgreSQL offers. A rule
//! refers to these constants, never to text out of a file, so no file can put a name of its own into SQL.

use tvaers_protocol::id::Sector;

/// One canonical table.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name in the database and of its CSV file.
    pub name: &'static str,
    /// The sector whose nodes hold it.
    pub sector: Sector,
    /// Its columns, in the order of the CSV file.
    pub columns: &'static [Column],
}

/// One column of a canonical table.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// A code or another text.
    Text,
    /// Codes separated by `|`.
    List,
    /// A whole number.
    Integer,
    /// An amount of money, in whole øre; no rule compares it yet.
    Money,
    /// A number with decimals; no rule compares it yet.
    Decimal,
    /// A day of the calendar.
    Date,
    /// A day and a time of day.
    Time,
}

impl ColumnKind {
    /// The kind in words, for messages.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::List => "a list of codes",
            Self::Integer => "a whole number",
            Self::Money => "money",
            Self::Decimal => "a number with decimals",
            Self::Date => "a date",
            Self::Time => "a time",
        }
    }
}

impl Table {
    /// The table of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        TABLES.iter().copied().find(|table| table.name == name)
    }

    /// The column of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The sector's table with one row for each person: `patients` or `persons`.
    #[must_use]
    pub const fn of_persons(sector: Sector) -> &'static Self {
        match sector {
            Sector::Region => PATIENTS,
            Sector::Municipality => PERSONS,
        }
    }
}

/// The column, in every table, that says whose row it is.
pub const PERSON: &str = "person_id";

const fn text(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Text }
}

const fn list(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::List }
}

const fn integer(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Integer }
}

const fn money(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Money }
}

const fn decimal(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Decimal }
}

const fn date(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Date }
}

const fn time(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Time }
}

const PATIENTS: &Table = &Table {
    name: "patients",
    sector: Sector::Region,
    columns: &[
        text(PERSON),
        date("birth_date"),
        text("sex"),
        date("death_date"),
        integer("kommune"),
        text("ydernr"),
    ],
};

const PERSONS: &Table = &Table {
    name: "persons",
    sector: Sector::Municipality,
    columns: &[
        text(PERSON),
        date("birth_date"),
        text("sex"),
        text("citizenship"),
        date("death_date"),
        text("civil_status"),
        integer("preschool_children"),
        text("a_kasse"),
    ],
};

/// Every canonical table, the persons of each sector first.
pub const TABLES: &[&Table] = &[
    PATIENTS,
    &Table {
        name: "hospital_contacts",
        sector: Sector::Region,
        columns: &[
            text("contact_id"),
            text(PERSON),
            text("hospital"),
            time("start"),
            time("end"),
            text("contact_type"),
            text("priority"),
            text("sector"),
            text("specialty_group"),
            text("dx"),
            list("dx_secondary"),
            money("drg_dkk"),
        ],
    },
    &Table {
        name: "gp_contacts",
        sector: Sector::Region,
        columns: &[
            text(PERSON),
            date("date"),
            text("speciale"),
            text("ydelse"),
            integer("kontakt"),
            money("honorar_dkk"),
            text("ydernr"),
        ],
    },
    &Table {
        name: "prescriptions",
        sector: Sector::Region,
        columns: &[text(PERSON), date("date"), text("atc"), decimal("ddd"), money("tilskud_dkk")],
    },
    &Table {
        name: "transport",
        sector: Sector::Region,
        columns: &[text(PERSON), date("date"), text("kind"), money("cost_dkk")],
    },
    PERSONS,
    &Table {
        name: "residence",
        sector: Sector::Municipality,
        columns: &[text(PERSON), integer("kommune"), date("from_date"), date("to_date")],
    },
    &Table {
        name: "sick_leave",
        sector: Sector::Municipality,
        columns: &[text(PERSON), date("first_day"), date("last_day")],
    },
    &Table {
        name: "benefits_weeks",
        sector: Sector::Municipality,
        columns: &[text(PERSON), integer("iso_year"), integer("iso_week"), text("dream_code")],
    },
    &Table {
        name: "social_services",
        sector: Sector::Municipality,
        columns: &[text(PERSON), text("law"), date("from_date"), date("to_date"), money("cost_per_day_dkk")],
    },
    &Table {
        name: "survey",
        sector: Sector::Municipality,
        columns: &[
            text(PERSON),
            date("survey_date"),
            text("round"),
            integer("self_rated_health"),
            integer("life_satisfaction"),
            integer("satisfaction"),
            integer("coherence"),
        ],
    },
    &Table {
        name: "frontline_flags",
        sector: Sector::Municipality,
        columns: &[text(PERSON), date("flag_date")],
    },
];
