//! One permit. Its mode says which parts it has; those of another mode refuse.

use std::collections::BTreeMap;

use jiff::civil::Date;
use tvaers_protocol::roster::Role;
use tvaers_protocol::sign::VerifyingKey;
use tvaers_protocol::study::Disclosure;

use super::value::{self, Need};
use super::{PolicyTable, Reader, refuse_unneeded};
use crate::fault::Reason;
use crate::limit;
use crate::permit::{
    Allowed, Approval, Basis, FollowUp, Mode, NamedPerson, Permit, Persons, Pseudonyms, Purpose, Recipient,
    Safeguards, Step, Validity, WorkList,
};
use crate::policy::LifeBudget;
use crate::text::Text;

const ROLES: &[(&str, Role)] = &[("analyst", Role::Analyst), ("dpo", Role::Dpo)];

const DISCLOSURES: &[(&str, Disclosure)] = &[
    ("inclusion", Disclosure::Inclusion),
    ("stratum", Disclosure::Stratum),
    ("total", Disclosure::Total),
    ("items", Disclosure::Items),
];

/// GDPR Article 6(1), letters a to f.
const ARTICLE_6: &[(&str, char)] = &[("a", 'a'), ("b", 'b'), ("c", 'c'), ("d", 'd'), ("e", 'e'), ("f", 'f')];

/// GDPR Article 9(2), letters a to j.
const ARTICLE_9: &[(&str, char)] = &[
    ("a", 'a'),
    ("b", 'b'),
    ("c", 'c'),
    ("d", 'd'),
    ("e", 'e'),
    ("f", 'f'),
    ("g", 'g'),
    ("h", 'h'),
    ("i", 'i'),
    ("j", 'j'),
];

/// Regulation (EU) 2025/327 Article 53(1), letters a to f.
const EHDS_53: &[(&str, char)] = ARTICLE_6;

impl Reader<'_> {
    pub(super) fn permit(&self, table: &PolicyTable<'_>, life: Option<&LifeBudget>) -> Option<Permit> {
        let formal = Need::unless(self.laboratory);
        let id = value::id(table, "id");
        let mode = value::word(table, "mode", Mode::NAMES);
        let issuer = value::checked(table, "issuer", formal, || value::text(table, "issuer"));
        let dated = table.has("valid-from") || table.has("valid-to") || !self.laboratory;
        let validity = if dated { value::validity(table).map(Some) } else { Some(None) };
        let revoked = table.optional::<Date>("revoked").map(|day| day.value);
        let purpose = self.part(table, "purpose").map(|part| self.purpose(&part, mode));
        let askers = self.askers(table);
        let second_signatures = self.second_signatures(table, mode);
        let approvals = self.approvals(table);
        let single_approval = value::checked(table, "single-approval", Need::Optional, || {
            value::text(table, "single-approval")
        });
        if let (Some(approvals), Some(single)) = (&approvals, &single_approval) {
            self.check_approvals(table, approvals, single.is_some());
        }
        let data = table.required_table("data").map(|part| self.data(&part, mode));
        let population = table.optional_table("population").map(|part| self.population(&part));
        let budget =
            of_mode(table, "budget", mode, Mode::is_statistics, |part| self.permit_budget(part, life));
        let models = match mode {
            Some(mode) if mode.has_pseudonyms() => self.models(table),
            Some(mode) => {
                refuse_unneeded(table, &["model"], mode);
                Some(Vec::new())
            }
            None => {
                let _ = table.has("model");
                None
            }
        };
        let is_list = |mode| mode == Mode::PersonContributions;
        let work_list = of_mode(table, "work-list", mode, is_list, |part| self.work_list(part));
        let pseudonyms = of_mode(table, "pseudonyms", mode, Mode::has_pseudonyms, pseudonyms);
        let follow_up = self.follow_up(table, mode, validity.flatten());
        let safeguards = self.safeguards(table, mode);
        let basis = self.basis(table, mode, work_list.as_ref().and_then(Option::as_ref));
        table.close();
        Some(Permit {
            id: id?,
            mode: mode?,
            issuer: issuer?,
            validity: validity?,
            revoked,
            purpose: super::stated(purpose)?,
            basis: basis?,
            askers: askers?,
            approvals: approvals?,
            single_approval: single_approval?,
            second_signatures: second_signatures?,
            data: data??,
            population: super::stated(population)?.unwrap_or_default(),
            budget: budget?,
            models: models?,
            work_list: work_list?,
            pseudonyms: pseudonyms?,
            follow_up: follow_up?,
            safeguards: safeguards?,
        })
    }

    fn purpose(&self, table: &PolicyTable<'_>, mode: Option<Mode>) -> Option<Purpose> {
        let id = value::id(table, "id");
        let da = value::text(table, "da");
        let en = value::text(table, "en");
        let ehds_53 =
            value::checked(table, "ehds-53", Need::Optional, || value::word(table, "ehds-53", EHDS_53));
        if table.has("ehds-53") && mode.is_some_and(|mode| !mode.is_statistics()) {
            table.refuse("ehds-53", Reason::Ehds);
        }
        table.close();
        Some(Purpose { id: id?, text: Text::new(da?, en?), ehds_53: ehds_53? })
    }

    fn askers(&self, table: &PolicyTable<'_>) -> Option<Allowed<NamedPerson>> {
        if self.laboratory && !table.has("asker") {
            return Some(Allowed::All);
        }
        if !table.require("asker") {
            return None;
        }
        persons(table, "asker").map(Allowed::Only)
    }

    /// Who may sign a stratification beside who asks. One that finds named citizens always takes two persons.
    fn second_signatures(&self, table: &PolicyTable<'_>, mode: Option<Mode>) -> Option<Vec<NamedPerson>> {
        match mode {
            Some(mode) if !mode.has_pseudonyms() => {
                refuse_unneeded(table, &["second-signature"], mode);
                Some(Vec::new())
            }
            Some(Mode::PersonContributions) if !self.laboratory && !table.require("second-signature") => None,
            _ => persons(table, "second-signature"),
        }
    }

    fn approvals(&self, table: &PolicyTable<'_>) -> Option<Vec<Approval>> {
        let mut approvals: Vec<Approval> = Vec::new();
        let mut right = true;
        for entry in table.tables("approval") {
            let name = value::text(&entry, "name");
            let date = entry.required::<Date>("date");
            entry.close();
            let (Some(name), Some(date)) = (name, date) else {
                right = false;
                continue;
            };
            if approvals.iter().any(|other| other.name == name) {
                entry.refuse("name", Reason::Twice { name: name.clone() });
            }
            approvals.push(Approval { name, date: date.value });
        }
        right.then_some(approvals)
    }

    fn check_approvals(&self, table: &PolicyTable<'_>, approvals: &[Approval], is_single: bool) {
        let needed = if is_single { 1 } else { 2 };
        if approvals.len() < needed && !self.laboratory {
            table.refuse("approval", Reason::Persons { needed });
        }
    }

    fn work_list(&self, table: &PolicyTable<'_>) -> Option<WorkList> {
        let disclosure = value::word(table, "disclosure", DISCLOSURES);
        let all = ("all", Persons::All);
        let persons = value::word(table, "persons", &[("selected", Persons::Selected), all]);
        if persons == Some(Persons::All) && !self.laboratory {
            table.refuse("persons", Reason::Laboratory);
        }
        let to = table.required_list::<String>("to").map(|to| {
            value::refuse_twice(table, &to.value, String::clone);
            if to.value.is_empty() {
                table.faults().refuse(&to, Reason::Empty);
            }
            to.value.iter().filter_map(|word| value::word_of(table, word, Recipient::NAMES)).collect()
        });
        table.close();
        Some(WorkList { disclosure: disclosure?, persons: persons?, to: to? })
    }

    /// Under a permit that has ended no run goes on, so that nothing is kept for one.
    fn follow_up(
        &self,
        table: &PolicyTable<'_>,
        mode: Option<Mode>,
        validity: Option<Validity>,
    ) -> Option<Option<FollowUp>> {
        if !table.has("follow-up") {
            return Some(None);
        }
        let is_list = |mode| mode == Mode::PersonContributions;
        of_mode(table, "follow-up", mode, is_list, |part| {
            let need = Need::unless(self.laboratory);
            let until = value::checked(part, "until", need, || part.required::<Date>("until"));
            if let (Some(Some(until)), Some(validity)) = (&until, validity) {
                if until.value < validity.from {
                    part.faults().refuse(until, Reason::Dates);
                } else if until.value > validity.to {
                    part.faults().refuse(until, Reason::Ended);
                }
            }
            let reason = value::text(part, "reason");
            part.close();
            Some(FollowUp { until: until?.map(|day| day.value), reason: reason? })
        })
    }

    fn safeguards(&self, table: &PolicyTable<'_>, mode: Option<Mode>) -> Option<Option<Safeguards>> {
        let is_list = |mode| mode == Mode::PersonContributions;
        if self.laboratory && !table.has("safeguards") {
            return Some(None);
        }
        of_mode(table, "safeguards", mode, is_list, |part| {
            let optional = |key| value::checked(part, key, Need::Optional, || value::text(part, key));
            let human_review = value::text(part, "human-review");
            let joint_controllers = optional("joint-controllers");
            let processor_agreement = optional("processor-agreement");
            let notice = value::text(part, "notice");
            if !part.has("joint-controllers") && !part.has("processor-agreement") {
                part.faults().refuse(part.at(), Reason::Agreement);
            }
            part.close();
            Some(Safeguards {
                human_review: human_review?,
                joint_controllers: joint_controllers?,
                processor_agreement: processor_agreement?,
                notice: notice?,
            })
        })
    }

    /// The legal basis of each step that the permit takes, and of no other.
    fn basis(
        &self,
        permit: &PolicyTable<'_>,
        mode: Option<Mode>,
        work_list: Option<&WorkList>,
    ) -> Option<BTreeMap<Step, Basis>> {
        let Some(table) = self.part(permit, "basis") else {
            return self.laboratory.then(BTreeMap::new);
        };
        let discloses_items = work_list.is_some_and(|list| list.disclosure == Disclosure::Items);
        let hands_on = work_list.is_some_and(|list| list.to.contains(&Recipient::GpPractice));
        let steps = [
            (Step::Compute, true),
            (Step::Disclose, true),
            (Step::DiscloseItems, discloses_items),
            (Step::HandToPractice, hands_on),
        ];
        let mut basis = BTreeMap::new();
        let mut right = true;
        for (step, is_taken) in steps {
            let key = step.name();
            if !is_taken {
                // Where the mode or the list is wrong, nobody can say which steps there are.
                if let Some(mode) = mode.filter(|mode| mode.is_statistics() || work_list.is_some()) {
                    refuse_unneeded(&table, &[key], mode);
                }
                let _ = table.has(key);
                continue;
            }
            match table.required_table(key).and_then(|part| of_step(&part, mode)) {
                Some(found) => {
                    basis.insert(step, found);
                }
                None => right = false,
            }
        }
        table.close();
        right.then_some(basis)
    }
}

fn of_step(table: &PolicyTable<'_>, mode: Option<Mode>) -> Option<Basis> {
    let article_6 = value::word(table, "article-6", ARTICLE_6);
    let article_9 = value::word(table, "article-9", ARTICLE_9);
    let national = value::text(table, "national");
    table.close();
    if mode.is_some_and(|mode| !mode.is_statistics()) {
        if article_9 == Some('j') {
            table.refuse("article-9", Reason::StatisticsOnly);
        }
        if national.as_deref().is_some_and(is_of_statistics) {
            table.refuse("national", Reason::StatisticsOnly);
        }
    }
    Some(Basis { article_6: article_6?, article_9: article_9?, national: national? })
}

/// Whether a paragraph is databeskyttelsesloven § 10, which is for statistics and research alone.
fn is_of_statistics(national: &str) -> bool {
    let text: String = national.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    let after = |marker: &str| text.split(marker).nth(1).map(|rest| rest.chars().next());
    let names_ten = after("§10").is_some_and(|next| !next.is_some_and(|next| next.is_ascii_digit()));
    text.contains("databeskyttelseslov") && names_ten
}

fn pseudonyms(table: &PolicyTable<'_>) -> Option<Pseudonyms> {
    let domain = value::id(table, "domain");
    // One key for each run. That runs may go on under one stands by itself, with its end and its reason.
    let key = value::word(table, "key", &[("per-run", ())]);
    let most = limit::EVALUATIONS_MAX;
    let evaluations_per_study = value::whole(table, "evaluations-per-study", 1, most);
    let evaluations_per_peer = value::whole(table, "evaluations-per-peer", 1, most);
    table.close();
    key?;
    Some(Pseudonyms {
        domain: domain?,
        evaluations_per_study: evaluations_per_study?,
        evaluations_per_peer: evaluations_per_peer?,
    })
}

/// A part that permits of some modes need and others must not have. Nothing is said where the mode is wrong.
fn of_mode<T>(
    table: &PolicyTable<'_>,
    key: &'static str,
    mode: Option<Mode>,
    has_it: impl FnOnce(Mode) -> bool,
    read: impl FnOnce(&PolicyTable<'_>) -> Option<T>,
) -> Option<Option<T>> {
    let Some(mode) = mode else {
        let _ = table.has(key);
        return None;
    };
    if !has_it(mode) {
        refuse_unneeded(table, &[key], mode);
        return Some(None);
    }
    table.required_table(key).and_then(|part| read(&part)).map(Some)
}

/// Persons by name, key and role, each key once.
fn persons(table: &PolicyTable<'_>, key: &'static str) -> Option<Vec<NamedPerson>> {
    let mut persons: Vec<NamedPerson> = Vec::new();
    let mut right = true;
    for entry in &table.tables(key) {
        let name = value::text(entry, "name");
        let key = value::hex(entry, "key").map(VerifyingKey);
        let role = value::word(entry, "role", ROLES);
        entry.close();
        let (Some(name), Some(key), Some(role)) = (name, key, role) else {
            right = false;
            continue;
        };
        if persons.iter().any(|other| other.key == key) {
            entry.refuse("key", Reason::Twice { name: name.clone() });
        }
        persons.push(NamedPerson { name, key, role });
    }
    right.then_some(persons)
}
