//! Claim mapping and review policy: what the review reads, what may be saved, what versions give back.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up fails"
)]

mod trial;

use trial::{Bed, row_of};
use zhengqiao_api::contract::{
    AccountEffect, AccountKind, BindingFilter, BindingsRequest, DecideBindings, EffectNumber,
    ErrorCode, EvidenceKind, IdentityChangeId, PreviewClaims, ProposeIdentityChange,
    RestoreIdentityVersion, RoleRule, StartWhatIf, WhatIfRowsRequest,
};
use zhengqiao_domain::{DatasetId, Record, Transform};
use zhengqiao_identity::{
    AccountReader, BindingState, DecisionAct, LevelRanks, ReviewPolicy, default_claims,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_default_mapping_reads_everybody_as_their_columns_say() {
    let bed = Bed::new().await;
    let by_columns = AccountReader::new(LevelRanks::default(), [3; 32]);
    let through = AccountReader::of(&ReviewPolicy::default(), &default_claims(), [3; 32]).unwrap();
    let mut read = 0;
    for dataset in [
        DatasetId::NaturalPerson,
        DatasetId::LegalPerson,
        DatasetId::AgentAccount,
    ] {
        for fields in bed.records(dataset).await {
            let record = Record::from_json(dataset, &fields);
            let identity = through.identity(&record);
            assert_eq!(identity, by_columns.identity(&record));
            read += usize::from(identity.is_ok());
        }
    }
    assert!(read > 300, "{read}");
    let mapping = bed.mapping().await;
    // The synchronisation was followed by a review.
    assert_eq!((mapping.version, mapping.reviewed), (0, Some(0)));
    assert_eq!(mapping.settings, mapping.defaults);
    let view = bed.try_out(mapping.settings).await;
    let numbers = view.numbers.unwrap();
    assert!(numbers.accounts > 250, "{}", numbers.accounts);
    assert_eq!(numbers.touched, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_not_saved_are_previewed_masked_and_their_problems_named() {
    let bed = Bed::new().await;
    let mapping = bed.mapping().await;
    let mut settings = mapping.settings.clone();
    let mobile = row_of(&settings, AccountKind::Natural, "\"mobile\"].value").unwrap();
    settings.claims[mobile].transforms = vec![Transform::Constant {
        value: "13800001234".into(),
    }];
    let request = |settings| PreviewClaims {
        connection_id: bed.id(),
        kind: AccountKind::Natural,
        settings,
        sample_id: None,
    };
    let preview = bed
        .console()
        .preview_claims(request(settings.clone()))
        .await
        .unwrap();
    assert_eq!(preview.problems, vec![]);
    let shown = preview
        .rows
        .iter()
        .find(|one| one.row.portal_field.contains("mobile"))
        .unwrap();
    assert_eq!(shown.mapped.as_deref(), Some("138****1234"));
    assert_eq!(shown.state, "ok");
    let names: Vec<_> = mapping.seen.iter().map(|one| one.name.as_str()).collect();
    assert!(names.contains(&"user_real_lvl"));

    settings.claims[1].claim = " ".into();
    settings.claims[2].transforms = vec![Transform::Capture {
        pattern: "[".into(),
    }];
    settings.policy.evidence.push(EvidenceKind::Phone);
    let problems = bed
        .console()
        .preview_claims(request(settings.clone()))
        .await
        .unwrap()
        .problems;
    let found: Vec<_> = problems
        .iter()
        .map(|one| (one.part.as_str(), one.code.as_str(), one.row))
        .collect();
    assert_eq!(
        found,
        [
            ("claims", "empty", Some(2)),
            ("claims", "step", Some(3)),
            ("policy", "supports", None)
        ]
    );
    let refused = bed
        .console()
        .save_identity_mapping(bed.saving(&mapping, settings.clone()))
        .await
        .unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidRequest);
    for part in ["row 2", "row 3", "phone supports", "remove it"] {
        assert!(refused.message.contains(part), "{}", refused.message);
    }
    let tried = StartWhatIf {
        connection_id: bed.id(),
        settings,
    };
    assert!(bed.console().start_what_if(tried).await.is_err());
    assert_eq!(bed.mapping().await.version, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_restored_gives_settings_and_bindings_back_exactly() {
    let bed = Bed::new().await;
    let console = bed.console();
    console.review_identity(bed.connection()).await.unwrap();
    let (first, bindings) = (bed.mapping().await, bed.bindings().await);
    assert_eq!(first.reviewed, Some(0));

    let mut changed = first.settings.clone();
    changed
        .claims
        .retain(|row| row.kind != AccountKind::Natural || !row.portal_field.ends_with(":certKey"));
    changed.policy.required_rank = Some(4);
    let second = console
        .save_identity_mapping(bed.saving(&first, changed.clone()))
        .await
        .unwrap();
    assert_eq!((second.version, &second.settings), (1, &changed));
    console.review_identity(bed.connection()).await.unwrap();
    assert_ne!(bed.bindings().await, bindings);

    // Who edited the earlier one does not write over it.
    let late = console
        .save_identity_mapping(bed.saving(&first, first.settings.clone()))
        .await
        .unwrap_err();
    assert!(late.message.contains("version 1 is in force"), "{late}");

    let back = console
        .restore_identity_version(RestoreIdentityVersion {
            connection_id: bed.id(),
            number: 0,
            note: "恢复".into(),
        })
        .await
        .unwrap();
    assert_eq!((back.version, &back.settings), (2, &first.settings));
    console.review_identity(bed.connection()).await.unwrap();
    assert_eq!(bed.bindings().await, bindings);

    let versions = console
        .list_identity_versions(bed.connection())
        .await
        .unwrap();
    let seen: Vec<_> = versions
        .iter()
        .map(|one| {
            let places: Vec<_> = one.differences.iter().map(|each| &*each.place).collect();
            (one.number, one.current, one.reviewed, places)
        })
        .collect();
    let changes = vec!["natural.certKey", "required_rank"];
    assert_eq!(
        seen,
        [
            (2, true, true, changes.clone()),
            (1, false, false, changes),
            (0, false, false, vec![])
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_is_applied_once_and_only_to_what_it_was_tried_on() {
    let bed = Bed::new().await;
    let console = bed.console();
    console.review_identity(bed.connection()).await.unwrap();
    let first = bed.mapping().await;
    let mut changed = first.settings.clone();
    changed.policy.roles = vec![RoleRule {
        role: "站点管理员".into(),
        kind: Some(AccountKind::Natural),
        site: Some("市门户网站".into()),
        least_rank: Some(4),
        administrator: true,
    }];
    let tried = bed.try_out(changed.clone()).await;
    let numbers = tried.numbers.clone().unwrap();
    let role = &numbers.roles[0];
    assert!(role.administrator && role.gained > 0, "{numbers:?}");
    let propose = |note: &str| ProposeIdentityChange {
        what_if_id: tried.what_if_id,
        note: note.into(),
    };
    let refused = console.propose_identity_change(propose(" ")).await;
    assert!(refused.unwrap_err().message.starts_with("note:"));
    let (one, other) = (
        console
            .propose_identity_change(propose("一"))
            .await
            .unwrap(),
        console
            .propose_identity_change(propose("二"))
            .await
            .unwrap(),
    );
    assert_eq!(one.numbers, numbers);
    let named = |change_id| IdentityChangeId {
        connection_id: bed.id(),
        change_id,
    };
    let third = console
        .propose_identity_change(propose("三"))
        .await
        .unwrap();
    console
        .discard_identity_change(named(third.change_id))
        .await
        .unwrap();
    let applied = console
        .apply_identity_change(named(one.change_id))
        .await
        .unwrap();
    assert_eq!((applied.before, applied.version), (0, 1));
    let mapping = bed.mapping().await;
    assert_eq!(mapping.settings, changed);
    assert_eq!(mapping.reviewed, Some(1));

    let late = console.apply_identity_change(named(other.change_id)).await;
    assert!(late.unwrap_err().message.contains("version 1 is in force"));
    let again = console.apply_identity_change(named(third.change_id)).await;
    assert!(again.is_err());
    let states: Vec<_> = console
        .list_identity_changes(bed.connection())
        .await
        .unwrap()
        .into_iter()
        .map(|one| (one.note, one.state, one.outdated, one.version))
        .collect();
    assert_eq!(
        states,
        [
            ("三".into(), "discarded".to_owned(), false, None),
            ("二".into(), "open".into(), true, None),
            ("一".to_owned(), "applied".into(), false, Some(1)),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_that_is_cancelled_has_no_numbers_and_no_list() {
    let bed = Bed::new().await;
    let mapping = bed.mapping().await;
    let id = bed
        .console()
        .start_what_if(StartWhatIf {
            connection_id: bed.id(),
            settings: mapping.settings,
        })
        .await
        .unwrap();
    bed.console().cancel_what_if(id).unwrap();
    let view = bed.done(id).await;
    // It may have been done before it was told.
    assert_eq!(view.numbers.is_none(), view.state == "cancelled");
    let rows = bed.console().list_what_if_rows(&WhatIfRowsRequest {
        what_if_id: id.what_if_id,
        number: EffectNumber {
            effect: AccountEffect::Lost,
            role: None,
            conflict: None,
        },
        after: None,
        limit: 10,
    });
    assert_eq!(rows.is_err(), view.state == "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_names_people_as_the_mapping_in_force_does() {
    let bed = Bed::new().await;
    let console = bed.console();
    let first = bed.mapping().await;
    let mut settings = first.settings.clone();
    let user_name = row_of(&settings, AccountKind::Natural, "userName").unwrap();
    settings.claims[user_name].claim = "cert_no".into();
    console
        .save_identity_mapping(bed.saving(&first, settings))
        .await
        .unwrap();
    console.review_identity(bed.connection()).await.unwrap();
    let page = console
        .list_bindings(BindingsRequest {
            connection_id: bed.id(),
            filter: BindingFilter {
                kind: Some(AccountKind::Natural),
                state: Some(BindingState::Linked),
                ..BindingFilter::default()
            },
            after: None,
            limit: 200,
        })
        .await
        .unwrap();
    // The portal's own bindings are under the former name: only what the evidence found is linked.
    let row = page.bindings.first().unwrap();
    let account = row.account_id.clone().unwrap();
    // A name that is somebody's number is not shown whole.
    let key = row.identity_key.clone().unwrap();
    assert_eq!(key.matches('*').count(), 11, "{key}");
    let before = bed.bindings().await[&account].clone();
    console
        .decide_bindings(DecideBindings {
            connection_id: bed.id(),
            binding_ids: vec![row.binding_id],
            filter: None,
            act: DecisionAct::Link,
            person_id: None,
            remaining_account_id: None,
            until: None,
            reason: "本人到窗口核对".into(),
        })
        .await
        .unwrap();
    console.review_identity(bed.connection()).await.unwrap();
    assert_eq!(bed.bindings().await[&account], before);
}
