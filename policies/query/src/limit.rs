//! What bounds a query, each with its reason.

/// Bytes of a query file, at most: the largest sensible one has a few hundred.
pub const FILE_BYTES_MAX: usize = 64 << 10;

/// Faults that are told of one file, at most: whoever has mended these reads the rest.
pub const FAULTS_MAX: usize = 100;

/// Characters of a query's name: it names the result file.
pub const NAME_CHARACTERS_MAX: usize = 64;

/// Cells of an answer, at most: every municipality by sex, age and civil status is 6,468, and an answer of 10,000
/// numbers still fits in one frame.
pub const CELLS_MAX: usize = 10_000;

/// Categories that an answer is grouped by, at most.
pub const DIMENSIONS_MAX: usize = 8;

/// Probabilities of quantiles, at most: every percent.
pub const PROBABILITIES_MAX: usize = 99;

/// Conditions of a query, at most.
pub const CONDITIONS_MAX: usize = 32;

/// Values that one condition lists, at most: as many as a category of the catalogue has labels.
pub const VALUES_MAX: usize = 128;
