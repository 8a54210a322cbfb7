//! Single sign-on: the claim mapping, and the bindings with their conflicts.

mod bindings;
mod claims;
