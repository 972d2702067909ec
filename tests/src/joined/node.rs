//! One node's rows, imported as the node would, and what it works out of them for a model.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use futures_util::TryStreamExt as _;
use jiff::civil::Date;
use tempfile::TempDir;
use tvaers_definitions::layout::{Grain, Layout};
use tvaers_definitions::model::Model;
use tvaers_protocol::id::Sector;
use tvaers_warehouse::data::{Salt, Warehouse};
use tvaers_warehouse::import::{Options, import};
use tvaers_warehouse::sql::{EventExtraction, EventRow, Extraction, Holding, PersonRow};

/// A node's data in a database of its own, which goes with it.
pub struct Node {
    /// Which of the two it is.
    pub sector: Sector,
    /// Its region or municipality code.
    pub code: u16,
    members: Vec<u16>,
    as_of: Date,
    warehouse: Warehouse,
    _folder: TempDir,
}

impl Node {
    /// Imports the folders of a federation, each named by its node, as extracted on `as_of`.
    ///
    /// # Errors
    /// Where a folder is not one of a node, or cannot be imported.
    pub async fn all(folders: &[PathBuf], as_of: Date) -> anyhow::Result<Vec<Self>> {
        let named = folders.iter().map(|folder| named(folder)).collect::<anyhow::Result<Vec<_>>>()?;
        let municipalities = named.iter().filter(|(sector, _)| *sector == Sector::Municipality);
        let members: Vec<u16> = municipalities.map(|(_, code)| *code).collect();
        let mut nodes = Vec::new();
        for (from, (sector, code)) in folders.iter().zip(named) {
            let folder = tempfile::tempdir()?;
            let salt = Salt::new([7; 32]);
            let options = Options { extracted_on: as_of, made_up: true, member: code, rejects: None, salt };
            let imported = import(from, sector, folder.path(), &options, &mut |_| ()).await?;
            let warehouse = Warehouse::open(&imported.file, 1).await?;
            nodes.push(Self { sector, code, members: members.clone(), as_of, warehouse, _folder: folder });
        }
        Ok(nodes)
    }

    /// What it contributes to a study of `model` at `grain`, one row a person, and what the columns stand for.
    ///
    /// # Errors
    /// Where its database cannot be read.
    pub async fn rows(&self, model: &Model, grain: Grain) -> anyhow::Result<(Layout, Vec<PersonRow>)> {
        let extraction = Extraction { model, holding: self.holding(), as_of: self.as_of, grain };
        let statement = extraction.statement(self.warehouse.dialect())?;
        let mut reading = self.warehouse.reading().await?;
        let rows = reading.rows(&statement).try_collect().await?;
        Ok((statement.layout().clone(), rows))
    }

    /// All its events in the model's touch groups, with their true times.
    ///
    /// # Errors
    /// Where its database cannot be read.
    pub async fn events(&self, model: &Model) -> anyhow::Result<Vec<EventRow>> {
        let (holding, as_of) = (self.holding(), self.as_of);
        let extraction = EventExtraction { model, holding, as_of, groups: u16::MAX };
        let Some(statement) = extraction.statement(self.warehouse.dialect())? else { return Ok(Vec::new()) };
        let mut reading = self.warehouse.reading().await?;
        Ok(reading.events(&statement).try_collect().await?)
    }

    fn holding(&self) -> Holding<'_> {
        match self.sector {
            Sector::Region => Holding::Region { members: &self.members },
            Sector::Municipality => Holding::Municipality { own: self.code },
        }
    }
}

/// Sector and code by a folder's name.
fn named(folder: &Path) -> anyhow::Result<(Sector, u16)> {
    let name = folder.file_name().and_then(|name| name.to_str()).context("a folder with a name")?;
    let (sector, code) = match name.strip_prefix("region_") {
        Some(code) => (Sector::Region, code),
        None => (Sector::Municipality, name.strip_prefix('k').context("a node's folder")?),
    };
    Ok((sector, code.parse()?))
}
