//! Registers the present content of a source: what an import is for files.

use std::path::Path;

use jiff::civil::Date;
use tvaers_protocol::id::Sector;

use super::{Moment, Source, SourceError, content, view};
use crate::data::{Meta, Salt, TableCount};
use crate::import::{Imported, check_member, keep_registration};

/// What a registration is told beside the source.
#[derive(Clone, Copy, Debug)]
pub struct Registration {
    /// The sector whose tables the source has.
    pub sector: Sector,
    /// The code of the municipality (100–999) or region (1000–9999) whose data it is.
    pub member: u16,
    /// The day on which the content was taken from its source systems.
    pub extracted_on: Date,
    /// Whether it is for made-up persons: then every number must have its day raised by 60.
    pub made_up: bool,
    /// Random bytes of this registration, under which its digest is made.
    pub salt: Salt,
}

impl Source {
    /// Checks the present content, works out its digest, and keeps what is known of it as a file in `out_dir`, all of
    /// it or nothing. All is seen at one moment. `told` hears which table is at work.
    ///
    /// # Errors
    /// [`SourceError`]: [`Views`](SourceError::Views) and [`Content`](SourceError::Content) say everything that is
    /// wrong at once.
    pub async fn register(
        &self,
        registration: &Registration,
        out_dir: &Path,
        told: &mut (dyn FnMut(&'static str) + Send),
    ) -> Result<Imported, SourceError> {
        check_member(registration.sector, registration.member)?;
        let mut moment = self.moment().await?;
        let meta = describe(&mut moment, registration, told).await;
        moment.end().await;
        let meta = meta?;
        let file = keep_registration(out_dir, &meta).await?;
        Ok(Imported { file, meta, unterminated: Vec::new() })
    }
}

async fn describe(
    moment: &mut Moment,
    registration: &Registration,
    told: &mut (dyn FnMut(&'static str) + Send),
) -> Result<Meta, SourceError> {
    let Registration { sector, member, extracted_on, made_up, salt } = *registration;
    let place = moment.place().to_owned();
    let problems = view::look(moment, sector).await?.problems;
    if !problems.is_empty() {
        return Err(SourceError::Views { place, problems });
    }
    let (persons, counts) = content::check(moment, sector, made_up, told).await?;
    if !counts.is_empty() {
        return Err(SourceError::Content { place, counts });
    }
    // Only what was checked has a canonical form.
    let content = moment.content(sector).await?;
    let count = |(name, rows, _): &(&'static str, u64, String)| TableCount {
        name,
        rows: *rows,
        duplicates: 0,
        rejected: 0,
    };
    Ok(Meta {
        digest: salt.name(content.digest(member, extracted_on, made_up)),
        salt,
        sector,
        member,
        extracted_on,
        made_up,
        persons: persons.all,
        made_up_persons: persons.made_up,
        tables: content.tables.iter().map(count).collect(),
    })
}
