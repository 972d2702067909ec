//! Every tampering is found and named with its entry, alone and together with others; nothing is found in a log that
//! nobody touched.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod made;

use jiff::SignedDuration;
use made::{HOUR, Writer, evidence, key, seers};
use tvaers_audit::event::{Event, Imported, Truncated};
use tvaers_audit::head::Head;
use tvaers_audit::line::Entry;
use tvaers_audit::verify::{Evidence, Verdict, verify, verify_bytes};
use tvaers_protocol::audit::{Countersignature, LogHead, SeenHead, Seer};
use tvaers_protocol::hello::Software;
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::Signed;

/// Entries of the log: heads at 96, 196, 296, countersigned at the three after each; new files begin at 131 and 231.
const ENTRIES: u64 = 330;
const FILES: [usize; 2] = [130, 230];

fn log() -> (Vec<String>, Writer) {
    let mut writer = Writer::new();
    let mut lines = Vec::new();
    while writer.head.entries < ENTRIES {
        lines.push(if FILES.contains(&lines.len()) { writer.rotated() } else { writer.typical() });
    }
    assert_eq!(writer.seen.len() as u64, ENTRIES / HOUR * 3);
    (lines, writer)
}

fn check(lines: &[String], evidence: &Evidence) -> Verdict {
    verify_bytes(lines.concat().as_bytes(), evidence)
}

/// Codes and first entries of all findings, and to where the log is whole.
fn told(verdict: &Verdict) -> (Vec<(&'static str, u64, u64)>, u64) {
    for finding in &verdict.findings {
        for text in [&finding.sentence, &finding.advice] {
            assert!(text.da.ends_with('.') && text.en.ends_with('.') && text.da != text.en, "{text:?}");
        }
    }
    let findings = verdict.findings.iter().map(|found| (found.code, found.entry, found.through)).collect();
    (findings, verdict.complete.map_or(0, |complete| complete.entry))
}

/// The line of an entry.
fn at(entry: u64) -> usize {
    usize::try_from(entry).unwrap() - 1
}

/// A line with another content and a digest that is right for it.
fn forged(line: &str, from: &str, to: &str) -> String {
    let covered = &line[..line.rfind(",\"digest\":\"").unwrap()];
    assert!(covered.contains(from), "{from}");
    let covered = covered.replacen(from, to, 1);
    let sum = <sha2::Sha256 as sha2::Digest>::digest(covered.as_bytes());
    format!("{covered},\"digest\":\"{}\"}}\n", Digest(sum.into()))
}

/// The whole log from an entry on, written anew by somebody who knows how, without keys.
fn rewritten(lines: &mut [String], from: u64) {
    let mut previous = if from > 1 { entry(&lines[at(from - 1)]).digest } else { Digest::NONE };
    for (index, line) in lines.iter_mut().enumerate().skip(at(from)) {
        let old = entry(line);
        let (written, digest) =
            Entry::write(index as u64 + 1, old.at, &old.software, &old.event, previous).unwrap();
        previous = digest;
        *line = written + "\n";
    }
}

fn entry(line: &str) -> Entry {
    serde_json::from_str(line).unwrap()
}

#[test]
fn nothing_is_found_in_a_log_that_nobody_touched() {
    let (lines, writer) = log();
    let verdict = check(&lines, &evidence().with_heads(writer.seen));
    assert_eq!(told(&verdict), (vec![], ENTRIES));
    assert_eq!((verdict.first, verdict.log, verdict.unchecked), (Some(1), Some(entry(&lines[0]).digest), 0));
    assert_eq!((verdict.node.unwrap(), verdict.compared), (made::node("k360"), 9));
    let confirmed: Vec<_> = verdict.confirmed.iter().map(|one| (one.by.clone(), one.entry)).collect();
    assert_eq!(confirmed, seers().map(|(seer, _)| (seer, 295)));
    // Without keys nothing is confirmed, and the verdict says so.
    let verdict = check(&lines, &Evidence::default());
    assert_eq!((told(&verdict), verdict.confirmed.len(), verdict.unchecked), ((vec![], ENTRIES), 0, 12));
    // With the node's own alone neither.
    let verdict = check(&lines, &Evidence::default().with_key(key(1).verifying_key()));
    assert_eq!((told(&verdict), verdict.confirmed.len(), verdict.unchecked), ((vec![], ENTRIES), 0, 9));
    assert_eq!(told(&verify_bytes(b"", &evidence())), (vec![], 0));
}

#[test]
fn the_files_of_a_log_are_one_log() {
    let (lines, _) = log();
    let files = [&lines[..130], &lines[130..230], &lines[230..]].map(<[String]>::concat);
    let mut entries = 0;
    let verdict =
        verify(files.iter().map(|file| Ok(file.as_bytes())), &evidence(), &mut |_| entries += 1).unwrap();
    assert_eq!((told(&verdict), entries), ((vec![], ENTRIES), ENTRIES));
    let missing = [&files[0], &files[2]].map(|file| Ok(file.as_bytes()));
    let verdict = verify(missing, &evidence(), &mut |_| ()).unwrap();
    assert_eq!(told(&verdict), (vec![("audit.removed", 131, 230)], 130));
}

#[test]
fn a_log_whose_oldest_entries_were_deleted_proves_it() {
    let (mut lines, mut writer) = log();
    let through = Head { entries: 130, digest: entry(&lines[129]).digest };
    let unproven = lines[130..].to_vec();
    lines.push(writer.pruned(through));
    let verdict = check(&lines[130..], &evidence().with_heads(writer.seen.clone()));
    assert_eq!(told(&verdict), (vec![], ENTRIES + 1));
    assert_eq!((verdict.first, verdict.log, verdict.pruned), (Some(131), Some(writer.log), Some(writer.at)));
    let verdict = check(&unproven, &evidence());
    assert_eq!(told(&verdict), (vec![("audit.front", 1, 130)], ENTRIES));
    // More is gone than it says.
    let verdict = check(&lines[131..], &evidence());
    assert_eq!(told(&verdict), (vec![("audit.front", 1, 131)], ENTRIES + 1));
}

#[test]
fn each_tampering_is_named_with_its_first_entry() {
    let edit = |entry: u64, from: &'static str, to: &'static str| {
        move |lines: &mut Vec<String>| {
            let line = lines[at(entry)].replacen(from, to, 1);
            assert_ne!(line, lines[at(entry)], "entry {entry}: {from}");
            lines[at(entry)] = line;
        }
    };
    type Tamper = Box<dyn Fn(&mut Vec<String>)>;
    type Case = (&'static str, Tamper, Vec<(&'static str, u64, u64)>, u64);
    let cases: Vec<Case> = vec![
        (
            "a figure",
            Box::new(edit(50, "\"nano_rho\":20", "\"nano_rho\":10")),
            vec![("audit.changed", 50, 50)],
            49,
        ),
        ("the first", Box::new(edit(1, "start", "stop")), vec![("audit.changed", 1, 1)], 0),
        (
            "the last",
            Box::new(edit(330, "tvaers-node 0.1.0", "tvaers-node 0.1.1")),
            vec![("audit.changed", 330, 330)],
            329,
        ),
        ("a time", Box::new(edit(50, "12:30:00Z", "12:30:01Z")), vec![("audit.changed", 50, 50)], 49),
        (
            "a number",
            Box::new(edit(50, "\"number\":50", "\"number\":51")),
            vec![("audit.changed", 50, 50)],
            49,
        ),
        (
            "a field more",
            Box::new(edit(50, "\"event\":{", "\"event\":{\"person\":1,")),
            vec![("audit.changed", 50, 50)],
            49,
        ),
        ("a blank", Box::new(edit(50, "\"event\":{", "\"event\": {")), vec![("audit.changed", 50, 50)], 49),
        (
            "a digest",
            Box::new(|lines| {
                let line = &mut lines[at(50)];
                let end = line.len() - 4;
                let other = if line.as_bytes()[end] == b'0' { "1" } else { "0" };
                line.replace_range(end..=end, other);
            }),
            vec![("audit.changed", 50, 50)],
            49,
        ),
        (
            "with its digest",
            Box::new(|lines| lines[at(50)] = forged(&lines[at(50)], "\"nano_rho\":20", "\"nano_rho\":10")),
            vec![("audit.changed", 50, 50)],
            49,
        ),
        (
            "to rubbish",
            Box::new(|lines| lines[at(50)] = "\0\0\0{{{[[[\n".to_owned()),
            vec![("audit.changed", 50, 50)],
            49,
        ),
        (
            "to a long line",
            Box::new(|lines| lines[at(50)] = "x".repeat(100_000) + "\n"),
            vec![("audit.changed", 50, 50)],
            49,
        ),
        (
            "several in a row",
            Box::new(|lines| {
                for entry in 50..=60 {
                    lines[at(entry)] = lines[at(entry)].replacen("0.1.0", "0.1.1", 1);
                }
            }),
            vec![("audit.changed", 50, 60)],
            49,
        ),
        ("one removed", Box::new(|lines| drop(lines.remove(at(50)))), vec![("audit.removed", 50, 50)], 49),
        (
            "ten removed",
            Box::new(|lines| drop(lines.drain(at(50)..at(60)))),
            vec![("audit.removed", 50, 59)],
            49,
        ),
        ("two swapped", Box::new(|lines| lines.swap(at(50), at(51))), vec![("audit.reordered", 50, 50)], 49),
        (
            "moved back",
            Box::new(|lines| {
                let line = lines.remove(at(50));
                lines.insert(at(80), line);
            }),
            vec![("audit.reordered", 50, 50)],
            49,
        ),
        (
            "moved forward",
            Box::new(|lines| {
                let line = lines.remove(at(80));
                lines.insert(at(50), line);
            }),
            vec![("audit.reordered", 50, 79)],
            49,
        ),
        (
            "the last first",
            Box::new(|lines| {
                let line = lines.pop().unwrap();
                lines.insert(0, line);
            }),
            vec![("audit.reordered", 1, 329)],
            0,
        ),
        (
            "a copy inserted",
            Box::new(|lines| lines.insert(at(51), lines[at(50)].clone())),
            vec![("audit.inserted", 51, 51)],
            50,
        ),
        (
            "an old copy inserted",
            Box::new(|lines| lines.insert(at(51), lines[at(20)].clone())),
            vec![("audit.inserted", 51, 51)],
            50,
        ),
        (
            "a forged one before",
            Box::new(|lines| {
                let line = forged(&lines[at(50)], "0.1.0", "0.1.1");
                lines.insert(at(50), line);
            }),
            vec![("audit.inserted", 50, 50)],
            49,
        ),
        (
            "a forged one after",
            Box::new(|lines| {
                let line = forged(&lines[at(50)], "0.1.0", "0.1.1");
                lines.insert(at(51), line);
            }),
            vec![("audit.inserted", 50, 50)],
            49,
        ),
        (
            "an empty line",
            Box::new(|lines| lines.insert(at(50), "\n".to_owned())),
            vec![("audit.inserted", 50, 50)],
            49,
        ),
        (
            "a line with NUL",
            Box::new(|lines| lines.insert(at(50), "\0\n".to_owned())),
            vec![("audit.inserted", 50, 50)],
            49,
        ),
        (
            "half an entry",
            Box::new(|lines| {
                let half = lines[at(330)].len() / 2;
                lines[at(330)].truncate(half);
            }),
            vec![("audit.torn", 330, 330)],
            329,
        ),
        (
            "begun anew",
            Box::new(|lines| {
                let line = forged(&lines[0], "0.1.0", "0.1.1");
                lines.truncate(50);
                lines.push(line);
            }),
            vec![("audit.restarted", 51, 51)],
            50,
        ),
        ("the front gone", Box::new(|lines| drop(lines.drain(..at(50)))), vec![("audit.front", 1, 49)], 330),
        (
            "changed and removed",
            Box::new(|lines| {
                lines[at(20)] = lines[at(20)].replacen("0.1.0", "0.1.1", 1);
                lines.remove(at(50));
            }),
            vec![("audit.changed", 20, 20), ("audit.removed", 50, 50)],
            19,
        ),
        (
            "removed and the next changed",
            Box::new(|lines| {
                lines[at(51)] = lines[at(51)].replacen("0.1.0", "0.1.1", 1);
                lines.remove(at(50));
            }),
            vec![("audit.removed", 50, 50), ("audit.changed", 51, 51)],
            49,
        ),
        (
            "swapped, copied, removed, torn",
            Box::new(|lines| {
                let half = lines[at(330)].len() / 2;
                lines[at(330)].truncate(half);
                lines.remove(at(200));
                lines.insert(at(101), lines[at(100)].clone());
                lines.swap(at(50), at(51));
            }),
            vec![
                ("audit.reordered", 50, 50),
                ("audit.inserted", 101, 101),
                ("audit.removed", 200, 200),
                ("audit.torn", 330, 330),
            ],
            49,
        ),
        (
            "the first of a file changed",
            Box::new(edit(131, "\"entries\":130", "\"entries\":129")),
            vec![("audit.changed", 131, 131)],
            130,
        ),
    ];
    for (what, tamper, findings, whole) in cases {
        let (mut lines, _) = log();
        tamper(&mut lines);
        let verdict = check(&lines, &evidence());
        assert_eq!(told(&verdict), (findings, whole), "{what}");
        assert!(!verdict.is_clean() && verdict.sentences().len() >= 2, "{what}");
        assert!(verdict.confirmed.iter().all(|one| one.entry <= whole), "{what}");
    }
}

#[test]
fn what_the_chain_cannot_show_the_heads_of_others_do() {
    let (lines, writer) = log();
    let seen = writer.seen;
    let with = |seen: &[SeenHead]| evidence().with_heads(seen.iter().cloned());
    // Cut short: all others saw 295 entries.
    let verdict = check(&lines[..200], &with(&seen));
    assert_eq!(told(&verdict), (vec![("audit.truncated", 201, 295)], 200));
    assert_eq!(told(&check(&lines[..200], &evidence())), (vec![], 200), "which the chain does not show");
    // Written anew from 150 on, without those who would not sign: 195 is the first head that is another.
    let mut again = lines.clone();
    again[at(150)] = forged(&again[at(150)], "0.1.0", "0.1.1");
    rewritten(&mut again, 151);
    let verdict = check(&again, &with(&seen));
    let (findings, whole) = told(&verdict);
    assert_eq!(whole, 95, "the newest that somebody confirmed below");
    assert_eq!(findings[0], ("audit.forked", 96, 295));
    assert!(findings.contains(&("audit.head-signature", 196, 196)), "{findings:?}");
    // Written anew from the start: another log.
    let mut again = lines.clone();
    again[0] = forged(&again[0], "0.1.0", "0.1.1");
    again.truncate(90);
    rewritten(&mut again, 2);
    let (findings, _) = told(&check(&again, &with(&seen)));
    assert_eq!(findings, [("audit.restarted", 1, 295)]);
    // A head that the node never signed proves nothing against it, and is told of.
    let content = LogHead { head: Digest([9; 32]), ..seen[0].head.content.clone() };
    let false_head = made::seen(Signed::log_head(content, &key(9)), Seer::Coordinator, 2);
    let (findings, whole) = told(&check(&lines, &with(&[false_head])));
    assert_eq!((findings, whole), (vec![("audit.head-unproven", 95, 95)], ENTRIES));
    // Heads of other nodes are none of this one's business.
    let content = LogHead { node: made::node("k376"), head: Digest([9; 32]), ..seen[0].head.content.clone() };
    let other = made::seen(Signed::log_head(content, &key(3)), Seer::Coordinator, 2);
    assert_eq!(told(&check(&lines, &with(&[other, seen[0].clone()]))), (vec![], ENTRIES));
    // What a witness kept confirms what the log itself has not been told yet.
    let mut log = Writer::new();
    let lines: Vec<_> = (0..95).map(|_| log.typical()).collect();
    let verdict = check(&lines, &with(&seen[1..2]));
    assert_eq!(verdict.confirmed.iter().map(|one| one.entry).collect::<Vec<_>>(), [95]);
    assert_eq!(verdict.confirmed[0].by, Seer::Witness(made::node("k376")));
}

#[test]
fn signatures_in_the_log_are_checked() {
    let mut writer = Writer::new();
    let mut lines: Vec<_> = (0..95).map(|_| writer.typical()).collect();
    let good = writer.signed();
    let signed = |content: LogHead, seed| Event::HeadSigned(Signed::log_head(content, &key(seed)));
    lines.push(writer.write(&signed(good.content.clone(), 9)));
    lines.push(writer.write(&signed(LogHead { head: Digest([1; 32]), ..good.content.clone() }, 1)));
    lines.push(writer.write(&signed(LogHead { entries: 1_000, ..good.content.clone() }, 1)));
    lines.push(writer.write(&signed(LogHead { node: made::node("k376"), ..good.content.clone() }, 3)));
    lines.push(writer.write(&signed(LogHead { log: Digest([1; 32]), ..good.content.clone() }, 1)));
    for (seer, seed) in [
        (Seer::Coordinator, 3),
        (Seer::Witness(made::node("k360")), 1),
        (Seer::Witness(made::node("k390")), 3),
    ] {
        let event = writer.countersigned(seer, seed);
        lines.push(writer.write(&event));
    }
    // One that was given for another head.
    let content = Countersignature { by: Seer::Coordinator, head: Digest([1; 32]), time: writer.at };
    let by = Signed::countersignature(content, &key(2));
    let event = tvaers_audit::event::HeadCountersigned { head: good, by };
    lines.push(writer.write(&Event::HeadCountersigned(Box::new(event))));
    let verdict = check(&lines, &evidence());
    let (findings, _) = told(&verdict);
    assert_eq!(findings, (96..=104).map(|entry| ("audit.head-signature", entry, entry)).collect::<Vec<_>>());
    assert_eq!(verdict.confirmed, []);
}

#[test]
fn a_clock_set_back_is_told_and_read_on_from() {
    let mut writer = Writer::new();
    let mut lines: Vec<_> = (0..10).map(|_| writer.typical()).collect();
    writer.at -= SignedDuration::from_hours(72);
    lines.extend((0..10).map(|_| writer.typical()));
    // A minute is the order in which requests that were answered side by side are written.
    writer.at -= SignedDuration::from_secs(90);
    lines.extend((0..10).map(|_| writer.typical()));
    let verdict = check(&lines, &evidence());
    assert_eq!(told(&verdict), (vec![("audit.clock-back", 11, 11)], 30));
    assert!(
        verdict.findings[0].sentence.da.contains("71 timer")
            || verdict.findings[0].sentence.da.contains("2 dage")
    );
}

#[test]
fn an_entry_of_a_newer_version_is_told_and_breaks_nothing() {
    let mut writer = Writer::new();
    let mut lines: Vec<_> = (0..10).map(|_| writer.typical()).collect();
    let line = forged(&lines[9], "\"kind\":\"", "\"kind\":\"new-");
    let digest = &line[line.len() - 67..line.len() - 3];
    writer.head.digest = serde_json::from_value(digest.into()).unwrap();
    lines[9] = line.clone();
    lines.extend((0..5).map(|_| writer.typical()));
    assert_eq!(told(&check(&lines, &evidence())), (vec![("audit.unknown", 10, 10)], 15));
}

/// Lines that a node wrote before there were files, heads and more; their form never changes.
#[test]
fn an_old_log_stays_readable() {
    let golden = include_str!("golden.jsonl");
    let verdict = verify_bytes(golden.as_bytes(), &Evidence::default());
    assert_eq!(told(&verdict), (vec![], golden.lines().count() as u64));
    let kinds: std::collections::BTreeSet<_> = golden
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["event"]["kind"].to_string())
        .collect();
    assert_eq!(kinds.len(), 13);
}

#[test]
fn every_event_is_read_as_serde_reads_it() {
    let (lines, _) = log();
    let golden = include_str!("golden.jsonl").lines().map(str::to_owned);
    for line in lines.iter().map(|line| line.trim_end().to_owned()).chain(golden) {
        let slow: Entry = serde_json::from_str(&line).unwrap();
        assert_eq!(Entry::read(line.as_bytes(), slow.number, slow.previous), Ok(slow));
    }
}

#[test]
fn text_of_all_kinds_in_a_name_of_software_is_read_back() {
    for text in ["a\",\"event\":{", "\\", "a\\\",\"at\":\"", "\"}", ",\"previous\":\""] {
        let software = Software::new(text).unwrap();
        let (line, _) =
            Entry::write(1, "2026-03-01T12:00:00Z".parse().unwrap(), &software, &Event::Start, Digest::NONE)
                .unwrap();
        assert_eq!(told(&verify_bytes((line + "\n").as_bytes(), &evidence())), (vec![], 1), "{text}");
    }
}

#[test]
fn any_bytes_are_judged_and_a_log_of_faults_does_not_fill_the_memory() {
    let (lines, _) = log();
    let text = lines[..12].concat();
    for cut in 0..text.len() {
        let verdict = verify_bytes(&text.as_bytes()[..cut], &evidence());
        let whole = text.as_bytes()[..cut].iter().filter(|byte| **byte == b'\n').count() as u64;
        let torn =
            (cut > 0 && text.as_bytes()[cut - 1] != b'\n').then_some(("audit.torn", whole + 1, whole + 1));
        assert_eq!(told(&verdict), (torn.into_iter().collect(), whole));
    }
    for bytes in [
        &b"\0"[..],
        b"\n",
        b"\xff\xfe\n",
        b"{\n",
        b"[[[[[[",
        b"{\"log\":\"tvaers/v1/audit\",\"number\":18446744073709551615\n",
    ] {
        assert!(!verify_bytes(bytes, &evidence()).is_clean(), "{bytes:?}");
    }
    let deep = format!("{}\n", "[".repeat(16_000));
    assert!(!verify_bytes(deep.as_bytes(), &evidence()).is_clean());
    // Numbers that no log reaches.
    for number in [0, u64::MAX - 1, u64::MAX] {
        let line = forged(&lines[9], "\"number\":10", &format!("\"number\":{number}"));
        let all = [lines[..9].concat(), line, lines[9..].concat()].concat();
        let verdict = verify_bytes(all.as_bytes(), &evidence());
        assert!(verdict.first_bad().unwrap() <= 10 && verdict.complete.unwrap().entry == 9, "{number}");
    }
    // Every second line is missing, 1,000 times over: told a thousand times and counted.
    let many: String =
        std::iter::repeat_n(lines.iter().step_by(2), 20).flatten().map(String::as_str).collect();
    let verdict = verify_bytes(many.as_bytes(), &evidence());
    assert!(
        verdict.findings.len() <= 1_001 && verdict.more > 0,
        "{} {}",
        verdict.findings.len(),
        verdict.more
    );
}

#[test]
fn a_half_entry_that_was_mended_is_no_finding() {
    let mut writer = Writer::new();
    let mut lines: Vec<_> = (0..10).map(|_| writer.typical()).collect();
    lines.push(writer.write(&Event::Truncated(Truncated { bytes: 17, digest: Digest([1; 32]) })));
    let extracted_on = "2026-02-28".parse().unwrap();
    lines.push(writer.write(&Event::Import(Imported { import: 2, data: Digest([1; 32]), extracted_on })));
    assert_eq!(told(&check(&lines, &evidence())), (vec![], 12));
}

/// Found by fuzzing: no digest covers its own digits.
#[test]
fn a_digest_in_capital_letters_is_a_change() {
    let (mut lines, _) = log();
    let (covered, digest) = lines[at(50)].split_at(lines[at(50)].rfind(",\"digest\":\"").unwrap() + 11);
    let line = format!("{covered}{}\"}}\n", digest[..64].to_uppercase());
    assert_ne!(line, lines[at(50)]);
    lines[at(50)] = line;
    assert_eq!(told(&check(&lines, &evidence())), (vec![("audit.changed", 50, 50)], 49));
}
