//! Checking rejected rows again under a changed mapping.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod bed;

use bed::Bed;
use zhengqiao_domain::{
    Check, CompiledMapping, DatasetId, FieldMap, Mapping, RuleSet, RuleSettings,
};
use zhengqiao_store::rejection::{self, RejectionFilter, State};
use zhengqiao_sync::{Desk, RunMode};

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_gets_another_key_leaves_no_open_rejection_under_the_former_one() {
    let bed = Bed::new(60, 3, 0.3).await;
    bed.run(RunMode::Full).await;
    let connection_id = bed.connection_id;
    bed.cache
        .write_blocking(move |tx| {
            let filter = RejectionFilter {
                states: vec![State::Open as i64],
                outcome: Some(rejection::REJECTED),
                ..RejectionFilter::default()
            };
            let found = rejection::page(tx, &filter, None, 200)?;
            let row = found
                .iter()
                .find(|row| row.dataset == DatasetId::CaseAcceptance && row.business_key.is_some())
                .unwrap();
            let mapping = Mapping {
                fields: vec![FieldMap {
                    field: "row_guid".into(),
                    source: "project_no".into(),
                    transforms: Vec::new(),
                }],
            };
            let mapping = CompiledMapping::new(row.dataset, &mapping).unwrap();
            let settings = RuleSettings::default();
            let rules = RuleSet::new(&settings);
            let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
            let check = Check::new(&rules, now);
            let open = rejection::count(tx, &filter)?;
            let desk = Desk::new(
                tx,
                connection_id,
                row.dataset,
                row.run_id,
                2,
                "2026-01-01 00:00:00",
            )?
            .by_person(tx, connection_id, "管理员", 1)?;
            zhengqiao_sync::revalidate(tx, &desk, &mapping, &check, &rules, row.id).unwrap();
            let former = rejection::get(tx, row.id)?.unwrap();
            assert_eq!(former.state, State::Resolved as i64);
            assert!(
                rejection::count(tx, &filter)? <= open,
                "it is open once, under its new key"
            );
            let business = row.business_key.as_deref().unwrap();
            let named = rejection::of_business(tx, row.source_id, business, 10)?;
            assert!(
                named
                    .iter()
                    .all(|other| other.record_key.ends_with(business))
            );
            Ok(())
        })
        .unwrap();
}
