//! The audit log, as a verifier gets it from a node that nobody trusts: one file or several. Of a valid log whose heads
//! others kept, no change is called complete and unchanged; whoever has no keys cannot make one that is.

use std::sync::LazyLock;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use sha2::Digest as _;
use tvaers_audit::event::{Event, Truncated};
use tvaers_audit::head::Head;
use tvaers_audit::line::Entry;
use tvaers_audit::read::Entries;
use tvaers_audit::report::Report;
use tvaers_audit::seen;
use tvaers_audit::verify::{Evidence, Verdict, verify, verify_bytes};
use tvaers_protocol::id::Digest;

use self::made::{Writer, evidence, seers};
use crate::text::{put, with_another_number};
use crate::{Mutate, Seeds};

#[expect(dead_code, reason = "the log's writer is that of the verifier's own tests, which use more")]
#[path = "../../../policies/audit/tests/made/mod.rs"]
mod made;

/// Bytes of memory that verifying may take, whatever the log: twice a batch of lines, and what is read of it.
pub const MEMORY_BYTES: usize = 48 << 20;

/// Ends a file of the log in the bytes; no entry has it, as JSON writes it otherwise.
const NEXT_FILE: u8 = 0x1e;

/// A valid log, and what others kept of it.
struct Original {
    lines: Vec<Vec<u8>>,
    evidence: Evidence,
    /// The entries that a kept head ends with, rising; the last is the log's last.
    heads: Vec<usize>,
    log: Digest,
}

static ORIGINAL: LazyLock<Original> = LazyLock::new(|| original(12));
/// The same node, that told another story from the tenth entry on, with heads that it signed too.
static FORK: LazyLock<Original> = LazyLock::new(|| original(9));

/// Requests and studies with heads between them; it turns another way after so many entries.
fn original(turns_after: u64) -> Original {
    let mut writer = Writer::new();
    let mut lines = Vec::new();
    while writer.head.entries < 26 {
        let number = writer.head.entries + 1;
        lines.push(match number {
            10 | 18 => writer.rotated(),
            14 | 22 => {
                let head = writer.signed();
                writer.write(&Event::HeadSigned(head))
            }
            15 | 16 | 23 => {
                let (seer, seed) = seers()[if number == 16 { 1 } else { 0 }].clone();
                let event = writer.countersigned(seer, seed);
                writer.write(&event)
            }
            _ if number == turns_after + 1 => {
                writer.write(&Event::Truncated(Truncated { bytes: turns_after, digest: Digest::NONE }))
            }
            20 => writer.write(&Event::Start),
            _ => writer.typical(),
        });
    }
    // The coordinator keeps the newest head as well.
    let (seer, seed) = seers()[0].clone();
    writer.signed();
    writer.countersigned(seer, seed);
    let mut heads: Vec<usize> = writer.seen.iter().map(|seen| seen.head.content.entries as usize).collect();
    heads.dedup();
    assert_eq!(heads.last(), Some(&lines.len()));
    Original {
        lines: lines.into_iter().map(String::into_bytes).collect(),
        evidence: evidence().with_heads(writer.seen.clone()),
        heads,
        log: writer.log,
    }
}

/// The log whole, in files, with its front deleted as it may be, cut, and the other story.
#[must_use]
pub fn seeds() -> Seeds {
    let all = |original: &Original| original.lines.concat();
    let lines = &ORIGINAL.lines;
    let files = [lines[..9].concat(), lines[9..17].concat(), lines[17..].concat()];
    let kept: Vec<u8> = ORIGINAL.lines.concat();
    let heads = ORIGINAL.lines.iter().filter(|line| line.windows(11).any(|part| part == b"HeadSigned\""));
    let seen: Vec<u8> = heads.flatten().copied().collect();
    vec![
        ("whole".to_owned(), kept.clone()),
        ("files".to_owned(), files.join(&NEXT_FILE)),
        ("pruned".to_owned(), pruned()),
        ("cut".to_owned(), kept[..kept.len() - 700].to_vec()),
        ("fork".to_owned(), all(&FORK)),
        ("heads".to_owned(), seen),
        ("empty".to_owned(), Vec::new()),
    ]
}

/// The log without its first file, and with the entry that proves that it was deleted.
fn pruned() -> Vec<u8> {
    let through = entry(&ORIGINAL.lines[8]).expect("the log is right");
    let last = entry(&ORIGINAL.lines[25]).expect("the log is right");
    let through = Head { entries: 9, digest: through.digest };
    let proof = tvaers_audit::event::Pruned { through, log: ORIGINAL.log, ledger: Head::EMPTY };
    let (line, _) = Entry::write(27, last.at, &last.software, &Event::Pruned(proof), last.digest)
        .expect("an entry can be written");
    [ORIGINAL.lines[9..].concat(), line.into_bytes(), b"\n".to_vec()].concat()
}

fn entry(line: &[u8]) -> Option<Entry> {
    serde_json::from_slice(line).ok()
}

/// Judges bytes as a log in its files.
///
/// # Panics
/// Where a property does not hold.
pub fn check(data: &[u8]) {
    let files: Vec<&[u8]> = data.split(|byte| *byte == NEXT_FILE).collect();
    let mut report = Report::default();
    let mut told = 0;
    let verdict = verify(files.iter().map(|file| Ok(*file)), &ORIGINAL.evidence, &mut |entry| {
        told += 1;
        report.take(entry);
    });
    let verdict = verdict.expect("bytes in memory can be read");
    let report = report.finish();
    assert_eq!(report.entries, told);
    check_claim(&verdict, &files);
    check_words(&verdict);
    for line in files.iter().flat_map(|file| file.split(|byte| *byte == b'\n')) {
        check_line(line);
    }
    check_reader(data);
    let _ = seen::read_all(data);
}

/// What the verdict says of the log is true of the one that was kept.
fn check_claim(verdict: &Verdict, files: &[&[u8]]) {
    assert_eq!(verdict.is_clean(), verdict.first_bad().is_none());
    let last = ORIGINAL.lines.len();
    if verdict.is_clean() {
        let first = verdict.first.expect("a log that others saw is not empty");
        assert!(first == 1 || verdict.pruned.is_some(), "the front is missing, and nothing says why");
        assert!(verdict.complete.is_some() && verdict.complete == verdict.last);
        // Whoever deletes all that others saw, with proof, leaves nothing that could be held against them.
        if first <= last as u64 {
            assert_eq!(verdict.log, Some(ORIGINAL.log));
            assert!(verdict.complete.is_some_and(|mark| mark.entry >= last as u64), "it is cut, and clean");
        }
    }
    let (Some(first), Some(complete)) = (verdict.first, verdict.complete) else { return };
    if verdict.log != Some(ORIGINAL.log) {
        return;
    }
    // What others saw of what is called complete is there, byte for byte.
    let complete = usize::try_from(complete.entry).unwrap_or(usize::MAX);
    let Ok(first) = usize::try_from(first) else { return };
    let Some(to) = ORIGINAL.heads.iter().rev().find(|head| **head <= complete && **head >= first) else {
        return;
    };
    let mut lines = files.iter().flat_map(|file| file.split_inclusive(|byte| *byte == b'\n'));
    for original in &ORIGINAL.lines[first - 1..*to] {
        assert_eq!(lines.next(), Some(original.as_slice()), "changed, and called complete and unchanged");
    }
}

/// All that is found is told in both languages, in order, and not without end.
fn check_words(verdict: &Verdict) {
    assert!(verdict.findings.len() <= 1_010, "{} findings", verdict.findings.len());
    assert!(verdict.findings.is_sorted_by_key(|finding| finding.entry));
    for finding in &verdict.findings {
        assert!(finding.entry <= finding.through, "{} to {}", finding.entry, finding.through);
        assert!(!finding.sentence.da.is_empty() && !finding.sentence.en.is_empty());
        assert!(!finding.advice.da.is_empty() && !finding.advice.en.is_empty());
    }
    assert!(!verdict.sentences().is_empty());
}

/// There is one way to write an entry.
fn check_line(line: &[u8]) {
    let Some(said) = entry(line) else { return };
    if let Ok(read) = Entry::read(line, said.number, said.previous) {
        let written = Entry::write(read.number, read.at, &read.software, &read.event, read.previous);
        let (written, digest) = written.expect("what was read can be written");
        assert!(written.as_bytes() == line && digest == read.digest, "an entry that is written in two ways");
        assert_eq!(read, said);
    }
}

/// The node's own reader, which stops at what is wrong, and the verifier agree on what is wrong.
fn check_reader(data: &[u8]) {
    let mut entries = Entries::after(data, Head::EMPTY);
    let read = entries.by_ref().all(|entry| entry.is_ok());
    let whole = read && entries.torn_bytes() == 0;
    let verdict = verify_bytes(data, &Evidence::default());
    let of_chain = |code: &str| !matches!(code, "audit.clock-back" | "audit.head-signature");
    let broken = verdict.findings.iter().find(|finding| of_chain(finding.code));
    if whole {
        assert!(broken.is_none() && verdict.more == 0, "the node reads what the verifier calls {broken:?}");
    } else {
        let begins = verdict.first.is_none_or(|first| first == 1);
        assert!(!(begins && broken.is_none() && verdict.more == 0), "the verifier passes what no node reads");
    }
}

/// Changes a log by lines, as somebody does who knows how it is made and has no keys: lines go, move, come twice or
/// from the other story, say something else with a digest that is right for it, or are chained anew.
pub fn mutate(data: &mut [u8], size: usize, size_max: usize, seed: u32, bytes: Mutate) -> usize {
    let mut random = StdRng::seed_from_u64(u64::from(seed));
    if random.random_bool(0.3) {
        return bytes(data, size, size_max);
    }
    let mut lines: Vec<Vec<u8>> =
        data[..size].split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    for _ in 0..random.random_range(1..4) {
        change(&mut lines, &mut random);
    }
    put(data, size_max, &lines.concat())
}

fn change(lines: &mut Vec<Vec<u8>>, random: &mut StdRng) {
    let story = if random.random_bool(0.5) { &ORIGINAL } else { &FORK };
    let given = story.lines.choose(random).cloned().unwrap_or_default();
    if lines.is_empty() {
        return lines.push(given);
    }
    let at = random.random_range(0..lines.len());
    let other = random.random_range(0..lines.len());
    match random.random_range(0..11) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, lines[other].clone()),
        2 => lines.swap(at, other),
        3 => lines.insert(at, given),
        4 => lines[at] = given,
        5 => drop(lines.drain(at.min(other)..at.max(other))),
        6 => lines.truncate(at),
        7 => lines[at].insert(0, NEXT_FILE),
        8 => {
            // The number that is changed is any of the line's, and its digest fits again.
            let text = String::from_utf8_lossy(&lines[at]).into_owned();
            let cut = random.random_range(0..text.len().max(1));
            if let Some((head, tail)) = text.split_at_checked(cut) {
                lines[at] = digested(&format!("{head}{}", with_another_number(tail, random)));
            }
        }
        9 => {
            // What happened is another thing that happened, chained from here on.
            if let (Some(mut to), Some(from)) = (entry(&lines[at]), entry(&given)) {
                to.event = from.event;
                lines[at] = written(to.number, &to, to.previous).map_or_else(Vec::new, |(line, _)| line);
            }
            chain(lines, at);
        }
        _ => chain(lines, at),
    }
}

/// A line with the digest that its bytes have.
fn digested(line: &str) -> Vec<u8> {
    let Some(end) = line.rfind(",\"digest\":\"") else { return line.as_bytes().to_vec() };
    let digest = Digest(sha2::Sha256::digest(&line.as_bytes()[..end]).into());
    format!("{},\"digest\":\"{digest}\"}}\n", &line[..end]).into_bytes()
}

/// Writes every entry from one on so that it follows the one before it.
fn chain(lines: &mut [Vec<u8>], from: usize) {
    let before = from.checked_sub(1).and_then(|before| entry(&lines[before]));
    let mut head = before.map_or(Head::EMPTY, |entry| Head { entries: entry.number, digest: entry.digest });
    for line in lines.iter_mut().skip(from) {
        let Some(old) = entry(line) else { continue };
        if let Some((new, digest)) = written(head.entries.saturating_add(1), &old, head.digest) {
            *line = new;
            head = Head { entries: head.entries.saturating_add(1), digest };
        }
    }
}

fn written(number: u64, entry: &Entry, previous: Digest) -> Option<(Vec<u8>, Digest)> {
    let (line, digest) = Entry::write(number, entry.at, &entry.software, &entry.event, previous).ok()?;
    Some(((line + "\n").into_bytes(), digest))
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
    fn the_log_as_it_was_kept_is_clean_and_the_other_story_is_not() {
        let verdict = |log: &[u8]| verify_bytes(log, &ORIGINAL.evidence);
        let codes = |verdict: Verdict| verdict.findings.iter().map(|found| found.code).collect::<Vec<_>>();
        assert_eq!(codes(verdict(&ORIGINAL.lines.concat())), Vec::<&str>::new());
        assert_eq!(codes(verdict(&pruned())), Vec::<&str>::new());
        assert_eq!(codes(verdict(&FORK.lines.concat())), ["audit.forked"]);
        assert_ne!(codes(verdict(b"")), Vec::<&str>::new());
        // The property can fail: held against nothing, the other story is as good as this one.
        let unseen = verify_bytes(&FORK.lines.concat(), &evidence());
        assert!(unseen.is_clean());
        assert!(std::panic::catch_unwind(|| check_claim(&unseen, &[&FORK.lines.concat()])).is_err());
    }
}
