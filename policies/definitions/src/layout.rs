//! What one node's contribution about a person consists of, for a model, a sector and a grain.
//!
//! The node compiles a layout to SQL, the codec gives it a fixed size, the coordinator reads it back; all three take
//! it from here, so that the meaning of a byte cannot differ between them.

use tvaers_protocol::id::Sector;
pub use tvaers_protocol::study::Grain;

/// The recency of a component for which the node has no event.
pub const RECENCY_NONE: u16 = tvaers_protocol::record::NO_RECENCY;

/// What a node of one sector contributes per person beside pseudonym, flags and municipality.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The sector whose nodes contribute it.
    pub sector: Sector,
    /// The grain of its values.
    pub grain: Grain,
    /// The model's components that it has values for, as indices into [`crate::model::Model::components`], rising.
    pub components: Vec<usize>,
    /// Those of them that also have a recency (days from the event's first day to the reference date,
    /// [`RECENCY_NONE`] where there is none), rising. Empty at grain points.
    pub recencies: Vec<usize>,
    /// The bits that may be set in its touches: bit i is group i of [`crate::model::Model::touches`].
    pub touches: u16,
}
