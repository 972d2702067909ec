//! What stands in the file.

use std::os::unix::fs::MetadataExt as _;

use super::*;

#[test]
fn every_event_reads_back_as_it_was_written_in_one_chain_for_its_owner_only() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    let events = every_event();
    let head = open(&path).append(noon(), &events).unwrap();
    let read = entries(&path);
    assert_eq!(read.iter().map(|entry| entry.event.clone()).collect::<Vec<_>>(), events);
    assert_eq!(head, Head { entries: events.len() as u64, digest: read.last().unwrap().digest });
    assert!(
        read.windows(2).all(|two| two[1].previous == two[0].digest && two[1].number == two[0].number + 1)
    );
    assert_eq!(read[0].previous, Digest::NONE);
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    let verified = verify(&path).unwrap();
    assert_eq!((verified.head, verified.truncations, verified.torn_bytes), (head, 1, 0));
    assert_eq!(verified.said.ledger, charged().ledger);
    assert_eq!(verified.said.policy, Some((4, digest(3))));
    // A log that is opened again goes on.
    let audit = open(&path);
    assert_eq!(audit.head(), head);
    assert_eq!(audit.append(noon(), &[Event::Start]).unwrap().entries, head.entries + 1);
}

/// A line never changes its form: what was written must verify for as long as it is kept.
#[test]
fn a_line_is_as_it_always_was_and_its_digest_can_be_checked_with_public_tools() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    let refused = every_event().swap_remove(5);
    open(&path).append(noon(), &[Event::Start, refused]).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let zeroes = "0".repeat(64);
    let ones = "01".repeat(32);
    let threes = "03".repeat(32);
    let start = format!(
        r#"{{"log":"tvaers/v1/audit","number":1,"at":"2026-03-01T12:00:00Z","software":"tvaers-node 0.1.0","event":{{"kind":"start"}},"previous":"{zeroes}","digest":"#
    );
    assert!(lines[0].starts_with(&start), "{}", lines[0]);
    let refused = format!(
        r#""event":{{"kind":"request-refused","asked":{{"request":"{ones}","policy":"{threes}"}},"rules":["budget.permit","budget.life"],"left":{{"permit":980000000,"period":1,"life":4980000000}}}},"previous":"#
    );
    assert!(lines[1].contains(&refused), "{}", lines[1]);
    for line in lines {
        let (covered, digest) =
            line.split_once(",\"digest\":\"").filter(|(covered, _)| covered.contains("number")).unwrap();
        // The last `digest` of a line is its own.
        let at = line.rfind(",\"digest\":\"").unwrap();
        assert_eq!(covered.len(), at);
        let sum: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(&line[..at]).into();
        assert_eq!(digest, format!("{}\"}}", Digest(sum)));
    }
}

#[test]
fn a_query_is_told_without_the_values_of_its_filters() {
    let query = asked().query.unwrap();
    assert_eq!(
        query.to_string(),
        "mean of gp_contacts_2y by sex, age_band where age, kommune as of 2026-02-28"
    );
    let count = Query { statistic: Statistic::Count, of: None, by: vec![], filtered_by: vec![], ..query };
    assert_eq!(count.to_string(), "count as of 2026-02-28");
}

#[test]
fn two_processes_write_one_chain() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    // Two logs that are opened apart know as little of each other as two processes.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let audit = open(&path);
                for _ in 0..10 {
                    audit.append(noon(), &[Event::Start, Event::Stop]).unwrap();
                }
            });
        }
    });
    assert_eq!(verify(&path).unwrap().head.entries, 80);
}

#[tokio::test]
async fn an_entry_is_written_although_nobody_waits_for_it() {
    let (_dir, path) = filled(0);
    let audit = open(&path);
    assert_eq!(audit.record(noon(), vec![Event::Start]).await.unwrap().entries, 1);
    let forgotten = audit.record(noon(), vec![Event::Stop]);
    // Polled once, then dropped.
    let _ = tokio::time::timeout(std::time::Duration::ZERO, forgotten).await;
    while verify(&path).unwrap().head.entries < 2 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_clock_set_back_is_noticed() {
    let (_dir, path) = filled(1);
    let audit = open(&path);
    audit.append("2026-02-01T00:00:00Z".parse().unwrap(), &[Event::Stop]).unwrap();
    assert_eq!(verify(&path).unwrap().clock_back, 1);
}

#[test]
fn entries_of_the_same_moment_in_another_order_are_no_clock_set_back() {
    let (_dir, path) = filled(1);
    open(&path).append("2026-03-01T11:59:30Z".parse().unwrap(), &[Event::Stop]).unwrap();
    assert_eq!(verify(&path).unwrap().clock_back, 0);
}

/// Of requests that are answered side by side the first to be charged may be the last to be logged.
#[test]
fn the_newest_head_of_the_ledger_counts_wherever_it_stands() {
    let (_dir, path) = filled(0);
    let at = |entries: u64| Head { entries, digest: digest(u8::try_from(entries).unwrap()) };
    let charged = |entries| Charged { ledger: at(entries), ..charged() };
    let events = [9, 12, 10].map(|entries| {
        Event::StudyCharged(StudyCharged { manifest: digest(6), permit: name("p"), charge: charged(entries) })
    });
    open(&path).append(noon(), &events).unwrap();
    assert_eq!(verify(&path).unwrap().said.ledger, at(12));
}

#[test]
fn a_part_of_a_log_is_verified_as_a_part_and_not_as_the_whole() {
    let (dir, path) = filled(5);
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let part = dir.path().join("part.jsonl");
    std::fs::write(&part, lines[2..4].concat()).unwrap();
    let verified = verify_part(&part, 3).unwrap();
    let written = entries(&path);
    assert_eq!(verified.head, Head { entries: 4, digest: written[3].digest });
    assert!(matches!(verify(&part), Err(AuditError::Broken { entry: 1, .. })));
    assert!(matches!(verify_part(&part, 2), Err(AuditError::Broken { entry: 2, .. })));
    std::fs::write(&part, [lines[2], lines[4]].concat()).unwrap();
    assert!(matches!(verify_part(&part, 3), Err(AuditError::Broken { entry: 4, .. })));
}
