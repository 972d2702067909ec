use tvaers_audit::event::{Asked, Event, Refused};
use tvaers_audit::head::Head;
use tvaers_audit::line::Entry;
use tvaers_audit::name::Requester;
use tvaers_audit::verify::{Evidence, verify};
use tvaers_protocol::hello::Software;
use tvaers_protocol::id::Digest;

use super::*;

/// A log of events, each so many hours after the one before.
fn log(events: &[(i64, Event)]) -> Vec<u8> {
    let software = Software::new("tvaers-node 0.1.0").unwrap();
    let (mut head, mut text) = (Head::EMPTY, String::new());
    let mut at: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
    for (hours, event) in events {
        at += jiff::SignedDuration::from_hours(*hours);
        let (line, digest) = Entry::write(head.entries + 1, at, &software, event, head.digest).unwrap();
        head = Head { entries: head.entries + 1, digest };
        text.push_str(&line);
        text.push('\n');
    }
    text.into_bytes()
}

fn refused() -> Event {
    let asked = Asked {
        request: Digest([1; 32]),
        requester: Some(Requester { name: Name::new("Åse & Bo").unwrap(), key: Digest([2; 32]) }),
        permit: Some(Name::new("2026/001234").unwrap()),
        purpose: None,
        mode: None,
        policy: Digest([3; 32]),
        query: None,
    };
    Event::RequestRefused(Refused { asked, rules: vec![Code::new("cell-min").unwrap()], left: None })
}

fn told(log: &[u8]) -> (Verdict, Report) {
    let mut report = Report::default();
    let verdict = verify([Ok(log)], &Evidence::default(), &mut |entry| report.take(entry)).unwrap();
    (verdict, report.finish())
}

#[test]
fn gaps_restarts_refusals_and_changes_are_told_in_both_languages_and_text_stays_text() {
    let events = [
        (0, Event::Start),
        (1, refused()),
        (3, refused()),
        (1, Event::Stop),
        (9, Event::Start),
        (5, Event::Start),
    ];
    let (verdict, report) = told(&log(&events));
    assert_eq!(report.gaps.lines.iter().map(|gap| gap.entry).collect::<Vec<_>>(), [3]);
    let starts: Vec<_> = report.restarts.lines.iter().map(|start| (start.entry, start.orderly)).collect();
    assert_eq!(starts, [(1, true), (5, true), (6, false)]);
    assert_eq!(report.refusals.get("cell-min"), Some(&2));
    assert_eq!((report.people.len(), report.people[0].of.refused), (1, 2));
    for (lang, words) in
        [(Lang::Da, "Loggen er hel og uændret"), (Lang::En, "The log is complete and unchanged")]
    {
        let page = page(&verdict, &report, lang);
        assert!(page.contains(words) && page.contains("Åse &amp; Bo") && !page.contains("Åse & Bo"));
        for foreign in ["<script", "http://", "https://", "src="] {
            assert!(!page.contains(foreign), "{foreign}");
        }
    }
}

#[test]
fn what_is_wrong_stands_on_the_page() {
    let mut text = String::from_utf8(log(&[(0, Event::Start), (1, refused()), (1, refused())])).unwrap();
    text = text.replacen("cell-min", "cell-max", 1);
    let (verdict, report) = told(text.as_bytes());
    let page = page(&verdict, &report, Lang::Da);
    assert!(
        page.contains("audit.changed") && page.contains("Post 2 er ændret") && page.contains("verdict bad")
    );
}
