//! The node's folder, opened to say whom its uses of data concern, and the rows that decide it. Nothing is written.

use std::ops::ControlFlow;
use std::rc::Rc;

use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use tvaers_definitions::feature::{Feature, Rule};
use tvaers_definitions::library::Library;
use tvaers_host::{permission, roster};
use tvaers_policy::permit::Permit;
use tvaers_protocol::id::{PersonId, Sector};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::VerifiedRoster;
use tvaers_protocol::study::utc_date;
use tvaers_warehouse::data::{Reading, Warehouse};
use tvaers_warehouse::sql::{FeatureExtraction, Holding};

use super::among::{About, Day, Person};
use super::kept::Kept;
use super::lists::Lists;
use super::objectors::Objectors;
use super::uses::Use;
use crate::app;
use crate::config::Config;
use crate::home::Home;
use crate::library::library;
use crate::state::{ImportRecord, State};

/// All codes that a municipality can have: for the question whether a region has a person at all.
const KOMMUNER: std::ops::RangeInclusive<u16> = 100..=999;

/// What the work is done with.
pub(crate) struct Ground {
    pub(crate) config: Config,
    pub(crate) state: State,
    pub(crate) library: Library,
    /// The roster that the node follows, whether or not it still holds: what was done was done under it.
    pub(crate) roster: Option<VerifiedRoster>,
    pub(crate) import: ImportRecord,
    pub(crate) warehouse: Warehouse,
    pub(crate) lists: Lists,
    pub(crate) objectors: Objectors,
}

/// A person whom the data have, as they were on a day.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) age: Option<i64>,
    pub(crate) kommune: Option<i64>,
}

impl Ground {
    /// Opens a node's folder.
    ///
    /// # Errors
    /// [`Problem`] at the first thing that is not as it should be.
    pub(crate) async fn open(home: &Home) -> Result<Self, Problem> {
        // A database that another user opens gets side files that the service cannot use.
        let wrong = permission::look(home.dir()).into_iter().map(|(_, problem)| problem);
        if let Some(problem) = wrong.into_iter().find(|problem| problem.code != "home.mode") {
            return Err(problem);
        }
        let (config, library) = (app::config(home)?, library(home)?);
        let roster = roster::present(&home.roster())?;
        let lists = Lists::read(home, &library)?;
        let nothing = || {
            Problem::new(Exit::BadInput, "data.none", "nothing has been imported yet")
                .at(home.dir().display())
                .expected("the folder of a node that has imported data")
                .next("name it with --home")
        };
        if !home.state().exists() {
            return Err(nothing());
        }
        let state = State::look(&home.state()).await.map_err(|error| {
            Problem::from_error(Exit::Failed, "state", &error)
                .at(home.state().display())
                .next("use the version of the service; after an update, run `tvaers-node check` first")
        })?;
        let import = state.latest_import().await;
        let import = import.map_err(|error| Problem::from_error(Exit::Failed, "state", &error))?;
        let import = import.ok_or_else(nothing)?;
        let objectors = Objectors::read(&state).await;
        let objectors = objectors.map_err(|error| Problem::from_error(Exit::Failed, "state", &error))?;
        let warehouse = warehouse(home, &config, &import).await?;
        Ok(Self { config, state, library, roster, import, warehouse, lists, objectors })
    }

    /// Closes what was opened.
    pub(crate) async fn close(self) {
        self.warehouse.close().await;
        self.state.close().await;
    }

    /// The member municipalities at a moment. A municipality's own answers do not depend on them.
    fn members(&self, at: Timestamp) -> Rc<[u16]> {
        match (&self.roster, self.config.sector) {
            (Some(roster), Sector::Region) => roster.kommune_codes(utc_date(at)).into(),
            // Without a roster nobody knows who was a member.
            (None, Sector::Region) => KOMMUNER.collect(),
            (_, Sector::Municipality) => Rc::from([self.config.code]),
        }
    }

    /// Whom a use is about, with its permit as far as that is known.
    pub(crate) fn about(&self, kept: &mut Kept<'_>, one: &Use) -> (About, Option<Permit>) {
        let (policy, permit) = kept.of(one);
        let begun = self.objectors.begun(one.begun);
        let lists = begun.map(|begun| self.lists.same_at(begun, policy.as_deref())).unwrap_or_default();
        let objections = self.objectors.before(begun);
        let population = permit.as_ref().map(|permit| permit.population.clone());
        (About::of(one, population, self.members(one.at), lists, objections), permit)
    }

    /// What decides about a person.
    pub(crate) fn person(&self, about: &About, id: &PersonId, seen: Seen) -> Person {
        Person {
            age: seen.age,
            kommune: seen.kommune,
            is_replacement: id.is_made_up() && !self.warehouse.meta().made_up,
            was_left_out: self.lists.any_holds(&about.lists, id)
                || self.objectors.any_holds(about.objections, id),
            is_left_out: self.lists.hold(id) || self.objectors.of(id).is_some(),
        }
    }

    /// A person as on a day. None where nothing of the person was read on that day.
    pub(crate) async fn find(
        &self,
        reading: &mut Reading,
        id: &PersonId,
        day: &Day,
    ) -> Result<Option<Seen>, Problem> {
        let mut found = None;
        self.walk(reading, day, |person, seen| {
            if person == id {
                found = Some(seen);
            }
            // They come in order.
            if person >= id { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .await?;
        Ok(found)
    }

    /// The day of the data, and everyone in them.
    pub(crate) fn now(&self) -> Day {
        Day { as_of: None, members: KOMMUNER.collect() }
    }

    /// Everyone whom the node answers for, as on a day, in order; the day of the data where none is named.
    pub(crate) async fn walk(
        &self,
        reading: &mut Reading,
        day: &Day,
        mut each: impl FnMut(&PersonId, Seen) -> ControlFlow<()>,
    ) -> Result<(), Problem> {
        let failed = |error: &(dyn std::error::Error + 'static)| {
            Problem::from_error(Exit::Failed, "data", error)
                .at(&self.import.file)
                .next("run `tvaers-node check`; import the data again if it says so")
        };
        let find = |is_it: fn(&Feature) -> bool| {
            let mut features = self.library.catalogue().features().iter().map(AsRef::as_ref);
            features.find(|feature: &&Feature| is_it(feature)).ok_or_else(|| {
                Problem::new(Exit::Failed, "catalogue", "the catalogue does not say who is meant by a permit")
            })
        };
        let resident = find(|feature| {
            matches!(&feature.rule, Rule::Resident(residence) if !residence.died) && feature.earlier.is_none()
        })?;
        let kommune = find(|feature| matches!(feature.rule, Rule::Kommune { .. }))?;
        let age = find(|feature| feature.name == "age")?;
        let extraction = FeatureExtraction {
            features: &[age, kommune],
            resident,
            kommune,
            holding: match self.config.sector {
                Sector::Region => Holding::Region { members: &day.members },
                Sector::Municipality => Holding::Municipality { own: self.config.code },
            },
            as_of: day.as_of.unwrap_or(self.import.statement.extracted_on),
        };
        let statement = extraction.statement(self.warehouse.dialect()).map_err(|error| failed(&error))?;
        let mut rows = reading.features(&statement);
        while let Some(row) = rows.try_next().await.map_err(|error| failed(&error))? {
            let value = |place: usize| row.values.get(place).copied().flatten();
            let seen = Seen { age: value(0), kommune: value(1) };
            if each(&row.person, seen).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Begins to read: all is of one moment.
    pub(crate) async fn reading(&self) -> Result<Reading, Problem> {
        self.warehouse.reading().await.map_err(|error| {
            Problem::from_error(Exit::Failed, "data", &error)
                .at(&self.import.file)
                .next("where the source has changed, register it again with `tvaers-node import --source`")
        })
    }
}

/// The newest data, if they are this node's.
async fn warehouse(home: &Home, config: &Config, import: &ImportRecord) -> Result<Warehouse, Problem> {
    let source = config.open_source(home).map_err(|error| {
        Problem::from_error(Exit::BadInput, "source.url", &error).at("[source]").next("mend it as it says")
    })?;
    let path = home.dir().join(&import.file);
    let warehouse = Warehouse::open_with(&path, source.as_ref(), 1).await.map_err(|error| {
        Problem::from_error(Exit::Failed, "data", &error).at(path.display()).next("import the data again")
    })?;
    let meta = warehouse.meta();
    if (meta.made_up, meta.sector, meta.member) == (config.made_up, config.sector, config.code) {
        return Ok(warehouse);
    }
    Err(Problem::new(
        Exit::Failed,
        "data.other",
        "the data were imported for another node, or on other terms",
    )
    .at(&import.file)
    .expected(format_args!("data of {} {}", config.sector, config.code))
    .next("import the data again"))
}
