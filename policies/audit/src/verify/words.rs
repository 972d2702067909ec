//! Findings and verdicts in sentences, for a data-protection officer who is no technician.

use jiff::{SignedDuration, Timestamp};
use tvaers_protocol::audit::Seer;

use super::finding::{Seen, Tampering};
use super::verdict::Verdict;
use crate::text::Text;

/// What a finding says, and what to do about it.
pub(super) fn finding(entry: u64, through: u64, tampering: &Tampering) -> (Text, Text) {
    let which = Which(entry, through);
    let (da, en) = (which.da(), which.en());
    let many = entry != through;
    match tampering {
        Tampering::Changed => (
            Text::new(
                format!("{da} er ændret, efter at {} blev skrevet.", if many { "de" } else { "den" }),
                format!(
                    "{en} {} changed after {} written.",
                    if many { "were" } else { "was" },
                    if many { "they were" } else { "it was" }
                ),
            ),
            keep(),
        ),
        Tampering::Removed => (
            Text::new(
                format!("{da} er fjernet; senere poster bygger på {}.", if many { "dem" } else { "den" }),
                format!(
                    "{en} {} removed; later entries build on {}.",
                    if many { "were" } else { "was" },
                    if many { "them" } else { "it" }
                ),
            ),
            keep(),
        ),
        Tampering::Reordered => (
            Text::new(
                format!("{da} er flyttet og står efter senere poster."),
                format!("{en} {} moved and stand after later entries.", if many { "were" } else { "was" })
                    .replace("was moved and stand ", "was moved and stands "),
            ),
            keep(),
        ),
        Tampering::Inserted => (
            Text::new(
                format!("Der er indsat en linje ved post {entry}, som ikke hører til i loggen."),
                format!("A line that does not belong to the log was inserted at entry {entry}."),
            ),
            keep(),
        ),
        Tampering::Restarted { seen: None } => (
            Text::new(
                format!("Loggen er begyndt forfra, hvor post {entry} skulle stå."),
                format!("The log was begun anew where entry {entry} should stand."),
            ),
            restored(),
        ),
        Tampering::Restarted { seen: Some(seen) } => (
            Text::new(
                format!(
                    "Loggen er begyndt forfra: {} en anden log fra noden med {through} poster.",
                    remembers_da(seen)
                ),
                format!(
                    "The log was begun anew: {} another log of the node with {through} entries.",
                    remembers_en(seen)
                ),
            ),
            restored(),
        ),
        Tampering::Truncated { seen } => (
            Text::new(
                format!(
                    "Slutningen mangler: {} loggen med {through} poster, og {} her ikke.",
                    remembers_da(seen),
                    Which(entry, through).da_small() + " findes"
                ),
                format!(
                    "The end is missing: {} the log with {through} entries, and {} not here.",
                    remembers_en(seen),
                    Which(entry, through).en_small() + if many { " are" } else { " is" }
                ),
            ),
            restored(),
        ),
        Tampering::Forked { seen } => (
            Text::new(
                format!(
                    "Der findes to udgaver af loggen: {} en anden udgave af den. Mindst én af {} er skrevet om.",
                    remembers_da(seen),
                    format_args!("posterne {entry} til {through}")
                ),
                format!(
                    "There are two versions of the log: {} another one. At least one of entries {entry} to {through} \
                     was rewritten.",
                    remembers_en(seen)
                ),
            ),
            keep(),
        ),
        Tampering::ClockBack { by } => (
            Text::new(
                format!("Nodens ur blev stillet {} tilbage før post {entry}.", duration_da(*by)),
                format!("The node's clock was set back by {} before entry {entry}.", duration_en(*by)),
            ),
            Text::new(
                "Spørg driften hvorfor: perioder i budgettet og frister følger uret.",
                "Ask those who run the node why: budget periods and deadlines follow the clock.",
            ),
        ),
        Tampering::Signature { of } => (
            Text::new(
                format!(
                    "En underskrift i post {entry}, som skulle være {}, passer ikke.",
                    whose_da(of.as_ref())
                ),
                format!(
                    "A signature in entry {entry}, said to be {}, does not verify.",
                    whose_en(of.as_ref())
                ),
            ),
            Text::new(
                "Se efter, om der er givet alle de rostere, som gjaldt i loggens tid; nøgler kan være skiftet. Ellers \
                 er posten falsk.",
                "Look whether all rosters of the log's time were given: keys may have been renewed. Otherwise the \
                 entry is false.",
            ),
        ),
        Tampering::OtherHead { of } => (
            Text::new(
                format!("Post {entry} henviser til en log med {of} poster, som ikke er denne."),
                format!("Entry {entry} names a log of {of} entries that is not this one."),
            ),
            keep(),
        ),
        Tampering::Unproven { count } => (
            Text::new(
                format!(
                    "Af de hoveder, som andre har gemt, er {count} ikke underskrevet af dem, som de siges at komme fra."
                ),
                format!(
                    "Of the heads that others kept, {count} are not signed by those whom they are said to come from."
                ),
            ),
            Text::new(
                "Hent hovederne igen hos koordinatoren eller vidnet, og giv de rostere, som gjaldt dengang.",
                "Fetch the heads from the coordinator or witness again, and give the rosters of that time.",
            ),
        ),
        Tampering::Front => (
            Text::new(
                format!("{da} mangler, og loggen beviser ikke, at de er slettet efter politikkens frist."),
                format!(
                    "{en} {} missing, and the log does not prove that they were deleted as its policy says.",
                    if many { "are" } else { "is" }
                ),
            ),
            Text::new(
                "Bed om hele loggen. Er det et uddrag, så kontrollér den, det er taget af.",
                "Ask for the whole log. If this is a part of it, verify what it was taken from.",
            ),
        ),
        Tampering::Torn { bytes } => (
            Text::new(
                format!("Der står en halv post ({bytes} byte), hvor post {entry} skulle stå."),
                format!("There is half an entry ({bytes} bytes) where entry {entry} should stand."),
            ),
            Text::new(
                "Det sker ved strømsvigt, eller når loggen kopieres, mens noden skriver. Der er ikke svaret på den. \
                 Kopiér loggen igen; noden retter den selv, når den starter.",
                "This happens in a power cut, or where the log is copied while the node writes. Nothing was answered \
                 for it. Copy the log again; the node mends it when it starts.",
            ),
        ),
        Tampering::Unknown => (
            Text::new(
                format!("{da} er af en slags, som denne version ikke kender."),
                format!(
                    "{en} {} of a kind that this version does not know.",
                    if many { "are" } else { "is" }
                ),
            ),
            Text::new("Brug en nyere tvaers-policy.", "Use a newer tvaers-policy."),
        ),
    }
}

fn keep() -> Text {
    Text::new(
        "Behold filerne, som de er, og sammenlign med nodens sikkerhedskopi og med de hoveder, som koordinatoren og \
         vidnerne har. Vurdér, om det er et brud på persondatasikkerheden (artikel 33: 72 timer).",
        "Keep the files as they are, and compare with the node's backup and with the heads that the coordinator and \
         the witnesses have. Judge whether it is a personal data breach (Article 33: 72 hours).",
    )
}

fn restored() -> Text {
    Text::new(
        "Spørg driften, om en ældre kopi er lagt tilbage, og find den nyeste. Ellers er poster skaffet af vejen: \
         behold filerne, og vurdér, om det er et brud på persondatasikkerheden (artikel 33: 72 timer).",
        "Ask those who run the node whether an older copy was put back, and find the newest one. Otherwise entries were \
         made away with: keep the files, and judge whether it is a personal data breach (Article 33: 72 hours).",
    )
}

/// One entry or several.
struct Which(u64, u64);

impl Which {
    fn da(&self) -> String {
        let Self(from, to) = self;
        if from == to { format!("Post {from}") } else { format!("Posterne {from} til {to}") }
    }

    fn en(&self) -> String {
        let Self(from, to) = self;
        if from == to { format!("Entry {from}") } else { format!("Entries {from} to {to}") }
    }

    fn da_small(&self) -> String {
        self.da().replacen('P', "p", 1)
    }

    fn en_small(&self) -> String {
        self.en().replacen('E', "e", 1)
    }
}

fn remembers_da(seen: &Seen) -> String {
    match seen {
        Seen::By(seer) => format!("{} har set", seer_da(seer)),
        Seen::Kept => "noden har selv underskrevet".to_owned(),
    }
}

fn remembers_en(seen: &Seen) -> String {
    match seen {
        Seen::By(seer) => format!("{} saw", seer_en(seer)),
        Seen::Kept => "the node itself signed".to_owned(),
    }
}

/// Who saw a head, in Danish.
pub(crate) fn seer_da(seer: &Seer) -> String {
    match seer {
        Seer::Coordinator => "koordinatoren".to_owned(),
        Seer::Witness(node) => format!("vidnet {node}"),
    }
}

/// Who saw a head, in English.
pub(crate) fn seer_en(seer: &Seer) -> String {
    match seer {
        Seer::Coordinator => "the coordinator".to_owned(),
        Seer::Witness(node) => format!("witness {node}"),
    }
}

fn whose_da(of: Option<&Seer>) -> String {
    match of {
        None => "nodens".to_owned(),
        Some(Seer::Coordinator) => "koordinatorens".to_owned(),
        Some(Seer::Witness(node)) => format!("vidnet {node}s"),
    }
}

fn whose_en(of: Option<&Seer>) -> String {
    match of {
        None => "the node's".to_owned(),
        Some(Seer::Coordinator) => "the coordinator's".to_owned(),
        Some(Seer::Witness(node)) => format!("that of witness {node}"),
    }
}

/// A time of day in UTC, to the minute.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn duration_da(by: SignedDuration) -> String {
    duration(by, ["dage", "timer", "minutter", "sekunder"])
}

fn duration_en(by: SignedDuration) -> String {
    duration(by, ["days", "hours", "minutes", "seconds"])
}

/// In the largest unit of which there are two or more.
fn duration(by: SignedDuration, [days, hours, minutes, seconds]: [&str; 4]) -> String {
    let secs = by.as_secs();
    match secs {
        172_800.. => format!("{} {days}", secs / 86_400),
        7_200.. => format!("{} {hours}", secs / 3_600),
        120.. => format!("{} {minutes}", secs / 60),
        _ => format!("{secs} {seconds}"),
    }
}

/// To where a log is whole, who confirms it, and what cannot be said.
pub(super) fn verdict(verdict: &Verdict) -> Vec<Text> {
    let mut all = Vec::new();
    let first = verdict.first.unwrap_or(1);
    all.push(match verdict.complete.filter(|complete| complete.entry >= first) {
        Some(to) if verdict.is_clean() => Text::new(
            format!("Loggen er hel og uændret fra post {first} til post {}, {}.", to.entry, time(to.at)),
            format!("The log is complete and unchanged from entry {first} to entry {}, {}.", to.entry, time(to.at)),
        ),
        Some(to) => Text::new(
            format!(
                "Der er fejl i loggen. Den er hel og uændret fra post {first} til post {}, {}.",
                to.entry,
                time(to.at)
            ),
            format!(
                "There is something wrong with the log. It is complete and unchanged from entry {first} to entry {}, {}.",
                to.entry,
                time(to.at)
            ),
        ),
        None if verdict.is_clean() => Text::new("Loggen er tom.", "The log is empty."),
        None => Text::new(
            "Der er fejl i loggen, og ingen del af den er sikkert uændret.",
            "There is something wrong with the log, and no part of it is known to be unchanged.",
        ),
    });
    if let (Some(at), Some(first)) = (verdict.pruned, verdict.first) {
        let gone = Which(1, first.saturating_sub(1));
        all.push(Text::new(
            format!("{} er slettet efter politikkens frist; det står i loggen {}.", gone.da(), time(at)),
            format!(
                "{} deleted as the policy's retention says; the log tells so on {}.",
                gone.en() + if gone.0 == gone.1 { " was" } else { " were" },
                time(at)
            ),
        ));
    }
    for confirmed in &verdict.confirmed {
        all.push(Text::new(
            format!(
                "Bekræftet til post {} af {}, {}.",
                confirmed.entry,
                seer_da(&confirmed.by),
                time(confirmed.time)
            ),
            format!(
                "Confirmed to entry {} by {}, {}.",
                confirmed.entry,
                seer_en(&confirmed.by),
                time(confirmed.time)
            ),
        ));
    }
    all.push(unsaid(verdict));
    if verdict.unchecked > 0 {
        all.push(Text::new(
            format!(
                "{} hoveder er ikke fuldt efterprøvet, fordi en nøgle mangler: giv rosterne med --roster.",
                verdict.unchecked
            ),
            format!(
                "{} heads were not checked in full, for want of a key: give the rosters with --roster.",
                verdict.unchecked
            ),
        ));
    }
    all
}

fn unsaid(verdict: &Verdict) -> Text {
    match verdict.confirmed.iter().map(|confirmed| confirmed.entry).max() {
        Some(to) if verdict.complete.is_some_and(|complete| complete.entry > to) => Text::new(
            format!(
                "Om det, der står efter post {to}, kan det ikke udelukkes, at noden selv har skrevet det om: ingen anden \
                 har set det endnu."
            ),
            format!(
                "Of what stands after entry {to} it cannot be ruled out that the node itself rewrote it: nobody else has \
                 seen it yet."
            ),
        ),
        Some(to) => Text::new(
            format!(
                "Hvad noden måtte have slettet efter post {to}, kan ikke siges: ingen anden har set det."
            ),
            format!(
                "What the node may have deleted after entry {to} cannot be said: nobody else has seen it."
            ),
        ),
        None if !verdict.is_clean() => Text::new(
            "Ingen anden bekræfter noget af loggen. Hold den op mod de hoveder, som koordinatoren og vidnerne har gemt \
             (--heads).",
            "Nobody else confirms any of the log. Hold it against heads that the coordinator and the witnesses kept \
             (--heads).",
        ),
        None => Text::new(
            "Ingen anden bekræfter noget af loggen. Kæden viser, at ingen enkelt post er ændret; men noden selv kunne \
             have skrevet det hele om. Hold den op mod de hoveder, som koordinatoren og vidnerne har gemt (--heads).",
            "Nobody else confirms any of the log. The chain shows that no single entry was changed; but the node \
             itself could have written all of it anew. Hold it against heads that the coordinator and the witnesses \
             kept (--heads).",
        ),
    }
}
