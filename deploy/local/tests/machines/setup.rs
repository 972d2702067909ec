//! The people of the guide: each command goes to the machine on which it is typed, and what the guide has them send to
//! one another is carried from one to the other. Nothing else is done to the machines.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;
use tvaers_local::make::{MakeOptions, make};

use crate::machine::{Machine, Ran};
use crate::network::Network;
use crate::relay::Relay;
use crate::{AS_OF, guide, until};

pub(crate) const SECRETARIAT: &str = "secretariat";
pub(crate) const ANALYST: &str = "ane";
pub(crate) const DPO: &str = "bo";
pub(crate) const REGION: &str = "region_1085";
pub(crate) const NODES: [&str; 3] = [REGION, "k360", RELAYED];
/// A municipality that joins later.
pub(crate) const NEWCOMER: &str = "k370";
pub(crate) const MUNICIPALITIES: [&str; 2] = ["k360", RELAYED];
/// The node behind the bad network.
pub(crate) const RELAYED: &str = "k376";

const NODE_HOME: &str = "/var/lib/tvaers-node";
const HOME: &str = "/var/lib/tvaers";

/// Commands of the guide that are not typed here, by how they begin, and why.
const SKIPPED: &[(&str, &str)] = &[
    ("sudo tar -xzf tvaers-", "the programs are built: tvaers-local has both in it"),
    ("sudo ln -s", "they are not installed for everyone on this machine"),
    ("sudo install -m 644", "units are read where they are, see `service`"),
    ("sudo useradd", "the machine's users stay as they are: all runs as whoever tests"),
    ("sudo install -d -m 700", "for the folder's owner; `init` makes the folder"),
    (
        "sudo install -m 600 -o tvaers-node -g tvaers-node municipality.toml",
        "over made-up data the laboratory policy is there since `init`",
    ),
    ("ssh ", "no server of SSH here; a link in the file system forwards the socket"),
];

/// A federation of a region, two municipalities, a secretariat, an analyst and a data-protection officer.
pub(crate) struct Federation {
    pub machines: BTreeMap<&'static str, Machine>,
    pub relay: Relay,
    /// The nodes at present.
    pub members: Vec<&'static str>,
    /// The one member at which things are typed that else all would type.
    pub only: Option<&'static str>,
    /// How many rosters were drafted.
    drafts: AtomicU32,
    /// What the secretariat reads to members by telephone.
    fingerprint: Mutex<String>,
    pub network: Network,
    dir: TempDir,
}

impl Federation {
    /// Machines with nothing on them but the members' extracts.
    pub(crate) fn machines(persons: u32, seed: u64, municipalities: &[u16]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let nodes: Vec<_> = NODES.into_iter().chain([NEWCOMER]).collect();
        let network = Network::join(SECRETARIAT, &nodes, RELAYED, &[ANALYST, DPO]);
        let (door, from) = network.relay;
        let relay = Relay::start(door, from, network.behind, seed);
        let machines = nodes.iter().chain(&[SECRETARIAT, ANALYST, DPO]);
        let machines: BTreeMap<_, _> = machines.map(|name| (*name, Machine::new(name, dir.path()))).collect();
        let federation = Self {
            machines,
            relay,
            members: NODES.to_vec(),
            only: None,
            drafts: AtomicU32::new(0),
            fingerprint: Mutex::default(),
            network,
            dir,
        };
        let (regions, municipalities) = (vec![1085], municipalities.to_vec());
        let options =
            MakeOptions { persons, seed, as_of: AS_OF, regions, municipalities, out: federation.data() };
        make(&options, |_, _| {}).unwrap();
        for node in nodes {
            let machine = &federation.machines[node];
            fs::create_dir_all(machine.path("/srv")).unwrap();
            std::os::unix::fs::symlink(federation.data().join(node), machine.path("/srv/extract")).unwrap();
        }
        for (name, text) in guide::files() {
            fs::write(federation.machines[ANALYST].path(&name), text).unwrap();
        }
        federation
    }

    /// Set up and connected: the guide from its beginning to the end of step 6.
    pub(crate) fn founded(persons: u32, seed: u64, municipalities: &[u16]) -> Self {
        let mut federation = Self::machines(persons, seed, municipalities);
        for step in 1..=6 {
            federation.play(step);
        }
        federation.all_connected();
        federation
    }

    /// Types every command of a step of the guide, each of which must end well.
    pub(crate) fn play(&mut self, step: u8) {
        let section = |line: &guide::Line| line.section.starts_with(&format!("{step}. "));
        let lines: Vec<_> = guide::lines().into_iter().filter(section).collect();
        assert!(!lines.is_empty(), "step {step} of the guide has commands");
        for line in lines {
            match line.text.as_str() {
                "sudo install -d -m 1777 /srv/tvaers" => {}
                "cd /srv/tvaers" if step == 1 => self.enter(&[SECRETARIAT]),
                "cd /srv/tvaers" => self.enter(&[REGION, "k360", RELAYED, NEWCOMER]),
                text => drop(self.type_in(text, &[])),
            }
        }
    }

    /// Steps 4 and 5 again, for the newest draft.
    pub(crate) fn agree(&mut self) {
        let newest = format!("roster-{}.toml", self.drafts.load(Ordering::Relaxed));
        let again = |line: &guide::Line| line.section.starts_with("4. ") || line.section.starts_with("5. ");
        for line in guide::lines().into_iter().filter(again) {
            self.type_in(&line.text.replace("roster-1.toml", &newest), &[]);
        }
    }

    /// What is received on these machines goes into the guide's folder from here on, and commands are typed there.
    fn enter(&mut self, names: &[&'static str]) {
        for name in names {
            let machine = self.machines.get_mut(name).unwrap();
            machine.at = machine.path("/srv/tvaers");
            fs::create_dir_all(&machine.at).unwrap();
        }
    }

    /// Types a command wherever it belongs, with `more` behind it. It must end well.
    pub(crate) fn type_in(&mut self, line: &str, more: &[&str]) -> Vec<Ran> {
        if let Some(rest) = line.strip_prefix("sudo systemctl ") {
            self.service(rest);
            return Vec::new();
        }
        self.type_and_hear(line, more, |_, _| {}).into_iter().map(|ran| ran.well(line)).collect()
    }

    /// The same, however it ends; `hear` is told what programs say while they work.
    pub(crate) fn type_and_hear(
        &self,
        line: &str,
        more: &[&str],
        mut hear: impl FnMut(&Relay, &str),
    ) -> Vec<Ran> {
        if SKIPPED.iter().any(|(start, _)| line.starts_with(start)) {
            if line.starts_with("ssh ") {
                self.forward();
            }
            return Vec::new();
        }
        let mut all = Vec::new();
        for (name, replaced) in self.whose(line) {
            let machine = &self.machines[name];
            let mut words: Vec<String> =
                guide::words(line).into_iter().map(|word| self.said(machine, &word, &replaced)).collect();
            if words[0] == "sudo" {
                words.drain(..if words[1] == "-u" { 3 } else { 1 });
            }
            if ["mkdir", "cp", "mv", "rm"].contains(&words[0].as_str()) {
                let status =
                    std::process::Command::new(&words[0]).args(&words[1..]).current_dir(&machine.at).status();
                assert!(status.unwrap().success(), "{line}");
                continue;
            }
            if words.iter().any(|word| word == "init") && name != SECRETARIAT {
                words.push("--made-up".to_owned());
            }
            words.extend(more.iter().map(|&word| word.to_owned()));
            let ran = machine.run(&self.network, &words, |line| hear(&self.relay, line));
            if ran.status.success() {
                self.carry(name, &words, &ran);
            }
            all.push(ran);
        }
        all
    }

    /// A word of the guide as it is on this machine: the whole table of what is put in place of what is printed.
    fn said(&self, machine: &Machine, word: &str, replaced: &[(&str, &str)]) -> String {
        match word {
            "tvaers.example.dk:4433" => self.network.coordinator_of(machine.name).to_string(),
            "0.0.0.0:4433" => self.network.listen.to_string(),
            "FINGERPRINT" => self.fingerprint.lock().unwrap().clone(),
            // The machine's folder is the root of its file system.
            path if path.starts_with('/') => machine.path(&another(path, replaced)).display().to_string(),
            other => another(other, replaced),
        }
    }

    /// Carries what the guide has people send, once the command before has made it.
    fn carry(&self, name: &str, words: &[String], ran: &Ran) {
        let has = |word: &str| words.iter().any(|found| found == word);
        let secretariat = &self.machines[SECRETARIAT];
        let send = |from: &Path, to: &Path| {
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(from, to).unwrap();
        };
        let newest = |more: u32| format!("roster-{}.toml", self.drafts.load(Ordering::Relaxed) + more);
        let machine = &self.machines[name];
        if (has("init") || has("enrolment")) && name != SECRETARIAT {
            // Send `/var/lib/tvaers-node/enrolment.toml` to the secretariat.
            send(
                &machine.path(NODE_HOME).join("enrolment.toml"),
                &secretariat.at.join(name).join("enrolment.toml"),
            );
        } else if has("analyst") {
            // Send `person.toml` to the secretariat.
            let out = words.iter().skip_while(|word| *word != "--out").nth(1).unwrap();
            send(&machine.at.join(out).join("person.toml"), &secretariat.at.join(name).join("person.toml"));
        } else if has("roster") && has("new") {
            // Send it to every member, and read its fingerprint to them by telephone.
            let file = newest(1);
            for node in &self.members {
                send(&secretariat.path(HOME).join(&file), &self.machines[node].at.join(&file));
            }
            self.drafts.fetch_add(1, Ordering::Relaxed);
            let told = ran.stdout.lines().find_map(|line| line.strip_prefix("fingerprint: "));
            told.unwrap().clone_into(&mut self.fingerprint.lock().unwrap());
        } else if has("sign") && name != SECRETARIAT {
            // Send `roster-1.toml.k360.sig` back.
            let file = format!("{}.{name}.sig", newest(0));
            send(&machine.at.join(&file), &secretariat.at.join(&file));
        } else if has("sign") {
            // When it is complete, send the file to every member. The analyst takes it too.
            for other in self.members.iter().chain(&[ANALYST]) {
                let file = newest(0);
                send(&secretariat.path(HOME).join(&file), &self.machines[other].at.join(&file));
            }
        }
    }

    /// What SSH does for the analyst: the coordinator's socket appears in the analyst's folder.
    fn forward(&self) {
        let socket = self.machines[SECRETARIAT].path(HOME).join("control.sock");
        std::os::unix::fs::symlink(socket, self.machines[ANALYST].path("tvaers/control.sock")).unwrap();
    }

    /// `systemctl`: the unit's own line is what is started.
    fn service(&mut self, rest: &str) {
        let (verb, unit) = rest.rsplit_once(' ').unwrap();
        let own = if unit == "tvaers" { vec![SECRETARIAT] } else { self.typing() };
        for name in own {
            match verb {
                "enable --now" | "start" => self.start(name),
                "stop" => self.machines.get_mut(name).unwrap().stop(),
                "restart" => {
                    self.machines.get_mut(name).unwrap().stop();
                    self.start(name);
                }
                other => panic!("systemctl {other}"),
            }
        }
    }

    /// The words with which a machine's unit starts its program.
    pub(crate) fn unit(&self, name: &str) -> Vec<String> {
        let unit = if name == SECRETARIAT { "tvaers" } else { "tvaers-node" };
        let file = format!("{}/../systemd/{unit}.service", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(file).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
        let machine = &self.machines[name];
        guide::words(line).iter().map(|word| self.said(machine, word, &[])).collect()
    }

    fn start(&mut self, name: &str) {
        let words = self.unit(name);
        let machine = self.machines.get_mut(name).unwrap();
        machine.start(&self.network, &words);
        if name == SECRETARIAT {
            let log = machine.path(HOME).join("log");
            until("the coordinator listens", || {
                machine.runs();
                fs::read_to_string(&log).ok().filter(|text| text.contains("the coordinator starts"))
            });
        }
    }

    /// Waits until `tvaers nodes` shows every node connected, with its policy, and gives what it shows.
    pub(crate) fn all_connected(&mut self) -> serde_json::Value {
        let line = format!("sudo -u tvaers tvaers --home {HOME} nodes");
        until("all nodes are connected", || {
            self.members.iter().for_each(|name| self.machines.get_mut(name).unwrap().runs());
            let shown = self.type_in(&line, &["--format", "json"]).remove(0).stdout;
            let nodes: serde_json::Value = serde_json::from_str(&shown).unwrap();
            let all = nodes
                .as_array()
                .unwrap()
                .iter()
                .all(|node| node["connected"] == true && !node["policy"].is_null());
            all.then_some(nodes)
        })
    }

    /// The members at which things are typed now.
    fn typing(&self) -> Vec<&'static str> {
        self.members.iter().copied().filter(|name| self.only.is_none_or(|only| only == *name)).collect()
    }

    /// On which machines a command is typed, and what its example stands for there: `k360` for each municipality, and
    /// where the secretariat takes in `k360`'s signature for each member.
    fn whose(&self, line: &str) -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
        if line.starts_with("sudo -u tvaers ") {
            if line.contains(".k360.sig") {
                return self.members.iter().map(|node| (SECRETARIAT, vec![("k360", *node)])).collect();
            }
            return vec![(SECRETARIAT, Vec::new())];
        }
        if line.starts_with("sudo ") {
            let regional = line.contains("--id region_1085");
            let municipal = !regional && line.contains("k360");
            let types = |name: &&'static str| match *name {
                REGION => !municipal,
                _ => !regional,
            };
            return self.typing().into_iter().filter(types).map(|name| (name, example(name))).collect();
        }
        let people = ["tvaers ", "mkdir ", "cp "];
        assert!(people.iter().any(|start| line.starts_with(start)), "nobody knows who types this: {line}");
        vec![(if line.contains("--role dpo") { DPO } else { ANALYST }, Vec::new())]
    }

    /// A node's own folder.
    pub(crate) fn node_home(&self, name: &str) -> std::path::PathBuf {
        self.machines[name].path(NODE_HOME)
    }

    /// The folder with everyone's rows, which only the test sees as a whole.
    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.dir.path().join("data")
    }

    /// How often a node has connected, by its own log.
    pub(crate) fn connections(&self, name: &str) -> usize {
        let log = fs::read_to_string(self.node_home(name).join("log")).unwrap();
        log.matches("connected to the coordinator").count()
    }
}

/// What stands for the guide's example, Lolland, at another municipality.
fn example(name: &str) -> Vec<(&'static str, &'static str)> {
    match name {
        RELAYED => vec![("Lolland Kommune", "Guldborgsund Kommune"), ("k360", "k376"), ("360", "376")],
        NEWCOMER => vec![("Lolland Kommune", "Vordingborg Kommune"), ("k360", "k370"), ("360", "370")],
        _ => Vec::new(),
    }
}

fn another(word: &str, replaced: &[(&str, &str)]) -> String {
    // The first that fits, so that `360` is not replaced within what `k360` has become.
    match replaced.iter().find(|(from, _)| word.contains(from)) {
        Some((from, to)) => word.replace(from, to),
        None => word.to_owned(),
    }
}
