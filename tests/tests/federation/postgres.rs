//! A federation whose nodes read from PostgreSQL servers gives the lists that it gives from imported files.

#[path = "../../../node/warehouse/tests/postgres/offer.rs"]
mod offer;
#[path = "../../../node/warehouse/tests/postgres/server.rs"]
mod server;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::ExitCode;

use tvaers_host::private;
use tvaers_node::home::Home;
use tvaers_protocol::id::{NodeId, Sector};
use tvaers_tests::federation::Federation;

use offer::{SCHEMA, Types, offer};
use server::Database;

const SEED: u64 = 4;
const MODELS: [&str; 2] = ["sad", "somv_with_frontline"];

/// Runs the node's program as a person would; it makes a runtime of its own, so it needs a thread of its own.
async fn node(home: &Home, arguments: &[&str]) -> ExitCode {
    let all = ["tvaers-node", "--quiet", "--format", "json", "--home"].map(OsString::from);
    let all = all.into_iter().chain([home.dir().into()]).chain(arguments.iter().map(OsString::from));
    let all: Vec<OsString> = all.collect();
    tokio::task::spawn_blocking(|| tvaers_node::cli::main(all)).await.unwrap()
}

fn is(code: ExitCode, number: u8) -> bool {
    code == ExitCode::from(number)
}

/// The rows of a folder of files at a server, and the node told where.
async fn offer_folder(home: &Home, id: &NodeId, folder: &Path) -> Database {
    let (sector, types) = match id.as_str().starts_with("region") {
        true => (Sector::Region, Types::Other),
        false => (Sector::Municipality, Types::Plain),
    };
    let mut database = Database::new().await;
    let file = |table: &tvaers_warehouse::table::Table| {
        std::fs::read_to_string(folder.join(table.file_name())).expect("every table has a file")
    };
    let url = offer(&mut database, sector, types, file).await;
    private::replace(&home.keys().join("source.url"), url.as_bytes()).unwrap();
    let mut config = std::fs::read_to_string(home.config()).unwrap();
    config.push_str(&format!("\n[source]\nurl-file = \"keys/source.url\"\nschema = \"{SCHEMA}\"\n"));
    private::replace(&home.config(), config.as_bytes()).unwrap();
    database
}

async fn lists(federation: &mut Federation) -> BTreeMap<String, BTreeMap<NodeId, Option<String>>> {
    let mut all = BTreeMap::new();
    for model in MODELS {
        federation.set_model(model);
        federation.forget_worklists().unwrap();
        federation.stratify().await.unwrap_or_else(|problem| panic!("{model}: {problem}"));
        all.insert(model.to_owned(), federation.worklist_texts());
    }
    all
}

#[tokio::test]
async fn lists_are_the_same_and_rows_that_changed_since_they_were_registered_give_none() {
    let mut federation = Federation::builder().cases(SEED).build().await.unwrap();
    federation.connect_all().await.unwrap();
    let of_files = lists(&mut federation).await;
    assert!(of_files.values().flat_map(BTreeMap::values).all(Option::is_some));

    let (extracted_on, mut databases) = (federation.as_of().to_string(), BTreeMap::new());
    for id in federation.names() {
        let home = federation.node_home(&id);
        let database = offer_folder(&home, &id, &federation.data().join(id.as_str())).await;
        databases.insert(id.clone(), database);
        assert!(is(node(&home, &["check", "--offline"]).await, 0), "{id}");
        assert!(is(node(&home, &["import", "--source", "--extracted-on", &extracted_on]).await, 0), "{id}");
        assert!(is(node(&home, &["check", "--offline"]).await, 0), "{id}");
        federation.restart(&id).await.unwrap();
    }
    federation.connect_all().await.unwrap();
    let of_servers = lists(&mut federation).await;
    for (model, lists) in &of_files {
        for (id, list) in lists {
            assert!(of_servers.get(model).and_then(|lists| lists.get(id)) == Some(list), "{model} at {id}");
        }
    }

    let (id, database) = databases.iter_mut().next_back().unwrap();
    database.run("DELETE FROM stored.patients WHERE ctid = (SELECT ctid FROM stored.patients LIMIT 1)").await;
    federation.forget_worklists().unwrap();
    assert!(federation.stratify().await.is_err(), "{id} holds other rows now");
    assert!(federation.worklist_texts().values().all(Option::is_none), "there is no list of other rows");
}

#[tokio::test]
async fn a_source_that_is_not_as_it_should_be_is_found_by_check_and_refused_by_import() {
    let federation = Federation::builder().cases(SEED).build().await.unwrap();
    let id = federation.municipalities().into_iter().next().unwrap();
    let home = federation.node_home(&id);
    let import = ["import", "--source", "--extracted-on", "2026-02-28"];
    assert!(is(node(&home, &import).await, 2), "no source is named");
    let mut database = offer_folder(&home, &id, &federation.data().join(id.as_str())).await;
    let url_file = home.keys().join("source.url");
    let registered = || {
        let entries = std::fs::read_dir(home.dir()).unwrap().flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("data-")).count()
    };
    assert_eq!(registered(), 1, "the import of files");

    // Each is mended before the next is broken.
    std::fs::set_permissions(&url_file, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(is(node(&home, &import).await, 2) && is(node(&home, &["check", "--offline"]).await, 2));
    std::fs::set_permissions(&url_file, std::fs::Permissions::from_mode(0o600)).unwrap();

    let url = std::fs::read_to_string(&url_file).unwrap();
    private::replace(&url_file, url.replace("_reader:", "_stranger:").as_bytes()).unwrap();
    assert!(is(node(&home, &import).await, 1) && is(node(&home, &["check", "--offline"]).await, 1));
    private::replace(&url_file, url.as_bytes()).unwrap();

    database.run(format!("ALTER VIEW {SCHEMA}.survey RENAME TO answers")).await;
    assert!(is(node(&home, &import).await, 2) && is(node(&home, &["check", "--offline"]).await, 2));
    database.run(format!("ALTER VIEW {SCHEMA}.answers RENAME TO survey")).await;

    database.run("INSERT INTO stored.persons VALUES ('0101653001', '1965-01-01', 'F')").await;
    assert!(is(node(&home, &import).await, 2), "a real person in a made-up node");
    assert!(is(node(&home, &["check", "--offline"]).await, 0), "check looks at no rows");
    database.run("DELETE FROM stored.persons WHERE person_id = '0101653001'").await;

    assert_eq!(registered(), 1, "nothing was kept of what was refused");
    assert!(is(node(&home, &["import", ".", "--source", "--extracted-on", "2026-02-28"]).await, 2));
    assert!(is(node(&home, &import).await, 0));
    assert_eq!(registered(), 2);
}
