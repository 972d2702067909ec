//! Whether the clock can be right: it is never before this version was made, nor before what it showed earlier.

use jiff::{SignedDuration, Timestamp};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Row as _};
use tvaers_protocol::problem::{Exit, Problem};

use crate::home::Home;

/// A time before which no machine ran this version, in seconds since 1970: 1 November 2026.
const MADE: i64 = 1_793_491_200;

/// By how much a clock may be set back, as after a leap or a restart of the machine.
const SLACK: SignedDuration = SignedDuration::from_mins(5);

pub(super) async fn look(home: &Home, now: Timestamp) -> Result<(), Problem> {
    let problem = |what: String| {
        Problem::new(Exit::Failed, "clock", what)
            .at(format_args!("the clock shows {now}"))
            .expected("the time of day")
            .next("set the clock and keep it right (`timedatectl set-ntp true`): certificates, rosters and budgets go by it")
    };
    if now.as_second() < MADE {
        return Err(problem("the clock shows a time before this version was made".to_owned()));
    }
    match newest(home).await {
        Some(newest) if now + SLACK < newest => {
            Err(problem(format!("the node's own memory is of {newest}, which is later")))
        }
        _ => Ok(()),
    }
}

/// The newest time in the node's memory. Whether it can be read at all is another check's affair.
async fn newest(home: &Home) -> Option<Timestamp> {
    let options = SqliteConnectOptions::new().filename(home.state()).disable_statement_logging();
    let mut connection = options.connect().await.ok()?;
    let row = sqlx::query(
        "SELECT MAX(at) AS at FROM (SELECT MAX(imported_at) AS at FROM import
         UNION ALL SELECT MAX(opened_at) FROM study UNION ALL SELECT MAX(closed_at) FROM study)",
    )
    .fetch_one(&mut connection)
    .await;
    let newest = row.ok().and_then(|row| row.try_get::<Option<String>, _>("at").ok()).flatten();
    // Closed in an orderly way, so that no side file is left to check.
    let _ = connection.close().await;
    newest?.parse().ok()
}

#[cfg(test)]
mod tests {
    use tvaers_protocol::id::Digest;

    use super::*;
    use crate::state::State;

    #[tokio::test]
    async fn a_clock_before_the_last_import_or_before_this_version_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(dir.path());
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let imported = at("2026-11-20T12:00:00Z");
        assert!(look(&home, imported).await.is_ok(), "no memory yet");
        let state = State::open(&home.state()).await.unwrap();
        let day = jiff::civil::date(2026, 11, 19);
        let import =
            state.record_import(Digest([1; 32]), "data-1.sqlite", day, 1, 0, imported).await.unwrap();
        import.commit().await.unwrap();
        state.close().await;
        assert!(look(&home, imported).await.is_ok());
        assert!(look(&home, at("2026-11-20T11:56:00Z")).await.is_ok());
        assert!(look(&home, at("2026-11-20T11:54:00Z")).await.unwrap_err().what.contains("later"));
        assert!(look(&home, at("2026-10-31T12:00:00Z")).await.unwrap_err().what.contains("made"));
    }
}
