//! Identifier and site of each account that was read: a first review keeps them all until it has written.

use std::collections::HashMap;

/// No site.
const NONE: u32 = u32::MAX;

/// Texts of accounts by their record: the identifiers in one text, each site once.
#[derive(Default)]
pub(super) struct Texts {
    /// By record.
    entries: Vec<Entry>,
    identifiers: String,
    sites: Vec<Box<str>>,
    site_at: HashMap<Box<str>, u32>,
}

struct Entry {
    record_id: i64,
    from: usize,
    len: u32,
    site: u32,
}

impl Texts {
    /// Makes room for the texts of so many accounts.
    pub(super) fn reserve(&mut self, accounts: usize) {
        self.entries.reserve_exact(accounts);
    }

    /// Takes in an account's texts; records mostly come in order of number.
    pub(super) fn put(&mut self, record_id: i64, account: &zhengqiao_identity::PortalAccount) {
        let entry = Entry {
            record_id,
            from: self.identifiers.len(),
            len: u32::try_from(account.account_id.len()).unwrap_or_default(),
            site: account.site.as_deref().map_or(NONE, |site| self.site(site)),
        };
        self.identifiers.push_str(&account.account_id);
        match self.place(record_id) {
            Ok(at) => self.entries[at] = entry,
            Err(at) => self.entries.insert(at, entry),
        }
    }

    fn site(&mut self, site: &str) -> u32 {
        if let Some(at) = self.site_at.get(site) {
            return *at;
        }
        let at = u32::try_from(self.sites.len()).unwrap_or(NONE);
        self.sites.push(site.into());
        self.site_at.insert(site.into(), at);
        at
    }

    fn place(&self, record_id: i64) -> Result<usize, usize> {
        match self.entries.last() {
            Some(last) if last.record_id < record_id => Err(self.entries.len()),
            _ => self
                .entries
                .binary_search_by_key(&record_id, |entry| entry.record_id),
        }
    }

    /// An account's identifier and site, if the account was read.
    pub(super) fn get(&self, record_id: i64) -> Option<(&str, Option<&str>)> {
        let entry = &self.entries[self.place(record_id).ok()?];
        let identifier = self
            .identifiers
            .get(entry.from..entry.from + entry.len as usize)?;
        let site = self.sites.get(entry.site as usize).map(|site| &**site);
        Some((identifier, site))
    }
}
