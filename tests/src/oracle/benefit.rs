//! Benefit codes (DREAM) of a week, and what they stand for.

use jiff::civil::Date;

use super::{Citizen, calendar::iso_week};

/// The benefit codes of the week that contains `as_of`, from any municipality.
#[must_use]
pub fn codes_on(citizen: &Citizen, as_of: Date) -> Vec<u16> {
    let week = iso_week(as_of);
    citizen
        .benefits
        .iter()
        .filter(|held| (held.row.iso_year, held.row.iso_week) == week)
        .filter_map(|held| held.row.dream_code.parse().ok())
        .collect()
}

/// Early retirement pension.
#[must_use]
pub fn has_early_retirement(codes: &[u16]) -> bool {
    codes.iter().any(|code| (781..=783).contains(code))
}

/// Unemployed with insurance benefit.
#[must_use]
pub fn is_unemployed(codes: &[u16]) -> bool {
    codes.iter().any(|code| (111..=113).contains(code))
}

/// Cash benefit.
#[must_use]
pub fn has_cash_benefit(codes: &[u16]) -> bool {
    codes.iter().any(|code| (130..=138).contains(code) || (730..=738).contains(code))
}

/// Sickness benefit.
#[must_use]
pub fn has_sickness_benefit(codes: &[u16]) -> bool {
    codes.iter().any(|code| (890..=899).contains(code))
}

/// The state education grant.
#[must_use]
pub fn has_education_grant(codes: &[u16]) -> bool {
    codes.iter().any(|code| [651, 652].contains(code))
}
