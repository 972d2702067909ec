//! What bounds a policy, each with its reason. A laboratory is free of those that its documentation names.

/// Bytes of a policy file, at most: the longest example has some ten thousand.
pub const FILE_BYTES_MAX: usize = 256 << 10;

/// Faults that are told of one file, at most.
pub const FAULTS_MAX: usize = 200;

/// Permits of a policy, at most.
pub const PERMITS_MAX: usize = 64;

/// Characters of a text, at most: a national paragraph with its reason fits.
pub const TEXT_CHARACTERS_MAX: usize = 2_000;

/// Characters of an id, at most: ids stand in the audit log and in the wire's manifests.
pub const ID_CHARACTERS_MAX: usize = 64;

/// The smallest cell that a policy may show, at least: three is the floor of Danish practice. Not in a laboratory.
pub const SMALLEST_CELL_FLOOR: u32 = 3;

/// The smallest cell that is shown where a policy names none.
pub const SMALLEST_CELL_DEFAULT: u32 = 5;

/// The smallest cell and the rounding, at most: beyond it a table says nothing.
pub const CELL_MAX: u32 = 10_000;

/// The budget of a citizen's life, at most, in thousand-millionths of rho: at 10 the promise is worth about epsilon 37
/// (delta 1e-8), which promises nothing. Not in a laboratory.
pub const LIFE_NANO_RHO_MAX: u64 = 10_000_000_000;

/// The days that any budget or deadline of a policy reaches, at most: a hundred years.
pub const DAYS_MAX: u32 = 36_525;

/// The days that logs are kept, at least: the usual clause of Danish processor agreements is six months.
pub const LOGS_DAYS_MIN: u32 = 180;

/// The step of the clock on which replies leave, in milliseconds, at least: exact samplers take up to milliseconds
/// for many cells, and the step must hide them. Not in a laboratory.
pub const REPLY_GRID_MS_MIN: u32 = 50;

/// The step of the clock on which replies leave, in milliseconds, at most: a person waits for the answer.
pub const REPLY_GRID_MS_MAX: u32 = 60_000;

/// Witnesses that a policy can demand, at most: as many as a federation has members.
pub const WITNESSES_MAX: u32 = tvaers_protocol::limit::MEMBERS_MAX as u32;

/// Persons that a node can have evaluated in a study, at most: more than live in the country.
pub const EVALUATIONS_MAX: u32 = 10_000_000;

/// The greatest age that a population can name.
pub const AGE_MAX: u32 = 150;
