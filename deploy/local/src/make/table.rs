//! The canonical tables as files being written: every node has all of its sector's, with a header.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use csv::{ByteRecord, Writer, WriterBuilder};

use super::MakeError;

/// A canonical table; the position in this list is its place among a node's open files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Patients,
    HospitalContacts,
    GpContacts,
    Prescriptions,
    Transport,
    Persons,
    Residence,
    SickLeave,
    BenefitsWeeks,
    SocialServices,
    Survey,
    FrontlineFlags,
}

use Table::{
    BenefitsWeeks, FrontlineFlags, GpContacts, HospitalContacts, Patients, Persons, Prescriptions, Residence,
    SickLeave, SocialServices, Survey, Transport,
};

const REGIONAL: [Table; 5] = [Patients, HospitalContacts, GpContacts, Prescriptions, Transport];
const MUNICIPAL: [Table; 7] =
    [Persons, Residence, SickLeave, BenefitsWeeks, SocialServices, Survey, FrontlineFlags];

impl Table {
    fn name_and_header(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Patients => ("patients", &["person_id", "birth_date", "sex", "death_date", "kommune", "ydernr"]),
            HospitalContacts => (
                "hospital_contacts",
                &[
                    "contact_id",
                    "person_id",
                    "hospital",
                    "start",
                    "end",
                    "contact_type",
                    "priority",
                    "sector",
                    "specialty_group",
                    "dx",
                    "dx_secondary",
                    "drg_dkk",
                ],
            ),
            GpContacts => (
                "gp_contacts",
                &["person_id", "date", "speciale", "ydelse", "kontakt", "honorar_dkk", "ydernr"],
            ),
            Prescriptions => ("prescriptions", &["person_id", "date", "atc", "ddd", "tilskud_dkk"]),
            Transport => ("transport", &["person_id", "date", "kind", "cost_dkk"]),
            Persons => (
                "persons",
                &[
                    "person_id",
                    "birth_date",
                    "sex",
                    "citizenship",
                    "death_date",
                    "civil_status",
                    "preschool_children",
                    "a_kasse",
                ],
            ),
            Residence => ("residence", &["person_id", "kommune", "from_date", "to_date"]),
            SickLeave => ("sick_leave", &["person_id", "first_day", "last_day"]),
            BenefitsWeeks => ("benefits_weeks", &["person_id", "iso_year", "iso_week", "dream_code"]),
            SocialServices => {
                ("social_services", &["person_id", "law", "from_date", "to_date", "cost_per_day_dkk"])
            }
            Survey => (
                "survey",
                &[
                    "person_id",
                    "survey_date",
                    "round",
                    "self_rated_health",
                    "life_satisfaction",
                    "satisfaction",
                    "coherence",
                ],
            ),
            FrontlineFlags => ("frontline_flags", &["person_id", "flag_date"]),
        }
    }
}

/// The folder of a node, in the order of the sheets.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) region: bool,
}

struct Sheet {
    table: Table,
    path: PathBuf,
    writer: Writer<File>,
    rows: u64,
}

/// Every open file of every node.
pub(super) struct Sheets {
    nodes: Vec<Vec<Sheet>>,
    record: ByteRecord,
}

impl Sheets {
    /// Makes the folders and opens every table with its header.
    pub(super) fn create(folders: &[Folder]) -> Result<Self, MakeError> {
        let mut nodes = Vec::new();
        for folder in folders {
            fs::create_dir_all(&folder.path)
                .map_err(|source| MakeError::Folder { path: folder.path.clone(), source })?;
            let tables: &[Table] = if folder.region { &REGIONAL } else { &MUNICIPAL };
            let sheets = tables.iter().map(|table| Sheet::create(&folder.path, *table));
            nodes.push(sheets.collect::<Result<_, _>>()?);
        }
        Ok(Self { nodes, record: ByteRecord::new() })
    }

    /// Begins a row of a node's table, the node counted as in `create`.
    pub(super) fn row(&mut self, node: usize, table: Table) -> Row<'_> {
        self.record.clear();
        let sheet = self.nodes.get_mut(node).and_then(|n| n.iter_mut().find(|sheet| sheet.table == table));
        Row { sheet, record: &mut self.record }
    }

    /// Writes out what is still held back and tells how many rows all tables have.
    pub(super) fn finish(self) -> Result<u64, MakeError> {
        let mut rows = 0;
        for mut sheet in self.nodes.into_iter().flatten() {
            sheet
                .writer
                .flush()
                .map_err(|source| MakeError::Write { path: sheet.path, source: source.into() })?;
            rows += sheet.rows;
        }
        Ok(rows)
    }
}

impl Sheet {
    fn create(folder: &Path, table: Table) -> Result<Self, MakeError> {
        let (name, header) = table.name_and_header();
        let path = folder.join(format!("{name}.csv"));
        let failed = |source| MakeError::Write { path: path.clone(), source };
        let mut writer = WriterBuilder::new().buffer_capacity(1 << 16).from_path(&path).map_err(failed)?;
        writer.write_record(header).map_err(failed)?;
        Ok(Self { table, path, writer, rows: 0 })
    }
}

/// A row under construction; its fields follow the header's order.
#[must_use]
pub(super) struct Row<'a> {
    sheet: Option<&'a mut Sheet>,
    record: &'a mut ByteRecord,
}

impl Row<'_> {
    pub(super) fn text(self, field: &str) -> Self {
        self.record.push_field(field.as_bytes());
        self
    }

    /// A missing value.
    pub(super) fn none(self) -> Self {
        self.text("")
    }

    pub(super) fn number(self, value: u32) -> Self {
        // Ten digits hold every u32; written from the right.
        let mut digits = [b'0'; 10];
        let mut left = value;
        let mut length = 0;
        for place in digits.iter_mut().rev() {
            *place = b'0' + u8::try_from(left % 10).unwrap_or(0);
            left /= 10;
            length += 1;
            if left == 0 {
                break;
            }
        }
        self.record.push_field(digits.get(digits.len() - length..).unwrap_or_default());
        self
    }

    pub(super) fn end(self) -> Result<(), MakeError> {
        let sheet = self.sheet.ok_or(MakeError::WrongSector)?;
        sheet.rows += 1;
        sheet
            .writer
            .write_byte_record(self.record)
            .map_err(|source| MakeError::Write { path: sheet.path.clone(), source })
    }
}
