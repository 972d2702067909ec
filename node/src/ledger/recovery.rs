//! Making up for entries that are lost for good. What they charged was spent, so the ledger that goes on without them
//! is charged the difference: its total is then no less than what a witness saw.

use jiff::Timestamp;
use tvaers_protocol::id::Digest;

use super::claim::{Charge, Claim, Head, Outcome, Source};
use super::name::{Name, Requester};
use super::rho::NanoRho;
use super::{Ledger, LedgerError, store};

/// The permit under which a loss stands in the ledger. No request is charged for it, and no answer stored.
pub const PERMIT: &str = "ledger-recovery";

impl Claim {
    /// The loss of all entries up to a head that is not this ledger's, answered for by `by`.
    fn loss(lost: &Head, permit: Name, by: Requester) -> Self {
        let id = Digest::of("tvaers/v1/ledger-recovery", &[&lost.entries.to_be_bytes(), &lost.digest.0]);
        Self {
            request: id,
            source: Source::Query,
            permit,
            requester: by,
            query: id,
            import: 0,
            repetition: 0,
        }
    }
}

impl Ledger {
    /// Charges what a witness saw spent beyond what this ledger knows, at least the smallest amount that there is, so
    /// that the loss stands in the ledger. Of which permits it was nobody can say any more: it counts towards the
    /// period and for life, and towards no permit's own budget. Gives the charge, also where it stands already.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn recover(
        &self,
        lost: &Head,
        life: NanoRho,
        by: Requester,
        now: Timestamp,
    ) -> Result<Charge, LedgerError> {
        let claim = Claim::loss(lost, permit()?, by);
        let price = |spent: &super::Spent| -> Result<NanoRho, std::convert::Infallible> {
            Ok(life.less(spent.life).max(NanoRho::SMALLEST))
        };
        match self.charge(&claim, now, |_| Vec::new(), price).await? {
            Outcome::Charged(charge) => Ok(charge),
            Outcome::Stored(release) => Err(LedgerError::NoCharge(release.charge)),
            Outcome::Refused(never) => match never {},
        }
    }

    /// Whether this ledger neither contains a head that a witness saw nor makes up for it.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn lacks(&self, seen: &Head) -> Result<bool, LedgerError> {
        Ok(!self.contains(seen).await? && !self.makes_up_for(seen).await?)
    }

    /// Whether a charge makes up for entries up to a head that this ledger does not contain.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn makes_up_for(&self, lost: &Head) -> Result<bool, LedgerError> {
        let nobody = Requester { name: permit()?, key: Digest::NONE };
        let mut connection = self.pool.acquire().await?;
        let claim = Claim::loss(lost, permit()?, nobody);
        Ok(store::charge_of_query(&mut connection, &claim).await?.is_some())
    }
}

fn permit() -> Result<Name, LedgerError> {
    Name::new(PERMIT).map_err(|_| LedgerError::Zero)
}
