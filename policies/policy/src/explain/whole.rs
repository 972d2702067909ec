//! What holds for all permits.

use super::number::{
    CELLS, DAYS, FEATURES, MILLISECONDS, PERSONS, counted, day, joined, limit, percent_sure, rounded_up,
    whole,
};
use super::words;
use super::writer::{Writer, same};
use super::{Explaining, number};
use crate::limit::{LOGS_DAYS_MIN, SMALLEST_CELL_DEFAULT, SMALLEST_CELL_FLOOR};
use crate::permit::Limit;
use crate::policy::{Calendar, Policy};
use crate::text::Text;

pub(super) fn write(out: &mut Writer, policy: &Policy, with: &Explaining<'_>) {
    summary(out, policy);
    edition(out, policy);
    controller(out, policy);
    assessment(out, policy);
    exclusions(out, policy);
    shown(out, policy);
    budget(out, policy, with);
    retention(out, policy);
}

fn summary(out: &mut Writer, policy: &Policy) {
    out.section("Kort fortalt", "In short");
    if policy.laboratory {
        out.say(
            "Det er en laboratoriepolitik: den gælder kun for opdigtede data. En node indlæser den kun, hvis dens database blev oprettet til opdigtede data, og hvert resultat siger det. Derfor er de grænser lempet, som ellers beskytter borgerne, og det samme spørgsmål må besvares flere gange med ny støj.",
            "This is a laboratory's policy: it is for made-up data alone. A node loads it only where its database was created for made-up data, and every result says so. So the bounds that otherwise protect citizens are lifted, and the same question may be answered several times with fresh noise.",
        );
    }
    if policy.permits().is_empty() {
        out.say(
            "Politikken har ingen tilladelser. Derfor er intet tilladt.",
            "The policy has no permits. So nothing is permitted.",
        );
        return;
    }
    out.say(
        "Alt, hvad der ikke udtrykkeligt er tilladt, er forbudt. Den, der spørger, kan bede om mindre, men aldrig om mere. Hver tilladelse er til én slags brug, og intet går fra den ene til den anden. Politikken tillader dette:",
        "Everything that is not permitted in so many words is forbidden. Who asks can ask for less but never for more. Each permit is for one kind of use, and nothing passes from one to another. The policy permits this:",
    );
    let rows = policy.permits().iter().map(|permit| {
        let purpose = permit.purpose.as_ref();
        vec![
            same(&permit.id),
            words::mode(permit.mode),
            purpose.map_or_else(|| Text::new("ikke oplyst", "not stated"), |purpose| purpose.text.clone()),
            permit
                .validity
                .map_or_else(|| Text::new("uden slutdato", "no last day"), |validity| day(validity.to)),
        ]
    });
    let head = [
        ["Tilladelse", "Permit"],
        ["Til", "For"],
        ["Formål", "Purpose"],
        ["Til og med", "Up to and including"],
    ];
    out.table(&head, rows.collect());
}

fn edition(out: &mut Writer, policy: &Policy) {
    out.section("Hvilken politik det er (del 12)", "Which policy it is (part 12)");
    match policy.edition() {
        Some(edition) => {
            let (from, to) = (day(edition.validity.from), day(edition.validity.to));
            out.say(
                format!(
                    "Politikken er for noden {} og har version {}. Den gælder fra og med {} til og med {}; uden for de dage besvares intet.",
                    edition.node, edition.version, from.da, to.da
                ),
                format!(
                    "The policy is that of the node {} and has version {}. It holds from {} up to and including {}; outside those days nothing is answered.",
                    edition.node, edition.version, from.en, to.en
                ),
            );
            match edition.predecessor {
                Some(predecessor) => out.say(
                    format!("Den afløser den fil, hvis SHA-256 er {predecessor}. En lavere version end en, der har været i kraft, indlæses ikke."),
                    format!("It follows the file whose SHA-256 is {predecessor}. A lower version than one that has been in force is not loaded."),
                ),
                None => out.say(
                    "Den er nodens første politik og afløser ingen.",
                    "It is the node's first policy and follows none.",
                ),
            }
        }
        None => out.say(
            "Politikken siger ikke, hvilken node den er for, eller hvornår den gælder. Kun et laboratorium må udelade det.",
            "The policy does not say of which node it is or when it holds. Only a laboratory may leave that out.",
        ),
    }
    out.say(
        format!("Filens egen SHA-256, som `sha256sum` viser den, er {}.", policy.digest()),
        format!("The file's own SHA-256, as `sha256sum` says it, is {}.", policy.digest()),
    );
}

fn controller(out: &mut Writer, policy: &Policy) {
    out.section("Dataansvarlig (del 1)", "Controller (part 1)");
    let Some(controller) = policy.controller() else {
        out.say(
            "Politikken siger ikke, hvem der er dataansvarlig. Kun et laboratorium må udelade det.",
            "The policy does not say who is the controller. Only a laboratory may leave that out.",
        );
        return;
    };
    out.say(
        format!("Dataansvarlig er {} med CVR-nummer {}.", controller.name, controller.cvr),
        format!("The controller is {} with CVR number {}.", controller.name, controller.cvr),
    );
    out.list(vec![
        Text::new(format!("Kontakt: {}.", controller.contact), format!("Contact: {}.", controller.contact)),
        Text::new(
            format!("Databeskyttelsesrådgiver: {}.", controller.dpo),
            format!("Data-protection officer: {}.", controller.dpo),
        ),
    ]);
    if controller.processors.is_empty() {
        out.say("Politikken nævner ingen databehandlere.", "The policy names no processors.");
        return;
    }
    out.say(
        "Disse databehandlere behandler data på den dataansvarliges vegne:",
        "These processors process data on the controller's behalf:",
    );
    let rows = controller.processors.iter();
    let rows = rows.map(|one| vec![same(&one.name), same(&one.cvr), same(&one.task)]);
    out.table(
        &[["Databehandler", "Processor"], ["CVR-nummer", "CVR number"], ["Opgave", "Task"]],
        rows.collect(),
    );
}

fn assessment(out: &mut Writer, policy: &Policy) {
    out.section("Konsekvensanalyse (del 11)", "Impact assessment (part 11)");
    match policy.assessment() {
        Some(dpia) => {
            let date = day(dpia.date);
            out.say(
                format!(
                    "Konsekvensanalysen er {}, version {}, af {}.",
                    dpia.reference, dpia.version, date.da
                ),
                format!(
                    "The impact assessment is {}, version {}, of {}.",
                    dpia.reference, dpia.version, date.en
                ),
            );
        }
        None => out.say(
            "Politikken henviser ikke til en konsekvensanalyse. Kun et laboratorium må udelade det.",
            "The policy refers to no impact assessment. Only a laboratory may leave that out.",
        ),
    }
}

fn exclusions(out: &mut Writer, policy: &Policy) {
    out.section("Hvem der holdes ude af alt (del 6)", "Who is left out of everything (part 6)");
    let lists = policy.exclusions();
    let one = |file: &Option<String>, who: [&str; 2], and: [&str; 2]| match file {
        Some(file) => Text::new(
            format!("{} holdes ude. De står i filen «{file}» hos noden.{}", who[0], and[0]),
            format!("{} are left out. They stand in the file \"{file}\" at the node.{}", who[1], and[1]),
        ),
        None => Text::new(
            format!("{}: ingen liste, så ingen holdes ude af den grund.", who[0].trim_end_matches(',')),
            format!("{}: no list, so nobody is left out for that reason.", who[1]),
        ),
    };
    out.list(vec![
        one(&lists.opt_outs, ["Borgere, der har sagt nej til at indgå,", "Citizens who opted out"], ["", ""]),
        one(
            &lists.protected_addresses,
            ["Borgere med beskyttet adresse", "Citizens with a protected address"],
            ["", ""],
        ),
        one(
            &lists.objections,
            [
                "Borgere, der har gjort indsigelse (databeskyttelsesforordningens artikel 21),",
                "Citizens who objected (GDPR Article 21)",
            ],
            [
                " Andre noder, der har oplysninger om dem, får besked under pseudonym.",
                " Other nodes that hold them are told, under pseudonym.",
            ],
        ),
    ]);
}

fn shown(out: &mut Writer, policy: &Policy) {
    out.section("Hvad der vises af et svar (del 7)", "What is shown of an answer (part 7)");
    let cells = policy.cells();
    let (smallest, rounding) = (whole(cells.smallest), whole(cells.rounding));
    let (dimensions, most) = (counted(cells.dimensions_max, FEATURES), counted(cells.cells_max, CELLS));
    let mut points = vec![
        hidden(&smallest, cells.smallest),
        Text::new(
            format!(
                "Viste tal afrundes til multipla af {}{}.",
                rounding.da,
                if cells.rounding == 1 { ", altså slet ikke" } else { "" }
            ),
            format!(
                "Shown numbers are rounded to multiples of {}{}.",
                rounding.en,
                if cells.rounding == 1 { ", that is, not at all" } else { "" }
            ),
        ),
        Text::new(
            format!(
                "Et spørgsmål må højst skelne personer på {}: kategorier og betingelser tilsammen.",
                dimensions.da
            ),
            format!(
                "A query may tell persons apart by at most {}: categories and conditions together.",
                dimensions.en
            ),
        ),
        Text::new(
            format!("Et svar må højst have {}.", most.da),
            format!("An answer may have at most {}.", most.en),
        ),
    ];
    points.extend(release(policy));
    out.list(points);
}

/// By the noisy number of persons in a cell, whatever is told of them.
fn hidden(smallest: &Text, number: u32) -> Text {
    let rule = Text::new(
        format!(
            "Hvor en politik intet siger, er grænsen {SMALLEST_CELL_DEFAULT}, og over virkelige data aldrig under {SMALLEST_CELL_FLOOR}."
        ),
        format!(
            "Where a policy says nothing the bound is {SMALLEST_CELL_DEFAULT}, and over real data never below {SMALLEST_CELL_FLOOR}."
        ),
    );
    if number == 0 {
        return Text::new(
            format!("Ingen celler skjules, fordi de er små (grænsen er {}). {}", smallest.da, rule.da),
            format!("No cells are hidden for being small (the bound is {}). {}", smallest.en, rule.en),
        );
    }
    let persons = counted(number, PERSONS);
    Text::new(
        format!("Celler med færre end {}, talt med støj, skjules. {}", persons.da, rule.da),
        format!("Cells of fewer than {}, counted with noise, are hidden. {}", persons.en, rule.en),
    )
}

fn release(policy: &Policy) -> [Text; 2] {
    let release = policy.release();
    let grid = counted(release.reply_grid_ms, MILLISECONDS);
    let leaves = match release.reply_grid_ms {
        0 => Text::new(
            "Svar sendes, så snart de er klar (spring på 0 millisekunder).",
            "Replies leave as soon as they are ready (steps of 0 milliseconds).",
        ),
        _ => Text::new(
            format!(
                "Svar sendes kun på faste tidspunkter med {} mellemrum, så svartiden ikke røber noget.",
                grid.da
            ),
            format!(
                "Replies leave only at fixed times {} apart, so that the time of an answer tells nothing.",
                grid.en
            ),
        ),
    };
    let witnesses = match release.witnesses {
        Some(0) => Text::new(
            "Et svar venter ikke på, at andre noder bevidner regnskabet (0 vidner).",
            "An answer does not wait for other nodes to witness the ledger (0 witnesses).",
        ),
        Some(count) => Text::new(
            format!(
                "Et svar forlader først noden, når andre noder har bevidnet regnskabets seneste post; det kræver {count} af dem."
            ),
            format!(
                "An answer leaves the node only after other nodes have witnessed the ledger's newest entry; {count} of them must have."
            ),
        ),
        None if policy.laboratory => Text::new(
            "Politikken siger ikke, hvor mange andre noder der skal bevidne regnskabet. I et laboratorium er det 0.",
            "The policy does not say how many other nodes must witness the ledger. In a laboratory it is 0.",
        ),
        None => Text::new(
            "Politikken siger ikke, hvor mange andre noder der skal bevidne regnskabet, før et svar forlader noden. Så er det 1, hvor der er 3 noder eller flere, og ellers 0.",
            "The policy does not say how many other nodes must witness the ledger before an answer leaves the node. It is then 1 where there are 3 nodes or more, and otherwise 0.",
        ),
    };
    [leaves, witnesses]
}

fn budget(out: &mut Writer, policy: &Policy, with: &Explaining<'_>) {
    out.section(
        "Hvad svar tilsammen må koste en borger (del 8)",
        "What answers together may cost a citizen (part 8)",
    );
    out.say(
        "Hvert svar af statistik får tilsat støj og koster lidt af et budget, før nogen data læses. Der regnes pr. borger: om én borger er med eller ej, med alle sine rækker. Budgettet gælder alle tilladelser til statistik tilsammen; hvor flere grænser mødes, gælder den snævreste. Det, der er brugt, kommer aldrig tilbage: en periode begynder forfra, men budgettet for livet gør ikke.",
        "Every statistical answer is noised and costs a little of a budget, before any data is read. The unit is the citizen: whether one citizen is there or not, with all rows. The budget is for all permits for statistics together; where several limits meet, the tightest holds. What is spent never comes back: a period begins again, the budget for life does not.",
    );
    let budget = policy.budget();
    let conversion = with.conversion.as_ref();
    let (period, days, life) = (
        limit(&budget.per_period, conversion),
        counted(budget.period_days, DAYS),
        limit(&budget.for_life, conversion),
    );
    let mut rows = vec![vec![
        Text::new(
            format!("Enhver periode på {} i træk", days.da),
            format!("Any period of {} in a row", days.en),
        ),
        period,
    ]];
    if let Some(calendar) = budget.calendar {
        let each = words::calendar(calendar.each);
        let every = if calendar.each == Calendar::Month { "Hver" } else { "Hvert" };
        rows.push(vec![
            Text::new(
                format!("{every} {} (danske dage)", each.da),
                format!("Each {} (Danish days)", each.en),
            ),
            limit(&calendar.limit, conversion),
        ]);
    }
    rows.push(vec![Text::new("For livet", "For life"), life]);
    out.table(&[["Tidsrum", "Time"], ["Højst", "At most"]], rows);
    if budget.calendar.is_none() {
        out.say(
            "Der er intet særskilt budget for måneder, kvartaler eller år i kalenderen.",
            "There is no budget of its own for months, quarters or years of the calendar.",
        );
    }
    reading(out, &budget.for_life, with);
    out.say(
        "En borger kan have data hos flere noder, for eksempel en region og en kommune. Hver node har sit eget budget, og det, en borger udsættes for, er summen.",
        "A citizen can have data at several nodes, for instance a region and a municipality. Each node has a budget of its own, and what a citizen is exposed to is the sum.",
    );
    if budget.raised_by.is_empty() {
        out.say(
            "Politikken siger ikke, hvem der må hæve et budget. Kun et laboratorium må udelade det.",
            "The policy does not say who may raise a budget. Only a laboratory may leave that out.",
        );
    } else {
        let names = joined(&budget.raised_by.iter().map(same).collect::<Vec<_>>());
        out.say(
            format!(
                "Et budget hæves kun i en ny version af politikken og kun af disse i fællesskab: {}.",
                names.da
            ),
            format!(
                "A budget is raised only in a new version of the policy and only by these together: {}.",
                names.en
            ),
        );
    }
}

/// What the budget of a life means for one citizen.
fn reading(out: &mut Writer, life: &Limit, with: &Explaining<'_>) {
    if life.stated.is_none() {
        out.say(
            "Uden grænse er der intet løfte til den enkelte borger.",
            "Without limit there is no promise to a citizen.",
        );
        return;
    }
    let Some(conversion) = with.conversion.as_ref() else { return };
    // With other values the citizen is taken out and put in again: two steps, which cost four times the rho.
    let other = life.nano_rho.saturating_mul(4);
    let worth = |nano_rho| number::epsilon(nano_rho, conversion);
    let (Some(there), Some(fact)) = (worth(life.nano_rho), worth(other)) else { return };
    let delta = number::decimal(conversion.delta);
    let (percent, epsilon) = (percent_sure(there), rounded_up(there));
    let (percent_of_fact, epsilon_of_fact) = (percent_sure(fact), rounded_up(fact));
    if percent_of_fact.en == "100" {
        out.say(
            format!(
                "Hvad det betyder for en borger: Budgettet for livet er så stort (epsilon {}, og {} for svaret på et ja/nej-spørgsmål om borgeren), at det i praksis ikke sætter nogen grænse for, hvor sikker nogen kan blive, når alt er brugt. Så længe beskytter de mindre budgetter for hvert svar og hver periode. Løftet kan svigte med en sandsynlighed af størrelsen {}.",
                epsilon.da, epsilon_of_fact.da, delta.da
            ),
            format!(
                "What that means for a citizen: the budget for life is so large (epsilon {}, and {} for the answer to a yes-or-no question about the citizen) that in practice it sets no limit to how sure anybody can become once all is spent. Until then the smaller budgets of each answer and period protect. The promise can fail with a probability of the order of {}.",
                epsilon.en, epsilon_of_fact.en, delta.en
            ),
        );
        return;
    }
    out.say(
        format!(
            "Hvad det betyder for en borger: Den, der på forhånd er helt i tvivl (50 %), kan ud fra alle denne nodes statistiske svar gennem livet højst blive {} % sikker på, om borgeren overhovedet er med i data (epsilon {}), og højst {} % sikker på svaret på et ja/nej-spørgsmål om borgeren (epsilon {}). 100 % ville være vished. Løftet kan svigte med en sandsynlighed af størrelsen {}.",
            percent.da, epsilon.da, percent_of_fact.da, epsilon_of_fact.da, delta.da
        ),
        format!(
            "What that means for a citizen: somebody who is wholly in doubt before (50 %) can, from all statistical answers of this node in a lifetime, become at most {} % sure whether the citizen is in the data at all (epsilon {}), and at most {} % sure of the answer to a yes-or-no question about the citizen (epsilon {}). 100 % would be certainty. The promise can fail with a probability of the order of {}.",
            percent.en, epsilon.en, percent_of_fact.en, epsilon_of_fact.en, delta.en
        ),
    );
}

fn retention(out: &mut Writer, policy: &Policy) {
    out.section("Hvor længe ting gemmes (del 10)", "How long things are kept (part 10)");
    let kept = policy.retention();
    let days = |count: u32, da: &str, en: &str| {
        let count = counted(count, DAYS);
        Text::new(format!("{da} {}", count.da), format!("{en} {}", count.en))
    };
    let rows = [
        (Text::new("Frigivne svar", "Released answers"), days(kept.results_days, "højst", "at most")),
        (Text::new("Arbejdslister", "Work lists"), days(kept.work_lists_days, "højst", "at most")),
        (
            Text::new("Pseudonymer (et studie slutter inden)", "Pseudonyms (a study ends before)"),
            days(kept.pseudonyms_days, "højst", "at most"),
        ),
        (Text::new("Logge", "Logs"), days(kept.logs_days, "mindst", "at least")),
    ];
    out.table(&[["Hvad", "What"], ["Gemmes", "Kept"]], rows.into_iter().map(|(a, b)| vec![a, b]).collect());
    if !policy.laboratory {
        out.say(
            format!("Over virkelige data kan logge ikke gemmes i mindre end {LOGS_DAYS_MIN} dage."),
            format!("Over real data logs cannot be kept for less than {LOGS_DAYS_MIN} days."),
        );
    }
}
