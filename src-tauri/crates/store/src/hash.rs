//! Hashes: narrow keys for the indexes, and content hashes that tell changed from unchanged.

/// A hash of 128 bits: no collision is to be expected below 10¹⁵ rows.
pub type Hash = [u8; 16];

/// The hash of several texts in order; where one ends and the next begins matters.
pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a str>) -> Hash {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    shorten(hasher.finalize())
}

/// The hash of bytes.
pub fn of_bytes(bytes: &[u8]) -> Hash {
    shorten(blake3::hash(bytes))
}

fn shorten(hash: blake3::Hash) -> Hash {
    let mut short = [0; 16];
    short.copy_from_slice(&hash.as_bytes()[..16]);
    short
}
