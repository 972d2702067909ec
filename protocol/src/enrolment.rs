//! Enrolment: the public entry that a member or a person sends to whoever drafts the roster, and the names in it.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::fingerprint::Fingerprint;
use crate::id::{Digest, NodeId, Sector};
use crate::limit::NAME_CHARACTERS_MAX;
use crate::roster::{Coordinator, Member, Person, SealingPublic};
use crate::sign::VerifyingKey;

/// A node's public entry, as `init` writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Enrolment {
    /// The node's name.
    pub id: NodeId,
    /// Which tables it holds.
    pub sector: Sector,
    /// Its region or municipality code.
    pub code: u16,
    /// Who runs it.
    pub name: String,
    /// SHA-256 of its certificate's public key (SPKI).
    pub spki: Digest,
    /// Its message-signing key.
    pub signing: VerifyingKey,
    /// Its sealing key.
    pub sealing: SealingPublic,
}

impl Enrolment {
    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// [`EntryError`].
    pub fn check(&self) -> Result<(), EntryError> {
        check_name(&self.name)?;
        if self.sector.has_code(self.code) {
            Ok(())
        } else {
            Err(EntryError::Code { code: self.code, sector: self.sector })
        }
    }

    /// What the node's operator reads to the secretariat over the telephone.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Digest::of("tvaers/v1/enrolment", &[&codec::canonical(self)]).fingerprint()
    }

    /// The roster's entry for this node.
    #[must_use]
    pub fn into_member(self, valid_from: Date, holder: bool, evaluations_max: u32) -> Member {
        Member {
            id: self.id,
            sector: self.sector,
            code: self.code,
            name: self.name,
            valid_from,
            valid_to: None,
            spki: self.spki,
            signing: self.signing,
            sealing: self.sealing,
            holder,
            evaluations_max,
        }
    }
}

impl Member {
    /// What of the entry the node itself has said: its keys and names. The rest the roster decides.
    #[must_use]
    pub fn enrolment(&self) -> Enrolment {
        Enrolment {
            id: self.id.clone(),
            sector: self.sector,
            code: self.code,
            name: self.name.clone(),
            spki: self.spki,
            signing: self.signing,
            sealing: self.sealing,
        }
    }
}

impl Person {
    /// What the person reads to the secretariat over the telephone.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Digest::of("tvaers/v1/person", &[&codec::canonical(self)]).fingerprint()
    }
}

impl Coordinator {
    /// What the secretariat reads to a member over the telephone.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Digest::of("tvaers/v1/coordinator", &[&codec::canonical(self)]).fingerprint()
    }
}

/// What is wrong with an entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// A name that cannot be shown.
    #[error(
        "a name has 1 to {NAME_CHARACTERS_MAX} characters, none of which controls the terminal or the writing direction"
    )]
    Name,
    /// A code of the other sector, or of none.
    #[error(
        "code {code} is no {sector} code: regions have four digits such as 1085, municipalities three such as 360"
    )]
    Code {
        /// The code found.
        code: u16,
        /// The sector that it should fit.
        sector: Sector,
    },
}

/// Checks a name that people are shown before they sign: what cannot be seen could hide what is signed.
///
/// # Errors
/// [`EntryError::Name`].
pub fn check_name(name: &str) -> Result<(), EntryError> {
    let shown = !name.trim().is_empty() && !name.chars().any(is_unseen);
    if shown && name.chars().count() <= NAME_CHARACTERS_MAX { Ok(()) } else { Err(EntryError::Name) }
}

/// A text with what cannot be seen replaced, for showing what has not been checked yet.
#[must_use]
pub fn seen(text: &str) -> impl fmt::Display {
    text.chars().map(|c| if is_unseen(c) { '?' } else { c }).collect::<String>()
}

/// Control characters, and those that turn or hide the writing around them.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign::SigningKey;

    fn enrolment() -> Enrolment {
        Enrolment {
            id: NodeId::new("k360").unwrap(),
            sector: Sector::Municipality,
            code: 360,
            name: "Lolland Kommune".to_owned(),
            spki: Digest([1; 32]),
            signing: SigningKey::from_seed(&[2; 32]).verifying_key(),
            sealing: SealingPublic([3; 32]),
        }
    }

    #[test]
    fn the_fingerprint_covers_every_field_and_survives_the_roster() {
        let own = enrolment();
        let member = own.clone().into_member(jiff::civil::date(2026, 11, 1), true, 1000);
        assert_eq!(member.enrolment(), own);
        assert_eq!(member.enrolment().fingerprint(), own.fingerprint());
        let others = [
            Enrolment { id: NodeId::new("k361").unwrap(), ..enrolment() },
            Enrolment { code: 361, ..enrolment() },
            Enrolment { name: "Lolland".to_owned(), ..enrolment() },
            Enrolment { spki: Digest([9; 32]), ..enrolment() },
            Enrolment { signing: SigningKey::from_seed(&[9; 32]).verifying_key(), ..enrolment() },
            Enrolment { sealing: SealingPublic([9; 32]), ..enrolment() },
        ];
        for other in others {
            assert_ne!(other.fingerprint(), own.fingerprint(), "{other:?}");
        }
    }

    #[test]
    fn a_name_that_hides_something_and_a_code_of_the_other_sector_are_refused() {
        assert_eq!(enrolment().check(), Ok(()));
        for bad in ["", "  ", "a\u{1b}[2Kb", "a\nb", "a\u{202e}b", &"x".repeat(NAME_CHARACTERS_MAX + 1)] {
            assert_eq!(check_name(bad), Err(EntryError::Name), "{bad:?}");
        }
        assert_eq!(check_name("Ærø Kommune, c/o »Sekretariatet«"), Ok(()));
        let region = Enrolment { sector: Sector::Region, ..enrolment() };
        assert!(matches!(region.check(), Err(EntryError::Code { code: 360, .. })));
        assert_eq!(seen("a\u{1b}[2Kb").to_string(), "a?[2Kb");
    }
}
