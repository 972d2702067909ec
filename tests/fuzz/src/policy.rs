//! The policy file, the revocation file and minisign's files. Whatever is read as a policy means one thing: it reads
//! again as the same, and gives every request a verdict that obeys what no policy can loosen.

use std::sync::LazyLock;

use jiff::civil::{Date, date};
use tvaers_definitions::library::Library;
use tvaers_policy::diff::{diff, to_document};
use tvaers_policy::explain::{Conversion, Explaining, explain};
use tvaers_policy::permit::Recipient;
use tvaers_policy::records::records;
use tvaers_policy::request::{
    AggregateRequest, Ask, ContributionRequest, JoinedRequest, Second, Spent, Study, Wish,
};
use tvaers_policy::revocation::Revocation;
use tvaers_policy::signature::{self, PublicKey};
use tvaers_policy::warning::warnings;
use tvaers_policy::{Fault, Policy, limit};
use tvaers_protocol::id::{NodeId, Sector};
use tvaers_protocol::roster::Role;
use tvaers_protocol::sign::VerifyingKey;
use tvaers_protocol::study::{Disclosure, Grain};
use tvaers_query::query::Party;
use tvaers_query::{Decimal, Query};

use crate::{Mutate, Seeds, repository, text};

/// Bytes of memory that reading and judging one file may take.
pub const MEMORY_BYTES: usize = 64 << 20;

/// A day on which all examples hold.
const TODAY: Date = date(2026, 12, 15);

const SIGNED: &[u8] = include_bytes!("../../../policies/policy/tests/minisign/policy.toml");
const KEY: &str = include_str!("../../../policies/policy/tests/minisign/dpo.pub");

/// What the key signed: with minisign's own comment, and with one of the signer's.
const SIGNATURES: [&str; 2] = [
    include_str!("../../../policies/policy/tests/minisign/policy.toml.dpo.minisig"),
    include_str!("../../../policies/policy/tests/minisign/policy.toml.comment.minisig"),
];

static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::embedded().expect("the library is right"));
static KNOWN: LazyLock<PublicKey> = LazyLock::new(|| PublicKey::parse(KEY).expect("the key is right"));
static EXAMPLES: LazyLock<Vec<Policy>> = LazyLock::new(|| {
    let texts = repository::files("policies/examples", "toml");
    texts.iter().map(|(_, text)| read(text).expect("an example is a policy")).collect()
});
static QUERIES: LazyLock<[Query; 2]> = LazyLock::new(|| {
    let sum = "kind = \"sum\"\nfeature = \"cost_municipal_social_1y\"\nby = [\"sex\", \"age_band\"]\n\
               [[where]]\nfeature = \"unemployed\"\nis = 1\n";
    [sum, "kind = \"sum\"\nfeature = \"cost_gp_1y\"\nby = [\"age_band\"]\n"].map(|text| {
        let text = format!("name = \"q\"\nas_of = 2026-10-31\n{text}");
        Query::parse(&text, "q.toml", LIBRARY.catalogue(), &parties()).expect("the query is right")
    })
});

fn parties() -> Vec<Party> {
    let party = |id: &str, sector, code| {
        let id = NodeId::new(id).expect("the name is right");
        Party { id, sector, code }
    };
    vec![
        party("k360", Sector::Municipality, 360),
        party("k376", Sector::Municipality, 376),
        party("region_1085", Sector::Region, 1085),
    ]
}

/// A stand-in for the conversion at the roster's delta: it rises with epsilon, and a very small one is worth nothing.
fn rho_of_epsilon(epsilon: Decimal) -> Option<u64> {
    let nano = u128::from(epsilon.nano());
    u64::try_from(nano * nano / 1_000_000_000 / 80).ok().filter(|rho| *rho > 0)
}

fn epsilon_of_rho(nano_rho: u64) -> f64 {
    (nano_rho as f64 * 80.0 / 1e9).sqrt()
}

fn read(text: &str) -> Result<Policy, Vec<Fault>> {
    Policy::read(text, "policy.toml", &LIBRARY, &rho_of_epsilon)
}

/// The examples, with a revocation of one, and minisign's files.
#[must_use]
pub fn seeds() -> Seeds {
    let mut seeds = repository::files("policies/examples", "toml");
    seeds.extend(repository::files("policies/policy/tests/minisign", "minisig"));
    seeds.extend(repository::files("policies/policy/tests/minisign", "pub"));
    for (name, permit) in [("whole", None), ("permit", Some("monitoring-2026".to_owned()))] {
        let revocation = Revocation {
            node: NodeId::new("k376").expect("the name is right"),
            policy: EXAMPLES[0].digest(),
            permit,
            from: TODAY,
            reason: "Formålet er \"opfyldt\".".to_owned(),
        };
        seeds.push((format!("revocation-{name}"), revocation.to_text()));
    }
    LazyLock::force(&QUERIES);
    LazyLock::force(&KNOWN);
    seeds.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}

/// Changes a file by lines, of which it may get some of another.
pub fn mutate(data: &mut [u8], size: usize, size_max: usize, seed: u32, bytes: Mutate) -> usize {
    static DONORS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let texts = seeds().into_iter().map(|(_, text)| String::from_utf8(text));
        texts.map(|text| text.expect("a seed is text")).collect()
    });
    text::mutate(data, size, size_max, seed, &DONORS, bytes)
}

/// Judges bytes as each of the files.
///
/// # Panics
/// Where a property does not hold.
pub fn check(data: &[u8]) {
    let known = signature::verify(data, SIGNATURES[0], &KNOWN);
    assert!(known.is_err() || data == SIGNED, "another file passes for the signed one");
    let Ok(text) = std::str::from_utf8(data) else { return };
    check_policy(text);
    check_revocation(text);
    check_signature(text);
    if let Ok(key) = PublicKey::parse(text) {
        assert_eq!(PublicKey::parse(key.base64()), Ok(key));
    }
}

fn check_policy(text: &str) {
    let policy = match read(text) {
        Ok(policy) => policy,
        Err(faults) => return check_faults(text, &faults, limit::FAULTS_MAX),
    };
    assert_eq!(read(text).as_ref(), Ok(&policy), "it reads again as the same");
    let verdicts = verdicts(&policy, &Spent::default());
    assert!(diff(&policy, &policy).is_empty());
    let with = Explaining { library: &LIBRARY, conversion: None };
    let said = explain(&policy, &with);
    let epsilon_of_rho_if_any = |nano_rho| Some(epsilon_of_rho(nano_rho));
    let conversion = Conversion { delta: "1e-8", epsilon_of_rho: &epsilon_of_rho_if_any };
    assert!(!explain(&policy, &Explaining { conversion: Some(conversion), ..with }).blocks.is_empty());
    assert!(!records(&[("policy.toml".to_owned(), policy.clone())]).blocks.is_empty());
    for warning in warnings(&policy, TODAY, &epsilon_of_rho) {
        assert!(!warning.sentence.en.is_empty() && !warning.mend.da.is_empty());
    }

    // A comment changes the digest and nothing else.
    let commented = format!("{text}\n#\n");
    if commented.len() <= limit::FILE_BYTES_MAX {
        let commented = read(&commented).expect("a comment is no fault");
        assert_ne!(commented.digest(), policy.digest());
        assert_eq!(self::verdicts(&commented, &Spent::default()), verdicts);
        assert!(diff(&policy, &commented).is_empty());
        assert_eq!(explain_without_digest(&commented, &with), explain_without_digest(&policy, &with));
        drop(said);
    }
    // What nobody tells apart in words gives the same verdicts.
    for example in EXAMPLES.iter() {
        let changes = diff(example, &policy);
        let _ = to_document(example, &policy, &changes);
        if changes.is_empty() {
            assert_eq!(self::verdicts(example, &Spent::default()), verdicts);
        }
    }
    check_nothing_is_left(&policy);
    check_revoked(&policy);
}

fn explain_without_digest(policy: &Policy, with: &Explaining<'_>) -> String {
    format!("{:?}", explain(policy, with)).replace(&policy.digest().to_string(), "")
}

/// Where all that can be spent is spent, no policy permits an answer that costs.
fn check_nothing_is_left(policy: &Policy) {
    let all = u64::MAX;
    let spent = Spent { permit: all, period: all, life: all, calendar: all, ..Spent::default() };
    for (of, codes) in verdicts(policy, &spent) {
        assert!(of == "list" || !codes.is_empty(), "an answer without a budget for it");
    }
}

/// Of a revoked policy nothing is permitted, and of a revoked permit nothing under it.
fn check_revoked(policy: &Policy) {
    let Some(edition) = policy.edition() else { return };
    let mut revocation = Revocation {
        node: edition.node.clone(),
        policy: policy.digest(),
        permit: None,
        from: TODAY,
        reason: "fuzz".to_owned(),
    };
    let mut revoked = policy.clone();
    assert!(revoked.revoke(&revocation));
    for (_, codes) in verdicts(&revoked, &Spent::default()) {
        assert!(!codes.is_empty(), "permitted under a revoked policy");
    }
    for permit in policy.permits() {
        let mut revoked = policy.clone();
        revocation.permit = Some(permit.id.clone());
        assert!(revoked.revoke(&revocation));
    }
}

/// The verdicts on a fixed set of requests, as the codes of the rules that each breaks.
fn verdicts(policy: &Policy, spent: &Spent) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut all = Vec::new();
    for (ask, query) in ASKS.iter().flat_map(|ask| QUERIES.iter().map(move |query| (ask, query))) {
        let request = AggregateRequest { ask: *ask, query, nano_rho: None, repetition: 0 };
        all.push(("query", policy.admit_aggregate(&request, spent, TODAY).codes()));
        let request = AggregateRequest { nano_rho: Some(u64::MAX), repetition: u32::MAX, ..request };
        all.push(("query", policy.admit_aggregate(&request, spent, TODAY).codes()));
    }
    let asked = ASKS.iter().flat_map(|ask| STUDIES.iter().map(move |of| (ask, of)));
    let asked = asked.flat_map(|of| [None, Some(date(2027, 1, 31))].map(|follow_up| (of, follow_up)));
    for ((ask, (model, sector, grain)), follow_up) in asked {
        let Some(model) = LIBRARY.model(model) else { continue };
        let study = Study {
            model,
            sector: *sector,
            grain: Wish::Exactly(*grain),
            as_of: date(2026, 10, 31),
            until: Some(date(2026, 12, 20)),
            follow_up,
            evaluations: 50_000,
            peer_evaluations: 800_000,
        };
        let tables = JoinedRequest {
            ask: *ask,
            study,
            categories: &["kommune", "stratum"],
            dimensions: 2,
            cells: 6,
            nano_rho: None,
            repetition: 0,
        };
        all.push(("tables", policy.admit_joined(&tables, spent, TODAY).codes()));
        let list = ContributionRequest {
            ask: *ask,
            study,
            disclosure: Wish::UpTo(Disclosure::Items),
            recipients: &[Recipient::Municipality],
        };
        all.push(("list", policy.admit_contribution(&list, TODAY).codes()));
    }
    all
}

/// Who asks in the examples, under which of their permits; and somebody whom none of them names.
const ASKS: [Ask<'static>; 7] = [
    ask(0xa1, "monitoring-2026", "triple-aim-monitoring"),
    ask(0xa1, "sizing-2026", "size-target-group"),
    ask(0xa1, "hospital-use-2026", "cost-per-capita"),
    ask(0xa1, "laboratory-aggregates", ""),
    ask(0xb2, "sad-list-2026", "offer-help"),
    ask(0xb2, "somv-list-2026", "one-course"),
    ask(0xee, "monitoring-2026", "triple-aim-monitoring"),
];

const STUDIES: [(&str, Sector, Grain); 2] =
    [("sad", Sector::Municipality, Grain::Points), ("somv", Sector::Region, Grain::Events)];

const fn ask(key: u8, permit: &'static str, purpose: &'static str) -> Ask<'static> {
    let second = Second { key: VerifyingKey([0xd0; 32]), role: Role::Dpo };
    Ask { key: VerifyingKey([key; 32]), role: Role::Analyst, permit, purpose, second: Some(second) }
}

fn check_revocation(text: &str) {
    match Revocation::read(text, "revocation.toml") {
        Ok(revocation) => {
            assert_eq!(Revocation::read(&revocation.to_text(), "revocation.toml"), Ok(revocation));
        }
        Err(faults) => check_faults(text, &faults, 20),
    }
}

/// What is refused is refused with a place in the file, in both languages, and not without end.
fn check_faults(text: &str, faults: &[Fault], most: usize) {
    assert!((1..=most).contains(&faults.len()), "{} faults", faults.len());
    let lines = text.split('\n').count();
    for fault in faults {
        assert!((1..=lines + 1).contains(&fault.line), "line {} of {lines}", fault.line);
        assert!(!fault.sentence.da.is_empty() && !fault.sentence.en.is_empty() && !fault.mend.en.is_empty());
        let _ = fault.problem();
    }
}

/// A signature verifies only where it is one of those that the key made: the comment that nobody signed and the ends
/// of lines are all that may differ.
fn check_signature(text: &str) {
    if let Ok(said) = signature::verify(SIGNED, text, &KNOWN) {
        let signed = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
        let known = SIGNATURES.iter().find(|known| signed(known) == signed(text.trim_end()));
        assert!(known.is_some_and(|known| known.contains(&said.trusted_comment)), "a signature by nobody");
        let other = [SIGNED, b"\n"].concat();
        assert!(signature::verify(&other, text, &KNOWN).is_err());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_keeps_the_properties() {
        for (_, seed) in seeds() {
            check(&seed);
        }
    }

    #[test]
    fn the_examples_permit_something_of_each_kind_so_that_the_properties_say_something() {
        let all: Vec<_> = EXAMPLES.iter().flat_map(|policy| verdicts(policy, &Spent::default())).collect();
        for kind in ["query", "tables", "list"] {
            assert!(all.iter().any(|(of, codes)| *of == kind && codes.is_empty()), "{kind}");
        }
        for signature in SIGNATURES {
            assert!(signature::verify(SIGNED, signature, &KNOWN).is_ok());
        }
    }
}
