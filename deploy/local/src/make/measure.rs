//! Measures a data folder: each base rate that the generator aims at, as the written rows have it.
//!
//! It reads the folders as a stranger would, with rules written out once more, and knows nothing of how the rows came
//! about. Denominators are the residents alive on the reference date; windows are the year up to it.

mod read;
mod stay;

use std::{collections::BTreeMap, fmt, path::Path};

use jiff::{ToSpan as _, civil::Date};

use read::{Population, Resident};

/// One base rate: what was aimed at, and what came out.
#[derive(Clone, Debug)]
pub struct Rate {
    /// What is measured, with its denominator.
    pub name: &'static str,
    /// The aim, in the unit of `name` (shares from 0 to 1); none for what is only counted.
    pub target: Option<f64>,
    /// How far `achieved` may lie from the target at 100,000 persons and more.
    pub tolerance: f64,
    /// What the folder has; none where the denominator is empty.
    pub achieved: Option<f64>,
    /// Where the aim comes from.
    pub source: &'static str,
}

impl Rate {
    /// Whether the rate is as near its target as it should be, the tolerance widened by `factor` for populations
    /// smaller than 100,000; true for what has no target or cannot be measured.
    #[must_use]
    pub fn within(&self, factor: f64) -> bool {
        match (self.target, self.achieved) {
            (Some(target), Some(achieved)) => (achieved - target).abs() <= self.tolerance * factor,
            _ => true,
        }
    }
}

/// All base rates of a folder; prints as a Markdown table.
#[derive(Clone, Debug)]
pub struct Rates {
    /// Every rate, in the order of the document.
    pub rates: Vec<Rate>,
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: Option<f64>| match value {
            None => "–".to_owned(),
            Some(value) if value.abs() >= 1000.0 => format!("{value:.0}"),
            Some(value) if value.abs() >= 1.0 => format!("{value:.2}"),
            Some(value) => format!("{value:.4}"),
        };
        writeln!(f, "| rate | target | achieved | source |\n|---|---|---|---|")?;
        for rate in &self.rates {
            let (target, achieved) = (text(rate.target), text(rate.achieved));
            writeln!(f, "| {} | {target} | {achieved} | {} |", rate.name, rate.source)?;
        }
        Ok(())
    }
}

/// A folder that cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// The folder of the nodes cannot be listed.
    #[error("cannot list `{path}`")]
    Folder {
        /// Which.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A table cannot be read.
    #[error("cannot read `{path}`")]
    Table {
        /// Which.
        path: std::path::PathBuf,
        /// Why.
        source: csv::Error,
    },
    /// The year before the reference date is outside the calendar.
    #[error("reference date `{as_of}` has no year before it")]
    AsOf {
        /// As asked.
        as_of: Date,
    },
}

/// Measures the nodes' folders under `folder` for the year up to `as_of`.
///
/// # Errors
/// [`MeasureError`].
pub fn measure(folder: &Path, as_of: Date) -> Result<Rates, MeasureError> {
    let year_ago = as_of.checked_sub(1.year()).map_err(|_| MeasureError::AsOf { as_of })?;
    let two_years_ago = as_of.checked_sub(2.years()).map_err(|_| MeasureError::AsOf { as_of })?;
    let population = Population::read(folder, read::Windows { two_years_ago, year_ago, as_of })?;
    let residents: Vec<&Resident> = population.residents().collect();
    let mut table = Table { residents: &residents, rates: Vec::new() };
    table.people();
    table.practice();
    table.medicine();
    table.hospital();
    table.municipal();
    table.counted(&population);
    Ok(Rates { rates: table.rates })
}

const GK: &str = "general knowledge";
const PYRAMID: &str = "North Jutland 2013, age pyramid of an epidemiological study";

struct Table<'a> {
    residents: &'a [&'a Resident],
    rates: Vec<Rate>,
}

impl Table<'_> {
    fn put(
        &mut self,
        name: &'static str,
        target: f64,
        tolerance: f64,
        achieved: Option<f64>,
        source: &'static str,
    ) {
        self.rates.push(Rate { name, target: Some(target), tolerance, achieved, source });
    }

    /// The share of those of `among` for whom `is` holds.
    fn share(&self, among: impl Fn(&Resident) -> bool, is: impl Fn(&Resident) -> bool) -> Option<f64> {
        self.mean(among, |resident| f64::from(u8::from(is(resident))))
    }

    fn mean(&self, among: impl Fn(&Resident) -> bool, value: impl Fn(&Resident) -> f64) -> Option<f64> {
        let (mut n, mut sum) = (0_u32, 0.0);
        for resident in self.residents.iter().filter(|resident| among(resident)) {
            n += 1;
            sum += value(resident);
        }
        (n > 0).then(|| sum / f64::from(n))
    }

    fn people(&mut self) {
        let young = |r: &Resident| r.age < 65;
        let bands: [(&'static str, i16, i16, f64); 6] = [
            ("age 0–17 among those below 65", 0, 17, 0.213),
            ("age 18–29 among those below 65", 18, 29, 0.148),
            ("age 30–39 among those below 65", 30, 39, 0.125),
            ("age 40–49 among those below 65", 40, 49, 0.146),
            ("age 50–59 among those below 65", 50, 59, 0.130),
            ("age 60–64 among those below 65", 60, 64, 0.061),
        ];
        let all: f64 = bands.iter().map(|band| band.3).sum();
        for (name, from, to, share) in bands {
            let achieved = self.share(young, |r| (from..=to).contains(&r.age));
            self.put(name, share / all, 0.01, achieved, PYRAMID);
        }
        let achieved = self.share(|r| r.kommune == 360, |r| r.age >= 65);
        self.put("age 65+ in Lolland (360)", 0.30, 0.02, achieved, GK);
        let achieved = self.share(|r| r.age >= 65, |r| r.age >= 80);
        self.put("age 80+ among those of 65+", 0.230, 0.025, achieved, PYRAMID);
        let achieved = self.share(|r| r.age >= 18, |r| r.single);
        self.put("adults living alone", 0.385, 0.025, achieved, GK);
        let achieved = self.share(|_| true, |r| r.foreign);
        self.put("foreign citizens", 0.105, 0.015, achieved, GK);
    }

    fn practice(&mut self) {
        const BY_MUNICIPALITY: &str = "register of fees, by municipality, 2023";
        let achieved = self.share(|_| true, |r| r.gp_1y > 0);
        self.put("seen by general practice in a year", 0.85, 0.015, achieved, BY_MUNICIPALITY);
        let achieved = self.mean(|_| true, |r| r.gp_1y.into());
        self.put("contacts with general practice, a citizen a year", 7.0, 0.4, achieved, BY_MUNICIPALITY);
        let middle = |r: &Resident| (30..=59).contains(&r.age);
        let achieved = self.mean(|r| middle(r) && r.female, |r| r.gp_1y.into());
        self.put("the same, women of 30–59", 8.2, 0.5, achieved, "register of fees, by age and sex, 2018");
        let achieved = self.mean(|r| middle(r) && !r.female, |r| r.gp_1y.into());
        self.put("the same, men of 30–59", 4.7, 0.4, achieved, "register of fees, by age and sex, 2018");
        let achieved = self.mean(|_| true, |r| r.practice_1y.into());
        let source = "contacts with all practice sector, 2022";
        self.put("contacts with all practices, a citizen a year", 10.6, 0.6, achieved, source);
    }

    fn medicine(&mut self) {
        const REPORT: &str = "national report on antidepressants among adults";
        let adult = |r: &Resident| r.age >= 18;
        let n06a = |r: &Resident| r.antidepressant_1y;
        let achieved = self.share(adult, n06a);
        self.put("antidepressants in a year, adults", 0.09, 0.008, achieved, REPORT);
        let achieved = self.share(|r| adult(r) && r.female, n06a);
        self.put("the same, women", 0.12, 0.012, achieved, REPORT);
        let achieved = self.share(|r| adult(r) && !r.female, n06a);
        self.put("the same, men", 0.07, 0.01, achieved, REPORT);
        let achieved = self.share(|r| (18..=29).contains(&r.age), n06a);
        self.put("the same, age 18–29", 0.05, 0.008, achieved, REPORT);
        let achieved = self.share(|r| r.age >= 80, n06a);
        self.put("the same, age 80+", 0.18, 0.025, achieved, REPORT);
        let achieved = self.share(|r| adult(r) && r.single, n06a);
        self.put("the same, single", 0.12, 0.012, achieved, REPORT);
        let achieved = self.share(|r| adult(r) && !r.single, n06a);
        self.put("the same, couples", 0.08, 0.01, achieved, REPORT);
        let working = |r: &Resident| (18..=65).contains(&r.age);
        let achieved = self.share(|r| working(r) && r.codes.is_empty(), n06a);
        self.put("the same, 18–65 without benefit (employed)", 0.06, 0.008, achieved, REPORT);
        let achieved = self.share(|r| r.has(870, 878), n06a);
        self.put("the same, job clarification (DREAM 870–878)", 0.42, 0.08, achieved, REPORT);
        let achieved = self.share(|r| r.has(810, 818), n06a);
        self.put("the same, rehabilitation (DREAM 810–818)", 0.36, 0.09, achieved, REPORT);
        let achieved = self.share(|_| true, |r| r.n06_1y);
        self.put("any N06 in a year, all ages", 0.09, 0.01, achieved, "medicine statistics 2021");
        let achieved = self.share(|_| true, |r| r.psychotropic_1y);
        self.put(
            "any psychotropic medicine in a year, all ages",
            0.12,
            0.01,
            achieved,
            "medicine statistics 2016",
        );
    }

    fn hospital(&mut self) {
        let achieved = self.mean(|_| true, |r| r.admissions_1y.into());
        self.put("admissions, a citizen a year", 0.21, 0.02, achieved, GK);
        let achieved = self.mean(|r| r.age >= 80, |r| r.admissions_1y.into());
        self.put("the same, age 80+", 0.55, 0.06, achieved, GK);
        let acute: f64 = self.residents.iter().map(|r| f64::from(r.acute_1y)).sum();
        let all: f64 = self.residents.iter().map(|r| f64::from(r.admissions_1y)).sum();
        self.put("acute among admissions", 0.725, 0.025, (all > 0.0).then(|| acute / all), GK);
        for (name, from, to, target) in [
            ("days of an admission, age 65–79", 65, 79, 5.3),
            ("days of an admission, age 80+", 80, 150, 5.6),
        ] {
            let old = self.residents.iter().filter(|r| (from..=to).contains(&r.age));
            let (n, days) =
                old.fold((0.0, 0.0), |(n, days), r| (n + f64::from(r.admissions_1y), days + r.days_1y));
            self.put(name, target, 0.4, (n > 0.0).then(|| days / n), "length of stay of the elderly, 2018");
        }
        let index: f64 = self.residents.iter().map(|r| f64::from(r.index)).sum();
        let back: f64 = self.residents.iter().map(|r| f64::from(r.readmitted)).sum();
        let achieved = (index > 0.0).then(|| back / index);
        let source = "the seed's one in five; general practices range from 0.11 to 0.22";
        self.put("elderly medical patients readmitted within 30 days", 0.20, 0.025, achieved, source);
        let mut costs: Vec<f64> = self.residents.iter().map(|r| r.regional_cost_1y).collect();
        costs.sort_by(f64::total_cmp);
        let total: f64 = costs.iter().sum();
        let top: f64 = costs.iter().rev().take(costs.len() / 10).sum();
        let source = "regions' expenditure 2017: 60 of 84 billion DKK";
        let tenth = (costs.len() / 10).max(1) as f64;
        self.put(
            "share of regional cost of the dearest tenth",
            0.71,
            0.03,
            (total > 0.0).then(|| top / total),
            source,
        );
        self.put(
            "their mean regional cost, DKK",
            112_400.0,
            12_000.0,
            (total > 0.0).then(|| top / tenth),
            source,
        );
    }

    fn municipal(&mut self) {
        let working = |r: &Resident| (18..=65).contains(&r.age);
        for (name, from, to, target, tolerance) in [
            ("early retirement pension (DREAM 781–783), 18–65", 781, 783, 0.055, 0.006),
            ("unemployment benefit (111–113), 18–65", 111, 113, 0.0275, 0.005),
            ("cash benefit (130–138, 730–738), 18–65", 130, 138, 0.025, 0.005),
            ("sickness benefit (890–899), 18–65", 890, 899, 0.025, 0.005),
        ] {
            let cash = from == 130;
            let achieved = self.share(working, |r| r.has(from, to) || (cash && r.has(730, 738)));
            self.put(name, target, tolerance, achieved, GK);
        }
        let achieved = self.share(|r| r.age >= 65, |r| r.home_care);
        self.put("home care (SEL 83), age 65+", 0.105, 0.012, achieved, GK);
        let achieved = self.share(|r| r.age >= 65, |r| r.home_nursing);
        self.put("home nursing (SUL 138), age 65+", 0.12, 0.013, achieved, GK);
    }

    /// What has no target but tells whether the population is hard enough for a federation.
    fn counted(&mut self, population: &Population) {
        let all = population.n_persons as f64;
        let share = |n: usize| Some(n as f64 / all.max(1.0));
        let working = |r: &Resident| (18..=65).contains(&r.age);
        let sad = self.share(working, |r| r.known_sad);
        let psychologist = self.share(working, |r| r.psychologist_2y);
        let rows: BTreeMap<&'static str, Option<f64>> = [
            ("known with stress, anxiety or depression, 18–65", sad),
            ("psychologist in two years, 18–65", psychologist),
            ("persons of two or more municipalities, of all", share(population.n_two_municipalities)),
            ("persons of two or more regions, of all", share(population.n_two_regions)),
            (
                "sick-leave records in two municipalities within two years, of all",
                share(population.n_spells_cross),
            ),
            ("dead within the history, of all", share(population.n_dead)),
            ("known to a region only, of all", share(population.n_region_only)),
            ("known to a municipality only, of all", share(population.n_municipality_only)),
        ]
        .into();
        for (name, achieved) in rows {
            self.rates.push(Rate { name, target: None, tolerance: 0.0, achieved, source: "no target" });
        }
    }
}
