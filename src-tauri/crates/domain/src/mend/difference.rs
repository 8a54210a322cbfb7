//! The steps that lead from one state of a connection to another.

use super::{MendStep, Mendable};
use crate::dataset::DatasetId;
use crate::mapping::{FieldMap, Mapping, Transform};
use crate::rules::ALL;

/// The steps from `before` to `after`, rules first, then each dataset's fields in their order. What only
/// `before` has is no step: a recipe adds, it does not take away.
pub fn steps_between(before: &Mendable, after: &Mendable) -> Vec<MendStep> {
    let mut steps = Vec::new();
    for (list, variant) in &after.rules.code_variants {
        if before.rules.code_variants.get(list) != Some(variant) {
            steps.push(MendStep::SetVariant {
                list: list.clone(),
                variant: variant.clone(),
            });
        }
    }
    for (list, codes) in &after.rules.code_additions {
        let known = before.rules.code_additions.get(list);
        for (code, name) in codes {
            if known.and_then(|codes| codes.get(code)) != Some(name) {
                steps.push(MendStep::AddCode {
                    list: list.clone(),
                    code: code.clone(),
                    name: name.clone(),
                });
            }
        }
    }
    for rule in ALL {
        let of = |one: &Mendable| {
            one.rules
                .severities
                .get(rule.code())
                .copied()
                .unwrap_or(rule.info().severity)
        };
        if of(before) != of(after) {
            steps.push(MendStep::SetSeverity {
                rule: rule.code().into(),
                severity: of(after),
            });
        }
    }
    for (dataset, mapping) in &after.mappings {
        let nothing = Mapping::default();
        let known = before.mappings.get(dataset).unwrap_or(&nothing);
        for map in &mapping.fields {
            let present = known.fields.iter().find(|one| one.field == map.field);
            field_steps(*dataset, present, map, &mut steps);
        }
    }
    steps
}

fn field_steps(
    dataset: DatasetId,
    before: Option<&FieldMap>,
    after: &FieldMap,
    steps: &mut Vec<MendStep>,
) {
    let (source, had): (&str, &[Transform]) = match before {
        Some(map) => (&map.source, &map.transforms),
        None => (&after.field, &[]),
    };
    if source == after.source && had == after.transforms {
        return;
    }
    let field = || after.field.clone();
    if source == after.source {
        let small = small_steps(dataset, &after.field, had, &after.transforms);
        if let Some(small) = small {
            steps.extend(small);
            return;
        }
    }
    steps.push(MendStep::SetField {
        dataset,
        field: field(),
        source: after.source.clone(),
        transforms: after.transforms.clone(),
    });
}

/// Codes and transforms that were added, if that is all that was done.
fn small_steps(
    dataset: DatasetId,
    field: &str,
    had: &[Transform],
    has: &[Transform],
) -> Option<Vec<MendStep>> {
    let mut steps = Vec::new();
    let mut before: Vec<Transform> = had.to_vec();
    for (at, transform) in has.iter().enumerate() {
        if before.contains(transform) {
            continue;
        }
        let is_last = at + 1 == has.len();
        match transform {
            Transform::CodeTable { table, other: None } if is_last => {
                let known = match had.last() {
                    Some(Transform::CodeTable { table, other: None }) => table.clone(),
                    _ => std::collections::BTreeMap::new(),
                };
                for (from, to) in table {
                    if known.get(from) != Some(to) {
                        steps.push(MendStep::MapCode {
                            dataset,
                            field: field.to_owned(),
                            from: from.clone(),
                            to: to.clone(),
                        });
                    }
                }
            }
            _ => steps.push(MendStep::AddTransform {
                dataset,
                field: field.to_owned(),
                transform: transform.clone(),
            }),
        }
    }
    // The steps must give exactly what there is; else the whole field is written.
    let mut map = FieldMap {
        field: field.to_owned(),
        source: field.to_owned(),
        transforms: std::mem::take(&mut before),
    };
    for step in &steps {
        match step {
            MendStep::MapCode { from, to, .. } => super::map_code(&mut map, from, to),
            MendStep::AddTransform { transform, .. } => super::add_transform(&mut map, transform),
            _ => {}
        }
    }
    (map.transforms == has).then_some(steps)
}
