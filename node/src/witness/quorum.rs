//! Which nodes witness a node's ledger, and how many of them must sign. Pure.
//!
//! The policy says k, how many must sign at least. Any two sets of signers must have a node in common, or a copy of a
//! node could find signers that have not heard of what the original was charged; so more than half of a fixed pool
//! signs, and the pool is as large as k makes useful: of 2k − 1 nodes k are more than half.

use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::roster::Member;

/// Nodes in a pool where the policy wants fewer to sign than its half, if the federation has as many: one of the three
/// may be away.
const POOL_LEAST: usize = 3;

/// The nodes that witness for one node.
pub(crate) struct Quorum<'a> {
    /// Whom to ask, the first ones first.
    pub(crate) pool: Vec<&'a Member>,
    /// How many must sign: more than half, and no fewer than the policy wants.
    pub(crate) least: usize,
}

impl<'a> Quorum<'a> {
    /// The quorum of `node` among the federation's members, where `wanted` (1 or more) must sign at least.
    pub(crate) fn of(node: &NodeId, members: impl Iterator<Item = &'a Member>, wanted: u32) -> Self {
        let mut pool: Vec<&Member> = members.filter(|member| member.id != *node).collect();
        // Each node's own order, so that no member witnesses for all; who joins later comes after, so that a pool does
        // not change when the federation grows.
        pool.sort_by_cached_key(|member| (member.valid_from, weight(node, &member.id)));
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        let size = size(pool.len(), wanted);
        pool.truncate(size);
        Self { pool, least: wanted.max(size / 2 + 1) }
    }
}

/// Rendezvous hashing (Thaler and Ravishankar, 1998): an order of its own for each node, the same wherever it is made.
fn weight(node: &NodeId, other: &NodeId) -> Digest {
    Digest::of("tvaers/v1/witness-order", &[node.as_str().as_bytes(), other.as_str().as_bytes()])
}

fn size(others: usize, wanted: usize) -> usize {
    let odd = wanted.saturating_mul(2).saturating_sub(1);
    let size = others.min(odd.max(POOL_LEAST));
    // More than half of an even number is no fewer than of one more: one node fewer has to be there.
    let smaller = size.saturating_sub(1);
    if size.is_multiple_of(2) && wanted <= smaller / 2 + 1 && smaller > 0 { smaller } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_two_sets_of_signers_have_a_node_in_common_and_as_many_sign_as_the_policy_wants() {
        for others in 1..=40 {
            for wanted in 1..=others {
                let size = size(others, wanted);
                let least = wanted.max(size / 2 + 1);
                assert!(2 * least > size, "{others} {wanted}");
                assert!(
                    wanted <= least && least <= size && size <= others,
                    "{others} {wanted}: {least} of {size}"
                );
            }
        }
    }

    #[test]
    fn one_node_may_be_away_as_soon_as_there_are_four() {
        let of = |nodes: usize, wanted: usize| {
            let size = size(nodes - 1, wanted);
            (wanted.max(size / 2 + 1), size)
        };
        assert_eq!((of(2, 1), of(3, 1), of(3, 2)), ((1, 1), (1, 1), (2, 2)));
        assert_eq!((of(4, 1), of(9, 1), of(103, 1)), ((2, 3), (2, 3), (2, 3)));
        assert_eq!((of(4, 2), of(6, 3), of(5, 3)), ((2, 3), (3, 5), (3, 4)));
    }
}
