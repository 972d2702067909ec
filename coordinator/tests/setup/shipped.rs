//! What stands under deploy/ is what the programs read: units, configuration, and every command of the guide.

use std::process::Command;

use tvaers_coordinator::config as coordinator_config;
use tvaers_node::config as node_config;
use tvaers_protocol::id::{NodeId, Sector};

use super::*;

const DEPLOY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy");

fn file(name: &str) -> String {
    std::fs::read_to_string(Path::new(DEPLOY).join(name)).unwrap()
}

#[test]
fn the_configuration_files_are_what_init_writes() {
    let node = node_config::Config {
        id: NodeId::new("k360").unwrap(),
        sector: Sector::Municipality,
        code: 360,
        name: "Lolland Kommune".to_owned(),
        coordinator: "tvaers.example.dk:4433".to_owned(),
        made_up: false,
        policy_signers: Vec::new(),
        evaluations: Default::default(),
        source: None,
    };
    assert_eq!(file("config/node.toml"), node.to_commented_text());
    let coordinator = coordinator_config::Config {
        name: "Sekretariatet".to_owned(),
        listen: "0.0.0.0:4433".parse().unwrap(),
    };
    assert_eq!(file("config/coordinator.toml"), coordinator.to_commented_text());
    let mut read = 0;
    for entry in std::fs::read_dir(Path::new(DEPLOY).join("config")).unwrap() {
        let path = entry.unwrap().path();
        let node = node_config::Config::load(&path).is_ok();
        assert!(node || coordinator_config::Config::load(&path).is_ok(), "{}", path.display());
        read += 1;
    }
    assert_eq!(read, 2);
}

/// The settings of a unit file: section, key, value.
fn settings(unit: &str) -> Vec<(String, String, String)> {
    let mut section = String::new();
    let mut settings = Vec::new();
    for line in unit.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name.to_owned();
        } else {
            let (key, value) = line.split_once('=').unwrap();
            settings.push((section.clone(), key.to_owned(), value.to_owned()));
        }
    }
    settings
}

#[test]
fn the_units_start_the_programs_with_arguments_that_they_have() {
    for (name, program) in
        [("tvaers-node", tvaers_node::cli::command()), ("tvaers", tvaers_coordinator::cli::command())]
    {
        let settings = settings(&file(&format!("systemd/{name}.service")));
        let value = |key: &str| {
            let found: Vec<&str> =
                settings.iter().filter(|(_, k, _)| k == key).map(|(_, _, value)| value.as_str()).collect();
            assert!(!found.is_empty(), "{name}: {key}");
            found.join(" ")
        };
        let start = value("ExecStart");
        let matches = program.try_get_matches_from(start.split_whitespace()).unwrap();
        assert_eq!(matches.subcommand_name(), Some("serve"));
        let home: &PathBuf = matches.get_one("home").unwrap();
        assert_eq!(*home, Path::new("/var/lib").join(value("StateDirectory")));
        assert_eq!(start.split_whitespace().next(), Some(format!("/usr/bin/{name}").as_str()));
        for (key, expected) in [
            ("User", name),
            ("UMask", "0077"),
            ("StateDirectoryMode", "0700"),
            ("ProtectSystem", "strict"),
            ("NoNewPrivileges", "yes"),
            ("CapabilityBoundingSet", ""),
            ("MemoryDenyWriteExecute", "yes"),
            ("LimitCORE", "0"),
            ("Restart", "on-failure"),
            // Wrong input does not mend itself by trying again, nor does a ledger that is behind.
            ("RestartPreventExitStatus", if name == "tvaers-node" { "2 3" } else { "2" }),
        ] {
            assert_eq!(value(key), expected, "{name}: {key}");
        }
    }
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    // Machines without systemd have nothing to ask; the test above has looked at what matters most.
    let there = Command::new("systemd-analyze").arg("--version").output();
    if !there.is_ok_and(|output| output.status.success()) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for name in ["tvaers-node", "tvaers"] {
        // Programs that are not installed here are named by one that is.
        let unit =
            file(&format!("systemd/{name}.service")).replace(&format!("/usr/bin/{name} "), "/bin/true ");
        let path = dir.path().join(format!("{name}.service"));
        std::fs::write(&path, unit).unwrap();
        let verify =
            Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&path).output().unwrap();
        let said = String::from_utf8_lossy(&verify.stderr);
        // It may also speak of the machine's other units.
        assert!(!said.lines().any(|line| line.contains(&format!("{name}.service"))), "{said}");
    }
}

#[test]
fn every_command_of_the_guide_is_one_that_the_programs_have() {
    let guides = [file("SETUP.md"), file("../README.md"), file("../policies/OFFICER.md")];
    let mut commands = 0;
    let mut continued = String::new();
    for line in guides.iter().flat_map(|guide| guide.lines()) {
        let line = format!("{continued}{}", line.trim());
        if let Some(rest) = line.strip_suffix('\\') {
            continued = rest.to_owned();
            continue;
        }
        continued.clear();
        let line = line
            .strip_prefix("sudo -u tvaers-node ")
            .or(line.strip_prefix("sudo -u tvaers "))
            .unwrap_or(&line);
        // What the officer draws, of the form that it has.
        let words = words(&line.replace("$(cat challenge.txt)", &"0123456789abcdef".repeat(4)));
        let program = match words.first().map(String::as_str) {
            Some("tvaers-node") => tvaers_node::cli::command(),
            Some("tvaers") => tvaers_coordinator::cli::command(),
            Some("tvaers-policy") => tvaers_policy_program::cli::command(),
            _ => continue,
        };
        let parsed = program.try_get_matches_from(&words);
        assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        commands += 1;
    }
    assert!(commands >= 60, "{commands} commands");
}

/// The words of a command line, with double quotes, up to a comment.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quoted) = (String::new(), false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            '#' if !quoted && word.is_empty() => break,
            ' ' if !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}
