//! One study, carried from agreement to hand-back: every step in order, tried again where the way to a node broke.
//!
//! Up to the pinned key a study that is interrupted is begun anew, which takes seconds. From then on each step can be
//! asked again with the same effect, so a node that comes back in time goes on where it was, and so does a coordinator.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use tokio::time::Instant;
use tvaers_definitions::model::Model;
use tvaers_link::exchange::ExchangeError;
use tvaers_protocol::frame::{FrameError, Kind};
use tvaers_protocol::id::{NodeId, Sector};
use tvaers_protocol::message::{
    Accepted, Compute, Computed, KeyConfirmation, KeyPin, KeyPinned, Open, Opened, Progress, Propose,
    Pseudonymise, Signed,
};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::sign::Purpose;

use crate::answer::{self, Answer, Gathered, IndicatorWords};
use crate::event::{Events, Phase};
use crate::failure::{Cause, Failure};
use crate::join::Join;
use crate::keygen;
use crate::patience::{Ended, Patience, Tries};
use crate::request::RequestId;
use crate::session::{self, Session};
use crate::summary::NodeData;

/// Why a join came to nothing: at a node, or here.
enum Broken {
    There(Failure),
    Here(Problem),
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self::There(failure)
    }
}

/// One study.
pub(crate) struct Attempt<'a> {
    pub(crate) session: &'a Session<'a>,
    pub(crate) model: &'a Model,
    pub(crate) patience: &'a Patience<'a>,
    pub(crate) events: &'a Events,
    /// All participants.
    pub(crate) nodes: &'a [NodeId],
    /// The request that the study is of.
    pub(crate) request: &'a RequestId,
    /// What each node answers from, and on which terms.
    pub(crate) data: &'a [NodeData],
}

/// What came of a study.
pub(crate) struct Joined {
    /// The municipalities that have contributed and stayed away before they confirmed their lists.
    pub(crate) unconfirmed: Vec<NodeId>,
    /// The released tables; none where none were asked for.
    pub(crate) tables: Option<Answer>,
}

impl Attempt<'_> {
    /// Carries the study out, from where its key is pinned if it is.
    ///
    /// # Errors
    /// [`Ended`].
    pub(crate) async fn run(&self, is_pinned: bool) -> Result<Joined, Ended> {
        if !is_pinned {
            self.events.phase(Phase::Keygen, self.agree_and_make_key()).await?;
            self.session.coordinator().note_pinned(self.session.digest()).await;
        }
        self.events.phase(Phase::Features, self.everywhere(Phase::Features)).await?;
        self.events.phase(Phase::Pseudonyms, self.everywhere(Phase::Pseudonyms)).await?;
        self.join_and_hand_back().await
    }

    async fn agree_and_make_key(&self) -> Result<(), Ended> {
        let confirmations = self.agree().await.map_err(|failure| match failure.cause {
            Cause::Final => Ended::Failed(failure.problem),
            _ => Ended::Anew(failure),
        })?;
        try_join_all(self.nodes.iter().map(|node| self.pin(node, &confirmations))).await.map(drop)
    }

    async fn agree(&self) -> Result<Vec<Signed<KeyConfirmation>>, Failure> {
        let coordinator = self.session.coordinator();
        let manifest = Signed::new(
            self.session.manifest().clone(),
            Purpose::Proposal,
            coordinator.roster().digest(),
            coordinator.signing(),
        );
        let prompt = coordinator.limits().prompt;
        let propose = Propose { manifest };
        // The study is not known to a node before it has agreed, so the proposal stands outside it.
        let asked = self.nodes.iter().map(|node| session::ask_outside(coordinator, node, &propose, prompt));
        let accepted: Vec<Accepted> = try_join_all(asked).await?;
        let acceptances: Vec<_> = accepted.into_iter().map(|reply| reply.acceptance).collect();
        let open = |_: &NodeId| Open { acceptances: acceptances.clone() };
        let _: Vec<Opened> = self.session.ask_all(self.nodes, open, prompt).await?;
        keygen::confirmations(self.session).await
    }

    async fn pin(&self, node: &NodeId, confirmations: &[Signed<KeyConfirmation>]) -> Result<(), Ended> {
        let ask = KeyPin { confirmations: confirmations.to_vec() };
        let mut tries = self.patience.tries(Phase::Keygen, std::slice::from_ref(node));
        loop {
            let round = self.session.coordinator().limits().round;
            let pinned: Result<KeyPinned, Failure> = self.session.ask(node, &ask, round).await;
            match pinned {
                Ok(_) => return Ok(()),
                // A node that is behind has lost the agreement, and with it the study.
                Err(failure) if failure.cause == Cause::Behind => return Err(Ended::Anew(failure)),
                Err(failure) => tries.again(failure).await?,
            }
        }
    }

    /// Has every node do its own part of a phase. They do not wait for each other.
    async fn everywhere(&self, phase: Phase) -> Result<(), Ended> {
        try_join_all(self.nodes.iter().map(|node| self.at(phase, node))).await.map(drop)
    }

    async fn at(&self, phase: Phase, node: &NodeId) -> Result<(), Ended> {
        // A node's persons need the node alone; evaluating them needs the key holders too.
        let needed = if phase == Phase::Features { std::slice::from_ref(node) } else { self.nodes };
        let mut tries = self.patience.tries(phase, needed);
        loop {
            let begun = Instant::now();
            let done = match phase {
                Phase::Features => self.compute(node).await,
                _ => self.bring_up(node, &mut tries).await,
            };
            match done {
                Ok(()) => return Ok(()),
                Err(failure) => tries.again(self.whose(failure, begun)).await?,
            }
        }
    }

    /// A requester can do nothing about a holder that gives no answer to its batch. That it does not stands here by what was
    /// seen when the batch was passed on: on a requester's word nobody is left out.
    fn whose(&self, failure: Failure, begun: Instant) -> Failure {
        let silent = self.session.coordinator().silences().since(self.session.digest(), begun);
        match silent {
            Some(holder) if failure.cause == Cause::Held => Failure::silent(&holder, &failure.node),
            _ => failure,
        }
    }

    async fn compute(&self, node: &NodeId) -> Result<(), Failure> {
        let work = self.session.coordinator().limits().work;
        let computed: Result<Computed, Failure> = self.session.ask(node, &Compute {}, work).await;
        computed.map(|_| ())
    }

    /// Has a node's persons evaluated. One that has lost its components works them out first.
    async fn bring_up(&self, node: &NodeId, tries: &mut Tries<'_>) -> Result<(), Failure> {
        match self.pseudonymise(node, tries).await {
            Err(failure) if failure.cause == Cause::Behind => {
                self.compute(node).await?;
                self.pseudonymise(node, tries).await
            }
            done => done,
        }
    }

    async fn pseudonymise(&self, node: &NodeId, tries: &mut Tries<'_>) -> Result<(), Failure> {
        let failed = |error: ExchangeError| self.session.failure(node, error);
        let mut exchange = self.session.begin(node, &Pseudonymise {}).await?;
        loop {
            let limit = self.session.coordinator().limits().progress;
            let frame = exchange.frame(limit).await.map_err(failed)?;
            if frame.kind() != Kind::Progress {
                return frame.kind().expect(Kind::Pseudonymised).map_err(|error| failed(error.into()));
            }
            let progress: Progress = frame.message().map_err(|error: FrameError| failed(error.into()))?;
            tries.progressed(progress.done);
            self.events.progress(Phase::Pseudonyms, node, progress.done, progress.total);
        }
    }

    /// Joins and hands back, again and again as a whole: streams have no middle from which they could go on.
    async fn join_and_hand_back(&self) -> Result<Joined, Ended> {
        let mut join = Join::new(self.session, self.model);
        let mut tries = self.patience.tries(Phase::Join, self.nodes);
        let mut listed = BTreeSet::new();
        // Noised once, however often the join is tried: what is kept of an earlier try is what was released.
        let mut tables = self.tables_kept().await.map_err(Ended::Failed)?;
        loop {
            let failure = match self.join_once(&mut join, &mut listed, &mut tables).await {
                Ok(()) => return Ok(Joined { unconfirmed: Vec::new(), tables }),
                Err(Broken::Here(problem)) => return Err(Ended::Failed(problem)),
                Err(Broken::There(failure)) => failure,
            };
            let again = self.recover(failure, &mut tries).await;
            match again {
                Ok(()) => {}
                Err(Ended::Missing(gone)) => {
                    let unconfirmed = self.without_lists(gone, &listed)?;
                    return Ok(Joined { unconfirmed, tables });
                }
                Err(ended) => return Err(ended),
            }
        }
    }

    async fn join_once(
        &self,
        join: &mut Join<'_>,
        listed: &mut BTreeSet<NodeId>,
        tables: &mut Option<Answer>,
    ) -> Result<(), Broken> {
        let mut gathered = if tables.is_some() { None } else { self.gather()? };
        let returns = self.events.phase(Phase::Join, join.run(&mut gathered)).await?;
        let release = async {
            if let Some(gathered) = gathered {
                *tables = Some(self.release(gathered).await?);
            }
            Ok::<_, Broken>(())
        };
        // Before any list is confirmed, so that a study that ended well has released what was charged for.
        self.events.phase(Phase::Release, release).await?;
        let hand_back = async {
            let (confirmed, ended) = join.end(returns).await;
            listed.extend(confirmed);
            ended
        };
        Ok(self.events.phase(Phase::Handback, hand_back).await?)
    }

    /// The tables that an earlier try has released.
    async fn tables_kept(&self) -> Result<Option<Answer>, Problem> {
        if self.session.manifest().request.content.tables.is_none() {
            return Ok(None);
        }
        let kept = self.session.coordinator().state().tables(self.request, self.session.manifest().run).await;
        kept.map_err(|error| Problem::from_error(Exit::Failed, "state", &error))
    }

    fn gather(&self) -> Result<Option<Gathered<'_>>, Broken> {
        let roster = self.session.coordinator().roster();
        let gathered = answer::gather(self.session.manifest(), self.model, roster);
        gathered.map_err(|error| Broken::Here(Problem::from_error(Exit::Failed, error.code(), &error)))
    }

    /// Draws noise, and keeps what is released before anybody sees it.
    async fn release(&self, gathered: Gathered<'_>) -> Result<Answer, Broken> {
        let (coordinator, manifest) = (self.session.coordinator(), self.session.manifest());
        // A few hundred cells take some milliseconds.
        let tables = answer::of_tables(gathered, manifest, self.model, coordinator.roster(), self.data);
        let tables = Answer {
            indicator: coordinator.library().indicator(&self.model.name).map(IndicatorWords::from),
            ..tables.map_err(Broken::Here)?
        };
        let kept = coordinator
            .state()
            .keep_tables(self.request, manifest.run, &tables, coordinator.clock().now())
            .await;
        kept.map_err(|error| Broken::Here(Problem::from_error(Exit::Failed, "state", &error)))?;
        Ok(tables)
    }

    async fn recover(&self, failure: Failure, tries: &mut Tries<'_>) -> Result<(), Ended> {
        let behind = (failure.cause == Cause::Behind).then(|| failure.node.clone());
        tries.again(failure).await?;
        match behind {
            Some(node) => self.at(Phase::Pseudonyms, &node).await,
            None => Ok(()),
        }
    }

    /// Where all others have confirmed their lists, those lists stand: they are whole, and the same study without the
    /// nodes that are gone could only tell less.
    fn without_lists(&self, gone: Vec<NodeId>, listed: &BTreeSet<NodeId>) -> Result<Vec<NodeId>, Ended> {
        let roster = self.session.coordinator().roster();
        let is_municipality =
            |id: &&NodeId| roster.member(id).is_some_and(|member| member.sector == Sector::Municipality);
        let waiting: Vec<NodeId> =
            self.nodes.iter().filter(is_municipality).filter(|id| !listed.contains(id)).cloned().collect();
        if !listed.is_empty() && waiting.iter().all(|id| gone.contains(id)) {
            Ok(waiting)
        } else {
            Err(Ended::Missing(gone))
        }
    }
}
