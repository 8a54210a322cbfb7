//! Names of states and conflicts in exported files; the window has its own words.

use zhengqiao_identity::{BindingState, ConflictKind};

use super::super::report_form::Words;

/// A state's name.
pub(super) fn state(state: BindingState, words: Words) -> &'static str {
    match state {
        BindingState::Linked => words.of("已绑定", "Linked"),
        BindingState::Unmatched => words.of("未匹配", "Unmatched"),
        BindingState::Ambiguous => words.of("有歧义", "Ambiguous"),
        BindingState::Conflicting => words.of("有冲突", "Conflicting"),
        BindingState::Orphaned => words.of("孤立", "Orphaned"),
        BindingState::DoNotTouch => words.of("不处理", "Do not touch"),
    }
}

/// A conflict's name.
pub(super) fn conflict(kind: ConflictKind, words: Words) -> &'static str {
    match kind {
        ConflictKind::DuplicatePortalAccounts => {
            words.of("同一身份有多个门户账号", "Several accounts of one identity")
        }
        ConflictKind::SharedPortalAccount => words.of(
            "同一门户账号被多个身份使用",
            "One account used by several identities",
        ),
        ConflictKind::PhoneTakenOver => {
            words.of("手机号已归他人", "Phone taken over by someone else")
        }
        ConflictKind::PhoneShared => {
            words.of("多人使用同一手机号", "Phone shared by several people")
        }
        ConflictKind::NameChanged => words.of("姓名已变更", "Name changed"),
        ConflictKind::IdNumberChanged => words.of("证件号码已变更", "ID number changed"),
        ConflictKind::IdNumberUpgraded => {
            words.of("15位证件号码已升为18位", "ID number of 15 digits upgraded")
        }
        ConflictKind::ForeignCardReplaced => words.of(
            "外国人永久居留证已换新版",
            "Foreign residence card replaced",
        ),
        ConflictKind::ResidencePermit => words.of(
            "港澳台通行证与居住证并存",
            "Travel permit against residence permit",
        ),
        ConflictKind::AgentExpired => {
            words.of("经办授权已过期", "Authorisation of the agent expired")
        }
        ConflictKind::AgentNotYetValid => words.of("经办授权未生效", "Authorisation not valid yet"),
        ConflictKind::AgentOfSeveral => {
            words.of("经办人代理多个法人", "Agent of several legal persons")
        }
        ConflictKind::LegalPersonDeregistered => {
            words.of("法人已注销或吊销", "Legal person deregistered")
        }
        ConflictKind::LegalPersonMerged => words.of("法人已被合并", "Legal person merged"),
        ConflictKind::OrganisationCodeReplaced => {
            words.of("组织机构代码已换为信用代码", "Organisation code replaced")
        }
        ConflictKind::LegalRepresentativeChanged => {
            words.of("法定代表人已变更", "Legal representative changed")
        }
        ConflictKind::LevelTooLow => words.of("实名等级不足", "Real-name level too low"),
        ConflictKind::PortalAccountDisabled => {
            words.of("门户账号已停用", "Portal account disabled")
        }
        ConflictKind::PortalAccountDeleted => words.of("门户账号已注销", "Portal account deleted"),
        ConflictKind::WrongCertificateType => words.of("证件类型不符", "Wrong certificate type"),
        ConflictKind::PhoneOnlyBinding => words.of("仅凭手机号绑定", "Bound by phone number only"),
        ConflictKind::AdministratorRoleGained => {
            words.of("将获得管理员角色", "Would become an administrator")
        }
        ConflictKind::OrphanedBinding => {
            words.of("绑定的身份不存在", "Bound to an identity that is gone")
        }
    }
}
