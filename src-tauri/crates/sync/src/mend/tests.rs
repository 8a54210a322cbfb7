//! Facts about when a run asks.

use super::*;
use zhengqiao_store::mend::STILL;

#[test]
fn the_rest_waits_for_a_person_when_a_canary_surprises_or_none_is_cured() {
    let as_told = (Some(PASSED), PASSED);
    let still = (Some(STILL), STILL);
    assert_eq!(why_ask(&[as_told, still]), None);
    assert_eq!(
        why_ask(&[as_told, (Some(PASSED), STILL)]),
        Some("canary_differs")
    );
    assert_eq!(
        why_ask(&[as_told, (Some(OTHERWISE), OTHERWISE)]),
        Some("canary_otherwise")
    );
    assert_eq!(why_ask(&[still, still]), Some("canary_none"));
    assert_eq!(why_ask(&[(Some(LEFT), LEFT)]), None);
}
