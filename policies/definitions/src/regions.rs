//! Which region a municipality lies in, as a file says.

use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;
use tvaers_protocol::id::Digest;

use crate::error::{DefinitionError, Reason};
use crate::source::Source;

/// The embedded file.
pub const REGIONS: Source<'static> =
    Source { file: "regions.toml", text: include_str!("../../regions.toml") };

/// The regions of all municipalities, by date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regions {
    regions: Vec<Region>,
    digest: Digest,
}

/// One region from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Region {
    code: u16,
    from: Date,
    kommuner: Vec<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    region: Vec<RawRegion>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRegion {
    code: u16,
    #[serde(rename = "name")]
    _name: String,
    from: Spanned<toml::value::Datetime>,
    kommuner: Vec<u16>,
}

impl Regions {
    /// Reads the file.
    ///
    /// # Errors
    /// [`DefinitionError`] where it is wrong.
    pub fn read(source: &Source<'_>) -> Result<Self, DefinitionError> {
        let raw: RawFile = source.parse()?;
        let region = |raw: RawRegion| {
            let from = raw.from.get_ref().date.and_then(|day| {
                Date::new(i16::try_from(day.year).ok()?, day.month.cast_signed(), day.day.cast_signed()).ok()
            });
            let from = from.ok_or_else(|| {
                source.refuse(
                    raw.from.span(),
                    Reason::Syntax("a date is needed, such as 2007-01-01".to_owned()),
                )
            })?;
            Ok(Region { code: raw.code, from, kommuner: raw.kommuner })
        };
        let mut regions = raw.region.into_iter().map(region).collect::<Result<Vec<_>, _>>()?;
        regions.sort_by_key(|region| region.from);
        Ok(Self { regions, digest: source.digest("tvaers regions") })
    }

    /// The digest of the file.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The region that a municipality lies in on a day; none for one that the file does not have.
    #[must_use]
    pub fn of(&self, kommune: u16, day: Date) -> Option<u16> {
        let holds = |region: &&Region| region.from <= day && region.kommuner.contains(&kommune);
        self.regions.iter().rev().find(holds).map(|region| region.code)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn every_municipality_lies_in_one_region_and_the_newest_entry_holds() {
        let regions = Regions::read(&REGIONS).unwrap();
        let day = date(2026, 2, 28);
        assert_eq!([360, 376, 461].map(|code| regions.of(code, day)), [Some(1085), Some(1085), Some(1083)]);
        assert_eq!(regions.of(411, day), None, "Christiansø is no municipality");
        assert_eq!(regions.of(360, date(2006, 12, 31)), None);
        let all: Vec<u16> = regions.regions.iter().flat_map(|region| region.kommuner.clone()).collect();
        let distinct: std::collections::BTreeSet<u16> = all.iter().copied().collect();
        assert_eq!((all.len(), distinct.len()), (98, 98));

        let later =
            "\n[[region]]\ncode = 1099\nname = \"A merged one\"\nfrom = 2027-01-01\nkommuner = [360]\n";
        let text = format!("{}{later}", REGIONS.text);
        let merged = Regions::read(&Source { file: "regions.toml", text: &text }).unwrap();
        assert_eq!([day, date(2027, 1, 1)].map(|day| merged.of(360, day)), [Some(1085), Some(1099)]);
    }
}
