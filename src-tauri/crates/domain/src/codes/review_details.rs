//! 评价详情: the current list of review details and the older one.

/// Which list a detail code belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetailVersion {
    /// The list in force.
    Current,
    /// The list before it; still met.
    Old,
}

/// The list of a three-digit detail code, if it is in one. The first digit is the satisfaction.
///
/// Source: the national review interface's detail list, version 2; version 1 by its numbers.
pub fn detail_version(code: &str) -> Option<DetailVersion> {
    if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u32 = code.parse().ok()?;
    match number {
        108..=115 | 207..=214 | 307..=314 | 406..=413 | 510..=517 => Some(DetailVersion::Current),
        101..=107 | 201..=206 | 301..=306 | 401..=405 | 501..=509 => Some(DetailVersion::Old),
        _ => None,
    }
}
