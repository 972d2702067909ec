//! The report as one page: no script, nothing from elsewhere, in Danish and English, of which a link shows the other.

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use tvaers_audit::code::Code;
use tvaers_audit::name::Name;
use tvaers_audit::report::{Change, Decision, Newest, Report, Step};
use tvaers_audit::rho::NanoRho;
use tvaers_audit::verify::Verdict;
use tvaers_protocol::audit::Seer;

use super::source::said;
use crate::cli::Lang;

const STYLE: &str = include_str!("page.css");

/// The whole page, beginning in one language.
pub(super) fn page(verdict: &Verdict, report: &Report, lang: Lang) -> String {
    let other = match lang {
        Lang::Da => Lang::En,
        Lang::En => Lang::Da,
    };
    let markup = html! {
        (DOCTYPE)
        html lang=(code(lang)) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (Tongue(lang).of("Revisionslog", "Audit log")) @if let Some(node) = &verdict.node { " · " (node) } }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main.first id=(code(lang)) lang=(code(lang)) { (body(verdict, report, lang, other)) }
                main.other id=(code(other)) lang=(code(other)) { (body(verdict, report, other, lang)) }
            }
        }
    };
    markup.into_string()
}

const fn code(lang: Lang) -> &'static str {
    match lang {
        Lang::Da => "da",
        Lang::En => "en",
    }
}

/// Chooses between the two languages.
#[derive(Clone, Copy)]
struct Tongue(Lang);

impl Tongue {
    const fn of(self, da: &'static str, en: &'static str) -> &'static str {
        match self.0 {
            Lang::Da => da,
            Lang::En => en,
        }
    }

    /// An amount of budget, with the decimal mark of the language.
    fn rho(self, amount: NanoRho) -> String {
        let text = amount.short();
        match self.0 {
            Lang::Da => text.replace('.', ","),
            Lang::En => text,
        }
    }
}

fn body(verdict: &Verdict, report: &Report, lang: Lang, other: Lang) -> Markup {
    let t = Tongue(lang);
    html! {
        p.languages { a href={ "#" (code(other)) } lang=(code(other)) { (Tongue(other).of("Dansk", "English")) } }
        h1 { (t.of("Revisionslog", "Audit log")) @if let Some(node) = &verdict.node { " · " (node) } }
        (period(report, t))
        (judgement(verdict, t))
        (findings(verdict, t))
        (budget(report, t))
        (people(report, t))
        (refusals(report, t))
        (requests(report, t))
        (studies(report, t))
        (silences(report, t))
        (changes(report, t))
        (heads(verdict, report, t))
    }
}

fn period(report: &Report, t: Tongue) -> Markup {
    html! {
        @if let (Some(from), Some(to)) = (report.from, report.to) {
            p.note { (report.entries) (t.of(" poster fra ", " entries from ")) (time(from)) (t.of(" til ", " to ")) (time(to)) "." }
        }
    }
}

fn judgement(verdict: &Verdict, t: Tongue) -> Markup {
    let class = if verdict.is_clean() { "verdict good" } else { "verdict bad" };
    html! {
        div class=(class) { @for sentence in verdict.sentences() { p { (said(&sentence, t.0)) } } }
    }
}

fn findings(verdict: &Verdict, t: Tongue) -> Markup {
    html! {
        @if !verdict.is_clean() {
            h2 { (t.of("Hvad der er galt", "What is wrong")) }
            (table(&[t.of("Post", "Entry"), t.of("Fund", "Finding"), t.of("Hvad man gør", "What to do"), t.of("Kode", "Code")], &[0], verdict.findings.iter().map(|finding| vec![
                finding.entry.to_string(),
                said(&finding.sentence, t.0).to_owned(),
                said(&finding.advice, t.0).to_owned(),
                finding.code.to_owned(),
            ])))
            (more(verdict.more, t))
        }
    }
}

fn budget(report: &Report, t: Tongue) -> Markup {
    let rows = report.permits.iter().map(|permit| {
        vec![
            name(permit.name.as_ref(), t),
            permit.of.charges.to_string(),
            t.rho(permit.of.nano_rho),
            permit.of.left.map(|left| t.rho(left)).unwrap_or_default(),
        ]
    });
    html! {
        h2 { (t.of("Budget", "Budget")) }
        p.note { (t.of("Privatlivsbudgettet i rho: hvor meget svarene tilsammen kan røbe om én borger.", "The privacy budget in rho: how much the answers together can disclose about one citizen.")) }
        (table(&[t.of("Tilladelse", "Permit"), t.of("Træk", "Charges"), t.of("Brugt", "Charged"), t.of("Tilbage efter det seneste", "Left after the last")], &[1, 2, 3], rows))
        @if let Some(left) = report.life_left { p { (t.of("Tilbage af budgettet for livstid: ", "Left of the budget for life: ")) (t.rho(left)) "." } }
        @if report.recovered != NanoRho::ZERO { p { (t.of("Trukket igen, fordi regnskabet var gået tabt: ", "Charged again, because the ledger had lost it: ")) (t.rho(report.recovered)) "." } }
    }
}

fn people(report: &Report, t: Tongue) -> Markup {
    let rows = report.people.iter().map(|person| {
        let of = &person.of;
        let counts = [of.permitted, of.stored, of.refused].map(|count| count.to_string());
        [vec![name(person.name.as_ref(), t)], counts.to_vec(), vec![t.rho(of.nano_rho)]].concat()
    });
    html! {
        h2 { (t.of("Hvem der har spurgt", "Who asked")) }
        (table(&[t.of("Navn", "Name"), t.of("Tilladt", "Permitted"), t.of("Gemt svar", "Stored answer"), t.of("Afvist", "Refused"), t.of("Brugt", "Charged")], &[1, 2, 3, 4], rows))
    }
}

fn refusals(report: &Report, t: Tongue) -> Markup {
    let rows = report.refusals.iter().map(|(rule, count)| vec![rule.clone(), count.to_string()]);
    html! {
        h2 { (t.of("Afvisninger efter regel", "Refusals by rule")) }
        (table(&[t.of("Regel", "Rule"), t.of("Antal", "Count")], &[1], rows))
    }
}

fn requests(report: &Report, t: Tongue) -> Markup {
    let rows = report.requests.lines.iter().map(|request| {
        let decision = match request.decision {
            Decision::Permitted => t.of("tilladt", "permitted"),
            Decision::Stored => t.of("gemt svar", "stored answer"),
            Decision::Refused => t.of("afvist", "refused"),
        };
        vec![
            request.entry.to_string(),
            time(request.at),
            name(request.who.as_ref(), t),
            request.permit.as_ref().map(ToString::to_string).unwrap_or_default(),
            request
                .query
                .as_ref()
                .map_or(t.of("kunne ikke læses", "could not be read"), |query| said(query, t.0))
                .to_owned(),
            decision.to_owned(),
            codes(&request.rules),
            t.rho(request.nano_rho),
        ]
    });
    html! {
        h2 { (t.of("Forespørgsler", "Requests")) }
        (table(&[t.of("Post", "Entry"), t.of("Tid", "Time"), t.of("Hvem", "Who"), t.of("Tilladelse", "Permit"), t.of("Hvad", "What"), t.of("Afgørelse", "Decision"), t.of("Regler", "Rules"), "rho"], &[0, 7], rows))
        (older(&report.requests, t))
    }
}

fn studies(report: &Report, t: Tongue) -> Markup {
    let rows = report.studies.lines.iter().map(|line| {
        let step = match line.step {
            Step::Agreed => t.of("tiltrådt", "agreed"),
            Step::Charged => t.of("trukket på budgettet", "charged"),
            Step::Refused => t.of("afvist", "refused"),
            Step::HandedBack => t.of("sluttet med en arbejdsliste", "ended with a work list"),
            Step::Closed => t.of("lukket", "closed"),
            Step::Deadline => t.of("sluttet ved fristen", "ended at its deadline"),
            Step::Abandoned => t.of("opgivet", "abandoned"),
        };
        vec![
            line.entry.to_string(),
            time(line.at),
            line.manifest.to_string().chars().take(12).collect(),
            line.model.as_ref().map(ToString::to_string).unwrap_or_default(),
            line.who.as_ref().map(ToString::to_string).unwrap_or_default(),
            step.to_owned(),
            codes(&line.rules),
            t.rho(line.nano_rho),
        ]
    });
    html! {
        h2 { (t.of("Stratificeringer", "Studies")) }
        (table(&[t.of("Post", "Entry"), t.of("Tid", "Time"), t.of("Kørsel", "Study"), "Model", t.of("Hvem", "Who"), t.of("Hvad", "What"), t.of("Regler", "Rules"), "rho"], &[0, 7], rows))
        (older(&report.studies, t))
    }
}

fn silences(report: &Report, t: Tongue) -> Markup {
    let gaps = report.gaps.lines.iter().map(|gap| vec![gap.entry.to_string(), time(gap.from), time(gap.to)]);
    let restarts = report.restarts.lines.iter().map(|start| {
        let how = match (start.orderly, start.from) {
            (_, None) => t.of("første start", "first start"),
            (true, _) => t.of("efter et ordentligt stop", "after an orderly stop"),
            (false, _) => t.of(
                "uden at noden havde sagt, at den stoppede",
                "without the node having said that it stops",
            ),
        };
        vec![
            start.entry.to_string(),
            start.from.map(time).unwrap_or_default(),
            time(start.at),
            how.to_owned(),
        ]
    });
    html! {
        h2 { (t.of("Huller i tiden", "Gaps in time")) }
        p.note { (t.of("Mens noden kører, skriver den hver time, også når intet sker. Her er pauser på over to timer.", "While the node runs it writes every hour, also when nothing happens. These are pauses of more than two hours.")) }
        (table(&[t.of("Post efter", "Entry after"), t.of("Fra", "From"), t.of("Til", "To")], &[0], gaps))
        (older(&report.gaps, t))
        h2 { (t.of("Starter", "Starts")) }
        (table(&[t.of("Post", "Entry"), t.of("Sidste post før", "Last entry before"), t.of("Start", "Start"), t.of("Hvordan", "How")], &[0], restarts))
        (older(&report.restarts, t))
    }
}

fn changes(report: &Report, t: Tongue) -> Markup {
    let listed = |changes: &Newest<Change>| {
        let rows = changes.lines.iter().map(|change| {
            vec![change.entry.to_string(), time(change.at), said(&change.what, t.0).to_owned()]
        });
        html! {
            (table(&[t.of("Post", "Entry"), t.of("Tid", "Time"), t.of("Hvad", "What")], &[0], rows))
            (older(changes, t))
        }
    };
    html! {
        h2 { (t.of("Ændringer af politik, roster og nøgler", "Changes of policy, roster and keys")) }
        (listed(&report.rules))
        h2 { (t.of("Import, indsigelser og eksport", "Imports, objections and exports")) }
        (listed(&report.data))
        h2 { (t.of("Loggen, budgetregnskabet og programmet", "The log, the ledger and the program")) }
        (listed(&report.keeping))
    }
}

fn heads(verdict: &Verdict, report: &Report, t: Tongue) -> Markup {
    let rows = verdict.confirmed.iter().map(|confirmed| {
        let by = match &confirmed.by {
            Seer::Coordinator => t.of("koordinatoren", "the coordinator").to_owned(),
            Seer::Witness(node) => format!("{} {node}", t.of("vidnet", "witness")),
        };
        vec![by, confirmed.entry.to_string(), time(confirmed.time)]
    });
    html! {
        h2 { (t.of("Hoveder og vidner", "Heads and witnesses")) }
        (table(&[t.of("Hvem", "Who"), t.of("Bekræfter til post", "Confirms to entry"), t.of("Tid", "Time")], &[1], rows))
        p.note {
            (t.of("Underskrifter af loggens hoved i loggen: ", "Signatures of the log's head in the log: ")) (report.heads) ". "
            (t.of("Hoveder fra andre, som loggen er holdt op mod: ", "Heads of others that the log was held against: ")) (verdict.compared) "."
        }
        @if let Some(log) = &verdict.log { p.note { (t.of("Loggens første post: ", "The log's first entry: ")) code { (log) } } }
        @if let Some(last) = &verdict.last { p.note { (t.of("Dens sidste: ", "Its last: ")) (last.entry) " " code { (last.digest) } } }
    }
}

/// A table; figures in the columns named by `right` to the right. Without rows it says so.
fn table(header: &[&str], right: &[usize], rows: impl Iterator<Item = Vec<String>>) -> Markup {
    let class = |column: usize| right.contains(&column).then_some("number");
    let mut rows = rows.peekable();
    html! {
        @if rows.peek().is_some() {
            div.scroll { table {
                thead { tr { @for (column, text) in header.iter().enumerate() { th scope="col" class=[class(column)] { (text) } } } }
                tbody { @for row in rows { tr { @for (column, text) in row.iter().enumerate() { td class=[class(column)] { (text) } } } } }
            } }
        } @else {
            p.note { "–" }
        }
    }
}

fn older<T>(newest: &Newest<T>, t: Tongue) -> Markup {
    html! {
        @if newest.left_out > 0 {
            p.note { (newest.left_out) (t.of(" ældre er udeladt her; de står i loggen.", " older ones are left out here; they stand in the log.")) }
        }
    }
}

fn more(count: u64, t: Tongue) -> Markup {
    html! { @if count > 0 { p.note { (t.of("Og yderligere ", "And another ")) (count) "." } } }
}

fn name(name: Option<&Name>, t: Tongue) -> String {
    name.map_or_else(|| t.of("ingen i rosteren", "nobody of the roster").to_owned(), ToString::to_string)
}

fn codes(codes: &[Code]) -> String {
    codes.iter().map(Code::as_str).collect::<Vec<_>>().join(", ")
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S\u{a0}UTC").to_string()
}

#[cfg(test)]
mod tests;
