//! A database with the canonical tables, rows put in by hand, and the answer by person and component.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use sea_query::{SelectStatement, SqliteQueryBuilder};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use tvaers_definitions::feature::{Feature, Kind};
use tvaers_definitions::model::{Coding, Combine, Component, Touch};
use tvaers_protocol::id::Sector;

use super::*;
use crate::table;

/// The municipality whose database it is, and the only member.
pub(super) const OWN: u16 = 360;

/// A region's members.
pub(super) const MEMBERS: &[u16] = &[OWN, 376];

/// A contact: its beginning, its end, and of which kind it is.
pub(super) type Contact<'a> = (&'a str, Option<&'a str>, Visit);

/// The kinds of contact that stays tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visit {
    Acute,
    Planned,
    /// At a distance, and acute: it is no part of a stay.
    Virtual,
}

pub(super) struct Database {
    connection: SqliteConnection,
    sector: Sector,
}

/// The nth made-up person.
pub(super) fn person(n: u16) -> String {
    format!("610101{n:04}")
}

impl Database {
    pub(super) async fn of(sector: Sector) -> Self {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        for table in table::tables(sector) {
            let statements = std::iter::once(table.create_sql()).chain(table.index_sql());
            for sql in statements {
                sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
            }
        }
        Self { connection, sector }
    }

    /// Persons 1 to n, born 1980, in the register of the sector.
    pub(super) async fn with_persons(sector: Sector, n: u16) -> Self {
        let mut database = Self::of(sector).await;
        for i in 1..=n {
            match sector {
                Sector::Region => database.patient(i, "1980-01-01", None, Some(OWN)).await,
                Sector::Municipality => database.person(i, "1980-01-01", None).await,
            }
        }
        database
    }

    async fn put(&mut self, sql: &'static str, values: &[Option<&str>]) {
        let query = values.iter().fold(sqlx::query(sql), |query, value| query.bind(value.map(str::to_owned)));
        query.execute(&mut self.connection).await.unwrap();
    }

    pub(super) async fn patient(&mut self, n: u16, birth: &str, death: Option<&str>, kommune: Option<u16>) {
        let kommune = kommune.map(|code| code.to_string());
        let sql =
            "INSERT INTO patients (person_id, birth_date, sex, death_date, kommune) VALUES (?, ?, 'F', ?, ?)";
        self.put(sql, &[Some(&person(n)), Some(birth), death, kommune.as_deref()]).await;
    }

    pub(super) async fn person(&mut self, n: u16, birth: &str, death: Option<&str>) {
        let sql = "INSERT INTO persons (person_id, birth_date, sex, citizenship, death_date, civil_status, \
                   preschool_children) VALUES (?, ?, 'F', 'DK', ?, 'gift', 0)";
        self.put(sql, &[Some(&person(n)), Some(birth), death]).await;
    }

    /// A person of whom it is known with whom she lives.
    pub(super) async fn inhabitant(&mut self, n: u16, birth: &str, death: Option<&str>, civil: &str) {
        let sql = "INSERT INTO persons (person_id, birth_date, sex, citizenship, death_date, civil_status, \
                   preschool_children) VALUES (?, ?, 'F', 'DK', ?, ?, 0)";
        self.put(sql, &[Some(&person(n)), Some(birth), death, Some(civil)]).await;
    }

    /// A person with everything that stands in the person's own row.
    pub(super) async fn citizen(
        &mut self,
        n: u16,
        citizenship: Option<&str>,
        civil: &str,
        children: &str,
        a_kasse: Option<&str>,
    ) {
        let sql = "INSERT INTO persons (person_id, birth_date, sex, citizenship, civil_status, preschool_children, \
                   a_kasse) VALUES (?, '1980-01-01', 'F', ?, ?, ?, ?)";
        self.put(sql, &[Some(&person(n)), citizenship, Some(civil), Some(children), a_kasse]).await;
    }

    pub(super) async fn residence(&mut self, n: u16, kommune: &str, from: &str, to: Option<&str>) {
        let sql = "INSERT INTO residence (person_id, kommune, from_date, to_date) VALUES (?, ?, ?, ?)";
        self.put(sql, &[Some(&person(n)), Some(kommune), Some(from), to]).await;
    }

    pub(super) async fn leave(&mut self, n: u16, first: &str, last: Option<&str>) {
        let sql = "INSERT INTO sick_leave (person_id, first_day, last_day) VALUES (?, ?, ?)";
        self.put(sql, &[Some(&person(n)), Some(first), last]).await;
    }

    pub(super) async fn benefit(&mut self, n: u16, year: &str, week: &str, code: &str) {
        let sql =
            "INSERT INTO benefits_weeks (person_id, iso_year, iso_week, dream_code) VALUES (?, ?, ?, ?)";
        self.put(sql, &[Some(&person(n)), Some(year), Some(week), Some(code)]).await;
    }

    /// A contact of its own number, of a type that is no physical one: all types count.
    pub(super) async fn hospital(&mut self, n: u16, start: &str, dx: Option<&str>, secondary: Option<&str>) {
        let sql = "INSERT INTO hospital_contacts (contact_id, person_id, hospital, start, contact_type, priority, \
                   sector, specialty_group, dx, dx_secondary) SELECT 'C' || COUNT(*), ?, 'NFS', ?, 'ALCA10', 'ATA3', \
                   'psykiatri', 'psykiatri', ?, ? FROM hospital_contacts";
        self.put(sql, &[Some(&person(n)), Some(start), dx, secondary]).await;
    }

    /// A contact that may be part of a stay. Its identifier is `id`, or follows those before it.
    pub(super) async fn contact(&mut self, n: u16, contact: Contact<'_>, id: Option<&str>) {
        self.contact_in(n, contact, id, ["somatik", "medicin"]).await;
    }

    /// The same of a sector and a group of specialties.
    pub(super) async fn contact_in(
        &mut self,
        n: u16,
        (start, end, visit): Contact<'_>,
        id: Option<&str>,
        [sector, group]: [&str; 2],
    ) {
        let sql = "INSERT INTO hospital_contacts (contact_id, person_id, hospital, start, \"end\", contact_type, \
                   priority, sector, specialty_group) SELECT coalesce(?, printf('C%04d', COUNT(*))), ?, 'NFS', ?, ?, \
                   ?, ?, ?, ? FROM hospital_contacts";
        let (form, priority) = match visit {
            Visit::Acute => ("ALCA00", "ATA1"),
            Visit::Planned => ("ALCA00", "ATA3"),
            Visit::Virtual => ("ALCA10", "ATA1"),
        };
        let values =
            [id, Some(&person(n)), Some(start), end, Some(form), Some(priority), Some(sector), Some(group)];
        self.put(sql, &values).await;
    }

    /// Contacts of persons 1, 2, …
    pub(super) async fn contacts<'a>(&mut self, of: impl IntoIterator<Item = &'a [Contact<'a>]>) {
        for (n, contacts) in (1..).zip(of) {
            for contact in contacts {
                self.contact(n, *contact, None).await;
            }
        }
    }

    /// A contact with a price, in øre.
    pub(super) async fn priced(&mut self, n: u16, start: &str, sector: &str, oere: Option<&str>) {
        let sql = "INSERT INTO hospital_contacts (contact_id, person_id, hospital, start, contact_type, priority, \
                   sector, specialty_group, drg_dkk) SELECT 'C' || COUNT(*), ?, 'NFS', ?, 'ALCA00', 'ATA3', ?, \
                   'medicin', ? FROM hospital_contacts";
        self.put(sql, &[Some(&person(n)), Some(start), Some(sector), oere]).await;
    }

    /// A somatic contact of the day, by its number, with a price in øre.
    pub(super) async fn paid(&mut self, n: u16, id: &str, start: &str, oere: Option<&str>) {
        let sql = "INSERT INTO hospital_contacts (contact_id, person_id, hospital, start, contact_type, priority, \
                   sector, specialty_group, drg_dkk) VALUES (?, ?, 'NFS', ?, 'ALCA10', 'ATA3', 'somatik', 'medicin', ?)";
        self.put(sql, &[Some(id), Some(&person(n)), Some(start), oere]).await;
    }

    pub(super) async fn service(&mut self, n: u16, law: &str, from: &str, to: Option<&str>, oere: &str) {
        let sql = "INSERT INTO social_services (person_id, law, from_date, to_date, cost_per_day_dkk) \
                   VALUES (?, ?, ?, ?, ?)";
        self.put(sql, &[Some(&person(n)), Some(law), Some(from), to, Some(oere)]).await;
    }

    /// One round of questions, of which only the first is answered, or none.
    pub(super) async fn survey(&mut self, n: u16, day: &str, round: &str, health: Option<&str>) {
        let sql = "INSERT INTO survey (person_id, survey_date, round, self_rated_health) VALUES (?, ?, ?, ?)";
        self.put(sql, &[Some(&person(n)), Some(day), Some(round), health]).await;
    }

    pub(super) async fn pointed_out(&mut self, n: u16, day: &str) {
        let sql = "INSERT INTO frontline_flags (person_id, flag_date) VALUES (?, ?)";
        self.put(sql, &[Some(&person(n)), Some(day)]).await;
    }

    pub(super) async fn visit(&mut self, n: u16, day: &str, speciale: &str, kontakt: &str) {
        let sql = "INSERT INTO gp_contacts (person_id, date, speciale, ydelse, kontakt, honorar_dkk) \
                   VALUES (?, ?, ?, '0101', ?, 100)";
        self.put(sql, &[Some(&person(n)), Some(day), Some(speciale), Some(kontakt)]).await;
    }

    pub(super) async fn medicine(&mut self, n: u16, day: &str, atc: &str) {
        let sql = "INSERT INTO prescriptions (person_id, date, atc, tilskud_dkk) VALUES (?, ?, ?, 100)";
        self.put(sql, &[Some(&person(n)), Some(day), Some(atc)]).await;
    }

    const fn holding(&self) -> Holding<'static> {
        match self.sector {
            Sector::Region => Holding::Region { members: MEMBERS },
            Sector::Municipality => Holding::Municipality { own: OWN },
        }
    }

    pub(super) async fn rows(&mut self, model: &Model, as_of: Date, grain: Grain) -> Vec<PersonRow> {
        let extraction = Extraction { model, holding: self.holding(), as_of, grain };
        let statement = extraction.statement(Dialect::Sqlite).unwrap();
        statement.rows(&mut self.connection).try_collect().await.unwrap()
    }

    /// The events of a model's groups, one bit each.
    pub(super) async fn events(&mut self, model: &Model, as_of: Date, groups: u16) -> Vec<EventRow> {
        let extraction = EventExtraction { model, holding: self.holding(), as_of, groups };
        match extraction.statement(Dialect::Sqlite).unwrap() {
            None => Vec::new(),
            Some(statement) => {
                statement.rows_at(At::Sqlite(&mut self.connection)).try_collect().await.unwrap()
            }
        }
    }

    /// What a select of one number gives.
    pub(super) async fn number(&mut self, select: SelectStatement) -> i64 {
        let (sql, values) = select.build(SqliteQueryBuilder);
        let query = sqlx::query_scalar_with(AssertSqlSafe(sql), SqlxValues(values));
        query.fetch_one(&mut self.connection).await.unwrap()
    }

    /// The embedded features of these names.
    pub(super) async fn features(&mut self, names: &[&str], as_of: Date) -> Features {
        self.features_of(&Library::embedded().unwrap(), names, as_of).await
    }

    pub(super) async fn features_of(&mut self, library: &Library, names: &[&str], as_of: Date) -> Features {
        let catalogue = library.catalogue();
        let feature = |name: &str| &**catalogue.feature(name).expect(name);
        let features: Vec<&Feature> = names.iter().map(|name| feature(name)).collect();
        let extraction = FeatureExtraction {
            features: &features,
            resident: feature("resident"),
            kommune: feature("kommune"),
            holding: self.holding(),
            as_of,
        };
        let statement = extraction.statement(Dialect::Sqlite).unwrap();
        let rows: Vec<FeatureRow> =
            statement.rows_at(At::Sqlite(&mut self.connection)).try_collect().await.unwrap();
        Features {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            rows: rows.into_iter().map(|row| (row.person.expose().to_owned(), row)).collect(),
        }
    }

    /// The cells of an aggregate query over embedded features.
    pub(super) async fn cells(
        &mut self,
        sum: Option<&str>,
        by: &[&str],
        conditions: &[(&str, Test)],
    ) -> BTreeMap<Vec<i64>, i64> {
        let library = Library::embedded().unwrap();
        let sum = sum.map(|name| &**library.catalogue().feature(name).expect(name));
        let Ok(cells) = self.cells_of(sum, by, conditions).await else {
            panic!("the database does not answer")
        };
        cells
    }

    pub(super) async fn cells_of(
        &mut self,
        sum: Option<&Feature>,
        by: &[&str],
        conditions: &[(&str, Test)],
    ) -> Result<BTreeMap<Vec<i64>, i64>, FetchError> {
        let cells = self.counted_cells_of(sum, None, by, conditions).await?;
        Ok(cells.into_iter().map(|(key, (value, _))| (key, value)).collect())
    }

    /// The cells, by bins of a number too, and how many have the number that is added up.
    pub(super) async fn counted_cells_of(
        &mut self,
        sum: Option<&Feature>,
        bins: Option<(&str, &[(i64, i64)])>,
        by: &[&str],
        conditions: &[(&str, Test)],
    ) -> Result<BTreeMap<Vec<i64>, (i64, i64)>, FetchError> {
        let library = Library::embedded().unwrap();
        let feature = |name: &str| &**library.catalogue().feature(name).expect(name);
        let extraction = CellExtraction {
            sum,
            counted: true,
            bins: bins.map(|(name, ranges)| Bins { feature: feature(name), ranges }),
            by: &by.iter().map(|name| feature(name)).collect::<Vec<_>>(),
            conditions: &conditions
                .iter()
                .map(|(name, test)| (feature(name), test.clone()))
                .collect::<Vec<_>>(),
            resident: feature("resident"),
            kommune: feature("kommune"),
            holding: self.holding(),
            as_of: AS_OF,
        };
        let statement = extraction.statement(Dialect::Sqlite).unwrap();
        let cells: Vec<CellRow> = statement.rows_at(At::Sqlite(&mut self.connection)).try_collect().await?;
        let n_cells = cells.len();
        let exact = |cell: &CellRow| (cell.expose(), cell.expose_persons());
        let cells: BTreeMap<_, _> = cells.iter().map(|cell| (cell.key.clone(), exact(cell))).collect();
        assert_eq!(cells.len(), n_cells, "a cell has two rows");
        Ok(cells)
    }

    /// What the statement for SAD gives.
    pub(super) async fn answer(&mut self, as_of: Date, grain: Grain) -> Answer {
        let library = Library::embedded().unwrap();
        self.answer_to(library.model("sad").unwrap(), as_of, grain).await
    }

    pub(super) async fn answer_to(&mut self, model: &Model, as_of: Date, grain: Grain) -> Answer {
        let rows = self.rows(model, as_of, grain).await;
        let layout = model.layout(self.sector, grain);
        let names = |indices: &[usize]| indices.iter().map(|i| model.components[*i].name.clone()).collect();
        Answer {
            values: names(&layout.components),
            recencies: names(&layout.recencies),
            touches: model.touches.iter().map(|touch| touch.group.clone()).collect(),
            rows: rows.into_iter().map(|row| (row.person.expose().to_owned(), row)).collect(),
        }
    }
}

/// A model whose components are embedded features, in touch groups that tell at points and counts.
pub(super) fn model_of(groups: &[(&str, Combine, &[&str])]) -> Model {
    let library = Library::embedded().unwrap();
    let mut model = library.model("somv").unwrap().clone();
    let touch = model.touches[0].clone();
    model.population.kommuner.clear();
    (model.touches, model.components, model.criteria) = (Vec::new(), Vec::new(), Vec::new());
    for (number, (group, combine, features)) in groups.iter().enumerate() {
        for name in *features {
            let feature = Arc::clone(library.catalogue().feature(name).expect(name));
            let Kind::Integer { from, to, missing } = feature.kind else { panic!("{name} is no number") };
            let coding = if missing { Coding::Optional { from } } else { Coding::Plain };
            model.components.push(Component {
                name: (*name).to_owned(),
                is: Vec::new(),
                coding,
                sector: feature.holder.sector(),
                value_min: if missing { 0 } else { coding.coded(from) },
                value_max: coding.coded(to),
                combine: *combine,
                touch: Some(number),
                bands: Vec::new(),
                feature,
            });
        }
        let sector = model.components.last().unwrap().sector;
        model.touches.push(Touch { group: (*group).to_owned(), sector, has_events: true, ..touch.clone() });
    }
    model
}

/// Features by person, with their names.
pub(super) struct Features {
    names: Vec<String>,
    rows: BTreeMap<String, FeatureRow>,
}

impl Features {
    pub(super) fn holds(&self, n: u16) -> bool {
        self.rows.contains_key(&person(n))
    }

    pub(super) fn row(&self, n: u16) -> &FeatureRow {
        self.rows.get(&person(n)).unwrap_or_else(|| panic!("person {n} is not there"))
    }

    pub(super) fn value(&self, n: u16, feature: &str) -> Option<i64> {
        let index = self.names.iter().position(|name| name == feature).expect(feature);
        self.row(n).values[index]
    }

    /// A feature's value for persons 1 to n.
    pub(super) fn column(&self, n: u16, feature: &str) -> Vec<Option<i64>> {
        (1..=n).map(|i| self.value(i, feature)).collect()
    }
}

/// The rows of a statement, by person, with the names of what they hold.
pub(super) struct Answer {
    values: Vec<String>,
    recencies: Vec<String>,
    touches: Vec<String>,
    rows: BTreeMap<String, PersonRow>,
}

impl Answer {
    pub(super) fn holds(&self, n: u16) -> bool {
        self.rows.contains_key(&person(n))
    }

    pub(super) fn row(&self, n: u16) -> &PersonRow {
        self.rows.get(&person(n)).unwrap_or_else(|| panic!("person {n} is not contributed"))
    }

    pub(super) fn value(&self, n: u16, component: &str) -> u32 {
        let index = self.values.iter().position(|name| name == component).expect(component);
        self.row(n).values[index]
    }

    pub(super) fn recency(&self, n: u16, component: &str) -> u16 {
        let index = self.recencies.iter().position(|name| name == component).expect(component);
        self.row(n).recencies[index]
    }

    pub(super) fn touched(&self, n: u16, group: &str) -> bool {
        let bit = self.touches.iter().position(|name| name == group).expect(group);
        self.row(n).touches >> bit & 1 == 1
    }

    /// A component's value for persons 1 to n.
    pub(super) fn column(&self, n: u16, component: &str) -> Vec<u32> {
        (1..=n).map(|i| self.value(i, component)).collect()
    }
}
