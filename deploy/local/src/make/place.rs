//! Where people live and are treated: the chosen regions and municipalities, read from `data/places.toml`.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{MakeError, MakeOptions};

const PLACES: &str = include_str!("../../data/places.toml");

/// Patients of one full-time general practitioner in Denmark, about.
const PATIENTS_PER_PRACTICE: u32 = 1600;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    default_residents: u32,
    default_share_65: f64,
    region: Vec<RegionEntry>,
    municipality: Vec<MunicipalityEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegionEntry {
    code: u16,
    #[serde(rename = "name")]
    _name: String,
    hospitals: Vec<String>,
    psychiatry: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MunicipalityEntry {
    code: u16,
    #[serde(rename = "name")]
    _name: String,
    region: u16,
    residents: Option<u32>,
    share_65: Option<f64>,
}

/// A region that is a node.
pub(super) struct Region {
    pub(super) code: u16,
    pub(super) hospitals: Vec<String>,
    pub(super) psychiatry: String,
}

/// A municipality that is a node.
pub(super) struct Municipality {
    pub(super) code: u16,
    /// The position of its region among the chosen ones.
    pub(super) region: usize,
    /// Residents in reality, for proportions only.
    pub(super) weight: u32,
    pub(super) share_65: f64,
    /// Made-up persons who live there, or did last.
    pub(super) persons: u32,
    /// General practices for so many.
    pub(super) practices: u32,
}

/// The chosen places, in ascending order of their codes.
pub(super) struct Places {
    pub(super) regions: Vec<Region>,
    pub(super) municipalities: Vec<Municipality>,
    /// Codes of municipalities that are no members.
    pub(super) strangers: Vec<u16>,
    /// Persons whom only a region knows, because they live in no member municipality.
    pub(super) outsiders: u32,
}

/// One in so many persons is known to a region alone.
const OUTSIDERS_ONE_IN: u32 = 100;

impl Places {
    pub(super) fn choose(options: &MakeOptions) -> Result<Self, MakeError> {
        let file: File =
            toml::from_str(PLACES).map_err(|source| MakeError::Places { source: source.into() })?;
        let regions = regions(&file, &options.regions)?;
        let mut municipalities = municipalities(&file, &options.municipalities, &regions)?;
        let members: BTreeSet<u16> = municipalities.iter().map(|m| m.code).collect();
        let strangers = file.municipality.iter().map(|m| m.code).filter(|c| !members.contains(c)).collect();
        let outsiders = options.persons / OUTSIDERS_ONE_IN;
        share_out(&mut municipalities, options.persons - outsiders);
        Ok(Self { regions, municipalities, strangers, outsiders })
    }
}

fn regions(file: &File, codes: &[u16]) -> Result<Vec<Region>, MakeError> {
    let codes: BTreeSet<u16> = distinct(codes)?;
    if codes.is_empty() {
        return Err(MakeError::NoRegion);
    }
    let found = codes.into_iter().map(|code| {
        let entry = file.region.iter().find(|r| r.code == code && !r.hospitals.is_empty());
        let entry = entry.ok_or(MakeError::UnknownRegion { code })?;
        Ok(Region { code, hospitals: entry.hospitals.clone(), psychiatry: entry.psychiatry.clone() })
    });
    found.collect()
}

fn municipalities(file: &File, codes: &[u16], regions: &[Region]) -> Result<Vec<Municipality>, MakeError> {
    let codes: BTreeSet<u16> = distinct(codes)?;
    if codes.is_empty() {
        return Err(MakeError::NoMunicipality);
    }
    let found = codes.into_iter().map(|code| {
        let entry = file.municipality.iter().find(|m| m.code == code);
        let entry = entry.ok_or(MakeError::UnknownMunicipality { code })?;
        let region = regions
            .iter()
            .position(|r| r.code == entry.region)
            .ok_or(MakeError::RegionMissing { municipality: code, region: entry.region })?;
        Ok(Municipality {
            code,
            region,
            weight: entry.residents.unwrap_or(file.default_residents),
            share_65: entry.share_65.unwrap_or(file.default_share_65),
            persons: 0,
            practices: 1,
        })
    });
    found.collect()
}

fn distinct(codes: &[u16]) -> Result<BTreeSet<u16>, MakeError> {
    let mut set = BTreeSet::new();
    for code in codes {
        if !set.insert(*code) {
            return Err(MakeError::Twice { code: *code });
        }
    }
    Ok(set)
}

/// Shares `persons` out in proportion to size, the whole of them: each place gets what its cumulated share adds.
fn share_out(municipalities: &mut [Municipality], persons: u32) {
    let total: u64 = municipalities.iter().map(|m| u64::from(m.weight)).sum();
    let (mut weight, mut given) = (0_u64, 0);
    for municipality in municipalities {
        weight += u64::from(municipality.weight);
        // The cumulated share never exceeds `persons`, so it fits.
        let up_to = u32::try_from(u64::from(persons) * weight / total.max(1)).unwrap_or(persons);
        municipality.persons = up_to - given;
        municipality.practices = (municipality.persons / PATIENTS_PER_PRACTICE) + 1;
        given = up_to;
    }
}
