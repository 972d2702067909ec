//! What is worked out about a person, as data: the catalogue of person features and the stratification models.
//!
//! Feature and model files under `policies/` are read, checked against each other and against the canonical tables,
//! and embedded in the programs. A cut-off, a code list or a band stands in a file, never in code: the code knows only
//! a closed list of rules with parameters. The node turns rules into SQL, the coordinator turns combined components
//! into points, strata and inclusion; both from the same digest. Nothing here reads a file, a clock or a row of data.
//!
//! In reading order: [`schema`] the tables that a rule may name; [`window`] the days it looks at; [`feature`], [`set`]
//! and [`catalogue`] what is worked out; [`model`] how it becomes points; [`layout`] what one node contributes;
//! [`events`] what the events of several nodes become; [`tables`] what is released of a stratification; [`library`] the embedded files; [`source`], [`error`] and [`nearest`] how a wrong file is refused.

pub mod regions;
pub mod schema;
pub mod window;

pub mod feature;
pub mod set;

pub mod catalogue;

pub mod model;

pub mod layout;

pub mod events;

pub mod tables;

pub mod indicator;

pub mod library;

pub mod error;
pub mod nearest;
pub mod source;
