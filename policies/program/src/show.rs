//! What the program found, as people and scripts read it.

pub mod finding;
pub mod findings;
pub mod html;
pub mod json;
pub mod problem;
pub mod text;

/// A text out of a file as it may stand on a terminal: what would steer one is left out.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
