//! The work list of a model: a file for the node's own staff, with CPR numbers, sorted by urgency; and beside it, where
//! something is missing, a file that says of whom and what.

use tvaers_definitions::model::Model;
use tvaers_host::private::{self, PrivateFileError};
use tvaers_protocol::id::Sector;
use zeroize::Zeroizing;

use crate::home::Home;
use crate::state::WorklistRow;

/// Writes both files as a whole, in place of the older ones.
///
/// # Errors
/// [`PrivateFileError`].
pub(crate) fn write(home: &Home, model: &Model, rows: &[WorklistRow]) -> Result<(), PrivateFileError> {
    // First what says how far the list can be trusted.
    let path = home.incomplete(&model.name);
    match incomplete(rows) {
        Some(text) => private::replace(&path, text.as_bytes())?,
        None => match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(PrivateFileError::Io { path, source: error });
            }
            _ => {}
        },
    }
    private::replace(&home.worklist(&model.name), list(model, rows).as_bytes())
}

/// The list: `person_id,total,stratum,included,complete` and a column per criterion, highest total first, then by
/// person. What is not disclosed, and the stratum of a model without strata, is empty.
fn list(model: &Model, rows: &[WorklistRow]) -> Zeroizing<String> {
    let mut sorted: Vec<&WorklistRow> = rows.iter().collect();
    sorted.sort_by(|a, b| b.total.cmp(&a.total).then_with(|| a.person_id.cmp(&b.person_id)));
    let mut text = Zeroizing::new(String::with_capacity(64 * (rows.len() + 1)));
    text.push_str("person_id,total,stratum,included,complete");
    for criterion in &model.criteria {
        text.push(',');
        text.push_str(&criterion.name);
    }
    text.push('\n');
    for row in sorted {
        // No field can hold a comma or a quote: digits, names of the model and `true` or `false`.
        text.push_str(&row.person_id);
        let items =
            (0..model.criteria.len()).map(|at| row.items.get(at).map(u16::to_string).unwrap_or_default());
        let fields = [
            row.total.map(|total| total.to_string()).unwrap_or_default(),
            row.stratum.clone(),
            row.included.to_string(),
            row.is_complete().to_string(),
        ];
        for field in fields.into_iter().chain(items) {
            text.push(',');
            text.push_str(&field);
        }
        text.push('\n');
    }
    text
}

/// Who is incomplete, by person: `person_id,missing,fell_back`, the sectors of which a member is missing and the touch
/// groups that fell back, each separated by blanks; none where all are complete.
fn incomplete(rows: &[WorklistRow]) -> Option<Zeroizing<String>> {
    let mut sorted: Vec<&WorklistRow> = rows.iter().filter(|row| !row.is_complete()).collect();
    sorted.sort_by(|a, b| a.person_id.cmp(&b.person_id));
    let mut text = Zeroizing::new("person_id,missing,fell_back\n".to_owned());
    for row in &sorted {
        let missing: Vec<String> = row.missing.iter().map(Sector::to_string).collect();
        for part in [&row.person_id, ",", &missing.join(" "), ",", &row.fell_back.join(" "), "\n"] {
            text.push_str(part);
        }
    }
    (!sorted.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use tvaers_definitions::library::Library;

    use super::*;

    fn row(person_id: &str, total: u16, missing: &[Sector], fell_back: &[&str]) -> WorklistRow {
        WorklistRow {
            person_id: person_id.to_owned(),
            total: Some(total),
            stratum: String::new(),
            included: total > 1,
            missing: missing.to_vec(),
            fell_back: fell_back.iter().map(ToString::to_string).collect(),
            items: Vec::new(),
        }
    }

    #[test]
    fn who_is_incomplete_stands_in_a_file_of_its_own_that_goes_when_nobody_is() {
        let dir = tempfile::tempdir().unwrap();
        let (home, library) = (Home::new(dir.path()), Library::embedded().unwrap());
        let model = library.model("sad").unwrap();
        let rows = [
            row("6101653002", 1, &[Sector::Region, Sector::Municipality], &["spells", "stays"]),
            row("6101653000", 2, &[], &[]),
            row("6101653001", 3, &[], &["spells"]),
        ];
        write(&home, model, &rows).unwrap();
        let text = std::fs::read_to_string(home.incomplete("sad")).unwrap();
        let expected =
            "person_id,missing,fell_back\n6101653001,,spells\n6101653002,region municipality,spells stays\n";
        assert!(text == expected);
        let text = std::fs::read_to_string(home.worklist("sad")).unwrap();
        let lines: Vec<&str> = text.lines().skip(1).map(|line| line.trim_end_matches(',')).collect();
        let expected = ["6101653001,3,,true,false", "6101653000,2,,true,true", "6101653002,1,,false,false"];
        assert!(lines == expected);

        write(&home, model, &rows[1..2]).unwrap();
        assert!(!home.incomplete("sad").exists());
    }
}
