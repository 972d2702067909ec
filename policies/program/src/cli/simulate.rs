//! `tvaers-policy simulate`.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde_json::{Value, json};
use tvaers_definitions::library::Library;
use tvaers_definitions::tables::Tables;
use tvaers_host::output::Output;
use tvaers_policy::Policy;
use tvaers_policy::document::{Block, Document};
use tvaers_policy::permit::Recipient;
use tvaers_policy::request::Spent;
use tvaers_policy::simulate::{
    Asked, Contributed, Noise, Simulated, Simulating, StudyAsked, simulate, to_document,
};
use tvaers_policy::text::Text;
use tvaers_protocol::id::{NodeId, Sector};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::study::{Disclosure, Grain};
use tvaers_query::Query;
use tvaers_query::budget::Mechanism;
use tvaers_query::query::Party;
use tvaers_release::of_query;
use tvaers_release::rho::Rho;

use super::document::Writing;
use crate::lang::Lang;
use crate::{open, today};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The policy file
    policy: PathBuf,
    /// Query files
    #[arg(value_name = "QUERY", required_unless_present = "model")]
    queries: Vec<PathBuf>,
    /// Ask for a work list and for tables by this model as well
    #[arg(long, value_name = "MODEL", requires = "as_of")]
    model: Option<String>,
    /// The reference date of the model
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,
    /// The finest contribution to ask for
    #[arg(long, default_value = "events")]
    grain: Grain,
    /// The permit [default: each of the mode]
    #[arg(long, value_name = "ID")]
    permit: Option<String>,
    /// The purpose that the request names [default: the permit's own]
    #[arg(long, value_name = "ID")]
    purpose: Option<String>,
    /// The person who asks, by the name in the permit [default: the first]
    #[arg(long, value_name = "NAME")]
    asker: Option<String>,
    /// Nobody signs beside who asks
    #[arg(long)]
    alone: bool,
    /// The node, where the policy names none, such as k360
    #[arg(long, value_name = "NODE")]
    node: Option<NodeId>,
    /// The day on which it is asked
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
    #[command(flatten)]
    writing: Writing,
}

pub(super) fn run(args: &Args, lang: Lang, output: Output) -> Result<(), Problem> {
    let library = open::library()?;
    let policy = open::policy_of(&args.policy, &library, lang, output)?;
    let own = own(args, &policy, lang)?;
    let today = args.today.unwrap_or_else(today::today);
    let noise = |asked: &Asked<'_>, nano_rho| noise(asked, nano_rho, &own, policy.cells().smallest > 0);
    let with = Simulating {
        permit: args.permit.as_deref(),
        asker: args.asker.as_deref(),
        purpose: args.purpose.as_deref(),
        is_alone: args.alone,
        conversion: Some(open::CONVERSION),
        noise: Some(&noise),
    };
    let mut told: Vec<(Text, Vec<Simulated>)> = Vec::new();
    for path in &args.queries {
        let query = query(path, &own, &library, lang)?;
        let charge = of_query::asked(&query, open::delta()?).map_err(|error| {
            Problem::from_error(Exit::BadInput, "query.privacy", &error).at(path.display())
        })?;
        let asked = Asked::Query { query: &query, nano_rho: charge.map(|rho| rho.nano()) };
        let name = query.name().to_string();
        told.push((
            Text::new(name.clone(), name),
            simulate(&policy, &asked, today, &Spent::default(), &with),
        ));
    }
    if let (Some(name), Some(as_of)) = (&args.model, args.as_of) {
        let model = library.model(name).ok_or_else(|| {
            let known: Vec<&str> = library.models().iter().map(|model| model.name.as_str()).collect();
            let (what, of) = match lang {
                Lang::Da => (format!("der findes ingen model «{name}»"), "en af"),
                Lang::En => (format!("there is no model `{name}`"), "one of"),
            };
            Problem::new(Exit::BadInput, "model.unknown", what)
                .expected(format_args!("{of}: {}", known.join(", ")))
        })?;
        let study =
            StudyAsked { model, sector: own.sector, grain: args.grain, as_of, until: None, evaluations: 0 };
        let (disclosure, recipients) = (Disclosure::Items, &[Recipient::Municipality]);
        let list = Asked::List { study, disclosure, recipients };
        let name_of = |da: &str, en: &str| Text::new(format!("{name}: {da}"), format!("{name}: {en}"));
        told.push((
            name_of("arbejdsliste", "list"),
            simulate(&policy, &list, today, &Spent::default(), &with),
        ));
        let tables = Tables::new(model, &[own.code], as_of, None);
        let asked = Asked::Tables { study, tables: &tables, nano_rho: None };
        told.push((
            name_of("tabeller", "tables"),
            simulate(&policy, &asked, today, &Spent::default(), &with),
        ));
    }
    write(args, &told, lang, output)?;
    // What is broken is told in full first: a script sees it in the exit code.
    let refused = told.iter().find(|(_, under)| !under.iter().any(Simulated::is_permitted));
    match refused {
        None => Ok(()),
        Some((name, under)) => {
            let code = under.iter().flat_map(|one| &one.violations).map(|violation| violation.code).next();
            let name = lang.of(name);
            let what = match lang {
                Lang::Da => format!("«{name}» ville blive afvist"),
                Lang::En => format!("`{name}` would be refused"),
            };
            Err(Problem::new(Exit::Refused, code.unwrap_or("permit.none"), what)
                .at(args.policy.display())
                .next(lang.pick("se ovenfor, hvad der er tilladt", "see above what is allowed")))
        }
    }
}

fn write(args: &Args, told: &[(Text, Vec<Simulated>)], lang: Lang, output: Output) -> Result<(), Problem> {
    let list: Vec<Value> = told.iter().map(|(name, under)| of(&name.en, under, lang)).collect();
    let documents = told.iter().map(|(name, under)| (name.clone(), to_document(under)));
    let Some(document) = together(documents) else { return Ok(()) };
    args.writing.write(&document, Some(json!({ "questions": list })), lang, output)
}

/// One document of all questions, each under its name: one page, and one file.
fn together(documents: impl Iterator<Item = (Text, Document)>) -> Option<Document> {
    let mut all: Option<Document> = None;
    for (name, document) in documents {
        let all = all.get_or_insert(Document { title: document.title, blocks: Vec::new() });
        all.blocks.push(Block::Heading { level: 2, text: name });
        all.blocks.extend(document.blocks.into_iter().map(|block| match block {
            Block::Heading { level, text } => Block::Heading { level: level + 1, text },
            other => other,
        }));
    }
    all
}

fn of(name: &str, under: &[Simulated], lang: Lang) -> Value {
    let verdicts: Vec<Value> = under
        .iter()
        .map(|one| {
            let rule = |violation: &tvaers_policy::Violation| {
                json!({
                    "code": violation.code,
                    "what": lang.of(&violation.sentence),
                    "allowed": violation.allowed,
                    "next": lang.of(&violation.mend),
                })
            };
            let component = |component: &Contributed| {
                json!({
                    "name": component.name,
                    "granted": component.granted.to_string(),
                    "contributed": component.told.to_string(),
                })
            };
            json!({
                "permit": one.permit,
                "permitted": one.is_permitted(),
                "components": one.components.iter().map(component).collect::<Vec<_>>(),
                "asker": one.asker,
                "second": one.second,
                "rules": one.violations.iter().map(rule).collect::<Vec<_>>(),
                "nano_rho": one.cost.map(|cost| cost.nano_rho),
                "epsilon": one.cost.and_then(|cost| cost.epsilon),
                "standard_error": one.cost.and_then(|cost| cost.noise).map(|noise| noise.standard_error),
            })
        })
        .collect();
    json!({ "question": name, "under": verdicts })
}

/// The node whose policy it is.
fn own(args: &Args, policy: &Policy, lang: Lang) -> Result<Party, Problem> {
    let named = args.node.clone().or_else(|| policy.edition().map(|edition| edition.node.clone()));
    named.as_ref().and_then(party).ok_or_else(|| {
        let what = lang
            .pick("ingen siger, hvilken node politikken er for", "nobody says of which node the policy is");
        Problem::new(Exit::BadInput, "simulate.node", what)
            .at(args.policy.display())
            .expected(lang.pick("et navn som k360 eller region_1085", "a name such as k360 or region_1085"))
            .next(lang.pick("nævn den med --node", "name it with --node"))
    })
}

/// A node by its name: `region_1085` is a region's, `k360` a municipality's.
fn party(id: &NodeId) -> Option<Party> {
    let name = id.as_str();
    let (sector, code) = match name.strip_prefix("region_") {
        Some(code) => (Sector::Region, code),
        None => (Sector::Municipality, name.strip_prefix('k')?),
    };
    Some(Party { id: id.clone(), sector, code: code.parse().ok()? })
}

/// A query as the node would read it: in a federation of the node and of those whom the file names.
fn query(path: &Path, own: &Party, library: &Library, lang: Lang) -> Result<Query, Problem> {
    let text = open::text(path, lang)?;
    let mut parties = vec![own.clone()];
    for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
        let named = NodeId::new(word).ok().as_ref().and_then(party);
        if let Some(named) = named.filter(|named| !parties.iter().any(|known| known.id == named.id)) {
            parties.push(named);
        }
    }
    let file = path.display().to_string();
    Query::parse(&text, &file, library.catalogue(), &parties).map_err(|faults| {
        let first = faults.first().map(|fault| fault.problem());
        first.unwrap_or_else(|| Problem::new(Exit::BadInput, "query", "it cannot be read").at(path.display()))
    })
}

/// The noise of one cell of a query, in its own unit.
fn noise(asked: &Asked<'_>, nano_rho: u64, own: &Party, hides: bool) -> Option<Noise> {
    let Asked::Query { query, .. } = asked else { return None };
    let parts = of_query::parts(query, query.cells_of(own).len(), hides).ok()?;
    let mechanism = query.privacy().mechanism;
    let joint = of_query::joint(mechanism, &parts, Rho::from_nano(nano_rho)).ok()?;
    let scale = of_query::told(&parts, &joint).ok()?.first()?.scale;
    let standard_error = match mechanism {
        Mechanism::DiscreteGaussian => scale,
        // Of a Laplace distribution with scale b the standard deviation is b√2.
        Mechanism::DiscreteLaplace => scale * std::f64::consts::SQRT_2,
    };
    Some(Noise { scale, standard_error })
}
