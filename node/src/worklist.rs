//! The work list of a model: a file for the node's own staff, with CPR numbers, sorted by urgency.

use std::path::Path;

use tvaers_definitions::model::Model;
use tvaers_host::private::{self, PrivateFileError};

use crate::state::WorklistRow;

/// Writes the list as a whole: `person_id,total,stratum,included,complete` and a column per criterion, highest total
/// first, then by person.
///
/// # Errors
/// [`PrivateFileError`].
pub(crate) fn write(path: &Path, model: &Model, rows: &[WorklistRow]) -> Result<(), PrivateFileError> {
    let mut sorted: Vec<&WorklistRow> = rows.iter().collect();
    sorted.sort_by(|a, b| b.total.cmp(&a.total).then_with(|| a.person_id.cmp(&b.person_id)));
    let mut text = zeroize::Zeroizing::new(String::with_capacity(64 * (rows.len() + 1)));
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
            row.complete.to_string(),
        ];
        for field in fields.into_iter().chain(items) {
            text.push(',');
            text.push_str(&field);
        }
        text.push('\n');
    }
    private::replace(path, text.as_bytes())
}
