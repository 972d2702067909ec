//! What is asked of a federation, as the programs of people ask it.

use super::*;

impl Federation {
    /// Runs the stratification as `tvaers stratify` does.
    ///
    /// # Errors
    /// The coordinator's own.
    pub async fn stratify(&self) -> Result<Summary, Problem> {
        self.ask(&self.request()).await
    }

    /// What [`Self::stratify`] asks for: a list and tables, at the finest grain.
    #[must_use]
    pub fn request(&self) -> stratify::Request {
        self.request_at(Grain::Events)
    }

    /// The same at another grain.
    #[must_use]
    pub fn request_at(&self, grain: Grain) -> stratify::Request {
        self.signed(&self.model, self.as_of, grain, 10)
    }

    /// A stratification signed by the local analyst.
    ///
    /// # Panics
    /// Where there is no such model.
    #[must_use]
    pub fn signed(&self, model: &str, as_of: Date, grain: Grain, deadline_s: u64) -> stratify::Request {
        let wish = self.wish(model, as_of, grain);
        self.approved(wish, deadline_s)
    }

    /// Another wish of the local analyst, signed.
    ///
    /// # Panics
    /// Where there is no such model.
    #[must_use]
    pub fn signed_wish(&self, wish: StudyWish) -> stratify::Request {
        self.approved(wish, 10)
    }

    /// Signed by the local analyst, and approved by the local officer.
    fn approved(&self, wish: StudyWish, deadline_s: u64) -> stratify::Request {
        let study = self.asker.study(wish, deadline_s, SystemClock.now());
        let study = study.unwrap_or_else(|problem| panic!("{problem}"));
        let approval = Some(Box::new(self.officer.approve(&study, SystemClock.now())));
        stratify::Request { study, approval, deadline_s }
    }

    /// The person who approves.
    #[must_use]
    pub const fn officer(&self) -> &Asker {
        &self.officer
    }

    /// What the local analyst wishes where nothing else is said: a list and tables.
    #[must_use]
    pub fn wish(&self, model: &str, as_of: Date, grain: Grain) -> StudyWish {
        let tables = TablesRequest { under: self.permits.tables.clone(), nano_rho: None, cut_off: None };
        let list = Some(self.permits.lists.clone());
        StudyWish { model: model.to_owned(), as_of, grain, list, tables: Some(tables), series: None }
    }

    /// Has the local analyst sign what a manifest says was asked for.
    ///
    /// # Panics
    /// Where the analyst's key cannot be read.
    pub fn sign_request(&self, manifest: &mut Manifest) {
        let seed = private::read_key(&self.provisioned.analyst_key());
        let key = SigningKey::from_seed(&seed.unwrap_or_else(|error| panic!("{error}")));
        let content = manifest.request.content.clone();
        manifest.request = Signed::request(content, self.asker.roster().digest(), &key);
        manifest.approval = Some(self.officer.approve(&manifest.request, SystemClock.now()));
    }

    /// The person who asks.
    #[must_use]
    pub const fn asker(&self) -> &Asker {
        &self.asker
    }

    /// Under which permits is asked.
    #[must_use]
    pub const fn permits(&self) -> &Permits {
        &self.permits
    }

    /// Runs a stratification.
    ///
    /// # Errors
    /// The coordinator's own.
    pub async fn ask(&self, request: &stratify::Request) -> Result<Summary, Problem> {
        // Nobody listens to the events of a test.
        let (events, _) = Events::channel();
        self.ask_telling(request, &events).await
    }

    /// The same, with events for whoever listens.
    ///
    /// # Errors
    /// The coordinator's own.
    pub async fn ask_telling(
        &self,
        request: &stratify::Request,
        events: &Events,
    ) -> Result<Summary, Problem> {
        stratify::run(&self.coordinator, request, events).await
    }

    /// Ends the series of a run, as `tvaers study close` does.
    ///
    /// # Errors
    /// The coordinator's own.
    pub async fn close_series(&self, run: RunId) -> Result<series::Ended, Problem> {
        let run = RequestId::try_from(run.to_string());
        let run = run.map_err(|error| Problem::from_error(Exit::Failed, "test.run", &error))?;
        series::end(&self.coordinator, &run).await
    }

    /// Asks a query as `tvaers query submit` does, and gives what is told of it and the results.
    ///
    /// # Errors
    /// The person's own program's, or the coordinator's.
    pub async fn query(&self, text: &str) -> Result<(Answered, Vec<Answer>), Problem> {
        self.query_times(text, 1).await
    }

    /// The same, so many times.
    ///
    /// # Errors
    /// As [`Self::query`].
    pub async fn query_times(&self, text: &str, times: u32) -> Result<(Answered, Vec<Answer>), Problem> {
        let signed = self.signed_query(text, times)?;
        self.ask_query(&RequestId::random(), signed).await
    }

    /// A query signed by the local analyst.
    ///
    /// # Errors
    /// The first fault of the query.
    pub fn signed_query(&self, text: &str, times: u32) -> Result<Signed<QueryRequest>, Problem> {
        let now = SystemClock.now();
        let query = self.asker.read_query(text, "query.toml", now);
        let query = query.map_err(|mut problems| problems.remove(0))?;
        Ok(self.asker.query(&query, self.permits.aggregates.clone(), times, 10, now))
    }

    /// Has the coordinator ask a signed query under a name.
    ///
    /// # Errors
    /// The coordinator's.
    pub async fn ask_query(
        &self,
        id: &RequestId,
        query: Signed<QueryRequest>,
    ) -> Result<(Answered, Vec<Answer>), Problem> {
        let (events, _) = Events::channel();
        let asked = QueryAsked { query, deadline_s: 10 };
        match query::run_as(&self.coordinator, id, &asked, &events).await? {
            Outcome::Answered(answered) => {
                let mut results = Vec::new();
                loop {
                    let from = u32::try_from(results.len()).unwrap_or(u32::MAX);
                    let page = self.coordinator.results(id.as_str(), from).await?;
                    if page.is_empty() {
                        return Ok((answered, results));
                    }
                    results.extend(page);
                }
            }
            outcome => outcome.into_result().map(|_| unreachable!("a query ends in no stratification")),
        }
    }

    /// Asks an indicator for this budget in thousand-millionths of rho, as `tvaers indicators ask` does; its result.
    ///
    /// # Errors
    /// [`Problem`], also where nothing was released.
    pub async fn indicator(&self, name: &str, nano_rho: u64) -> Result<Answer, Problem> {
        let indicator = self.asker.indicator(name)?;
        let nothing = || Problem::new(Exit::Failed, "test.nothing", "nothing was released");
        if indicator.aggregate().is_none() {
            let under = self.permits.tables.clone();
            let wish = StudyWish {
                model: name.to_owned(),
                as_of: self.as_of(),
                grain: Grain::Events,
                list: None,
                tables: Some(TablesRequest { under, nano_rho: Some(nano_rho), cut_off: None }),
                series: None,
            };
            return self.ask(&self.signed_wish(wish)).await?.tables.ok_or_else(nothing);
        }
        let asked = self.signed_indicator(name, nano_rho)?;
        let (id, (events, _)) = (RequestId::random(), Events::channel());
        match query::run_indicator_as(&self.coordinator, &id, &asked, &events).await? {
            Outcome::Answered(answered) => {
                let mut results = self.coordinator.results(answered.request.as_str(), 0).await?;
                if results.is_empty() { Err(nothing()) } else { Ok(results.remove(0)) }
            }
            outcome => outcome.into_result().map(|_| unreachable!("an indicator of queries is no study")),
        }
    }

    /// The queries of an indicator, signed by the local analyst.
    ///
    /// # Errors
    /// The first fault of its file.
    pub fn signed_indicator(&self, name: &str, nano_rho: u64) -> Result<IndicatorAsked, Problem> {
        let now = SystemClock.now();
        let indicator = self.asker.indicator(name)?;
        let queries = self.asker.queries(indicator, self.as_of(), nano_rho, now);
        let queries = queries.map_err(|mut problems| problems.remove(0))?;
        let under = &self.permits.aggregates;
        let queries =
            queries.iter().map(|query| self.asker.query(query, under.clone(), 1, 10, now)).collect();
        Ok(IndicatorAsked { indicator: name.to_owned(), queries, deadline_s: 10 })
    }
}
