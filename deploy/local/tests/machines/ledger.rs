//! Looks into a node's ledger, read-only, whether or not the node runs.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Row as _};
use tokio::runtime::Runtime;

/// A node's ledger.
pub(crate) struct Ledger {
    runtime: Runtime,
    connection: SqliteConnection,
}

impl Ledger {
    pub(crate) fn open(home: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let options = SqliteConnectOptions::new().filename(home.join("state.sqlite")).read_only(true);
        let connection = runtime.block_on(options.connect()).unwrap();
        Self { runtime, connection }
    }

    /// How many charges and releases there are, both as of one moment.
    pub(crate) fn counts(&mut self) -> (i64, i64) {
        let text = "SELECT coalesce(sum(kind = 'charge'), 0), coalesce(sum(kind = 'release'), 0) FROM ledger";
        let row = self.runtime.block_on(sqlx::query(text).fetch_one(&mut self.connection)).unwrap();
        (row.get(0), row.get(1))
    }

    /// Which bytes were released for which repetition.
    pub(crate) fn releases(&mut self) -> Vec<(i64, Vec<u8>)> {
        let text = "SELECT c.repetition, r.body FROM ledger r JOIN ledger c ON c.number = r.charge \
                    WHERE r.kind = 'release' ORDER BY c.repetition";
        let rows = self.runtime.block_on(sqlx::query(text).fetch_all(&mut self.connection)).unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }
}
