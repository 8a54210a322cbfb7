//! How many rows there are, when each was last changed, and which row comes at which place.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use chrono::{Duration, NaiveDateTime, Timelike};

use crate::row::{Row, Value};
use crate::{accounts, bindings, cases, items, reviews};

/// The datasets that are served, in the order of dependency.
pub const DATASETS: [&str; 11] = [
    "service_item",
    "service_notice",
    "case_acceptance",
    "case_step",
    "case_result",
    "special_procedure",
    "review",
    "natural_person",
    "legal_person",
    "agent_account",
    "portal_account",
];

/// What the provider is made of.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// Number of cases; the other datasets follow from it.
    pub records: u64,
    /// Seed of everything.
    pub seed: u64,
    /// Share of rows with a defect.
    pub defects: f64,
    /// The present, in UTC+8; every sound time served lies before it.
    pub now: NaiveDateTime,
    /// Life of a token.
    pub token_ttl_s: u64,
}

impl DemoOptions {
    /// A provider of that size at that moment, with two rows in a hundred defective.
    pub fn new(records: u64, seed: u64, now: NaiveDateTime) -> Self {
        Self {
            records,
            seed,
            defects: 0.02,
            now,
            token_ttl_s: 300,
        }
    }
}

/// What a row does in a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Comes for the first time.
    New,
    /// Withdraws an earlier row.
    Withdraw,
    /// Comes again with other content and a greater version.
    Change(u64),
}

#[derive(Debug, Clone, Copy)]
struct Segment {
    kind: Kind,
    /// First row of the dataset.
    first: u64,
    rows: u64,
    /// When its rows were changed; `None` for those that were there from the beginning.
    at: Option<NaiveDateTime>,
}

/// All rows of a provider.
#[derive(Debug)]
pub struct World {
    /// What it is made of.
    pub options: DemoOptions,
    segments: RwLock<Vec<Vec<Segment>>>,
    grown: RwLock<u64>,
    /// Rows that the provider has corrected: dataset and number.
    corrected: RwLock<HashSet<(u64, u64)>>,
}

/// Rows of a dataset for so many cases.
pub fn rows_for(dataset: usize, cases: u64) -> u64 {
    let natural = (cases / 10).clamp(40, 1_000_000);
    let items = (cases / 20).clamp(50, 200_000);
    match dataset {
        0 => items + items::real_count(),
        1 => items / 10 + 5,
        2 => cases,
        3 => cases * 2,
        4 => cases / 5 * 4 + (cases % 5).min(4),
        5 => cases.div_ceil(33),
        6 => cases.div_ceil(2),
        7 => natural,
        8 => natural / 10,
        9 => natural / 10 * 2,
        _ => accounts::portal_count(natural),
    }
}

impl World {
    /// The rows of a provider.
    pub fn new(options: DemoOptions) -> Self {
        let world = Self {
            segments: RwLock::new(Vec::new()),
            grown: RwLock::new(0),
            corrected: RwLock::default(),
            options,
        };
        let segments = (0..DATASETS.len())
            .map(|dataset| {
                let rows = rows_for(dataset, world.options.records);
                let mut list = vec![Segment {
                    kind: Kind::New,
                    first: 0,
                    rows,
                    at: None,
                }];
                if let Some((first, rows)) = world.withdrawn(dataset, rows) {
                    list.push(Segment {
                        kind: Kind::Withdraw,
                        first,
                        rows,
                        at: None,
                    });
                }
                list
            })
            .collect();
        *world
            .segments
            .write()
            .unwrap_or_else(PoisonError::into_inner) = segments;
        world
    }

    /// The last rows of notices and reviews that are sound are withdrawn: nothing refers to them.
    fn withdrawn(&self, dataset: usize, rows: u64) -> Option<(u64, u64)> {
        if !matches!(dataset, 1 | 6) {
            return None;
        }
        let wanted = (rows / 200).max(1);
        let mut first = rows;
        while first > 0 && rows - first < wanted && self.row(dataset, first - 1).findings.is_empty()
        {
            first -= 1;
        }
        (first < rows).then_some((first, rows - first))
    }

    /// Number of the dataset of that name.
    pub fn dataset(name: &str) -> Option<usize> {
        DATASETS.iter().position(|known| *known == name)
    }

    /// Places in a dataset's listing.
    pub fn places(&self, dataset: usize) -> u64 {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        segments[dataset].iter().map(|segment| segment.rows).sum()
    }

    /// Rows of a listing that withdraw an earlier one.
    pub fn withdrawals(&self, dataset: usize) -> u64 {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        segments[dataset]
            .iter()
            .filter(|segment| segment.kind == Kind::Withdraw)
            .map(|segment| segment.rows)
            .sum()
    }

    /// The provider goes on at a moment: more cases and what belongs to them, and some items change.
    pub fn advance(&self, cases: u64, at: NaiveDateTime) {
        let at = Some(at.with_nanosecond(0).unwrap_or(at));
        let mut grown = self.grown.write().unwrap_or_else(PoisonError::into_inner);
        let (before, after) = (
            self.options.records + *grown,
            self.options.records + *grown + cases,
        );
        *grown += cases;
        let mut segments = self
            .segments
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        for (dataset, list) in segments.iter_mut().enumerate().take(7).skip(2) {
            let first = rows_for(dataset, before);
            list.push(Segment {
                kind: Kind::New,
                first,
                rows: rows_for(dataset, after) - first,
                at,
            });
        }
        segments[0].push(Segment {
            kind: Kind::Change(*grown),
            first: items::real_count(),
            rows: 10,
            at,
        });
    }

    /// The provider corrects a row: from now on it comes without the defect that was planted in it.
    pub fn correct(&self, dataset: usize, index: u64) {
        self.corrected
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert((dataset as u64, index));
    }

    /// Whether a row was corrected.
    pub fn is_corrected(&self, dataset: u64, index: u64) -> bool {
        self.corrected
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&(dataset, index))
    }

    /// When the row at a place was last changed.
    pub fn changed_at(&self, dataset: usize, place: u64) -> NaiveDateTime {
        let later = self
            .segment(dataset, place)
            .and_then(|(segment, _)| segment.at);
        later.unwrap_or_else(|| self.spread(dataset, place))
    }

    /// The segment of a place, and the place in it.
    fn segment(&self, dataset: usize, place: u64) -> Option<(Segment, u64)> {
        let mut rest = place;
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        for segment in segments.get(dataset)? {
            if rest < segment.rows {
                return Some((*segment, rest));
            }
            rest -= segment.rows;
        }
        None
    }

    /// The first listing is spread over four days that end yesterday.
    fn spread(&self, dataset: usize, place: u64) -> NaiveDateTime {
        let base = rows_for(dataset, self.options.records).max(1);
        let span = Duration::days(4).num_milliseconds();
        let step = (span / i64::try_from(base).unwrap_or(i64::MAX)).max(1);
        let latest = Duration::days(5).num_milliseconds() - 7_200_000;
        let offset = i64::try_from(place)
            .unwrap_or(i64::MAX)
            .saturating_mul(step)
            .min(latest);
        let at = self.options.now - Duration::days(5) + Duration::milliseconds(offset);
        at.with_nanosecond(0).unwrap_or(at)
    }

    /// First place whose row was changed at or after a moment.
    pub fn place_at(&self, dataset: usize, moment: NaiveDateTime) -> u64 {
        let (mut low, mut high) = (0, self.places(dataset));
        while low < high {
            let middle = low.midpoint(high);
            if self.changed_at(dataset, middle) < moment {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The row at a place of a listing.
    pub fn at(&self, dataset: usize, place: u64) -> Row {
        let Some((segment, rest)) = self.segment(dataset, place) else {
            return Row::default();
        };
        let index = segment.first + rest;
        let mut row = self.row(dataset, index);
        match segment.kind {
            Kind::New => {}
            Kind::Withdraw => row.put("cd_operation", "D"),
            Kind::Change(step) => {
                row.set(
                    "task_version",
                    Value::Number(1 + i64::try_from(step).unwrap_or(1)),
                );
                row.put("accept_condition", format!("符合法定条件(第{step}次修订)"));
                row.put("cd_operation", "U");
            }
        }
        let name = if dataset == 10 {
            "updated_at"
        } else {
            "cd_time"
        };
        if place != index && !row.findings.iter().any(|(_, field)| *field == name) {
            row.put(
                name,
                self.changed_at(dataset, place)
                    .format("%Y-%m-%d %H:%M:%S")
                    .to_string(),
            );
        }
        row
    }

    /// A dataset's row with its defects.
    pub fn row(&self, dataset: usize, index: u64) -> Row {
        match dataset {
            0 => items::item(self, index),
            1 => items::notice(self, index),
            2 => cases::acceptance(self, index),
            3 => cases::step(self, index),
            4 => cases::result(self, index),
            5 => cases::special(self, index),
            6 => reviews::review(self, index),
            7 => accounts::natural(self, index),
            8 => accounts::legal(self, index),
            9 => accounts::agent(self, index),
            _ => bindings::portal(self, index),
        }
    }

    /// The columns that every row of the national tables ends with.
    pub fn close(&self, row: &mut Row, dataset: usize, index: u64) {
        self.close_short(row, dataset, index);
        row.text("cd_batch", format!("B{:08}", index / 1000))
            .text("data_source", "123");
    }

    /// The columns that every row of the other tables ends with.
    pub fn close_short(&self, row: &mut Row, dataset: usize, index: u64) {
        row.text("cd_operation", "I");
        row.text(
            "cd_time",
            self.changed_at(dataset, index)
                .format("%Y-%m-%d %H:%M:%S")
                .to_string(),
        );
    }
}
