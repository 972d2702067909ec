//! No message holds a password or a value of a row, whatever goes wrong.

use jiff::civil::date;
use tvaers_protocol::id::Sector;
use tvaers_warehouse::source::{Source, SourceError};

use super::offer::{PASSWORD, SCHEMA, Types};
use super::sample::Sample;
use super::served::{Served, told};

async fn refused(url: &str) -> String {
    let Ok(source) = Source::parse(url, Some(SCHEMA)) else { panic!("the URL is refused") };
    let error = source.look(Sector::Region).await.unwrap_err();
    assert!(matches!(error, SourceError::Connect { .. }), "{error}");
    assert!(!source.place().contains(PASSWORD));
    told(error)
}

#[tokio::test]
async fn a_server_that_lets_nobody_in_is_told_of_without_the_password() {
    let served = Served::of(&Sample::draw(Sector::Region, 1, date(2026, 2, 28), 5), Types::Plain).await;
    let (url, database) = (&served.url, &served.database.name);
    let role = format!("{database}_reader");
    for (other, reason) in [
        (url.replace(PASSWORD, "et-andet-kodeord"), "password authentication failed"),
        (url.replace(&format!("/{database}"), "/nowhere").replace("nowhere_reader", &role), "does not exist"),
        (url.replace(&format!("{role}:"), "nobody_here:"), "password authentication failed"),
        (format!("postgres://{role}:{PASSWORD}@127.0.0.1:1/{database}"), "refused"),
        (format!("postgres://{role}:{PASSWORD}@localhost/{database}?host=/nowhere/at/all"), "No such file"),
        (
            format!(
                "postgres://{role}:{PASSWORD}@127.0.0.1:1/{database}?sslmode=verify-full&sslrootcert=/no"
            ),
            "",
        ),
    ] {
        let told = refused(&other).await;
        assert!(told.contains(reason), "{told}");
        for secret in [PASSWORD, "et-andet-kodeord"] {
            assert!(!told.contains(secret), "{told}");
        }
    }
}

#[tokio::test]
async fn what_a_server_says_of_a_failing_statement_is_not_passed_on() {
    let mut served = Served::of(&Sample::draw(Sector::Region, 1, date(2026, 2, 28), 20), Types::Plain).await;
    let warehouse = served.open().await;
    // A type that fits, and a value that does not.
    served
        .run(format!(
            "UPDATE stored.patients SET ydernr = '100xyz';
             CREATE OR REPLACE VIEW {SCHEMA}.patients AS SELECT person_id, birth_date, sex, death_date,
                 CAST(ydernr AS integer) AS kommune, ydernr FROM stored.patients"
        ))
        .await;
    let Err(read) = warehouse.reading().await else { panic!("it was read") };
    let registered = served.register().await.unwrap_err();
    let mut shown = vec![told(registered)];
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&read);
    while let Some(error) = cause {
        shown.push(format!("{error} {error:?}"));
        cause = error.source();
    }
    assert!(shown.iter().all(|text| text.contains("SQLSTATE 22P02") && !text.contains("xyz")), "{shown:?}");
}
