//! The use cases, offered to any host: the window, the command line, tests.
//!
//! A host makes a [`Console`], unlocks it, and calls its functions; they have the names of the
//! commands. Everything that crosses is in [`contract`].

pub mod check_file;
mod console;
pub mod contract;
pub mod demo;
pub mod differences;
mod estimate;
mod issue_list;
mod keys;
mod logs;
mod masks;
mod notice;
mod out_file;

pub use console::{Console, ConsoleOptions, site_issue_word};
pub use keys::{KeyChoice, default_data_dir};
pub use logs::start_log;
pub use zhengqiao_store::secret::Secret;
