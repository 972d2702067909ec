//! A log as a busy node writes it: requests of three kinds, studies, and every hour a head that the coordinator and two
//! other nodes countersign. Made up, and always the same.

use jiff::{SignedDuration, Timestamp};
use tvaers_audit::code::Code;
use tvaers_audit::event::{
    Asked, Charged, Event, HeadCountersigned, Imported, Left, Mode, Permitted, PolicyLoaded, Pruned, Query,
    Refused, Rotated, Statistic, Stored, StudyCharged,
};
use tvaers_audit::head::Head;
use tvaers_audit::line::Entry;
use tvaers_audit::name::{Name, Requester};
use tvaers_audit::rho::NanoRho;
use tvaers_audit::verify::Evidence;
use tvaers_protocol::audit::{Countersignature, LogHead, SeenHead, Seer};
use tvaers_protocol::hello::Software;
use tvaers_protocol::id::{Digest, NodeId, Sector};
use tvaers_protocol::message::Signed;
use tvaers_protocol::roster::{Coordinator, Member, Roster, SealingPublic};
use tvaers_protocol::sign::{SigningKey, VerifyingKey};

/// Entries of an hour: 95 requests, the head and three countersignatures of it, and one that a study was charged.
pub(crate) const HOUR: u64 = 100;

/// Writes a log.
pub(crate) struct Writer {
    software: Software,
    /// The end of what is written.
    pub(crate) head: Head,
    /// The digest of the first entry.
    pub(crate) log: Digest,
    /// The clock.
    pub(crate) at: Timestamp,
    /// Heads as they were countersigned.
    pub(crate) seen: Vec<SeenHead>,
    signed: Option<Signed<LogHead>>,
    spent: u64,
}

pub(crate) fn node(id: &str) -> NodeId {
    NodeId::new(id).unwrap()
}

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn digest(of: u64) -> Digest {
    Digest::of("made-up", &[&of.to_be_bytes()])
}

fn rho(amount: u64) -> NanoRho {
    NanoRho::new(amount).unwrap()
}

/// Those who countersign, and the seeds of their keys; the node's own is 1.
pub(crate) fn seers() -> [(Seer, u8); 3] {
    [(Seer::Coordinator, 2), (Seer::Witness(node("k376")), 3), (Seer::Witness(node("k390")), 4)]
}

/// The roster of them all.
pub(crate) fn roster() -> Roster {
    let member = |id: &str, code, seed| Member {
        id: node(id),
        sector: Sector::Municipality,
        code,
        name: id.to_owned(),
        valid_from: "2020-01-01".parse().unwrap(),
        valid_to: None,
        spki: Digest::NONE,
        signing: key(seed).verifying_key(),
        sealing: SealingPublic([0; 32]),
        holder: true,
        evaluations_max: 1_000,
    };
    Roster {
        federation: "Prøve".to_owned(),
        version: 1,
        previous: None,
        valid_from: "2020-01-01".parse().unwrap(),
        valid_to: "2100-01-01".parse().unwrap(),
        quorum: 2,
        delta: "1e-8".to_owned(),
        coordinator: Coordinator {
            name: "Sekretariatet".to_owned(),
            spki: Digest::NONE,
            signing: key(2).verifying_key(),
        },
        members: vec![member("k360", 360, 1), member("k376", 376, 3), member("k390", 390, 4)],
        people: vec![],
    }
}

/// All keys, and no heads.
pub(crate) fn evidence() -> Evidence {
    Evidence::default().with_roster(&roster())
}

/// A head as somebody keeps it who saw it.
pub(crate) fn seen(head: Signed<LogHead>, by: Seer, seed: u8) -> SeenHead {
    let content = Countersignature { by, head: head.log_head_digest(), time: head.content.time };
    let by = Signed::countersignature(content, &key(seed));
    SeenHead { head, by }
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self {
            software: Software::new("tvaers-node 0.1.0").unwrap(),
            head: Head::EMPTY,
            log: Digest::NONE,
            at: "2026-03-01T12:00:00Z".parse().unwrap(),
            seen: Vec::new(),
            signed: None,
            spent: 0,
        }
    }

    /// Writes one entry as a line with its end.
    pub(crate) fn write(&mut self, event: &Event) -> String {
        let number = self.head.entries + 1;
        let (mut line, digest) =
            Entry::write(number, self.at, &self.software, event, self.head.digest).unwrap();
        if number == 1 {
            self.log = digest;
        }
        self.head = Head { entries: number, digest };
        line.push('\n');
        line
    }

    /// The next entry of a busy node.
    pub(crate) fn typical(&mut self) -> String {
        let number = self.head.entries + 1;
        self.at += SignedDuration::from_secs(36);
        let event = match (number, number % HOUR) {
            (1, _) => Event::Start,
            (2, _) => Event::PolicyLoaded(PolicyLoaded {
                policy: digest(3),
                version: 1,
                laboratory: false,
                signed_by: Vec::new(),
            }),
            (3, _) => {
                let extracted_on = "2026-02-28".parse().unwrap();
                Event::Import(Imported { import: 1, data: digest(9), extracted_on })
            }
            (_, 96) => Event::HeadSigned(self.signed()),
            (_, hour @ 97..=99) => {
                let (seer, seed) = seers()[usize::try_from(hour).unwrap() - 97].clone();
                self.countersigned(seer, seed)
            }
            (_, 0) => Event::StudyCharged(StudyCharged {
                manifest: digest(number),
                permit: name("2026/001236"),
                charge: self.charge(),
            }),
            (_, hour) => self.request(number, hour),
        };
        self.write(&event)
    }

    /// The head so far, signed.
    pub(crate) fn signed(&mut self) -> Signed<LogHead> {
        let Head { entries, digest } = self.head;
        let content = LogHead { node: node("k360"), log: self.log, entries, head: digest, time: self.at };
        let head = Signed::log_head(content, &key(1));
        self.signed = Some(head.clone());
        head
    }

    /// A countersignature of the head that was signed last.
    pub(crate) fn countersigned(&mut self, by: Seer, seed: u8) -> Event {
        let seen = seen(self.signed.clone().unwrap(), by, seed);
        self.seen.push(seen.clone());
        let SeenHead { head, by } = seen;
        Event::HeadCountersigned(Box::new(HeadCountersigned { head, by }))
    }

    fn charge(&mut self) -> Charged {
        self.spent += 20;
        let left = Left {
            permit: rho(980_000_000 - self.spent),
            period: Some(rho(9)),
            life: rho(4_980_000_000 - self.spent),
        };
        let ledger = Head { entries: self.spent / 20, digest: digest(self.spent) };
        Charged { number: self.spent / 20, nano_rho: rho(20), left, ledger }
    }

    fn request(&mut self, number: u64, hour: u64) -> Event {
        let people = ["Åse Østergård", "Bo Analytiker", "Ane Analytiker"];
        let who = people[usize::try_from(number % 3).unwrap()];
        let asked = Asked {
            request: digest(number),
            requester: Some(Requester::new(name(who), &VerifyingKey([7; 32]))),
            permit: Some(name("2026/001234")),
            purpose: Some(Code::new("statistics").unwrap()),
            mode: Some(Mode::Aggregates),
            policy: digest(3),
            query: Some(Query {
                digest: digest(number),
                statistic: Statistic::Mean,
                of: Some(name("gp_contacts_2y")),
                by: vec![name("sex"), name("age_band")],
                filtered_by: vec![name("age"), name("kommune")],
                as_of: "2026-02-28".parse().unwrap(),
            }),
        };
        match hour % 3 {
            0 => Event::RequestStored(Stored { asked, charge: 1, result: digest(number) }),
            1 => {
                let rules = vec![Code::new("budget.permit").unwrap(), Code::new("cell-min").unwrap()];
                Event::RequestRefused(Refused { asked, rules, left: None })
            }
            _ => Event::RequestPermitted(Permitted {
                asked,
                rules: vec![Code::new("permit.query").unwrap()],
                charge: self.charge(),
                hidden_cells: 2,
                result: digest(number),
            }),
        }
    }

    /// The first entry of a new file.
    pub(crate) fn rotated(&mut self) -> String {
        self.write(&Event::Rotated(Rotated { through: self.head, log: self.log }))
    }

    /// The entry that tells of deleting everything up to a head.
    pub(crate) fn pruned(&mut self, through: Head) -> String {
        self.write(&Event::Pruned(Pruned { through, log: self.log, ledger: Head::EMPTY }))
    }
}
