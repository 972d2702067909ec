//! Which indicators a run asks: those that the programs carry, by name, and files of one's own, which are put into every
//! party's folder, so that a new indicator needs a file and nothing else.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use tvaers_definitions::indicator::Indicator;
use tvaers_definitions::library::{INDICATORS, Library};
use tvaers_definitions::nearest::nearest;
use tvaers_definitions::source::Source;
use tvaers_host::output::Output;
use tvaers_host::private;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_query::Decimal;
use tvaers_query::query::Party;

use crate::provision::{DataFolder, Federation};

/// What is asked: which indicators, and on which dates.
pub(crate) struct Indicators {
    names: Vec<String>,
    /// Files of one's own, by the names that their indicators have.
    own: Vec<(String, String)>,
    library: Library,
    as_of: Date,
    series: Vec<Date>,
    rho: Option<Decimal>,
}

/// One question: an indicator on a date.
pub(crate) struct Question<'a> {
    /// The indicator.
    pub(crate) indicator: &'a Indicator,
    /// The reference date.
    pub(crate) as_of: Date,
    /// What it may cost at each node, in thousand-millionths of rho.
    pub(crate) nano_rho: u64,
    /// Which files of results are this one's.
    pub(crate) files: Vec<String>,
}

impl Indicators {
    /// Looks the names up and reads the files. It takes no more than the names of the data's folders: what is wrong is
    /// told of before anything is made.
    ///
    /// # Errors
    /// [`Problem`] at the first that is wrong.
    pub(crate) fn read(
        wanted: &[String],
        dates: (Date, &[Date]),
        rho: Option<Decimal>,
        folders: &[DataFolder],
        output: Output,
    ) -> Result<Self, Problem> {
        let mut files = Vec::new();
        for name in wanted.iter().filter(|name| is_file(name)) {
            files.push((name.clone(), text(name)?));
        }
        let sources: Vec<Source<'_>> = files.iter().map(|(file, text)| Source { file, text }).collect();
        let library = Library::embedded_and(&sources).map_err(|error| error.problem_of_file())?;
        let mut of_files = library.indicators().iter().skip(INDICATORS.len()).map(|own| own.name.clone());
        let mut names: Vec<String> = Vec::new();
        for name in wanted {
            let name = if is_file(name) { of_files.next().unwrap_or_default() } else { name.clone() };
            if library.indicator(&name).is_none() {
                return Err(unknown(&name, &library));
            }
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let own = library.indicators().iter().skip(INDICATORS.len()).zip(files);
        let own = own.map(|(indicator, (_, text))| (indicator.name.clone(), text)).collect();
        let (as_of, series) = (dates.0, dates.1.to_vec());
        let read = Self { names, own, library, as_of, series, rho };
        read.check(folders, output)?;
        Ok(read)
    }

    /// Whether the queries of those that are answered by queries can be asked.
    fn check(&self, folders: &[DataFolder], output: Output) -> Result<(), Problem> {
        let party =
            |folder: &DataFolder| Party { id: folder.id.clone(), sector: folder.sector, code: folder.code };
        let parties: Vec<Party> = folders.iter().map(party).collect();
        for Question { indicator, as_of, nano_rho, .. } in self.questions() {
            let catalogue = self.library.catalogue();
            let queries = tvaers_query::indicator::queries(indicator, as_of, nano_rho, catalogue, &parties);
            queries.map_err(|faults| {
                faults.iter().skip(1).for_each(|fault| output.note(fault.problem()));
                let unreadable = || Problem::new(Exit::BadInput, "indicator.query", "it cannot be read");
                faults.first().map_or_else(unreadable, |fault| fault.problem())
            })?;
        }
        Ok(())
    }

    /// Everything that is asked, in order. A date that is asked for twice is asked once.
    pub(crate) fn questions(&self) -> impl Iterator<Item = Question<'_>> {
        let indicators = self.names.iter().filter_map(|name| self.library.indicator(name));
        indicators.flat_map(move |indicator| {
            let mut dates = vec![self.as_of];
            for date in &self.series {
                if !dates.contains(date) {
                    dates.push(*date);
                }
            }
            let question = move |as_of: Date| {
                let plain = (as_of == self.as_of).then(|| indicator.name.clone());
                let of_series = self.series.contains(&as_of).then(|| format!("{}-{as_of}", indicator.name));
                let nano_rho = self.rho.map_or(indicator.nano_rho, Decimal::nano);
                Question { indicator, as_of, nano_rho, files: plain.into_iter().chain(of_series).collect() }
            };
            dates.into_iter().map(question)
        })
    }

    /// Puts the files of one's own into every party's folder, in place of those of an earlier run.
    ///
    /// # Errors
    /// [`Problem`] where a folder cannot be written.
    pub(crate) fn put(&self, federation: &Federation) -> Result<(), Problem> {
        let nodes = federation.folders.iter().map(|folder| federation.node_home(&folder.id).indicators());
        for folder in nodes.chain([federation.coordinator_home().indicators()]) {
            put(&folder, &self.own)?;
        }
        Ok(())
    }
}

fn put(folder: &Path, files: &[(String, String)]) -> Result<(), Problem> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Problem::new(Exit::Failed, "indicators.remove", error).at(folder.display()));
        }
        _ => {}
    }
    if files.is_empty() {
        return Ok(());
    }
    let failed =
        |error: private::PrivateFileError| Problem::from_error(Exit::Failed, "indicators.write", &error);
    private::create_dir(folder).map_err(failed)?;
    for (name, text) in files {
        private::replace(&folder.join(format!("{name}.toml")), text.as_bytes()).map_err(failed)?;
    }
    Ok(())
}

/// Names of indicators have neither dots nor slashes.
fn is_file(name: &str) -> bool {
    name.contains(['.', '/'])
}

fn text(file: &str) -> Result<String, Problem> {
    std::fs::read_to_string(PathBuf::from(file)).map_err(|error| {
        Problem::new(Exit::BadInput, "indicator.file", error)
            .at(file)
            .expected("an indicator's file, or the name of one that there is")
            .next("check the path")
    })
}

fn unknown(name: &str, library: &Library) -> Problem {
    let known: Vec<&str> = library.indicators().iter().map(|indicator| indicator.name.as_str()).collect();
    Problem::new(Exit::BadInput, "run.indicator", format_args!("there is no indicator `{name}`"))
        .at("--indicator")
        .expected(format_args!("a file, or one of: {}", known.join(", ")))
        .next(match nearest(name, known) {
            Some(meant) => {
                format!("did you mean `{meant}`? a file of your own is given by its path: ./{name}.toml")
            }
            None => {
                "correct the name, or give the path of a file of your own, such as ./mine.toml".to_owned()
            }
        })
}
