//! The arithmetic that curve25519-dalek uses in this build on this machine: it decides, this says what it decided.

use std::fmt;

/// An implementation of the group's arithmetic, which all give the same points, at another speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Backend {
    /// Without vectors.
    Serial,
    /// AVX2.
    Avx2,
    /// AVX-512 with 52-bit multiplications (IFMA).
    Avx512Ifma,
}

impl Backend {
    /// The one in use: the fastest that was compiled in (`build.rs` of curve25519-dalek 5.0.0) and that the CPU has
    /// (its `backend.rs`).
    #[must_use]
    pub fn in_use() -> Self {
        Self::of(compiled_in(), has)
    }

    fn of(compiled_in: Self, has: impl Fn(Self) -> bool) -> Self {
        let fastest_first = [Self::Avx512Ifma, Self::Avx2];
        fastest_first.into_iter().find(|&each| each <= compiled_in && has(each)).unwrap_or(Self::Serial)
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Serial => "serial",
            Self::Avx2 => "avx2",
            Self::Avx512Ifma => "avx512-ifma",
        })
    }
}

/// The fastest that was compiled in: as the flag says, or else by the features that the whole build may use.
fn compiled_in() -> Backend {
    if !cfg!(all(target_arch = "x86_64", target_pointer_width = "64"))
        || cfg!(any(curve25519_dalek_backend = "serial", curve25519_dalek_backend = "fiat"))
    {
        Backend::Serial
    } else if cfg!(curve25519_dalek_backend = "simd") {
        Backend::Avx2
    } else if cfg!(any(
        curve25519_dalek_backend = "avx512",
        all(target_feature = "avx512ifma", target_feature = "avx512vl")
    )) {
        Backend::Avx512Ifma
    } else {
        Backend::Avx2
    }
}

#[cfg(target_arch = "x86_64")]
fn has(backend: Backend) -> bool {
    use std::arch::is_x86_feature_detected;
    match backend {
        Backend::Serial => true,
        Backend::Avx2 => is_x86_feature_detected!("avx2"),
        Backend::Avx512Ifma => is_x86_feature_detected!("avx512ifma") && is_x86_feature_detected!("avx512vl"),
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn has(backend: Backend) -> bool {
    backend == Backend::Serial
}

#[cfg(test)]
mod tests {
    use Backend::{Avx2, Avx512Ifma, Serial};

    use super::*;

    #[test]
    fn the_fastest_is_used_that_was_compiled_in_and_that_the_cpu_has() {
        let everything = |_| true;
        for compiled_in in [Serial, Avx2, Avx512Ifma] {
            assert_eq!(Backend::of(compiled_in, everything), compiled_in);
            assert_eq!(Backend::of(compiled_in, |_| false), Serial);
        }
        assert_eq!(Backend::of(Avx512Ifma, |each| each == Avx2), Avx2);
        assert_eq!(Backend::of(Avx2, |each| each == Avx512Ifma), Serial);
    }

    #[test]
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    fn the_kernel_knows_the_vectors_that_are_in_use_and_none_that_could_be_faster() {
        let told = std::fs::read_to_string("/proc/cpuinfo").unwrap();
        let flags: Vec<&str> =
            told.lines().find(|line| line.starts_with("flags")).unwrap().split_whitespace().collect();
        let fastest = if flags.contains(&"avx512ifma") && flags.contains(&"avx512vl") {
            Avx512Ifma
        } else if flags.contains(&"avx2") {
            Avx2
        } else {
            Serial
        };
        assert_eq!(Backend::in_use(), fastest.min(compiled_in()));
    }
}
