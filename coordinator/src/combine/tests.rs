use super::*;

#[test]
fn nobody_contributes_nothing() {
    assert_eq!(greatest(&[]), 0);
    assert_eq!(responsible(&[]), 0);
}
