//! Facts about mending steps.

use super::*;

fn mendable() -> Mendable {
    Mendable {
        mappings: BTreeMap::from([(DatasetId::CaseResult, Mapping::default())]),
        ..Mendable::default()
    }
}

fn map_code(from: &str, to: &str) -> MendStep {
    MendStep::MapCode {
        dataset: DatasetId::CaseResult,
        field: "result_type".into(),
        from: from.into(),
        to: to.into(),
    }
}

#[test]
fn a_step_is_done_once_and_is_already_so_the_second_time() {
    let steps = [
        MendStep::AddCode {
            list: "yes_no".into(),
            code: "9".into(),
            name: "不详".into(),
        },
        MendStep::SetSeverity {
            rule: "code.unknown".into(),
            severity: Severity::Warn,
        },
        map_code("A", "1"),
        map_code("B", "1"),
        MendStep::AddTransform {
            dataset: DatasetId::CaseResult,
            field: "result_type".into(),
            transform: Transform::HalfWidth,
        },
    ];
    let mut mendable = mendable();
    for step in &steps {
        assert_eq!(mendable.apply(step), Ok(StepState::Applies), "{step:?}");
    }
    let done = mendable.clone();
    for step in &steps {
        assert_eq!(mendable.apply(step), Ok(StepState::Already), "{step:?}");
    }
    assert_eq!(mendable, done);
    let map = &mendable.mappings[&DatasetId::CaseResult].fields[0];
    assert!(matches!(map.transforms[0], Transform::HalfWidth));
    assert_eq!(map.transforms.len(), 2, "one table has both codes");
}

#[test]
fn a_step_that_cannot_be_done_says_why_and_changes_nothing() {
    let mut mendable = mendable();
    mendable.sources.insert(
        DatasetId::CaseResult,
        BTreeSet::from(["RESULT_KIND".to_owned()]),
    );
    let before = mendable.clone();
    let set = |field: &str, source: &str, transforms| MendStep::SetField {
        dataset: DatasetId::CaseResult,
        field: field.into(),
        source: source.into(),
        transforms,
    };
    let bad = Transform::Capture {
        pattern: "(".into(),
    };
    for (step, why) in [
        (
            set("nothing", "RESULT_KIND", vec![]),
            StepProblem::UnknownField,
        ),
        (
            set("result_type", "RESULT", vec![]),
            StepProblem::SourceMissing,
        ),
        (
            set("result_type", "RESULT_KIND", vec![bad]),
            StepProblem::BadTransform,
        ),
        (
            MendStep::SetSeverity {
                rule: "no.rule".into(),
                severity: Severity::Off,
            },
            StepProblem::UnknownRule,
        ),
        (
            MendStep::AddCode {
                list: "no_list".into(),
                code: "1".into(),
                name: "x".into(),
            },
            StepProblem::UnknownList,
        ),
        (
            MendStep::MapCode {
                dataset: DatasetId::Review,
                field: "satisfaction".into(),
                from: "a".into(),
                to: "1".into(),
            },
            StepProblem::DatasetNotCarried,
        ),
    ] {
        let told = mendable.apply(&step);
        // A field of another name in that dataset says so as well.
        assert!(
            told == Err(why)
                || (told == Err(StepProblem::UnknownField)
                    && why == StepProblem::DatasetNotCarried),
            "{step:?}: {told:?}"
        );
    }
    assert_eq!(mendable, before);
}

#[test]
fn a_code_that_the_table_gives_is_given_otherwise() {
    let mut mendable = mendable();
    mendable.apply(&map_code("10", "6")).unwrap();
    mendable.apply(&map_code("6", "3")).unwrap();
    let Transform::CodeTable { table, .. } =
        &mendable.mappings[&DatasetId::CaseResult].fields[0].transforms[0]
    else {
        panic!("a table")
    };
    assert_eq!(table["10"], "3");
    assert_eq!(table["6"], "3");
}

#[test]
fn the_steps_between_two_states_lead_from_the_one_to_the_other() {
    let before = mendable();
    let mut after = before.clone();
    for step in [
        map_code("A", "1"),
        MendStep::AddTransform {
            dataset: DatasetId::CaseResult,
            field: "result_date".into(),
            transform: Transform::DateForm {
                forms: vec!["%Y年%m月%d日".into()],
            },
        },
        MendStep::SetField {
            dataset: DatasetId::CaseResult,
            field: "project_no".into(),
            source: "PNO".into(),
            transforms: vec![],
        },
        MendStep::AddCode {
            list: "yes_no".into(),
            code: "9".into(),
            name: "不详".into(),
        },
        MendStep::SetSeverity {
            rule: "code.unknown".into(),
            severity: Severity::Warn,
        },
    ] {
        after.apply(&step).unwrap();
    }
    let steps = steps_between(&before, &after);
    assert_eq!(steps.len(), 5, "{steps:?}");
    let mut made = before;
    for step in &steps {
        assert_eq!(made.apply(step), Ok(StepState::Applies));
    }
    assert_eq!(made.rules, after.rules);
    let compiled = |one: &Mendable| {
        let mut fields = one.mappings[&DatasetId::CaseResult].fields.clone();
        fields.sort_by(|one, other| one.field.cmp(&other.field));
        fields
    };
    assert_eq!(compiled(&made), compiled(&after));
}
