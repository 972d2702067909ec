use jiff::civil::date;
use tvaers_definitions::library::Library;
use tvaers_policy::laboratory;
use tvaers_protocol::study::Grain;
use tvaers_query::Decimal;

use super::*;
use crate::work::tests::manifest;

const TODAY: Date = date(2026, 11, 22);

/// A laboratory's policy, whose permit for lists is the one of [`manifest`], with this in the permit.
fn policy(id: &str, in_permit: &str) -> Policy {
    let text = laboratory::laboratory(Grain::Events, Decimal::TENTH);
    let own = "id = \"laboratory-person-contributions\"\n";
    assert!(text.contains(own));
    let text = text.replace(own, &format!("id = \"{id}\"\n{in_permit}\n"));
    Policy::read(&text, "policy.toml", &Library::embedded().unwrap(), &|_| Some(1)).unwrap()
}

fn head(until: Date) -> Head {
    Head { first: Digest([1; 32]), manifest: manifest(), until, hiding: Vec::new() }
}

#[test]
fn a_series_ends_after_its_last_day_and_when_its_own_permit_is_gone_or_revoked() {
    let [yesterday, tomorrow] = [date(2026, 11, 21), date(2026, 11, 23)];
    let own = policy("permit", "");
    assert!(ending(Some(&own), &head(TODAY), TODAY).is_none());
    assert!(matches!(ending(Some(&own), &head(yesterday), TODAY), Some(SeriesClosing::Expired)));
    assert!(matches!(ending(None, &head(yesterday), TODAY), Some(SeriesClosing::Expired)));
    assert!(ending(None, &head(TODAY), TODAY).is_none(), "no policy takes nothing back");

    // Another permit that lets keys be kept is not this one's.
    let other = policy("another", "");
    assert!(matches!(ending(Some(&other), &head(TODAY), TODAY), Some(SeriesClosing::Policy)));
    for (revoked, ends) in [(yesterday, true), (TODAY, true), (tomorrow, false)] {
        let policy = policy("permit", &format!("revoked = {revoked}"));
        assert_eq!(ending(Some(&policy), &head(TODAY), TODAY).is_some(), ends, "{revoked}");
    }
}
