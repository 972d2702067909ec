//! The rows of a data set under construction, and how they become folders.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use jiff::{ToSpan as _, civil::Date};
use rand::{RngExt as _, rngs::ChaCha8Rng, seq::SliceRandom as _};

use super::{Day, MUNICIPALITIES, REGIONS};

const REGION_TABLES: [(&str, &str); 5] = [
    ("patients", "person_id,birth_date,sex,death_date,kommune,ydernr"),
    (
        "hospital_contacts",
        "contact_id,person_id,hospital,start,end,contact_type,priority,sector,specialty_group,dx,dx_secondary,\
         drg_dkk",
    ),
    ("gp_contacts", "person_id,date,speciale,ydelse,kontakt,honorar_dkk,ydernr"),
    ("prescriptions", "person_id,date,atc,ddd,tilskud_dkk"),
    ("transport", "person_id,date,kind,cost_dkk"),
];

const MUNICIPAL_TABLES: [(&str, &str); 7] = [
    ("persons", "person_id,birth_date,sex,citizenship,death_date,civil_status,preschool_children,a_kasse"),
    ("residence", "person_id,kommune,from_date,to_date"),
    ("sick_leave", "person_id,first_day,last_day"),
    ("benefits_weeks", "person_id,iso_year,iso_week,dream_code"),
    ("social_services", "person_id,law,from_date,to_date,cost_per_day_dkk"),
    ("survey", "person_id,survey_date,round,self_rated_health,life_satisfaction,satisfaction,coherence"),
    ("frontline_flags", "person_id,flag_date"),
];

/// Sex as the tables write it.
#[derive(Clone, Copy)]
pub(super) enum Sex {
    F,
    M,
}

impl Sex {
    pub(super) fn letter(self) -> &'static str {
        match self {
            Self::F => "F",
            Self::M => "M",
        }
    }
}

/// Rows by node and table, in the order in which nodes and tables are named.
pub(super) struct Draft {
    pub(super) as_of: Date,
    edges: Edges,
    pub(super) rng: ChaCha8Rng,
    rows: BTreeMap<(u16, &'static str), Vec<Vec<String>>>,
    stories: BTreeMap<String, String>,
    n_contacts: u32,
}

/// The days that patterns tell their distance from; see [`Day`].
struct Edges {
    two_years: Date,
    twelve_months: Date,
    six_months: Date,
    clamp: Date,
    clamped: Date,
}

impl Edges {
    fn of(as_of: Date) -> anyhow::Result<Self> {
        let mut clamp = as_of.checked_sub(6.months())?;
        let clamped = loop {
            let clamped = clamp.checked_add(6.months())?;
            if clamp.day() == 31 && clamped.day() < 31 && clamped < as_of {
                break clamped;
            }
            clamp = clamp.yesterday()?;
        };
        Ok(Self {
            two_years: as_of.checked_sub(2.years())?,
            twelve_months: as_of.checked_sub(12.months())?,
            six_months: as_of.checked_sub(6.months())?,
            clamp,
            clamped,
        })
    }
}

impl Draft {
    pub(super) fn new(as_of: Date, rng: ChaCha8Rng) -> anyhow::Result<Self> {
        let (rows, stories) = (BTreeMap::new(), BTreeMap::new());
        Ok(Self { as_of, edges: Edges::of(as_of)?, rng, rows, stories, n_contacts: 0 })
    }

    /// The date of a pattern's day.
    pub(super) fn date(&self, day: Day) -> anyhow::Result<Date> {
        let (edge, days) = match day {
            Day::AsOf(days) => (self.as_of, days),
            Day::Before(days) => (self.edges.two_years, days),
            Day::Year(days) => (self.edges.twelve_months, days),
            Day::HalfYear(days) => (self.edges.six_months, days),
            Day::Clamp(days) => (self.edges.clamp, days),
            Day::Clamped(days) => (self.edges.clamped, days),
        };
        Ok(edge.checked_add(days.days())?)
    }

    /// A number nobody has, for this birth date and sex: day + 60, seventh digit by century, parity by sex.
    pub(super) fn number(&mut self, birth: Date, sex: Sex) -> anyhow::Result<String> {
        let century = match birth.year() {
            1900..=1999 => 0..=3_u16,
            2000..=2036 => 4..=4,
            2037..=2057 => 5..=8,
            year => anyhow::bail!("no number is made for births in {year}"),
        };
        loop {
            let serial = self.rng.random_range(0..500) * 2 + u16::from(matches!(sex, Sex::M));
            let seventh = self.rng.random_range(century.clone());
            let (day, month, year) = (birth.day() + 60, birth.month(), birth.year() % 100);
            let number = format!("{day:02}{month:02}{year:02}{seventh}{serial:03}");
            if !self.stories.contains_key(&number) {
                self.stories.insert(number.clone(), String::new());
                return Ok(number);
            }
        }
    }

    /// The next contact's name, unique over both regions.
    pub(super) fn contact_id(&mut self) -> String {
        self.n_contacts += 1;
        format!("C{:06}", self.n_contacts)
    }

    /// Adds a row; the first field or, in hospital_contacts, the second is the person.
    pub(super) fn row(&mut self, node: u16, table: &'static str, fields: Vec<String>) {
        self.rows.entry((node, table)).or_default().push(fields);
    }

    pub(super) fn tell(&mut self, id: String, story: String) {
        self.stories.insert(id, story);
    }

    pub(super) fn into_stories(self) -> BTreeMap<String, String> {
        self.stories
    }

    /// Writes every table of every node, shuffled: no answer may depend on the order of rows.
    pub(super) fn write(mut self, out_dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
        let regions = REGIONS.map(|code| (code, format!("region_{code}"), REGION_TABLES.as_slice()));
        let municipalities =
            MUNICIPALITIES.map(|(code, _)| (code, format!("k{code}"), MUNICIPAL_TABLES.as_slice()));
        let mut folders = Vec::new();
        for (node, name, tables) in regions.into_iter().chain(municipalities) {
            let folder = out_dir.join(name);
            fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
            for (table, header) in tables {
                let mut rows = self.rows.remove(&(node, *table)).unwrap_or_default();
                rows.shuffle(&mut self.rng);
                let path = folder.join(format!("{table}.csv"));
                let mut out = csv::Writer::from_path(&path)
                    .with_context(|| format!("cannot write `{}`", path.display()))?;
                out.write_record(header.split(','))?;
                for row in rows {
                    out.write_record(row)?;
                }
                out.flush()?;
            }
            folders.push(folder);
        }
        ensure!(self.rows.is_empty(), "a row was meant for a table that its node does not have");
        Ok(folders)
    }
}
