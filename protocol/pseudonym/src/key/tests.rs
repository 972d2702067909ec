use super::*;
use crate::testing::deal;

fn renewed(
    keys: &PublicKeys,
    change: impl FnOnce(&mut u16, &mut [u8; 32], &mut BTreeMap<u16, [u8; 32]>),
) -> Option<KeysError> {
    let (mut threshold, mut group, mut shares) = (keys.threshold(), *keys.group(), keys.shares().clone());
    change(&mut threshold, &mut group, &mut shares);
    PublicKeys::new(keys.epoch(), threshold, group, shares).err()
}

#[test]
fn sizes_outside_the_limits_are_refused() {
    let keys = deal(1, 5, 3).keys;
    for threshold in [0, 1, 6] {
        let holders = 5;
        let refused = renewed(&keys, |t, _, _| *t = threshold);
        assert_eq!(refused, Some(KeysError::Size { threshold, holders }));
    }
    let refused = renewed(&keys, |_, _, shares| {
        let share = shares[&1];
        shares.insert(0, share);
    });
    assert!(matches!(refused, Some(KeysError::Size { .. })), "the index 0 stands for the group");
    let refused = renewed(&keys, |_, _, shares| shares.extend((1..=256).map(|index| (index, [1; 32]))));
    assert_eq!(refused, Some(KeysError::Size { threshold: 3, holders: 256 }));
}

#[test]
fn a_point_that_is_none_is_refused_and_its_holder_named() {
    let keys = deal(1, 5, 3).keys;
    for bad in [[0; 32], [255; 32]] {
        let refused = renewed(&keys, |_, group, _| *group = bad);
        assert_eq!(refused, Some(KeysError::Point { holder: None }));
        let refused = renewed(&keys, |_, _, shares| {
            shares.insert(4, bad);
        });
        assert_eq!(refused, Some(KeysError::Point { holder: Some(4) }));
    }
}

#[test]
fn shares_that_do_not_fit_the_group_key_are_refused() {
    let (keys, other) = (deal(1, 5, 3).keys, deal(2, 5, 3).keys);
    let refused = renewed(&keys, |_, group, _| *group = *other.group());
    assert_eq!(refused, Some(KeysError::Mixed { holder: 3 }));
    let refused = renewed(&keys, |_, _, shares| {
        shares.insert(5, other.shares()[&5]);
    });
    assert_eq!(refused, Some(KeysError::Mixed { holder: 5 }));
    // Shares of a polynomial of degree 2 do not lie on one of degree 1.
    assert!(matches!(renewed(&keys, |t, _, _| *t = 2), Some(KeysError::Mixed { .. })));
    assert_eq!(renewed(&keys, |_, _, _| ()), None);
    assert_eq!(
        renewed(&keys, |_, _, shares| {
            shares.remove(&2);
        }),
        None,
        "a holder may leave"
    );
}

#[test]
fn keys_read_from_a_message_pass_the_same_check() {
    let (keys, other) = (deal(1, 5, 3).keys, deal(2, 5, 3).keys);
    let text = serde_json::to_value(&keys).unwrap();
    assert_eq!(serde_json::from_value::<PublicKeys>(text.clone()).unwrap(), keys);
    let mut mixed = text;
    mixed["shares"]["4"] = serde_json::to_value(other.shares()[&4]).unwrap();
    assert!(serde_json::from_value::<PublicKeys>(mixed).is_err());
}

#[test]
fn the_digest_covers_epoch_threshold_group_and_shares() {
    let keys = deal(1, 5, 3).keys;
    let mut fewer = keys.shares().clone();
    fewer.remove(&5);
    let digests = [
        keys.digest(),
        PublicKeys::new(1, 3, *keys.group(), keys.shares().clone()).unwrap().digest(),
        PublicKeys::new(0, 3, *keys.group(), fewer).unwrap().digest(),
        deal(2, 5, 3).keys.digest(),
        PublicKeys::unfitted(0, 2, *keys.group(), keys.shares().clone()).unwrap().digest(),
    ];
    for (position, digest) in digests.iter().enumerate() {
        assert!(!digests[..position].contains(digest), "{position}");
    }
    assert_eq!(keys.to_bytes().len(), 40 + 5 * 34);
}

#[test]
fn a_share_survives_storage_and_fits_its_own_index_only() {
    let dealt = deal(1, 5, 3);
    let stored = dealt.share(2).expose();
    assert!(KeyShare::new(2, &stored, dealt.keys.clone()).is_ok());
    for index in [0, 1, 3, 6] {
        let refused = KeyShare::new(index, &stored, dealt.keys.clone()).err();
        assert_eq!(refused, Some(ShareError { index }));
    }
    for secret in [[0; 32], [255; 32]] {
        assert!(KeyShare::new(2, &secret, dealt.keys.clone()).is_err());
    }
}

#[test]
fn public_keys_print_no_point() {
    let keys = deal(1, 5, 3).keys;
    let printed = format!("{keys:?}");
    assert!(printed.starts_with("PublicKeys(3 of 5, epoch 0, "), "{printed}");
    assert!(printed.len() < 60);
}
