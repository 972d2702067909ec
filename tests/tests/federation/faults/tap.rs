//! Who stands in the middle: has a plan's mishaps happen, and keeps what nodes have of a study when it closes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tvaers_definitions::library::Library;
use tvaers_link::memory::{Direction, Fate, Interceptor, Passage};
use tvaers_node::home::Home;
use tvaers_protocol::frame::{Frame, Kind};
use tvaers_protocol::id::{Digest, NodeId, Pseudonym};
use tvaers_protocol::message::{Contributions, Propose};
use tvaers_protocol::study::Manifest;

use super::plan::{Mishap, What};

/// What someone has to carry out.
pub(super) enum Event {
    /// A link has been cut.
    Gone(NodeId),
    /// A node's power is cut.
    RestartNode(NodeId),
    /// The coordinator's power is cut.
    RestartCoordinator,
    /// A question is put again.
    Again(NodeId, Frame, Duration),
}

/// What is known of one study. No `Debug`: these are pseudonyms.
#[derive(Default)]
pub(super) struct Seen {
    /// What nodes submitted.
    pub(super) submitted: BTreeMap<NodeId, BTreeSet<Pseudonym>>,
    /// Their files.
    pub(super) files: BTreeMap<NodeId, PathBuf>,
}

#[derive(Default)]
struct Inside {
    armed: Vec<Mishap>,
    manifests: BTreeMap<Digest, Manifest>,
    seen: BTreeMap<Digest, Seen>,
    n_struck: usize,
}

/// Stands in the middle.
pub(super) struct Tap {
    inside: Mutex<Inside>,
    events: UnboundedSender<Event>,
    library: Library,
    homes: Mutex<BTreeMap<NodeId, Home>>,
    kept: PathBuf,
}

impl Tap {
    /// Keeps files in this folder, which must be on the disk on which the nodes' are.
    pub(super) fn new(events: UnboundedSender<Event>, kept: PathBuf) -> Self {
        let library = Library::embedded().unwrap();
        Self { inside: Mutex::default(), events, library, homes: Mutex::default(), kept }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the nodes' files are.
    pub(super) fn set_homes(&self, homes: BTreeMap<NodeId, Home>) {
        *self.homes.lock().unwrap() = homes;
    }

    /// Waits for these mishaps from now on.
    pub(super) fn arm(&self, mishaps: &[Mishap]) {
        *self.inside() = Inside { armed: mishaps.to_vec(), ..Inside::default() };
    }

    /// Lets everything pass from now on; gives what happened, and what was seen of each study.
    pub(super) fn rest(&self) -> (usize, Vec<Seen>) {
        let mut inside = self.inside();
        inside.armed.clear();
        (inside.n_struck, std::mem::take(&mut inside.seen).into_values().collect())
    }

    /// Files stay as long as they have a name, so one more keeps what the node is about to erase.
    fn keep(&self, node: &NodeId, study: Digest, inside: &mut Inside) {
        let Some(manifest) = inside.manifests.get(&study) else { return };
        let Some(home) = self.homes.lock().unwrap().get(node).cloned() else { return };
        let run = manifest.run.to_string();
        let file = home.work(&run);
        let kept = self.kept.join(format!("{node}-{run}.sqlite"));
        if !kept.exists() && std::fs::hard_link(&file, &kept).is_ok() {
            let _ = std::fs::hard_link(side(&file), side(&kept));
            inside.seen.entry(study).or_default().files.insert(node.clone(), kept);
        }
    }

    fn note(&self, passage: &Passage, frame: &Frame, inside: &mut Inside) {
        let study = frame.header().study;
        if let Ok(Propose { manifest }) = frame.message() {
            inside.manifests.insert(manifest.content.digest(), manifest.content);
        }
        if let Ok(Contributions { records, .. }) = frame.message()
            && let Some(manifest) = inside.manifests.get(&study)
            && let Some(model) = self.library.model(&manifest.model)
        {
            let records = model.shape(manifest.grain).read(&records).unwrap();
            let seen = inside.seen.entry(study).or_default();
            let submitted = seen.submitted.entry(passage.node.clone()).or_default();
            submitted.extend(records.into_iter().map(|record| record.pseudonym));
        }
        if frame.kind() == Kind::Close && passage.direction == Direction::ToNode {
            self.keep(&passage.node, study, inside);
        }
    }

    fn carry_out(&self, what: What, passage: &Passage, frame: &Frame) -> Fate {
        let node = || passage.node.clone();
        let send = |event| {
            // Nobody listens any more where the run is over.
            let _ = self.events.send(event);
        };
        match what {
            What::Drop => Fate::Drop,
            What::Delay(ms) => Fate::Delay(Duration::from_millis(ms)),
            What::Twice => Fate::Duplicate,
            What::Again(ms) if passage.direction == Direction::ToNode && passage.frame == 0 => {
                send(Event::Again(node(), frame.clone(), Duration::from_millis(ms)));
                Fate::Forward
            }
            What::Again(_) => Fate::Duplicate,
            What::CutStream => Fate::CutStream,
            What::CutLink => {
                send(Event::Gone(node()));
                Fate::CutLink
            }
            What::RestartNode => {
                send(Event::RestartNode(node()));
                Fate::CutLink
            }
            What::RestartCoordinator => {
                send(Event::RestartCoordinator);
                Fate::CutLink
            }
        }
    }
}

/// SQLite's log beside a file.
pub(super) fn side(file: &Path) -> PathBuf {
    PathBuf::from(format!("{}-wal", file.display()))
}

impl Interceptor for Tap {
    fn intercept(&self, passage: &Passage, bytes: &mut Vec<u8>) -> Fate {
        let Ok(frame) = Frame::decode(bytes) else { return Fate::Forward };
        let inside = &mut *self.inside();
        self.note(passage, &frame, inside);
        if tvaers_tests::fault::is_of_heads(&frame) {
            return Fate::Forward;
        }
        let here = |mishap: &&mut Mishap| mishap.node == passage.node.as_str() && mishap.kind == frame.kind();
        let mut due = None;
        for mishap in inside.armed.iter_mut().filter(here) {
            match mishap.after.checked_sub(1) {
                Some(left) => mishap.after = left,
                None => due = due.or(Some(mishap.what)),
            }
        }
        let Some(what) = due else { return Fate::Forward };
        let at = inside.armed.iter().position(|mishap| {
            mishap.node == passage.node.as_str() && mishap.kind == frame.kind() && mishap.what == what
        });
        if let Some(at) = at {
            inside.armed.remove(at);
        }
        inside.n_struck += 1;
        self.carry_out(what, passage, &frame)
    }
}

/// What is kept in a folder goes with it; a tap is shared by all links.
pub(super) type Shared = Arc<Tap>;
