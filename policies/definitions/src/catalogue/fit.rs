//! What a rule asks of the feature around it: a window that means something to it, and the kind of its result.

use std::ops::Range;

use crate::error::{DefinitionError, Reason};
use crate::feature::{Kind, PersonColumn, Rule, StayMeasure, Stays};
use crate::schema::ColumnKind;
use crate::source::Source;
use crate::window::Window;

type Result<T> = std::result::Result<T, DefinitionError>;

pub(super) fn window(source: &Source<'_>, window: Window, span: Range<usize>, rule: &Rule) -> Result<()> {
    let (fits, expected) = match rule {
        Rule::AnyRow(_) | Rule::CountRows(_) | Rule::SumRows { .. } | Rule::Answer(_) => {
            (window != Window::OnDay, "`ever` or a length")
        }
        Rule::Spells(_) | Rule::Stays(_) | Rule::DailySum { .. } => {
            (matches!(window, Window::Last(_)), "of a length")
        }
        Rule::ActiveRow(_)
        | Rule::WeekCode(_)
        | Rule::Person(_)
        | Rule::Age { .. }
        | Rule::AgeBand { .. }
        | Rule::Resident(_)
        | Rule::Kommune { .. } => (window == Window::OnDay, "`on-day`"),
    };
    if fits { Ok(()) } else { Err(source.refuse(span, Reason::WindowOfRule { rule: rule.name(), expected })) }
}

pub(super) fn kind(source: &Source<'_>, kind: &Kind, span: Range<usize>, rule: &Rule) -> Result<()> {
    let flag = (matches!(kind, Kind::Flag), "a flag");
    let integer = (matches!(kind, Kind::Integer { .. }), "a whole number");
    let category = (matches!(kind, Kind::Category(_)), "a category");
    let (fits, expected) = match rule {
        Rule::AnyRow(_) | Rule::ActiveRow(_) | Rule::WeekCode(_) | Rule::Resident(_) => flag,
        Rule::CountRows(_)
        | Rule::SumRows { .. }
        | Rule::DailySum { .. }
        | Rule::Spells(_)
        | Rule::Answer(_)
        | Rule::Age { .. } => integer,
        Rule::Stays(Stays { measure, .. }) => match measure {
            StayMeasure::Count
            | StayMeasure::BedDays
            | StayMeasure::Index(_)
            | StayMeasure::Readmitted { .. } => integer,
            StayMeasure::WithinDays { .. } | StayMeasure::WithinMonths { .. } => flag,
        },
        Rule::Person(PersonColumn { test: Some(_), .. }) => flag,
        Rule::Person(PersonColumn { column, test: None }) if column.kind == ColumnKind::Integer => integer,
        Rule::Person(_) | Rule::AgeBand { .. } => category,
        Rule::Kommune { .. } => (matches!(kind, Kind::Municipality), "a municipality"),
    };
    let rule_name = rule.name();
    if !fits {
        return Err(source.refuse(span, Reason::KindOfRule { rule: rule_name, expected }));
    }
    match (kind, rule) {
        (Kind::Category(labels), Rule::AgeBand { from, .. }) if labels.len() != from.len() => {
            let reason = Reason::AgeBands { labels: labels.len(), bands: from.len() };
            Err(source.refuse(span, reason))
        }
        // Who has not answered has no answer, and 0 may be one; everyone has a count, a sum and an age.
        (Kind::Integer { missing: false, .. }, Rule::Answer(_)) => {
            let expected = "`missing = true`";
            Err(source.refuse(span, Reason::MissingOfRule { rule: rule_name, expected }))
        }
        (Kind::Integer { missing: true, .. }, rule) if !matches!(rule, Rule::Answer(_)) => {
            let expected = "no `missing`";
            Err(source.refuse(span, Reason::MissingOfRule { rule: rule_name, expected }))
        }
        _ => Ok(()),
    }
}
