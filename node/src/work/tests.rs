use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use jiff::Timestamp;
use jiff::civil::date;
use rand::SeedableRng as _;
use rand::rngs::ChaCha20Rng;
use tempfile::TempDir;
use tvaers_definitions::layout::Layout;
use tvaers_definitions::library::Library;
use tvaers_protocol::event::EventRequest;
use tvaers_protocol::id::{Digest, NodeId, PersonId, Pseudonym, Sector};
use tvaers_protocol::message::{KeyConfirmation, Signed};
use tvaers_protocol::record::{Contribution, HandBack, Missing};
use tvaers_protocol::request::{RequestId, StudyRequest, Under};
use tvaers_protocol::sign::{Purpose, SigningKey};
use tvaers_protocol::sign::{Signature, VerifyingKey};
use tvaers_protocol::study::{Disclosure, Grain, Manifest, RunId};
use tvaers_pseudonym::combine::EventSecret;
use tvaers_pseudonym::dkg::{self, Ceremony};
use tvaers_pseudonym::key::KeyShare;
use tvaers_pseudonym::sealing::SealingKey;
use tvaers_pseudonym::seed::BlindSeed;
use tvaers_warehouse::sql::PersonRow;

use super::event::Told;
use super::pseudonym::Named;
use super::record::{Fixed, Sealed};
use super::source::Own;
use super::*;
use crate::study::Stage;
use crate::study::account::{AccountError, Asked};

/// A request for a list, with a placeholder for its signature: whoever keeps a manifest does not judge it.
fn wished() -> Signed<StudyRequest> {
    let under = Under { permit: "permit".to_owned(), purpose: String::new() };
    let content = StudyRequest {
        id: RequestId([3; 16]),
        requester: VerifyingKey([4; 32]),
        model: "sad".to_owned(),
        model_digest: Digest([5; 32]),
        catalogue_digest: Digest([6; 32]),
        as_of: date(2026, 2, 28),
        grain: Grain::Counts,
        list: Some(under),
        tables: None,
        series: None,
        created: Timestamp::UNIX_EPOCH,
        expires: Timestamp::UNIX_EPOCH,
    };
    Signed { content, signature: Signature([7; 64]) }
}

pub(crate) fn manifest() -> Manifest {
    let library = Library::embedded().unwrap();
    Manifest {
        run: RunId([1; 16]),
        roster: Digest([2; 32]),
        request: wished(),
        approval: None,
        nano_rho: 0,
        everyone: true,
        model: "sad".to_owned(),
        model_digest: library.model("sad").unwrap().digest,
        catalogue_digest: library.catalogue().digest(),
        as_of: date(2026, 2, 28),
        grain: Grain::Counts,
        disclosure: Disclosure::Items,
        holders: Vec::new(),
        threshold: 2,
        follows: None,
        participants: Vec::new(),
        created: Timestamp::UNIX_EPOCH,
        deadline: Timestamp::UNIX_EPOCH,
    }
}

/// A study's file in a folder of its own.
pub(crate) struct File {
    dir: TempDir,
    pub(crate) work: Work,
}

impl File {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let work = Work::create(dir.path().join("study-1.sqlite"), &manifest()).await.unwrap();
        Self { dir, work }
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("study-1.sqlite")
    }

    /// Opens the file once more, as after a power cut: nobody has closed it.
    async fn reopened(&self) -> Work {
        Work::open(self.path()).await.unwrap()
    }

    /// Three persons with components and pseudonyms; the second one lives here, and is touched in group 1.
    pub(crate) async fn with_persons() -> Self {
        let file = Self::new().await;
        let rows: Vec<Own> = (0..3)
            .map(|n: u16| PersonRow {
                person: PersonId::parse(&format!("610165300{n}")).unwrap(),
                resident: n == 1,
                eligible: n > 0,
                kommune: 360,
                touches: if n == 1 { 2 } else { 0 },
                values: vec![n.into(), 7],
                recencies: vec![n + 100],
            })
            .map(|row| Own { row, objects: false })
            .collect();
        file.work.store_components(&rows).await.unwrap();
        // In another order than that of the persons.
        let named: Vec<Named> = [(1, 30), (2, 20), (3, 10)]
            .map(|(row, byte)| Named { row, pseudonym: pseudonym(byte), secret: Some([byte; 32]) })
            .into();
        file.work.store_pseudonyms(&named).await.unwrap();
        file
    }
}

/// A person in a row of a later batch.
async fn add_row(file: &File, row: i64) {
    sqlx::query("INSERT INTO component VALUES (?, '6101653009', 0, 0, 0, 0, 0, x'', x'')")
        .bind(row)
        .execute(&file.work.pool)
        .await
        .unwrap();
}

const fn pseudonym(byte: u8) -> Pseudonym {
    Pseudonym::from_bytes([byte; 16])
}

pub(crate) fn asked(sequence: u32, digest: u8, elements: u32) -> Asked {
    Asked {
        sequence,
        digest: Digest([digest; 32]),
        elements,
        root: Digest([digest; 32]),
        commitment: Digest([7; 32]),
        persons: 100,
        share: elements,
    }
}

pub(crate) async fn count(work: &Work, asked: Asked) -> Result<(), AccountError> {
    work.count(&NodeId::new("k376").unwrap(), &asked, 100).await.unwrap()
}

#[tokio::test]
async fn what_is_counted_stays_counted_over_a_restart_and_the_same_batch_counts_once() {
    let file = File::new().await;
    assert_eq!(count(&file.work, asked(0, 1, 60)).await, Ok(()));
    let work = file.reopened().await;
    assert_eq!(count(&work, asked(0, 1, 60)).await, Ok(()), "the same again");
    assert_eq!(count(&work, asked(0, 2, 1)).await, Err(AccountError::Replay));
    assert_eq!(count(&work, asked(1, 3, 41)).await, Err(AccountError::Quota));
    assert_eq!(count(&work, asked(1, 4, 40)).await, Ok(()), "what is refused leaves no trace");
    assert_eq!(count(&file.reopened().await, asked(2, 5, 1)).await, Err(AccountError::Quota));
    let other = NodeId::new("k360").unwrap();
    assert_eq!(work.count(&other, &asked(0, 9, 100), 100).await.unwrap(), Ok(()), "another's account");
}

#[tokio::test]
async fn a_commitment_that_came_first_stays_the_one_over_a_restart() {
    let file = File::new().await;
    assert_eq!(count(&file.work, asked(0, 1, 60)).await, Ok(()));
    let work = file.reopened().await;
    let other = Asked { commitment: Digest([8; 32]), ..asked(1, 2, 10) };
    assert_eq!(count(&work, other).await, Err(AccountError::Population));
    assert_eq!(count(&work, asked(1, 2, 10)).await, Ok(()));
}

#[tokio::test]
async fn what_was_evaluated_for_each_is_told_the_same_whatever_the_order() {
    let [one, other] = [File::new().await, File::new().await];
    for sequence in [0, 1, 3] {
        count(&one.work, asked(sequence, sequence as u8, 10)).await.unwrap();
    }
    for sequence in [3, 1, 0, 1] {
        count(&other.work, asked(sequence, sequence as u8, 10)).await.unwrap();
    }
    let [one, other] = [one.work.evaluations().await.unwrap(), other.work.evaluations().await.unwrap()];
    let told = &one[0];
    assert_eq!((one.len(), told.requester.as_str()), (1, "k376"));
    assert_eq!((told.elements, told.persons, told.commitment), (30, 100, Digest([7; 32])));
    assert_eq!(told.batches, [0, 1, 3]);
    let roots = [0, 1, 3].map(|number: u32| (number, Digest([number as u8; 32])));
    assert_eq!(told.evaluations, tvaers_protocol::population::evaluations(roots));
    assert_eq!(other[0].evaluations, told.evaluations);
}

#[tokio::test]
async fn batches_that_come_at_once_are_each_counted_once() {
    let file = File::new().await;
    let again = (0..8).flat_map(|_| [(0, 1), (1, 2), (2, 3), (3, 4)]);
    let all = again.map(|(sequence, digest)| count(&file.work, asked(sequence, digest, 25)));
    assert!(futures_util::future::join_all(all).await.into_iter().all(|counted| counted.is_ok()));
    assert_eq!(count(&file.work, asked(4, 5, 1)).await, Err(AccountError::Quota));
}

#[tokio::test]
async fn stage_manifest_and_what_is_fixed_outlive_the_process() {
    let file = File::new().await;
    assert_eq!(file.work.stage().await.unwrap(), Stage::Accepted);
    file.work.reach(Stage::Submitted).await.unwrap();
    assert_eq!(file.work.fixed(Fixed::HandBack).await.unwrap(), None);
    assert_eq!(file.work.fix(Fixed::HandBack, Digest([1; 32])).await.unwrap(), Digest([1; 32]));
    let work = file.reopened().await;
    assert_eq!(work.stage().await.unwrap(), Stage::Submitted);
    assert_eq!(work.manifest().await.unwrap(), manifest());
    assert_eq!(work.fix(Fixed::HandBack, Digest([2; 32])).await.unwrap(), Digest([1; 32]), "for good");
    assert_eq!(work.fixed(Fixed::Events).await.unwrap(), None);
}

#[tokio::test]
async fn a_file_that_others_can_read_or_that_is_none_of_a_study_is_refused() {
    let file = File::new().await;
    let path = file.path();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(Work::open(path.clone()).await, Err(WorkError::File(_))));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    sqlx::raw_sql("PRAGMA user_version = 9").execute(&file.work.pool).await.unwrap();
    assert!(matches!(Work::open(path.clone()).await, Err(WorkError::Foreign)));
    file.work.close().await;
    std::fs::write(&path, "no database at all, but some text that is long enough").unwrap();
    assert!(matches!(Work::open(path.clone()).await, Err(WorkError::Database(_))));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(Work::open(path.clone()).await, Err(WorkError::File(_))));
    assert!(!path.exists(), "opening makes nothing");
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let file = File::with_persons().await;
    file.work.close().await;
    let mut bytes = std::fs::read(file.path()).unwrap();
    // The number of cells of every page but the first.
    for page in bytes.chunks_mut(4096).skip(1) {
        page[4] ^= 0xff;
    }
    std::fs::write(file.path(), bytes).unwrap();
    assert!(Work::open(file.path()).await.is_err());
}

#[tokio::test]
async fn an_erased_file_leaves_nothing_beside_it() {
    let file = File::with_persons().await;
    assert!(file.dir.path().join("study-1.sqlite-wal").exists());
    file.work.erase().unwrap();
    assert_eq!(std::fs::read_dir(file.dir.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn contributions_come_by_pseudonym_page_by_page() {
    let file = File::with_persons().await;
    let layout = Layout {
        sector: Sector::Municipality,
        grain: Grain::Counts,
        components: vec![0, 1],
        recencies: vec![1],
        touches: 0,
    };
    let work = file.reopened().await;
    let page = async |last, limit| work.contributions_after(last, limit, &layout).await.unwrap();
    let names = |page: &[Contribution]| page.iter().map(|c| c.pseudonym.as_bytes()[0]).collect::<Vec<_>>();
    assert_eq!(names(&page(None, 2).await), [10, 20]);
    assert_eq!(names(&page(Some(pseudonym(20)), 2).await), [30]);
    assert!(page(Some(pseudonym(30)), 2).await.is_empty());
    let second = page(None, 3).await.remove(1);
    assert!((second.resident, second.eligible, second.kommune, second.touches) == (true, true, 360, 2));
    assert!(second.values == [1, 7] && second.recencies == [101]);
    let other = Layout { recencies: Vec::new(), ..layout.clone() };
    assert!(matches!(work.contributions_after(None, 1, &other).await, Err(WorkError::Inconsistent("vals"))));
}

#[tokio::test]
async fn persons_stand_in_the_order_in_which_they_came_and_a_batch_is_named_as_a_whole() {
    let file = File::with_persons().await;
    let persons = file.work.persons_after(1, 10).await.unwrap();
    assert!(
        persons
            .iter()
            .map(|(row, person)| (*row, person.expose()))
            .eq([(2, "6101653001"), (3, "6101653002")])
    );
    assert_eq!(file.work.named_batches().await.unwrap().into_iter().collect::<Vec<_>>(), [0]);
    assert_eq!(file.work.named_persons().await.unwrap(), 3);
    for row in [10_001, 20_001] {
        add_row(&file, row).await;
    }
    // The same once more changes nothing; another person under a name that is taken does not get it.
    let again = Named { row: 1, pseudonym: pseudonym(30), secret: None };
    let taken = Named { row: 10_001, pseudonym: pseudonym(20), secret: None };
    let new = Named { row: 20_001, pseudonym: pseudonym(40), secret: None };
    file.work.store_pseudonyms(&[again, taken, new]).await.unwrap();
    assert_eq!(file.work.named_persons().await.unwrap(), 4);
    assert_eq!(file.work.named_batches().await.unwrap().into_iter().collect::<Vec<_>>(), [0, 2]);
}

fn request(byte: u8, groups: u16) -> EventRequest {
    EventRequest { pseudonym: pseudonym(byte), groups }
}

#[tokio::test]
async fn events_are_asked_only_of_whom_was_contributed_with_that_very_touch() {
    let file = File::with_persons().await;
    let strangers = async |requests: &[EventRequest], joined| {
        file.work.begin_list().await.unwrap();
        file.work.store_requests(requests).await.unwrap();
        file.work.strangers_asked(joined).await.unwrap()
    };
    assert_eq!(strangers(&[request(20, 2)], 2).await, 0);
    assert_eq!(strangers(&[], 2).await, 0);
    assert_eq!(strangers(&[request(20, 2)], 1).await, 1, "a group that is not joined");
    assert_eq!(strangers(&[request(20, 3)], 3).await, 1, "a bit too many");
    assert_eq!(strangers(&[request(10, 2), request(20, 2)], 2).await, 1, "one who is not touched");
    assert_eq!(strangers(&[request(20, 2), request(21, 2)], 2).await, 1, "one whom nobody knows");
}

#[tokio::test]
async fn a_list_is_kept_with_its_digest_and_the_stage() {
    let file = File::with_persons().await;
    file.work.store_requests(&[request(10, 2)]).await.unwrap();
    file.work.begin_list().await.unwrap();
    file.work.store_requests(&[request(20, 2)]).await.unwrap();
    file.work.end_list(Digest([5; 32])).await.unwrap();
    let work = file.reopened().await;
    assert_eq!(work.stage().await.unwrap(), Stage::EventsAsked);
    assert_eq!(work.fixed(Fixed::EventRequests).await.unwrap(), Some(Digest([5; 32])));
    let listed = work.asked().await.unwrap();
    let one = &listed[&PersonId::parse("6101653001").unwrap()];
    assert!(listed.len() == 1 && one.pseudonym == pseudonym(20) && one.groups == 2 && one.secret == [20; 32]);
}

fn told(byte: u8, group: u8, place: i64) -> Told {
    Told { pseudonym: pseudonym(byte), group, place, record: vec![byte, group] }
}

#[tokio::test]
async fn events_leave_by_pseudonym_and_group_and_every_request_has_one() {
    let file = File::with_persons().await;
    file.work.store_requests(&[request(20, 2)]).await.unwrap();
    file.work.end_list(Digest([5; 32])).await.unwrap();
    file.work.store_events(&[told(20, 0, 3)]).await.unwrap();
    assert!(matches!(file.work.check_events().await, Err(WorkError::NoEvent)), "none of the group asked for");
    file.work.begin_events().await.unwrap();
    file.work.store_events(&[told(30, 0, 1), told(20, 1, 5), told(20, 1, 4), told(20, 0, 9)]).await.unwrap();
    file.work.check_events().await.unwrap();
    let page = file.work.events_after(None).await.unwrap();
    let order: Vec<_> =
        page.iter().map(|told| (told.pseudonym.as_bytes()[0], told.group, told.place)).collect();
    assert_eq!(order, [(20, 0, 9), (20, 1, 4), (20, 1, 5), (30, 0, 1)]);
    let rest = file.work.events_after(Some(&page[1])).await.unwrap();
    assert!(rest.len() == 2 && rest[1].record == [30, 0]);
    assert!(file.work.events_after(page.last()).await.unwrap().is_empty());
    let many: Vec<Told> = (10..10 + limit_of_events()).map(|place| told(20, 1, place)).collect();
    file.work.store_events(&many).await.unwrap();
    assert!(matches!(file.work.check_events().await, Err(WorkError::ManyEvents)));
}

fn limit_of_events() -> i64 {
    i64::try_from(tvaers_protocol::limit::EVENTS_MAX).unwrap()
}

#[tokio::test]
async fn only_own_residents_in_the_population_are_handed_back() {
    let file = File::with_persons().await;
    let record = |byte| HandBack {
        pseudonym: pseudonym(byte),
        included: true,
        missing: Missing { region: true, municipality: false },
        fell_back: 1,
        stratum: 0,
        total: 4,
        items: vec![4],
    };
    let strangers = async |bytes: &[u8]| {
        file.work.begin_hand_back().await.unwrap();
        let records: Vec<HandBack> = bytes.iter().map(|byte| record(*byte)).collect();
        file.work.store_hand_backs(&records).await.unwrap();
        file.work.strangers_handed_back().await.unwrap()
    };
    assert_eq!(strangers(&[20]).await, 0);
    assert_eq!(strangers(&[10, 20, 30, 40]).await, 3, "no residents, and one whom nobody knows");
}

/// Two holders' shares of one key.
fn shares(study: Digest) -> Vec<KeyShare> {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let keys = BTreeMap::from([1, 2].map(|index| (index, SealingKey::generate(&mut rng))));
    let public = keys.iter().map(|(index, key)| (*index, key.public())).collect();
    let ceremony = |index| Ceremony::new(study, index, 2, 2).unwrap();
    let (first, packages): (Vec<_>, BTreeMap<_, _>) = [1, 2]
        .map(|index| {
            let (kept, package) = dkg::round1(ceremony(index), &mut rng).unwrap();
            (kept, (index, package))
        })
        .into_iter()
        .unzip();
    let (second, sealed): (Vec<_>, Vec<_>) =
        first.into_iter().map(|kept| dkg::round2(kept, &packages, &public, &mut rng).unwrap()).unzip();
    let of_other = |index: u16| sealed.iter().position(|to| to.contains_key(&index)).unwrap();
    (1..)
        .zip(second)
        .map(|(index, kept)| {
            let from = of_other(index);
            let package = BTreeMap::from([(u16::try_from(from + 1).unwrap(), sealed[from][&index].clone())]);
            dkg::round3(kept, &keys[&index], &package).unwrap().0
        })
        .collect()
}

#[tokio::test]
async fn no_share_seed_or_event_secret_stands_in_the_file_and_all_come_back() {
    let file = File::with_persons().await;
    let (study, mut rng) = (manifest().digest(), ChaCha20Rng::seed_from_u64(2));
    let (key, signing) = (SealingKey::generate(&mut rng), SigningKey::from_seed(&[3; 32]));
    let share = shares(study).remove(0);
    let (seed, secret) = (BlindSeed::generate(&mut rng), EventSecret::from_bytes([0xa5; 32]));
    let sealed = Sealed {
        share: Some(share.seal(&study, &key, &mut rng).unwrap()),
        seed: seed.seal(&study, &key, &mut rng).unwrap(),
    };
    let content = KeyConfirmation { holder: 1, bytes: vec![1, 2, 3] };
    let confirmations = [Signed::new(content, Purpose::KeyConfirmation, study, &signing)];
    file.work.pin(&confirmations, &sealed).await.unwrap();
    let hidden = seed.hide(&pseudonym(50), &secret);
    add_row(&file, 4).await;
    let named = Named { row: 4, pseudonym: pseudonym(50), secret: Some(hidden) };
    file.work.store_pseudonyms(&[named]).await.unwrap();

    let side = |suffix: &str| std::fs::read(file.dir.path().join(format!("study-1.sqlite{suffix}"))).unwrap();
    let before: Vec<u8> = [side(""), side("-wal")].concat();
    let work = file.reopened().await;
    assert_eq!(work.stage().await.unwrap(), Stage::Pinned);
    let (found, kept) = work.pinned().await.unwrap();
    assert!(found == confirmations && kept.seed == sealed.seed);
    let opened = KeyShare::open(&study, &key, &kept.share.unwrap()).unwrap();
    assert!(opened.expose() == share.expose() && opened.index() == 1 && opened.keys() == share.keys());
    assert!(BlindSeed::open(&study, &key, &kept.seed).unwrap().expose() == seed.expose());
    assert!(seed.show(&pseudonym(50), &hidden).expose() == secret.expose());
    file.work.close().await;
    work.close().await;
    let after = side("");
    for (what, bytes) in [("share", *share.expose()), ("seed", *seed.expose()), ("secret", *secret.expose())]
    {
        for content in [&before, &after] {
            // A quarter of it would be too much.
            assert!(!content.windows(8).any(|window| bytes.chunks(8).any(|part| part == window)), "{what}");
        }
    }
    // The search finds what is there.
    assert!(before.windows(32).any(|window| window == hidden));
    assert!(after.windows(16).any(|window| window == pseudonym(50).as_bytes()));
}
