use jiff::Timestamp;
use tvaers_protocol::audit::{Countersignature, LogHead, Seer};
use tvaers_protocol::hello::Software;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::message::Signed;
use tvaers_protocol::sign::{SigningKey, VerifyingKey};
use tvaers_protocol::study::{Disclosure, Grain, RunId};

use super::*;
use crate::event::*;
use crate::head::Head;

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn code(text: &'static str) -> Code {
    Code::new(text).unwrap()
}

fn head(entries: u64) -> Head {
    Head { entries, digest: Digest([0xab; 32]) }
}

fn requester() -> Option<Requester> {
    Some(Requester::new(name("Åse Østergård"), &VerifyingKey([7; 32])))
}

fn asked() -> Asked {
    Asked {
        request: Digest([1; 32]),
        requester: requester(),
        permit: Some(name("2026/001234")),
        purpose: Some(code("statistics")),
        mode: Some(Mode::Aggregates),
        policy: Digest([0xab; 32]),
        query: None,
    }
}

fn charged() -> Charged {
    let rho = |amount| NanoRho::new(amount).unwrap();
    let left = Left { permit: rho(80), period: None, life: rho(90) };
    Charged { number: 9, nano_rho: rho(20), left, ledger: head(9) }
}

fn study() -> Study {
    Study {
        manifest: Digest([0xab; 32]),
        run: RunId([7; 16]),
        list: Some(name("2026/001235")),
        tables: None,
        model: name("SAD 1.0"),
        model_digest: Digest([8; 32]),
        as_of: "2026-02-28".parse().unwrap(),
        grain: Grain::Events,
        disclosure: Disclosure::Items,
    }
}

fn signed() -> Signed<LogHead> {
    let content = LogHead {
        node: NodeId::new("k360").unwrap(),
        log: Digest([1; 32]),
        entries: 5,
        head: Digest([2; 32]),
        time: Timestamp::UNIX_EPOCH,
    };
    Signed::log_head(content, &SigningKey::from_seed(&[1; 32]))
}

/// One event of every kind, and where kinds differ within one of each.
fn every_event() -> Vec<Event> {
    let (policy, manifest) = (Digest([0xab; 32]), Digest([0xab; 32]));
    let day = || "2026-02-28".parse().unwrap();
    let by = vec![name("Bo Beskytter (dpo)"), name("Dorte Direktør (controller)")];
    let revoked =
        |permit| Event::PolicyRevoked(PolicyRevoked { policy, permit, from: day(), by: name("Bo (dpo)") });
    let key = |what| Event::KeyChanged(KeyChanged { what, fingerprint: Digest([0xcd; 32]) });
    let share = |share| Event::ObjectionsReceived(ObjectionsReceived { manifest, share });
    let countersignature = Countersignature {
        by: Seer::Coordinator,
        head: signed().log_head_digest(),
        time: Timestamp::UNIX_EPOCH,
    };
    let word = Signed::countersignature(countersignature, &SigningKey::from_seed(&[2; 32]));
    let closed = |how| Event::StudyClosed(StudyClosed { manifest, how });
    let ended = |reason| Event::SeriesClosed(SeriesClosed { first: Digest([0xcd; 32]), reason });
    vec![
        Event::Start,
        Event::Stop,
        Event::PolicyLoaded(PolicyLoaded { policy, version: 4, laboratory: false, signed_by: by.clone() }),
        Event::PolicyLoaded(PolicyLoaded { policy, version: 1, laboratory: true, signed_by: vec![] }),
        Event::PolicyRefused(PolicyRefused { before: policy, rules: vec![code("policy.expired")] }),
        Event::PolicyRefused(PolicyRefused { before: Digest::NONE, rules: vec![code("policy.unsigned")] }),
        Event::PolicyWithdrawn(PolicyWithdrawn { policy }),
        Event::PolicyWithdrawn(PolicyWithdrawn { policy: Digest::NONE }),
        Event::ListsRead(ListsRead { policy }),
        revoked(None),
        revoked(Some(name("2026/001234"))),
        Event::RosterFollowed(RosterFollowed { roster: Digest([0xcd; 32]), version: 3 }),
        key(KeyUse::Signing),
        key(KeyUse::Sealing),
        Event::CertificateRenewed(CertificateRenewed {
            spki: Digest([0xcd; 32]),
            valid_until: "2027-03-01T12:00:00Z".parse().unwrap(),
        }),
        Event::Import(Imported { import: 2, data: policy, extracted_on: day() }),
        Event::RequestPermitted(Permitted {
            asked: asked(),
            rules: vec![code("permit.query")],
            charge: charged(),
            hidden_cells: 2,
            result: policy,
        }),
        Event::RequestStored(Stored { asked: asked(), charge: 9, result: policy }),
        Event::RequestRefused(Refused { asked: asked(), rules: vec![code("cell-min")], left: None }),
        Event::StudyAgreed(StudyAgreed {
            study: study(),
            requester: requester(),
            purpose: Some(code("care")),
            modes: vec![Mode::PersonContributions],
            policy,
        }),
        Event::StudyCharged(StudyCharged { manifest, permit: name("2026/001236"), charge: charged() }),
        Event::StudyRefused(StudyRefused {
            manifest,
            study: None,
            requester: None,
            policy,
            rules: vec![code("model.version")],
        }),
        closed(Closing::HandedBack),
        closed(Closing::Closed),
        closed(Closing::Deadline),
        closed(Closing::Abandoned),
        Event::ObjectionsChanged(ObjectionsChanged { how: ObjectionChange::Entered }),
        Event::ObjectionsChanged(ObjectionsChanged { how: ObjectionChange::Lifted }),
        share(Share::Few),
        share(Share::Some),
        share(Share::Many),
        Event::EvaluatedFor(EvaluatedFor {
            manifest,
            requester: NodeId::new("k376").unwrap(),
            quota: 30_000,
            persons: 25_000,
            commitment: Digest([3; 32]),
            batches: 3,
            elements: 25_000,
            missing: vec![],
            evaluations: Digest([4; 32]),
        }),
        Event::EvaluationsOpened(EvaluationsOpened {
            manifest,
            challenge: Digest([5; 32]),
            persons: 500,
            digest: policy,
        }),
        Event::SeriesKept(SeriesKept {
            manifest,
            first: Digest([0xcd; 32]),
            epoch: 1,
            until: "2027-03-31".parse().unwrap(),
            persons: 25_000,
        }),
        ended(SeriesClosing::Asked),
        ended(SeriesClosing::Expired),
        ended(SeriesClosing::Policy),
        Event::LedgerRecovered(LedgerRecovered {
            lost: head(9),
            witness: name("k376"),
            approved_by: by.clone(),
            number: 10,
            nano_rho: NanoRho::new(20_000_000).unwrap(),
            ledger: head(10),
        }),
        Event::HeadSigned(signed()),
        Event::HeadCountersigned(Box::new(HeadCountersigned { head: signed(), by: word })),
        Event::LogRecovered(LogRecovered {
            lost: signed(),
            seer: Seer::Witness(NodeId::new("k376").unwrap()),
            approved_by: by,
        }),
        Event::Truncated(Truncated { bytes: 17, digest: policy }),
        Event::Rotated(Rotated { through: head(7), log: policy }),
        Event::Pruned(Pruned { through: head(7), log: policy, ledger: head(9) }),
        Event::Exported(Exported { what: code("audit"), first: 1, last: 3, digest: policy }),
        Event::SubjectExtract {},
        Event::BreachPack(BreachPack {
            from: "2026-02-28T12:00:00Z".parse().unwrap(),
            to: "2026-03-01T12:00:00Z".parse().unwrap(),
            digest: policy,
        }),
    ]
}

/// Kinds of events in the language of the log.
const KINDS: usize = 34;

fn report_of(events: &[Event]) -> Report {
    let software = Software::new("tvaers-node 0.1.0").unwrap();
    let (mut report, mut head) = (Report::default(), Head::EMPTY);
    for event in events {
        let (line, digest) = Entry::write(head.entries + 1, noon(), &software, event, head.digest).unwrap();
        report.take(&Entry::read(line.as_bytes(), head.entries + 1, head.digest).unwrap());
        head = Head { entries: head.entries + 1, digest };
    }
    report.finish()
}

fn noon() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

#[test]
fn every_event_has_its_row() {
    let events = every_event();
    let kind = |event| serde_json::to_value(event).unwrap()["kind"].to_string();
    let kinds: std::collections::BTreeSet<_> = events.iter().map(kind).collect();
    assert_eq!(kinds.len(), KINDS, "{kinds:?}");
    let rows = |report: &Report| {
        let Report { requests, studies, restarts, rules, data, keeping, heads, .. } = report;
        let changes = rules.lines.len() + data.lines.len() + keeping.lines.len();
        requests.lines.len() + studies.lines.len() + restarts.lines.len() + changes + *heads as usize
    };
    let none = rows(&report_of(&[Event::Stop]));
    for event in &events {
        let wanted = usize::from(!matches!(event, Event::Stop));
        assert_eq!(rows(&report_of(std::slice::from_ref(event))) - none, wanted, "{event:?}");
    }
    // A stop is told by the start after it.
    let orderly = |events: &[Event]| report_of(events).restarts.lines.back().map(|start| start.orderly);
    assert_eq!(orderly(&[Event::Start, Event::Stop, Event::Start]), Some(true));
    assert_eq!(orderly(&[Event::Start, Event::Start]), Some(false));
}

#[test]
fn a_query_is_told_in_both_languages() {
    let mut asked = Query {
        digest: Digest([1; 32]),
        statistic: Statistic::Mean,
        of: Some(name("gp_contacts_2y")),
        by: vec![name("sex"), name("age_band")],
        filtered_by: vec![name("age"), name("kommune")],
        as_of: "2026-02-28".parse().unwrap(),
    };
    let Text { da, en } = words::query(&asked);
    let wanted =
        "gennemsnit af gp_contacts_2y fordelt på sex og age_band udvalgt efter age og kommune pr. 2026-02-28";
    assert_eq!(da, wanted);
    assert_eq!(en, "mean of gp_contacts_2y by sex, age_band where age, kommune as of 2026-02-28");
    (asked.statistic, asked.of, asked.by, asked.filtered_by) = (Statistic::Count, None, vec![], vec![]);
    assert_eq!(words::query(&asked), Text::new("antal borgere pr. 2026-02-28", "count as of 2026-02-28"));
}

#[test]
fn every_sentence_stands_in_its_table_in_both_languages() {
    let report = report_of(&every_event());
    let mut told = String::new();
    for (table, changes) in [("rules", &report.rules), ("data", &report.data), ("keeping", &report.keeping)] {
        told.push_str(&format!("[{table}]\n"));
        for Change { what: Text { da, en }, .. } in &changes.lines {
            assert!(da != en && !da.ends_with('.') && !en.ends_with('.'), "{da} / {en}");
            told.push_str(&format!("{da}\n  {en}\n"));
        }
    }
    assert_eq!(told, include_str!("sentences.txt"), "{told}");
}
