//! Reads the folders into one record a person, for measuring.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use csv::StringRecord;
use jiff::civil::{Date, DateTime};

use super::{
    MeasureError,
    stay::{Contact, admissions, readmissions},
};

/// The reference date and the days a year and two before it, which are the last ones outside their windows.
pub(super) struct Windows {
    pub(super) two_years_ago: Date,
    pub(super) year_ago: Date,
    pub(super) as_of: Date,
}

/// What is measured of one person. No `Debug`: it is made of rows.
#[derive(Default)]
pub(super) struct Resident {
    /// 0 for those who are resident nowhere.
    pub(super) kommune: u16,
    pub(super) age: i16,
    pub(super) female: bool,
    pub(super) single: bool,
    pub(super) foreign: bool,
    /// Benefit codes of the week of the reference date.
    pub(super) codes: Vec<u16>,
    pub(super) home_care: bool,
    pub(super) home_nursing: bool,
    pub(super) gp_1y: u32,
    pub(super) practice_1y: u32,
    pub(super) antidepressant_1y: bool,
    pub(super) n06_1y: bool,
    pub(super) psychotropic_1y: bool,
    pub(super) psychologist_2y: bool,
    pub(super) known_sad: bool,
    pub(super) admissions_1y: u32,
    pub(super) acute_1y: u32,
    pub(super) days_1y: f64,
    pub(super) index: u32,
    pub(super) readmitted: u32,
    pub(super) regional_cost_1y: f64,
    birth: Option<Date>,
    death: Option<Date>,
    municipalities: Vec<u16>,
    n_regions: u32,
    /// Municipalities with a sick-leave record that reaches into the last two years.
    spells: Vec<u16>,
    contacts: Vec<Contact>,
}

impl Resident {
    /// Whether one of the codes lies from `from` to `to`.
    pub(super) fn has(&self, from: u16, to: u16) -> bool {
        self.codes.iter().any(|code| (from..=to).contains(code))
    }
}

/// Everyone of all nodes, and a few counts.
pub(super) struct Population {
    people: BTreeMap<u64, Resident>,
    pub(super) n_persons: usize,
    pub(super) n_two_municipalities: usize,
    pub(super) n_two_regions: usize,
    pub(super) n_spells_cross: usize,
    pub(super) n_dead: usize,
    pub(super) n_region_only: usize,
    pub(super) n_municipality_only: usize,
}

impl Population {
    pub(super) fn read(folder: &Path, windows: Windows) -> Result<Self, MeasureError> {
        let failed = |source| MeasureError::Folder { path: folder.to_owned(), source };
        let mut nodes: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            nodes.push(entry.map_err(failed)?.path());
        }
        nodes.sort();
        let mut reader = Reader { people: BTreeMap::new(), windows };
        for node in nodes {
            let name = node.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with("region_") {
                reader.region(&node)?;
            } else if let Some(code) = name.strip_prefix('k').and_then(|code| code.parse().ok()) {
                reader.municipality(&node, code)?;
            }
        }
        Ok(reader.finish())
    }

    /// Those alive and resident in a member municipality on the reference date.
    pub(super) fn residents(&self) -> impl Iterator<Item = &Resident> {
        self.people.values().filter(|person| person.kommune != 0)
    }
}

struct Reader {
    people: BTreeMap<u64, Resident>,
    windows: Windows,
}

fn age(birth: Date, on: Date) -> i16 {
    on.year() - birth.year() - i16::from((on.month(), on.day()) < (birth.month(), birth.day()))
}

fn field(row: &StringRecord, place: usize) -> &str {
    row.get(place).unwrap_or_default()
}

fn date(row: &StringRecord, place: usize) -> Option<Date> {
    field(row, place).parse().ok()
}

impl Reader {
    fn municipality(&mut self, node: &Path, code: u16) -> Result<(), MeasureError> {
        let as_of = self.windows.as_of;
        self.each(node, "persons", 0, |person, row, _| {
            person.municipalities.push(code);
            person.death = person.death.or(date(row, 4));
        })?;
        self.each(node, "residence", 0, |person, row, _| {
            let from = date(row, 2).is_some_and(|from| from <= as_of);
            if from && date(row, 3).is_none_or(|to| as_of <= to) && person.death.is_none_or(|d| d > as_of) {
                person.kommune = code;
            }
        })?;
        self.each(node, "persons", 0, |person, row, _| {
            if person.kommune == code {
                person.birth = date(row, 1);
                person.age = person.birth.map_or(0, |birth| age(birth, as_of));
                person.female = field(row, 2) == "F";
                person.foreign = !matches!(field(row, 3), "DK" | "");
                person.single = field(row, 5) == "enlig";
            }
        })?;
        let week = as_of.iso_week_date();
        let (year, week) = (week.year().to_string(), week.week().to_string());
        self.each(node, "benefits_weeks", 0, |person, row, _| {
            if field(row, 1) == year && field(row, 2) == week {
                person.codes.extend(field(row, 3).parse::<u16>());
            }
        })?;
        self.each(node, "sick_leave", 0, |person, row, windows| {
            let reaches = date(row, 2).is_none_or(|last| last >= windows.two_years_ago);
            if reaches && !person.spells.contains(&code) {
                person.spells.push(code);
            }
        })?;
        self.each(node, "social_services", 0, |person, row, _| {
            let active =
                date(row, 2).is_some_and(|d| d <= as_of) && date(row, 3).is_none_or(|to| as_of <= to);
            person.home_care |= active && field(row, 1) == "SEL_83";
            person.home_nursing |= active && field(row, 1) == "SUL_138";
        })
    }

    fn region(&mut self, node: &Path) -> Result<(), MeasureError> {
        self.each(node, "patients", 0, |person, row, _| {
            person.n_regions += 1;
            person.birth = person.birth.or(date(row, 1));
            person.death = person.death.or(date(row, 3));
        })?;
        self.each(node, "hospital_contacts", 1, |person, row, windows| {
            let Ok(start) = field(row, 3).parse::<DateTime>() else {
                return;
            };
            let end = field(row, 4).parse().unwrap_or(windows.as_of.at(23, 59, 0, 0));
            let codes = [field(row, 9)].into_iter().chain(field(row, 10).split('|'));
            let sad = |code: &str| matches!(code.get(..4), Some("DF32" | "DF33" | "DF40" | "DF41" | "DF43"));
            person.known_sad |= codes.into_iter().any(sad);
            if start.date() > windows.year_ago && start.date() <= windows.as_of {
                person.regional_cost_1y += field(row, 11).parse().unwrap_or(0.0);
            }
            if field(row, 5) == "ALCA00" && start.date() <= windows.as_of {
                let acute = field(row, 6) == "ATA1";
                let medical = field(row, 7) == "somatik" && field(row, 8) == "medicin";
                let id = field(row, 0).to_owned();
                person.contacts.push(Contact { start, end, id, acute, medical });
            }
        })?;
        self.each(node, "gp_contacts", 0, |person, row, windows| {
            let Some(date) = date(row, 1) else { return };
            let counts = field(row, 4) == "1";
            person.psychologist_2y |= counts && field(row, 2) == "63" && date > windows.two_years_ago;
            if date > windows.year_ago {
                person.gp_1y += u32::from(counts && field(row, 2) == "80");
                person.practice_1y += u32::from(counts);
                person.regional_cost_1y += field(row, 5).parse().unwrap_or(0.0);
            }
        })?;
        self.each(node, "prescriptions", 0, |person, row, windows| {
            let (date, atc) = (date(row, 1), field(row, 2));
            if date.is_some_and(|date| date > windows.year_ago) {
                person.antidepressant_1y |= atc.starts_with("N06A");
                person.n06_1y |= atc.starts_with("N06");
                person.psychotropic_1y |= atc.starts_with("N06") || atc.starts_with("N05");
                person.regional_cost_1y += field(row, 4).parse().unwrap_or(0.0);
            }
        })?;
        self.each(node, "transport", 0, |person, row, windows| {
            if date(row, 1).is_some_and(|date| date > windows.year_ago) {
                person.regional_cost_1y += field(row, 3).parse().unwrap_or(0.0);
            }
        })
    }

    /// Calls `with` for each row of a table, with its person, whose number is the field at `place`.
    fn each(
        &mut self,
        node: &Path,
        table: &str,
        place: usize,
        with: impl Fn(&mut Resident, &StringRecord, &Windows),
    ) -> Result<(), MeasureError> {
        let path = node.join(format!("{table}.csv"));
        let failed = |source| MeasureError::Table { path: path.clone(), source };
        let mut reader = csv::Reader::from_path(&path).map_err(failed)?;
        let mut row = StringRecord::new();
        while reader.read_record(&mut row).map_err(failed)? {
            let number = field(&row, place).parse().unwrap_or(0);
            with(self.people.entry(number).or_default(), &row, &self.windows);
        }
        Ok(())
    }

    fn finish(mut self) -> Population {
        let Windows { year_ago, as_of, .. } = self.windows;
        for person in self.people.values_mut() {
            let stays = admissions(std::mem::take(&mut person.contacts));
            for stay in stays.iter().filter(|stay| stay.start.date() > year_ago) {
                person.admissions_1y += 1;
                person.acute_1y += u32::from(stay.acute);
                person.days_1y += stay.days();
            }
            if let Some(birth) = person.birth {
                let on = |day| age(birth, day);
                (person.index, person.readmitted) = readmissions(&stays, year_ago, as_of, on, person.death);
            }
        }
        let count = |is: &dyn Fn(&Resident) -> bool| self.people.values().filter(|person| is(person)).count();
        Population {
            n_persons: self.people.len(),
            n_two_municipalities: count(&|p| p.municipalities.len() > 1),
            n_two_regions: count(&|p| p.n_regions > 1),
            n_spells_cross: count(&|p| p.spells.len() > 1),
            n_dead: count(&|p| p.death.is_some()),
            n_region_only: count(&|p| p.municipalities.is_empty()),
            n_municipality_only: count(&|p| p.n_regions == 0),
            people: self.people,
        }
    }
}
