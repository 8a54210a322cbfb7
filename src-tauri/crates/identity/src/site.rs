//! Sites of the portal and what each needs for signing on, with what is wrong with them.
//!
//! The table site ↔ key ↔ application ↔ callback ↔ logout is what an administrator reviews (the relay
//! flow as seen in practice). A site key is no secret: the browser carries it in the address.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use url::Url;

use crate::words::words;

/// Characters of a site key (`paramKey`, practice).
const KEY_LENGTH: usize = 32;
/// A key that ends within so many days is told.
const SOON_DAYS: i64 = 30;

/// What one site needs for signing on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
#[serde(default)]
pub struct Site {
    /// Its name; unique within the connection.
    pub name: String,
    /// Where the site itself is.
    pub address: String,
    /// The key that it calls the relay with (`paramKey`).
    pub site_key: String,
    /// Its identifier at the province's login (`uuid`).
    pub application_id: String,
    /// Where the browser returns after signing in.
    pub callback: String,
    /// What ends the session at the relay (`removeCache`).
    pub local_logout: String,
    /// What ends the session everywhere in the province.
    pub province_logout: String,
    /// What the site hands to its pages in the clear, as the provider names it: `mobile`, `cardId` ….
    pub clear_fields: Vec<String>,
    /// The last day of the key.
    #[ts(type = "string | null")]
    pub key_expires_on: Option<NaiveDate>,
    /// Whatever else a person noted.
    pub note: String,
}

words! {
    /// What is wrong with a site's table row.
    pub enum SiteIssue {
        /// No site key.
        KeyMissing = "key_missing",
        /// A site key has 32 letters and digits.
        KeyForm = "key_form",
        /// Another site has the same key.
        KeyShared = "key_shared",
        /// The key's last day is over.
        KeyExpired = "key_expired",
        /// The key's last day is near.
        KeyEndsSoon = "key_ends_soon",
        /// No application identifier.
        ApplicationMissing = "application_missing",
        /// Another site has the same application identifier.
        ApplicationShared = "application_shared",
        /// No callback.
        CallbackMissing = "callback_missing",
        /// The callback is no address of the web.
        CallbackForm = "callback_form",
        /// The callback is not encrypted.
        CallbackNotHttps = "callback_not_https",
        /// The callback's host is not the site's.
        CallbackHost = "callback_host",
        /// The site's own address is no address of the web.
        AddressForm = "address_form",
        /// A logout address is no address of the web.
        LogoutForm = "logout_form",
        /// Nothing ends the session.
        LogoutMissing = "logout_missing",
        /// Only the session at the relay is ended; the province's goes on.
        LogoutLocalOnly = "logout_local_only",
        /// An ID number is handed to the page in the clear.
        IdNumberInTheClear = "id_number_in_the_clear",
        /// A telephone number is handed to the page in the clear.
        PhoneInTheClear = "phone_in_the_clear",
    }
}

impl SiteIssue {
    /// Whether people cannot sign in, or somebody can do harm; the others are told as warnings.
    pub const fn is_grave(self) -> bool {
        matches!(
            self,
            Self::KeyMissing
                | Self::KeyShared
                | Self::KeyExpired
                | Self::CallbackMissing
                | Self::CallbackForm
                | Self::CallbackNotHttps
                | Self::CallbackHost
                | Self::IdNumberInTheClear
        )
    }
}

/// What is wrong with each site, in the sites' order.
pub fn check_sites(sites: &[Site], today: NaiveDate) -> Vec<Vec<SiteIssue>> {
    let keys = counted(sites, |site| &site.site_key);
    let applications = counted(sites, |site| &site.application_id);
    sites
        .iter()
        .map(|site| {
            let mut issues = Vec::new();
            key(site, &keys, today, &mut issues);
            match site.application_id.trim() {
                "" => issues.push(SiteIssue::ApplicationMissing),
                id if applications[id] > 1 => issues.push(SiteIssue::ApplicationShared),
                _ => {}
            }
            addresses(site, &mut issues);
            clear(site, &mut issues);
            issues
        })
        .collect()
}

fn counted<'a>(sites: &'a [Site], of: impl Fn(&'a Site) -> &'a String) -> HashMap<&'a str, u32> {
    let mut counts = HashMap::new();
    for site in sites {
        *counts.entry(of(site).trim()).or_default() += 1;
    }
    counts
}

fn key(site: &Site, keys: &HashMap<&str, u32>, today: NaiveDate, issues: &mut Vec<SiteIssue>) {
    match site.site_key.trim() {
        "" => issues.push(SiteIssue::KeyMissing),
        key => {
            if key.len() != KEY_LENGTH || !key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                issues.push(SiteIssue::KeyForm);
            }
            if keys[key] > 1 {
                issues.push(SiteIssue::KeyShared);
            }
        }
    }
    match site.key_expires_on.map(|last| (last - today).num_days()) {
        Some(left) if left < 0 => issues.push(SiteIssue::KeyExpired),
        Some(left) if left <= SOON_DAYS => issues.push(SiteIssue::KeyEndsSoon),
        _ => {}
    }
}

fn addresses(site: &Site, issues: &mut Vec<SiteIssue>) {
    let own = web(&site.address);
    if own.is_none() && !site.address.trim().is_empty() {
        issues.push(SiteIssue::AddressForm);
    }
    match (site.callback.trim(), web(&site.callback)) {
        ("", _) => issues.push(SiteIssue::CallbackMissing),
        (_, None) => issues.push(SiteIssue::CallbackForm),
        (_, Some(callback)) => {
            if callback.scheme() != "https" {
                issues.push(SiteIssue::CallbackNotHttps);
            }
            if own.is_some_and(|own| own.host_str() != callback.host_str()) {
                issues.push(SiteIssue::CallbackHost);
            }
        }
    }
    let logouts = [site.local_logout.trim(), site.province_logout.trim()];
    if logouts
        .iter()
        .any(|one| !one.is_empty() && web(one).is_none())
    {
        issues.push(SiteIssue::LogoutForm);
    }
    match logouts {
        ["", ""] => issues.push(SiteIssue::LogoutMissing),
        [_, ""] => issues.push(SiteIssue::LogoutLocalOnly),
        _ => {}
    }
}

fn clear(site: &Site, issues: &mut Vec<SiteIssue>) {
    let has = |names: &[&str]| {
        site.clear_fields.iter().any(|field| {
            let field: String = field
                .chars()
                .filter(|one| one.is_alphanumeric())
                .collect::<String>()
                .to_lowercase();
            names.iter().any(|name| field.contains(name))
        })
    };
    if has(&[
        "cardid",
        "idcard",
        "certno",
        "idnumber",
        "sfzh",
        "身份证",
        "证件号",
    ]) {
        issues.push(SiteIssue::IdNumberInTheClear);
    }
    if has(&["mobile", "phone", "tel", "手机", "电话"]) {
        issues.push(SiteIssue::PhoneInTheClear);
    }
}

/// An address of the web, without a user's name in it.
pub fn web(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim()).ok()?;
    (matches!(url.scheme(), "http" | "https")
        && url.host_str().is_some_and(|host| !host.is_empty())
        && url.username().is_empty()
        && url.password().is_none())
    .then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 26).unwrap()
    }

    fn sound(name: &str, key: char) -> Site {
        Site {
            name: name.into(),
            address: format!("https://{name}.example.gov.cn/"),
            site_key: key.to_string().repeat(32),
            application_id: format!("app-{name}"),
            callback: format!("https://{name}.example.gov.cn/sso/callback"),
            local_logout: "https://relay.example.gov.cn/unified-sso/user/removeCache".into(),
            province_logout: "https://login.example.gov.cn/logout".into(),
            key_expires_on: today().succ_opt().map(|day| day + chrono::Days::new(300)),
            ..Site::default()
        }
    }

    fn of(change: impl FnOnce(&mut Site)) -> Vec<SiteIssue> {
        let mut site = sound("one", 'a');
        change(&mut site);
        check_sites(&[site, sound("two", 'b')], today()).remove(0)
    }

    #[test]
    fn nothing_is_wrong_with_a_sound_site() {
        assert_eq!(of(|_| {}), []);
    }

    #[test]
    fn each_thing_that_is_wrong_is_told_by_its_name() {
        use SiteIssue as I;
        type Change = fn(&mut Site);
        let cases: [(Change, &[I]); 17] = [
            (|site| site.site_key.clear(), &[I::KeyMissing]),
            (|site| site.site_key = "short".into(), &[I::KeyForm]),
            (|site| site.site_key = "b".repeat(32), &[I::KeyShared]),
            (
                |site| site.key_expires_on = today().pred_opt(),
                &[I::KeyExpired],
            ),
            (
                |site| site.key_expires_on = Some(today()),
                &[I::KeyEndsSoon],
            ),
            (|site| site.application_id.clear(), &[I::ApplicationMissing]),
            (
                |site| site.application_id = "app-two".into(),
                &[I::ApplicationShared],
            ),
            (|site| site.callback.clear(), &[I::CallbackMissing]),
            (
                |site| site.callback = "javascript:alert(1)".into(),
                &[I::CallbackForm],
            ),
            (
                |site| site.callback = "http://one.example.gov.cn/cb".into(),
                &[I::CallbackNotHttps],
            ),
            (
                |site| site.callback = "https://two.example.gov.cn/cb".into(),
                &[I::CallbackHost],
            ),
            (|site| site.address = "one".into(), &[I::AddressForm]),
            (|site| site.local_logout = "logout".into(), &[I::LogoutForm]),
            (|site| site.province_logout.clear(), &[I::LogoutLocalOnly]),
            (
                |site| {
                    site.local_logout.clear();
                    site.province_logout.clear();
                },
                &[I::LogoutMissing],
            ),
            (
                |site| site.clear_fields = vec!["card_Id".into()],
                &[I::IdNumberInTheClear],
            ),
            (
                |site| site.clear_fields = vec!["userMobile".into()],
                &[I::PhoneInTheClear],
            ),
        ];
        for (change, expected) in cases {
            assert_eq!(of(change), expected);
        }
    }

    #[test]
    fn a_shared_key_is_told_on_both_sites() {
        let both = check_sites(&[sound("one", 'a'), sound("two", 'a')], today());
        assert_eq!(both, vec![vec![SiteIssue::KeyShared]; 2]);
    }

    #[test]
    fn a_callback_with_a_user_in_it_is_no_address() {
        assert_eq!(
            of(|site| site.callback = "https://one.example.gov.cn@evil.example/".into()),
            [SiteIssue::CallbackForm]
        );
    }
}
