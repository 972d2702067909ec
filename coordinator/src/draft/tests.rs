use tvaers_protocol::roster::Member;

use super::*;
use crate::testing::{node, roster};

fn today() -> jiff::civil::Date {
    jiff::civil::date(2026, 11, 21)
}

fn check(names: &[&str]) -> Result<(), Problem> {
    let nodes: Vec<NodeId> = names.iter().map(|name| node(name)).collect();
    check_enough(roster().roster(), today(), &nodes)
}

#[test]
fn as_many_holders_as_must_work_together_and_one_municipality_are_enough() {
    assert!(check(&["k360", "k376", "region_1085"]).is_ok());
    assert!(check(&["k360", "region_1085"]).is_ok());
    assert!(check(&["k360", "k376"]).is_ok());
}

#[test]
fn with_fewer_the_problem_says_who_is_needed_and_what_to_do() {
    let problem = check(&["region_1085"]).unwrap_err();
    assert_eq!(
        problem.to_string(),
        "error[stratify.too-few]: 1 of 3 key holders are there, and 2 must work together; nothing was made\n  where: node k360, k376\n  expected: these nodes, connected\n  next: ask their IT to look at `tvaers-node check` and the log, then start again, with a longer --deadline where they need time"
    );
    assert_eq!(problem.exit, Exit::Incomplete);
    assert_eq!(check(&[]).unwrap_err().place, "node k360, k376, region_1085");
}

#[test]
fn without_a_municipality_there_is_nobody_to_find() {
    let mut roster: Roster = roster().roster().clone();
    let second = Member { id: node("region_1083"), code: 1083, ..roster.members[2].clone() };
    roster.members.push(second);
    let nodes = ["region_1083", "region_1085"].map(node);
    let problem = check_enough(&roster, today(), &nodes).unwrap_err();
    assert!(problem.what.starts_with("no municipality"), "{problem}");
    assert_eq!(problem.place, "node k360, k376");
}
