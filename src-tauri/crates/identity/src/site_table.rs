//! Sites as rows of a table that other people filled in: which column is what, and what a row says.

use chrono::NaiveDate;

use crate::site::Site;

/// The columns, each with its titles: ours first, then those that such tables are seen to have.
const COLUMNS: [(Column, &[&str]); 10] = [
    (
        Column::Name,
        &["站点名称", "Site", "站点", "网站名称", "name"],
    ),
    (
        Column::Address,
        &["站点地址", "Address", "网址", "域名", "address", "url"],
    ),
    (
        Column::SiteKey,
        &[
            "站点标识",
            "Site key",
            "paramKey",
            "站点密钥",
            "appKey",
            "site_key",
        ],
    ),
    (
        Column::ApplicationId,
        &[
            "应用标识",
            "Application id",
            "uuid",
            "应用编码",
            "appId",
            "client_id",
            "application_id",
        ],
    ),
    (
        Column::Callback,
        &[
            "回调地址",
            "Callback",
            "redirect_uri",
            "回跳地址",
            "callback",
        ],
    ),
    (
        Column::LocalLogout,
        &[
            "本地注销地址",
            "Local logout",
            "removeCache",
            "local_logout",
        ],
    ),
    (
        Column::ProvinceLogout,
        &[
            "全省注销地址",
            "Province-wide logout",
            "单点注销地址",
            "logout",
            "province_logout",
        ],
    ),
    (
        Column::ClearFields,
        &["明文字段", "Fields in the clear", "clear_fields"],
    ),
    (
        Column::KeyExpiresOn,
        &[
            "标识到期日",
            "Key expires on",
            "到期日期",
            "有效期至",
            "key_expires_on",
        ],
    ),
    (Column::Note, &["备注", "Note", "note"]),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Name,
    Address,
    SiteKey,
    ApplicationId,
    Callback,
    LocalLogout,
    ProvinceLogout,
    ClearFields,
    KeyExpiresOn,
    Note,
}

/// Why a row is no site.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SiteRowError {
    /// It has no name.
    #[error("the site has no name; every row needs one")]
    NoName,
    /// Its date cannot be read.
    #[error("{0:?} is no day; write it as 2026-12-31")]
    Day(String),
}

/// The titles of a table of sites in one of the two languages.
pub fn site_titles(zh: bool) -> Vec<&'static str> {
    COLUMNS
        .iter()
        .map(|(_, titles)| titles[usize::from(!zh)])
        .collect()
}

/// A site as the cells of a row under [`site_titles`].
pub fn site_cells(site: &Site) -> Vec<String> {
    COLUMNS
        .iter()
        .map(|(column, _)| match column {
            Column::Name => site.name.clone(),
            Column::Address => site.address.clone(),
            Column::SiteKey => site.site_key.clone(),
            Column::ApplicationId => site.application_id.clone(),
            Column::Callback => site.callback.clone(),
            Column::LocalLogout => site.local_logout.clone(),
            Column::ProvinceLogout => site.province_logout.clone(),
            Column::ClearFields => site.clear_fields.join(" "),
            Column::KeyExpiresOn => site
                .key_expires_on
                .map(|day| day.to_string())
                .unwrap_or_default(),
            Column::Note => site.note.clone(),
        })
        .collect()
}

/// Which place of a row is which column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteHeader(Vec<Option<Column>>);

impl SiteHeader {
    /// Reads a header; `None` when the cells are none: a table of sites has a name and a callback or key.
    pub fn read(cells: &[String]) -> Option<Self> {
        let columns: Vec<Option<Column>> = cells.iter().map(|cell| column(cell)).collect();
        let has = |wanted| columns.contains(&Some(wanted));
        (has(Column::Name) && (has(Column::Callback) || has(Column::SiteKey)))
            .then_some(Self(columns))
    }

    /// The site of a row.
    ///
    /// # Errors
    /// When the row has no name or a day that cannot be read.
    pub fn site(&self, cells: &[String]) -> Result<Site, SiteRowError> {
        let mut site = Site::default();
        for (column, cell) in self.0.iter().zip(cells) {
            let text = cell.trim().to_owned();
            match column {
                None => {}
                Some(Column::Name) => site.name = text,
                Some(Column::Address) => site.address = text,
                Some(Column::SiteKey) => site.site_key = text,
                Some(Column::ApplicationId) => site.application_id = text,
                Some(Column::Callback) => site.callback = text,
                Some(Column::LocalLogout) => site.local_logout = text,
                Some(Column::ProvinceLogout) => site.province_logout = text,
                Some(Column::ClearFields) => {
                    site.clear_fields = text
                        .split([' ', ',', '，', '、', ';', '；'])
                        .filter(|field| !field.is_empty())
                        .map(str::to_owned)
                        .collect();
                }
                Some(Column::KeyExpiresOn) => site.key_expires_on = day(text)?,
                Some(Column::Note) => site.note = text,
            }
        }
        if site.name.is_empty() {
            return Err(SiteRowError::NoName);
        }
        Ok(site)
    }
}

fn column(title: &str) -> Option<Column> {
    let plain = |text: &str| {
        text.chars()
            .filter(|one| one.is_alphanumeric())
            .collect::<String>()
            .to_lowercase()
    };
    let title = plain(title);
    COLUMNS
        .iter()
        .find(|(_, titles)| titles.iter().any(|one| plain(one) == title))
        .map(|(column, _)| *column)
}

fn day(text: String) -> Result<Option<NaiveDate>, SiteRowError> {
    if text.is_empty() {
        return Ok(None);
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    for (written, form) in [
        (text.as_str(), "%Y-%m-%d"),
        (text.as_str(), "%Y/%m/%d"),
        (text.as_str(), "%Y年%m月%d日"),
        (text.as_str(), "%Y-%m-%d %H:%M:%S"),
        (digits.as_str(), "%Y%m%d"),
    ] {
        if let Ok(day) = NaiveDate::parse_from_str(written, form) {
            return Ok(Some(day));
        }
    }
    Err(SiteRowError::Day(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn what_is_written_is_read_back_in_both_languages() {
        let site = Site {
            name: "省政府门户".into(),
            address: "https://www.example.gov.cn".into(),
            site_key: "a".repeat(32),
            application_id: "u-1".into(),
            callback: "https://www.example.gov.cn/cb".into(),
            local_logout: "https://relay.example.gov.cn/removeCache".into(),
            province_logout: "https://login.example.gov.cn/logout".into(),
            clear_fields: vec!["mobile".into(), "cardId".into()],
            key_expires_on: NaiveDate::from_ymd_opt(2027, 3, 1),
            note: "信息中心".into(),
        };
        for zh in [true, false] {
            let header = SiteHeader::read(&cells(&site_titles(zh))).unwrap();
            assert_eq!(header.site(&site_cells(&site)), Ok(site.clone()));
        }
    }

    #[test]
    fn other_titles_in_another_order_with_unknown_columns_are_understood() {
        let header =
            SiteHeader::read(&cells(&["序号", "param_key", "有效期至", "网站名称"])).unwrap();
        let site = header
            .site(&cells(&["1", "k", "2027年03月01日", "某县门户"]))
            .unwrap();
        assert_eq!(
            (site.name.as_str(), site.site_key.as_str()),
            ("某县门户", "k")
        );
        assert_eq!(site.key_expires_on, NaiveDate::from_ymd_opt(2027, 3, 1));
    }

    #[test]
    fn a_table_of_something_else_is_no_header() {
        assert_eq!(SiteHeader::read(&cells(&["姓名", "电话"])), None);
    }

    #[test]
    fn a_row_without_a_name_or_with_a_day_that_is_none_says_so() {
        let header = SiteHeader::read(&cells(&["站点名称", "callback", "到期日期"])).unwrap();
        assert_eq!(
            header.site(&cells(&["", "https://a.example/"])),
            Err(SiteRowError::NoName)
        );
        assert_eq!(
            header.site(&cells(&["a", "", "明年"])),
            Err(SiteRowError::Day("明年".into()))
        );
    }
}
