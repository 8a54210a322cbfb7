//! Check characters against a second implementation: `oracle/check_characters.tsv` was computed with
//! python-stdnum 2.2 (`stdnum.cn.ric` and `stdnum.cn.uscc`) from random numbers.

use zhengqiao_domain::primitives::{citizen_id, credit_code};

#[test]
fn check_characters_agree_with_another_implementation() {
    let mut compared = 0;
    for line in include_str!("oracle/check_characters.tsv").lines() {
        let parts: Vec<&str> = line.split('\t').collect();
        let [kind, first, character] = parts[..] else {
            panic!("{line:?} has not three parts");
        };
        let ours = match kind {
            "citizen_id" => citizen_id::check_character(first),
            "credit_code" => credit_code::check_character(first),
            other => panic!("{other:?} is no kind"),
        };
        assert_eq!(
            ours.map(String::from).as_deref(),
            Some(character),
            "{kind} {first}"
        );
        compared += 1;
    }
    assert_eq!(compared, 400);
}
