//! The builds that a package can have of each program.

/// One build of the programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// AVX-512 with IFMA throughout.
    Ifma,
    /// AVX2 and what came with it (x86-64-v3).
    Avx2,
    /// Any CPU of the architecture.
    Base,
}

impl Flavour {
    /// All, the fastest first.
    pub(crate) const ALL: [Self; 3] = [Self::Ifma, Self::Avx2, Self::Base];

    /// Its folder under `lib/tvaers`, and its name in `TVAERS_CPU` and `deploy/package/flavours`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ifma => "ifma",
            Self::Avx2 => "avx2",
            Self::Base => "base",
        }
    }

    /// The flavour of this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flavour| flavour.name() == name)
    }

    /// Every CPU feature that the compiler may use anywhere in this build, beyond those that all CPUs of the
    /// architecture have. A test holds them to what the compiler says of the flags in `deploy/package/flavours`.
    pub(crate) fn needs(self) -> impl Iterator<Item = &'static str> {
        let (v3, ifma): (&[_], &[_]) = match self {
            Self::Ifma => (V3, IFMA),
            Self::Avx2 => (V3, &[]),
            Self::Base => (&[], &[]),
        };
        v3.iter().chain(ifma).copied()
    }
}

/// The psABI's level x86-64-v3, in the compiler's names.
const V3: &[&str] = &[
    "avx",
    "avx2",
    "bmi1",
    "bmi2",
    "cmpxchg16b",
    "f16c",
    "fma",
    "lzcnt",
    "movbe",
    "popcnt",
    "sse3",
    "sse4.1",
    "sse4.2",
    "ssse3",
    "xsave",
];

/// What level x86-64-v4 adds to it, and IFMA, the 52-bit multiplications of curve25519-dalek's fastest back-end.
const IFMA: &[&str] = &["avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512ifma", "avx512vl"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::process::Command;

    use super::*;

    const FLAVOURS: &str = include_str!("../../package/flavours");

    /// What the compiler takes for granted with these flags.
    fn granted(flags: &str) -> BTreeSet<String> {
        let rustc = Command::new("rustc")
            .args(["--print", "cfg", "--target", "x86_64-unknown-linux-gnu"])
            .args(flags.split_whitespace())
            .output()
            .unwrap();
        assert!(rustc.status.success(), "{flags}: {}", String::from_utf8_lossy(&rustc.stderr));
        let cfg = String::from_utf8(rustc.stdout).unwrap();
        let features =
            cfg.lines().filter_map(|line| line.strip_prefix("target_feature=\"")?.strip_suffix('"'));
        features.map(str::to_owned).collect()
    }

    #[test]
    fn a_flavour_needs_what_its_compiler_took_for_granted_and_no_more() {
        let everywhere = granted("");
        let mut seen = Vec::new();
        for line in FLAVOURS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (name, flags) = line.split_once(' ').unwrap();
            let flavour = Flavour::of(name).unwrap();
            let beyond: BTreeSet<String> = granted(flags).difference(&everywhere).cloned().collect();
            assert_eq!(flavour.needs().map(str::to_owned).collect::<BTreeSet<_>>(), beyond, "{name}");
            seen.push(flavour);
        }
        assert_eq!(seen, Flavour::ALL);
    }

    #[test]
    fn the_fastest_build_is_given_what_the_fastest_arithmetic_asks_for() {
        // What curve25519-dalek's build script looks for; without it the flavour would be one in name only.
        for feature in ["avx512ifma", "avx512vl"] {
            assert!(Flavour::Ifma.needs().any(|needed| needed == feature));
        }
    }
}
