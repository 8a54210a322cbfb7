//! How each kind of pages goes on: what the next request carries, where its cursor is told.

use url::Url;

use super::Position;
use crate::client::Reply;
use crate::profile::Pager;

/// Adds the parameters of the next page.
pub fn params(pager: &Pager, position: &Position, params: &mut Vec<(String, String)>) {
    let mut push = |name: &str, value: String| {
        if !name.is_empty() {
            params.push((name.to_owned(), value));
        }
    };
    match pager {
        Pager::Page {
            page_param,
            size_param,
            size,
            first,
        } => {
            push(
                page_param,
                position
                    .pages_here()
                    .saturating_add(u64::from(*first))
                    .to_string(),
            );
            push(size_param, size.to_string());
        }
        Pager::Offset {
            offset_param,
            size_param,
            size,
        } => {
            push(
                offset_param,
                position
                    .pages_here()
                    .saturating_mul(u64::from(*size))
                    .to_string(),
            );
            push(size_param, size.to_string());
        }
        Pager::Cursor {
            cursor_param,
            size_param,
            size,
            ..
        } => {
            if let Some(cursor) = &position.cursor {
                push(cursor_param, cursor.clone());
            }
            push(size_param, size.to_string());
        }
        Pager::Link { size_param, size } => push(size_param, size.to_string()),
        Pager::Single => {}
    }
}

/// Rows a page.
pub fn size(pager: &Pager) -> u32 {
    match pager {
        Pager::Page { size, .. }
        | Pager::Offset { size, .. }
        | Pager::Cursor { size, .. }
        | Pager::Link { size, .. } => *size,
        Pager::Single => 0,
    }
}

/// Whether the answer says where the next page is.
pub fn has_cursor(pager: &Pager) -> bool {
    matches!(pager, Pager::Cursor { .. } | Pager::Link { .. })
}

/// Where the answer says that the next page is.
pub fn next_cursor(pager: &Pager, reply: &Reply) -> Option<String> {
    let header = |name: &str| {
        reply
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::trim)
            .filter(|text| !text.is_empty())
    };
    match pager {
        Pager::Cursor { cursor_header, .. } if !cursor_header.is_empty() => {
            header(cursor_header).map(str::to_owned)
        }
        Pager::Cursor { .. } => reply.opened.next_cursor.clone(),
        Pager::Link { .. } => header("link").and_then(next_link),
        Pager::Page { .. } | Pager::Offset { .. } | Pager::Single => None,
    }
}

/// The target of `rel="next"` in a `Link` header (RFC 8288).
pub fn next_link(header: &str) -> Option<String> {
    let mut rest = header;
    while let Some(open) = rest.find('<') {
        let close = open + rest[open..].find('>')?;
        let target = &rest[open + 1..close];
        let after = &rest[close + 1..];
        // Its parameters go as far as the next target.
        let end = after.find('<').unwrap_or(after.len());
        let is_next = after[..end].split(';').any(|param| {
            let param = param.trim().trim_end_matches(',').trim();
            param.split_once('=').is_some_and(|(name, value)| {
                name.trim().eq_ignore_ascii_case("rel")
                    && value
                        .trim()
                        .trim_matches('"')
                        .split_ascii_whitespace()
                        .any(|rel| rel.eq_ignore_ascii_case("next"))
            })
        });
        if is_next {
            return Some(target.to_owned());
        }
        rest = &after[end..];
    }
    None
}

/// Path below the base address, and parameters, of a link; `None` when it leads elsewhere.
pub fn follow_link(base: &Url, link: &str) -> Option<(String, Vec<(String, String)>)> {
    let url = base.join(link).ok()?;
    if url.origin() != base.origin() || !url.username().is_empty() {
        return None;
    }
    let path = url.path().strip_prefix(base.path())?.to_owned();
    let params = url
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    Some((path, params))
}

/// What is said of a link that is not followed; without its query, which may hold a token.
pub fn leads_away(link: &str) -> String {
    let place: String = link
        .split('?')
        .next()
        .unwrap_or("")
        .chars()
        .take(200)
        .collect();
    format!("the next page's link leads away from the base address: {place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_is_found_among_others() {
        let header = r#"<https://a.example/v1/x?page=1>; rel="prev", <https://a.example/v1/x?page=3,4>; title="n"; rel="last next""#;
        assert_eq!(
            next_link(header).as_deref(),
            Some("https://a.example/v1/x?page=3,4")
        );
        assert_eq!(next_link("<x>; rel=prev"), None);
        assert_eq!(next_link("<x; rel=next"), None);
        assert_eq!(next_link(""), None);
    }

    #[test]
    fn a_link_to_another_host_or_above_the_base_is_not_followed() {
        let base = Url::parse("https://a.example/api/").unwrap();
        let (path, params) = follow_link(&base, "/api/x?token=a%20b&n=2").unwrap();
        assert_eq!(path, "x");
        assert_eq!(
            params,
            [("token".into(), "a b".into()), ("n".into(), "2".into())]
        );
        for away in [
            "https://b.example/api/x",
            "http://a.example/api/x",
            "https://u@a.example/api/x",
            "/other/x",
            "//b.example/api/x",
        ] {
            assert_eq!(follow_link(&base, away), None, "{away}");
        }
    }
}
