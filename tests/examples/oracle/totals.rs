//! Totals of a feature over all persons, as nodes' rows and events become it.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::civil::Date;
use tvaers_tests::joined;
use tvaers_tests::oracle::Federation;

/// Prints the total of the feature, and of how many it is known.
pub(crate) fn joined(
    federation: &Federation,
    folder: &Path,
    as_of: Date,
    feature: &str,
    mut out: impl Write,
) -> anyhow::Result<()> {
    let folders: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<_>>()?;
    let group = joined::GROUPS.into_iter().find(|(_, features)| features.contains(&feature));
    let model = joined::model(&[group.context("no such feature is put together")?])?;
    let position = model.components.iter().position(|component| component.name == feature);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let values = runtime.block_on(joined::values(&folders, as_of, &model))?;
    let counts = federation.readmission(as_of)?;
    let resident = |person| counts.get(person).is_some_and(|answer| answer.resident);
    let position = position.context("a component")?;
    let known = values.iter().filter(|(person, _)| resident(*person));
    let known: Vec<i64> = known.filter_map(|(_, values)| values.get(position).copied().flatten()).collect();
    writeln!(out, "{feature}: {} over {} persons", known.iter().sum::<i64>(), known.len())?;
    Ok(())
}
