//! The part of a filter that looks at causes: one cause of a rejection has all that is asked for.

use std::collections::HashMap;

use super::columns::CauseOf;
use super::filtered::Facet;
use crate::rejection::RejectionFilter;

/// The part of a filter that looks at causes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CauseFilter<'a> {
    pub(super) rule: Option<&'a str>,
    pub(super) field: Option<&'a str>,
    pub(super) cause_id: Option<i64>,
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

    /// Whether one cause passes.
    pub(super) fn has(&self, causes: &HashMap<i64, CauseOf>, id: i64) -> bool {
        if self.cause_id.is_some_and(|wanted| wanted != id) {
            return false;
        }
        let Some(cause) = causes.get(&id) else {
            return self.is_open();
        };
        self.rule.is_none_or(|rule| cause.rule == rule)
            && self.field.is_none_or(|field| cause.field == field)
    }

    /// Whether a set of causes passes: one cause has all that is asked for.
    pub(super) fn has_set(&self, causes: &HashMap<i64, CauseOf>, set: &[i64]) -> bool {
        self.is_open() || set.iter().any(|id| self.has(causes, *id))
    }
}
