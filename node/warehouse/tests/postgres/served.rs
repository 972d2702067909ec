//! A sample's rows at a server, and the source that reads them.

use jiff::civil::{Date, date};
use tempfile::TempDir;
use tvaers_protocol::id::Sector;
use tvaers_warehouse::data::{Salt, Warehouse};
use tvaers_warehouse::import::Imported;
use tvaers_warehouse::source::{Registration, Source, SourceError};
use tvaers_warehouse::table::tables;

use super::offer::{SCHEMA, Types, offer};
use super::sample::Sample;
use super::server::Database;

/// The day on which all samples were taken.
pub(crate) const EXTRACTED_ON: Date = date(2027, 12, 31);

/// A server's database with the tables of a sector.
pub(crate) struct Served {
    pub(crate) database: Database,
    pub(crate) url: String,
    pub(crate) source: Source,
    pub(crate) sector: Sector,
    /// Where registrations and imports are kept.
    pub(crate) home: TempDir,
}

impl Served {
    pub(crate) async fn of(sample: &Sample, types: Types) -> Self {
        let mut database = Database::new().await;
        let url = offer(&mut database, sample.sector, types, |table| sample.csv(table)).await;
        // No key stands twice in a sample, and tests may want one to.
        for table in tables(sample.sector) {
            let view = "CREATE OR REPLACE VIEW SCHEMA.\"TABLE\" AS SELECT * FROM stored.\"TABLE\"";
            database.run(view.replace("SCHEMA", SCHEMA).replace("TABLE", table.name)).await;
        }
        let Ok(source) = Source::parse(&url, Some(SCHEMA)) else { panic!("the URL is refused") };
        Self { database, url, source, sector: sample.sector, home: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn registration(&self) -> Registration {
        let member = if self.sector == Sector::Region { 1085 } else { 360 };
        Registration {
            sector: self.sector,
            member,
            extracted_on: EXTRACTED_ON,
            made_up: true,
            salt: Salt::new([7; 32]),
        }
    }

    pub(crate) async fn register(&self) -> Result<Imported, SourceError> {
        self.source.register(&self.registration(), self.home.path(), &mut |_| {}).await
    }

    /// Registers the source and opens what was registered.
    pub(crate) async fn open(&self) -> Warehouse {
        let imported = self.register().await.unwrap_or_else(|error| panic!("{}", told(error)));
        Warehouse::open_with(&imported.file, Some(&self.source), 1).await.unwrap()
    }

    /// Runs statements as the institution.
    pub(crate) async fn run(&mut self, sql: impl Into<String>) {
        self.database.run(sql).await;
    }
}

/// All that is told of an error.
pub(crate) fn told(error: SourceError) -> String {
    format!("{error} {error:?} {:?}", error.to_problem())
}
