//! Diagnoses of hospital contacts, action and secondary alike.

use super::read::Contact;

/// Every code of a contact.
pub fn codes(contact: &Contact) -> impl Iterator<Item = &str> {
    let secondary = contact.dx_secondary.as_deref().unwrap_or_default();
    contact.dx.as_deref().into_iter().chain(secondary.split('|'))
}

/// Stress, anxiety or depression.
#[must_use]
pub fn is_sad(code: &str) -> bool {
    ["DF32", "DF33", "DF40", "DF41", "DF43"].iter().any(|dx| code.starts_with(dx))
}

/// Somatic illness: neither mental nor a mere contact with the health service.
#[must_use]
pub fn is_somatic(code: &str) -> bool {
    code.starts_with('D') && !code.starts_with("DF") && !code.starts_with("DZ")
}

/// Mental illness, substance use apart.
#[must_use]
pub fn is_psychiatric(code: &str) -> bool {
    code.starts_with("DF") && !is_any_substance(code)
}

/// Substance use, tobacco apart.
#[must_use]
pub fn is_substance(code: &str) -> bool {
    is_any_substance(code) && !code.starts_with("DF17")
}

fn is_any_substance(code: &str) -> bool {
    (10..=19).any(|n| code.starts_with(&format!("DF{n}")))
}
