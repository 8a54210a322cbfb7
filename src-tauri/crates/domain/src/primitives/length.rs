//! Length in characters, as the standard counts (GB/T 39046—2020: an = characters).

/// Whether a text has more than `limit` characters.
pub fn exceeds(text: &str, limit: u32) -> bool {
    let limit = limit as usize;
    text.len() > limit && (text.is_ascii() || text.chars().count() > limit)
}
