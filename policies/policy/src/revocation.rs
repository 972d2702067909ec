//! A revocation: the word of one who signs policies that a policy, or one permit of it, no longer holds. It takes one
//! signature to stop what took several to permit.

use jiff::civil::Date;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_query::strict::{Document, Faults};

use crate::fault::{Fault, Reason};
use crate::policy::Policy;
use crate::read::value;

/// Bytes of such a file, at most.
pub const FILE_BYTES_MAX: usize = 16 << 10;

/// Faults that are told of one file, at most.
const FAULTS_MAX: usize = 20;

/// A revocation that has been read; whether it is signed is for the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// The node whose policy it is about.
    pub node: NodeId,
    /// SHA-256 of the policy's file.
    pub policy: Digest,
    /// The permit; none where the whole policy is revoked.
    pub permit: Option<String>,
    /// The first day on which it no longer holds.
    pub from: Date,
    /// Why.
    pub reason: String,
}

impl Revocation {
    /// Reads a revocation: a table `revocation` with `node`, `policy`, `from`, `reason` and, for one permit, `permit`.
    ///
    /// # Errors
    /// Every [`Fault`] of the file.
    pub fn read(text: &str, file: &str) -> Result<Self, Vec<Fault>> {
        let faults = Faults::new(FAULTS_MAX);
        match read(text, &faults) {
            Some(revocation) if faults.is_empty() => Ok(revocation),
            _ => Err(Fault::all(file, faults)),
        }
    }

    /// Whether a text means to be a revocation: it has the table of one, which no policy has.
    #[must_use]
    pub fn is_one(text: &str) -> bool {
        let faults: Faults<Reason> = Faults::new(1);
        let Some(document) = Document::parse_past_slips(text, FILE_BYTES_MAX, &faults) else { return false };
        document.root(&faults).has("revocation")
    }

    /// The file of a revocation, to be signed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let text = |text: &str| toml_text(text);
        let permit = self.permit.as_ref().map(|permit| format!("permit = {}\n", text(permit)));
        format!(
            "# The policy, or the permit that is named, no longer holds. One signature of those who sign policies is\n\
             # enough (`tvaers revocation publish`, or both files into the folder `revocations` of the node).\n[revocation]\nnode = \"{}\"\n\
             policy = \"{}\"\n{}from = {}\nreason = {}\n",
            self.node,
            self.policy,
            permit.unwrap_or_default(),
            self.from,
            text(&self.reason)
        )
    }
}

/// A basic string of TOML.
fn toml_text(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
            c => c.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

fn read(text: &str, faults: &Faults<Reason>) -> Option<Revocation> {
    let document = Document::parse_past_slips(text, FILE_BYTES_MAX, faults)?;
    let root = document.root(faults);
    let table = root.required_table("revocation");
    root.close();
    let table = table?;
    let node = value::node(&table, "node");
    let policy = value::hex(&table, "policy");
    let permit = value::checked(&table, "permit", value::Need::Optional, || value::id(&table, "permit"));
    let from = table.required::<Date>("from");
    let reason = value::text(&table, "reason");
    table.close();
    Some(Revocation {
        node: node?,
        policy: Digest(policy?),
        permit: permit?,
        from: from?.value,
        reason: reason?,
    })
}

impl Policy {
    /// The policy as a revocation leaves it: it, or the permit, holds up to the day before at most. One about another
    /// policy changes nothing. Gives whether it is about this one.
    pub fn revoke(&mut self, revocation: &Revocation) -> bool {
        if revocation.policy != self.digest {
            return false;
        }
        let earlier =
            |before: Option<Date>| Some(before.map_or(revocation.from, |day| day.min(revocation.from)));
        match &revocation.permit {
            None => self.revoked = earlier(self.revoked),
            Some(id) => {
                let Some(permit) = self.permits.iter_mut().find(|permit| permit.id == *id) else {
                    return false;
                };
                permit.revoked = earlier(permit.revoked);
            }
        }
        true
    }
}
