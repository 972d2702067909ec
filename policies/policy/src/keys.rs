//! Every key of a policy file: for its documentation, and for a test that each has been thought of.

/// Whether a key may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// It must be there.
    Always,
    /// A laboratory may leave it out.
    UnlessLaboratory,
    /// Where its table is there, or its mode needs it.
    InItsPlace,
    /// It may be left out; what then holds stands with it.
    Optional,
}

/// One key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its path; a table that may stand several times is named once.
    pub path: &'static str,
    /// The part of the policy that it belongs to, 1 to 12; 0 for what is of no part.
    pub part: u8,
    /// Whether it may be left out.
    pub needed: Needed,
    /// What it takes.
    pub takes: &'static str,
    /// What it says.
    pub says: &'static str,
}

use Needed::{Always, InItsPlace, Optional, UnlessLaboratory};

const fn key(path: &'static str, part: u8, needed: Needed, takes: &'static str, says: &'static str) -> Key {
    Key { path, part, needed, takes, says }
}

const DATE: &str = "date";
const TEXT: &str = "text";
const ID: &str = "1–64 of a-z, 0-9, -";
const CVR: &str = "eight digits, as text";
const LIMIT: &str = "`{ rho = … }` or `{ epsilon = … }`; \"unlimited\" in a laboratory";
const NAMES: &str = "list of names; \"all\" in a laboratory";
const DECIMAL: &str = "more than 0, at most 1000000000, nine decimals";
const LETTER: &str = "letter";
const DAYS: &str = "days, 1–36525";
const HEX: &str = "64 hexadecimal digits";
const GRAIN: &str = "points, counts or events";
const FILE: &str = "file name or \"none\"";
const TABLE: &str = "table";
const TABLES: &str = "tables, each in double brackets";

/// All keys, in the order of an example.
pub const KEYS: &[Key] = &[
    key(
        "laboratory",
        0,
        Optional,
        "true or false",
        "for made-up data alone; lifts ceilings. Left out: false",
    ),
    key("policy", 12, UnlessLaboratory, TABLE, "which policy it is"),
    key("policy.node", 12, InItsPlace, "name of a node", "the node whose policy it is"),
    key("policy.version", 12, InItsPlace, "1 and up", "counts up; a lower one than was in force is refused"),
    key("policy.predecessor", 12, Optional, HEX, "SHA-256 of the file before it; from version 2 on needed"),
    key("policy.valid-from", 12, InItsPlace, DATE, "first day"),
    key("policy.valid-to", 12, InItsPlace, DATE, "last day"),
    key("controller", 1, UnlessLaboratory, TABLE, "who answers for the data"),
    key("controller.name", 1, InItsPlace, TEXT, "region or municipality"),
    key("controller.cvr", 1, InItsPlace, CVR, "its CVR number"),
    key("controller.contact", 1, InItsPlace, TEXT, "whom to ask"),
    key("controller.dpo", 1, InItsPlace, TEXT, "data-protection officer"),
    key("controller.processor", 1, Optional, TABLES, "processors; left out: none"),
    key("controller.processor.name", 1, InItsPlace, TEXT, "name"),
    key("controller.processor.cvr", 1, InItsPlace, CVR, "CVR number"),
    key("controller.processor.task", 1, InItsPlace, TEXT, "what it does"),
    key("dpia", 11, UnlessLaboratory, TABLE, "impact assessment"),
    key("dpia.reference", 11, InItsPlace, TEXT, "where it is kept"),
    key("dpia.version", 11, InItsPlace, TEXT, "which version"),
    key("dpia.date", 11, InItsPlace, DATE, "its day, no later than `policy.valid-from`"),
    key("population", 6, Always, TABLE, "who is left out of everything"),
    key("population.opt-outs", 6, InItsPlace, FILE, "citizens who opted out, one a line"),
    key(
        "population.protected-addresses",
        6,
        InItsPlace,
        FILE,
        "citizens with a protected address, one a line",
    ),
    key(
        "population.objections",
        6,
        UnlessLaboratory,
        FILE,
        "citizens who objected (GDPR Article 21), one a line",
    ),
    key("cells", 7, Always, TABLE, "what of an answer is shown"),
    key(
        "cells.smallest",
        7,
        Optional,
        "3–10000; 0 and up in a laboratory",
        "noisy values below are hidden. Left out: 5",
    ),
    key("cells.rounding", 7, InItsPlace, "1–10000", "shown values are multiples of it; 1: not rounded"),
    key(
        "cells.dimensions-max",
        7,
        InItsPlace,
        "0–32",
        "features that persons may be told apart by in one query: categories and conditions",
    ),
    key("cells.cells-max", 7, InItsPlace, "1–10000", "cells of one query"),
    key("budget", 8, Always, TABLE, "what all permits together may cost a citizen"),
    key(
        "budget.unit",
        8,
        InItsPlace,
        "\"citizen\"",
        "unit of privacy: one person more or less, with all rows",
    ),
    key("budget.per-period", 8, InItsPlace, LIMIT, "within any run of `period-days`"),
    key("budget.per-period.rho", 8, Optional, DECIMAL, "zCDP"),
    key("budget.per-period.epsilon", 8, Optional, DECIMAL, "(epsilon, delta) at the roster's delta"),
    key("budget.period-days", 8, InItsPlace, DAYS, "the period"),
    key("budget.calendar", 8, Optional, TABLE, "a budget for each period of the calendar; left out: none"),
    key(
        "budget.calendar.each",
        8,
        InItsPlace,
        "\"month\", \"quarter\", \"year\"",
        "the period, by Danish days",
    ),
    key("budget.calendar.at-most", 8, InItsPlace, LIMIT, "within one of them"),
    key("budget.calendar.at-most.rho", 8, Optional, DECIMAL, "zCDP"),
    key("budget.calendar.at-most.epsilon", 8, Optional, DECIMAL, "(epsilon, delta) at the roster's delta"),
    key("budget.for-life", 8, InItsPlace, LIMIT, "ever; rho 10 at most over real data"),
    key("budget.for-life.rho", 8, Optional, DECIMAL, "zCDP"),
    key("budget.for-life.epsilon", 8, Optional, DECIMAL, "(epsilon, delta)"),
    key(
        "budget.raised-by",
        8,
        UnlessLaboratory,
        "list of two names or more",
        "who together may raise a budget",
    ),
    key("release", 7, Always, TABLE, "when and after what an answer leaves"),
    key(
        "release.reply-grid-ms",
        7,
        InItsPlace,
        "50–60000; 0 and up in a laboratory",
        "replies leave at multiples of it; 0: at once",
    ),
    key(
        "release.witnesses",
        7,
        Optional,
        "0–128",
        "nodes that must have signed the ledger's head. Left out: 1 with three nodes or more; 0 in a laboratory",
    ),
    key("retention", 10, Always, TABLE, "how long things are kept"),
    key("retention.results-days", 10, InItsPlace, DAYS, "released answers, at most"),
    key("retention.work-lists-days", 10, InItsPlace, DAYS, "work lists, at most"),
    key("retention.pseudonyms-days", 10, InItsPlace, DAYS, "pseudonyms, at most: a study ends before"),
    key("retention.logs-days", 10, InItsPlace, "days, 180–36525; 1 and up in a laboratory", "logs, at least"),
    key("permit", 3, Optional, TABLES, "permits; left out: nothing is permitted"),
    key("permit.id", 3, InItsPlace, ID, "its id, once in the file; the ledger counts by it"),
    key(
        "permit.mode",
        4,
        InItsPlace,
        "aggregates, joined-statistics or person-contributions",
        "what it is for: one mode",
    ),
    key("permit.issuer", 3, UnlessLaboratory, TEXT, "who issued it"),
    key("permit.valid-from", 3, UnlessLaboratory, DATE, "first day"),
    key("permit.valid-to", 3, UnlessLaboratory, DATE, "last day"),
    key("permit.revoked", 3, Optional, DATE, "the day from which it no longer holds"),
    key("permit.single-approval", 3, Optional, TEXT, "why one approval is enough"),
    key("permit.purpose", 2, UnlessLaboratory, TABLE, "what for"),
    key("permit.purpose.id", 2, InItsPlace, ID, "what a request must name"),
    key("permit.purpose.da", 2, InItsPlace, TEXT, "in Danish"),
    key("permit.purpose.en", 2, InItsPlace, TEXT, "in English"),
    key(
        "permit.purpose.ehds-53",
        2,
        Optional,
        "letter a–f",
        "purpose of EHDS Article 53(1); for statistics alone",
    ),
    key(
        "permit.basis",
        2,
        UnlessLaboratory,
        TABLE,
        "legal basis of each step that is taken, and of no other",
    ),
    key("permit.basis.compute", 2, InItsPlace, TABLE, "the node works out numbers"),
    key("permit.basis.compute.article-6", 2, InItsPlace, LETTER, "GDPR Article 6(1), a–f"),
    key(
        "permit.basis.compute.article-9",
        2,
        InItsPlace,
        LETTER,
        "GDPR Article 9(2), a–j; j for statistics alone",
    ),
    key(
        "permit.basis.compute.national",
        2,
        InItsPlace,
        TEXT,
        "paragraph; databeskyttelsesloven § 10 for statistics alone",
    ),
    key("permit.basis.disclose", 2, InItsPlace, TABLE, "they leave for the coordinator"),
    key("permit.basis.disclose.article-6", 2, InItsPlace, LETTER, "as above"),
    key("permit.basis.disclose.article-9", 2, InItsPlace, LETTER, "as above"),
    key("permit.basis.disclose.national", 2, InItsPlace, TEXT, "as above"),
    key(
        "permit.basis.disclose-items",
        2,
        InItsPlace,
        TABLE,
        "items reach the municipality; with `disclosure = \"items\"`",
    ),
    key("permit.basis.disclose-items.article-6", 2, InItsPlace, LETTER, "as above"),
    key("permit.basis.disclose-items.article-9", 2, InItsPlace, LETTER, "as above"),
    key("permit.basis.disclose-items.national", 2, InItsPlace, TEXT, "as above"),
    key(
        "permit.basis.hand-to-practice",
        2,
        InItsPlace,
        TABLE,
        "a list goes to a practice; with `to = [\"gp-practice\"]`",
    ),
    key("permit.basis.hand-to-practice.article-6", 2, InItsPlace, LETTER, "as above"),
    key("permit.basis.hand-to-practice.article-9", 2, InItsPlace, LETTER, "as above"),
    key("permit.basis.hand-to-practice.national", 2, InItsPlace, TEXT, "as above"),
    key(
        "permit.asker",
        3,
        UnlessLaboratory,
        TABLES,
        "who may ask, each once. Left out in a laboratory: anyone",
    ),
    key("permit.asker.name", 3, InItsPlace, TEXT, "for people"),
    key("permit.asker.key", 3, InItsPlace, HEX, "the person's own signing key, compared exactly"),
    key("permit.asker.role", 3, InItsPlace, "analyst or dpo", "the role in the roster"),
    key("permit.approval", 3, UnlessLaboratory, TABLES, "two persons; one with `single-approval`"),
    key("permit.approval.name", 3, InItsPlace, TEXT, "who"),
    key("permit.approval.date", 3, InItsPlace, DATE, "when; before it the permit does not hold"),
    key(
        "permit.second-signature",
        3,
        InItsPlace,
        TABLES,
        "persons of whom one other than who asks signs each stratification; not for aggregates. Left out: nobody, but in person contributions over real data",
    ),
    key("permit.second-signature.name", 3, InItsPlace, TEXT, "for people"),
    key("permit.second-signature.key", 3, InItsPlace, HEX, "the person's own signing key, compared exactly"),
    key("permit.second-signature.role", 3, InItsPlace, "analyst or dpo", "the role in the roster"),
    key("permit.data", 5, InItsPlace, TABLE, "which data"),
    key("permit.data.tables", 5, InItsPlace, NAMES, "canonical tables that may be read"),
    key("permit.data.features", 5, InItsPlace, NAMES, "features for sums, conditions and components"),
    key(
        "permit.data.categories",
        5,
        InItsPlace,
        NAMES,
        "what tables are grouped by; also a condition. Joined: also stratum, included, total. Not for person contributions",
    ),
    key(
        "permit.data.sensitive",
        2,
        Optional,
        NAMES,
        "features of citizenship or unemployment fund that are approved. Left out: none",
    ),
    key(
        "permit.data.clamp",
        8,
        Optional,
        TABLES,
        "numbers that may be added up; aggregates alone. Left out: none; in a laboratory all",
    ),
    key("permit.data.clamp.feature", 8, InItsPlace, "name of a number", "which"),
    key("permit.data.clamp.from", 8, InItsPlace, "whole number", "the catalogue's clamp begins no lower"),
    key("permit.data.clamp.to", 8, InItsPlace, "whole number", "the catalogue's clamp ends no higher"),
    key("permit.population", 6, Optional, TABLE, "whose data, beyond what is asked. Left out: everyone's"),
    key("permit.population.kommuner", 6, Optional, "list of municipality codes", "residents of these alone"),
    key("permit.population.age-from", 6, Optional, "0–150", "least age"),
    key("permit.population.age-to", 6, Optional, "0–150", "greatest age"),
    key("permit.budget", 8, InItsPlace, TABLE, "for statistics"),
    key("permit.budget.per-query", 8, InItsPlace, LIMIT, "one answer, at most"),
    key("permit.budget.per-query.rho", 8, Optional, DECIMAL, "zCDP"),
    key("permit.budget.per-query.epsilon", 8, Optional, DECIMAL, "(epsilon, delta)"),
    key(
        "permit.budget.default-query",
        8,
        Optional,
        "`{ rho = … }` or `{ epsilon = … }`",
        "an answer whose query states no budget. Left out: such a query is refused",
    ),
    key("permit.budget.default-query.rho", 8, Optional, DECIMAL, "zCDP"),
    key("permit.budget.default-query.epsilon", 8, Optional, DECIMAL, "(epsilon, delta)"),
    key("permit.budget.in-all", 8, InItsPlace, LIMIT, "all answers under the permit"),
    key("permit.budget.in-all.rho", 8, Optional, DECIMAL, "zCDP"),
    key("permit.budget.in-all.epsilon", 8, Optional, DECIMAL, "(epsilon, delta)"),
    key("permit.model", 4, InItsPlace, TABLES, "models; not for aggregates"),
    key("permit.model.name", 4, InItsPlace, "name of a model; \"all\" in a laboratory", "which"),
    key("permit.model.version", 4, InItsPlace, "1 and up", "which version"),
    key("permit.model.digest", 4, InItsPlace, HEX, "the file that was assessed"),
    key(
        "permit.model.grain",
        5,
        Optional,
        GRAIN,
        "finest contribution of components not named. Left out: none but those named",
    ),
    key(
        "permit.model.component",
        5,
        Optional,
        "table of component = grain",
        "finest contribution of each named component",
    ),
    key("permit.work-list", 4, InItsPlace, TABLE, "for person contributions"),
    key(
        "permit.work-list.disclosure",
        4,
        InItsPlace,
        "inclusion, stratum, total or items",
        "what it tells; each tells what the ones before it tell",
    ),
    key("permit.work-list.persons", 4, InItsPlace, "selected; all in a laboratory", "who stands in it"),
    key("permit.work-list.to", 4, InItsPlace, "list of municipality, gp-practice", "who gets it"),
    key("permit.pseudonyms", 9, InItsPlace, TABLE, "not for aggregates"),
    key("permit.pseudonyms.domain", 9, InItsPlace, ID, "keeps its pseudonyms apart; once in the file"),
    key("permit.pseudonyms.key", 9, InItsPlace, "\"per-run\"", "one key for each run"),
    key(
        "permit.pseudonyms.evaluations-per-study",
        9,
        InItsPlace,
        "1–10000000",
        "persons that this node has evaluated",
    ),
    key(
        "permit.pseudonyms.evaluations-per-peer",
        9,
        InItsPlace,
        "1–10000000",
        "persons that this node evaluates for one peer",
    ),
    key("permit.safeguards", 2, UnlessLaboratory, TABLE, "for person contributions"),
    key(
        "permit.safeguards.human-review",
        2,
        InItsPlace,
        TEXT,
        "who looks at each listed citizen (GDPR Article 22)",
    ),
    key(
        "permit.safeguards.joint-controllers",
        2,
        Optional,
        TEXT,
        "arrangement (Article 26); this or the next",
    ),
    key("permit.safeguards.processor-agreement", 2, Optional, TEXT, "agreement (Article 28)"),
    key("permit.safeguards.notice", 2, InItsPlace, TEXT, "how citizens are informed (Articles 13 and 14)"),
];
