//! What `zhengqiao rejected` prints of the inbox: causes, facets, views, one rejection in full.

use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, CauseRow, DeliveredVersion, FacetValue, Neighbour, NeighbourState, RejectionDetail,
    RejectionFilter, Relation,
};

use crate::output::{Output, line, table, when};
use crate::rejected::{outcome, print_finding};

/// Departments and days that are named in a line.
const NAMED: usize = 3;

/// Prints the causes of a filter's rejections.
pub async fn causes(
    console: &Console,
    filter: RejectionFilter,
    output: Output,
) -> Result<(), ApiError> {
    let list = console.list_causes(filter).await?;
    output.print(&list, |list| {
        table(
            &[
                "cause",
                "dataset",
                "rule",
                "field",
                "values",
                "rows",
                "held",
                "first",
                "last",
                "departments",
                "days",
                "sample",
            ],
            list.iter().map(cells),
        );
    });
    Ok(())
}

fn cells(row: &CauseRow) -> Vec<String> {
    let sample = row.sample.as_ref();
    vec![
        row.cause_id.to_string(),
        row.dataset.to_string(),
        row.rule.clone(),
        row.field.clone(),
        row.values.zh.clone(),
        row.open.to_string(),
        row.held.to_string(),
        when(Some(row.first_seen_at)),
        when(Some(row.last_seen_at)),
        named(row.departments.iter()),
        named(row.days.iter().rev()),
        sample
            .map(|sample| match &sample.value {
                Some(value) => format!("{} {value}", sample.rejection_id),
                None => sample.rejection_id.to_string(),
            })
            .unwrap_or_default(),
    ]
}

fn named<'a>(values: impl ExactSizeIterator<Item = &'a FacetValue>) -> String {
    let more = values.len().saturating_sub(NAMED);
    let mut shown: Vec<String> = values
        .take(NAMED)
        .map(|each| {
            let name = if each.value.is_empty() {
                "–"
            } else {
                &each.value
            };
            format!("{name} {}", each.count)
        })
        .collect();
    if more > 0 {
        shown.push(format!("+{more}"));
    }
    shown.join(", ")
}

/// Prints the counts by each facet.
pub async fn facets(
    console: &Console,
    filter: RejectionFilter,
    output: Output,
) -> Result<(), ApiError> {
    let facets = console.list_facets(filter).await?;
    output.print(&facets, |facets| {
        line(&format!("{} in the filter", facets.total));
        table(
            &["facet", "value", "rows"],
            facets.facets.iter().flat_map(|facet| {
                facet.values.iter().map(|each| {
                    vec![
                        facet.name.clone(),
                        each.value.clone(),
                        each.count.to_string(),
                    ]
                })
            }),
        );
    });
    Ok(())
}

/// Prints the saved views.
pub async fn views(console: &Console, output: Output) -> Result<(), ApiError> {
    let list = console.list_views().await?;
    output.print(&list, |list| {
        table(
            &["view", "filter", "saved"],
            list.iter().map(|view| {
                vec![
                    view.name.clone(),
                    parts(&view.filter),
                    when(Some(view.saved_at)),
                ]
            }),
        );
    });
    Ok(())
}

/// The parts of a filter that narrow.
fn parts(filter: &RejectionFilter) -> String {
    let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(filter) else {
        return String::new();
    };
    let named: Vec<String> = fields
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| match value {
            serde_json::Value::String(text) => format!("{name}={text}"),
            other => format!("{name}={other}"),
        })
        .collect();
    named.join(" ")
}

/// Prints one rejection in full.
pub fn print_detail(detail: &RejectionDetail) {
    let row = &detail.rejection;
    line(&format!(
        "{}  {}  {}  {}  {}",
        row.rejection_id,
        row.dataset,
        outcome(row.outcome),
        row.state,
        row.title
    ));
    for finding in &detail.findings {
        print_finding(finding);
    }
    line(&format!(
        "delivered: {}",
        match detail.delivered {
            DeliveredVersion::Nothing => "nothing".to_owned(),
            DeliveredVersion::Present =>
                format!("the cached version, {}", when(detail.delivered_at)),
            DeliveredVersion::Earlier =>
                format!("an earlier version, {}", when(detail.delivered_at)),
            DeliveredVersion::Forgotten => format!(
                "an earlier version that is not kept any more, {}",
                when(detail.delivered_at)
            ),
        }
    ));
    table(
        &["field", "source", "raw", "mapped", "cached", "delivered"],
        detail
            .fields
            .iter()
            .filter(|field| field.raw.is_some() || field.mapped.is_some() || field.cached.is_some())
            .map(|field| {
                let text = |value: &Option<String>| value.clone().unwrap_or_default();
                vec![
                    field.field.clone(),
                    field.source.clone(),
                    text(&field.raw),
                    text(&field.mapped),
                    text(&field.cached),
                    text(&field.delivered),
                ]
            }),
    );
    if !detail.neighbours.is_empty() {
        table(
            &[
                "neighbour",
                "relation",
                "number",
                "state",
                "title",
                "record",
                "rejection",
            ],
            detail.neighbours.iter().map(neighbour),
        );
    }
    table(
        &["when", "run", "by", "act", "state before"],
        detail.events.iter().map(|event| {
            vec![
                when(Some(event.at)),
                event.run_id.to_string(),
                event.actor.clone().unwrap_or_default(),
                event.act.clone(),
                event.state.clone().unwrap_or_default(),
            ]
        }),
    );
}

fn neighbour(one: &Neighbour) -> Vec<String> {
    let number = |id: Option<i64>| id.map(|id| id.to_string()).unwrap_or_default();
    vec![
        one.dataset.to_string(),
        match one.relation {
            Relation::Parent => "parent",
            Relation::Child => "child",
            Relation::Same => "same number",
            Relation::Related => "related",
        }
        .into(),
        one.number.clone().unwrap_or_default(),
        match one.state {
            NeighbourState::NotGiven => "no number given",
            NeighbourState::Absent => "not in the cache",
            NeighbourState::Accepted => "accepted",
            NeighbourState::Withdrawn => "withdrawn",
            NeighbourState::Rejected => "rejected",
            NeighbourState::Held => "held",
        }
        .into(),
        one.title.clone().unwrap_or_default(),
        number(one.record_id),
        number(one.rejection_id),
    ]
}
