//! Facts about the columns by themselves: in which order rows came does not matter.

use super::super::causes::CauseOf;
use super::super::columns::{Columns, Entry};
use super::super::count::{self, Counts};
use super::super::groups::{self, Group, Most};
use super::super::pass::Pass;
use super::*;

const SETS: [&[i64]; 5] = [&[], &[1], &[2], &[1, 2], &[2, 3]];

/// A rejection of a number: all else is drawn from some of another.
#[derive(Debug, Clone, Copy)]
struct Drawn {
    id: i64,
    draw: u32,
}

fn put(columns: &mut Columns, one: Drawn) {
    let draw = |base: u32, below: usize| (one.draw / base) as usize % below;
    columns.put(&Entry {
        id: one.id,
        source_id: draw(1, 2) as i64,
        state: 1 + draw(2, 4) as i64,
        outcome: 1 + draw(8, 2) as i64,
        run_id: draw(16, 3) as i64,
        department: DEPARTMENTS[draw(48, 3)],
        region: REGIONS[draw(144, 2)],
        day: DAYS[draw(288, 3)],
        causes: SETS[draw(864, 5)],
    });
}

fn empty(full: usize) -> Columns {
    let mut columns = Columns::with_chunks(full);
    for (id, rule, field) in [(1, 0, 0), (2, 1, 0), (3, 1, 1)] {
        let (rule, field) = (RULES[rule].to_owned(), FIELDS[field].to_owned());
        columns.note_cause(id, &CauseOf { rule, field });
    }
    columns
}

fn filters() -> Vec<RejectionFilter> {
    let open = || RejectionFilter {
        states: vec![1, 2],
        ..RejectionFilter::default()
    };
    vec![
        RejectionFilter::default(),
        open(),
        RejectionFilter {
            source_ids: Some(vec![1]),
            outcome: Some(HELD),
            ..open()
        },
        RejectionFilter {
            run_id: Some(1),
            department: Some(DEPARTMENTS[1].into()),
            ..open()
        },
        RejectionFilter {
            rule: Some(RULES[1].into()),
            region: Some(REGIONS[0].into()),
            ..open()
        },
        RejectionFilter {
            field: Some(FIELDS[1].into()),
            days: Some((DAYS[1].into(), DAYS[2].into())),
            ..RejectionFilter::default()
        },
    ]
}

type Answer = (Counts, i64, Vec<Group>, Vec<i64>, Vec<i64>);

fn answers(columns: &Columns) -> Vec<Answer> {
    let answer = |filter: &RejectionFilter| {
        let pass = Pass::new(columns, filter, None);
        let most = Most { causes: 2, ..ALL };
        (
            count::counts(columns, filter, None),
            count::total(columns, filter, None),
            groups::groups(columns, filter, None, most),
            pass.newest(None, 7),
            pass.newest(Some(200), 1000),
        )
    };
    filters().iter().map(answer).collect()
}

proptest! {
    #[test]
    fn columns_that_changed_in_any_order_answer_as_those_that_were_read_in_order(
        acts in proptest::collection::vec((0i64..400, any::<u32>(), 0u8..5), 1..600),
    ) {
        let mut changed = empty(8);
        let mut kept = BTreeMap::new();
        let mut before = None;
        for (at, (id, draw, what)) in acts.into_iter().enumerate() {
            // Numbers that are too far apart for one chunk are among them.
            let id = if id % 50 == 0 { id << 40 } else { id };
            if what == 0 {
                changed.remove(id);
                kept.remove(&id);
            } else {
                put(&mut changed, Drawn { id, draw });
                kept.insert(id, draw);
            }
            if at % 100 == 50 {
                changed.settle();
                before = Some((changed.clone(), answers(&changed)));
            }
        }
        changed.settle();
        let mut fresh = empty(8);
        for (id, draw) in &kept {
            put(&mut fresh, Drawn { id: *id, draw: *draw });
        }
        prop_assert_eq!(changed.len(), kept.len());
        prop_assert_eq!(answers(&changed), answers(&fresh));
        if let Some((copy, answer)) = before {
            // Who reads a copy does not see what changed after it was made.
            prop_assert_eq!(answers(&copy), answer);
        }
    }
}

#[test]
fn several_threads_count_what_one_does() {
    let (mut large, mut small) = (empty(1 << 14), empty(1 << 14));
    for id in 0..200_000_i64 {
        let draw = u32::try_from(id % 5_000).unwrap_or(0);
        put(&mut large, Drawn { id, draw });
        if id < 5_000 {
            put(&mut small, Drawn { id, draw });
        }
    }
    for (large, small) in answers(&large).into_iter().zip(answers(&small)) {
        assert_eq!(large.1, small.1 * 40);
        assert_eq!(large.0.total, small.0.total * 40);
        let times = |list: &Counted<String>| -> Counted<String> {
            list.iter()
                .map(|(name, count)| (name.clone(), count * 40))
                .collect()
        };
        assert_eq!(large.0.department, times(&small.0.department));
        assert_eq!(large.0.rule, times(&small.0.rule));
        assert_eq!(large.2.len(), small.2.len());
        for (large, small) in large.2.iter().zip(&small.2) {
            assert_eq!(large.departments, times(&small.departments));
            assert_eq!(large.days, times(&small.days));
            assert_eq!(large.newest_id, small.newest_id + 195_000);
        }
    }
}
