//! What a policy may say and had better not: each with a stable code, the key it is about, a sentence and a mend in
//! both languages. A node loads such a policy; a person should have thought about it. Pure: the day is an argument.
//!
//! What concerns people whom the data is about is not said of a laboratory, whose people are made up.

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::explain::number::{DAYS, counted, day};
use crate::permit::{Allowed, Limit, Mode, Permit, Validity};
use crate::policy::Policy;
use crate::text::Text;

/// The epsilon that one answer should not be worth more than: beyond it a person's presence is more than likely to
/// show, and it is what most official statistics keep to.
pub const EPSILON_MOST: f64 = 1.0;

/// Days before a policy or a permit ends at which a successor should be on its way to the signers.
pub const DAYS_LEFT_LEAST: i64 = 30;

/// Years after which an impact assessment is looked at again: GDPR Article 35(11) asks for a review where the risk
/// changes, and says no number.
pub const ASSESSMENT_YEARS: i64 = 2;

/// The smallest cell that most Danish practice shows.
pub const SMALLEST_CELL_USUAL: u32 = 5;

/// Persons that no region or municipality has more of.
pub const RESIDENTS_MOST: u32 = 3_000_000;

/// One thing that is legal and unwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// A stable code, such as `warn.epsilon`.
    pub code: &'static str,
    /// The path of the key that it is about, such as `permit[2].budget.per-query`; where the file does not have it, it
    /// is what the file lacks.
    pub key: String,
    /// What is unwise.
    pub sentence: Text,
    /// What would be better.
    pub mend: Text,
}

/// All warnings of a policy on a day. `epsilon_of` gives the least epsilon that so many thousand-millionths of rho are
/// worth at the federation's constant delta.
#[must_use]
pub fn warnings(policy: &Policy, today: Date, epsilon_of: &dyn Fn(u64) -> f64) -> Vec<Warning> {
    let mut all = Warnings { today, epsilon_of, found: Vec::new() };
    if let Some(edition) = policy.edition() {
        all.validity("policy", edition.validity);
    }
    all.assessment(policy);
    if !policy.is_laboratory() {
        all.cells(policy);
    }
    for (index, permit) in policy.permits().iter().enumerate() {
        all.permit(policy, permit, &format!("permit[{}]", index + 1));
    }
    all.found
}

struct Warnings<'w> {
    today: Date,
    epsilon_of: &'w dyn Fn(u64) -> f64,
    found: Vec<Warning>,
}

impl Warnings<'_> {
    fn add(&mut self, code: &'static str, key: impl Into<String>, [da, en, mend_da, mend_en]: [&str; 4]) {
        let (sentence, mend) = (Text::new(da, en), Text::new(mend_da, mend_en));
        self.found.push(Warning { code, key: key.into(), sentence, mend });
    }

    /// Longer than a year, about to end, or over.
    fn validity(&mut self, of: &str, validity: Validity) {
        let key = format!("{of}.valid-to");
        // Both days count, so a year ends on the day before its anniversary.
        if validity.from.checked_add(1.year()).is_ok_and(|anniversary| validity.to >= anniversary) {
            let words = [
                "Gyldigheden er længere end et år.",
                "It holds for more than a year.",
                "Lad den udløbe inden for et år, så nogen tager stilling igen.",
                "Let it end within a year, so that somebody decides anew.",
            ];
            self.add("warn.validity", key.clone(), words);
        }
        let last = day(validity.to);
        let days = self.today.duration_until(validity.to).as_hours() / 24;
        let renew = [
            "Lav den næste version, og få den underskrevet i god tid.",
            "Write the next version and have it signed in good time.",
        ];
        if days < 0 {
            let da = format!("Den udløb den {}.", last.da);
            let en = format!("It ended on {}.", last.en);
            self.add("warn.expired", key, [&da, &en, renew[0], renew[1]]);
        } else if days < DAYS_LEFT_LEAST {
            let left = counted(days, DAYS);
            let da = format!("Den udløber den {}: om {}.", last.da, left.da);
            let en = format!("It ends on {}: in {}.", last.en, left.en);
            self.add("warn.expiring", key, [&da, &en, renew[0], renew[1]]);
        }
    }

    fn assessment(&mut self, policy: &Policy) {
        let Some(assessment) = policy.assessment() else {
            let words = [
                "Der er ingen henvisning til en konsekvensanalyse.",
                "There is no reference to an impact assessment.",
                "Skriv [dpia], før der kommer virkelige data i spil.",
                "Write [dpia] before real data comes into play.",
            ];
            return self.add("warn.assessment-missing", "dpia", words);
        };
        let is_old = assessment.date.checked_add(ASSESSMENT_YEARS.years()).is_ok_and(|due| due < self.today);
        if is_old {
            let words = [
                "Konsekvensanalysen er mere end to år gammel.",
                "The impact assessment is more than two years old.",
                "Gennemgå den, og skriv den nye version og dato.",
                "Review it, and write the new version and date.",
            ];
            self.add("warn.assessment-old", "dpia.date", words);
        }
    }

    fn cells(&mut self, policy: &Policy) {
        let cells = policy.cells();
        if cells.smallest < SMALLEST_CELL_USUAL {
            let words = [
                "Celler under 5 bliver vist; det meste af dansk praksis skjuler dem.",
                "Cells below 5 are shown; most Danish practice hides them.",
                "Sæt `smallest` til 5 eller mere.",
                "Set `smallest` to 5 or more.",
            ];
            self.add("warn.cells-small", "cells.smallest", words);
        }
        if cells.rounding == 1 {
            let words = [
                "Tallene bliver ikke afrundet.",
                "Numbers are not rounded.",
                "Sæt `rounding` til 5: støjen gør alligevel de sidste enheder meningsløse.",
                "Set `rounding` to 5: the noise makes the last units meaningless anyway.",
            ];
            self.add("warn.rounding", "cells.rounding", words);
        }
        if policy.release().witnesses == Some(0) {
            let words = [
                "Svar forlader noden, uden at nogen anden har bevidnet regnskabet.",
                "Answers leave the node without anyone else having witnessed the ledger.",
                "Sæt `witnesses` til 1 eller mere, når der er tre noder eller flere.",
                "Set `witnesses` to 1 or more once there are three nodes or more.",
            ];
            self.add("warn.witnesses", "release.witnesses", words);
        }
    }

    fn permit(&mut self, policy: &Policy, permit: &Permit, at: &str) {
        if let Some(validity) = permit.validity {
            self.validity(at, validity);
        }
        if !policy.is_laboratory() {
            if let Some(budget) = &permit.budget {
                self.epsilon(budget.per_query, at);
            }
            self.approvals(permit, at);
            self.follow_up(policy, permit, at);
        }
        self.second_signatures(permit, at);
        if permit.mode == Mode::PersonContributions {
            self.work_list(permit, at);
        }
        let most = permit.pseudonyms.as_ref().map_or(0, |pseudonyms| pseudonyms.evaluations_per_study);
        if most > RESIDENTS_MOST {
            let words = [
                "Så mange borgere har ingen region og ingen kommune, så grænsen holder ingenting tilbage.",
                "No region and no municipality has so many citizens, so the limit holds nothing back.",
                "Skriv antallet af egne borgere med en margen.",
                "Write the number of the node's own citizens, with a margin.",
            ];
            self.add("warn.evaluations", format!("{at}.pseudonyms.evaluations-per-study"), words);
        }
    }

    /// Kept for more than a year from the policy's first day on.
    fn follow_up(&mut self, policy: &Policy, permit: &Permit, at: &str) {
        let until = permit.follow_up.as_ref().and_then(|follow_up| follow_up.until);
        let from = policy.edition().map(|edition| edition.validity.from);
        let (Some(until), Some(from)) = (until, from) else { return };
        if from.checked_add(1.year()).is_ok_and(|anniversary| until >= anniversary) {
            let words = [
                "Pseudonymer af flere kørsler kan kædes sammen i mere end et år.",
                "Pseudonyms of several runs can be linked for more than a year.",
                "Lad opfølgningen slutte inden for et år, så nogen tager stilling igen.",
                "Let the follow-up end within a year, so that somebody decides anew.",
            ];
            self.add("warn.follow-up", format!("{at}.follow-up.until"), words);
        }
    }

    fn epsilon(&mut self, per_query: Limit, at: &str) {
        let epsilon = (self.epsilon_of)(per_query.nano_rho);
        if epsilon <= EPSILON_MOST {
            return;
        }
        // Rounded up: a warning does not make it look better than it is.
        let epsilon = (epsilon * 100.0).ceil() / 100.0;
        let da = format!(
            "Et svar må koste borgeren epsilon {}; over 1 beskytter støjen lidt.",
            decimal_da(epsilon)
        );
        let en =
            format!("One answer may cost a citizen epsilon {epsilon:.2}; above 1 the noise protects little.");
        let words = [
            da.as_str(),
            &en,
            "Sæt `per-query` ned, eller skriv i konsekvensanalysen, hvorfor det er nødvendigt.",
            "Lower `per-query`, or say in the impact assessment why it is needed.",
        ];
        self.add("warn.epsilon", format!("{at}.budget.per-query"), words);
    }

    fn approvals(&mut self, permit: &Permit, at: &str) {
        if let [only] = permit.approvals.as_slice() {
            let da = format!("Kun én har godkendt tilladelsen: {}.", only.name);
            let en = format!("One person alone approved the permit: {}.", only.name);
            let mend = ["Lad en til godkende den.", "Let another one approve it."];
            self.add("warn.single-approval", format!("{at}.approval"), [&da, &en, mend[0], mend[1]]);
        }
        let Allowed::Only(askers) = &permit.askers else { return };
        for (index, approval) in permit.approvals.iter().enumerate() {
            if askers.iter().any(|asker| is_same_name(&asker.name, &approval.name)) {
                let da = format!("{} godkender det, som {0} selv må spørge om.", approval.name);
                let en = format!("{} approves what {0} may ask.", approval.name);
                let mend =
                    ["Lad en, der ikke selv spørger, godkende.", "Let somebody approve who does not ask."];
                let key = format!("{at}.approval[{}].name", index + 1);
                self.add("warn.approval-by-asker", key, [&da, &en, mend[0], mend[1]]);
            }
        }
    }

    /// A second signature is another person's than the one's who asks. Where one key is all there is, none can be.
    fn second_signatures(&mut self, permit: &Permit, at: &str) {
        let Allowed::Only(askers) = &permit.askers else { return };
        if let ([asker], [second]) = (askers.as_slice(), permit.second_signatures.as_slice())
            && asker.key == second.key
        {
            let words = [
                "Den eneste, der kan underskrive som nummer to, er den eneste, der må spørge: intet kan underskrives.",
                "The only one who can sign second is the only one who may ask: nothing can be signed.",
                "Nævn en anden person under `second-signature`.",
                "Name another person under `second-signature`.",
            ];
            self.add("warn.second-signature", format!("{at}.second-signature"), words);
        }
    }

    fn work_list(&mut self, permit: &Permit, at: &str) {
        let population = &permit.population;
        if population.kommuner.is_none() && population.age_from.is_none() && population.age_to.is_none() {
            let words = [
                "Arbejdslisten har ingen grænse: den kan rumme enhver, som modellen udvælger.",
                "The work list has no bound: anyone whom the model selects can stand in it.",
                "Skriv `kommuner`, `age-from` eller `age-to` under [permit.population].",
                "Write `kommuner`, `age-from` or `age-to` under [permit.population].",
            ];
            self.add("warn.work-list-everyone", format!("{at}.population"), words);
        }
        if permit.safeguards.is_none() {
            let words = [
                "Ingen er nævnt, som ser på hver borger på arbejdslisten.",
                "Nobody is named who looks at each citizen on the work list.",
                "Skriv `human-review` under [permit.safeguards].",
                "Write `human-review` under [permit.safeguards].",
            ];
            self.add("warn.reviewer", format!("{at}.safeguards"), words);
        }
    }
}

/// Two decimals with a comma, as Danes write them.
fn decimal_da(number: f64) -> String {
    format!("{number:.2}").replace('.', ",")
}

fn is_same_name(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}
