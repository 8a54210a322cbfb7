//! What a run covers besides its mode, as it is kept with the run: so one that was interrupted goes on
//! with the same.

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use zhengqiao_domain::DatasetId;
use zhengqiao_domain::primitives::moment;
use zhengqiao_exchange::{DatasetSource, Filters, Profile, Scope, check_scope, reach};

use crate::error::SyncError;

/// Ids of one run at most.
pub const MOST_IDS: usize = 50_000;

/// A window of time in UTC+8, `yyyy-MM-dd HH:mm:ss`; the end does not belong to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its beginning.
    pub from: String,
    /// Its end.
    pub to: String,
}

/// The dry run whose rows a run takes instead of asking the provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// The dry run.
    pub dry_id: i64,
    /// The moment that the rules took for now, unix ms.
    pub judged_at_ms: i64,
    /// End of what the provider was asked for, in UTC+8.
    pub until: String,
}

/// What a run covers besides its mode.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunScope {
    /// Only what changed in a window.
    pub window: Option<Window>,
    /// Only the records of these ids; empty means all.
    pub ids: Vec<String>,
    /// Only a department or region.
    pub filters: Filters,
    /// Whether the next incremental run begins where this one ended, though it covers only a part.
    pub moves_cursor: bool,
    /// Rows of a dry run in place of the provider's.
    pub replays: Option<Replay>,
}

fn wrong(field: &'static str, what: impl Into<String>) -> SyncError {
    SyncError::Scope {
        field,
        what: what.into(),
    }
}

/// A moment of a window in canonical form.
fn canonical(field: &'static str, text: &str) -> Result<String, SyncError> {
    match moment::parse(text) {
        Some(moment::Parsed::At(at)) => Ok(moment::canonical(at)),
        _ => Err(wrong(
            field,
            format!("{text:?} is no moment; write it as 2026-01-31 08:00:00 (UTC+8)"),
        )),
    }
}

impl RunScope {
    /// Whether it covers all that its mode covers.
    pub fn is_whole(&self) -> bool {
        self.window.is_none() && self.ids.is_empty() && self.filters.is_empty()
    }

    /// Whether where the next incremental run begins is for this run to say.
    pub fn moves(&self) -> bool {
        self.is_whole() || self.moves_cursor
    }

    /// The same in canonical form.
    ///
    /// # Errors
    /// [`SyncError::Scope`] naming what is wrong with it.
    pub fn checked(mut self, now: NaiveDateTime) -> Result<Self, SyncError> {
        if let Some(window) = &mut self.window {
            window.from = canonical("from", &window.from)?;
            window.to = canonical("to", &window.to)?;
            if window.from >= window.to {
                return Err(wrong(
                    "to",
                    format!("the window ends at {} before it begins", window.to),
                ));
            }
            if window.from >= moment::canonical(now) {
                return Err(wrong("from", "the window begins in the future"));
            }
        }
        self.ids.retain(|id| !id.trim().is_empty());
        if self.window.is_some() && !self.ids.is_empty() {
            return Err(wrong("ids", "choose a window or a list of ids, not both"));
        }
        if self.ids.len() > MOST_IDS {
            return Err(wrong(
                "ids",
                format!("{} ids are more than {MOST_IDS}", self.ids.len()),
            ));
        }
        for filter in [&mut self.filters.department, &mut self.filters.region] {
            *filter = filter
                .take()
                .map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty());
        }
        if self.moves_cursor && !self.filters.is_empty() {
            return Err(wrong(
                "moves_cursor",
                "the cursor cannot be moved by a run over one department or region: the others would be left out",
            ));
        }
        Ok(self)
    }

    /// The exchange's scope, where it is not the mode that decides.
    pub fn narrowed(&self) -> Option<Scope> {
        match &self.window {
            Some(window) => Some(Scope::Window {
                from: window.from.clone(),
                to: window.to.clone(),
            }),
            None if !self.ids.is_empty() => Some(Scope::Ids(self.ids.clone())),
            None => None,
        }
    }

    /// A dataset's source, asked for no more than this run's department and region.
    pub fn over(&self, source: &DatasetSource) -> DatasetSource {
        let mut source = source.clone();
        if self.filters.department.is_some() {
            source.only.department.clone_from(&self.filters.department);
        }
        if self.filters.region.is_some() {
            source.only.region.clone_from(&self.filters.region);
        }
        source
    }

    /// Whether a dataset can be read in this scope.
    ///
    /// # Errors
    /// [`SyncError::Exchange`] or [`SyncError::Scope`] saying what cannot be done and what to do.
    pub fn check(&self, profile: &Profile, dataset: DatasetId) -> Result<(), SyncError> {
        let Some(source) = profile.datasets.get(&dataset) else {
            return Err(SyncError::NoDataset(dataset));
        };
        let scope = self.narrowed().unwrap_or(Scope::Full);
        check_scope(profile.interface, dataset, &self.over(source), &scope)?;
        if self.moves_cursor
            && !self.is_whole()
            && !reach(profile.interface, dataset, source).moves_cursor
        {
            return Err(wrong(
                "moves_cursor",
                format!("the provider's own cursor of {dataset} cannot be moved to a moment"),
            ));
        }
        Ok(())
    }

    /// The datasets that are read: those asked for, each of which must fit; or of all those that fit.
    ///
    /// # Errors
    /// As [`RunScope::check`], for what was asked for, or when nothing fits.
    pub fn datasets(
        &self,
        profile: &Profile,
        asked: Vec<DatasetId>,
    ) -> Result<Vec<DatasetId>, SyncError> {
        let all = asked.is_empty();
        let mut datasets = if all {
            profile.datasets.keys().copied().collect()
        } else {
            asked
        };
        datasets.sort_unstable();
        datasets.dedup();
        let mut first = None;
        let mut fitting = Vec::with_capacity(datasets.len());
        for dataset in datasets {
            match self.check(profile, dataset) {
                Ok(()) => fitting.push(dataset),
                Err(error) if all => {
                    first.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        match first {
            Some(error) if fitting.is_empty() => Err(error),
            _ => Ok(fitting),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> NaiveDateTime {
        NaiveDateTime::parse_from_str("2026-01-31 12:00:00", "%Y-%m-%d %H:%M:%S").unwrap()
    }

    fn window(from: &str, to: &str) -> RunScope {
        RunScope {
            window: Some(Window {
                from: from.into(),
                to: to.into(),
            }),
            ..RunScope::default()
        }
    }

    #[test]
    fn a_window_is_written_in_one_form_and_has_a_length() {
        let scope = window("2026-01-01", "20260102T080000")
            .checked(now())
            .unwrap();
        let kept = scope.window.unwrap();
        assert_eq!(kept.from, "2026-01-01 00:00:00");
        assert_eq!(kept.to, "2026-01-02 08:00:00");
        for (from, to) in [
            ("x", "2026-01-02"),
            ("2026-01-02", "2026-01-02"),
            ("2026-03-01", "2026-03-02"),
        ] {
            assert!(window(from, to).checked(now()).is_err(), "{from} {to}");
        }
    }

    #[test]
    fn a_run_over_one_department_cannot_move_the_cursor() {
        let mut scope = window("2026-01-01", "2026-01-02");
        scope.moves_cursor = true;
        assert!(scope.clone().checked(now()).unwrap().moves());
        scope.filters.region = Some("230100".into());
        assert!(scope.checked(now()).is_err());
    }
}
