//! The report: result objects as one self-contained page for people, in Danish and English.
//!
//! The last stage of the way of the data. It is pure: objects and a few facts in, one text out. It reads the documented
//! form of a result object and not the coordinator's types, so that it can show what was written by another version.
//! Everything in an object is noisy or public, but a cell that is hidden stays hidden: nothing of it but that it is
//! there reaches the page, not even by the scale of a plot.
//!
//! In reading order: `object` what is read; `words`, `place`, `number` and `day` how it is said; `asked` what was asked; `grid`
//! cells as rows and columns; `plot` and `table` the two ways to show these; `spending` what it cost; `section` a result; `trend` the results
//! of several dates;
//! `page` all of it.

mod asked;
mod day;
mod grid;
mod number;
mod object;
mod page;
mod place;
mod plot;
mod section;
mod spending;
mod table;
#[cfg(test)]
mod testing;
mod trend;
mod words;

pub use object::ObjectError;
pub use page::{Language, Meta, Report, untold};
