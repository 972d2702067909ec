use tvaers_protocol::message::EpochHeld;
use tvaers_protocol::study::{Disclosure, Grain};

use super::*;
use crate::testing::statement;

const FIRST: Digest = Digest([1; 32]);

fn names(n: usize) -> Vec<NodeId> {
    (1..=n).map(|i| NodeId::new(format!("n{i}")).unwrap()).collect()
}

/// The epochs that a node says it has: number, holders, whether it has its share. Keys are named after the epoch.
fn said(series: Option<&[(u32, &[u16], bool)]>) -> Prepared {
    let held = |epochs: &[(u32, &[u16], bool)]| SeriesHeld {
        first: FIRST,
        holders: names(5),
        epochs: epochs
            .iter()
            .map(|(epoch, holders, has_share)| EpochHeld {
                epoch: *epoch,
                keys: keys(*epoch),
                holders: holders.to_vec(),
                has_share: *has_share,
            })
            .collect(),
    };
    Prepared {
        evaluations: 40,
        grain: Grain::Points,
        disclosure: Disclosure::Items,
        everyone: false,
        tables: None,
        laboratory: true,
        data: statement(),
        series: series.map(held),
    }
}

fn keys(epoch: u32) -> Digest {
    Digest([u8::try_from(epoch).unwrap() + 10; 32])
}

fn chosen(prepared: &[Prepared]) -> Result<Follows, String> {
    let nodes = names(prepared.len());
    let base = base(FIRST, 3, &names(5), &nodes, prepared);
    base.map(|base| base.follows).map_err(|problem| problem.code.to_string())
}

const ALL: &[u16] = &[1, 2, 3, 4, 5];

#[test]
fn the_newest_epoch_of_all_is_gone_on_from() {
    let both = said(Some(&[(1, ALL, true), (0, ALL, true)]));
    let follows = Follows { first: FIRST, before: keys(1), left_out: vec![], lost: vec![] };
    assert_eq!(chosen(&vec![both; 5]), Ok(follows));
}

#[test]
fn a_holder_that_has_not_heard_of_the_last_end_is_not_left_out() {
    let mut prepared = vec![said(Some(&[(1, ALL, true), (0, ALL, true)])); 5];
    prepared[3] = said(Some(&[(0, ALL, true)]));
    let follows = Follows { first: FIRST, before: keys(0), left_out: vec![], lost: vec![] };
    assert_eq!(chosen(&prepared), Ok(follows));
}

#[test]
fn who_stays_away_or_was_left_out_before_is_left_out() {
    // Holder 2 was left out of epoch 1, holder 5 is not here.
    let with: &[u16] = &[1, 3, 4, 5];
    let mut prepared = vec![said(Some(&[(2, with, true), (1, with, true)])); 4];
    prepared[1] = said(Some(&[(0, ALL, true)]));
    let follows = Follows { first: FIRST, before: keys(2), left_out: vec![2, 5], lost: vec![] };
    assert_eq!(chosen(&prepared), Ok(follows));
}

#[test]
fn a_lost_share_is_made_again_where_enough_have_theirs() {
    let mut prepared = vec![said(Some(&[(0, ALL, true)])); 5];
    prepared[0] = said(Some(&[(0, ALL, false)]));
    prepared[4] = said(None);
    let follows = Follows { first: FIRST, before: keys(0), left_out: vec![5], lost: vec![1] };
    assert_eq!(chosen(&prepared), Ok(follows));
    prepared[1] = said(Some(&[(0, ALL, false)]));
    assert_eq!(chosen(&prepared), Err("series.too-few".to_owned()));
    assert_eq!(chosen(&[said(None), said(None), said(None)]), Err("series.too-few".to_owned()));
}

#[test]
fn another_series_under_the_same_run_is_named() {
    let mut prepared = vec![said(Some(&[(0, ALL, true)])); 5];
    prepared[2].series.as_mut().unwrap().holders.swap(0, 1);
    assert_eq!(chosen(&prepared), Err("series.other".to_owned()));
}
