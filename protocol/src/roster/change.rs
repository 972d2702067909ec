//! What one roster changes against another, in sentences: what a member reads before it signs.

use std::collections::BTreeMap;

use crate::roster::{Member, Person, Role, Roster};

impl Roster {
    /// What changes from this roster to `next`, a sentence each; none where nothing does.
    #[must_use]
    pub fn changes(&self, next: &Self) -> Vec<String> {
        let mut told = Vec::new();
        let mut change = |what: &str, before: &str, after: &str| {
            if before != after {
                told.push(format!("{what} changes from {before} to {after}"));
            }
        };
        change("the federation's name", &self.federation, &next.federation);
        change("the first day of validity", &self.valid_from.to_string(), &next.valid_from.to_string());
        change("the last day of validity", &self.valid_to.to_string(), &next.valid_to.to_string());
        change("the quorum", &self.quorum.to_string(), &next.quorum.to_string());
        change("the delta of reports", &self.delta, &next.delta);
        change("the coordinator's name", &self.coordinator.name, &next.coordinator.name);
        if self.coordinator.spki != next.coordinator.spki {
            told.push("the coordinator changes its certificate's key".to_owned());
        }
        if self.coordinator.signing != next.coordinator.signing {
            told.push("the coordinator changes its signing key".to_owned());
        }
        told.extend(members(&self.members, &next.members));
        told.extend(people(&self.people, &next.people));
        told
    }
}

fn members(before: &[Member], after: &[Member]) -> Vec<String> {
    let of = |members: &[Member]| -> BTreeMap<_, _> {
        members.iter().map(|member| (member.id.clone(), member.clone())).collect()
    };
    let (before, after) = (of(before), of(after));
    let mut told = Vec::new();
    for (id, member) in &before {
        match after.get(id) {
            None => told.push(format!("{id} ({}) leaves", member.name)),
            Some(next) => told.extend(member_changes(member, next)),
        }
    }
    for (id, member) in after.iter().filter(|(id, _)| !before.contains_key(*id)) {
        let holder = if member.holder { "with a share of each key" } else { "without a share of the keys" };
        told.push(format!(
            "{id} ({}, {} {}) joins on {}, {holder}, with at most {} evaluations a study",
            member.name, member.sector, member.code, member.valid_from, member.evaluations_max
        ));
    }
    told
}

fn member_changes(before: &Member, after: &Member) -> Vec<String> {
    let id = &before.id;
    let mut told = Vec::new();
    let keys = [
        ("its certificate's key", before.spki == after.spki),
        ("its signing key", before.signing == after.signing),
        ("its sealing key", before.sealing == after.sealing),
    ];
    told.extend(keys.iter().filter(|(_, same)| !same).map(|(key, _)| format!("{id} changes {key}")));
    let end = |member: &Member| member.valid_to.map_or_else(|| "no end".to_owned(), |day| day.to_string());
    let texts = [
        ("name", before.name.clone(), after.name.clone()),
        ("sector", before.sector.to_string(), after.sector.to_string()),
        ("code", before.code.to_string(), after.code.to_string()),
        ("first day", before.valid_from.to_string(), after.valid_from.to_string()),
        ("last day", end(before), end(after)),
        ("most evaluations a study", before.evaluations_max.to_string(), after.evaluations_max.to_string()),
    ];
    for (what, was, is) in texts.iter().filter(|(_, was, is)| was != is) {
        told.push(format!("{id}: its {what} changes from {was} to {is}"));
    }
    match (before.holder, after.holder) {
        (false, true) => told.push(format!("{id} becomes a key holder")),
        (true, false) => told.push(format!("{id} is a key holder no more")),
        _ => {}
    }
    told
}

fn people(before: &[Person], after: &[Person]) -> Vec<String> {
    let role = |person: &Person| match person.role {
        Role::Analyst => "analyst",
        Role::Dpo => "data-protection officer",
    };
    let mut told = Vec::new();
    for person in before {
        match after.iter().find(|next| next.name == person.name) {
            None => told.push(format!("{} ({}) leaves", person.name, role(person))),
            Some(next) => {
                if next.role != person.role {
                    told.push(format!("{} changes from {} to {}", person.name, role(person), role(next)));
                }
                if next.signing != person.signing {
                    told.push(format!("{} changes their key", person.name));
                }
            }
        }
    }
    for person in after.iter().filter(|next| before.iter().all(|person| person.name != next.name)) {
        told.push(format!("{} joins as {}", person.name, role(person)));
    }
    told
}
