//! Made-up rows for every table of a sector, drawn around the edges of the rules: windows, gaps, ages, codes.
//!
//! Columns are filled by the description of the tables, so that a new column or table is drawn too.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::{Date, DateTime};
use jiff::{ToSpan as _, Unit};
use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use tvaers_protocol::id::Sector;
use tvaers_warehouse::table::{Column, Kind, Rule, Table, tables};

/// The rows of each table, as its file has them; empty means missing.
pub(crate) struct Sample {
    pub(crate) sector: Sector,
    pub(crate) tables: BTreeMap<&'static str, Vec<Vec<String>>>,
}

/// The nth made-up person.
pub(crate) fn person(n: u32) -> String {
    format!("61{:02}01{n:04}", 1 + n % 12)
}

impl Sample {
    /// Draws the rows of `n_persons` persons for questions about `as_of`.
    pub(crate) fn draw(sector: Sector, seed: u64, as_of: Date, n_persons: u32) -> Self {
        let mut draw = Draw { rng: ChaCha8Rng::seed_from_u64(seed), as_of, n_drawn: 0, contact: None };
        let rows = |(position, table): (usize, &'static Table)| {
            let persons = (1..=n_persons).flat_map(|n| {
                // The register has each person once, the other tables some of them and often.
                let n_rows =
                    if position == 0 { 1 } else { *[0, 0, 1, 2, 4, 7, 25].choose(&mut draw.rng).unwrap() };
                (0..n_rows).map(|_| draw.row(table, n)).collect::<Vec<_>>()
            });
            (table.name, persons.collect())
        };
        Self { sector, tables: tables(sector).iter().enumerate().map(rows).collect() }
    }

    /// Writes one file a table, as an import reads them.
    pub(crate) fn write(&self, folder: &Path) {
        for table in tables(self.sector) {
            std::fs::write(folder.join(table.file_name()), self.csv(table)).unwrap();
        }
    }

    /// The content of a table's file.
    pub(crate) fn csv(&self, table: &Table) -> String {
        let header: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        let rows = self.tables[table.name].iter().map(|row| row.join(","));
        std::iter::once(header.join(",")).chain(rows).map(|line| line + "\n").collect()
    }
}

struct Draw {
    rng: ChaCha8Rng,
    as_of: Date,
    n_drawn: u32,
    /// Whose contact was drawn last, and when it begins and ends.
    contact: Option<(u32, DateTime, DateTime)>,
}

impl Draw {
    fn row(&mut self, table: &Table, n: u32) -> Vec<String> {
        self.n_drawn += 1;
        let week = self.day().iso_week_date();
        let (start, end) = self.contact(n);
        let mut row: Vec<String> = table
            .columns
            .iter()
            .map(|column| match column.name {
                "person_id" => person(n),
                "iso_year" => week.year().to_string(),
                "iso_week" => week.week().to_string(),
                "start" => minute(start),
                name if !column.required && self.rng.random_bool(how_often_missing(name)) => String::new(),
                "end" => minute(end),
                "birth_date" => self.birth().to_string(),
                _ => self.value(column),
            })
            .collect();
        for rule in table.rules {
            if let Rule::NotBefore(first, second) = rule {
                let at = |name| table.columns.iter().position(|column| column.name == name).unwrap();
                let (first, second) = (at(*first), at(*second));
                if !row[second].is_empty() && row[second] < row[first] {
                    row.swap(first, second);
                }
            }
        }
        row
    }

    fn value(&mut self, column: &Column) -> String {
        let codes: &[&str] = match column.name {
            "dx" => {
                &["DF32", "DF339", "DF40", "DF413", "DF43", "DF101", "DF17", "DF20", "DI509", "DZ039", "DO80"]
            }
            "dx_secondary" => &["DF32", "DF331|DI10", "DI10|DF43", "DE119|DZ03|DF18", "DZ01", "DF17|DF172"],
            "atc" => &["N05A", "N05BA01", "N05CF02", "N06AB04", "N06BA04", "C10AA05", "N02"],
            "speciale" => &["80", "80", "80", "63", "24", "26", "06"],
            "ydelse" => &["0101", "0421"],
            "dream_code" => {
                &["111", "113", "130", "138", "730", "738", "781", "783", "700", "651", "652", "890", "899"]
            }
            "law" => &["SEL_85", "SEL_83", "SEL_99", "SUL_138", "SEL_95_3"],
            "contact_type" => &["ALCA00", "ALCA00", "ALCA00", "ALCA10"],
            "citizenship" => &["DK", "DK", "SE", "PL"],
            "a_kasse" => &["FTF", "BUPL", "LAERERNES", "DSA", "3F", "Æ-kassen"],
            "hospital" => &["SUH", "NFS"],
            "ydernr" => &["100001", "0012"],
            _ => &[],
        };
        match column.kind {
            _ if !codes.is_empty() => (*codes.choose(&mut self.rng).unwrap()).to_owned(),
            // In Danish aa comes last and capitals do not matter; the rules compare letter by letter.
            Kind::Text(_) => {
                let prefix = ["A", "a", "aa", "AA", "Å", "B", "b", "z"].choose(&mut self.rng).unwrap();
                format!("{prefix}{}", self.n_drawn)
            }
            Kind::Date => self.day().to_string(),
            Kind::Time => minute(self.time()),
            Kind::Integer(min, max) => self.rng.random_range(min..=max.min(min + 10)).to_string(),
            Kind::Kommune => (*["360", "360", "376", "0461"].choose(&mut self.rng).unwrap()).to_owned(),
            Kind::Money => {
                let oere = self.rng.random_range(0..2_000_000_u32);
                match oere % 3 {
                    0 => format!("{}.{:02}", oere / 100, oere % 100),
                    1 => format!("{}.{}", oere / 100, oere % 10),
                    _ => (oere / 100).to_string(),
                }
            }
            Kind::Decimal => format!("{}.{}", self.rng.random_range(0..90), self.rng.random_range(0..10)),
            Kind::OneOf(words) => (*words.choose(&mut self.rng).unwrap()).to_owned(),
            Kind::Person | Kind::Code(_) => panic!("no values are known for `{}`", column.name),
        }
    }

    /// A day at an edge of a window, or any day of the last years.
    fn day(&mut self) -> Date {
        if self.rng.random_bool(0.4) {
            return self.as_of.saturating_sub(i64::from(self.rng.random_range(-40..1000)).days());
        }
        let back = [0.days(), 1.years(), 2.years(), 30.days(), 6.months(), 14.days(), 11.months()];
        let edge = self.as_of.saturating_sub(*back.choose(&mut self.rng).unwrap());
        edge.saturating_add(i64::from(self.rng.random_range(-2..=2)).days())
    }

    /// Few enough different times that contacts overlap, follow each other closely, or begin in the same minute.
    fn time(&mut self) -> DateTime {
        let minutes = *[0_i64, 0, 1, 239, 240, 241, 480, 719, 721, 1200].choose(&mut self.rng).unwrap();
        let close = self.as_of.saturating_sub(i64::from(self.rng.random_range(0..150)).days());
        let day = if self.rng.random_bool(0.5) { close } else { self.day() };
        day.to_datetime(jiff::civil::time(0, 0, 0, 0)).saturating_add(minutes.minutes())
    }

    /// When a contact begins and ends: often as the person's one before it, so that its identifier tells which is first.
    fn contact(&mut self, n: u32) -> (DateTime, DateTime) {
        let before = self.contact.filter(|(of, ..)| *of == n && self.rng.random_bool(0.4));
        let (_, start, end) = before.unwrap_or_else(|| {
            let start = self.time();
            let minutes =
                [0_i64, 30, 239, 240, 241, 719, 720, 721, 1440, 4000, 4001].choose(&mut self.rng).unwrap();
            (n, start, start.saturating_add(minutes.minutes()))
        });
        self.contact = Some((n, start, end));
        (start, end)
    }

    /// A birthday around the ages at which populations begin and end, or of any age.
    fn birth(&mut self) -> Date {
        let years = *[0_i64, 18, 40, 60, 65, 66, 70, 71, 80, 85, 90, 100].choose(&mut self.rng).unwrap();
        let birthday = self.as_of.saturating_sub(years.years());
        birthday.saturating_sub(i64::from(self.rng.random_range(-2..300)).days()).min(self.as_of)
    }
}

/// A stay that goes on swallows all that follow, so few do; and most are alive, or nobody would be discharged so.
fn how_often_missing(column: &str) -> f64 {
    match column {
        "end" => 0.01,
        "death_date" => 0.7,
        _ => 0.25,
    }
}

/// As a file has it.
fn minute(time: DateTime) -> String {
    time.round(Unit::Minute).unwrap().strftime("%Y-%m-%dT%H:%M").to_string()
}
