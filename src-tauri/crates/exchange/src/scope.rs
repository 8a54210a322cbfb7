//! How much of a dataset a reading covers, and what of it a provider narrows by itself.
//!
//! A provider that can be asked for less is asked for less. One that cannot may still be read whole,
//! with what lies outside left out here; that is done for a window of time and for files, where it
//! costs little. For the rest it is refused before anything is asked: nobody who wants one department
//! means to read a province. [`Reach`] says which of the three it is, so that a screen can tell it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::{CompiledMapping, DatasetId};

use crate::database::Polling;
use crate::error::ExchangeError;
use crate::pager::IncrementalState;
use crate::profile::{DatasetSource, Incremental, Interface};
use crate::sieve::Sieve;

/// Joins the parts of a record's key in lists; the provider's own id is the last part.
const KEY_SEPARATOR: char = '|';

/// How much a walk covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    Full,
    /// What changed since a state.
    Incremental(IncrementalState),
    /// What changed in a window of time, in UTC+8: `yyyy-MM-dd HH:mm:ss`; the end does not belong to it.
    Window {
        /// Its beginning.
        from: String,
        /// Its end.
        to: String,
    },
    /// The records of these ids: the provider's, or the business numbers such as a case's.
    Ids(Vec<String>),
}

impl Scope {
    /// The ids as the provider knows them, each once: of a key as lists show it, only the last part.
    pub(crate) fn ids(&self) -> Vec<String> {
        let Scope::Ids(ids) = self else {
            return Vec::new();
        };
        let mut seen = std::collections::HashSet::new();
        ids.iter()
            .map(|id| id.rsplit(KEY_SEPARATOR).next().unwrap_or_default().trim())
            .filter(|id| !id.is_empty() && seen.insert(*id))
            .map(str::to_owned)
            .collect()
    }
}

/// Only the rows of a department or a region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Filters {
    /// Code of the department.
    pub department: Option<String>,
    /// Code of the region.
    pub region: Option<String>,
}

impl Filters {
    /// Whether nothing is left out.
    pub fn is_empty(&self) -> bool {
        self.department.is_none() && self.region.is_none()
    }
}

/// How a window of time is asked for, where it differs from an incremental reading.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct WindowQuery {
    /// Name of the beginning's parameter.
    pub from_param: String,
    /// Name of the end's parameter.
    pub to_param: String,
}

/// How records are asked for by their ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct IdsQuery {
    /// Name of the parameter.
    pub param: String,
    /// What stands between two ids.
    pub separator: String,
    /// Ids a request at most.
    pub most: u32,
}

impl Default for IdsQuery {
    fn default() -> Self {
        Self {
            param: "ids".into(),
            separator: ",".into(),
            most: 50,
        }
    }
}

/// What happens when a reading is narrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Narrowing {
    /// The provider is asked for less.
    Asked,
    /// Everything is read, and the rest left out here.
    LeftOut,
    /// It cannot be done.
    Impossible,
}

/// What a dataset's reading can be narrowed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Reach {
    /// A window of time.
    pub window: Narrowing,
    /// A list of ids.
    pub ids: Narrowing,
    /// A department.
    pub department: Narrowing,
    /// A region.
    pub region: Narrowing,
    /// Whether a window can move the place where the next incremental reading begins.
    pub moves_cursor: bool,
}

/// The fields whose values are a record's ids: the last of its key, and its business number.
pub fn id_fields(dataset: DatasetId) -> Vec<&'static str> {
    let described = dataset.dataset();
    let mut fields: Vec<_> = described.key.last().copied().into_iter().collect();
    if let [business] = described.business_key
        && !fields.contains(business)
    {
        fields.push(business);
    }
    fields
}

/// What the reading of a dataset can be narrowed by.
pub fn reach(interface: Interface, dataset: DatasetId, source: &DatasetSource) -> Reach {
    let described = dataset.dataset();
    let left_out = |field: Option<&str>| match field {
        Some(_) => Narrowing::LeftOut,
        None => Narrowing::Impossible,
    };
    let asked = |can: bool| {
        if can {
            Narrowing::Asked
        } else {
            Narrowing::Impossible
        }
    };
    let table = |field: Option<&str>| match field {
        None => Narrowing::Impossible,
        Some(field) if column_of(source, field).is_some() => Narrowing::Asked,
        Some(_) => Narrowing::LeftOut,
    };
    match interface {
        Interface::Http => Reach {
            window: if window_params(source).is_some() {
                Narrowing::Asked
            } else {
                left_out(described.source_time)
            },
            ids: asked(source.ids.as_ref().is_some_and(|ids| !ids.param.is_empty())),
            department: asked(!source.department_param.is_empty()),
            region: asked(!source.region_param.is_empty()),
            moves_cursor: matches!(source.incremental, Some(Incremental::Window { .. })),
        },
        Interface::Database => {
            let polled = matches!(polling(source), Some(Polling::Time { .. }));
            Reach {
                window: if polled {
                    Narrowing::Asked
                } else {
                    table(described.source_time)
                },
                ids: if id_fields(dataset)
                    .iter()
                    .any(|field| column_of(source, field).is_some())
                {
                    Narrowing::Asked
                } else {
                    Narrowing::LeftOut
                },
                department: named(&source.department_param, table(described.department)),
                region: named(&source.region_param, table(described.region)),
                moves_cursor: polled,
            }
        }
        Interface::File | Interface::Scim | Interface::Ldap => Reach {
            window: left_out(described.source_time),
            ids: Narrowing::LeftOut,
            department: left_out(described.department),
            region: left_out(described.region),
            moves_cursor: false,
        },
    }
}

fn named(column: &str, otherwise: Narrowing) -> Narrowing {
    if column.is_empty() {
        otherwise
    } else {
        Narrowing::Asked
    }
}

fn polling(source: &DatasetSource) -> Option<&Polling> {
    source.table.as_ref().map(|table| &table.polling)
}

/// Names of a window's parameters, where the provider takes one.
pub(crate) fn window_params(source: &DatasetSource) -> Option<(&str, &str)> {
    match (&source.window, &source.slices, &source.incremental) {
        (Some(own), ..) => Some((&own.from_param, &own.to_param)),
        (None, Some(slices), _) => Some((&slices.from_param, &slices.to_param)),
        (
            None,
            None,
            Some(Incremental::Window {
                from_param,
                to_param,
                ..
            }),
        ) => Some((from_param, to_param)),
        _ => None,
    }
}

/// The column that a field is taken from as it is; `None` where its value is made here.
fn column_of(source: &DatasetSource, field: &str) -> Option<String> {
    let Some(map) = source.mapping.fields.iter().find(|map| map.field == field) else {
        return Some(field.to_owned());
    };
    let name = map.source.strip_prefix('/').unwrap_or(&map.source);
    (map.transforms.is_empty() && !name.is_empty() && !name.contains('/')).then(|| name.to_owned())
}

/// Which rows of a table a reading is about, by names of columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TableNarrow {
    /// The column of a window of time.
    pub window: Option<String>,
    /// Columns of which one has to hold one of the ids.
    pub ids: Vec<String>,
    /// Columns with the one value that they have to have.
    pub equals: Vec<(String, String)>,
}

/// What a walk does to cover no more than its scope.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Parameters of an HTTP interface.
    pub params: Vec<(String, String)>,
    /// Conditions of a table.
    pub table: TableNarrow,
    /// What is left out here.
    pub sieve: Option<Sieve>,
}

fn cannot(dataset: DatasetId, by: &str, remedy: &str) -> ExchangeError {
    ExchangeError::Settings {
        field: format!("datasets.{dataset}.{by}"),
        what: format!("{dataset} cannot be narrowed by {by}: {remedy}"),
    }
}

/// What has to be done for a walk to cover its scope and no more.
///
/// # Errors
/// [`ExchangeError::Settings`] naming what the provider cannot narrow by.
pub(crate) fn plan(
    interface: Interface,
    dataset: DatasetId,
    source: &DatasetSource,
    scope: &Scope,
) -> Result<Plan, ExchangeError> {
    let mut plan = Plan::default();
    let narrows_nothing = matches!(scope, Scope::Full | Scope::Incremental(_));
    if narrows_nothing && source.only.is_empty() {
        return Ok(plan);
    }
    let reach = reach(interface, dataset, source);
    let described = dataset.dataset();
    let mut sieve = Sieve::default();
    match (scope, reach.window, reach.ids) {
        (Scope::Window { .. }, Narrowing::Impossible, _) => {
            return Err(cannot(dataset, "window", "its rows carry no time"));
        }
        (Scope::Window { from, to }, Narrowing::LeftOut, _) => {
            sieve.window = Some((from.clone(), to.clone()));
        }
        (Scope::Window { .. }, Narrowing::Asked, _) => {
            plan.table.window = match polling(source) {
                Some(Polling::Time { column, .. }) => Some(column.clone()),
                _ => described
                    .source_time
                    .and_then(|field| column_of(source, field)),
            };
        }
        (Scope::Ids(_), _, Narrowing::Impossible) => {
            return Err(cannot(
                dataset,
                "ids",
                "set the name of the parameter that takes them, or choose a window of time",
            ));
        }
        (Scope::Ids(_), _, Narrowing::LeftOut) => sieve.ids = scope.ids().into_iter().collect(),
        (Scope::Ids(_), _, Narrowing::Asked) => {
            plan.table.ids = id_fields(dataset)
                .into_iter()
                .filter_map(|field| column_of(source, field))
                .collect();
        }
        (Scope::Full | Scope::Incremental(_), ..) => {}
    }
    let filters = [
        (
            "department",
            &source.only.department,
            reach.department,
            &source.department_param,
            described.department,
        ),
        (
            "region",
            &source.only.region,
            reach.region,
            &source.region_param,
            described.region,
        ),
    ];
    for (by, value, narrowing, param, field) in filters {
        let Some(value) = value else { continue };
        match (narrowing, interface) {
            (Narrowing::Impossible, Interface::Http) => {
                return Err(cannot(
                    dataset,
                    by,
                    "set the name of the parameter that takes it, or leave this dataset out",
                ));
            }
            (Narrowing::Impossible, _) => {
                return Err(cannot(
                    dataset,
                    by,
                    "its rows name none; leave this dataset out",
                ));
            }
            (Narrowing::LeftOut, _) => {
                sieve
                    .equals
                    .extend(field.map(|field| (field, value.clone())));
            }
            (Narrowing::Asked, Interface::Database) => {
                let column = if param.is_empty() {
                    field.and_then(|field| column_of(source, field))
                } else {
                    Some(param.clone())
                };
                plan.table
                    .equals
                    .extend(column.map(|column| (column, value.clone())));
            }
            (Narrowing::Asked, _) => plan.params.push((param.clone(), value.clone())),
        }
    }
    if !sieve.is_empty() {
        let mapping = CompiledMapping::new(dataset, &source.mapping).map_err(|error| {
            ExchangeError::Settings {
                field: "mapping".into(),
                what: error.to_string(),
            }
        })?;
        plan.sieve = Some(sieve.over(dataset, mapping));
    }
    Ok(plan)
}

/// Whether a dataset can be read in a scope; the reason otherwise.
///
/// # Errors
/// [`ExchangeError::Settings`] naming what the provider cannot narrow by.
pub fn check_scope(
    interface: Interface,
    dataset: DatasetId,
    source: &DatasetSource,
    scope: &Scope,
) -> Result<(), ExchangeError> {
    plan(interface, dataset, source, scope).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::preset;

    fn source(name: &str, dataset: DatasetId) -> (Interface, DatasetSource) {
        let mut profile = preset(name).unwrap().profile;
        (
            profile.interface,
            profile.datasets.remove(&dataset).unwrap(),
        )
    }

    #[test]
    fn a_key_from_a_list_is_known_by_its_last_part_and_each_id_is_asked_once() {
        let scope = Scope::Ids(vec![
            "123|G1".into(),
            " G1 ".into(),
            "G2".into(),
            " ".into(),
        ]);
        assert_eq!(scope.ids(), ["G1", "G2"]);
    }

    #[test]
    fn what_an_http_provider_takes_no_parameter_for_is_refused_before_it_is_asked() {
        let (interface, mut source) = source("open", DatasetId::CaseAcceptance);
        source.ids = None;
        source.department_param.clear();
        let ids = Scope::Ids(vec!["a".into()]);
        let error = check_scope(interface, DatasetId::CaseAcceptance, &source, &ids).unwrap_err();
        assert!(error.to_string().contains("ids"), "{error}");
        source.only.department = Some("114600000000000001".into());
        let error =
            check_scope(interface, DatasetId::CaseAcceptance, &source, &Scope::Full).unwrap_err();
        assert!(error.to_string().contains("department"), "{error}");
    }

    #[test]
    fn a_window_that_a_provider_cannot_take_is_cut_out_here() {
        let (interface, mut source) = source("cursor", DatasetId::CaseAcceptance);
        source.window = None;
        let window = Scope::Window {
            from: "2024-01-01 00:00:00".into(),
            to: "2024-01-02 00:00:00".into(),
        };
        let made = plan(interface, DatasetId::CaseAcceptance, &source, &window).unwrap();
        assert!(made.sieve.is_some());
        let reach = reach(interface, DatasetId::CaseAcceptance, &source);
        assert_eq!(reach.window, Narrowing::LeftOut);
        assert!(!reach.moves_cursor);
    }

    #[test]
    fn a_table_is_narrowed_by_the_columns_of_its_mapping() {
        let (interface, mut source) = source("frontend_postgresql", DatasetId::CaseAcceptance);
        source.only.department = Some("D1".into());
        let made = plan(
            interface,
            DatasetId::CaseAcceptance,
            &source,
            &Scope::Ids(vec!["a".into()]),
        )
        .unwrap();
        assert_eq!(made.table.ids, ["row_guid", "project_no"]);
        assert_eq!(made.table.equals, [("org_code".into(), "D1".into())]);
        assert!(made.sieve.is_none());
    }
}
