//! What this CPU can do: the standard library asks it, and whether the operating system keeps the wide registers.

/// Whether programs may use this feature here; never, where the name is none that a flavour needs.
pub(crate) fn has(feature: &str) -> bool {
    detected().iter().any(|&(name, there)| name == feature && there)
}

#[cfg(target_arch = "x86_64")]
macro_rules! detect {
    ($($name:tt)*) => { &[$(($name, std::arch::is_x86_feature_detected!($name))),*] };
}

#[cfg(target_arch = "x86_64")]
fn detected() -> Vec<(&'static str, bool)> {
    // The macro takes names as they are written only. A test holds them to those that flavours need.
    let detected: &[_] = detect!(
        "avx" "avx2" "bmi1" "bmi2" "cmpxchg16b" "f16c" "fma" "lzcnt" "movbe" "popcnt" "sse3" "sse4.1" "sse4.2" "ssse3"
        "xsave" "avx512bw" "avx512cd" "avx512dq" "avx512f" "avx512ifma" "avx512vl"
    );
    detected.to_vec()
}

/// Other architectures have the base build alone.
#[cfg(not(target_arch = "x86_64"))]
fn detected() -> Vec<(&'static str, bool)> {
    Vec::new()
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;
    use crate::flavour::Flavour;

    #[test]
    fn every_feature_that_a_flavour_needs_is_looked_for() {
        let detected = detected();
        for flavour in Flavour::ALL {
            for feature in flavour.needs() {
                assert!(detected.iter().any(|(name, _)| *name == feature), "{feature}");
            }
        }
    }

    #[test]
    fn what_is_found_is_what_the_kernel_says() {
        let told = std::fs::read_to_string("/proc/cpuinfo").unwrap();
        let flags = told.lines().find_map(|line| line.strip_prefix("flags")).unwrap();
        // The kernel's names, where they are others.
        for (ours, theirs) in
            [("avx2", "avx2"), ("avx512ifma", "avx512ifma"), ("lzcnt", "abm"), ("fma", "fma")]
        {
            assert_eq!(has(ours), flags.split_whitespace().any(|flag| flag == theirs), "{ours}");
        }
    }
}
