//! Reads the nodes' CSV folders into rows, by column name.
//!
//! Region nodes are folders `region_NNNN`, municipal ones `kNNN`; other folders and files are passed over.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error as _};
use tvaers_protocol::id::PersonId;

use super::{Citizen, Federation, Held};

/// A row of `persons`.
#[derive(Deserialize)]
pub struct Person {
    #[serde(deserialize_with = "person")]
    person_id: PersonId,
    /// Day of birth.
    pub birth_date: Date,
    /// F or M.
    pub sex: String,
    /// ISO 3166 alpha-2, or missing.
    pub citizenship: Option<String>,
    /// Day of death, or missing while alive.
    pub death_date: Option<Date>,
    /// gift, samboende, enlig, or missing.
    pub civil_status: Option<String>,
    /// Children below school age at home, or missing.
    pub preschool_children: Option<u16>,
    /// The unemployment fund, or missing.
    pub a_kasse: Option<String>,
}

/// A row of `residence`.
#[derive(Deserialize)]
pub struct Residence {
    #[serde(deserialize_with = "person")]
    person_id: PersonId,
    /// Municipality code.
    pub kommune: u16,
    /// First day.
    pub from_date: Date,
    /// Last day, itself included, or missing while it lasts.
    pub to_date: Option<Date>,
}

/// A row of `sick_leave`.
#[derive(Deserialize)]
pub struct SickLeave {
    #[serde(deserialize_with = "person")]
    person_id: PersonId,
    /// First day.
    pub first_day: Date,
    /// Last day, itself included, or missing while it lasts.
    pub last_day: Option<Date>,
}

/// A row of `benefits_weeks`.
#[derive(Deserialize)]
pub struct Benefit {
    #[serde(deserialize_with = "person")]
    person_id: PersonId,
    /// ISO year.
    pub iso_year: i16,
    /// ISO week, 1 to 53.
    pub iso_week: i8,
    /// DREAM code.
    pub dream_code: String,
}

/// A row of `social_services`.
#[derive(Deserialize)]
pub struct Service {
    #[serde(deserialize_with = "person")]
    person_id: PersonId,
    /// The law and its section, such as SEL_85.
    pub law: String,
    /// First day.
    pub from_date: Date,
    /// Last day, itself included, or missing while it lasts.
    pub to_date: Option<Date>,
    /// Øre a day.
    #[serde(rename = "cost_per_day_dkk", deserialize_with = "oere")]
    pub cost_per_day_oere: i64,
}

/// A row of `survey`.
#[derive(Deserialize)]
pub struct Survey {
    #[serde(deserialize_with = "person")]
    person_id: PersonId,
    /// Day of the answer.
    pub survey_date: Date,
    /// baseline or followup.
    pub round: String,
    /// 1 to 5, or missing.
    pub self_rated_health: Option<i64>,
    /// 0 to 10, or missing.
    pub life_satisfaction: Option<i64>,
    /// 1 to 5, or missing.
    pub satisfaction: Option<i64>,
    /// 1 to 5, or missing.
    pub coherence: Option<i64>,
}

/// A row of `frontline_flags`.
#[derive(Deserialize)]
pub struct Flag {
    #[serde(deserialize_with = "person")]
    person_id: PersonId,
    /// Day of the assessment.
    pub flag_date: Date,
}

/// A row of `patients`.
#[derive(Deserialize)]
pub struct Patient {
    #[serde(deserialize_with = "person")]
    person_id: PersonId,
    /// Day of birth.
    pub birth_date: Date,
    /// F or M.
    pub sex: String,
    /// Day of death, missing while alive.
    pub death_date: Option<Date>,
    /// Municipality of residence in the region's register, missing if elsewhere.
    pub kommune: Option<u16>,
}

/// A row of `hospital_contacts`.
#[derive(Deserialize, PartialEq)]
pub struct Contact {
    /// Names the contact; also when two regions hold it.
    pub contact_id: String,
    #[serde(deserialize_with = "person")]
    person_id: PersonId,
    /// Begin.
    pub start: DateTime,
    /// End, or missing while it lasts.
    pub end: Option<DateTime>,
    /// ALCA00 for physical attendance.
    pub contact_type: String,
    /// ATA1 for acute.
    pub priority: String,
    /// somatik or psykiatri.
    pub sector: String,
    /// medicin, kirurgi or psykiatri.
    pub specialty_group: String,
    /// Action diagnosis.
    pub dx: Option<String>,
    /// Secondary diagnoses, separated by `|`.
    pub dx_secondary: Option<String>,
    /// Price in øre; 0 where it is not known yet.
    #[serde(rename = "drg_dkk", deserialize_with = "oere")]
    pub drg_oere: i64,
}

/// A row of `gp_contacts`.
#[derive(Deserialize)]
pub struct GpContact {
    #[serde(deserialize_with = "person")]
    person_id: PersonId,
    /// Day.
    pub date: Date,
    /// Specialty, two digits.
    pub speciale: String,
    /// 1 for a contact, 0 for a supplement or laboratory.
    pub kontakt: u8,
    /// Fee in øre.
    #[serde(rename = "honorar_dkk", deserialize_with = "oere")]
    pub honorar_oere: i64,
}

/// A row of `prescriptions`.
#[derive(Deserialize)]
pub struct Prescription {
    #[serde(deserialize_with = "person")]
    person_id: PersonId,
    /// Day.
    pub date: Date,
    /// ATC code.
    pub atc: String,
    /// Subsidy in øre.
    #[serde(rename = "tilskud_dkk", deserialize_with = "oere")]
    pub tilskud_oere: i64,
}

/// A row of `transport`.
#[derive(Deserialize)]
pub struct Ride {
    #[serde(deserialize_with = "person")]
    person_id: PersonId,
    /// Day.
    pub date: Date,
    /// akut or planlagt.
    pub kind: String,
    /// Price in øre.
    #[serde(rename = "cost_dkk", deserialize_with = "oere")]
    pub cost_oere: i64,
}

/// Reads every node's folder under `folder`.
///
/// # Errors
/// Where there is no node, a file is missing, or a row cannot be read; the message names the file.
pub fn federation(folder: &Path) -> anyhow::Result<Federation> {
    let mut nodes = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list `{}`", folder.display()))? {
        nodes.push(entry?.path());
    }
    nodes.sort();
    self::nodes(&nodes)
}

/// Reads the given nodes' folders; with fewer than all, this is what those nodes alone could answer.
///
/// # Errors
/// As [`federation`].
pub fn nodes(folders: &[PathBuf]) -> anyhow::Result<Federation> {
    let mut citizens = BTreeMap::new();
    let mut members = BTreeSet::new();
    let mut n_nodes = 0;
    for folder in folders {
        let name = folder.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        if let Some(code) = name.strip_prefix("region_").and_then(|c| c.parse().ok()) {
            region(&mut citizens, folder, code)?;
        } else if let Some(code) = name.strip_prefix('k').and_then(|c| c.parse().ok()) {
            municipality(&mut citizens, folder, code)?;
            members.insert(code);
        } else {
            continue;
        }
        n_nodes += 1;
    }
    if n_nodes == 0 {
        bail!("no folder of a node, such as `region_1085` or `k360`");
    }
    Ok(Federation { members, citizens })
}

type Citizens = BTreeMap<PersonId, Citizen>;

fn municipality(all: &mut Citizens, folder: &Path, node: u16) -> anyhow::Result<()> {
    for row in rows::<Person>(folder, "persons")? {
        of(all, &row.person_id).persons.push(Held { node, row });
    }
    for row in rows::<Residence>(folder, "residence")? {
        of(all, &row.person_id).residence.push(Held { node, row });
    }
    for row in rows::<SickLeave>(folder, "sick_leave")? {
        of(all, &row.person_id).sick_leave.push(Held { node, row });
    }
    for row in rows::<Benefit>(folder, "benefits_weeks")? {
        of(all, &row.person_id).benefits.push(Held { node, row });
    }
    for row in rows::<Service>(folder, "social_services")? {
        of(all, &row.person_id).services.push(Held { node, row });
    }
    for row in rows::<Survey>(folder, "survey")? {
        of(all, &row.person_id).surveys.push(Held { node, row });
    }
    for row in rows::<Flag>(folder, "frontline_flags")? {
        of(all, &row.person_id).flags.push(Held { node, row });
    }
    Ok(())
}

fn region(all: &mut Citizens, folder: &Path, node: u16) -> anyhow::Result<()> {
    for row in rows::<Patient>(folder, "patients")? {
        of(all, &row.person_id).patients.push(Held { node, row });
    }
    for row in rows::<Contact>(folder, "hospital_contacts")? {
        let contacts = &mut of(all, &row.person_id).contacts;
        // Identical rows of this table are one row, as at import.
        if !contacts.iter().any(|held| held.node == node && held.row == row) {
            contacts.push(Held { node, row });
        }
    }
    for row in rows::<GpContact>(folder, "gp_contacts")? {
        of(all, &row.person_id).gp_contacts.push(Held { node, row });
    }
    for row in rows::<Prescription>(folder, "prescriptions")? {
        of(all, &row.person_id).prescriptions.push(Held { node, row });
    }
    for row in rows::<Ride>(folder, "transport")? {
        of(all, &row.person_id).rides.push(Held { node, row });
    }
    Ok(())
}

fn of<'a>(all: &'a mut Citizens, person: &PersonId) -> &'a mut Citizen {
    all.entry(person.clone()).or_default()
}

fn rows<T: DeserializeOwned>(folder: &Path, table: &str) -> anyhow::Result<Vec<T>> {
    let path = folder.join(format!("{table}.csv"));
    let mut reader =
        csv::Reader::from_path(&path).with_context(|| format!("cannot open `{}`", path.display()))?;
    reader
        .deserialize()
        .collect::<Result<_, _>>()
        .with_context(|| format!("cannot read `{}`", path.display()))
}

fn person<'de, D: Deserializer<'de>>(from: D) -> Result<PersonId, D::Error> {
    PersonId::parse(&String::deserialize(from)?).map_err(D::Error::custom)
}

/// Kroner with at most two decimals as øre, without binary fractions; an empty field is 0.
fn oere<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    let text = String::deserialize(from)?;
    let (kroner, decimals) = text.split_once('.').unwrap_or((&text, ""));
    format!("0{kroner}{decimals:0<2}").parse().map_err(D::Error::custom)
}
