//! The tables that are released of a stratification: persons of the model's population by municipality and stratum,
//! and by municipality and inclusion. Cells follow from model and roster alone, empty ones included.
//!
//! What one person can change, for whoever adds noise: a resident counts in one cell of each table. One node's rows of a
//! person, added or taken away while the other nodes' stay, can move the person from one cell to another of the same
//! table (another stratum), or out of or into it (a residence that is claimed or disputed); of no other person does
//! anything change. So at most two cells a table change, each by one.

use crate::model::{Model, Outcome};

/// One cell of the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Residents of a municipality in a stratum.
    Stratum {
        /// The municipality's code.
        kommune: u16,
        /// The stratum's name.
        stratum: String,
    },
    /// Residents of a municipality whom the model includes, or does not.
    Included {
        /// The municipality's code.
        kommune: u16,
        /// Whether they are included.
        included: bool,
    },
}

/// The tables of one stratification.
#[derive(Clone, Debug)]
pub struct Tables<'a> {
    model: &'a Model,
    kommuner: Vec<u16>,
    cut_off: Option<u16>,
}

impl<'a> Tables<'a> {
    /// The tables of a model over these member municipalities. With a `cut_off` there is one table only: those whose
    /// total is at least that, and the others.
    #[must_use]
    pub fn new(model: &'a Model, members: &[u16], cut_off: Option<u16>) -> Self {
        let of_model = &model.population.kommuner;
        let kommuner = members.iter().copied().filter(|code| of_model.is_empty() || of_model.contains(code));
        let mut kommuner: Vec<u16> = kommuner.collect();
        kommuner.sort_unstable();
        Self { model, kommuner, cut_off }
    }

    /// Strata, where they are tabulated.
    fn strata(&self) -> usize {
        if self.cut_off.is_none() { self.model.strata.len() } else { 0 }
    }

    /// What the tables are grouped by, in the words of results.
    #[must_use]
    pub fn categories(&self) -> Vec<&'static str> {
        if self.strata() == 0 { vec!["kommune", "included"] } else { vec!["kommune", "stratum", "included"] }
    }

    /// How many cells they have together; 0 where no member municipality is of the model's population.
    #[must_use]
    pub fn cells_len(&self) -> usize {
        self.kommuner.len() * (self.strata() + 2)
    }

    /// The most cells that one person can change, each by one.
    #[must_use]
    pub fn cells_per_person(&self) -> u32 {
        if self.strata() == 0 { 2 } else { 4 }
    }

    /// The cells: by municipality, strata first.
    #[must_use]
    pub fn cells(&self) -> Vec<Cell> {
        let strata = self.model.strata.get(..self.strata()).unwrap_or_default();
        let of_kommune = |&kommune: &u16| {
            let strata =
                strata.iter().map(move |stratum| Cell::Stratum { kommune, stratum: stratum.name.clone() });
            let included = [false, true].map(|included| Cell::Included { kommune, included });
            strata.chain(included)
        };
        self.kommuner.iter().flat_map(of_kommune).collect()
    }

    /// The positions of the cells that a resident of the population counts in; none for other municipalities.
    #[must_use]
    pub fn cells_of(&self, kommune: u16, outcome: &Outcome) -> Vec<usize> {
        let Ok(place) = self.kommuner.binary_search(&kommune) else { return Vec::new() };
        let strata = self.strata();
        let first = place * (strata + 2);
        let included = self.cut_off.map_or(outcome.included, |cut_off| outcome.total >= cut_off);
        let in_table = first + strata + usize::from(included);
        if strata == 0 { vec![in_table] } else { vec![first + outcome.stratum.min(strata - 1), in_table] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Library;

    fn outcome(stratum: usize, total: u16, included: bool) -> Outcome {
        Outcome { items: Vec::new(), total, stratum, included, excluded: false }
    }

    #[test]
    fn a_resident_counts_once_in_each_table() {
        let library = Library::embedded().unwrap();
        let sad = library.model("sad").unwrap();
        let tables = Tables::new(sad, &[376, 360], None);
        let cells = tables.cells();
        assert_eq!((cells.len(), tables.cells_len(), tables.cells_per_person()), (10, 10, 4));
        let of = |kommune, outcome: &Outcome| {
            tables.cells_of(kommune, outcome).into_iter().map(|at| cells[at].clone()).collect::<Vec<_>>()
        };
        let high = sad.strata[2].name.clone();
        assert_eq!(
            of(376, &outcome(2, 12, true)),
            [Cell::Stratum { kommune: 376, stratum: high }, Cell::Included { kommune: 376, included: true }]
        );
        assert!(of(461, &outcome(2, 12, true)).is_empty());
    }

    #[test]
    fn a_cut_off_selects_by_total_and_tabulates_no_strata() {
        let library = Library::embedded().unwrap();
        let tables = Tables::new(library.model("sad").unwrap(), &[360], Some(5));
        assert_eq!((tables.cells_len(), tables.cells_per_person()), (2, 2));
        let cells = tables.cells();
        for (total, included) in [(4, false), (5, true)] {
            let at = tables.cells_of(360, &outcome(1, total, !included));
            assert_eq!(cells[at[0]], Cell::Included { kommune: 360, included });
        }
    }

    #[test]
    fn a_model_of_some_municipalities_has_cells_for_those_that_are_members() {
        let library = Library::embedded().unwrap();
        let somv = library.model("somv").unwrap();
        let tables = Tables::new(somv, &[360, 370, 376], None);
        let cells = tables.cells();
        assert!(cells.iter().all(|cell| matches!(cell, Cell::Included { kommune: 360 | 376, .. })));
        assert_eq!((cells.len(), tables.categories().len()), (4, 2));
    }
}
