//! Which flavour is run: the one asked for, else the fastest that is installed and that the CPU can run.

use std::ffi::{OsStr, OsString};

use crate::flavour::Flavour;

/// The environment variable that asks for a flavour by name, to measure or to work round a fault of one.
pub(crate) const VARIABLE: &str = "TVAERS_CPU";

/// Why there is none to run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// What is asked for is the name of no flavour.
    Unknown(OsString),
    /// What is asked for was not installed; what was.
    NotInstalled(Flavour, Vec<Flavour>),
    /// No flavour is installed.
    NothingInstalled,
    /// The CPU lacks features: of the flavour asked for, or of each that is installed.
    Lacking(Vec<(Flavour, Vec<&'static str>)>),
}

/// The flavour to run, of those installed, on a CPU that `has` features. Whoever asks for one gets that or a reason,
/// never another one.
///
/// # Errors
/// [`Reason`].
pub(crate) fn choose(
    asked: Option<&OsStr>,
    installed: &[Flavour],
    has: impl Fn(&str) -> bool,
) -> Result<Flavour, Reason> {
    let lacking =
        |flavour: Flavour| -> Vec<&'static str> { flavour.needs().filter(|name| !has(name)).collect() };
    let candidates = match asked {
        None if installed.is_empty() => return Err(Reason::NothingInstalled),
        None => Flavour::ALL.into_iter().filter(|flavour| installed.contains(flavour)).collect(),
        Some(asked) => {
            let flavour =
                asked.to_str().and_then(Flavour::of).ok_or_else(|| Reason::Unknown(asked.to_owned()))?;
            if !installed.contains(&flavour) {
                return Err(Reason::NotInstalled(flavour, installed.to_vec()));
            }
            vec![flavour]
        }
    };
    let runs = candidates.iter().copied().find(|&flavour| lacking(flavour).is_empty());
    runs.ok_or_else(|| {
        Reason::Lacking(candidates.into_iter().map(|flavour| (flavour, lacking(flavour))).collect())
    })
}

#[cfg(test)]
mod tests {
    use Flavour::{Avx2, Base, Ifma};

    use super::*;

    /// A CPU that has what this flavour needs, but for `without`.
    fn cpu(flavour: Flavour, without: &'static [&'static str]) -> impl Fn(&str) -> bool {
        move |name| flavour.needs().any(|needed| needed == name) && !without.contains(&name)
    }

    fn chosen(
        asked: Option<&str>,
        installed: &[Flavour],
        has: impl Fn(&str) -> bool,
    ) -> Result<Flavour, Reason> {
        choose(asked.map(OsStr::new), installed, has)
    }

    #[test]
    fn the_fastest_that_the_cpu_can_run_is_chosen() {
        for flavour in Flavour::ALL {
            assert_eq!(chosen(None, &Flavour::ALL, cpu(flavour, &[])), Ok(flavour));
        }
    }

    #[test]
    fn one_feature_less_is_one_flavour_down() {
        for feature in Ifma.needs() {
            let without: &'static [&'static str] = Box::leak(Box::new([feature]));
            let below = if Avx2.needs().any(|needed| needed == feature) { Base } else { Avx2 };
            assert_eq!(chosen(None, &Flavour::ALL, cpu(Ifma, without)), Ok(below), "without {feature}");
        }
    }

    #[test]
    fn what_is_not_installed_is_passed_over() {
        assert_eq!(chosen(None, &[Base, Avx2], cpu(Ifma, &[])), Ok(Avx2));
        assert_eq!(chosen(None, &[Base], cpu(Ifma, &[])), Ok(Base));
        assert_eq!(chosen(None, &[], cpu(Ifma, &[])), Err(Reason::NothingInstalled));
    }

    #[test]
    fn a_cpu_that_runs_none_is_told_what_it_lacks() {
        let nothing = Err(Reason::Lacking(vec![
            (Ifma, vec!["movbe", "avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512ifma", "avx512vl"]),
            (Avx2, vec!["movbe"]),
        ]));
        assert_eq!(chosen(None, &[Avx2, Ifma], cpu(Avx2, &["movbe"])), nothing);
    }

    #[test]
    fn the_flavour_asked_for_is_run_or_nothing() {
        for flavour in Flavour::ALL {
            assert_eq!(chosen(Some(flavour.name()), &Flavour::ALL, cpu(Ifma, &[])), Ok(flavour));
        }
        let lacks = Err(Reason::Lacking(vec![(Ifma, vec!["avx512ifma"])]));
        assert_eq!(chosen(Some("ifma"), &Flavour::ALL, cpu(Ifma, &["avx512ifma"])), lacks);
        let missing = Err(Reason::NotInstalled(Avx2, vec![Ifma, Base]));
        assert_eq!(chosen(Some("avx2"), &[Ifma, Base], cpu(Ifma, &[])), missing);
        for name in ["AVX2", "native", "base ", "../base"] {
            let unknown = Err(Reason::Unknown(name.into()));
            assert_eq!(chosen(Some(name), &Flavour::ALL, cpu(Ifma, &[])), unknown);
        }
    }
}
