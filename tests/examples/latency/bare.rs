//! The node's own SQL, made as the node makes it and run over the node's own file, with nothing around it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures_util::TryStreamExt as _;
use jiff::civil::Date;
use serde_json::Value;
use tvaers_coordinator::answer::Answer;
use tvaers_definitions::feature::{Feature, Kind, Rule};
use tvaers_definitions::library::Library;
use tvaers_protocol::id::Sector;
use tvaers_tests::federation::Federation;
use tvaers_warehouse::data::Warehouse;
use tvaers_warehouse::sql::{CellExtraction, CellStatement, FeatureExtraction, Holding, Test};

use crate::question::Question;

/// More than any feature has.
const BEYOND: i64 = 100_000_000;

/// How far, in standard errors, an answer may be from the truth: one in 10^15 cells is further.
const ERRORS_MAX: f64 = 8.0;

/// Values by cell.
pub(crate) type Cells = BTreeMap<Vec<i64>, i64>;

/// A region's file, open.
pub(crate) struct Bare<'l> {
    library: &'l Library,
    path: PathBuf,
    warehouse: Warehouse,
    as_of: Date,
    resident: &'l Feature,
    kommune: &'l Feature,
}

/// The municipalities of the federation.
const MEMBERS: [u16; 2] = [360, 376];
const REGION: Holding<'static> = Holding::Region { members: &MEMBERS };

impl<'l> Bare<'l> {
    pub(crate) async fn open(federation: &Federation, library: &'l Library) -> anyhow::Result<Self> {
        let names = federation.names();
        let municipalities = federation.municipalities();
        let region = names.iter().find(|id| !municipalities.contains(id)).context("no region")?;
        let is_data = |name: &str| name.starts_with("data-") && name.ends_with(".sqlite");
        let files = std::fs::read_dir(federation.node_home(region).dir())?;
        let mut files = files.filter_map(Result::ok).map(|entry| entry.path());
        let path = files.find(|path| path.file_name().is_some_and(|name| is_data(&name.to_string_lossy())));
        let path = path.context("no data")?;
        let warehouse = Warehouse::open(&path, 1).await?;
        ensure!(warehouse.meta().sector == Sector::Region, "not a region's data");
        let by_rule = |is_it: fn(&Feature) -> bool| {
            let found = library.catalogue().features().iter().find(|feature| is_it(feature));
            found.map(|feature| &**feature).context("no such feature")
        };
        Ok(Self {
            library,
            path,
            warehouse,
            as_of: federation.as_of(),
            resident: by_rule(|feature| matches!(feature.rule, Rule::Resident(_)))?,
            kommune: by_rule(|feature| matches!(feature.rule, Rule::Kommune { .. }))?,
        })
    }

    /// How many patients the region has.
    pub(crate) fn persons(&self) -> u64 {
        self.warehouse.meta().persons
    }

    fn named(&self, name: &str) -> anyhow::Result<&'l Feature> {
        self.library.catalogue().feature(name).map(|feature| &**feature).context("no such feature")
    }

    /// The statement that the node runs for a question.
    pub(crate) fn statement(&self, question: &Question) -> anyhow::Result<CellStatement> {
        let kind = question.kind();
        let by: Vec<&Feature> = kind.by.iter().map(|name| self.named(name)).collect::<Result<_, _>>()?;
        let condition = self.named(kind.condition)?;
        let to = match condition.kind {
            Kind::Integer { to, .. } => to,
            _ => BEYOND,
        };
        let extraction = CellExtraction {
            sum: kind.sum.map(|name| self.named(name)).transpose()?,
            counted: false,
            bins: None,
            by: &by,
            conditions: &[(condition, Test::Range { from: question.from, to })],
            resident: self.resident,
            kommune: self.kommune,
            holding: REGION,
            as_of: self.as_of,
        };
        Ok(extraction.statement(self.warehouse.dialect())?)
    }

    /// Runs it over the open file.
    pub(crate) async fn run(&self, statement: &CellStatement) -> anyhow::Result<(Duration, Cells)> {
        let began = Instant::now();
        let cells = read(&self.warehouse, statement).await?;
        Ok((began.elapsed(), cells))
    }

    /// Runs it, opening the file for it.
    pub(crate) async fn run_anew(&self, statement: &CellStatement) -> anyhow::Result<Duration> {
        let began = Instant::now();
        let warehouse = Warehouse::open(&self.path, 1).await?;
        read(&warehouse, statement).await?;
        warehouse.close().await;
        Ok(began.elapsed())
    }

    /// Sex, age band and age of everyone whom the questions are about, by label.
    pub(crate) async fn persons_of(&self) -> anyhow::Result<Vec<[String; 3]>> {
        let features = [self.named("sex")?, self.named("age_band")?, self.named("age")?];
        let extraction = FeatureExtraction {
            features: &features,
            resident: self.resident,
            kommune: self.kommune,
            holding: REGION,
            as_of: self.as_of,
        };
        let statement = extraction.statement(self.warehouse.dialect())?;
        let mut reading = self.warehouse.reading().await?;
        let mut rows = reading.features(&statement);
        let mut persons = Vec::new();
        while let Some(row) = rows.try_next().await? {
            let labels = features.iter().zip(&row.values).map(|(feature, number)| label(feature, *number));
            let labels: Option<Vec<String>> = labels.collect();
            if let (true, Some(Ok(labels))) = (row.resident, labels.map(TryInto::try_into)) {
                persons.push(labels);
            }
        }
        Ok(persons)
    }

    /// Whether an answer is the truth with its noise, cell by cell.
    pub(crate) fn compare(&self, question: &Question, truth: &Cells, answer: &Answer) -> anyhow::Result<()> {
        let by: Vec<&Feature> =
            question.kind().by.iter().map(|name| self.named(name)).collect::<Result<_, _>>()?;
        let mut found = 0;
        for cell in &answer.cells {
            let key = by.iter().map(|feature| number(feature, cell.key.get(&feature.name)));
            let key: Vec<i64> = key.collect::<Option<_>>().context("a label that is none")?;
            let truth = truth.get(&key).inspect(|_| found += 1).copied().unwrap_or(0);
            let (value, error) = (cell.value.context("no value")?, cell.standard_error.context("no error")?);
            #[expect(clippy::cast_precision_loss, reason = "sums of this size are exact")]
            let is_near = (value.real() - truth as f64).abs() <= ERRORS_MAX * error;
            ensure!(is_near, "the answer {key:?} is not that of the bare SQL");
        }
        ensure!(found == truth.len() && found > 0, "the bare SQL has other cells than the answer");
        Ok(())
    }
}

async fn read(warehouse: &Warehouse, statement: &CellStatement) -> anyhow::Result<Cells> {
    let mut reading = warehouse.reading().await?;
    let rows = reading.cells(statement);
    Ok(rows.map_ok(|row| (row.key.clone(), row.expose())).try_collect().await?)
}

fn label(feature: &Feature, number: Option<i64>) -> Option<String> {
    match &feature.kind {
        Kind::Category(labels) => labels.get(usize::try_from(number?).ok()?).cloned(),
        _ => Some(number?.to_string()),
    }
}

fn number(feature: &Feature, label: Option<&Value>) -> Option<i64> {
    match (&feature.kind, label?) {
        (Kind::Category(labels), Value::String(label)) => {
            i64::try_from(labels.iter().position(|known| known == label)?).ok()
        }
        (_, Value::String(label)) => label.parse().ok(),
        (_, label) => label.as_i64(),
    }
}
