use std::os::unix::fs::PermissionsExt as _;

use sha2::Digest as _;

use super::*;
use crate::audit::read;
use crate::cli::subject_log::tests::{
    CHILD, GROWN, OLD, agreed, log, object, peopled, permitted, policy_for_adults, put_on_list,
};
use crate::cli::testing::Made as Node;

fn args(node: &Node, from: &str, to: &str) -> Args {
    Args { from: from.parse().unwrap(), to: to.parse().unwrap(), out: node.path("pack") }
}

fn made(node: &Node, args: &Args) -> Result<Made, Problem> {
    make(&node.home(), args, "2027-01-01T12:00:00Z".parse().unwrap())
}

fn digest(bytes: &[u8]) -> Digest {
    Digest(sha2::Sha256::digest(bytes).into())
}

fn text(args: &Args, name: &str) -> String {
    std::fs::read_to_string(args.out.join(name)).unwrap()
}

/// A node with a use before, in and after the window, and a study that began before it and handed back in it.
fn used() -> (Node, Digest) {
    let node = peopled();
    let policy = policy_for_adults(&node);
    let [begun, closed] = agreed(&node, policy);
    log(&node, "2027-03-01T12:00:00Z", &[begun, permitted(policy)]);
    log(&node, "2027-03-02T12:00:00Z", &[permitted(policy), closed]);
    log(&node, "2027-03-03T12:00:00Z", &[permitted(policy)]);
    put_on_list(&node, OLD);
    (node, policy)
}

#[test]
fn a_pack_has_the_windows_entries_uses_citizens_and_policies_and_each_proves_itself() {
    let (node, policy) = used();
    let args = args(&node, "2027-03-02T00:00:00Z", "2027-03-02T23:00:00Z");
    let before: Vec<_> = read::read(&node.home().audit()).unwrap().map(Result::unwrap).collect();
    let all = std::fs::read(node.home().audit()).unwrap();
    let pack = made(&node, &args).unwrap();
    let wanted: Vec<u64> = before
        .iter()
        .filter(|entry| entry.at.to_string().starts_with("2027-03-02"))
        .map(|entry| entry.number)
        .collect();
    assert_eq!(wanted, [pack.first, pack.last]);

    // Byte for byte, and a part that the node's own command verifies.
    let lines: Vec<&[u8]> = all.split_inclusive(|byte| *byte == b'\n').collect();
    let slice = lines[usize::try_from(pack.first).unwrap() - 1..usize::try_from(pack.last).unwrap()].concat();
    let entries = args.out.join("entries.jsonl");
    assert_eq!(std::fs::read(&entries).unwrap(), slice);
    let part = entries.display().to_string();
    node.run(&["audit", "verify", &part, "--from", &pack.first.to_string()]).unwrap();
    assert_eq!(node.run(&["audit", "verify", &part]).unwrap_err().code, "audit.broken");

    // The permit for statistics is for adults up to 65, those of the study for everyone; one stands on its list.
    let expected = format!(
        "person_id,in_statistics,under_pseudonym,on_work_list\n\
         {CHILD},false,true,false\n{OLD},false,true,true\n{GROWN},true,true,false\n"
    );
    assert!(text(&args, "citizens.csv") == expected, "other citizens");
    assert_eq!(pack.citizens, 3);
    let uses = text(&args, "uses.csv");
    let modes: Vec<&str> = uses.lines().skip(1).map(|line| line.split(',').nth(2).unwrap()).collect();
    assert_eq!(modes, ["aggregates", "person-contributions", "joined-statistics"], "{uses}");

    // Every file is in the list, with its digest, and the log has the digest of the list.
    let sums = text(&args, "SHA256SUMS");
    let mut names: Vec<&str> = sums.lines().map(|line| line.split_once("  ").unwrap().1).collect();
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        assert_eq!(digest(&std::fs::read(args.out.join(name)).unwrap()).to_string(), sum, "{name}");
    }
    names.sort_unstable();
    let kept = format!("policies/{policy}.toml");
    assert_eq!(names, ["README.txt", "citizens.csv", "entries.jsonl", &kept, "summary.txt", "uses.csv"]);
    assert_eq!(digest(text(&args, &kept).as_bytes()), policy);
    let last = read::read(&node.home().audit()).unwrap().last().unwrap().unwrap();
    let event = BreachPack { from: args.from, to: args.to, digest: digest(sums.as_bytes()) };
    assert_eq!(last.event, Event::BreachPack(event));

    // For the owner alone.
    let mode = |name: &str| std::fs::metadata(args.out.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode(""), mode("policies")], [0o700; 2]);
    assert!(names.iter().chain(["SHA256SUMS"].iter()).all(|name| mode(name) == 0o600));
}

#[test]
fn the_summary_says_in_both_languages_what_a_notification_asks_for_and_names_no_citizen() {
    let (node, _) = used();
    let args = args(&node, "2027-03-02T00:00:00Z", "2027-03-02T23:00:00Z");
    let pack = made(&node, &args).unwrap();
    let head = read::verify(&node.home().audit()).unwrap().head.entries - 1;
    let summary = text(&args, "summary.txt");
    let wanted = [
        "Borgere: omtrent 3",
        "Citizens: approximately 3",
        "- 1 i statistik med støj",
        "- 1 on a work list of one of the studies",
        "Rækker: højst 6, i tabellerne benefits_weeks, persons, residence, sick_leave",
        "Formål: Løbende opgørelse",
        "Purpose: Monitoring",
        "GDPR Article 6(1)(e)",
        "Hvem spurgte: Ane Analytiker, Bo Analytiker",
        "Coordinator: Sekretariatet",
        "2027-03-02 01:00:00 til 2027-03-03 00:00:00",
        "Arbejdslister: som ved statistik på tværs.",
        "uden unødig forsinkelse og om muligt senest 72 timer",
        "Article 34",
    ];
    for sentence in wanted {
        assert!(summary.contains(sentence), "`{sentence}` is missing in:\n{summary}");
    }
    assert!(summary.contains(&format!("to {head} without a fault")), "{summary}");
    for name in ["summary.txt", "README.txt", "uses.csv", "entries.jsonl"] {
        let text = text(&args, name);
        assert!([GROWN, CHILD, OLD].iter().all(|person| !text.contains(person)), "{name}");
    }
    assert!(text(&args, "README.txt").contains(&format!("audit verify entries.jsonl --from {}", pack.first)));
    assert!(!std::fs::read_to_string(node.home().audit()).unwrap().contains("61019"));
}

#[test]
fn a_policy_without_a_copy_is_named_and_its_uses_count_for_everyone() {
    let (node, policy) = used();
    std::fs::remove_file(node.home().policies().join(format!("{policy}.toml"))).unwrap();
    let args = args(&node, "2027-03-03T00:00:00Z", "2027-03-03T23:00:00Z");
    assert_eq!(made(&node, &args).unwrap().citizens, 3);
    let summary = text(&args, "summary.txt");
    assert!(summary.contains(&format!("ingen kopi af politikken {policy}")), "{summary}");
    assert!(summary.contains("- 3 counted although it is not certain"), "{summary}");
    assert!(!text(&args, "SHA256SUMS").contains("policies/"));
}

#[test]
fn who_objected_before_a_study_began_is_not_among_those_whom_it_concerns() {
    let (node, _) = used();
    // The study began on the first day, before one of them objected and after the other.
    object(&node, CHILD, "2027-02-28T12:00:00Z", false);
    object(&node, GROWN, "2027-03-01T13:00:00Z", false);
    let args = args(&node, "2027-03-02T00:00:00Z", "2027-03-02T23:00:00Z");
    assert_eq!(made(&node, &args).unwrap().citizens, 2);
    let expected = format!(
        "person_id,in_statistics,under_pseudonym,on_work_list\n{OLD},false,true,true\n{GROWN},true,true,false\n"
    );
    assert!(text(&args, "citizens.csv") == expected, "other citizens");
    assert!(text(&args, "summary.txt").contains("- 1 counted although it is not certain"));
}

#[test]
fn a_folder_that_is_there_is_not_touched_and_what_fails_leaves_nothing() {
    let (node, _) = used();
    let window = ("2027-03-02T00:00:00Z", "2027-03-02T23:00:00Z");
    let args_of = |(from, to)| args(&node, from, to);
    let out = args_of(window).out;
    std::fs::create_dir(&out).unwrap();
    assert_eq!(made(&node, &args_of(window)).err().unwrap().code, "breach.exists");
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 0);
    std::fs::remove_dir(&out).unwrap();

    let nothing = || !out.exists() && !node.path("pack.new").exists();
    let reversed = args_of((window.1, window.0));
    assert_eq!(made(&node, &reversed).err().unwrap().code, "breach.window");
    let empty = args_of(("2030-01-01T00:00:00Z", "2030-01-02T00:00:00Z"));
    assert_eq!(made(&node, &empty).err().unwrap().code, "breach.empty");
    assert!(nothing());
    let log = node.home().audit();
    std::fs::set_permissions(&log, std::fs::Permissions::from_mode(0o400)).unwrap();
    assert_eq!(made(&node, &args_of(window)).err().unwrap().code, "audit.mode");
    assert!(nothing(), "there is no pack that the log does not know");
    std::fs::set_permissions(&log, std::fs::Permissions::from_mode(0o600)).unwrap();
    let text = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, text.replacen("\"import\":1", "\"import\":7", 1)).unwrap();
    assert_eq!(made(&node, &args_of(window)).err().unwrap().code, "audit.broken");
    assert!(nothing());
}
