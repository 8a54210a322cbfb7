//! One run: fetch, map, check, commit.
