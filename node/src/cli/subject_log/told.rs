//! The answer to a citizen, as text and as JSON. It holds nothing that says whose it is.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};
use tvaers_definitions::library::Library;
use tvaers_policy::permit::Permit;
use tvaers_policy::policy::Controller;
use tvaers_policy::text::Text;

use super::Lang;
use crate::policy::period;
use crate::subject::among::Doubt;
use crate::subject::ground::Ground;
use crate::subject::objectors::Objects;
use crate::subject::uses::{Use, Window};
use crate::subject::words::{self, Telling};
use crate::subject::worklist::Listed;

/// All that a citizen is told.
pub(super) struct Answer {
    pub(super) node: String,
    pub(super) controller: Option<Controller>,
    pub(super) made: Timestamp,
    pub(super) window: Window,
    pub(super) log_from: Option<Timestamp>,
    /// Whether the oldest entries are deleted.
    pub(super) log_is_cut: bool,
    pub(super) import: u32,
    pub(super) extracted_on: Date,
    pub(super) is_found: bool,
    /// Whether the citizen stands on a list of the policy.
    pub(super) is_listed: bool,
    /// Since when the node knows that the citizen objects.
    pub(super) objects: Option<Objects>,
    /// Whether anybody's objection was lifted.
    pub(super) any_lifted: bool,
    pub(super) lists_are_known: bool,
    pub(super) uses: Vec<Told>,
    pub(super) work_lists: Vec<OnList>,
}

/// A use in words.
pub(super) struct Told {
    entry: u64,
    at: Timestamp,
    purpose: Text,
    permit: Text,
    basis: Text,
    done: Text,
    data: Vec<Text>,
    asker: Text,
    /// The name of who asked, where it may be told.
    name: Option<String>,
    left: Text,
    doubts: Vec<Text>,
}

/// A work list on which the citizen stands.
pub(super) struct OnList {
    model: Text,
    as_of: Date,
    at: String,
    included: bool,
}

impl Told {
    pub(super) fn of(
        one: &Use,
        ground: &Ground,
        permit: Option<&Permit>,
        doubts: Vec<Doubt>,
        names: bool,
    ) -> Self {
        let with = Telling {
            library: &ground.library,
            sector: ground.config.sector,
            roster: ground.roster.as_ref(),
            permit,
        };
        let name = one.requester.as_ref().filter(|_| names).map(|requester| requester.name.to_string());
        Self {
            entry: one.entry,
            at: one.at,
            purpose: words::purpose(one, &with),
            permit: words::permit(one, &with),
            basis: words::basis(&with),
            done: words::done(one, &with),
            data: words::data(one, &with),
            asker: words::asker(one, &with),
            name,
            left: words::left(one, &with),
            doubts: doubts.into_iter().map(words::doubt).collect(),
        }
    }
}

/// A list in words.
pub(super) fn listed(listed: Listed, library: &Library) -> OnList {
    let model = library.model(&listed.model);
    let model = model.map_or_else(
        || Text::new(listed.model.as_str(), listed.model.as_str()),
        |model| Text::new(&model.da, &model.en),
    );
    OnList { model, as_of: listed.as_of, at: listed.at, included: listed.included }
}

/// A moment by Danish clocks, to the minute.
fn time(at: Timestamp) -> String {
    period::danish().to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
}

fn in_lang(text: &Text, lang: Lang) -> &str {
    match lang {
        Lang::Da => &text.da,
        Lang::En => &text.en,
    }
}

impl Answer {
    /// What holds for all uses.
    fn notes(&self) -> Vec<Text> {
        let (import, day) = (self.import, self.extracted_on);
        let mut notes = vec![Text::new(
            format!(
                "Opgørelsen er lavet nu, efter nodens seneste data: import {import} med data fra {day}. Noden er det program, der arbejder med den dataansvarliges data. Den fører ingen liste over, hvem der er slået op; den ser i loggen, hvad der er gjort, og efter reglerne, hvem det omfattede."
            ),
            format!(
                "This was worked out now, from the node's newest data: import {import} with data from {day}. The node is the program that works with the controller's data. It keeps no list of who was looked up; it sees from the log what was done, and from the rules whom it covered."
            ),
        )];
        if !self.is_found {
            notes.push(Text::new(
                "CPR-nummeret findes ikke blandt dem, som noden svarer for i disse data. Ældre data er erstattet og kan ikke ses efter.",
                "The CPR number is not among those whom the node answers for in these data. Older data were replaced and cannot be looked at.",
            ));
        }
        if !self.uses.is_empty() {
            notes.push(Text::new(
                "Loggen siger, hvilke oplysninger der blev brugt, men ikke hvilke værdier der blev spurgt efter. En opgørelse, der kun gjaldt en del af borgerne, er derfor med her, også hvis den ikke talte dig med. Til alle opgørelser læses alder, køn og bopæl fra registret over borgere, for at afgøre hvem der er omfattet.",
                "The log says which data were used, not which values were asked for. A use that was about some citizens only stands here even if it did not count you. Every use reads age, sex and residence from the register of citizens, to decide who is meant.",
            ));
        }
        notes.push(match (self.lists_are_known, self.is_listed) {
            (true, true) => Text::new(
                "Du står nu på en af nodens lister over borgere, der holdes ude af alt. Listerne er dagens: brug, fra før listen sidst blev ændret, er med her.",
                "You are now on one of the node's lists of citizens who are left out of everything. The lists are today's: uses from before the list last changed stand here.",
            ),
            (true, false) => Text::new(
                "Du står ikke på nodens lister over borgere, der holdes ude af alt. Listerne er dagens.",
                "You are not on the node's lists of citizens who are left out of everything. The lists are today's.",
            ),
            (false, _) => Text::new(
                "Noden har ingen læselig politik, så det vides ikke, hvem der holdes ude; ingen er udeladt her af den grund.",
                "The node has no readable policy, so it is not known who is left out; nobody is omitted here for that reason.",
            ),
        });
        notes.extend(self.objection());
        if self.log_is_cut {
            let from = self.log_from.map(time).unwrap_or_default();
            notes.push(Text::new(
                format!("Loggens ældste poster er slettet efter fristen i politikken; den begynder {from}."),
                format!(
                    "The log's oldest entries were deleted as the policy's retention says; it begins {from}."
                ),
            ));
        }
        notes
    }

    /// Whether the citizen objects, as the node's memory says.
    fn objection(&self) -> Option<Text> {
        let Some(objects) = self.objects else {
            return self.any_lifted.then(|| {
                Text::new(
                    "Loggen viser, at indsigelser er trukket tilbage, men ikke hvis. Har du haft en, er brug fra den tid med her, selv om du var holdt ude.",
                    "The log shows that objections were lifted, but not whose. If you had one, uses from that time stand here although you were left out.",
                )
            });
        };
        let since = time(objects.since);
        let (da, en) = if objects.own {
            (
                format!(
                    "Noden har siden {since} noteret, at du gør indsigelse mod behandlingen (artikel 21)"
                ),
                format!(
                    "The node has had it on record since {since} that you object to the processing (Article 21)"
                ),
            )
        } else {
            (
                format!(
                    "En anden part i føderationen har oplyst, at du gør indsigelse mod behandlingen (artikel 21); noden har vidst det siden {since}"
                ),
                format!(
                    "Another party of the federation said that you object to the processing (Article 21); the node has known since {since}"
                ),
            )
        };
        let (told_da, told_en) = if objects.own {
            (
                " I studier får parter, der også har oplysninger om dig, under pseudonym at vide, at du gør indsigelse, og ikke andet.",
                " In studies, parties that have data about you too are told under pseudonym that you object, and nothing else.",
            )
        } else {
            ("", "")
        };
        Some(Text::new(
            format!("{da}. Du holdes ude af al brug, der begynder derefter; den er ikke med her.{told_da}"),
            format!("{en}. You are left out of all uses that begin later; they do not stand here.{told_en}"),
        ))
    }

    fn period(&self) -> Text {
        let to = time(self.window.to.min(self.made));
        match (self.window.from == Timestamp::MIN).then_some(self.log_from) {
            None => {
                let from = time(self.window.from);
                Text::new(format!("{from} til {to}"), format!("{from} to {to}"))
            }
            Some(from) => {
                let from = from.map(time).unwrap_or_default();
                Text::new(format!("hele loggen, {from} til {to}"), format!("the whole log, {from} to {to}"))
            }
        }
    }

    /// The answer for scripts.
    pub(super) fn json(&self, lang: Lang) -> Value {
        let of = |text: &Text| in_lang(text, lang).to_owned();
        let all = |texts: &[Text]| texts.iter().map(of).collect::<Vec<_>>();
        let uses = self.uses.iter().map(|one| {
            json!({
                "entry": one.entry,
                "at": one.at,
                "purpose": of(&one.purpose),
                "permit": of(&one.permit),
                "legal_basis": of(&one.basis),
                "done": of(&one.done),
                "data": all(&one.data),
                "asked_by": of(&one.asker),
                "name": one.name,
                "left_the_node": of(&one.left),
                "certain": one.doubts.is_empty(),
                "doubts": all(&one.doubts),
            })
        });
        let lists = self.work_lists.iter().map(|list| {
            json!({ "model": of(&list.model), "as_of": list.as_of, "at": list.at, "selected": list.included })
        });
        json!({
            "node": self.node,
            "controller": self.controller.as_ref().map(|one| json!({
                "name": one.name, "cvr": one.cvr, "contact": one.contact, "dpo": one.dpo,
            })),
            "from": (self.window.from != Timestamp::MIN).then_some(self.window.from),
            "to": (self.window.to != Timestamp::MAX).then_some(self.window.to),
            "made_at": self.made,
            "data": { "import": self.import, "extracted_on": self.extracted_on },
            "found": self.is_found,
            "left_out_now": (self.lists_are_known || self.objects.is_some())
                .then_some(self.is_listed || self.objects.is_some()),
            "objects_since": self.objects.map(|objects| objects.since),
            "uses": uses.collect::<Vec<_>>(),
            "work_lists": lists.collect::<Vec<_>>(),
            "notes": all(&self.notes()),
        })
    }

    /// The answer for the citizen.
    pub(super) fn text(&self, lang: Lang) -> String {
        let say = |da: &'static str, en: &'static str| match lang {
            Lang::Da => da,
            Lang::En => en,
        };
        let of = |text: &Text| in_lang(text, lang).to_owned();
        let mut lines = vec![
            say("Hvad dine oplysninger er brugt til", "What your data was used for").to_owned(),
            say(
                "Indsigt efter databeskyttelsesforordningens artikel 15",
                "Access under Article 15 of the General Data Protection Regulation",
            )
            .to_owned(),
            String::new(),
        ];
        let mut field = |name: &str, text: String| lines.push(format!("{name}: {text}"));
        match &self.controller {
            Some(one) => {
                field(say("Dataansvarlig", "Controller"), format!("{} (CVR {})", one.name, one.cvr));
                field(say("Kontakt", "Contact"), one.contact.clone());
                field(say("Databeskyttelsesrådgiver", "Data-protection officer"), one.dpo.clone());
            }
            None => field(say("Node", "Node"), self.node.clone()),
        }
        field(say("Periode", "Period"), of(&self.period()));
        lines.push(String::new());
        match self.uses.len() {
            0 if !self.is_found => lines.push(
                say(
                    "Ingen brug kan opgøres for et CPR-nummer, som noden ikke har i sine data.",
                    "No use can be worked out for a CPR number that the node does not have in its data.",
                )
                .to_owned(),
            ),
            0 => lines.push(
                say(
                    "Loggen viser ingen brug af dine oplysninger i perioden.",
                    "The log shows no use of your data in the period.",
                )
                .to_owned(),
            ),
            1 => lines.push(say("Dine oplysninger er brugt én gang:", "Your data was used once:").to_owned()),
            n => lines.push(match lang {
                Lang::Da => format!("Dine oplysninger er brugt {n} gange:"),
                Lang::En => format!("Your data was used {n} times:"),
            }),
        }
        for one in &self.uses {
            lines.push(String::new());
            lines.push(format!("{} ({} {})", time(one.at), say("post", "entry"), one.entry));
            let mut field = |name: &str, text: String| lines.push(format!("  {name}: {text}"));
            field(say("Formål", "Purpose"), of(&one.purpose));
            field(say("Tilladelse", "Permit"), of(&one.permit));
            field(say("Retsgrundlag", "Legal basis"), of(&one.basis));
            field(say("Hvad der skete", "What was done"), of(&one.done));
            let data = one.data.iter().map(of).collect::<Vec<_>>().join("; ");
            let none = || say("kun om du er omfattet", "only whether you are covered").to_owned();
            field(say("Oplysninger", "Data"), if data.is_empty() { none() } else { data });
            let asker = of(&one.asker);
            let named = one.name.as_ref().map(|name| format!("{asker}: {name}"));
            field(say("Hvem spurgte", "Who asked"), named.unwrap_or(asker));
            field(say("Hvad der forlod noden", "What left the node"), of(&one.left));
            for doubt in &one.doubts {
                field(say("Forbehold", "Reservation"), of(doubt));
            }
        }
        lines.push(String::new());
        if self.work_lists.is_empty() {
            lines.push(
                say(
                    "Du står ikke på nogen af nodens arbejdslister nu.",
                    "You are on none of the node's work lists now.",
                )
                .to_owned(),
            );
        }
        for list in &self.work_lists {
            let (model, as_of, at) = (of(&list.model), list.as_of, at(&list.at));
            let selected = match list.included {
                true => say("udvalgt af modellen", "selected by the model"),
                false => say("ikke udvalgt af modellen", "not selected by the model"),
            };
            lines.push(match lang {
                Lang::Da => {
                    format!("Du står nu på arbejdslisten {model} fra {at}, opgjort pr. {as_of}: {selected}.")
                }
                Lang::En => {
                    format!("You are now on the work list {model} of {at}, as of {as_of}: {selected}.")
                }
            });
        }
        lines.push(String::new());
        lines.extend(self.notes().iter().map(of));
        lines.join("\n")
    }
}

/// A moment as the state database has it.
fn at(text: &str) -> String {
    text.parse().map(time).unwrap_or_default()
}
