//! A coordinator played by hand: it has the coordinator's key and every link, and takes each step of a study only
//! when a test says so, so that the test may leave steps out, repeat them, or say something else.
//!
//! What it can do is what whoever takes over the coordinator can do. What it cannot do is sign as a node.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use rand::Rng as _;
use sha2::{Digest as _, Sha256};
use tvaers_coordinator::stratify;
use tvaers_definitions::library::Library;
use tvaers_definitions::model::Model;
use tvaers_host::private;
use tvaers_host::process::system_rng;
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_link::exchange::{Exchange, ExchangeError};
use tvaers_link::link::Link;
use tvaers_link::stream::Stream;
use tvaers_protocol::frame::Kind;
use tvaers_protocol::id::{Digest, NodeId, Pseudonym};
use tvaers_protocol::message::{
    Acceptance, Accepted, Compute, Computed, Contribute, Contributions, ContributionsEnd, Evaluate,
    Evaluated, HandBackEnd, HandBackTotal, HandBacks, HandedBack, JoinCounts, KeyConfirmation, KeyConfirmed,
    KeyPackage, KeyPin, KeyPinned, KeyRound1, KeyRound1Package, KeyRound2, KeyRound2Packages, KeyRound3,
    Message, Objections, ObjectionsEnd, ObjectionsTaken, Open, Opened, Prepare, Prepared, Progress, Propose,
    Pseudonymise, Pseudonymised, Relay, SealedKeyPackage, Signed, StreamTotal,
};
use tvaers_protocol::record::{Contribution, HandBack, HandBackShape, Missing};
use tvaers_protocol::roster::{SignedRoster, VerifiedRoster};
use tvaers_protocol::sign::{Purpose, Signature, SigningKey};
use tvaers_protocol::study::{Disclosure, Grain, Manifest, Participant, RunId, utc_date};

use crate::federation::Federation;

/// What a study's tables are charged where policies are asked: a tenth.
const NANO_RHO: u64 = 100_000_000;

/// For any one answer; tests are over long before.
const WAIT: Duration = Duration::from_secs(120);

/// A coordinator that does as it is told.
pub struct Hand {
    roster: VerifiedRoster,
    signing: SigningKey,
    library: Library,
    links: Arc<Mutex<BTreeMap<NodeId, Arc<dyn Link>>>>,
    relayed: Arc<Mutex<Vec<Relayed>>>,
}

/// A batch that was passed on.
#[derive(Clone)]
pub struct Relayed {
    /// The holder that it was for.
    pub to: NodeId,
    /// The batch, as its requester signed it.
    pub ask: Evaluate,
}

/// A hand-back before it is sent, for a test to alter.
#[derive(Clone)]
pub struct Script {
    /// Its frames.
    pub frames: Vec<HandBacks>,
    /// Its end.
    pub end: HandBackEnd,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hand {
    /// Takes the coordinator's place in a federation that is not connected.
    ///
    /// # Errors
    /// Where the coordinator's folder cannot be read.
    pub fn new(federation: &Federation) -> anyhow::Result<Self> {
        let home = federation.coordinator_home();
        let today = utc_date(SystemClock.now());
        let hand = Self {
            roster: SignedRoster::parse(&std::fs::read_to_string(home.roster())?)?.verify(None, today)?,
            signing: SigningKey::from_seed(&*private::read_key(&home.keys().join("signing.key"))?),
            library: Library::embedded()?,
            links: Arc::default(),
            relayed: Arc::default(),
        };
        for id in federation.names() {
            hand.link(federation, &id)?;
        }
        Ok(hand)
    }

    /// Lays a new link to a node, as after its restart.
    ///
    /// # Errors
    /// Where there is no such node.
    pub fn link(&self, federation: &Federation, id: &NodeId) -> anyhow::Result<()> {
        let link = federation.link(id)?;
        lock(&self.links).insert(id.clone(), Arc::clone(&link));
        let (links, relayed) = (Arc::clone(&self.links), Arc::clone(&self.relayed));
        let roster = self.roster.digest();
        tokio::spawn(async move {
            while let Ok(stream) = link.accept().await {
                let (links, relayed) = (Arc::clone(&links), Arc::clone(&relayed));
                // A node that gets no answer says so itself.
                tokio::spawn(async move { relay(stream, roster, &links, &relayed).await.ok() });
            }
        });
        Ok(())
    }

    /// The roster.
    #[must_use]
    pub fn roster(&self) -> &VerifiedRoster {
        &self.roster
    }

    /// The coordinator's signing key.
    #[must_use]
    pub fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// The model.
    ///
    /// # Errors
    /// Where this version has no SAD.
    pub fn model(&self) -> anyhow::Result<&Model> {
        self.library.model("sad").context("there is no model `sad`")
    }

    /// The batches passed on so far.
    #[must_use]
    pub fn relayed(&self) -> Vec<Relayed> {
        lock(&self.relayed).clone()
    }

    async fn exchange(&self, node: &NodeId, study: Digest) -> Result<Exchange, ExchangeError> {
        let link = lock(&self.links).get(node).cloned();
        let link = link.ok_or(ExchangeError::Refused(tvaers_protocol::reject::RejectCode::UnknownNode))?;
        Exchange::open(&*link, self.roster.digest(), study).await
    }

    /// Asks one node one thing.
    ///
    /// # Errors
    /// The node's refusal, or how the exchange failed.
    pub async fn ask<Q: Message, A: Message>(
        &self,
        node: &NodeId,
        study: Digest,
        question: &Q,
    ) -> Result<A, ExchangeError> {
        self.exchange(node, study).await?.ask(question, WAIT).await
    }

    /// A study that every node would agree to.
    ///
    /// # Errors
    /// Where a node does not say what it has.
    pub async fn draft(&self, federation: &Federation) -> anyhow::Result<Manifest> {
        let model = self.model()?;
        let stratify::Request { study: request, approval, .. } = federation.request_at(Grain::Events);
        let question = Prepare { request: request.clone(), approval: approval.as_deref().cloned() };
        let roster = self.roster.roster();
        let holders: Vec<NodeId> = roster.holders().map(|member| member.id.clone()).collect();
        let mut participants = Vec::new();
        let indices: Vec<u16> = (1..).take(holders.len()).collect();
        for (position, node) in federation.names().into_iter().enumerate() {
            let prepared: Prepared = self.ask(&node, Digest::NONE, &question).await?;
            let own = (1..).zip(&holders).find(|(_, holder)| **holder == node).map(|(index, _)| index);
            let quorum = Manifest::quorum_for(own, position, &indices, roster.quorum);
            participants.push(Participant {
                node,
                quota: prepared.evaluations,
                quorum,
                data: prepared.data.digest,
            });
        }
        let created: Timestamp = SystemClock.now();
        let mut run = [0; 16];
        system_rng().fill_bytes(&mut run);
        Ok(Manifest {
            run: RunId(run),
            roster: self.roster.digest(),
            request,
            approval: approval.map(|approval| *approval),
            nano_rho: NANO_RHO,
            everyone: true,
            model: model.name.clone(),
            model_digest: model.digest,
            catalogue_digest: self.library.catalogue().digest(),
            as_of: federation.as_of(),
            grain: Grain::Counts,
            disclosure: Disclosure::Items,
            threshold: roster.quorum,
            follows: None,
            holders,
            participants,
            created,
            deadline: created.checked_add(SignedDuration::from_hours(1))?,
        })
    }

    /// Proposes a study to one node.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn propose(
        &self,
        node: &NodeId,
        manifest: &Manifest,
    ) -> Result<Signed<Acceptance>, ExchangeError> {
        let manifest = Signed::new(manifest.clone(), Purpose::Proposal, self.roster.digest(), &self.signing);
        let accepted: Accepted = self.ask(node, Digest::NONE, &Propose { manifest }).await?;
        Ok(accepted.acceptance)
    }

    /// Has every participant agree.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn agree(&self, manifest: &Manifest) -> Result<(), ExchangeError> {
        let mut acceptances = Vec::new();
        for participant in &manifest.participants {
            acceptances.push(self.propose(&participant.node, manifest).await?);
        }
        for participant in &manifest.participants {
            let open = Open { acceptances: acceptances.clone() };
            let _: Opened = self.ask(&participant.node, manifest.digest(), &open).await?;
        }
        Ok(())
    }

    /// Every holder's first-round package.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn round1(&self, manifest: &Manifest) -> Result<Vec<Signed<KeyPackage>>, ExchangeError> {
        let mut packages = Vec::new();
        for holder in &manifest.holders {
            let reply: KeyRound1Package = self.ask(holder, manifest.digest(), &KeyRound1 {}).await?;
            packages.push(reply.package);
        }
        Ok(packages)
    }

    /// What every holder makes of these first-round packages.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn round2(
        &self,
        manifest: &Manifest,
        packages: &[Signed<KeyPackage>],
    ) -> Result<Vec<Signed<SealedKeyPackage>>, ExchangeError> {
        let mut sealed = Vec::new();
        for holder in &manifest.holders {
            let ask = KeyRound2 { packages: packages.to_vec() };
            let reply: KeyRound2Packages = self.ask(holder, manifest.digest(), &ask).await?;
            sealed.extend(reply.packages);
        }
        Ok(sealed)
    }

    /// Every holder's confirmation of the key that comes of these second-round packages.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn round3(
        &self,
        manifest: &Manifest,
        sealed: &[Signed<SealedKeyPackage>],
    ) -> Result<Vec<Signed<KeyConfirmation>>, ExchangeError> {
        let mut confirmations = Vec::new();
        for (index, holder) in (1..).zip(&manifest.holders) {
            let own = sealed.iter().filter(|package| package.content.to == index);
            let ask = KeyRound3 { packages: own.cloned().collect() };
            let reply: KeyConfirmed = self.ask(holder, manifest.digest(), &ask).await?;
            confirmations.push(reply.confirmation);
        }
        Ok(confirmations)
    }

    /// All three rounds.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn confirmations(
        &self,
        manifest: &Manifest,
    ) -> Result<Vec<Signed<KeyConfirmation>>, ExchangeError> {
        let packages = self.round1(manifest).await?;
        let sealed = self.round2(manifest, &packages).await?;
        self.round3(manifest, &sealed).await
    }

    /// Shows one node every holder's confirmation.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn pin(
        &self,
        node: &NodeId,
        manifest: &Manifest,
        confirmations: &[Signed<KeyConfirmation>],
    ) -> Result<KeyPinned, ExchangeError> {
        self.ask(node, manifest.digest(), &KeyPin { confirmations: confirmations.to_vec() }).await
    }

    /// Brings a study as far as that every node has its key pinned and its components worked out.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn compute(&self, manifest: &Manifest) -> Result<(), ExchangeError> {
        self.agree(manifest).await?;
        let confirmations = self.confirmations(manifest).await?;
        for participant in &manifest.participants {
            self.pin(&participant.node, manifest, &confirmations).await?;
        }
        for participant in &manifest.participants {
            let _: Computed = self.ask(&participant.node, manifest.digest(), &Compute {}).await?;
        }
        Ok(())
    }

    /// Has one node's persons evaluated.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn pseudonymise(
        &self,
        node: &NodeId,
        manifest: &Manifest,
    ) -> Result<Pseudonymised, ExchangeError> {
        let mut exchange = self.exchange(node, manifest.digest()).await?;
        exchange.send(&Pseudonymise {}, WAIT).await?;
        loop {
            let frame = exchange.frame(WAIT).await?;
            if frame.kind() != Kind::Progress {
                return Ok(frame.message()?);
            }
            let _: Progress = frame.message()?;
        }
    }

    /// Brings a study as far as that every node could contribute.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn ready(&self, manifest: &Manifest) -> Result<(), ExchangeError> {
        self.compute(manifest).await?;
        for participant in &manifest.participants {
            self.pseudonymise(&participant.node, manifest).await?;
        }
        Ok(())
    }

    /// One node's contributions.
    ///
    /// # Errors
    /// As [`Self::ask`], and where they do not have the study's shape.
    pub async fn contributions(
        &self,
        node: &NodeId,
        manifest: &Manifest,
    ) -> anyhow::Result<Vec<Contribution>> {
        let shape = self.model()?.shape(manifest.grain);
        let mut all = Vec::new();
        for part in self.contributed(node, manifest).await? {
            all.extend(shape.read(&part.records)?);
        }
        Ok(all)
    }

    /// What one node signs of those who object, in order.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn objection_signatures(
        &self,
        node: &NodeId,
        manifest: &Manifest,
    ) -> anyhow::Result<Vec<Signature>> {
        let parts = self.contributed(node, manifest).await?;
        Ok(parts.into_iter().flat_map(|part| part.objections).collect())
    }

    async fn contributed(&self, node: &NodeId, manifest: &Manifest) -> anyhow::Result<Vec<Contributions>> {
        let mut exchange = self.exchange(node, manifest.digest()).await?;
        exchange.send(&Contribute {}, WAIT).await?;
        let mut parts = Vec::new();
        loop {
            let frame = exchange.frame(WAIT).await?;
            if frame.kind() == Kind::ContributionsEnd {
                let _: ContributionsEnd = frame.message()?;
                return Ok(parts);
            }
            parts.push(frame.message()?);
        }
    }

    /// Tells a node of objections.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn objections(
        &self,
        node: &NodeId,
        manifest: &Manifest,
        frames: &[Objections],
        end: &ObjectionsEnd,
    ) -> Result<ObjectionsTaken, ExchangeError> {
        let mut exchange = self.exchange(node, manifest.digest()).await?;
        for frame in frames {
            exchange.send(frame, WAIT).await?;
        }
        exchange.ask(end, WAIT).await
    }

    /// A hand-back of these records to a node, in one frame, with an honest end.
    ///
    /// # Errors
    /// Where there is no model.
    pub fn script(&self, node: &NodeId, manifest: &Manifest, records: &[HandBack]) -> anyhow::Result<Script> {
        let shape = HandBackShape { criteria: self.model()?.criteria.len() };
        let mut body = Vec::new();
        for record in records {
            shape.write(record, &mut body);
        }
        let digest = Digest(Sha256::digest(&body).into());
        let total = HandBackTotal {
            stream: StreamTotal { node: node.clone(), records: records.len() as u64, digest },
            counts: JoinCounts {
                residents: 0,
                handed_back: 0,
                claimed_twice: 0,
                kommune_differs: 0,
                fell_back: vec![0; 2],
                joined_events: vec![0; 2],
            },
            missing: Vec::new(),
        };
        let frames = if body.is_empty() { vec![] } else { vec![HandBacks { sequence: 0, records: body }] };
        Ok(Script { frames, end: self.end(manifest, total) })
    }

    /// An end that says this, with the coordinator's signature.
    #[must_use]
    pub fn end(&self, manifest: &Manifest, total: HandBackTotal) -> HandBackEnd {
        HandBackEnd { total: Signed::new(total, Purpose::HandBack, manifest.digest(), &self.signing) }
    }

    /// Hands back what the script says.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn hand_back(
        &self,
        node: &NodeId,
        manifest: &Manifest,
        script: &Script,
    ) -> Result<HandedBack, ExchangeError> {
        let mut exchange = self.exchange(node, manifest.digest()).await?;
        for frame in &script.frames {
            exchange.send(frame, WAIT).await?;
        }
        exchange.ask(&script.end, WAIT).await
    }
}

/// A record about this pseudonym that says nothing remarkable.
#[must_use]
pub fn record(pseudonym: Pseudonym) -> HandBack {
    HandBack {
        pseudonym,
        included: false,
        missing: Missing::default(),
        fell_back: 0,
        stratum: 0,
        total: 0,
        items: vec![0; 9],
    }
}

async fn relay(
    stream: Stream,
    roster: Digest,
    links: &Mutex<BTreeMap<NodeId, Arc<dyn Link>>>,
    relayed: &Mutex<Vec<Relayed>>,
) -> anyhow::Result<()> {
    let mut stream = stream;
    let header = stream.receiver.peek(WAIT).await?.context("an empty stream")?;
    let mut from = Exchange::on(stream, roster, header.study);
    let Relay { to } = from.receive(WAIT).await?;
    let ask: Evaluate = from.receive(WAIT).await?;
    lock(relayed).push(Relayed { to: to.clone(), ask: ask.clone() });
    let link = lock(links).get(&to).cloned().context("no such holder")?;
    let answer: Result<Evaluated, _> =
        Exchange::open(&*link, roster, header.study).await?.ask(&ask, WAIT).await;
    match answer {
        Ok(answer) => from.answer(&answer, WAIT).await?,
        Err(error) => from.refuse(error.code()).await?,
    }
    Ok(())
}
