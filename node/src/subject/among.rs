//! Whether a person was among those whose rows a use read. Pure.

use std::rc::Rc;

use jiff::civil::Date;
use tvaers_policy::permit::Population;

use super::uses::Use;

/// How persons are looked at: one pass over the data serves all uses that are alike in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day {
    /// The day itself; none where the log no longer says.
    pub(crate) as_of: Option<Date>,
    /// The member municipalities when it was asked about: whose patients a region's answers are about.
    pub(crate) members: Rc<[u16]>,
}

/// Whom a use was about, as far as it is known. Uses that are alike in it concern the same persons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) day: Day,
    /// The permit's population; none where it is not known.
    pub(crate) population: Option<Population>,
    /// The lists that were the same then: see [`super::lists`].
    pub(crate) lists: Vec<usize>,
    /// How many objections were known then: see [`super::objectors`].
    pub(crate) objections: usize,
    /// Whether persons bore pseudonyms.
    pub(crate) has_pseudonyms: bool,
}

impl About {
    pub(crate) fn of(
        one: &Use,
        population: Option<Population>,
        members: Rc<[u16]>,
        lists: Vec<usize>,
        objections: usize,
    ) -> Self {
        let has_pseudonyms = one.done.has_pseudonyms();
        Self { day: Day { as_of: one.as_of, members }, population, lists, objections, has_pseudonyms }
    }
}

/// What is known of a person on the day of a use.
#[derive(Clone, Copy)]
pub(crate) struct Person {
    /// The age in completed years.
    pub(crate) age: Option<i64>,
    /// The municipality of residence.
    pub(crate) kommune: Option<i64>,
    /// Whether the number is a local replacement outside made-up data: such a person gets no pseudonym.
    pub(crate) is_replacement: bool,
    /// Whether an objection, or a list that was the same then, left the person out.
    pub(crate) was_left_out: bool,
    /// Whether an objection or a list leaves the person out now.
    pub(crate) is_left_out: bool,
}

/// Why it is not certain that the person was among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Doubt {
    /// No copy of the policy says whom the permit was about.
    Policy,
    /// The day that the use looked at is not known.
    Day,
    /// The age is not known, and the permit asks for one.
    Age,
    /// The municipality is not known, and the permit asks for some.
    Kommune,
    /// The person is left out now, and nobody can tell whether that was so then.
    LeftOut,
}

/// Whether the person was among them: none where not, and else why it is not certain.
pub(crate) fn among(about: &About, person: &Person) -> Option<Vec<Doubt>> {
    if person.was_left_out || (about.has_pseudonyms && person.is_replacement) {
        return None;
    }
    let mut doubts = Vec::new();
    match &about.population {
        None => doubts.push(Doubt::Policy),
        // Of another day nothing here can say who somebody was.
        Some(_) if about.day.as_of.is_none() => doubts.push(Doubt::Day),
        Some(Population { kommuner, age_from, age_to }) => {
            if (age_from, age_to) != (&None, &None) {
                match person.age {
                    None => doubts.push(Doubt::Age),
                    Some(age) => {
                        let from = age_from.map_or(i64::MIN, i64::from);
                        let to = age_to.map_or(i64::MAX, i64::from);
                        if !(from..=to).contains(&age) {
                            return None;
                        }
                    }
                }
            }
            if let Some(kommuner) = kommuner {
                match person.kommune {
                    None => doubts.push(Doubt::Kommune),
                    Some(code) if !kommuner.iter().any(|one| i64::from(*one) == code) => return None,
                    Some(_) => {}
                }
            }
        }
    }
    if person.is_left_out {
        doubts.push(Doubt::LeftOut);
    }
    Some(doubts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(population: Option<Population>) -> About {
        let as_of = Some("2026-02-28".parse().unwrap());
        About {
            day: Day { as_of, members: Rc::from([360]) },
            population,
            lists: Vec::new(),
            objections: 0,
            has_pseudonyms: true,
        }
    }

    fn person(age: Option<i64>, kommune: Option<i64>) -> Person {
        Person { age, kommune, is_replacement: false, was_left_out: false, is_left_out: false }
    }

    fn adults_of_360() -> Option<Population> {
        Some(Population { kommuner: Some(vec![360]), age_from: Some(18), age_to: Some(65) })
    }

    #[test]
    fn both_ends_of_the_ages_and_each_municipality_of_a_permit_count() {
        let about = about(adults_of_360());
        for (age, kommune, found) in
            [(17, 360, false), (18, 360, true), (65, 360, true), (66, 360, false), (40, 376, false)]
        {
            let doubts = among(&about, &person(Some(age), Some(kommune)));
            assert_eq!(doubts, found.then(Vec::new), "{age} {kommune}");
        }
    }

    #[test]
    fn what_is_not_known_is_a_use_with_a_doubt_and_what_is_known_is_none() {
        let known = about(adults_of_360());
        assert_eq!(among(&known, &person(None, None)), Some(vec![Doubt::Age, Doubt::Kommune]));
        assert_eq!(among(&known, &person(None, Some(376))), None, "the municipality alone says no");
        assert_eq!(among(&about(None), &person(Some(3), None)), Some(vec![Doubt::Policy]));
        let no_day = About { day: Day { as_of: None, ..known.day.clone() }, ..known.clone() };
        assert_eq!(among(&no_day, &person(Some(3), Some(376))), Some(vec![Doubt::Day]));
        let anyone = about(Some(Population::default()));
        assert_eq!(among(&anyone, &person(None, None)), Some(Vec::new()));
    }

    #[test]
    fn who_was_left_out_then_was_not_used_and_who_is_now_may_have_been() {
        let about = about(adults_of_360());
        let one = person(Some(40), Some(360));
        assert_eq!(among(&about, &Person { is_left_out: true, ..one }), Some(vec![Doubt::LeftOut]));
        assert_eq!(among(&about, &Person { is_left_out: true, was_left_out: true, ..one }), None);
    }

    #[test]
    fn a_replacement_number_is_counted_in_statistics_and_gets_no_pseudonym() {
        let joined = about(adults_of_360());
        let one = Person { is_replacement: true, ..person(Some(40), Some(360)) };
        assert_eq!(among(&joined, &one), None);
        assert_eq!(among(&About { has_pseudonyms: false, ..joined }, &one), Some(Vec::new()));
    }
}
