//! The use cases offered to any host.
