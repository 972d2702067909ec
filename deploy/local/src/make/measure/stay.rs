//! Admissions of one person, for measuring: contacts at most four hours apart form a stay.

use jiff::civil::{Date, DateTime};

/// A physical hospital contact; an end that is missing has been set to the last minute of the reference date.
pub(super) struct Contact {
    pub(super) start: DateTime,
    pub(super) end: DateTime,
    pub(super) id: String,
    pub(super) acute: bool,
    pub(super) medical: bool,
}

/// A stay of twelve hours or more.
pub(super) struct Admission {
    pub(super) start: DateTime,
    pub(super) end: DateTime,
    pub(super) acute: bool,
    /// Somatic, and of the medical specialties, by its first contact.
    pub(super) medical: bool,
}

fn minutes(from: DateTime, to: DateTime) -> i64 {
    from.duration_until(to).as_mins()
}

impl Admission {
    pub(super) fn days(&self) -> f64 {
        minutes(self.start, self.end) as f64 / 1440.0
    }
}

/// Merges contacts into stays and keeps the admissions, in order.
pub(super) fn admissions(mut contacts: Vec<Contact>) -> Vec<Admission> {
    contacts.sort_by(|a, b| (a.start, a.end, &a.id).cmp(&(b.start, b.end, &b.id)));
    let mut stays: Vec<Admission> = Vec::new();
    for contact in contacts {
        match stays.last_mut() {
            Some(stay) if minutes(stay.end, contact.start) <= 4 * 60 => stay.end = stay.end.max(contact.end),
            _ => stays.push(Admission {
                start: contact.start,
                end: contact.end,
                acute: contact.acute,
                medical: contact.medical,
            }),
        }
    }
    stays.retain(|stay| minutes(stay.start, stay.end) >= 12 * 60);
    stays
}

/// Index admissions of the elderly medical patient in the year that ends 30 days before `as_of`, and how many of
/// them were followed by an acute admission within 30 days.
pub(super) fn readmissions(
    admissions: &[Admission],
    year_ago: Date,
    as_of: Date,
    age_on: impl Fn(Date) -> i16,
    death: Option<Date>,
) -> (u32, u32) {
    let (mut index, mut readmitted) = (0, 0);
    for (position, stay) in admissions.iter().enumerate() {
        let discharge = stay.end.date();
        let days_ago = minutes(discharge.into(), as_of.into()) / 1440;
        let alive = death.is_none_or(|death| death > discharge);
        let counts = stay.medical && age_on(stay.start.date()) >= 65 && alive;
        if !counts || discharge <= year_ago || days_ago < 30 {
            continue;
        }
        index += 1;
        let next = admissions.get(position + 1);
        let soon = |next: &&Admission| minutes(discharge.into(), next.start.date().into()) / 1440 <= 30;
        readmitted += u32::from(next.filter(|next| next.acute).filter(soon).is_some());
    }
    (index, readmitted)
}
