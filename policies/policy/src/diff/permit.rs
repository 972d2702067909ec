//! Permits compared, each with the one of the same id.

mod data;
mod grounds;
mod people;
mod study;

use jiff::civil::Date;

use crate::diff::change::Direction::{Loosens, Tightens};
use crate::diff::change::{Risk, What};
use crate::diff::compare::Changes;
use crate::diff::whole::{of_limit, of_validity, same};
use crate::explain::number::{day, stated};
use crate::explain::words;
use crate::permit::{Allowed, Mode, Permit, PermitBudget, Validity};
use crate::policy::Policy;
use crate::text::Text;

pub(super) fn compare_all(out: &mut Changes, old: &Policy, new: &Policy) {
    for permit in new.permits() {
        out.of_permit(&permit.id);
        match old.permit(&permit.id) {
            None => came(out, "permit", permit),
            Some(before) if before.mode != permit.mode => {
                // What is of another mode is nothing to compare with.
                went(out, "permit.mode", before);
                came(out, "permit.mode", permit);
            }
            Some(before) => compare(out, before, permit),
        }
    }
    for permit in old.permits().iter().filter(|permit| new.permit(&permit.id).is_none()) {
        out.of_permit(&permit.id);
        went(out, "permit", permit);
    }
}

const fn risk(mode: Mode) -> Risk {
    match mode {
        Mode::PersonContributions => Risk::NamedCitizens,
        Mode::JoinedStatistics => Risk::Contributions,
        Mode::Aggregates => Risk::Data,
    }
}

fn came(out: &mut Changes, key: &'static str, permit: &Permit) {
    let text = summary(permit);
    let text = Text::new(format!("Ny tilladelse: {}", text.da), format!("A new permit: {}", text.en));
    out.push(Loosens, (key, risk(permit.mode)), What::Added, text);
}

fn went(out: &mut Changes, key: &'static str, permit: &Permit) {
    let text = summary(permit);
    let text = Text::new(
        format!("Tilladelsen findes ikke længere: {}", text.da),
        format!("The permit is gone: {}", text.en),
    );
    out.push(Tightens, (key, risk(permit.mode)), What::Removed, text);
}

/// What a whole permit comes to.
fn summary(permit: &Permit) -> Text {
    let mode = words::mode(permit.mode);
    let (mut da, mut en) = (mode.da, mode.en);
    if let Some(purpose) = &permit.purpose {
        da.push_str(&format!(", til formålet «{}»", purpose.text.da));
        en.push_str(&format!(", for the purpose \"{}\"", purpose.text.en));
    }
    match &permit.askers {
        Allowed::All => {
            da.push_str(", for enhver på deltagerlisten");
            en.push_str(", for anyone whom the roster names");
        }
        Allowed::Only(askers) => {
            let names: Vec<&str> = askers.iter().map(|asker| asker.name.as_str()).collect();
            da.push_str(&format!(", for {}", names.join(", ")));
            en.push_str(&format!(", for {}", names.join(", ")));
        }
    }
    if let Some(list) = &permit.work_list {
        let told = words::disclosure(list.disclosure);
        da.push_str(&format!("; listen siger, {}", told.da));
        en.push_str(&format!("; the list tells {}", told.en));
    }
    if let Some(budget) = permit.budget.and_then(|budget| budget.in_all.stated) {
        let budget = stated(budget);
        da.push_str(&format!("; højst {} i alt", budget.da));
        en.push_str(&format!("; at most {} in all", budget.en));
    }
    if let Some(validity) = permit.validity {
        let to = day(validity.to);
        da.push_str(&format!("; til og med {}", to.da));
        en.push_str(&format!("; up to and including {}", to.en));
    }
    Text::new(format!("{da}."), format!("{en}."))
}

fn compare(out: &mut Changes, old: &Permit, new: &Permit) {
    // Every field: the compiler asks for a new one.
    let Permit {
        id: _,
        mode,
        issuer,
        validity,
        revoked,
        purpose,
        basis,
        askers,
        approvals,
        single_approval,
        second_signatures,
        data,
        population,
        budget,
        models,
        work_list,
        pseudonyms,
        follow_up,
        safeguards,
    } = new;
    let risk = risk(*mode);
    let issued = |issuer: &Option<String>| issuer.as_ref().map_or_else(|| Text::new("ingen", "nobody"), same);
    out.changed(
        ("permit.issuer", Risk::Details),
        (&old.issuer, issuer),
        issued,
        ["Udstederen er nu %n; før %o.", "The issuer is now %n; before %o."],
    );
    of_time(out, (old.validity, *validity), (old.revoked, *revoked));
    grounds::of_purpose(out, old.purpose.as_ref(), purpose.as_ref());
    grounds::of_basis(out, &old.basis, basis);
    people::of_askers(out, &old.askers, askers);
    people::of_second(out, &old.second_signatures, second_signatures);
    people::of_approvals(out, &old.approvals, approvals);
    people::of_single(out, old.single_approval.as_ref(), single_approval.as_ref());
    data::of_data(out, &old.data, data);
    data::of_population(out, &old.population, population);
    if let (Some(old), Some(new)) = (&old.budget, budget) {
        of_budget(out, old, new);
    }
    study::of_models(out, &old.models, models, risk);
    if let (Some(old), Some(new)) = (&old.work_list, work_list) {
        study::of_list(out, old, new);
    }
    if let (Some(old), Some(new)) = (&old.pseudonyms, pseudonyms) {
        study::of_pseudonyms(out, old, new);
    }
    study::of_follow_up(out, old.follow_up.as_ref(), follow_up.as_ref());
    grounds::of_safeguards(out, old.safeguards.as_ref(), safeguards.as_ref());
}

fn of_time(
    out: &mut Changes,
    validity: (Option<Validity>, Option<Validity>),
    (old, new): (Option<Date>, Option<Date>),
) {
    of_validity(
        out,
        [("permit.valid-from", Risk::Time), ("permit.valid-to", Risk::Time)],
        validity,
        [
            ["Tilladelsen gælder nu fra og med %n; før %o.", "The permit now holds from %n on; before %o."],
            [
                "Tilladelsen gælder nu til og med %n; før %o.",
                "The permit now holds up to and including %n; before %o.",
            ],
        ],
    );
    let key = ("permit.revoked", Risk::Time);
    let show = |date: &Date| day(*date);
    out.presence(
        key,
        Tightens,
        (old.as_ref(), new.as_ref()),
        show,
        [
            ["Tilladelsen er tilbagekaldt fra og med %n.", "The permit is revoked from %n on."],
            [
                "Tilladelsen er ikke længere tilbagekaldt (før fra og med %o).",
                "The permit is no longer revoked (before, from %o on).",
            ],
        ],
    );
    if let (Some(old), Some(new)) = (old, new) {
        let words = [
            "Tilladelsen er tilbagekaldt fra og med %n; før fra og med %o.",
            "The permit is revoked from %n on; before from %o on.",
        ];
        out.ordered(key, Loosens, (&old, &new), show, words);
    }
}

fn of_budget(out: &mut Changes, old: &PermitBudget, new: &PermitBudget) {
    let PermitBudget { per_query, default_query, in_all } = new;
    of_limit(
        out,
        "permit.budget.per-query",
        &old.per_query,
        per_query,
        ["Ét svar må nu koste %n; før %o.", "One answer may now cost %n; before %o."],
    );
    of_limit(
        out,
        "permit.budget.in-all",
        &old.in_all,
        in_all,
        ["Alle svar tilsammen må nu koste %n; før %o.", "All answers together may now cost %n; before %o."],
    );
    const KEY: &str = "permit.budget.default-query";
    let show = |limit: &crate::permit::Limit| {
        limit.stated.map_or_else(|| Text::new("ubegrænset", "unlimited"), stated)
    };
    out.presence(
        (KEY, Risk::Budget),
        Loosens,
        (old.default_query.as_ref(), default_query.as_ref()),
        show,
        [
            [
                "Spørgsmål, der ikke siger, hvad de må koste, besvares nu for %n.",
                "Queries that do not say what they may cost are now answered for %n.",
            ],
            [
                "Spørgsmål, der ikke siger, hvad de må koste, afvises nu; før kostede de %o.",
                "Queries that do not say what they may cost are now refused; before they cost %o.",
            ],
        ],
    );
    let (Some(old), Some(new)) = (&old.default_query, default_query) else { return };
    of_limit(
        out,
        KEY,
        old,
        new,
        [
            "Et svar, hvis spørgsmål ikke siger, hvad det må koste, koster nu %n; før %o.",
            "An answer whose query does not say what it may cost now costs %n; before %o.",
        ],
    );
    // A dearer answer tells more, and sooner meets a budget.
    if old.nano_rho != new.nano_rho {
        let (direction, what, words) = match new.nano_rho > old.nano_rho {
            true => (
                Tightens,
                What::Raised,
                [
                    "Da de koster mere, er der plads til færre svar uden angivet pris inden for budgetterne (nu %n, før %o).",
                    "As they cost more, fewer answers without a stated price fit into the budgets (now %n, before %o).",
                ],
            ),
            false => (
                Loosens,
                What::Lowered,
                [
                    "Da de koster mindre, er der plads til flere svar uden angivet pris inden for budgetterne (nu %n, før %o).",
                    "As they cost less, more answers without a stated price fit into the budgets (now %n, before %o).",
                ],
            ),
        };
        out.say(direction, (KEY, Risk::Budget), what, words, &show(old), &show(new));
    }
}
