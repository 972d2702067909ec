//! Whether this node's policy allows a study: the request of a person whom the roster names, judged by permit and
//! policy, for a work list, for tables, or for both, each by its own permit.

use jiff::Timestamp;
use jiff::civil::Date;
use tvaers_definitions::model::Model;
use tvaers_definitions::tables::Tables;
use tvaers_policy::permit::Recipient;
use tvaers_policy::request::{Ask, ContributionRequest, JoinedRequest, Second, Spent, Study as Needed, Wish};
use tvaers_policy::verdict::{ContributionGrant, JoinedGrant, Verdict};
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::{Rule, Signed, TablesTerms};
use tvaers_protocol::release::{BudgetLeft, Showing};
use tvaers_protocol::request::{Approval, StudyRequest, TablesRequest, Under};
use tvaers_protocol::roster::Person;
use tvaers_protocol::study::{Disclosure, Grain, Manifest, utc_date};

use crate::ledger::claim::{self, Claim, Outcome};
use crate::ledger::name::{Name, Requester};
use crate::ledger::rho::NanoRho;
use crate::node::Node;
use crate::policy::keeper::Held;
use crate::policy::{self, InForce, of_request, own, rules};
use crate::refusal::Refusal;

/// What a study may be at this node: no more than this.
pub(super) struct Allowed {
    /// How fine contributions are.
    pub(super) grain: Grain,
    /// What a work list tells.
    pub(super) disclosure: Disclosure,
    /// Whether it tells of everyone in the population.
    pub(super) everyone: bool,
    /// On what terms tables are released; none where none are asked for.
    pub(super) tables: Option<TablesTerms>,
}

/// What is known of a study when it is judged.
pub(super) enum Known<'a> {
    /// It is being drafted; less is granted where the policy has no more.
    Draft {
        /// The persons that the node would have evaluated.
        evaluations: u32,
    },
    /// It is agreed between all nodes.
    Agreed(&'a Manifest),
}

/// Who asks for a study, and in whose words the ledger has it.
pub(super) struct Asker<'a> {
    pub(super) person: &'a Person,
    pub(super) requester: Requester,
    /// Who approved it; none where nobody did.
    pub(super) second: Option<&'a Person>,
}

/// The person who asks: one of the roster, whose key signed, in time; and the one who approved it, if anyone did.
pub(super) fn asker<'n>(
    node: &'n Node,
    request: &Signed<StudyRequest>,
    approval: Option<&Signed<Approval>>,
    now: Timestamp,
) -> Result<Asker<'n>, Rule> {
    let person = request.asker(node.roster(), now).map_err(of_request)?;
    named(node, request, approval, person)
}

/// The same for a study that was agreed to while the request held.
pub(super) fn signer<'n>(node: &'n Node, manifest: &Manifest) -> Result<Asker<'n>, Rule> {
    let request = &manifest.request;
    let person = request.signer(node.roster()).map_err(of_request)?;
    named(node, request, manifest.approval.as_ref(), person)
}

fn named<'n>(
    node: &'n Node,
    request: &Signed<StudyRequest>,
    approval: Option<&Signed<Approval>>,
    person: &'n Person,
) -> Result<Asker<'n>, Rule> {
    let requester = Requester::new(name(&person.name)?, &person.signing);
    let second = approval.map(|approval| approval.approver(request, node.roster()));
    Ok(Asker { person, requester, second: second.transpose().map_err(of_request)? })
}

fn name(text: &str) -> Result<Name, Rule> {
    Name::new(text).map_err(|error| {
        own("request.name", format!("A name in the request cannot be used: {error}."), "", "Correct it.")
    })
}

/// What the policy in force says to a study.
pub(super) async fn judge(
    node: &Node,
    held: &Held,
    request: &Signed<StudyRequest>,
    asker: &Asker<'_>,
    model: &Model,
    known: &Known<'_>,
    now: Timestamp,
) -> Result<Result<Allowed, Vec<Rule>>, Refusal> {
    let in_force = match held.or_rule() {
        Ok(in_force) => in_force,
        Err(rule) => return Ok(Err(vec![rule])),
    };
    let asked = &request.content;
    let mut broken = Vec::new();
    let mut allowed =
        Allowed { grain: asked.grain, disclosure: Disclosure::Inclusion, everyone: false, tables: None };
    if let Some(under) = &asked.list {
        match list(node, in_force, asked, asker, under, model, known, now) {
            Ok(grant) => {
                allowed.grain = allowed.grain.min(grant.study.grain);
                allowed.disclosure = grant.disclosure;
                allowed.everyone = grant.persons == tvaers_policy::permit::Persons::All;
            }
            Err(rules) => broken.extend(rules),
        }
    }
    if let Some(wanted) = &asked.tables {
        let permit = match name(&wanted.under.permit) {
            Ok(permit) => permit,
            Err(rule) => return Ok(Err(vec![rule])),
        };
        let spent = node.ledger().preview(Some(&permit), now, |at| in_force.windows(at)).await;
        let spent = in_force.spent(&spent.map_err(Refusal::internal)?);
        match tables(node, in_force, asked, asker, wanted, model, known, &spent, now) {
            Ok(grant) => {
                allowed.grain = allowed.grain.min(grant.study.grain);
                allowed.tables = Some(terms(&grant));
            }
            Err(rules) => broken.extend(rules),
        }
    }
    if asked.list.is_none() && asked.tables.is_none() {
        broken.push(own(
            "request.nothing",
            "The request asks for nothing.".to_owned(),
            "",
            "Ask for a list or for tables.",
        ));
    }
    let grain = match known {
        Known::Draft { .. } => allowed.grain,
        Known::Agreed(manifest) => manifest.grain,
    };
    broken.extend(of_indicator(asked, model, grain));
    Ok(if broken.is_empty() { Ok(allowed) } else { Err(broken) })
}

/// What no policy can allow: a work list by an indicator's model, which is for tables alone, and numbers by points.
fn of_indicator(asked: &StudyRequest, model: &Model, grain: Grain) -> Vec<Rule> {
    let mut broken = Vec::new();
    if asked.list.is_some() && !model.tables.is_empty() {
        let what = "The request asks for a work list by an indicator, which is for released tables alone.";
        broken.push(own("mode.indicator", what.to_owned(), "tables", "Ask for its tables, without a list."));
    }
    if asked.tables.as_ref().is_some_and(|tables| tables.cut_off.is_some()) && !model.tables.is_empty() {
        let what = "The request has a cut-off, and an indicator's tables have none.";
        broken.push(own("tables.cut-off", what.to_owned(), "", "Ask without a cut-off."));
    }
    let least = model.least_grain();
    if grain < least {
        let what = format!("The indicator adds up numbers, which takes contributions at {least} or finer.");
        broken.push(own(
            "grain.indicator",
            what,
            &grain.to_string(),
            "Ask at a finer grain, or have the permit grant it.",
        ));
    }
    broken
}

/// What the policy in force says to a study that was agreed to. Its tables may be charged already, which the ledger
/// would find without asking anybody, so they are judged as though nothing were spent.
pub(super) fn judge_agreed(
    node: &Node,
    held: &Held,
    manifest: &Manifest,
    asker: &Asker<'_>,
    model: &Model,
    now: Timestamp,
) -> Result<(), Vec<Rule>> {
    let in_force = held.or_rule().map_err(|rule| vec![rule])?;
    let asked = &manifest.request.content;
    let known = Known::Agreed(manifest);
    let mut broken = vec![of_indicator(asked, model, manifest.grain)];
    if let Some(under) = &asked.list {
        broken.extend(list(node, in_force, asked, asker, under, model, &known, now).err());
    }
    if let Some(wanted) = &asked.tables {
        let nothing = Spent::default();
        broken.extend(tables(node, in_force, asked, asker, wanted, model, &known, &nothing, now).err());
    }
    let broken: Vec<Rule> = broken.into_iter().flatten().collect();
    if broken.is_empty() { Ok(()) } else { Err(broken) }
}

#[expect(clippy::too_many_arguments, reason = "what a verdict rests on")]
fn list(
    node: &Node,
    in_force: &InForce,
    asked: &StudyRequest,
    asker: &Asker<'_>,
    under: &Under,
    model: &Model,
    known: &Known<'_>,
    now: Timestamp,
) -> Result<ContributionGrant, Vec<Rule>> {
    let disclosure = match known {
        Known::Draft { .. } => Wish::UpTo(Disclosure::Items),
        Known::Agreed(manifest) => Wish::Exactly(manifest.disclosure),
    };
    let request = ContributionRequest {
        ask: ask(asked, asker, under),
        study: needed(node, asked, model, known, asked.series.map(|series| series.until)),
        disclosure,
        recipients: &[Recipient::Municipality],
    };
    let grant = granted(in_force.policy().admit_contribution(&request, policy::day(now)))?;
    let everyone = matches!(known, Known::Agreed(manifest) if manifest.everyone);
    if everyone && grant.persons != tvaers_policy::permit::Persons::All {
        let what = "The work list would tell of everyone in the population, and the permit allows the selected only.";
        return Err(vec![own("work-list.persons", what.to_owned(), "selected", "Ask for less.")]);
    }
    Ok(grant)
}

#[expect(clippy::too_many_arguments, reason = "what a verdict rests on")]
fn tables(
    node: &Node,
    in_force: &InForce,
    asked: &StudyRequest,
    asker: &Asker<'_>,
    wanted: &TablesRequest,
    model: &Model,
    known: &Known<'_>,
    spent: &Spent,
    now: Timestamp,
) -> Result<JoinedGrant, Vec<Rule>> {
    let of = match known {
        Known::Draft { .. } => now,
        Known::Agreed(manifest) => manifest.created,
    };
    let layout = Tables::new(model, &node.roster().kommune_codes(utc_date(of)), asked.as_of, wanted.cut_off);
    let nano_rho = match known {
        Known::Draft { .. } => wanted.nano_rho,
        Known::Agreed(manifest) => Some(manifest.nano_rho),
    };
    // Of a run that makes lists too, their permit says whether its key may be kept.
    let follow_up = asked.series.filter(|_| asked.list.is_none()).map(|series| series.until);
    let request = JoinedRequest {
        ask: ask(asked, asker, &wanted.under),
        study: needed(node, asked, model, known, follow_up),
        categories: &layout.categories(),
        dimensions: layout.dimensions(),
        cells: layout.cells_len(),
        nano_rho,
        repetition: 0,
    };
    granted(in_force.policy().admit_joined(&request, spent, policy::day(now)))
}

fn terms(grant: &JoinedGrant) -> TablesTerms {
    let JoinedGrant { price, shown, .. } = grant;
    TablesTerms {
        nano_rho: price.nano_rho,
        left: BudgetLeft { permit: price.left_permit, period: price.left_period, life: price.left_life },
        showing: Showing { smallest: shown.smallest, rounding: shown.rounding },
    }
}

fn ask<'a>(asked: &StudyRequest, asker: &Asker<'_>, under: &'a Under) -> Ask<'a> {
    Ask {
        key: asked.requester,
        role: asker.person.role,
        permit: &under.permit,
        purpose: &under.purpose,
        second: asker.second.map(|person| Second { key: person.signing, role: person.role }),
    }
}

fn needed<'a>(
    node: &Node,
    asked: &StudyRequest,
    model: &'a Model,
    known: &Known<'_>,
    follow_up: Option<Date>,
) -> Needed<'a> {
    let own = &node.config().id;
    let (grain, until, evaluations, peer_evaluations) = match known {
        Known::Draft { evaluations } => (Wish::UpTo(asked.grain), None, *evaluations, 0),
        Known::Agreed(manifest) => {
            let quota = manifest.participant(own).map_or(0, |participant| participant.quota);
            let others = manifest.participants.iter().filter(|participant| participant.node != *own);
            let is_holder = manifest.holder_index(own).is_some();
            let most = if is_holder { others.map(|peer| peer.quota).max().unwrap_or(0) } else { 0 };
            (Wish::Exactly(manifest.grain), Some(utc_date(manifest.deadline)), quota, most)
        }
    };
    let sector = node.config().sector;
    Needed { model, sector, grain, as_of: asked.as_of, until, follow_up, evaluations, peer_evaluations }
}

fn granted<G>(verdict: Verdict<G>) -> Result<G, Vec<Rule>> {
    verdict.into_result().map_err(|violations| rules(&violations))
}

fn joined_claim(
    wanted: &TablesRequest,
    requester: &Requester,
    study: Digest,
    model: &Model,
    import: u32,
) -> Result<Claim, Rule> {
    Ok(Claim::joined(study, &name(&model.name)?, name(&wanted.under.permit)?, requester.clone(), import))
}

/// A study that was charged for its tables.
pub(super) struct Charged {
    /// The charge.
    pub(super) charge: claim::Charge,
    /// The permit.
    pub(super) permit: Name,
}

/// What is left of the budgets now.
pub(super) async fn left(
    node: &Node,
    held: &Held,
    charged: &Charged,
    now: Timestamp,
) -> Result<BudgetLeft, Refusal> {
    let in_force = held.or_refuse()?;
    let spent = node.ledger().preview(Some(&charged.permit), now, |at| in_force.windows(at)).await;
    Ok(in_force.left(charged.permit.as_str(), &in_force.spent(&spent.map_err(Refusal::internal)?)))
}

/// Charges the tables of a study, before anything is read for it; a second time changes nothing. None where it has no
/// tables.
pub(super) async fn charge(
    node: &Node,
    held: &Held,
    manifest: &Manifest,
    model: &Model,
    import: u32,
    now: Timestamp,
) -> Result<Option<Result<Charged, Vec<Rule>>>, Refusal> {
    let Some(wanted) = &manifest.request.content.tables else { return Ok(None) };
    let in_force = match held.or_rule() {
        Ok(in_force) => in_force,
        Err(rule) => return Ok(Some(Err(vec![rule]))),
    };
    let prepared = signer(node, manifest).and_then(|asker| {
        let claim = joined_claim(wanted, &asker.requester, manifest.digest(), model, import)?;
        Ok((asker, claim, name(&wanted.under.permit)?))
    });
    let (asker, claim, permit) = match prepared {
        Ok(prepared) => prepared,
        Err(rule) => return Ok(Some(Err(vec![rule]))),
    };
    let known = Known::Agreed(manifest);
    let asked = &manifest.request.content;
    let admit = |spent: &claim::Spent| {
        let spent = in_force.spent(spent);
        let grant = tables(node, in_force, asked, &asker, wanted, model, &known, &spent, now)?;
        NanoRho::new(grant.price.nano_rho)
            .map_err(|error| vec![own("budget.query", format!("{error}."), "", "Ask for less.")])
    };
    let outcome = node.ledger().charge(&claim, now, |at| in_force.windows(at), admit).await;
    Ok(Some(match outcome.map_err(Refusal::internal)? {
        Outcome::Charged(charge) => Ok(Charged { charge, permit }),
        Outcome::Refused(rules) => Err(rules),
        Outcome::Stored(_) => return Err(Refusal::internal("a study's tables are not stored at a node")),
    }))
}
