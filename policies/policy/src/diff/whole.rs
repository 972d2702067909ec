//! What holds for all permits, compared.

use std::cmp::Ordering;

use jiff::civil::Date;
use tvaers_protocol::id::{Digest, NodeId};

use super::change::Direction::{Loosens, Neutral, Tightens};
use super::change::{Direction, Risk, What};
use super::compare::{Changes, Words};
use crate::explain::number::{
    CELLS, DAYS, FEATURES, MILLISECONDS, Noun, PERSONS, counted, day, stated, whole,
};
use crate::explain::words;
use crate::permit::{Limit, Validity};
use crate::policy::{
    Assessment, Calendar, CalendarBudget, Cells, Controller, Edition, Exclusions, LifeBudget, Policy,
    Processor, Release, Retention,
};
use crate::text::Text;

/// What is the same in both languages.
pub(super) fn same(text: impl AsRef<str>) -> Text {
    Text::new(text.as_ref(), text.as_ref())
}

pub(super) fn compare(out: &mut Changes, old: &Policy, new: &Policy) {
    // Every field, so that a new one cannot be forgotten: the compiler asks for it. What budgets in epsilon are worth
    // is part of each budget, and the digest is another one for a comment too.
    let Policy {
        laboratory,
        edition,
        controller,
        assessment,
        exclusions,
        cells,
        budget,
        release,
        retention,
        permits: _,
        epsilons: _,
        digest: _,
        // A revocation is no part of the file.
        revoked: _,
    } = new;
    if old.laboratory != *laboratory {
        of_laboratory(out, *laboratory);
    }
    of_edition(out, old.edition.as_ref(), edition.as_ref());
    of_controller(out, old.controller.as_ref(), controller.as_ref());
    of_assessment(out, old.assessment.as_ref(), assessment.as_ref());
    of_exclusions(out, &old.exclusions, exclusions);
    of_cells(out, old.cells, *cells);
    of_budget(out, &old.budget, budget);
    of_release(out, old.release, *release);
    of_retention(out, old.retention, *retention);
}

fn of_laboratory(out: &mut Changes, is_now: bool) {
    let key = ("laboratory", Risk::Everything);
    if is_now {
        let text = Text::new(
            "Politikken bliver en laboratoriepolitik: grænser lempes, som ellers beskytter borgerne. Den må kun indlæses over opdigtede data.",
            "The policy becomes a laboratory's: bounds are lifted that otherwise protect citizens. It may be loaded over made-up data alone.",
        );
        out.push(Loosens, key, What::Raised, text);
    } else {
        let text = Text::new(
            "Politikken er ikke længere en laboratoriepolitik: den kan gælde virkelige data, og alle grænser gælder igen.",
            "The policy is no longer a laboratory's: it can be for real data, and all bounds hold again.",
        );
        out.push(Tightens, key, What::Lowered, text);
    }
}

fn of_edition(out: &mut Changes, old: Option<&Edition>, new: Option<&Edition>) {
    out.presence(
        ("policy", Risk::Time),
        Tightens,
        (old, new),
        |edition| {
            let (from, to) = (day(edition.validity.from), day(edition.validity.to));
            Text::new(
                format!(
                    "{}, version {}, fra og med {} til og med {}",
                    edition.node, edition.version, from.da, to.da
                ),
                format!(
                    "{}, version {}, from {} up to and including {}",
                    edition.node, edition.version, from.en, to.en
                ),
            )
        },
        [
            [
                "Politikken siger nu, hvilken den er, og gælder kun sine dage: %n.",
                "The policy now says which it is, and holds on its days alone: %n.",
            ],
            [
                "Politikken siger ikke længere, hvilken den er, og gælder uden slutdato; før %o.",
                "The policy no longer says which it is, and holds without a last day; before %o.",
            ],
        ],
    );
    let (Some(old), Some(new)) = (old, new) else { return };
    let Edition { node, version, predecessor, validity } = new;
    out.replaced(
        ("policy.node", Risk::Everything),
        (&old.node, node),
        |node: &NodeId| same(node.as_str()),
        ["Noden %n kan indlæse politikken.", "The node %n can load the policy."],
        ["Noden %o kan ikke længere indlæse politikken.", "The node %o can no longer load the policy."],
    );
    out.ordered(
        ("policy.version", Risk::Details),
        Neutral,
        (&old.version, version),
        |version| same(version.to_string()),
        ["Politikkens version går fra %o til %n.", "The policy's version goes from %o to %n."],
    );
    out.changed(
        ("policy.predecessor", Risk::Details),
        (&old.predecessor, predecessor),
        |digest: &Option<Digest>| {
            digest.map_or_else(|| Text::new("ingen fil", "no file"), |digest| same(digest.to_string()))
        },
        [
            "Den fil, som politikken afløser, er nu %n; før %o (SHA-256).",
            "The file that the policy follows is now %n; before %o (SHA-256).",
        ],
    );
    of_validity(
        out,
        [("policy.valid-from", Risk::Time), ("policy.valid-to", Risk::Time)],
        (Some(old.validity), Some(*validity)),
        [
            ["Politikken gælder nu fra og med %n; før %o.", "The policy now holds from %n on; before %o."],
            [
                "Politikken gælder nu til og med %n; før %o.",
                "The policy now holds up to and including %n; before %o.",
            ],
        ],
    );
}

/// Both ends; where there are none it holds always.
pub(super) fn of_validity(
    out: &mut Changes,
    [from, to]: [(&'static str, Risk); 2],
    (old, new): (Option<Validity>, Option<Validity>),
    [begins, ends]: [Words; 2],
) {
    let first = |validity: Option<Validity>| validity.map_or(Date::MIN, |validity| validity.from);
    let last = |validity: Option<Validity>| validity.map_or(Date::MAX, |validity| validity.to);
    let show = |date: &Date| match *date {
        Date::MIN => Text::new("altid", "ever"),
        Date::MAX => Text::new("uden slutdato", "no last day"),
        date => day(date),
    };
    out.ordered(from, Tightens, (&first(old), &first(new)), show, begins);
    out.ordered(to, Loosens, (&last(old), &last(new)), show, ends);
}

fn of_controller(out: &mut Changes, old: Option<&Controller>, new: Option<&Controller>) {
    out.presence(
        ("controller", Risk::Details),
        Neutral,
        (old, new),
        |controller| same(format!("{}, CVR {}", controller.name, controller.cvr)),
        [
            [
                "Politikken siger nu, hvem der er dataansvarlig: %n.",
                "The policy now says who is the controller: %n.",
            ],
            [
                "Politikken siger ikke længere, hvem der er dataansvarlig; før %o.",
                "The policy no longer says who is the controller; before %o.",
            ],
        ],
    );
    let (Some(old), Some(new)) = (old, new) else { return };
    let Controller { name, cvr, contact, dpo, processors } = new;
    let texts: [(&'static str, &String, &String, Words); 4] = [
        (
            "controller.name",
            &old.name,
            name,
            ["Dataansvarlig er nu %n; før %o.", "The controller is now %n; before %o."],
        ),
        (
            "controller.cvr",
            &old.cvr,
            cvr,
            [
                "Den dataansvarliges CVR-nummer er nu %n; før %o.",
                "The controller's CVR number is now %n; before %o.",
            ],
        ),
        (
            "controller.contact",
            &old.contact,
            contact,
            ["Kontakt er nu %n; før %o.", "The contact is now %n; before %o."],
        ),
        (
            "controller.dpo",
            &old.dpo,
            dpo,
            [
                "Databeskyttelsesrådgiver er nu %n; før %o.",
                "The data-protection officer is now %n; before %o.",
            ],
        ),
    ];
    for (key, old, new, words) in texts {
        out.changed((key, Risk::Details), (old, new), |text| same(text), words);
    }
    out.elements(
        ("controller.processor", Risk::People),
        Loosens,
        (&old.processors, processors),
        |one: &Processor| same(format!("{} (CVR {}): {}", one.name, one.cvr, one.task)),
        [
            ["Databehandleren %n behandler nu data.", "The processor %n now processes data."],
            ["Databehandleren %o behandler ikke længere data.", "The processor %o no longer processes data."],
        ],
    );
}

fn of_assessment(out: &mut Changes, old: Option<&Assessment>, new: Option<&Assessment>) {
    out.presence(
        ("dpia", Risk::Grounds),
        Tightens,
        (old, new),
        |dpia| same(&dpia.reference),
        [
            [
                "Politikken henviser nu til en konsekvensanalyse: %n.",
                "The policy now refers to an impact assessment: %n.",
            ],
            [
                "Politikken henviser ikke længere til en konsekvensanalyse; før %o.",
                "The policy no longer refers to an impact assessment; before %o.",
            ],
        ],
    );
    let (Some(old), Some(new)) = (old, new) else { return };
    let Assessment { reference, version, date } = new;
    let texts: [(&'static str, &String, &String, Words); 2] = [
        (
            "dpia.reference",
            &old.reference,
            reference,
            ["Konsekvensanalysen er nu %n; før %o.", "The impact assessment is now %n; before %o."],
        ),
        (
            "dpia.version",
            &old.version,
            version,
            [
                "Konsekvensanalysens version er nu %n; før %o.",
                "The impact assessment's version is now %n; before %o.",
            ],
        ),
    ];
    for (key, old, new, words) in texts {
        out.changed((key, Risk::Grounds), (old, new), |text| same(text), words);
    }
    out.changed(
        ("dpia.date", Risk::Grounds),
        (&old.date, date),
        |date| day(*date),
        ["Konsekvensanalysen er nu af %n; før %o.", "The impact assessment is now of %n; before %o."],
    );
}

fn of_exclusions(out: &mut Changes, old: &Exclusions, new: &Exclusions) {
    let Exclusions { opt_outs, protected_addresses, objections } = new;
    let lists = [
        (
            "population.opt-outs",
            &old.opt_outs,
            opt_outs,
            ["Borgere, der har sagt nej til at indgå,", "Citizens who opted out"],
        ),
        (
            "population.protected-addresses",
            &old.protected_addresses,
            protected_addresses,
            ["Borgere med beskyttet adresse", "Citizens with a protected address"],
        ),
        (
            "population.objections",
            &old.objections,
            objections,
            ["Borgere, der har gjort indsigelse,", "Citizens who objected"],
        ),
    ];
    for (key, old, new, [da, en]) in lists {
        let key = (key, Risk::Exclusions);
        let mut say = |direction, what, da_rest: String, en_rest: String| {
            out.push(direction, key, what, Text::new(format!("{da} {da_rest}"), format!("{en} {en_rest}")));
        };
        match (old, new) {
            (None, Some(new)) => say(
                Tightens,
                What::Added,
                format!("holdes nu ude (filen «{new}»)."),
                format!("are now left out (the file \"{new}\")."),
            ),
            (Some(old), None) => say(
                Loosens,
                What::Removed,
                format!("holdes ikke længere ude (før filen «{old}»)."),
                format!("are no longer left out (before, the file \"{old}\")."),
            ),
            // Who stands on either is not in the policy.
            (Some(old), Some(new)) if old != new => {
                say(
                    Loosens,
                    What::Changed,
                    format!("holdes ikke længere ude, hvis de kun står i filen «{old}»; den nye er «{new}»."),
                    format!(
                        "are no longer left out where they stand in the file \"{old}\" alone; the new one is \"{new}\"."
                    ),
                );
                say(
                    Tightens,
                    What::Changed,
                    format!("holdes nu ude, hvis de står i filen «{new}»; før var det «{old}»."),
                    format!(
                        "are now left out where they stand in the file \"{new}\"; before it was \"{old}\"."
                    ),
                );
            }
            _ => {}
        }
    }
}

/// A number of the file: its key, what it counts, which way loosens, before and now, and the words.
type Bound = (&'static str, Option<Noun>, Direction, u32, u32, Words);

fn of_cells(out: &mut Changes, old: Cells, new: Cells) {
    let Cells { smallest, rounding, dimensions_max, cells_max } = new;
    let numbers: [Bound; 4] = [
        (
            "cells.smallest",
            Some(PERSONS),
            Tightens,
            old.smallest,
            smallest,
            [
                "Celler med færre end %n, talt med støj, skjules; før færre end %o.",
                "Cells of fewer than %n, counted with noise, are hidden; before fewer than %o.",
            ],
        ),
        (
            "cells.rounding",
            None,
            Tightens,
            old.rounding,
            rounding,
            [
                "Viste tal afrundes til multipla af %n; før af %o.",
                "Shown numbers are rounded to multiples of %n; before of %o.",
            ],
        ),
        (
            "cells.dimensions-max",
            Some(FEATURES),
            Loosens,
            old.dimensions_max,
            dimensions_max,
            [
                "Et spørgsmål må skelne personer på højst %n; før %o.",
                "A query may tell persons apart by at most %n; before %o.",
            ],
        ),
        (
            "cells.cells-max",
            Some(CELLS),
            Loosens,
            old.cells_max,
            cells_max,
            ["Et svar må have højst %n; før %o.", "An answer may have at most %n; before %o."],
        ),
    ];
    for (key, noun, more, old, new, words) in numbers {
        let show = |number: &u32| noun.map_or_else(|| whole(*number), |noun| counted(*number, noun));
        out.ordered((key, Risk::Shown), more, (&old, &new), show, words);
    }
}

/// A budget by what it is worth; how it is stated counts only where that is the same.
pub(super) fn of_limit(out: &mut Changes, key: &'static str, old: &Limit, new: &Limit, words: Words) {
    let show = |limit: &Limit| limit.stated.map_or_else(|| Text::new("ubegrænset", "unlimited"), stated);
    let key = (key, Risk::Budget);
    if old.nano_rho == new.nano_rho {
        out.changed(key, (old, new), show, words);
        return;
    }
    let (direction, what) = match new.nano_rho > old.nano_rho {
        true => (Loosens, What::Raised),
        false => (Tightens, What::Lowered),
    };
    out.say(direction, key, what, words, &show(old), &show(new));
}

fn of_budget(out: &mut Changes, old: &LifeBudget, new: &LifeBudget) {
    let LifeBudget { per_period, period_days, calendar, for_life, raised_by } = new;
    of_limit(
        out,
        "budget.per-period",
        &old.per_period,
        per_period,
        [
            "I en periode må alle svar tilsammen koste %n; før %o.",
            "In a period all answers together may cost %n; before %o.",
        ],
    );
    out.ordered(
        ("budget.period-days", Risk::Budget),
        Tightens,
        (&old.period_days, period_days),
        |days| counted(*days, DAYS),
        ["Periodens budget gælder nu for %n; før %o.", "The period's budget is now for %n; before %o."],
    );
    of_calendar(out, old.calendar, *calendar);
    of_limit(
        out,
        "budget.for-life",
        &old.for_life,
        for_life,
        [
            "For livet må alle svar tilsammen koste %n; før %o.",
            "For life all answers together may cost %n; before %o.",
        ],
    );
    out.elements(
        ("budget.raised-by", Risk::People),
        Loosens,
        (&old.raised_by, raised_by),
        |text| same(text),
        [
            ["%n kan nu være med til at hæve et budget.", "%n can now be one of those who raise a budget."],
            [
                "%o kan ikke længere være med til at hæve et budget.",
                "%o can no longer be one of those who raise a budget.",
            ],
        ],
    );
}

/// A period of the calendar; a longer one is more.
#[derive(PartialEq, Eq)]
struct Period(Calendar);

impl Period {
    const fn months(&self) -> u8 {
        match self.0 {
            Calendar::Month => 1,
            Calendar::Quarter => 3,
            Calendar::Year => 12,
        }
    }
}

impl PartialOrd for Period {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Period {
    fn cmp(&self, other: &Self) -> Ordering {
        self.months().cmp(&other.months())
    }
}

fn of_calendar(out: &mut Changes, old: Option<CalendarBudget>, new: Option<CalendarBudget>) {
    out.presence(
        ("budget.calendar", Risk::Budget),
        Tightens,
        (old.as_ref(), new.as_ref()),
        |calendar| {
            let each = words::calendar(calendar.each);
            let most = calendar.limit.stated.map_or_else(|| Text::new("ubegrænset", "unlimited"), stated);
            Text::new(format!("{} pr. {}", most.da, each.da), format!("{} each {}", most.en, each.en))
        },
        [
            ["Alle svar tilsammen må nu højst koste %n.", "All answers together may now cost at most %n."],
            [
                "Der er ikke længere et budget for kalenderen; før %o.",
                "There is no longer a budget of the calendar; before %o.",
            ],
        ],
    );
    let (Some(old), Some(CalendarBudget { each, limit })) = (old, new) else { return };
    out.ordered(
        ("budget.calendar.each", Risk::Budget),
        Tightens,
        (&Period(old.each), &Period(each)),
        |period| words::calendar(period.0),
        [
            "Kalenderens budget gælder nu pr. %n; før pr. %o.",
            "The calendar's budget is now for each %n; before for each %o.",
        ],
    );
    of_limit(
        out,
        "budget.calendar.at-most",
        &old.limit,
        &limit,
        [
            "I kalenderens periode må alle svar tilsammen koste %n; før %o.",
            "In the calendar's period all answers together may cost %n; before %o.",
        ],
    );
}

fn of_release(out: &mut Changes, old: Release, new: Release) {
    let Release { reply_grid_ms, witnesses } = new;
    out.ordered(
        ("release.reply-grid-ms", Risk::Shown),
        Tightens,
        (&old.reply_grid_ms, &reply_grid_ms),
        |milliseconds| counted(*milliseconds, MILLISECONDS),
        ["Svar sendes nu med %n mellemrum; før med %o.", "Replies now leave %n apart; before %o."],
    );
    let show = |count: Option<u32>| {
        count.map_or_else(
            || {
                Text::new(
                    "1 i en føderation med 3 noder eller flere og ellers 0 (intet sagt)",
                    "1 in a federation of 3 nodes or more and otherwise 0 (nothing said)",
                )
            },
            |count| same(count.to_string()),
        )
    };
    // In a small federation and in a large one: that is all that nothing said depends on. In a laboratory it is 0, which
    // goes with being one.
    let in_force = |witnesses: Option<u32>| witnesses.map_or((0, 1), |count| (count, count));
    let (before, after) = (old.witnesses, witnesses);
    out.ordered(
        ("release.witnesses", Risk::Shown),
        Tightens,
        (&(in_force(before), before), &(in_force(after), after)),
        |(_, witnesses)| show(*witnesses),
        [
            "Vidner, der skal have underskrevet regnskabet, før et svar forlader noden: nu %n; før %o.",
            "Witnesses that must have signed the ledger before an answer leaves the node: now %n; before %o.",
        ],
    );
}

fn of_retention(out: &mut Changes, old: Retention, new: Retention) {
    let Retention { results_days, work_lists_days, pseudonyms_days, logs_days } = new;
    let numbers: [(&'static str, Direction, u32, u32, Words); 4] = [
        (
            "retention.results-days",
            Loosens,
            old.results_days,
            results_days,
            [
                "Frigivne svar gemmes i højst %n; før %o.",
                "Released answers are kept for at most %n; before %o.",
            ],
        ),
        (
            "retention.work-lists-days",
            Loosens,
            old.work_lists_days,
            work_lists_days,
            ["Arbejdslister gemmes i højst %n; før %o.", "Work lists are kept for at most %n; before %o."],
        ),
        (
            "retention.pseudonyms-days",
            Loosens,
            old.pseudonyms_days,
            pseudonyms_days,
            ["Pseudonymer gemmes i højst %n; før %o.", "Pseudonyms are kept for at most %n; before %o."],
        ),
        (
            "retention.logs-days",
            Tightens,
            old.logs_days,
            logs_days,
            ["Logge gemmes i mindst %n; før %o.", "Logs are kept for at least %n; before %o."],
        ),
    ];
    for (key, more, old, new, words) in numbers {
        out.ordered((key, Risk::Time), more, (&old, &new), |days| counted(*days, DAYS), words);
    }
}
