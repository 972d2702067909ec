//! What the coordinator hands back, until the work list is made of it.

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite};
use tvaers_protocol::id::Sector;
use tvaers_protocol::record::{HandBack, Missing};
use tvaers_protocol::study::Disclosure;

use crate::state::WorklistRow;
use crate::study::Study;
use crate::work::{ROWS_A_STATEMENT, Work, WorkError, bytes_of, numbers};

/// As [`Missing`] stands in the file.
const REGION: u8 = 1;
const MUNICIPALITY: u8 = 2;

impl Work {
    /// Forgets what a hand-back that broke off has left.
    pub(crate) async fn begin_hand_back(&self) -> Result<(), WorkError> {
        sqlx::query("DELETE FROM hand_back").execute(&self.pool).await?;
        Ok(())
    }

    /// Keeps the records of one frame.
    pub(crate) async fn store_hand_backs(&self, records: &[HandBack]) -> Result<(), WorkError> {
        let mut write = self.write().await?;
        for chunk in records.chunks(ROWS_A_STATEMENT) {
            let mut insert = QueryBuilder::<Sqlite>::new(
                "INSERT INTO hand_back (pseudonym, included, missing, fell_back, stratum, total, items) ",
            );
            insert.push_values(chunk, |mut values, record| {
                let Missing { region, municipality } = record.missing;
                let missing = if region { REGION } else { 0 } | if municipality { MUNICIPALITY } else { 0 };
                values
                    .push_bind(record.pseudonym.as_bytes().as_slice())
                    .push_bind(record.included)
                    .push_bind(missing)
                    .push_bind(record.fell_back)
                    .push_bind(record.stratum)
                    .push_bind(record.total)
                    .push_bind(bytes_of(&record.items));
            });
            insert.build().persistent(false).execute(&mut *write).await?;
        }
        Ok(write.commit().await?)
    }

    /// How many were handed back that this node did not contribute as its residents in the population, or of whom it was
    /// told that they object: none, unless someone lies.
    pub(crate) async fn strangers_handed_back(&self) -> Result<i64, WorkError> {
        let row = sqlx::query(
            "SELECT COUNT(*) FROM hand_back AS h
             LEFT JOIN pseudonym AS p ON p.pseudonym = h.pseudonym
             LEFT JOIN component AS c ON c.row = p.row
             WHERE c.resident IS NOT 1 OR c.eligible IS NOT 1
                OR h.pseudonym IN (SELECT pseudonym FROM objection)",
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(row.try_get(0)?)
    }

    /// The work list: hand-backs with their persons' numbers.
    pub(crate) async fn worklist(&self, study: &Study) -> Result<Vec<WorklistRow>, WorkError> {
        let rows = sqlx::query(
            "SELECT c.person_id, h.included, h.missing, h.fell_back, h.stratum, h.total, h.items
             FROM hand_back AS h JOIN pseudonym AS p ON p.pseudonym = h.pseudonym
             JOIN component AS c ON c.row = p.row",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| worklist_row(row, study)).collect()
    }
}

fn worklist_row(row: &SqliteRow, study: &Study) -> Result<WorklistRow, WorkError> {
    let model = &study.model;
    // What is not disclosed comes as zero and is shown as nothing.
    let shown = |least| study.manifest.disclosure >= least;
    let stratum = match model.strata.get(usize::from(row.try_get::<u8, _>("stratum")?)) {
        Some(stratum) if shown(Disclosure::Stratum) => stratum.name.clone(),
        // A model may have none, and then every record says 0.
        _ => String::new(),
    };
    let missing: u8 = row.try_get("missing")?;
    let sectors = [(REGION, Sector::Region), (MUNICIPALITY, Sector::Municipality)];
    let missing = sectors.into_iter().filter(|(bit, _)| missing & bit != 0);
    let fell_back: u16 = row.try_get("fell_back")?;
    let groups = model.touches.iter().enumerate().filter(|(group, _)| fell_back >> group & 1 == 1);
    Ok(WorklistRow {
        person_id: row.try_get("person_id")?,
        total: if shown(Disclosure::Total) { Some(row.try_get("total")?) } else { None },
        stratum,
        included: row.try_get("included")?,
        missing: missing.map(|(_, sector)| sector).collect(),
        fell_back: groups.map(|(_, touch)| touch.group.clone()).collect(),
        items: if shown(Disclosure::Items) { numbers(row.try_get("items")?, "items")? } else { Vec::new() },
    })
}
