//! A problem in Danish: the labels, and what the system says in English alone.

use std::io::{Error, ErrorKind};

use tvaers_protocol::problem::Problem;

use crate::lang::Lang;

/// The problem as a person reads it, its labels in Danish. Its sentences are whoever's that made it.
#[must_use]
pub fn danish(problem: &Problem) -> String {
    let mut text = format!("fejl[{}]: {}", problem.code, problem.what);
    for (label, said) in [("sted", &problem.place), ("forventet", &problem.expected), ("råd", &problem.next)]
    {
        if !said.is_empty() {
            text.push_str(&format!("\n  {label}: {said}"));
        }
    }
    text
}

/// What the system says of a file, for the kinds that people meet; any other in its own words.
#[must_use]
pub fn of_system(error: &Error, lang: Lang) -> String {
    let (da, en) = match error.kind() {
        ErrorKind::NotFound => ("filen eller mappen findes ikke", "there is no such file or folder"),
        ErrorKind::PermissionDenied => ("det har du ikke rettigheder til", "you may not do that"),
        ErrorKind::AlreadyExists => ("filen findes allerede", "the file is there already"),
        ErrorKind::IsADirectory => ("det er en mappe, ikke en fil", "it is a folder and no file"),
        ErrorKind::InvalidData => ("det er ikke en tekst i UTF-8", "it is no text in UTF-8"),
        ErrorKind::StorageFull => ("disken er fuld", "the disk is full"),
        _ => return error.to_string(),
    };
    lang.pick(da, en).to_owned()
}
