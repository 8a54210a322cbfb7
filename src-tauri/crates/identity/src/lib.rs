//! Unified identity: claim mapping, accounts, bindings and their conflicts.
