//! Who may ask, sign and approve, compared.

use jiff::civil::Date;

use crate::diff::change::Direction::{Loosens, Tightens};
use crate::diff::change::{Risk, What};
use crate::diff::compare::{Changes, Words};
use crate::diff::whole::same;
use crate::explain::number::day;
use crate::explain::words;
use crate::permit::{Allowed, Approval, NamedPerson};
use crate::text::Text;

/// Name and short fingerprint.
fn person(person: &NamedPerson) -> Text {
    let role = words::role(person.role);
    let print = words::fingerprint(&person.key);
    Text::new(
        format!("{} ({}, {print})", person.name, role.da),
        format!("{} ({}, {print})", person.name, role.en),
    )
}

/// A person is a key: another name is a detail, another role another right.
struct PersonKeys {
    list: &'static str,
    name: &'static str,
    role: &'static str,
    /// That the person may in the new role, and may no longer in the old one.
    may: [Words; 2],
}

fn of_persons(
    out: &mut Changes,
    keys: &PersonKeys,
    (old, new): (&[NamedPerson], &[NamedPerson]),
    words: [Words; 2],
) {
    let [came, went] = words;
    for one in new.iter().filter(|one| old.iter().all(|other| other.key != one.key)) {
        let shown = person(one);
        out.say(Loosens, (keys.list, Risk::People), What::Added, came, &shown, &shown);
    }
    for one in old {
        let Some(now) = new.iter().find(|other| other.key == one.key) else {
            let shown = person(one);
            out.say(Tightens, (keys.list, Risk::People), What::Removed, went, &shown, &shown);
            continue;
        };
        let NamedPerson { name, key: _, role } = now;
        out.changed(
            (keys.name, Risk::Details),
            (&one.name, name),
            |text| same(text),
            ["Nøglen hører nu til navnet %n; før %o.", "The key now goes with the name %n; before %o."],
        );
        let (before, after) = (person(one), person(now));
        out.replaced(
            (keys.role, Risk::People),
            (&one.role, role),
            |role| if *role == one.role { before.clone() } else { after.clone() },
            keys.may[0],
            keys.may[1],
        );
    }
}

pub(super) fn of_askers(out: &mut Changes, old: &Allowed<NamedPerson>, new: &Allowed<NamedPerson>) {
    const KEYS: PersonKeys = PersonKeys {
        list: "permit.asker",
        name: "permit.asker.name",
        role: "permit.asker.role",
        may: [
            ["%n må nu spørge i den rolle.", "%n may now ask in that role."],
            ["%o må ikke længere spørge i den rolle.", "%o may no longer ask in that role."],
        ],
    };
    if let (Allowed::Only(old), Allowed::Only(new)) = (old, new) {
        let words = [
            ["%n må nu spørge.", "%n may now ask."],
            ["%o må ikke længere spørge.", "%o may no longer ask."],
        ];
        of_persons(out, &KEYS, (old, new), words);
        return;
    }
    out.allowed(
        (KEYS.list, Risk::People),
        (old, new),
        person,
        [["", ""], ["", ""]],
        [
            ["Enhver på deltagerlisten må nu spørge.", "Anyone whom the roster names may now ask."],
            [
                "Det er ikke længere enhver, der må spørge, kun: %n.",
                "It is no longer anyone who may ask, only: %n.",
            ],
        ],
    );
}

/// One of the persons is needed where there is any: the first to come is a demand, and another one a choice.
pub(super) fn of_second(out: &mut Changes, old: &[NamedPerson], new: &[NamedPerson]) {
    const KEYS: PersonKeys = PersonKeys {
        list: "permit.second-signature",
        name: "permit.second-signature.name",
        role: "permit.second-signature.role",
        may: [
            [
                "%n kan nu give den anden underskrift i den rolle.",
                "%n can now give the second signature in that role.",
            ],
            [
                "%o kan ikke længere give den anden underskrift i den rolle.",
                "%o can no longer give the second signature in that role.",
            ],
        ],
    };
    let names = |persons: &[NamedPerson]| {
        let shown: Vec<Text> = persons.iter().map(person).collect();
        let join = |of: fn(&Text) -> &str| shown.iter().map(of).collect::<Vec<_>>().join(", ");
        Text::new(join(|text| &text.da), join(|text| &text.en))
    };
    let key = (KEYS.list, Risk::People);
    match (old.is_empty(), new.is_empty()) {
        (true, true) => {}
        (true, false) => {
            let words = [
                "En af disse skal nu skrive under sammen med den, der spørger: %n.",
                "One of these must now sign beside who asks: %n.",
            ];
            let shown = names(new);
            out.say(Tightens, key, What::Added, words, &shown, &shown);
        }
        (false, true) => {
            let words = [
                "Ingen behøver længere at skrive under sammen med den, der spørger; før en af disse: %o.",
                "Nobody needs to sign beside who asks any longer; before one of these: %o.",
            ];
            let shown = names(old);
            out.say(Loosens, key, What::Removed, words, &shown, &shown);
        }
        (false, false) => {
            let words = [
                ["%n kan nu give den anden underskrift.", "%n can now give the second signature."],
                [
                    "%o kan ikke længere give den anden underskrift.",
                    "%o can no longer give the second signature.",
                ],
            ];
            of_persons(out, &KEYS, (old, new), words);
        }
    }
}

/// A permit holds from the last of the approvals on, and one fewer is one person fewer who looked at it.
pub(super) fn of_approvals(out: &mut Changes, old: &[Approval], new: &[Approval]) {
    let shown = |one: &Approval| {
        let date = day(one.date);
        Text::new(format!("{} den {}", one.name, date.da), format!("{} on {}", one.name, date.en))
    };
    let lacks = |list: &[Approval], one: &Approval| list.iter().all(|other| other.name != one.name);
    for one in new.iter().filter(|one| lacks(old, one)) {
        let words = [
            "Tilladelsen er nu også godkendt af %n og gælder ikke før.",
            "The permit is now also approved by %n and does not hold before.",
        ];
        let shown = shown(one);
        out.say(Tightens, ("permit.approval", Risk::People), What::Added, words, &shown, &shown);
    }
    for one in old {
        let Some(Approval { name: _, date }) = new.iter().find(|other| other.name == one.name) else {
            let words =
                ["Godkendelsen af %o er ikke længere nævnt.", "The approval by %o is no longer named."];
            let shown = shown(one);
            out.say(Loosens, ("permit.approval", Risk::People), What::Removed, words, &shown, &shown);
            continue;
        };
        let (before, after) = (shown(one), shown(&Approval { date: *date, ..one.clone() }));
        let show = |day: &Date| if *day == one.date { before.clone() } else { after.clone() };
        out.ordered(
            ("permit.approval.date", Risk::Time),
            Tightens,
            (&one.date, date),
            show,
            ["Tilladelsen er godkendt af %n; før %o.", "The permit is approved by %n; before %o."],
        );
    }
}

pub(super) fn of_single(out: &mut Changes, old: Option<&String>, new: Option<&String>) {
    let key = ("permit.single-approval", Risk::People);
    out.presence(
        key,
        Loosens,
        (old, new),
        |text| same(text),
        [
            ["Én godkendelse er nu nok: %n.", "One approval is now enough: %n."],
            ["Én godkendelse er ikke længere nok; før: %o.", "One approval is no longer enough; before: %o."],
        ],
    );
    if let (Some(old), Some(new)) = (old, new) {
        out.changed(
            key,
            (old, new),
            |text| same(text),
            [
                "Begrundelsen for, at én godkendelse er nok, er nu «%n»; før «%o».",
                "The reason why one approval is enough is now \"%n\"; before \"%o\".",
            ],
        );
    }
}
