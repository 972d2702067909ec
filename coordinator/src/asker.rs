//! The person who asks: signs requests with a key that stays with the person. It runs in the person's own program, and
//! the coordinator never sees the key.

use std::path::Path;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use rand::Rng as _;
use tvaers_definitions::indicator::Indicator;
use tvaers_definitions::library::Library;
use tvaers_definitions::model::Model;
use tvaers_host::private;
use tvaers_host::process::system_rng;
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::Signed;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::request::{
    Approval, QueryRequest, RequestId, Series, StudyRequest, TablesRequest, Under,
};
use tvaers_protocol::roster::{SignedRoster, VerifiedRoster};
use tvaers_protocol::sign::SigningKey;
use tvaers_protocol::study::{Grain, utc_date};
use tvaers_query::query::Party;
use tvaers_query::{Decimal, Query};

/// How long a request holds beyond the time that it lets a node be away: a coordinator that was stopped goes on with it.
const HOLDS: SignedDuration = SignedDuration::from_hours(24);

/// A person with a key, in a federation.
pub struct Asker {
    key: SigningKey,
    roster: VerifiedRoster,
    library: Library,
}

/// A stratification as a person wishes it.
#[derive(Clone, Debug)]
pub struct StudyWish {
    /// The model's name.
    pub model: String,
    /// The reference date.
    pub as_of: Date,
    /// The finest grain.
    pub grain: Grain,
    /// Under which permit work lists are made; none where none are wanted.
    pub list: Option<Under>,
    /// Which tables are released; none where none are wanted.
    pub tables: Option<TablesRequest>,
    /// For how long the key is kept for later runs, or which of them this is; none where it is erased with the run.
    pub series: Option<Series>,
}

impl Asker {
    /// A person with this key, who knows this roster.
    #[must_use]
    pub const fn new(key: SigningKey, roster: VerifiedRoster, library: Library) -> Self {
        Self { key, roster, library }
    }

    /// Reads the person's key file and the roster.
    ///
    /// # Errors
    /// [`Problem`] where a file cannot be read, or the roster does not name the key.
    pub fn open(key: &Path, roster: &Path, library: Library) -> Result<Self, Problem> {
        let seed = private::read_key(key).map_err(|error| {
            Problem::from_error(Exit::BadInput, "asker.key", &error)
                .at(key.display())
                .expected("the key file that `tvaers analyst new` made, for its owner only")
                .next("name it with --key or TVAERS_KEY")
        })?;
        let unreadable = |what: String| {
            Problem::new(Exit::BadInput, "asker.roster", what)
                .at(roster.display())
                .expected("the federation's roster")
                .next("put the signed roster there")
        };
        let text = std::fs::read_to_string(roster).map_err(|error| unreadable(error.to_string()))?;
        let signed = SignedRoster::parse(&text).map_err(|error| unreadable(error.to_string()))?;
        let asker = Self::new(SigningKey::from_seed(&seed), VerifiedRoster::known(signed), library);
        let own = asker.key.verifying_key();
        if asker.roster.roster().people.iter().any(|person| person.signing == own) {
            return Ok(asker);
        }
        Err(Problem::new(Exit::Refused, "request.unknown-key", "the roster names nobody with this key")
            .at(key.display())
            .expected("the key of a person of the roster")
            .next("send your person.toml to the secretariat and have a new roster signed"))
    }

    /// The definitions that this program has.
    #[must_use]
    pub const fn library(&self) -> &Library {
        &self.library
    }

    /// The roster that the person knows.
    #[must_use]
    pub const fn roster(&self) -> &VerifiedRoster {
        &self.roster
    }

    /// Reads a query file.
    ///
    /// # Errors
    /// Every [`Problem`] of the file.
    pub fn read_query(&self, text: &str, file: &str, now: Timestamp) -> Result<Query, Vec<Problem>> {
        let members = self.roster.roster().members_on(utc_date(now));
        let parties: Vec<Party> = members.map(Party::from).collect();
        let query = Query::parse(text, file, self.library.catalogue(), &parties);
        query.map_err(|faults| faults.iter().map(|fault| fault.problem()).collect())
    }

    /// A signed query. `times` is more than 1 in a laboratory only.
    #[must_use]
    pub fn query(
        &self,
        query: &Query,
        under: Under,
        times: u32,
        wait_s: u64,
        now: Timestamp,
    ) -> Signed<QueryRequest> {
        let content = QueryRequest {
            id: random(),
            requester: self.key.verifying_key(),
            under,
            query: query.text(),
            catalogue: self.library.catalogue().digest(),
            times,
            created: now,
            expires: expires(now, wait_s),
        };
        Signed::request(content, self.digest(), &self.key)
    }

    /// The indicator of this name.
    ///
    /// # Errors
    /// [`Problem`] where there is none.
    pub fn indicator(&self, name: &str) -> Result<&Indicator, Problem> {
        self.library.indicator(name).ok_or_else(|| {
            let known = self.library.indicators().iter().map(|indicator| indicator.name.as_str());
            let known: Vec<&str> = known.collect();
            Problem::new(Exit::BadInput, "indicator.unknown", format_args!("there is no indicator `{name}`"))
                .expected(format_args!("one of: {}", known.join(", ")))
                .next("name one of these, or put a file of your own into the folder `indicators`")
        })
    }

    /// The queries of an indicator that is answered by queries, on a date and for this budget at each node.
    ///
    /// # Errors
    /// Every [`Problem`] of its file.
    pub fn queries(
        &self,
        indicator: &Indicator,
        as_of: Date,
        nano_rho: u64,
        now: Timestamp,
    ) -> Result<Vec<Query>, Vec<Problem>> {
        let members = self.roster.roster().members_on(utc_date(now));
        let parties: Vec<Party> = members.map(Party::from).collect();
        let catalogue = self.library.catalogue();
        let queries = tvaers_query::indicator::queries(indicator, as_of, nano_rho, catalogue, &parties);
        queries.map_err(|faults| faults.iter().map(|fault| fault.problem()).collect())
    }

    /// A signed stratification.
    ///
    /// # Errors
    /// [`Problem`] where there is no such model.
    pub fn study(
        &self,
        wish: StudyWish,
        wait_s: u64,
        now: Timestamp,
    ) -> Result<Signed<StudyRequest>, Problem> {
        let model = self.model(&wish.model)?;
        let content = StudyRequest {
            id: random(),
            requester: self.key.verifying_key(),
            model: model.name.clone(),
            model_digest: model.digest,
            catalogue_digest: self.library.catalogue().digest(),
            as_of: wish.as_of,
            grain: wish.grain,
            list: wish.list,
            tables: wish.tables,
            series: wish.series,
            created: now,
            expires: expires(now, wait_s),
        };
        Ok(Signed::request(content, self.digest(), &self.key))
    }

    /// This person's approval of what another asks for.
    #[must_use]
    pub fn approve(&self, request: &Signed<StudyRequest>, now: Timestamp) -> Signed<Approval> {
        Signed::approval(request, now, self.digest(), &self.key)
    }

    fn model(&self, name: &str) -> Result<&Model, Problem> {
        self.library.model(name).ok_or_else(|| {
            let known: Vec<&str> = self.library.models().iter().map(|model| model.name.as_str()).collect();
            Problem::new(Exit::BadInput, "stratify.model", format_args!("there is no model `{name}`"))
                .expected(format_args!("one of: {}", known.join(", ")))
                .next("name a model of this version")
        })
    }

    fn digest(&self) -> Digest {
        self.roster.digest()
    }
}

/// A budget in rho, in thousand-millionths.
///
/// # Errors
/// What is wrong with the number.
pub fn nano_rho(text: &str) -> Result<u64, String> {
    Decimal::parse(text)
        .map(Decimal::nano)
        .map_err(|error| format!("{error}; expected {}", Decimal::EXPECTED))
}

fn random() -> RequestId {
    let mut bytes = [0; 16];
    system_rng().fill_bytes(&mut bytes);
    RequestId(bytes)
}

fn expires(now: Timestamp, wait_s: u64) -> Timestamp {
    let wait = SignedDuration::from_secs(i64::try_from(wait_s).unwrap_or(i64::MAX))
        .min(SignedDuration::from_hours(24 * 29));
    now.checked_add(wait).and_then(|time| time.checked_add(HOLDS)).unwrap_or(now)
}
