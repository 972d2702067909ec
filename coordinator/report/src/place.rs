//! Names of regions and municipalities by their codes: public, and the same for everyone until the end of 2026. A code
//! that is not among them is shown as it is.

use crate::words::Tongue;

/// Sundhedsdatastyrelsen's codes of regions, and the codes of municipalities as in CPR.
const PLACES: &str = include_str!("../data/places.csv");

/// A code's name.
pub(crate) fn name(code: &str) -> Option<&'static str> {
    let lines = PLACES.lines().skip(1).filter_map(|line| line.split_once(','));
    lines.into_iter().find(|(other, _)| *other == code).map(|(_, name)| name)
}

/// A node as people call it, with its name in the roster.
pub(crate) fn of_node(node: &str, tongue: Tongue) -> String {
    let municipality = node.strip_prefix('k').and_then(name).map(|name| match tongue {
        Tongue::Da => format!("{name} Kommune"),
        Tongue::En => format!("{name} Municipality"),
    });
    let region = || node.strip_prefix("region_").and_then(name).map(str::to_owned);
    municipality.or_else(region).map_or_else(|| node.to_owned(), |name| format!("{name} ({node})"))
}

#[cfg(test)]
mod tests {
    use super::{PLACES, name, of_node};
    use crate::words::Tongue;

    #[test]
    fn every_place_has_its_name() {
        assert_eq!(PLACES.lines().count(), 1 + 5 + 98);
        assert_eq!(name("360"), Some("Lolland"));
        assert_eq!(name("1085"), Some("Region Sjælland"));
        assert_eq!(name("36"), None);
        assert_eq!(of_node("k376", Tongue::Da), "Guldborgsund Kommune (k376)");
        assert_eq!(of_node("region_1083", Tongue::En), "Region Syddanmark (region_1083)");
        assert_eq!(of_node("næste", Tongue::En), "næste");
    }
}
