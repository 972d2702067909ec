//! A small good folder of each sector, to be spoilt.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use tvaers_protocol::id::Sector;

use crate::data::Salt;
use crate::import::{ImportError, Imported, Options, import};

const REGION: &[(&str, &str)] = &[
    (
        "patients",
        "person_id,birth_date,sex,death_date,kommune,ydernr\n\
         6101653001,1965-01-01,F,,360,100001\n\
         6102703002,1970-02-01,M,2025-05-01,,\n\
         6103803003,1980-03-01,M,,376,100002\n",
    ),
    (
        "hospital_contacts",
        "contact_id,person_id,hospital,start,end,contact_type,priority,sector,specialty_group,dx,dx_secondary,drg_dkk\n\
         C1,6101653001,SUH,2025-01-02T10:00,2025-01-02T12:30,ALCA00,ATA1,somatik,medicin,DI509,DF329|DI10,11937.5\n\
         C2,6102703002,PSYK,2025-03-02T10:00,,ALCA10,ATA3,psykiatri,psykiatri,,,\n",
    ),
    (
        "gp_contacts",
        "person_id,date,speciale,ydelse,kontakt,honorar_dkk,ydernr\n\
         6101653001,2025-01-14,80,0101,1,155,100001\n\
         6103803003,2025-02-03,63,0110,0,30.25,\n",
    ),
    ("prescriptions", "person_id,date,atc,ddd,tilskud_dkk\n6101653001,2025-11-07,N06AB04,30.5,54\n"),
    ("transport", "person_id,date,kind,cost_dkk\n6101653001,2024-03-27,planlagt,800\n"),
];

const MUNICIPALITY: &[(&str, &str)] = &[
    (
        "persons",
        "person_id,birth_date,sex,citizenship,death_date,civil_status,preschool_children,a_kasse\n\
         6101653001,1965-01-01,F,DK,,enlig,0,FTF\n\
         6102703002,1970-02-01,M,,2025-05-01,,,\n",
    ),
    (
        "residence",
        "person_id,kommune,from_date,to_date\n\
         6101653001,360,2015-01-01,\n\
         6102703002,360,2015-01-01,2020-12-31\n\
         6102703002,360,2021-01-01,\n",
    ),
    (
        "sick_leave",
        "person_id,first_day,last_day\n6101653001,2025-01-29,2025-02-18\n6101653001,2025-03-01,\n",
    ),
    (
        "benefits_weeks",
        "person_id,iso_year,iso_week,dream_code\n6101653001,2026,9,111\n6101653001,2020,53,783\n",
    ),
    (
        "social_services",
        "person_id,law,from_date,to_date,cost_per_day_dkk\n6101653001,SEL_85,2024-11-19,2025-12-30,530\n",
    ),
    (
        "survey",
        "person_id,survey_date,round,self_rated_health,life_satisfaction,satisfaction,coherence\n\
         6101653001,2025-02-01,baseline,1,10,5,\n",
    ),
    ("frontline_flags", "person_id,flag_date\n6101653001,2025-08-26\n"),
];

/// A folder of data and a folder for the database, both gone when dropped.
pub(super) struct Sample {
    root: tempfile::TempDir,
    pub(super) sector: Sector,
}

impl Sample {
    pub(super) fn new(sector: Sector) -> Self {
        let sample = Self { root: tempfile::tempdir().unwrap(), sector };
        std::fs::create_dir(sample.folder()).unwrap();
        std::fs::create_dir(sample.out()).unwrap();
        for (table, text) in if sector == Sector::Region { REGION } else { MUNICIPALITY } {
            sample.write(table, text);
        }
        sample
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.root.path().join("in")
    }

    pub(super) fn out(&self) -> PathBuf {
        self.root.path().join("out")
    }

    pub(super) fn options(&self) -> Options {
        let member = if self.sector == Sector::Region { 1085 } else { 360 };
        Options {
            extracted_on: jiff::civil::date(2026, 3, 1),
            made_up: true,
            member,
            rejects: None,
            salt: Salt::new([7; 32]),
        }
    }

    pub(super) async fn import(&self) -> Result<Imported, ImportError> {
        self.import_with(&self.options()).await
    }

    pub(super) async fn import_with(&self, options: &Options) -> Result<Imported, ImportError> {
        import_in(self, options).await
    }

    fn path(&self, table: &str) -> PathBuf {
        self.folder().join(format!("{table}.csv"))
    }

    pub(super) fn text(&self, table: &str) -> String {
        std::fs::read_to_string(self.path(table)).unwrap()
    }

    /// Line `n` of a table's file, the header is 1.
    pub(super) fn line(&self, table: &str, n: usize) -> String {
        self.text(table).lines().nth(n - 1).unwrap().to_owned()
    }

    pub(super) fn write(&self, table: &str, text: &str) {
        self.write_bytes(table, text.as_bytes());
    }

    pub(super) fn write_bytes(&self, table: &str, bytes: &[u8]) {
        std::fs::write(self.path(table), bytes).unwrap();
    }

    pub(super) fn append(&self, table: &str, text: &str) {
        self.append_bytes(table, text.as_bytes());
    }

    pub(super) fn append_bytes(&self, table: &str, bytes: &[u8]) {
        let mut file = std::fs::OpenOptions::new().append(true).open(self.path(table)).unwrap();
        file.write_all(bytes).unwrap();
    }

    pub(super) fn remove(&self, table: &str) {
        std::fs::remove_file(self.path(table)).unwrap();
    }
}

pub(super) async fn import_in(sample: &Sample, options: &Options) -> Result<Imported, ImportError> {
    import(&sample.folder(), sample.sector, &sample.out(), options, &mut |_| {}).await
}

/// The names of the files in a folder, sorted.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

pub(super) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
