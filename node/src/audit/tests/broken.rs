//! A log that was cut short or changed.

use std::fs;

use super::*;

fn broken(result: Result<Audit, AuditError>) -> u64 {
    match result {
        Err(AuditError::Broken { entry, .. }) => entry,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was opened"),
    }
}

#[test]
fn a_torn_last_line_is_told_of_wherever_it_was_torn() {
    let (_dir, path) = filled(5);
    let whole = fs::read(&path).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for cut in last + 1..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let torn = verify(&path).unwrap();
        assert_eq!((torn.head.entries, torn.torn_bytes), (4, cut - last), "verifying changes nothing");
        let audit = open(&path);
        let read = entries(&path);
        let sum: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(&whole[last..cut]).into();
        let told = Event::Truncated(Truncated { bytes: (cut - last) as u64, digest: Digest(sum) });
        assert_eq!(read.last().unwrap().event, told, "cut at {cut}");
        assert_eq!(audit.append(noon(), &[Event::Start]).unwrap().entries, 6);
        assert_eq!(verify(&path).unwrap().truncations, 1);
    }
}

#[test]
fn a_torn_line_longer_than_the_entry_that_tells_of_it_goes_too() {
    let (_dir, path) = filled(1);
    let mut text = fs::read(&path).unwrap();
    text.extend([b'x'; 9_000]);
    fs::write(&path, &text).unwrap();
    open(&path);
    let verified = verify(&path).unwrap();
    assert_eq!((verified.head.entries, verified.truncations, verified.torn_bytes), (2, 1, 0));
}

#[test]
fn the_first_broken_entry_is_named() {
    let (_dir, path) = filled(6);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().map(str::to_owned).collect();
    let with = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect::<String>()
    };
    let edit = |at: usize, from: &'static str, to: &'static str| {
        assert!(lines[at].contains(from), "{from} stands in entry {}", at + 1);
        with(&|lines| lines[at] = lines[at].replacen(from, to, 1))
    };
    for (text, entry) in [
        (edit(3, "20000000", "10000000"), 4),
        (edit(3, "gp_contacts_2y", "gp_contacts_1y"), 4),
        (edit(1, "\"version\":4", "\"version\": 4"), 2),
        (edit(1, "\"version\":4", "\"version\":4,\"note\":\"x\""), 2),
        (edit(0, "{", "{\"person\":\"x\","), 1),
        (edit(0, "12:00:00Z", "12:00:01Z"), 1),
        (edit(2, "tvaers/v1/audit", "tvaers/v2/audit"), 3),
        (edit(5, "\"digest\":\"", "\"digest\":\"0"), 6),
        (with(&|lines| drop(lines.remove(2))), 3),
        (with(&|lines| lines.swap(1, 2)), 2),
        (with(&|lines| lines.insert(2, lines[1].clone())), 3),
        (with(&|lines| lines.insert(2, String::new())), 3),
        (with(&|lines| lines[4].insert_str(0, &" ".repeat(20_000))), 5),
    ] {
        fs::write(&path, text).unwrap();
        assert_eq!(broken(Audit::open(&path, software(), noon())), entry);
        assert!(matches!(verify(&path), Err(AuditError::Broken { entry: found, .. }) if found == entry));
    }
}

#[test]
fn a_log_cut_or_replaced_under_an_open_node_stops_it() {
    let (dir, path) = filled(3);
    let audit = open(&path);
    let text = fs::read_to_string(&path).unwrap();
    let shorter = text.lines().next().unwrap().to_owned() + "\n";
    fs::write(&path, &shorter).unwrap();
    let error = audit.append(noon(), &[Event::Start]).unwrap_err();
    assert!(matches!(error, AuditError::Cut { entry: 3 }), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), shorter, "nothing was added");
    // Another file of that name, even with the same content.
    let (_other, path) = filled(3);
    let audit = open(&path);
    let aside = dir.path().join("aside");
    fs::copy(&path, &aside).unwrap();
    fs::rename(&aside, &path).unwrap();
    let error = audit.append(noon(), &[Event::Start]).unwrap_err();
    assert!(matches!(error, AuditError::Cut { entry: 3 }), "{error}");
}

#[test]
fn what_another_process_wrote_is_checked_before_anything_is_added() {
    let (_dir, path) = filled(3);
    let audit = open(&path);
    let mut text = fs::read(&path).unwrap();
    text.extend_from_slice(b"{\"number\":4}\n");
    fs::write(&path, &text).unwrap();
    let error = audit.append(noon(), &[Event::Start]).unwrap_err();
    assert!(matches!(error, AuditError::Broken { entry: 4, .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), text);
}
