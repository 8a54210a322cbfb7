//! A provider to run against, seeded and deterministic.
