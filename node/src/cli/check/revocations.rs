//! Whether the node still hears which of its policies are revoked.

use jiff::Timestamp;
use tvaers_host::check::Verdict;
use tvaers_protocol::problem::{Exit, Problem};

use crate::config::Config;
use crate::home::Home;
use crate::revocation::{DAY, last};

/// Warns where revocations were last asked for, and kept, more than a day ago. A node whose configuration names nobody who
/// signs policies can be sent none.
pub(super) fn look(home: &Home, config: &Config, now: Timestamp) -> Option<(Verdict, Problem)> {
    if config.policy_signers.is_empty() {
        return None;
    }
    let what = match last(home) {
        Some(last) if now.duration_since(last).abs() <= DAY => return None,
        Some(last) => format!("revocations of policies were last fetched on {last}"),
        None => "revocations of policies have never been fetched".to_owned(),
    };
    let problem = Problem::new(Exit::Failed, "policy.revocations", what)
        .at(home.revocations_asked().display())
        .expected("an answer of the coordinator within a day")
        .next(
            "serve, and look in the log why there is none; until then ask those who sign policies whether they have \
             revoked one, and put it into the folder `revocations`",
        );
    Some((Verdict::Warning, problem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PolicySigner;

    #[test]
    fn an_answer_older_than_a_day_is_told_of_where_somebody_can_revoke() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(dir.path());
        let at = |hours: i64| Timestamp::from_second(1_800_000_000 + hours * 3_600).unwrap();
        let text = "id = \"k360\"\nsector = \"municipality\"\ncode = 360\nname = \"Lolland Kommune\"\n\
                    coordinator = \"localhost:4433\"\nmade-up = true\n";
        let mut config: Config = toml::from_str(text).unwrap();
        assert!(look(&home, &config, at(0)).is_none(), "nobody signs");
        let key = minisign::KeyPair::generate_unencrypted_keypair().unwrap().pk.to_base64();
        config.policy_signers =
            vec![PolicySigner { role: "dpo".to_owned(), name: "Bo Beskytter".to_owned(), key }];
        assert!(look(&home, &config, at(0)).unwrap().1.what.contains("never"));
        tvaers_host::private::replace(&home.revocations_asked(), format!("{}\n", at(0)).as_bytes()).unwrap();
        assert!(look(&home, &config, at(24)).is_none());
        let (verdict, problem) = look(&home, &config, at(25)).unwrap();
        assert_eq!((verdict, problem.code.as_str()), (Verdict::Warning, "policy.revocations"));
        // A clock that was set back, or a file that is none of ours.
        assert!(look(&home, &config, at(-25)).is_some());
        std::fs::write(home.revocations_asked(), "yesterday").unwrap();
        assert!(look(&home, &config, at(0)).unwrap().1.what.contains("never"));
    }
}
