//! The sentence for each thing that changed at a node, and the table in which it stands.

use tvaers_protocol::id::Digest;

use crate::code::Code;
use crate::event::{
    CertificateRenewed, EvaluatedFor, EvaluationsOpened, Event, Exported, KeyChanged, KeyUse, ListsRead,
    ObjectionChange, ObjectionsChanged, ObjectionsReceived, PolicyLoaded, PolicyRefused, PolicyRevoked,
    PolicyWithdrawn, Query, SeriesClosed, SeriesClosing, SeriesKept, Share, Statistic,
};
use crate::name::Name;
use crate::text::Text;
use crate::verify::{seer_da, seer_en};

/// What a change is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    /// What the node obeys: policies, rosters, keys.
    Rules,
    /// What came in and went out: imports, objections, exports.
    Data,
    /// The log, the ledger, and the program that keeps them.
    Keeping,
}

/// What is said of an event; none where it is counted, or stands in a table of its own. Every kind is named, so that
/// nobody adds one without saying what it tells an officer.
pub(super) fn sentence(event: &Event) -> Option<(Topic, Text)> {
    Some(match event {
        Event::Start
        | Event::Stop
        | Event::RequestPermitted(_)
        | Event::RequestStored(_)
        | Event::RequestRefused(_)
        | Event::StudyAgreed(_)
        | Event::StudyCharged(_)
        | Event::StudyRefused(_)
        | Event::StudyClosed(_)
        | Event::HeadSigned(_)
        | Event::HeadCountersigned(_) => return None,
        Event::PolicyLoaded(told) => (Topic::Rules, loaded(told)),
        Event::PolicyRefused(told) => (Topic::Rules, refused(told)),
        Event::PolicyWithdrawn(told) => (Topic::Rules, withdrawn(told)),
        Event::ListsRead(told) => (Topic::Rules, lists(told)),
        Event::PolicyRevoked(told) => (Topic::Rules, revoked(told)),
        Event::RosterFollowed(told) => {
            let (version, roster) = (told.version, told.roster.fingerprint());
            let text = Text::new(
                format!("Version {version} af rosteren ({roster}) lægges til grund"),
                format!("Version {version} of the roster ({roster}) is followed from now on"),
            );
            (Topic::Rules, text)
        }
        Event::KeyChanged(told) => (Topic::Rules, key(told)),
        Event::CertificateRenewed(told) => (Topic::Rules, certificate(told)),
        Event::Import(told) => {
            let (import, day, data) = (told.import, told.extracted_on, short(told.data));
            let text = Text::new(
                format!("Import {import} af data fra {day} ({data})"),
                format!("Import {import} of data from {day} ({data})"),
            );
            (Topic::Data, text)
        }
        Event::ObjectionsChanged(told) => (Topic::Data, objections(told)),
        Event::ObjectionsReceived(told) => (Topic::Data, others_objections(told)),
        Event::EvaluatedFor(told) => (Topic::Data, evaluated(told)),
        Event::EvaluationsOpened(told) => (Topic::Data, opened(told)),
        Event::SeriesKept(told) => (Topic::Data, kept(told)),
        Event::SeriesClosed(told) => (Topic::Data, erased(told)),
        Event::Exported(told) => (Topic::Data, exported(told)),
        Event::SubjectExtract {} => {
            let text = Text::new(
                "En borger fik at vide, hvad oplysningerne er brugt til (artikel 15)",
                "A citizen was told what their data was used for (Article 15)",
            );
            (Topic::Data, text)
        }
        Event::BreachPack(told) => {
            let (from, to, digest) = (told.from, told.to, short(told.digest));
            let text = Text::new(
                format!("Materiale til anmeldelse af et brud (artikel 33): {from} til {to} ({digest})"),
                format!("Material for the notification of a breach (Article 33): {from} to {to} ({digest})"),
            );
            (Topic::Data, text)
        }
        Event::LedgerRecovered(told) => {
            let (witness, rho) = (&told.witness, told.nano_rho.short());
            let rho_da = rho.replace('.', ",");
            let text = Text::new(
                format!(
                    "Budgetregnskabet havde mistet poster, som {witness} havde set; {rho_da} rho er trukket igen, \
                     godkendt af {}",
                    together(&told.approved_by, "og")
                ),
                format!(
                    "The ledger had lost entries that {witness} had seen; {rho} rho were charged again, approved by {}",
                    together(&told.approved_by, "and")
                ),
            );
            (Topic::Keeping, text)
        }
        Event::LogRecovered(told) => {
            let text = Text::new(
                format!(
                    "Revisionsloggen havde mistet poster, som {} havde set; {} står inde for det",
                    seer_da(&told.seer),
                    together(&told.approved_by, "og")
                ),
                format!(
                    "The audit log had lost entries that {} had seen; {} answered for it",
                    seer_en(&told.seer),
                    together(&told.approved_by, "and")
                ),
            );
            (Topic::Keeping, text)
        }
        Event::Truncated(told) => {
            let text = Text::new(
                format!("En halv post på {} byte blev erstattet, som efter et strømsvigt", told.bytes),
                format!("Half an entry of {} bytes was replaced, as after a power cut", told.bytes),
            );
            (Topic::Keeping, text)
        }
        Event::Rotated(told) => {
            let last = told.through.entries;
            let text = Text::new(
                format!("En ny fil af loggen begynder; den forrige slutter med post {last}"),
                format!("A new file of the log begins; the one before ends with entry {last}"),
            );
            (Topic::Keeping, text)
        }
        Event::Pruned(told) => {
            let last = told.through.entries;
            let text = Text::new(
                format!("Posterne 1 til {last} er slettet efter politikkens frist"),
                format!("Entries 1 to {last} were deleted as the policy's retention says"),
            );
            (Topic::Keeping, text)
        }
    })
}

/// A query without the values of its filters, in the catalogue's own names.
pub(super) fn query(query: &Query) -> Text {
    let mut da = match query.statistic {
        Statistic::Count => "antal borgere",
        Statistic::Sum => "sum",
        Statistic::Mean => "gennemsnit",
        Statistic::Histogram => "fordeling",
        Statistic::Quantiles => "fraktiler",
        Statistic::Indicator => "indikator",
    }
    .to_owned();
    if let Some(of) = &query.of {
        da.push_str(&format!(" af {of}"));
    }
    for (word, names) in [("fordelt på", &query.by), ("udvalgt efter", &query.filtered_by)] {
        if !names.is_empty() {
            da.push_str(&format!(" {word} {}", together(names, "og")));
        }
    }
    da.push_str(&format!(" pr. {}", query.as_of));
    Text::new(da, query.to_string())
}

fn loaded(told: &PolicyLoaded) -> Text {
    let (version, policy) = (told.version, short(told.policy));
    let mut da = format!("Politik version {version} ({policy}) trådte i kraft");
    let mut en = format!("Policy version {version} ({policy}) came into force");
    if !told.signed_by.is_empty() {
        da.push_str(&format!(", underskrevet af {}", together(&told.signed_by, "og")));
        en.push_str(&format!(", signed by {}", together(&told.signed_by, "and")));
    }
    if told.laboratory {
        da.push_str(", kun for opdigtede data");
        en.push_str(", for made-up data only");
    }
    Text::new(da, en)
}

fn refused(told: &PolicyRefused) -> Text {
    let rules = told.rules.iter().map(Code::as_str).collect::<Vec<_>>().join(", ");
    let (before_da, before_en) = if told.before == Digest::NONE {
        (String::new(), String::new())
    } else {
        let before = short(told.before);
        (format!("; før gjaldt {before}"), format!("; {before} was in force before"))
    };
    Text::new(
        format!("En politik, der ikke kan bruges ({rules}), blev lagt på plads: intet er tilladt{before_da}"),
        format!("A policy that cannot be used ({rules}) was put in place: nothing is permitted{before_en}"),
    )
}

fn withdrawn(told: &PolicyWithdrawn) -> Text {
    if told.policy == Digest::NONE {
        return Text::new(
            "Den politik, der ikke kunne bruges, blev fjernet: intet er tilladt",
            "The policy that could not be used was taken away: nothing is permitted",
        );
    }
    let policy = short(told.policy);
    Text::new(
        format!("Politikken ({policy}) blev fjernet: intet er tilladt"),
        format!("The policy ({policy}) was taken away: nothing is permitted"),
    )
}

fn lists(told: &ListsRead) -> Text {
    let policy = short(told.policy);
    Text::new(
        format!(
            "Listerne over borgere, der holdes ude, eller underskrifterne er ændret; politikken ({policy}) er den samme"
        ),
        format!(
            "The lists of citizens left out, or the signatures, changed; the policy ({policy}) is the same"
        ),
    )
}

fn revoked(told: &PolicyRevoked) -> Text {
    let (policy, from, by) = (short(told.policy), told.from, &told.by);
    match &told.permit {
        None => Text::new(
            format!("Politikken ({policy}) er tilbagekaldt fra og med {from} af {by}"),
            format!("The policy ({policy}) was revoked from {from} on by {by}"),
        ),
        Some(permit) => Text::new(
            format!("Tilladelsen {permit} i politikken ({policy}) er tilbagekaldt fra og med {from} af {by}"),
            format!("Permit {permit} of the policy ({policy}) was revoked from {from} on by {by}"),
        ),
    }
}

fn key(told: &KeyChanged) -> Text {
    let (da, en) = match told.what {
        KeyUse::Signing => ("underskriftsnøgle", "signing key"),
        KeyUse::Sealing => ("forseglingsnøgle", "sealing key"),
    };
    let key = told.fingerprint.fingerprint();
    Text::new(
        format!("Nodens {da} er nu den med aftrykket {key}"),
        format!("The node's {en} is now the one with fingerprint {key}"),
    )
}

fn certificate(told: &CertificateRenewed) -> Text {
    let (key, until) = (told.spki.fingerprint(), told.valid_until.strftime("%Y-%m-%d"));
    Text::new(
        format!("Nodens certifikat gælder nu til {until}; dets nøgle har aftrykket {key}"),
        format!("The node's certificate is now valid until {until}; its key has the fingerprint {key}"),
    )
}

fn objections(told: &ObjectionsChanged) -> Text {
    match told.how {
        ObjectionChange::Entered => Text::new(
            "Medarbejdere registrerede indsigelser; hvem og hvor mange står ikke i loggen",
            "Staff entered objections; who and how many is not logged",
        ),
        ObjectionChange::Lifted => Text::new(
            "Medarbejdere ophævede indsigelser; hvem og hvor mange står ikke i loggen",
            "Staff lifted objections; who and how many is not logged",
        ),
    }
}

fn others_objections(told: &ObjectionsReceived) -> Text {
    let (da, en) = match told.share {
        Share::Few => ("højst 1 %", "at most 1 %"),
        Share::Some => ("mellem 1 og 10 %", "between 1 and 10 %"),
        Share::Many => ("over 10 %", "more than 10 %"),
    };
    let study = short(told.manifest);
    Text::new(
        format!(
            "Andre noders indsigelser i stratificering {study} gælder {da} af de borgere, som noden bidrog med"
        ),
        format!(
            "Other nodes' objections in study {study} concern {en} of the citizens whom the node contributed"
        ),
    )
}

fn evaluated(told: &EvaluatedFor) -> Text {
    let EvaluatedFor { requester, quota, persons, elements, .. } = told;
    let study = short(told.manifest);
    Text::new(
        format!(
            "Som nøgleholder har noden regnet for {requester} i stratificering {study}; borgere: {elements} af \
             {persons}, kvote {quota}"
        ),
        format!(
            "As a key holder the node evaluated for {requester} in study {study}; citizens: {elements} of \
             {persons}, quota {quota}"
        ),
    )
}

fn opened(told: &EvaluationsOpened) -> Text {
    let (study, persons, file) = (short(told.manifest), told.persons, short(told.digest));
    Text::new(
        format!(
            "En stikprøve af nodens egne borgere i stratificering {study} er åbnet for en revisor; borgere: \
             {persons} ({file})"
        ),
        format!(
            "A sample of the node's own citizens in study {study} was opened to an auditor; citizens: {persons} \
             ({file})"
        ),
    )
}

fn kept(told: &SeriesKept) -> Text {
    let SeriesKept { epoch, until, persons, .. } = told;
    let (study, first) = (short(told.manifest), short(told.first));
    Text::new(
        format!(
            "Nøglen og pseudonymerne fra stratificering {study} er gemt til opfølgning til og med {until}; borgere: \
             {persons}, første stratificering {first}, epoke {epoch}"
        ),
        format!(
            "The key and the pseudonyms of study {study} are kept for follow-up until {until}; citizens: {persons}, \
             first study {first}, epoch {epoch}"
        ),
    )
}

fn erased(told: &SeriesClosed) -> Text {
    let (da, en) = match told.reason {
        SeriesClosing::Asked => ("der blev bedt om det", "it was asked for"),
        SeriesClosing::Expired => ("fristen er udløbet", "their last day is over"),
        SeriesClosing::Policy => {
            ("politikken ikke længere tillader det", "the policy no longer permits keeping them")
        }
    };
    let first = short(told.first);
    Text::new(
        format!(
            "Nøgledele og pseudonymer, der var gemt til opfølgning fra stratificering {first}, er slettet, fordi {da}"
        ),
        format!(
            "The shares and the pseudonyms kept for follow-up from study {first} on are erased, for {en}"
        ),
    )
}

fn exported(told: &Exported) -> Text {
    let (da, en) = match told.what.as_str() {
        "audit" => ("revisionsloggen", "the audit log"),
        other => (other, other),
    };
    let (first, last, copy) = (told.first, told.last, short(told.digest));
    Text::new(
        format!("Eksport af {da}, nr. {first} til {last} ({copy})"),
        format!("Export of {en}, no. {first} to {last} ({copy})"),
    )
}

/// Names in a row, the last after a word.
fn together(names: &[Name], and: &str) -> String {
    let names: Vec<_> = names.iter().map(Name::as_str).collect();
    match names.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} {and} {last}", before.join(", ")),
        _ => names.concat(),
    }
}

/// The beginning of a digest, which tells it from others.
fn short(digest: Digest) -> String {
    digest.to_string().chars().take(12).collect()
}
