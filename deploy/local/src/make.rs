//! Makes a population: a data folder of made-up persons, one folder per node, with the base rates of Denmark.
//!
//! It stands before the whole way of the data: what `make` writes is what a node imports. Its numbers carry a day
//! raised by 60, which the national register never issues. POPULATION.md tells how each table comes about, and how
//! near the rates come to their targets; [`measure`] works those out from the folders.
//!
//! - `place`: the chosen regions and municipalities; `calendar`, `number`, `draw`: days, numbers, distributions.
//! - `household`, `person`, `life`: who there is, with whom, where, and until when.
//! - `work`, `mind`, `hospital`, `practice`, `social`: what happens to a person, in rows.
//! - `table`: the files.
//!
//! The same options give the same bytes: each block of persons of a municipality draws from its own stream of a
//! ChaCha generator seeded with the seed, and nothing else decides.

mod calendar;
mod draw;
mod hospital;
mod household;
mod life;
pub mod measure;
mod mind;
mod number;
mod person;
mod place;
mod practice;
mod social;
mod table;
mod work;

use std::{fs, io, path::PathBuf};

use jiff::civil::Date;
use rand::SeedableRng as _;

use calendar::Calendar;
use draw::{Rng, between, chance};
use number::Numbers;
use person::{Person, Stay};
use place::Places;
use table::{Folder, Sheets};

/// Events reach three years back.
const HISTORY_DAYS: i32 = 3 * 365;

/// Persons drawn at a time: enough for the age pyramid to hold, few enough for memory.
const BLOCK: u32 = 1000;

/// More would exhaust the made-up numbers of some birth dates.
pub const PERSONS_MAX: u32 = 20_000_000;

/// What to make.
#[derive(Clone, Debug)]
pub struct MakeOptions {
    /// All persons of all nodes, the dead and the moved away included; 1 to [`PERSONS_MAX`].
    pub persons: u32,
    /// Decides every draw.
    pub seed: u64,
    /// The reference date, in 2010 to 2036; events reach from three years before up to it.
    pub as_of: Date,
    /// Region codes; each municipality's region must be among them.
    pub regions: Vec<u16>,
    /// Municipality codes (kommunekoder).
    pub municipalities: Vec<u16>,
    /// The folder that gets one folder per node; made if it is not there.
    pub out: PathBuf,
}

/// What has been made.
#[derive(Clone, Debug)]
pub struct Made {
    /// The nodes' folders, regions first, in the order of their codes.
    pub folders: Vec<PathBuf>,
    /// Distinct persons.
    pub persons: u64,
    /// Rows over all tables, without headers.
    pub rows: u64,
}

/// Why nothing was made, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// The number of persons is out of range.
    #[error("`{persons}` persons: expected 1 to {PERSONS_MAX}")]
    Persons {
        /// As asked.
        persons: u32,
    },
    /// The reference date is out of range.
    #[error("reference date `{as_of}`: expected a date from 2010-01-01 to 2036-12-31")]
    AsOf {
        /// As asked.
        as_of: Date,
    },
    /// No region was named.
    #[error("no region: name at least one, such as 1085")]
    NoRegion,
    /// No municipality was named.
    #[error("no municipality: name at least one, such as 360")]
    NoMunicipality,
    /// A code was named twice.
    #[error("code `{code}` is named twice")]
    Twice {
        /// As asked.
        code: u16,
    },
    /// There is no such region.
    #[error("no region has the code `{code}`: expected one of 1081 to 1085")]
    UnknownRegion {
        /// As asked.
        code: u16,
    },
    /// There is no such municipality.
    #[error("no municipality has the code `{code}`")]
    UnknownMunicipality {
        /// As asked.
        code: u16,
    },
    /// A municipality's region is not among the regions, so nobody would hold its residents' contacts.
    #[error(
        "municipality `{municipality}` lies in region `{region}`, which is not among the regions: add it"
    )]
    RegionMissing {
        /// The municipality.
        municipality: u16,
        /// Its region.
        region: u16,
    },
    /// A folder of another node would become part of the data.
    #[error("`{path}` holds a folder of another node: choose another folder or remove it")]
    ForeignNode {
        /// The folder in the way.
        path: PathBuf,
    },
    /// More persons of one birth date and sex than there are numbers.
    #[error("no made-up number is left for births on {birth}")]
    NumbersExhausted {
        /// The birth date.
        birth: Date,
    },
    /// The built-in table of places cannot be read: a mistake of the program.
    #[error("the built-in table of places cannot be read")]
    Places {
        /// What is wrong with it.
        source: Box<toml::de::Error>,
    },
    /// A row was meant for a table of the other sector: a mistake of the program.
    #[error("a row was meant for a table that its node does not have")]
    WrongSector,
    /// A folder cannot be made or read.
    #[error("cannot make or read the folder `{path}`")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write `{path}`")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: csv::Error,
    },
}

/// Makes a population and writes it. `progress` hears how many persons are done, of how many, after every block.
///
/// Files of an earlier population of the same nodes are replaced.
///
/// # Errors
/// [`MakeError`]; options are checked before anything is written.
pub fn make(options: &MakeOptions, mut progress: impl FnMut(u64, u64)) -> Result<Made, MakeError> {
    if !(1..=PERSONS_MAX).contains(&options.persons) {
        return Err(MakeError::Persons { persons: options.persons });
    }
    let calendar = Calendar::new(options.as_of)?;
    let places = Places::choose(options)?;
    let folders = folders(options, &places);
    refuse_foreign_nodes(options, &folders)?;
    let sheets = Sheets::create(&folders)?;
    let mut world = World {
        calendar: &calendar,
        places: &places,
        sheets,
        n_contacts: 0,
        seen: vec![false; places.regions.len()],
    };
    let mut numbers = Numbers::new(&calendar);
    let (mut done, total) = (0, u64::from(options.persons));
    let mut streams = 0..;

    let mut stream = || {
        let mut rng = Rng::seed_from_u64(options.seed);
        rng.set_stream(streams.next().unwrap_or(u64::MAX));
        rng
    };
    for (home, municipality) in places.municipalities.iter().enumerate() {
        for n in blocks(municipality.persons) {
            let mut rng = stream();
            let households = household::block(&mut rng, &calendar, &mut numbers, municipality.share_65, n)?;
            for mut household in households {
                life::settle(&mut rng, &places, home, &mut household);
                for person in &household {
                    world.write_resident(&mut rng, person)?;
                }
            }
            done += u64::from(n);
            progress(done, total);
        }
    }
    for n in blocks(places.outsiders) {
        let mut rng = stream();
        for _ in 0..n {
            let person = household::draw(&mut rng, &calendar, &mut numbers, 0.2)?;
            world.write_outsider(&mut rng, person)?;
        }
        done += u64::from(n);
        progress(done, total);
    }
    let rows = world.sheets.finish()?;
    Ok(Made { folders: folders.into_iter().map(|folder| folder.path).collect(), persons: done, rows })
}

fn blocks(persons: u32) -> impl Iterator<Item = u32> {
    (0..persons.div_ceil(BLOCK)).map(move |block| BLOCK.min(persons - block * BLOCK))
}

fn folders(options: &MakeOptions, places: &Places) -> Vec<Folder> {
    let regions = places.regions.iter().map(|region| (format!("region_{}", region.code), true));
    let municipalities = places.municipalities.iter().map(|place| (format!("k{}", place.code), false));
    let all = regions.chain(municipalities);
    all.map(|(name, region)| Folder { path: options.out.join(name), region }).collect()
}

/// A node left from another population would silently take part in this one.
fn refuse_foreign_nodes(options: &MakeOptions, folders: &[Folder]) -> Result<(), MakeError> {
    let failed = |source| MakeError::Folder { path: options.out.clone(), source };
    if !options.out.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(&options.out).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let code = name.strip_prefix("region_").or(name.strip_prefix('k'));
        let node = code.is_some_and(|code| code.parse::<u16>().is_ok());
        if node && !folders.iter().any(|folder| folder.path == path) {
            return Err(MakeError::ForeignNode { path });
        }
    }
    Ok(())
}

/// What every writer of rows needs; nodes are counted regions first, as their folders.
struct World<'a> {
    calendar: &'a Calendar,
    places: &'a Places,
    sheets: Sheets,
    n_contacts: u64,
    /// Regions that hold a row of the person at hand.
    seen: Vec<bool>,
}

impl World<'_> {
    fn write_resident(&mut self, rng: &mut Rng, person: &Person) -> Result<(), MakeError> {
        let work = work::draw(rng, person);
        let mind = mind::draw(rng, person, work);
        life::write(self, rng, person, work)?;
        work::write(self, rng, person, work, mind.distress)?;
        social::write(self, rng, person, work, mind)?;
        self.write_health(rng, person, mind)
    }

    /// Someone of no member municipality: treated in a region for a while, and of no concern to the federation.
    fn write_outsider(&mut self, rng: &mut Rng, mut person: Person) -> Result<(), MakeError> {
        person.in_registers = true;
        // A stay in a region's own municipality would be needed for events, so one is lent and taken back.
        let lent =
            usize::try_from(between(rng, 0, i32::MAX)).unwrap_or(0) % self.places.municipalities.len().max(1);
        let from = between(rng, -HISTORY_DAYS, -1).max(person.birth);
        person.stays = vec![Stay { municipality: lent, from, to: None }];
        let work = work::draw(rng, &person);
        let mind = mind::draw(rng, &person, work);
        self.seen.fill(false);
        if let Some(seen) = self.places.municipalities.get(lent).and_then(|m| self.seen.get_mut(m.region)) {
            *seen = true;
        }
        if chance(rng, 0.8) {
            hospital::write(self, rng, &person, mind)?;
        }
        person.stays.clear();
        practice::write_registers(self, rng, &person)
    }

    fn write_health(&mut self, rng: &mut Rng, person: &Person, mind: mind::Mind) -> Result<(), MakeError> {
        self.seen.fill(false);
        if person.in_registers {
            hospital::write(self, rng, person, mind)?;
            practice::write(self, rng, person, mind)?;
        }
        practice::write_registers(self, rng, person)
    }

    fn municipal_node(&self, municipality: usize) -> usize {
        self.places.regions.len() + municipality
    }

    fn municipality_code(&self, municipality: usize) -> u16 {
        self.places.municipalities.get(municipality).map_or(0, |place| place.code)
    }

    fn region_of(&self, municipality: usize) -> Option<usize> {
        self.places.municipalities.get(municipality).map(|place| place.region)
    }

    fn region_on(&self, person: &Person, day: i32) -> Option<usize> {
        person.municipality_on(day).and_then(|place| self.region_of(place))
    }

    /// The person's practice on `day`: municipality code and a number of three digits; 0 for none.
    fn practice(&self, person: &Person, day: i32) -> u32 {
        let place = person.municipality_on(day).or(person.last_municipality());
        let Some(place) = place.and_then(|place| self.places.municipalities.get(place)) else {
            return 0;
        };
        let own = person.birth.unsigned_abs() % place.practices.clamp(1, 999);
        u32::from(place.code) * 1000 + own + 1
    }

    fn stranger(&self, rng: &mut Rng) -> Option<u16> {
        let n = i32::try_from(self.places.strangers.len()).unwrap_or(i32::MAX);
        let position = usize::try_from(between(rng, 0, n - 1)).unwrap_or(0);
        self.places.strangers.get(position).copied()
    }

    fn contact_id(&mut self) -> String {
        self.n_contacts += 1;
        format!("C{:010}", self.n_contacts)
    }

    fn seen(&mut self, region: usize) {
        if let Some(seen) = self.seen.get_mut(region) {
            *seen = true;
        }
    }

    fn was_seen(&self, region: usize) -> bool {
        self.seen.get(region).copied().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests;
