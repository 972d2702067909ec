//! What is asked: five kinds of question over one table each, with other bounds every time.

use std::fmt::Write as _;

use jiff::civil::Date;

/// A kind of question.
pub(crate) struct Kind {
    /// In words.
    pub(crate) name: &'static str,
    /// The feature that is added up; none to count persons.
    pub(crate) sum: Option<&'static str>,
    /// The categories that make the cells.
    pub(crate) by: &'static [&'static str],
    /// The feature that a bound is set to.
    pub(crate) condition: &'static str,
}

/// All kinds. The first is what other tools are asked, too.
pub(crate) const KINDS: [Kind; 5] = [
    Kind { name: "persons by sex and age band", sum: None, by: &["sex", "age_band"], condition: "age" },
    Kind { name: "persons by municipality", sum: None, by: &["kommune"], condition: "age" },
    Kind { name: "years of age by sex", sum: Some("age"), by: &["sex"], condition: "age" },
    Kind {
        name: "persons by age band, by contacts with a GP",
        sum: None,
        by: &["age_band"],
        condition: "gp_contacts_1y",
    },
    Kind {
        name: "contacts with a GP by municipality",
        sum: Some("gp_contacts_1y"),
        by: &["kommune"],
        condition: "age",
    },
];

/// A question.
pub(crate) struct Question {
    /// Its place in [`KINDS`].
    pub(crate) kind: usize,
    /// From which number on persons count.
    pub(crate) from: i64,
}

impl Question {
    /// The `n`th question, another one for every number.
    pub(crate) fn nth(n: u32) -> Self {
        let kinds = u32::try_from(KINDS.len()).unwrap_or(u32::MAX);
        Self { kind: usize::try_from(n % kinds).unwrap_or(0), from: i64::from(n / kinds) }
    }

    /// One that is none of the others.
    pub(crate) const fn warm_up() -> Self {
        Self { kind: 0, from: 110 }
    }

    /// Its kind.
    pub(crate) fn kind(&self) -> &'static Kind {
        KINDS.get(self.kind).unwrap_or(&KINDS[0])
    }

    /// The query file. The budget is that of epsilon 1 where noise is Laplace's.
    pub(crate) fn text(&self, as_of: Date) -> String {
        let Kind { sum, by, condition, .. } = self.kind();
        let mut text = String::from("name = \"latency\"\n");
        match sum {
            Some(feature) => _ = writeln!(text, "kind = \"sum\"\nfeature = \"{feature}\""),
            None => text.push_str("kind = \"count\"\n"),
        }
        _ = writeln!(text, "by = {by:?}\nas_of = {as_of}");
        _ = writeln!(text, "[[where]]\nfeature = \"{condition}\"\nfrom = {}", self.from);
        text.push_str("[privacy]\nrho = 0.5\n[nodes]\nsector = \"region\"\n");
        text
    }
}
