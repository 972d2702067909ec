//! Whether others still sign that they see the audit log.

use jiff::{SignedDuration, Timestamp};
use tvaers_host::check::Verdict;
use tvaers_protocol::problem::{Exit, Problem};

use crate::audit::event::Event;
use crate::audit::read;
use crate::home::Home;

/// Since the last countersignature, before one is warned: a node that serves has one every hour.
const LAST: SignedDuration = SignedDuration::from_hours(24);

/// Warns where the log has entries of the last day's and before, and nobody has countersigned it for a day. Whether the
/// log is whole is another check's affair.
pub(super) fn look(home: &Home, now: Timestamp) -> Option<(Verdict, Problem)> {
    let (mut first, mut last) = (None, None);
    for entry in read::read(&home.audit()).ok()?.map_while(Result::ok) {
        first.get_or_insert(entry.at);
        if let Event::HeadCountersigned(seen) = entry.event {
            last = Some((entry.at, seen.by.content.by));
        }
    }
    let since = last.as_ref().map_or(first?, |(at, _)| *at);
    let problem = |what: String| {
        Problem::new(Exit::Failed, "audit.countersigned", what)
            .at(home.audit().display())
            .expected("a log whose head the coordinator and other nodes have seen within a day")
            .next("serve, and look in the log who does not countersign; without others' word nobody can tell that the log is whole")
    };
    (now.duration_since(since) > LAST).then(|| {
        let what = match last {
            Some((at, seer)) => format!("the audit log was last countersigned on {at}, by {seer}"),
            None => "nobody has ever countersigned the audit log".to_owned(),
        };
        (Verdict::Warning, problem(what))
    })
}

#[cfg(test)]
mod tests {
    use tvaers_protocol::audit::{Countersignature, LogHead, Seer};
    use tvaers_protocol::hello::Software;
    use tvaers_protocol::id::{Digest, NodeId};
    use tvaers_protocol::message::Signed;
    use tvaers_protocol::sign::SigningKey;

    use super::*;
    use crate::audit::Audit;
    use crate::audit::event::HeadCountersigned;

    #[test]
    fn a_log_that_nobody_has_countersigned_for_a_day_is_told_of() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(dir.path());
        let at = |hours: i64| Timestamp::from_second(1_800_000_000 + hours * 3_600).unwrap();
        assert!(look(&home, at(0)).is_none(), "no log yet");
        let audit = Audit::open(&home.audit(), Software::new("test 1").unwrap(), at(0)).unwrap();
        audit.append(at(0), &[Event::Start]).unwrap();
        assert!(look(&home, at(24)).is_none());
        assert!(look(&home, at(25)).unwrap().1.what.contains("nobody has ever"));
        let key = SigningKey::from_seed(&[1; 32]);
        let node = NodeId::new("k360").unwrap();
        let head = LogHead { node, log: Digest([1; 32]), entries: 1, head: Digest([1; 32]), time: at(25) };
        let head = Signed::log_head(head, &key);
        let by = Countersignature { by: Seer::Coordinator, head: head.log_head_digest(), time: at(25) };
        let by = Signed::countersignature(by, &key);
        audit.append(at(25), &[Event::HeadCountersigned(Box::new(HeadCountersigned { head, by }))]).unwrap();
        assert!(look(&home, at(49)).is_none());
        let (verdict, problem) = look(&home, at(50)).unwrap();
        assert_eq!((verdict, problem.code.as_str()), (Verdict::Warning, "audit.countersigned"));
        assert!(problem.what.ends_with("by the coordinator"), "{problem}");
    }
}
