//! Promises of the audit log.

mod broken;
mod format;
mod rotate;
mod unwritable;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tvaers_protocol::hello::Software;
use tvaers_protocol::id::Digest;
use tvaers_protocol::study::{Disclosure, Grain, RunId};

use super::code::Code;
use super::event::{
    Asked, BreachPack, Charged, Closing, Event, Imported, Left, Mode, ObjectionChange, ObjectionsChanged,
    ObjectionsReceived, Permitted, PolicyLoaded, Query, Refused, Share, Statistic, Stored, Study,
    StudyAgreed, StudyCharged, StudyClosed, StudyRefused, Truncated,
};
use super::line::Entry;
use super::read::{read, verify, verify_part};
use super::{Audit, AuditError};
use crate::ledger::claim::Head;
use crate::ledger::name::{Name, Requester};
use crate::ledger::rho::NanoRho;

fn noon() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn software() -> Software {
    Software::new("tvaers-node 0.1.0").unwrap()
}

fn digest(of: u8) -> Digest {
    Digest([of; 32])
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn code(text: &'static str) -> Code {
    Code::new(text).unwrap()
}

fn open(path: &Path) -> Audit {
    Audit::open(path, software(), noon()).unwrap()
}

fn entries(path: &Path) -> Vec<Entry> {
    read(path).unwrap().map(Result::unwrap).collect()
}

/// A folder with a log of `count` entries.
fn filled(count: usize) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    let events = every_event();
    let audit = open(&path);
    for event in events.iter().cycle().take(count) {
        audit.append(noon(), std::slice::from_ref(event)).unwrap();
    }
    (dir, path)
}

fn asked() -> Asked {
    Asked {
        request: digest(1),
        requester: Some(Requester { name: name("Åse Østergård"), key: digest(2) }),
        permit: Some(name("2026/001234")),
        purpose: Some(code("statistics")),
        mode: Some(Mode::Aggregates),
        policy: digest(3),
        query: Some(Query {
            digest: digest(4),
            statistic: Statistic::Mean,
            of: Some(name("gp_contacts_2y")),
            by: vec![name("sex"), name("age_band")],
            filtered_by: vec![name("age"), name("kommune")],
            as_of: "2026-02-28".parse().unwrap(),
        }),
    }
}

fn left() -> Left {
    let rho = |amount| NanoRho::new(amount).unwrap();
    Left { permit: rho(980_000_000), period: Some(rho(1)), life: rho(4_980_000_000) }
}

fn charged() -> Charged {
    let head = Head { entries: 9, digest: digest(5) };
    Charged { number: 9, nano_rho: NanoRho::new(20_000_000).unwrap(), left: left(), ledger: head }
}

fn study() -> Study {
    Study {
        manifest: digest(6),
        run: RunId([7; 16]),
        list: Some(name("2026/001235")),
        tables: Some(name("2026/001236")),
        model: name("SAD 1.0"),
        model_digest: digest(8),
        as_of: "2026-02-28".parse().unwrap(),
        grain: Grain::Events,
        disclosure: Disclosure::Items,
    }
}

/// One event of every kind.
fn every_event() -> Vec<Event> {
    let requester = asked().requester;
    vec![
        Event::Start,
        Event::PolicyLoaded(PolicyLoaded {
            policy: digest(3),
            version: 4,
            laboratory: false,
            signed_by: vec![name("Bo Beskytter (dpo)")],
        }),
        Event::Import(Imported { import: 1, data: digest(9), extracted_on: "2026-02-28".parse().unwrap() }),
        Event::RequestPermitted(Permitted {
            asked: asked(),
            rules: vec![code("permit.query")],
            charge: charged(),
            hidden_cells: 2,
            result: digest(10),
        }),
        Event::RequestStored(Stored { asked: asked(), charge: 9, result: digest(10) }),
        Event::RequestRefused(Refused {
            asked: Asked { requester: None, permit: None, purpose: None, mode: None, query: None, ..asked() },
            rules: vec![code("budget.permit"), code("budget.life")],
            left: Some(left()),
        }),
        Event::StudyAgreed(StudyAgreed {
            study: study(),
            requester: requester.clone(),
            purpose: Some(code("care")),
            modes: vec![Mode::PersonContributions, Mode::JoinedStatistics],
            policy: digest(3),
        }),
        Event::StudyCharged(StudyCharged {
            manifest: digest(6),
            permit: name("2026/001236"),
            charge: charged(),
        }),
        Event::StudyRefused(StudyRefused {
            manifest: digest(6),
            study: Some(study()),
            requester,
            policy: digest(3),
            rules: vec![code("model.version")],
        }),
        Event::ObjectionsChanged(ObjectionsChanged { how: ObjectionChange::Entered }),
        Event::ObjectionsReceived(ObjectionsReceived { manifest: digest(6), share: Share::Few }),
        Event::StudyClosed(StudyClosed { manifest: digest(6), how: Closing::HandedBack }),
        Event::Truncated(Truncated { bytes: 17, digest: digest(11) }),
        Event::SubjectExtract {},
        Event::BreachPack(BreachPack { from: noon(), to: noon(), digest: digest(12) }),
        Event::Stop,
    ]
}
