//! `summary.txt` and `README.txt`: what a notification under Article 33(3) asks for, as far as the node can say it, in
//! Danish and then in English.

use jiff::Timestamp;
use tvaers_policy::policy::Controller;
use tvaers_policy::text::Text;
use tvaers_protocol::id::Digest;

use super::citizens::Citizens;
use super::log::{Kind, Told};
use crate::policy::period;
use crate::subject::ground::Ground;
use crate::subject::uses::Window;

/// What is summed up.
pub(super) struct Summary<'s> {
    pub(super) ground: &'s Ground,
    pub(super) window: Window,
    pub(super) made: Timestamp,
    pub(super) told: &'s Told,
    pub(super) citizens: &'s Citizens,
    /// Policies of which there is no copy.
    pub(super) missing: &'s [Digest],
    pub(super) controller: Option<&'s Controller>,
}

/// A document in both languages, as it grows.
#[derive(Default)]
struct Lines {
    da: Vec<String>,
    en: Vec<String>,
}

impl Lines {
    fn say(&mut self, da: impl Into<String>, en: impl Into<String>) {
        self.da.push(da.into());
        self.en.push(en.into());
    }

    fn section(&mut self, da: &str, en: &str) {
        self.say("", "");
        self.say(da, en);
    }
}

fn time(at: Timestamp) -> String {
    period::danish().to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

impl Summary<'_> {
    pub(super) fn text(&self) -> String {
        let mut out = Lines::default();
        self.head(&mut out);
        self.nature(&mut out);
        self.concerned(&mut out);
        self.uses(&mut out);
        self.consequences(&mut out);
        measures(&mut out);
        self.verdict(&mut out);
        format!("{}\n\n{}\n\n{}\n", out.da.join("\n"), "=".repeat(72), out.en.join("\n"))
    }

    fn head(&self, out: &mut Lines) {
        out.say(
            "Materiale til anmeldelse af et brud på persondatasikkerheden (databeskyttelsesforordningens artikel 33)",
            "Material for the notification of a personal data breach (GDPR Article 33)",
        );
        out.say(
            "Til nodens egne medarbejdere. Tallene er ikke beskyttet med støj, og citizens.csv nævner borgere: giv ikke mere videre, end anmeldelsen kræver.",
            "For the node's own staff. The figures are not protected by noise, and citizens.csv names citizens: pass on no more than the notification needs.",
        );
        out.say("", "");
        let (from, to, made) = (time(self.window.from), time(self.window.to), time(self.made));
        out.say(
            format!("Tidsrum: {from} til {to} (dansk tid)"),
            format!("Window: {from} to {to} (Danish time)"),
        );
        out.say(format!("Lavet: {made}"), format!("Made: {made}"));
        match self.controller {
            Some(one) => {
                out.say(
                    format!("Dataansvarlig: {} (CVR {})", one.name, one.cvr),
                    format!("Controller: {} (CVR {})", one.name, one.cvr),
                );
                out.say(format!("Kontakt: {}", one.contact), format!("Contact: {}", one.contact));
                out.say(
                    format!("Databeskyttelsesrådgiver: {}", one.dpo),
                    format!("Data-protection officer: {}", one.dpo),
                );
                for processor in &one.processors {
                    let (name, task) = (&processor.name, &processor.task);
                    out.say(format!("Databehandler: {name} ({task})"), format!("Processor: {name} ({task})"));
                }
            }
            None => {
                let node = &self.ground.config.name;
                out.say(
                    format!(
                        "Node: {node}. Politikken nævner ingen dataansvarlig eller databeskyttelsesrådgiver."
                    ),
                    format!("Node: {node}. The policy names no controller and no data-protection officer."),
                );
            }
        }
    }

    fn nature(&self, out: &mut Lines) {
        out.section("Hvad loggen fortæller", "What the log tells");
        let (first, last) = self.told.entries;
        out.say(
            format!("- Post {first} til {last}, i entries.jsonl."),
            format!("- Entries {first} to {last}, in entries.jsonl."),
        );
        let count = |kind| {
            self.told.uses.iter().filter(|((of, _), _)| *of == kind).map(|(_, line)| line.count).sum::<u64>()
        };
        let happened = &self.told.happened;
        let counts = [
            (count(Kind::Statistics), "statistiske svar", "statistical answers"),
            (count(Kind::Tables), "studier til tabeller på tværs", "studies for joined tables"),
            (count(Kind::List), "studier til en arbejdsliste", "studies for a work list"),
            (happened.refused, "afviste spørgsmål og studier", "refused requests and studies"),
            (
                happened.policies,
                "ændringer af politik, tilladelser eller lister",
                "changes of policy, permits or lists",
            ),
            (
                happened.exports,
                "udtræk af noden (log, indsigt, pakker som denne)",
                "extracts from the node (log, access, packs like this one)",
            ),
            (happened.starts, "starter af noden", "starts of the node"),
            (happened.torn, "halve poster, som efter et strømsvigt", "half entries, as after a power cut"),
            (
                happened.recovered,
                "tab i budgetregnskabet, trukket igen",
                "losses of the ledger, charged again",
            ),
        ];
        for (count, da, en) in counts {
            out.say(format!("- {count} {da}"), format!("- {count} {en}"));
        }
        out.say(
            "Loggen fortæller, hvad noden har gjort. Om nogen har læst maskinens filer uden om noden, kan den ikke se.",
            "The log tells what the node did. Whether somebody read the machine's files past the node it cannot see.",
        );
    }

    fn concerned(&self, out: &mut Lines) {
        out.section("Hvem og hvor meget det gælder", "Whom and how much it concerns");
        let citizens = self.citizens;
        let tables: Vec<&str> = self.told.tables.iter().copied().collect();
        let tables = if tables.is_empty() { "-".to_owned() } else { tables.join(", ") };
        out.say(
            "Kategorier af registrerede: borgere i nodens data. Kategorier af oplysninger: se uses.csv.",
            "Categories of data subjects: citizens in the node's data. Categories of data: see uses.csv.",
        );
        out.say(
            format!("Borgere: omtrent {}, i citizens.csv", citizens.all),
            format!("Citizens: approximately {}, in citizens.csv", citizens.all),
        );
        for (count, da, en) in [
            (citizens.in_statistics, "i statistik med støj", "in statistics with noise"),
            (citizens.under_pseudonym, "under pseudonym i studier", "under pseudonym in studies"),
            (
                citizens.on_work_list,
                "på en arbejdsliste fra et af studierne",
                "on a work list of one of the studies",
            ),
            (citizens.doubtful, "talt med, uden at det er sikkert", "counted although it is not certain"),
        ] {
            out.say(format!("- {count} {da}"), format!("- {count} {en}"));
        }
        out.say(
            format!("Rækker: højst {}, i tabellerne {tables}", citizens.rows),
            format!("Rows: at most {}, in the tables {tables}", citizens.rows),
        );
        let (import, day) = (self.ground.import.statement.import, self.ground.import.statement.extracted_on);
        out.say(
            format!("Opgjort nu efter nodens seneste data (import {import}, data fra {day}), tilladelsernes regler, dagens lister over dem, der holdes ude, og de indsigelser, noden kender. Borgere, for hvem det ikke kan afgøres, er talt med."),
            format!("Worked out now from the node's newest data (import {import}, data from {day}), the permits' rules, today's lists of those left out and the objections that the node knows. Citizens for whom it cannot be decided are counted."),
        );
        if citizens.lists_gone > 0 {
            let gone = citizens.lists_gone;
            out.say(
                format!("For {gone} af studierne har noden ingen arbejdsliste (længere); dens borgere er kun med som \"under_pseudonym\"."),
                format!("Of {gone} of the studies the node has no work list (any more); its citizens stand only as \"under_pseudonym\"."),
            );
        }
        if !self.ground.lists.are_known() {
            out.say(
                "Noden har ingen læselig politik nu, så ingen er udeladt, fordi de står på en liste.",
                "The node has no readable policy now, so nobody is omitted for standing on a list.",
            );
        }
    }

    fn uses(&self, out: &mut Lines) {
        out.section("Brug efter tilladelse", "Uses by permit");
        if self.told.uses.is_empty() {
            out.say("Ingen.", "None.");
        }
        for ((kind, permit), line) in &self.told.uses {
            let (kind, permit) = (kind_words(*kind), if permit.is_empty() { "?" } else { permit.as_str() });
            let (count, first, last) = (line.count, time(line.first), time(line.last));
            out.say(
                format!("{permit}: {}, {count}, {first} til {last}", kind.da),
                format!("{permit}: {}, {count}, {first} to {last}", kind.en),
            );
            for (da, en, text) in [
                ("Formål", "Purpose", &line.purpose),
                ("Retsgrundlag", "Legal basis", &line.basis),
                ("Hvad der forlod noden", "What left the node", &line.left),
            ] {
                out.say(format!("  {da}: {}", text.da), format!("  {en}: {}", text.en));
            }
        }
        let askers: Vec<&str> = self.told.askers.iter().map(String::as_str).collect();
        let askers = if askers.is_empty() { "-".to_owned() } else { askers.join(", ") };
        out.say(format!("Hvem spurgte: {askers}"), format!("Who asked: {askers}"));
        if let Some(roster) = &self.ground.roster {
            let name = &roster.roster().coordinator.name;
            out.say(format!("Koordinator: {name}"), format!("Coordinator: {name}"));
        }
        out.say("Hver brug står i uses.csv.", "Each use stands in uses.csv.");
        for digest in self.missing {
            out.say(
                format!("Noden har ingen kopi af politikken {digest}; brug under den er talt med for alle."),
                format!(
                    "The node has no copy of the policy {digest}; uses under it are counted for everyone."
                ),
            );
        }
    }

    fn consequences(&self, out: &mut Lines) {
        out.section("Sandsynlige konsekvenser", "Likely consequences");
        let kinds = [Kind::Statistics, Kind::Tables, Kind::List];
        let used = |kind: Kind| self.told.uses.keys().any(|(of, _)| *of == kind);
        let present: Vec<Kind> = kinds.into_iter().filter(|kind| used(*kind)).collect();
        if present.is_empty() {
            out.say("Loggen viser ingen brug i tidsrummet.", "The log shows no use in the window.");
        }
        for kind in present {
            let text = consequence(kind);
            out.say(format!("- {}", text.da), format!("- {}", text.en));
        }
    }

    fn verdict(&self, out: &mut Lines) {
        out.section("Loggens tilstand", "State of the log");
        let log = &self.told.verified;
        let (entries, head) = (log.head.entries, log.head.digest);
        out.say(
            format!(
                "Kæden er kontrolleret fra post {} til {entries} uden fejl. Hoved: {head}",
                log.first.unwrap_or(1)
            ),
            format!(
                "The chain was verified from entry {} to {entries} without a fault. Head: {head}",
                log.first.unwrap_or(1)
            ),
        );
        for (count, da, en) in [
            (log.clock_back, "gange er uret stillet tilbage", "times the clock was set back"),
            (
                log.truncations,
                "poster fortæller om en halv post, der blev erstattet",
                "entries tell of half an entry that was replaced",
            ),
            (log.torn_bytes as u64, "byte af en halv post til sidst", "bytes of half an entry at the end"),
        ] {
            out.say(format!("- {count} {da}"), format!("- {count} {en}"));
        }
        out.say(
            "At det er nodens eneste historie, viser sig først ved at sammenholde hovedet med et, som andre har noteret.",
            "Whether it is the node's only history shows when the head is compared with one that somebody else noted.",
        );
    }
}

fn kind_words(kind: Kind) -> Text {
    match kind {
        Kind::Statistics => Text::new("statistik på nodens egne data", "statistics of the node's own data"),
        Kind::Tables => Text::new("statistik på tværs af noder", "statistics over several nodes together"),
        Kind::List => Text::new("arbejdsliste", "work list"),
    }
}

fn consequence(kind: Kind) -> Text {
    match kind {
        Kind::Statistics => Text::new(
            "Statistik: svarene er tal med støj om grupper. Hvad de kan røbe om én borger, er begrænset af det budget, som politikken fastsætter. Er et svar nået til uvedkommende, gælder det samme for dem.",
            "Statistics: the answers are numbers with noise about groups. What they can tell of one citizen is bounded by the budget that the policy sets. The same holds where an answer reached somebody it was not meant for.",
        ),
        Kind::Tables => Text::new(
            "Statistik på tværs: koordinatoren har modtaget oplysninger om enkelte borgere under pseudonym. Kan nogen henføre et pseudonym til en borger, kan de se, hvad noden bidrog med om vedkommende.",
            "Joined statistics: the coordinator received data on single citizens under pseudonyms. Whoever can attribute a pseudonym to a citizen can see what the node contributed about them.",
        ),
        Kind::List => Text::new(
            "Arbejdslister: som ved statistik på tværs. Desuden ser den, der har listen, CPR-numre og det, som listen fortæller, og kan slutte sig til forhold om helbred eller sociale forhold.",
            "Work lists: as for joined statistics. Besides, whoever has the list sees CPR numbers and what the list tells, and can infer matters of health or social circumstances.",
        ),
    }
}

fn measures(out: &mut Lines) {
    out.section("Foranstaltninger at overveje", "Measures to consider");
    for (da, en) in [
        (
            "Bevar loggen, denne pakke og maskinens egne logge uændret.",
            "Keep the log, this pack and the machine's own logs as they are.",
        ),
        (
            "Stands noden, tilbagekald tilladelser eller hele politikken, og udskift nøgler, som andre kan have fået fat i.",
            "Stop the node, revoke permits or the whole policy, and replace keys that others may have got hold of.",
        ),
        (
            "Anmeld bruddet til Datatilsynet uden unødig forsinkelse og om muligt senest 72 timer efter, at I er blevet bekendt med det, medmindre det er usandsynligt, at det indebærer en risiko for borgerne (artikel 33, stk. 1).",
            "Notify the supervisory authority without undue delay and, where feasible, within 72 hours of becoming aware of the breach, unless it is unlikely to result in a risk to citizens (Article 33(1)).",
        ),
        (
            "Underret de berørte borgere, hvis bruddet sandsynligvis indebærer en høj risiko for dem (artikel 34).",
            "Tell the citizens concerned where the breach is likely to result in a high risk to them (Article 34).",
        ),
        (
            "Dokumentér bruddet, dets virkninger og det, der er gjort (artikel 33, stk. 5).",
            "Document the breach, its effects and what was done (Article 33(5)).",
        ),
    ] {
        out.say(format!("- {da}"), format!("- {en}"));
    }
}

/// How each file of the pack is checked.
pub(super) fn readme(first: u64, last: u64) -> String {
    format!(
        "Sådan kontrolleres pakken
=========================

Alle filer:     sha256sum -c SHA256SUMS
Hele pakken:    sha256sum SHA256SUMS
                Tallet står i nodens log som \"digest\" i posten \"breach-pack\".
entries.jsonl:  tvaers-node audit verify entries.jsonl --from {first}
                Post {first} til {last} af loggen, byte for byte. Kæden før og efter kontrolleres på noden
                med: tvaers-node audit verify
policies/:      sha256sum policies/*.toml
                Hver fil hedder det, som sha256sum siger, og som loggens poster nævner.
uses.csv:       Hver linje nævner den post i loggen, som fortæller om brugen. Et studie fylder flere poster;
                den første kan ligge før tidsrummet.
citizens.csv:   Regnet ud af uses.csv, tilladelserne i policies/ og nodens seneste data; se summary.txt.
                Den nævner borgere: opbevar den som nodens egne data, og slet den, når sagen er slut.

How to check this pack
======================

All files:      sha256sum -c SHA256SUMS
The whole pack: sha256sum SHA256SUMS
                The number stands in the node's log as \"digest\" of the entry \"breach-pack\".
entries.jsonl:  tvaers-node audit verify entries.jsonl --from {first}
                Entries {first} to {last} of the log, byte for byte. The chain before and after is verified at the
                node with: tvaers-node audit verify
policies/:      sha256sum policies/*.toml
                Each file is called what sha256sum says, and what the log's entries name.
uses.csv:       Each line names the entry of the log that tells of the use. A study takes several entries; the
                first may be before the window.
citizens.csv:   Worked out from uses.csv, the permits in policies/ and the node's newest data; see summary.txt.
                It names citizens: keep it like the node's own data, and delete it when the case is closed.
"
    )
}
