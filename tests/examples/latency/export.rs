//! What a comparison with another tool starts from: the same persons, and how long we took for the same questions.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::bare::Bare;
use crate::median;

/// Writes `persons.sqlite` and `ours.json` into a folder. Persons are numbered, with sex, age band and age as our
/// features have them, so that the other tool need not work them out.
pub(crate) async fn export(out: &Path, bare: &Bare<'_>, times: Vec<Duration>) -> anyhow::Result<()> {
    std::fs::create_dir_all(out)?;
    let path = out.join("persons.sqlite");
    if path.exists() {
        std::fs::remove_file(&path)?;
    }
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let table = "CREATE TABLE persons (pid INTEGER PRIMARY KEY, sex TEXT, age_band TEXT, age INTEGER)";
    sqlx::query(table).execute(&mut connection).await?;
    let mut transaction = connection.begin().await?;
    for (pid, [sex, band, age]) in (1_i64..).zip(bare.persons_of().await?) {
        let insert = sqlx::query("INSERT INTO persons VALUES (?, ?, ?, ?)");
        let insert = insert.bind(pid).bind(sex).bind(band).bind(age.parse::<i64>()?);
        insert.execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    connection.close().await?;
    let ours = json!({ "queries": times.len(), "median_ms": median(times).as_secs_f64() * 1_000.0 });
    std::fs::write(out.join("ours.json"), serde_json::to_string_pretty(&ours)?)?;
    Ok(())
}
