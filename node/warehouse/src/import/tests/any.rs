//! Files cut anywhere and files of any bytes: the import is whole or nothing.

use proptest::prelude::*;
use tvaers_protocol::id::Sector;

use super::sample::{Sample, import_in, names, runtime};
use crate::data::Warehouse;
use crate::import::{Options, What};
use crate::table;

#[test]
fn a_file_cut_anywhere_is_refused_or_its_missing_line_end_is_told() {
    let sample = Sample::new(Sector::Municipality);
    let whole = std::fs::read(sample.folder().join("residence.csv")).unwrap();
    let header = whole.iter().position(|b| *b == b'\n').unwrap();
    for cut in header + 1..whole.len() {
        sample.write_bytes("residence", &whole[..cut]);
        let at_row_end = whole[cut - 1] == b'\n';
        match runtime().block_on(sample.import()) {
            Ok(imported) => assert_eq!(imported.unterminated.is_empty(), at_row_end, "cut at {cut}"),
            Err(error) => {
                assert_eq!(error.what, What::CutShort, "cut at {cut}: {error}");
                assert!(!at_row_end);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_a_file_holds_the_import_is_whole_or_nothing(
        table in prop::sample::select(table::REGION),
        at in any::<prop::sample::Index>(),
        take in 0..40_usize,
        put in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            "[,\"\n\r|DFA0-9:T-]{0,40}".prop_map(String::into_bytes),
        ],
        set_aside in any::<bool>(),
    ) {
        let sample = Sample::new(Sector::Region);
        let mut bytes = std::fs::read(sample.folder().join(table.file_name())).unwrap();
        let start = at.index(bytes.len());
        let end = bytes.len().min(start + take);
        bytes.splice(start..end, put);
        sample.write_bytes(table.name, &bytes);
        let rejects = set_aside.then(|| sample.out().join("rejects"));
        let options = Options { rejects, ..sample.options() };
        runtime().block_on(async {
            match import_in(&sample, &options).await {
                Ok(imported) => {
                    let warehouse = Warehouse::open(&imported.file, 1).await.unwrap();
                    for count in &imported.meta.tables {
                        let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {}", count.name));
                        let n: i64 = sqlx::query_scalar(sql).fetch_one(warehouse.pool()).await.unwrap();
                        assert_eq!(n.cast_unsigned(), count.rows);
                    }
                    let n_files = 1 + usize::from(set_aside);
                    assert_eq!(names(&sample.out()).len(), n_files);
                }
                Err(error) => {
                    assert!(names(&sample.out()).is_empty(), "{error}");
                    assert!(!set_aside || !error.what.is_of_a_row(), "{error}");
                }
            }
        });
    }
}
