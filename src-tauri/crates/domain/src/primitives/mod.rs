//! Primitives of the field: numbers with check characters, regions, dates, masks.
//!
//! Each is a small pure function over `&str`; they run on every record of every run.

pub mod catalog_code;
pub mod citizen_id;
pub mod credit_code;
pub mod length;
pub mod masking;
pub mod mobile;
pub mod moment;
pub mod organisation_code;
pub mod placeholder;
pub mod reference_number;
pub mod region;
pub mod task_code;
pub mod width;
