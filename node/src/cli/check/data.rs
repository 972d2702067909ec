//! Whether the rows are there: the newest import, or the source.

use tvaers_host::check::Report;
use tvaers_host::output::Output;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_warehouse::data::Warehouse;
use tvaers_warehouse::source::{Look, Source};
use tvaers_warehouse::sql::Dialect;

use crate::config::Config;
use crate::home::Home;
use crate::state::State;

pub(super) fn source(home: &Home, config: &Config) -> Result<Option<Source>, Problem> {
    config.open_source(home).map_err(|error| {
        Problem::from_error(Exit::BadInput, "source.url", &error)
            .at("[source]")
            .next("write the URL into the file on one line; see the comment in the configuration")
    })
}

/// Looks at the views of the source. Whether its content is still what was registered takes a pass over all rows, and
/// is asked when a study begins.
pub(super) async fn look_at_source(source: &Source, config: &Config, report: &mut Report, output: Output) {
    let subject = format!("source {}", source.place());
    let look = source.look(config.sector).await.map_err(|error| error.to_problem());
    let Some(Look { problems, writable }) = report.take(&subject, look) else { return };
    report.take_all("source's tables and columns", problems);
    // No problem: the node's transactions are read-only whatever the role may do.
    if writable.superuser {
        output.note("The role is a superuser at the source; one that may only SELECT is enough.");
    } else if !writable.tables.is_empty() {
        output.note(format_args!(
            "The role may write {} at the source; the right to SELECT is enough.",
            writable.tables.join(", ")
        ));
    }
}

pub(super) async fn data(
    home: &Home,
    config: &Config,
    source: Option<&Source>,
    state: &State,
    output: Output,
) -> Result<(), Problem> {
    let failed = |error: &(dyn std::error::Error + 'static)| {
        Problem::from_error(Exit::Failed, "data", error).next("import the data again")
    };
    let import = state.latest_import().await.map_err(|error| failed(&error))?;
    let import = import.ok_or_else(|| {
        Problem::new(Exit::Failed, "data.none", "nothing has been imported yet")
            .next("run `tvaers-node import FOLDER --extracted-on DATE`, or `import --source` for a source")
    })?;
    let path = home.dir().join(&import.file);
    let warehouse = Warehouse::open_with(&path, source, 1).await.map_err(|error| failed(&error))?;
    if source.is_some() && warehouse.dialect() == Dialect::Sqlite {
        output.note(
            "The newest import is of files, so the source is not used; `import --source` registers it.",
        );
    }
    let meta = warehouse.meta();
    let extracted_on = import.statement.extracted_on;
    if (meta.sector, meta.member, meta.made_up, meta.extracted_on)
        != (config.sector, config.code, config.made_up, extracted_on)
    {
        return Err(Problem::new(
            Exit::Failed,
            "data.other",
            "the database was imported for another node, or on other terms",
        )
        .at(&import.file)
        .expected(format_args!("{} {}, extracted on {extracted_on}", config.sector, config.code))
        .next("import the data again"));
    }
    Ok(())
}
