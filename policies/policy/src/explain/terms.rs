//! The words of law and of differential privacy that an explanation uses, each once.

use super::Explaining;
use super::number;
use super::writer::Writer;
use crate::permit::Mode;
use crate::policy::Policy;
use crate::text::Text;

pub(super) fn write(out: &mut Writer, policy: &Policy, with: &Explaining<'_>) {
    out.section("Ordforklaring", "Words");
    let has = |mode: Mode| policy.permits().iter().any(|permit| permit.mode == mode);
    let mut rows = vec![
        term(
            "Node",
            "Node",
            "programmet, der arbejder hos én region eller kommune, over dens egne data",
            "the program that works at one region or municipality, over its own data",
        ),
        term(
            "Koordinator",
            "Coordinator",
            "sekretariatets program, der sender spørgsmål ud og samler svarene; den kan kun spørge, noden afgør",
            "the secretariat's program, which sends queries out and joins answers; it can only ask, the node decides",
        ),
        term(
            "Dataansvarlig",
            "Controller",
            "den, der afgør, hvorfor og hvordan personoplysninger behandles, og svarer for det",
            "who decides why and how personal data is processed, and answers for it",
        ),
        term(
            "Databehandler",
            "Processor",
            "den, der behandler personoplysninger efter den dataansvarliges instruks",
            "who processes personal data as the controller instructs",
        ),
        term(
            "Databeskyttelsesrådgiver (DPO)",
            "Data-protection officer (DPO)",
            "den dataansvarliges uafhængige rådgiver om personoplysninger",
            "the controller's independent adviser on personal data",
        ),
        term(
            "Konsekvensanalyse (DPIA)",
            "Impact assessment (DPIA)",
            "vurdering af risikoen for borgerne, før behandlingen begynder (artikel 35)",
            "an assessment of the risk to citizens, before processing begins (Article 35)",
        ),
        term(
            "SHA-256, aftryk",
            "SHA-256, digest",
            "et tal, der er regnet ud af en fil, og som bliver et andet, hvis blot ét tegn i filen ændres",
            "a number worked out from a file, which becomes another one where a single character of the file changes",
        ),
        term(
            "Vidne",
            "Witness",
            "en anden node, der underskriver regnskabets seneste post, så det ikke siden kan laves om",
            "another node that signs the ledger's newest entry, so that it cannot be rewritten later",
        ),
        term(
            "Støj",
            "Noise",
            "et tilfældigt tal, der lægges til et svar, så det ikke kan ses, om én borger er med",
            "a random number that is added to an answer, so that nobody can see whether one citizen is in it",
        ),
        term(
            "Rho og epsilon",
            "Rho and epsilon",
            "to mål for, hvor meget et svar højst kan røbe om én borger; jo mindre tal, jo mere støj og jo bedre beskyttelse. Rho lægges sammen fra svar til svar, og det er det, regnskabet tæller",
            "two measures of how much an answer can tell of one citizen at most; the smaller the number, the more noise and the better the protection. Rho adds up from answer to answer, and is what the ledger counts",
        ),
    ];
    rows.push(match with.conversion {
        Some(conversion) => {
            let delta = number::decimal(conversion.delta);
            vec![
                Text::new("Delta", "Delta"),
                Text::new(
                    format!("sandsynligheden for, at løftet i epsilon ikke holder; her {}", delta.da),
                    format!("the probability that the promise of epsilon does not hold; here {}", delta.en),
                ),
            ]
        }
        None => term(
            "Delta",
            "Delta",
            "sandsynligheden for, at løftet i epsilon ikke holder; den er fælles for hele føderationen",
            "the probability that the promise of epsilon does not hold; it is the same in all the federation",
        ),
    });
    rows.push(term(
        "Celle",
        "Cell",
        "ét tal i en tabel, for eksempel antallet af kvinder i én aldersgruppe",
        "one number of a table, for instance how many women there are in one age group",
    ));
    if has(Mode::JoinedStatistics) || has(Mode::PersonContributions) {
        rows.extend([
            term("Pseudonym", "Pseudonym", "et uigennemskueligt navn i stedet for CPR-nummeret; flere noder må regne det ud i fællesskab, og koordinatoren kan ikke", "an opaque name in place of the CPR number; several nodes must work it out together, and the coordinator cannot"),
            term("Studie", "Study", "én kørsel af én model over flere noder", "one run of one model over several nodes"),
            term("Komponent", "Component", "én oplysning, som en node bidrager med til en model", "one piece of information that a node contributes to a model"),
            term("Point, antal, hændelser", "Points, counts, events", "tre grader af nøjagtighed: nodens egne point for reglen; tal, som lægges sammen på tværs af noder; enkelte hændelser med flyttede tidspunkter, kun for borgere, som to noder af samme slags har data om", "three degrees of exactness: the node's own points for the rule; numbers that add up over nodes; single events at shifted times, only for citizens whom two nodes of one kind hold"),
            term("Gruppe (stratum)", "Stratum", "et af modellens trin efter point i alt", "one of the model's steps by points in all"),
            term("Kriterium", "Criterion", "en del af modellen, der giver point for sig", "a part of the model that gives points of its own"),
        ]);
    }
    out.table(&[["Ord", "Word"], ["Betydning", "Meaning"]], rows);
}

fn term(da: &str, en: &str, means_da: &str, means_en: &str) -> Vec<Text> {
    vec![Text::new(da, en), Text::new(means_da, means_en)]
}
