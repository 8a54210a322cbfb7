//! What is left out of a reading that a provider could not be asked to narrow.

use std::collections::HashSet;

use serde_json::Value;
use zhengqiao_domain::{CompiledMapping, DatasetId};

use crate::pager::Page;
use crate::scope::id_fields;

/// Lets the rows of a scope through. A row that does not say where it belongs is let through too:
/// what is wrong with it is for the rules to tell, and nothing is lost in silence.
#[derive(Debug, Default)]
pub(crate) struct Sieve {
    /// A window of time, the end not in it.
    pub window: Option<(String, String)>,
    /// Ids; empty means all.
    pub ids: HashSet<String>,
    /// Fields with the one value that they have to have.
    pub equals: Vec<(&'static str, String)>,
    over: Option<(DatasetId, CompiledMapping)>,
}

impl Sieve {
    /// Whether it leaves nothing out.
    pub fn is_empty(&self) -> bool {
        self.window.is_none() && self.ids.is_empty() && self.equals.is_empty()
    }

    /// The sieve for the rows of a dataset.
    pub fn over(mut self, dataset: DatasetId, mapping: CompiledMapping) -> Self {
        self.over = Some((dataset, mapping));
        self
    }

    fn lets_through(&self, raw: &[u8]) -> bool {
        let Some((dataset, mapping)) = &self.over else {
            return true;
        };
        let Ok(Value::Object(fields)) = serde_json::from_slice(raw) else {
            // A row without any field can be none of those asked for by id.
            return self.ids.is_empty();
        };
        let record = mapping.apply(&fields);
        let time = dataset
            .dataset()
            .source_time
            .and_then(|field| record.get(field));
        if let (Some((from, to)), Some(time)) = (&self.window, time)
            // What is no moment is for the rules.
            && time.len() == from.len()
            && (time < from.as_str() || time >= to.as_str())
        {
            return false;
        }
        let is_asked_for = || {
            id_fields(*dataset)
                .iter()
                .any(|field| record.get(field).is_some_and(|id| self.ids.contains(id)))
        };
        (self.ids.is_empty() || is_asked_for())
            && self
                .equals
                .iter()
                .all(|(field, value)| record.get(field).is_none_or(|known| known == value))
    }

    /// Takes out of a page what lies outside.
    pub fn sift(&self, page: &mut Page) {
        let keeps: Vec<bool> = (0..page.records.len())
            .map(|at| self.lets_through(page.raw(at)))
            .collect();
        let mut next = keeps.iter();
        page.records
            .retain(|_| next.next().copied().unwrap_or(true));
        if !page.slips.is_empty() {
            let mut next = keeps.iter();
            page.slips.retain(|_| next.next().copied().unwrap_or(true));
        }
        page.left_out = (keeps.len() - page.records.len()) as u64;
        // The provider's total is of everything.
        page.total = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhengqiao_domain::Mapping;

    fn lets_through(sieve: Sieve, row: &str) -> bool {
        let id = DatasetId::CaseAcceptance;
        let mapping = CompiledMapping::new(id, &Mapping::default()).unwrap();
        sieve.over(id, mapping).lets_through(row.as_bytes())
    }

    fn january() -> Sieve {
        Sieve {
            window: Some(("2024-01-01 00:00:00".into(), "2024-02-01 00:00:00".into())),
            ..Sieve::default()
        }
    }

    #[test]
    fn a_window_holds_its_beginning_and_not_its_end() {
        for (time, inside) in [
            ("2023-12-31 23:59:59", false),
            ("2024-01-01 00:00:00", true),
            ("2024-01-31 23:59:59", true),
            ("2024-02-01 00:00:00", false),
            ("neither", true),
        ] {
            let row = format!(r#"{{"cd_time":"{time}"}}"#);
            assert_eq!(lets_through(january(), &row), inside, "{time}");
        }
        assert!(lets_through(january(), "{}"));
    }

    #[test]
    fn an_id_is_the_row_s_own_or_its_business_number() {
        let sieve = || Sieve {
            ids: ["G1".to_owned(), "P2".to_owned()].into(),
            ..Sieve::default()
        };
        assert!(lets_through(sieve(), r#"{"row_guid":"G1"}"#));
        assert!(lets_through(
            sieve(),
            r#"{"row_guid":"G9","project_no":"P2"}"#
        ));
        assert!(!lets_through(sieve(), r#"{"row_guid":"G9"}"#));
        assert!(!lets_through(sieve(), "[]"));
    }

    #[test]
    fn another_department_is_left_out() {
        let sieve = || Sieve {
            equals: vec![("org_code", "A".into())],
            ..Sieve::default()
        };
        assert!(lets_through(sieve(), r#"{"org_code":"A"}"#));
        assert!(!lets_through(sieve(), r#"{"org_code":"B"}"#));
    }
}
