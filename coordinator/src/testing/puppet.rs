//! What a puppet answers, message by message.

use super::*;

impl Inside {
    pub(super) fn cut(&mut self) {
        if let Some(link) = self.link.take() {
            link.close(CloseCode::Goodbye);
        }
    }
}

impl Puppet {
    pub(super) fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does this the next so many times that a question of this kind comes.
    pub(crate) fn plot(&self, kind: Kind, mischief: Mischief, times: u32) {
        self.inside().mischief = Some((kind, mischief, times));
    }

    /// How often a question of this kind has come.
    pub(crate) fn heard(&self, kind: Kind) -> usize {
        self.inside().heard.iter().filter(|heard| **heard == kind).count()
    }

    /// Contributes this person too, who lives elsewhere, with a touch of the spells and these spells.
    pub(crate) fn knows_elsewhere(&self, person: u8, spells: Vec<EventRecord>) {
        let mut stranger = contribution(person, self.sector, self.grain);
        (stranger.resident, stranger.eligible) = (false, false);
        self.inside().contributions.push(stranger);
        self.inside().contributions.sort_by_key(|contribution| contribution.pseudonym);
        self.touches(person, spells);
    }

    /// Says that the spells of this person touch, and has these.
    pub(crate) fn touches(&self, person: u8, spells: Vec<EventRecord>) {
        let mut inside = self.inside();
        let found = inside.contributions.iter_mut().find(|c| c.pseudonym == pseudonym(person)).unwrap();
        found.touches |= 1;
        inside.events.extend(spells);
        inside.events.sort_by_key(|record| record.pseudonym);
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Vec<Contribution>)) {
        change(&mut self.inside().contributions);
    }

    /// Contributes something else from the second time on.
    pub(crate) fn change_second(&self, change: impl FnOnce(&mut Vec<Contribution>)) {
        let mut inside = self.inside();
        let mut second = inside.contributions.clone();
        change(&mut second);
        inside.second = Some(second);
    }

    pub(crate) fn set_events(&self, events: Vec<EventRecord>) {
        self.inside().events = events;
    }

    /// Says of this person from now on that they object, and nothing else.
    pub(crate) fn objects(&self, person: u8) {
        let shape = sad().shape(self.grain);
        self.change(|all| {
            all.retain(|contribution| contribution.pseudonym != pseudonym(person));
            all.push(Contribution::objection(pseudonym(person), shape));
            all.sort_by_key(|contribution| contribution.pseudonym);
        });
    }

    /// Of whom it was told that they object, each time.
    pub(crate) fn objecting(&self) -> Vec<Vec<Objection>> {
        self.inside().objecting.clone()
    }

    /// Signs as this node that someone objects.
    pub(crate) fn objection(&self, person: u8, study: Digest) -> Signature {
        objection::sign(pseudonym(person), study, &self.key)
    }

    pub(crate) fn asked(&self) -> Vec<EventRequest> {
        self.inside().asked.clone()
    }

    /// Looks at what came back.
    pub(crate) fn lists<T>(&self, look: impl FnOnce(&[List]) -> T) -> T {
        look(&self.inside().lists)
    }

    pub(super) fn connect(self: &Arc<Self>, coordinator: &Arc<Coordinator>) {
        let (own, theirs) = pair(self.id.clone());
        let own: Arc<dyn Link> = Arc::new(own);
        self.inside().link = Some(Arc::clone(&own));
        let puppet = Arc::clone(self);
        tokio::spawn(async move {
            while let Ok(stream) = own.accept().await {
                let puppet = Arc::clone(&puppet);
                // The coordinator may be gone.
                tokio::spawn(async move { puppet.answer(stream).await.ok() });
            }
            let mut inside = puppet.inside();
            inside.link.take_if(|link| Arc::ptr_eq(link, &own));
        });
        let coordinator = Arc::clone(coordinator);
        tokio::spawn(async move { coordinator.attend(Arc::new(theirs)).await });
    }

    pub(super) async fn answer(&self, mut stream: Stream) -> Result<(), ExchangeError> {
        let Some(header) = stream.receiver.peek(WAIT).await? else { return Ok(()) };
        let study = header.study;
        let mut exchange = Exchange::on(stream, self.roster, study);
        let frame = exchange.frame(WAIT).await?;
        let kind = frame.kind();
        if !self.hear(kind, &mut exchange).await? {
            return Ok(());
        }
        let outside = [Kind::Prepare, Kind::Propose, Kind::Close, Kind::Status, Kind::AskQuery];
        if !outside.contains(&kind) && !self.inside().studies.contains(&study) {
            return exchange.refuse(RejectCode::StudyClosed).await;
        }
        match kind {
            Kind::Prepare => {
                let ask: Prepare = frame.message()?;
                let rules = self.inside().rules.clone();
                if !rules.is_empty() {
                    return exchange.answer(&Declined { rules }, WAIT).await;
                }
                exchange.answer(&self.prepared(&ask), WAIT).await
            }
            Kind::Propose => {
                let ask: Propose = frame.message()?;
                let manifest = ask.manifest.content.digest();
                self.inside().manifests.push(ask.manifest.content);
                self.inside().studies.insert(manifest);
                let content = Acceptance { node: self.id.clone(), manifest };
                let acceptance = Signed::new(content, Purpose::Manifest, manifest, &self.key);
                exchange.answer(&Accepted { acceptance }, WAIT).await
            }
            Kind::Open => exchange.answer(&Opened {}, WAIT).await,
            Kind::KeyRound1 => {
                let content = KeyPackage { holder: 1, bytes: Vec::new() };
                let package = Signed::new(content, Purpose::KeyRound1, study, &self.key);
                exchange.answer(&KeyRound1Package { package }, WAIT).await
            }
            Kind::KeyRound2 => exchange.answer(&KeyRound2Packages { packages: Vec::new() }, WAIT).await,
            Kind::KeyRound3 => {
                let content = KeyConfirmation { holder: 1, bytes: Vec::new() };
                let confirmation = Signed::new(content, Purpose::KeyConfirmation, study, &self.key);
                exchange.answer(&KeyConfirmed { confirmation }, WAIT).await
            }
            Kind::KeyPin => exchange.answer(&KeyPinned {}, WAIT).await,
            Kind::Compute => exchange.answer(&Computed { persons: 0 }, WAIT).await,
            Kind::Pseudonymise => {
                exchange.send(&Progress { done: 1, total: 2 }, WAIT).await?;
                exchange.answer(&Pseudonymised { persons: 0 }, WAIT).await
            }
            Kind::Contribute => self.contribute(study, &mut exchange).await,
            Kind::EventRequests | Kind::EventRequestsEnd => {
                let mut asked = Vec::new();
                let mut frame = frame;
                while frame.kind() == Kind::EventRequests {
                    asked.extend(EventRequest::read(&frame.message::<EventRequests>()?.records).unwrap());
                    frame = exchange.frame(WAIT).await?;
                }
                if !self.hear(Kind::EventRequestsEnd, &mut exchange).await? {
                    return Ok(());
                }
                self.inside().asked = asked;
                exchange.answer(&EventsAsked {}, WAIT).await
            }
            Kind::SubmitEvents => self.submit(study, &mut exchange).await,
            Kind::Objections | Kind::ObjectionsEnd => {
                let mut told = Vec::new();
                let mut frame = frame;
                while frame.kind() == Kind::Objections {
                    told.extend(Objection::read(&frame.message::<Objections>()?.records).unwrap());
                    frame = exchange.frame(WAIT).await?;
                }
                let end: ObjectionsEnd = frame.message()?;
                assert_eq!(end.total.content.records, told.len() as u64);
                if !self.hear(Kind::ObjectionsEnd, &mut exchange).await? {
                    return Ok(());
                }
                self.inside().objecting.push(told);
                exchange.answer(&ObjectionsTaken {}, WAIT).await
            }
            Kind::HandBacks | Kind::HandBackEnd => {
                let shape = HandBackShape { criteria: sad().criteria.len() };
                let mut records = Vec::new();
                let mut frame = frame;
                while frame.kind() == Kind::HandBacks {
                    records.extend(shape.read(&frame.message::<HandBacks>()?.records).unwrap());
                    frame = exchange.frame(WAIT).await?;
                }
                let end: HandBackEnd = frame.message()?;
                if !self.hear(Kind::HandBackEnd, &mut exchange).await? {
                    return Ok(());
                }
                self.inside().lists.push(List { records, total: end.total.content });
                exchange.answer(&HandedBack { persons: 0 }, WAIT).await
            }
            Kind::AskQuery => {
                self.inside().queries.push(frame.body().to_vec());
                self.release(&frame.message()?, &mut exchange).await
            }
            Kind::Close => {
                self.inside().studies.remove(&study);
                exchange.answer(&Closed { is_kept: false }, WAIT).await
            }
            _ => exchange.refuse(RejectCode::UnexpectedKind).await,
        }
    }

    pub(super) fn prepared(&self, ask: &Prepare) -> Prepared {
        let asked = &ask.request.content;
        let showing = Showing { smallest: 0, rounding: 1 };
        let terms = TablesTerms { nano_rho: 400_000_000, left: LEFT, showing };
        Prepared {
            evaluations: 40,
            grain: asked.grain.min(self.grain),
            disclosure: Disclosure::Items,
            everyone: true,
            tables: asked.tables.is_some().then_some(terms),
            laboratory: true,
            data: statement(),
            series: None,
        }
    }

    /// Answers a query: the first answer has 100 in every cell, the next 101, each in a frame of its own.
    pub(super) async fn release(&self, ask: &AskQuery, exchange: &mut Exchange) -> Result<(), ExchangeError> {
        let query = query(&ask.request.content.query);
        let refused = self.inside().rules.clone();
        let count = if refused.is_empty() { ask.request.content.times } else { 0 };
        let body = |number: u32| {
            sealed(self.id.as_str(), release(self.id.as_str(), &query, 100 + i64::from(number)))
        };
        let mut frames: Vec<Releases> =
            (0..count).map(|number| Releases { sequence: number, bodies: vec![body(number)] }).collect();
        let mut end = ReleasesEnd { count, refused };
        if let Some(bend) = self.inside().bend {
            bend(&mut frames, &mut end);
        }
        for frame in frames {
            exchange.send(&frame, WAIT).await?;
            if !self.hear(Kind::Releases, exchange).await? {
                return Ok(());
            }
        }
        exchange.answer(&end, WAIT).await
    }

    /// Refuses from now on, under this rule.
    pub(crate) fn refuses(&self, code: &str) {
        self.inside().rules = vec![rule(code)];
    }

    /// Makes this of its answers to queries.
    pub(crate) fn bends(&self, bend: Bend) {
        self.inside().bend = Some(bend);
    }

    /// Queries that it was asked, byte for byte.
    pub(crate) fn queries(&self) -> Vec<Vec<u8>> {
        self.inside().queries.clone()
    }

    /// Studies that it agreed to.
    pub(crate) fn manifests(&self) -> Vec<Manifest> {
        self.inside().manifests.clone()
    }

    /// Takes note of a question; whether it is to be answered.
    pub(super) async fn hear(&self, kind: Kind, exchange: &mut Exchange) -> Result<bool, ExchangeError> {
        let _ = self.told.send((self.id.clone(), kind));
        let mischief = {
            let mut inside = self.inside();
            inside.heard.push(kind);
            let left = inside.mischief.as_mut().filter(|(at, _, times)| *at == kind && *times > 0);
            let mischief = left.map(|(_, mischief, times)| {
                *times -= 1;
                *mischief
            });
            if mischief == Some(Mischief::Restart) {
                inside.studies.clear();
            }
            if matches!(mischief, Some(Mischief::Cut | Mischief::Restart)) {
                inside.cut();
            }
            mischief
        };
        match mischief {
            None => Ok(true),
            Some(Mischief::Cut | Mischief::Restart) => Ok(false),
            Some(Mischief::Refuse(code)) => exchange.refuse(code).await.map(|()| false),
            Some(Mischief::Blame(holder, code)) => {
                exchange.blame(NodeId::new(holder).unwrap(), code).await.map(|()| false)
            }
            Some(Mischief::Silence) => {
                tokio::time::sleep(WAIT).await;
                Ok(false)
            }
        }
    }

    pub(super) async fn contribute(
        &self,
        study: Digest,
        exchange: &mut Exchange,
    ) -> Result<(), ExchangeError> {
        let records = {
            let inside = self.inside();
            let again = inside.heard.iter().filter(|kind| **kind == Kind::Contribute).count() > 1;
            let second = inside.second.as_ref().filter(|_| again);
            second.unwrap_or(&inside.contributions).clone()
        };
        let shape = sad().shape(self.grain);
        let mut hash = Sha256::new();
        for (sequence, few) in (0..).zip(records.chunks(7)) {
            let mut body = Vec::new();
            few.iter().for_each(|record| shape.write(record, &mut body));
            hash.update(&body);
            let objecting = few.iter().filter(|contribution| contribution.objects);
            let objections = objecting
                .map(|contribution| objection::sign(contribution.pseudonym, study, &self.key))
                .collect();
            exchange.send(&Contributions { sequence, records: body, objections }, WAIT).await?;
        }
        let total = self.total(records.len(), hash);
        let total = Signed::new(total, Purpose::Contributions, study, &self.key);
        exchange.answer(&ContributionsEnd { total }, WAIT).await
    }

    pub(super) async fn submit(&self, study: Digest, exchange: &mut Exchange) -> Result<(), ExchangeError> {
        let records = self.inside().events.clone();
        let mut hash = Sha256::new();
        for (sequence, few) in (0..).zip(records.chunks(2)) {
            let mut body = Vec::new();
            few.iter().for_each(|record| record.write(&mut body));
            hash.update(&body);
            exchange.send(&EventsPart { sequence, records: body }, WAIT).await?;
        }
        let total = Signed::new(self.total(records.len(), hash), Purpose::Events, study, &self.key);
        exchange.answer(&EventsEnd { total }, WAIT).await
    }

    pub(super) fn total(&self, records: usize, hash: Sha256) -> StreamTotal {
        StreamTotal { node: self.id.clone(), records: records as u64, digest: Digest(hash.finalize().into()) }
    }
}
