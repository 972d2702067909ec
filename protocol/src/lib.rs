//! What the parties of a tvaers federation say to each other, and the documents that they agree on.
//!
//! Pure: no socket, file, clock or environment. Time and randomness come in as arguments.
//!
//! In reading order: [`id`] who and what; [`limit`] how much; [`sign`] in whose name; [`roster`] who takes part, by
//! way of [`enrolment`], with [`fingerprint`]s that people compare; [`request`] what a person asks for; [`study`] what is
//! agreed; [`message`] what is said; [`record`] contributions and hand-backs, [`event`] the second round between them, [`objection`] who must be
//! left out;
//! [`population`] for whom a node has pseudonyms made, over a [`merkle`] tree;
//! [`release`] what leaves for a query; [`witness`] what other nodes testify to before it does, and
//! [`audit`] to its log; [`hello`] how a conversation begins; [`reject`] how it is refused; [`frame`] and
//! [`codec`] in which bytes; [`problem`] how a person is told.

mod hex_bytes;

pub mod audit;
pub mod codec;
pub mod enrolment;
pub mod event;
pub mod fingerprint;
pub mod frame;
pub mod hello;
pub mod id;
pub mod limit;
pub mod merkle;
pub mod message;
pub mod objection;
pub mod population;
pub mod problem;
pub mod record;
pub mod reject;
pub mod release;
pub mod request;
pub mod roster;
pub mod sign;
pub mod study;
pub mod witness;
