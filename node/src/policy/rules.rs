//! Why something is refused, in the words that leave the node: names and numbers of policy, ledger and request, and
//! nothing of any person's data.

use tvaers_policy::Violation;
use tvaers_protocol::message::Rule;
use tvaers_protocol::request::RequestError;

/// What a policy refused.
pub(crate) fn rules(violations: &[Violation]) -> Vec<Rule> {
    let rule = |violation: &Violation| Rule {
        code: violation.code.to_owned(),
        what: violation.sentence.en.clone(),
        allowed: violation.allowed.clone(),
        next: violation.mend.en.clone(),
    };
    violations.iter().map(rule).collect()
}

/// That a request is not believed.
pub(crate) fn of_request(error: RequestError) -> Rule {
    own(error.code(), format!("{error}."), "", error.mend())
}

/// That there is no policy.
pub(crate) fn no_policy() -> Rule {
    let what = "The node has no policy, and so permits nothing.";
    own("policy.none", what.to_owned(), "", "Ask the controller to put a policy in force.")
}

/// A rule of the node itself.
pub(crate) fn own(code: &str, what: String, allowed: &str, next: &str) -> Rule {
    Rule { code: code.to_owned(), what, allowed: allowed.to_owned(), next: next.to_owned() }
}
