//! The part of a filter that looks at causes: one cause of a rejection has all that is asked for.

use super::causes::{CauseOf, Causes, Part};
use super::filtered::Facet;
use crate::rejection::RejectionFilter;

/// The part of a filter that looks at causes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CauseFilter<'a> {
    rule: Option<&'a str>,
    field: Option<&'a str>,
    cause_id: Option<i64>,
}

impl<'a> CauseFilter<'a> {
    pub(super) fn of(filter: &'a RejectionFilter) -> Self {
        Self {
            rule: filter.rule.as_deref(),
            field: filter.field.as_deref(),
            cause_id: filter.cause_id,
        }
    }

    pub(super) fn without(mut self, facet: Facet) -> Self {
        match facet {
            Facet::Rule => self.rule = None,
            Facet::Field => self.field = None,
            Facet::Cause => self.cause_id = None,
            _ => {}
        }
        self
    }

    pub(super) fn is_open(&self) -> bool {
        self.rule.is_none() && self.field.is_none() && self.cause_id.is_none()
    }

    /// Whether a cause is asked for by its number, so that its rule and field do not tell whether it passes.
    pub(super) fn is_of_one(&self) -> bool {
        self.cause_id.is_some()
    }

    /// Whether a rule and a field pass.
    pub(super) fn parts(&self, causes: &Causes) -> impl Fn(Part) -> bool + use<> {
        // A value that no cause has is none of the numbers.
        let rule = self.rule.map(|rule| causes.rules.find(rule));
        let field = self.field.map(|field| causes.fields.find(field));
        move |part| {
            rule.is_none_or(|wanted| wanted == Some(part.rule))
                && field.is_none_or(|wanted| wanted == Some(part.field))
        }
    }

    /// Of each cause, whether it passes.
    pub(super) fn each(&self, causes: &Causes) -> Vec<bool> {
        let has = self.parts(causes);
        let is = |id: i64| self.cause_id.is_none_or(|wanted| wanted == id);
        let all = (0_u32..).zip(&causes.of.values);
        all.map(|(cause, id)| is(*id) && has(causes.part(cause)))
            .collect()
    }

    /// Whether one of some causes passes, or nothing is asked for.
    pub(super) fn has_any(&self, causes: &[(i64, CauseOf)]) -> bool {
        self.is_open()
            || causes.iter().any(|(id, cause)| {
                self.cause_id.is_none_or(|wanted| wanted == *id)
                    && self.rule.is_none_or(|rule| cause.rule == rule)
                    && self.field.is_none_or(|field| cause.field == field)
            })
    }
}
