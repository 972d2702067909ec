//! A use of data in Danish and English, for the citizen whom it concerned and for the node's own staff.

use tvaers_definitions::library::Library;
use tvaers_policy::permit::{Allowed, Permit, Recipient, Step};
use tvaers_policy::text::Text;
use tvaers_protocol::id::Sector;
use tvaers_protocol::roster::{Role, VerifiedRoster};
use tvaers_protocol::study::{Disclosure, Grain};

use super::among::Doubt;
use super::uses::{Done, Use};
use crate::audit::event::{Query, Statistic};
use crate::ledger::name::Requester;

/// What a use is told with.
pub(crate) struct Telling<'t> {
    pub(crate) library: &'t Library,
    pub(crate) sector: Sector,
    pub(crate) roster: Option<&'t VerifiedRoster>,
    pub(crate) permit: Option<&'t Permit>,
}

/// The purpose, in the words of the permit; else as far as the log tells.
pub(crate) fn purpose(one: &Use, with: &Telling<'_>) -> Text {
    if let Some(purpose) = with.permit.and_then(|permit| permit.purpose.as_ref()) {
        return purpose.text.clone();
    }
    match (&one.purpose, with.permit) {
        (Some(code), _) => Text::new(format!("\"{code}\" i loggen"), format!("\"{code}\" in the log")),
        (None, Some(_)) => Text::new("tilladelsen angiver intet formål", "the permit states no purpose"),
        (None, None) => unknown(),
    }
}

/// The permit: its id, and who issued it.
pub(crate) fn permit(one: &Use, with: &Telling<'_>) -> Text {
    let Some(id) = &one.permit else { return unknown() };
    match with.permit.and_then(|permit| permit.issuer.as_ref()) {
        Some(issuer) => Text::new(format!("{id}, udstedt af {issuer}"), format!("{id}, issued by {issuer}")),
        None => Text::new(id.as_str(), id.as_str()),
    }
}

/// The legal basis of each step.
pub(crate) fn basis(with: &Telling<'_>) -> Text {
    let Some(permit) = with.permit else { return unknown() };
    if permit.basis.is_empty() {
        return Text::new("tilladelsen angiver intet retsgrundlag", "the permit states no legal basis");
    }
    let all = permit.basis.iter().map(|(step, basis)| {
        let step = step_words(*step);
        let (six, nine, national) = (basis.article_6, basis.article_9, &basis.national);
        Text::new(
            format!(
                "{}: databeskyttelsesforordningens artikel 6, stk. 1, litra {six}, og artikel 9, stk. 2, litra {nine}; {national}",
                step.da
            ),
            format!("{}: GDPR Article 6(1)({six}) and Article 9(2)({nine}); {national}", step.en),
        )
    });
    join(all, ". ")
}

fn step_words(step: Step) -> Text {
    match step {
        Step::Compute => Text::new("beregning", "computing"),
        Step::Disclose => Text::new("videregivelse til koordinatoren", "disclosure to the coordinator"),
        Step::DiscloseItems => Text::new(
            "videregivelse af point for hvert kriterium til bopælskommunen",
            "disclosure of the points of each criterion to the municipality of residence",
        ),
        Step::HandToPractice => {
            Text::new("overlevering til almen praksis", "handing over to the GP practice")
        }
    }
}

/// What was done.
pub(crate) fn done(one: &Use, with: &Telling<'_>) -> Text {
    match &one.done {
        Done::Statistics { again: true, .. } => Text::new(
            "Et statistisk svar, som var regnet ud tidligere, blev givet igen; ingen oplysninger blev læst på ny",
            "A statistical answer that had been worked out before was given again; no data was read anew",
        ),
        Done::Statistics { query, again: false } => {
            let kind = query.as_ref().map_or_else(unknown, |query| statistic(query.statistic));
            Text::new(
                format!("Statistik med tilføjet støj over den dataansvarliges egne data ({})", kind.da),
                format!("Statistics with added noise over the controller's own data ({})", kind.en),
            )
        }
        Done::Tables { study, charged, .. } => {
            let model = model(study.as_ref().map(|study| study.model.as_str()), with);
            let (da, en) = if *charged {
                ("", "")
            } else {
                (
                    "; loggen viser ikke, at der blev læst oplysninger til tabellerne",
                    "; the log does not show that data was read for the tables",
                )
            };
            Text::new(
                format!(
                    "Sammenholdt under et pseudonym med andre parters oplysninger, til statistiske tabeller med tilføjet støj ({}){da}",
                    model.da
                ),
                format!(
                    "Compared with other parties' data under a pseudonym, for statistical tables with added noise ({}){en}",
                    model.en
                ),
            )
        }
        Done::List { study, handed_back, .. } => {
            let model = model(study.as_ref().map(|study| study.model.as_str()), with);
            let (da, en) = match handed_back {
                Some(_) => ("", ""),
                None => (
                    "; loggen viser ikke, at en liste kom tilbage",
                    "; the log does not show that a list came back",
                ),
            };
            Text::new(
                format!(
                    "Sammenholdt under et pseudonym med andre parters oplysninger for at afgøre, hvem der skal stå på en arbejdsliste ({}){da}",
                    model.da
                ),
                format!(
                    "Compared with other parties' data under a pseudonym, to decide who stands on a work list ({}){en}",
                    model.en
                ),
            )
        }
    }
}

pub(crate) fn statistic(statistic: Statistic) -> Text {
    match statistic {
        Statistic::Count => Text::new("antal borgere", "number of citizens"),
        Statistic::Sum => Text::new("sum", "sum"),
        Statistic::Mean => Text::new("gennemsnit", "mean"),
        Statistic::Histogram => Text::new("fordeling", "distribution"),
        Statistic::Quantiles => Text::new("fraktiler", "quantiles"),
        Statistic::Indicator => Text::new("indikator", "indicator"),
    }
}

fn model(name: Option<&str>, with: &Telling<'_>) -> Text {
    let Some(name) = name else { return Text::new("ukendt model", "an unknown model") };
    match with.library.model(name) {
        Some(model) => Text::new(format!("modellen {}", model.da), format!("the model {}", model.en)),
        None => Text::new(format!("modellen {name}"), format!("the model {name}")),
    }
}

/// Which kinds of data, in the catalogue's words.
pub(crate) fn data(one: &Use, with: &Telling<'_>) -> Vec<Text> {
    match &one.done {
        Done::Statistics { query: Some(query), .. } => {
            names_of(query).iter().map(|name| feature(name, with)).collect()
        }
        Done::Statistics { query: None, .. } => of_permit(with),
        Done::Tables { study, .. } | Done::List { study, .. } => {
            let known = study.as_ref().and_then(|study| {
                // A model that changed since is another one.
                with.library.model(study.model.as_str()).filter(|model| model.digest == study.model_digest)
            });
            let Some(model) = known else { return of_permit(with) };
            let own = model.components.iter().filter(|component| component.sector == with.sector);
            let mut all: Vec<Text> = Vec::new();
            for component in own {
                let text = Text::new(&component.feature.da, &component.feature.en);
                if !all.contains(&text) {
                    all.push(text);
                }
            }
            all
        }
    }
}

/// The features that a query names, each once.
pub(crate) fn names_of(query: &Query) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for name in query.of.iter().chain(&query.by).chain(&query.filtered_by) {
        if !names.contains(&name.as_str()) {
            names.push(name.as_str());
        }
    }
    names
}

/// All that the permit allows, where nobody knows which of it was used.
fn of_permit(with: &Telling<'_>) -> Vec<Text> {
    match with.permit.map(|permit| &permit.data.features) {
        Some(Allowed::Only(names)) => names.iter().map(|name| feature(name, with)).collect(),
        Some(Allowed::All) | None => vec![unknown()],
    }
}

fn feature(name: &str, with: &Telling<'_>) -> Text {
    let catalogue = with.library.catalogue();
    let feature = catalogue.feature(name).map(|feature| Text::new(&feature.da, &feature.en));
    let set = || catalogue.set(name).map(|set| Text::new(&set.da, &set.en));
    feature.or_else(set).unwrap_or_else(|| Text::new(name, name))
}

/// Who asked, without the name: the role, and where.
pub(crate) fn asker(one: &Use, with: &Telling<'_>) -> Text {
    let Some(requester) = &one.requester else { return unknown() };
    let (da, en) = match role(requester, with) {
        Some(Role::Analyst) => ("en analytiker", "an analyst"),
        Some(Role::Dpo) => ("en databeskyttelsesrådgiver", "a data-protection officer"),
        None => ("en person på føderationens deltagerliste", "a person of the federation's roster"),
    };
    match with.roster.map(|roster| &roster.roster().federation) {
        Some(federation) => Text::new(
            format!("{da} i føderationen {federation}"),
            format!("{en} of the federation {federation}"),
        ),
        None => Text::new(da, en),
    }
}

/// In which role somebody asked: by the permit of that time, else by the roster.
fn role(requester: &Requester, with: &Telling<'_>) -> Option<Role> {
    let is_it = |key| Requester::new(requester.name.clone(), key).key == requester.key;
    let of_permit = match with.permit.map(|permit| &permit.askers) {
        Some(Allowed::Only(askers)) => askers.iter().find(|asker| is_it(&asker.key)).map(|asker| asker.role),
        Some(Allowed::All) | None => None,
    };
    let of_roster = || {
        let people = &with.roster?.roster().people;
        people.iter().find(|person| is_it(&person.signing)).map(|person| person.role)
    };
    of_permit.or_else(of_roster)
}

/// What left the node.
pub(crate) fn left(one: &Use, with: &Telling<'_>) -> Text {
    let kept = match one.kept_until {
        None => Text::new("kun gælder for dette studie", "for this study alone"),
        Some(until) => Text::new(
            format!("også gælder for senere studier under samme tilladelse, til og med {until}"),
            format!("that holds for later studies under the same permit too, until {until}"),
        ),
    };
    match &one.done {
        Done::Statistics { .. } => Text::new(
            "Kun tal med støj om grupper af borgere, gennem koordinatoren til den, der spurgte",
            "Only numbers with noise about groups of citizens, through the coordinator to the person who asked",
        ),
        Done::Tables { study, .. } => {
            let grain = study.as_ref().map_or_else(unknown, |study| grain(study.grain));
            Text::new(
                format!(
                    "Til koordinatoren: {} under et pseudonym, der {}. Derfra: kun tabeller med støj",
                    grain.da, kept.da
                ),
                format!(
                    "To the coordinator: {} under a pseudonym {}. From there: only tables with noise",
                    grain.en, kept.en
                ),
            )
        }
        Done::List { study, .. } => {
            let grain = study.as_ref().map_or_else(unknown, |study| grain(study.grain));
            let told = study.as_ref().map_or_else(unknown, |study| disclosure(study.disclosure));
            let to = with
                .permit
                .and_then(|permit| permit.work_list.as_ref())
                .map_or_else(unknown, |list| join(list.to.iter().map(|one| recipient(*one)), ", "));
            Text::new(
                format!(
                    "Til koordinatoren: {} under et pseudonym, der {}. På arbejdslisten: {}. Modtager: {}",
                    grain.da, kept.da, told.da, to.da
                ),
                format!(
                    "To the coordinator: {} under a pseudonym {}. In the work list: {}. Recipient: {}",
                    grain.en, kept.en, told.en, to.en
                ),
            )
        }
    }
}

fn grain(grain: Grain) -> Text {
    match grain {
        Grain::Points => Text::new("point for hver regel", "points of each rule"),
        Grain::Counts => Text::new("antal for hver regel", "counts of each rule"),
        Grain::Events => {
            Text::new("enkelte hændelser på forskudte tidspunkter", "single events at shifted times")
        }
    }
}

fn disclosure(disclosure: Disclosure) -> Text {
    match disclosure {
        Disclosure::Inclusion => Text::new("om borgeren er udvalgt", "whether the citizen is selected"),
        Disclosure::Stratum => Text::new(
            "om borgeren er udvalgt, og gruppen",
            "whether the citizen is selected, and the stratum",
        ),
        Disclosure::Total => Text::new(
            "om borgeren er udvalgt, gruppen og point i alt",
            "whether the citizen is selected, the stratum and the total points",
        ),
        Disclosure::Items => Text::new(
            "om borgeren er udvalgt, gruppen, point i alt og point for hvert kriterium",
            "whether the citizen is selected, the stratum, the total points and those of each criterion",
        ),
    }
}

fn recipient(recipient: Recipient) -> Text {
    match recipient {
        Recipient::Municipality => Text::new("bopælskommunen", "the municipality of residence"),
        Recipient::GpPractice => {
            Text::new("den almene praksis, gennem regionen", "the GP practice, through the region")
        }
    }
}

/// Why a use is not certain.
pub(crate) fn doubt(doubt: Doubt) -> Text {
    match doubt {
        Doubt::Policy => Text::new(
            "Noden har ingen læselig kopi af den politik eller tilladelse, der gjaldt, så det vides ikke, hvem den omfattede",
            "The node has no readable copy of the policy or permit that held, so it is not known whom it covered",
        ),
        Doubt::Day => Text::new(
            "Det vides ikke længere, hvilken dag opgørelsen gjaldt",
            "The day that it was about is no longer known",
        ),
        Doubt::Age => Text::new(
            "Alderen kendes ikke, og tilladelsen gjaldt visse aldre",
            "The age is not known, and the permit was for certain ages",
        ),
        Doubt::Kommune => Text::new(
            "Bopælskommunen kendes ikke, og tilladelsen gjaldt visse kommuner",
            "The municipality of residence is not known, and the permit was for certain ones",
        ),
        Doubt::LeftOut => Text::new(
            "Borgeren holdes nu ude på grund af en liste eller en indsigelse; om det også gjaldt dengang, kan ikke ses",
            "The citizen is left out now, by a list or an objection; whether that was so then cannot be told",
        ),
    }
}

fn unknown() -> Text {
    Text::new("ukendt", "unknown")
}

pub(crate) fn join(texts: impl Iterator<Item = Text>, by: &str) -> Text {
    let (da, en): (Vec<String>, Vec<String>) = texts.map(|text| (text.da, text.en)).unzip();
    Text::new(da.join(by), en.join(by))
}
