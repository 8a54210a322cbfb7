//! What a commit's rows say of the quality of the data, by department.
//!
//! A content is counted when it is judged for the first time: what comes again unchanged, or is rejected
//! again as it was, says nothing new.

use std::collections::HashMap;

use zhengqiao_domain::{Finding, Outcome};
use zhengqiao_store::quality::{self, Tally};
use zhengqiao_store::{Connection, StoreError};

/// Figures by department.
#[derive(Debug, Default)]
pub(crate) struct Quality(HashMap<String, Tally>);

impl Quality {
    /// Counts a row that was judged.
    pub(crate) fn count(&mut self, department: Option<&str>, findings: &[Finding]) {
        let tally = self.of(department);
        tally.judged += 1;
        tally.passed += i64::from(Outcome::of(findings) == Outcome::Accepted);
        flaws(tally, findings);
    }

    fn of(&mut self, department: Option<&str>) -> &mut Tally {
        self.0
            .entry(department.unwrap_or_default().to_owned())
            .or_default()
    }

    /// Adds the figures to those of a day.
    pub(crate) fn write(
        &self,
        connection: &Connection,
        source_id: i64,
        day: &str,
    ) -> Result<(), StoreError> {
        for (department, tally) in &self.0 {
            quality::add(connection, source_id, day, department, tally)?;
        }
        Ok(())
    }
}

/// Each dimension that something was found in, once.
fn flaws(tally: &mut Tally, findings: &[Finding]) {
    let mut seen = [false; 5];
    for finding in findings {
        if let Some(dimension) = finding.rule.dimension() {
            seen[dimension as usize] = true;
        }
    }
    for (sum, seen) in tally.flawed.iter_mut().zip(seen) {
        *sum += i64::from(seen);
    }
}
