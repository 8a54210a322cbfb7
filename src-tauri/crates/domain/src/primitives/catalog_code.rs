//! 基本编码: region 2, item type 2, main item 5, sub-item 3.

/// Whether a text is a national catalogue code: twelve digits.
pub fn is_national(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
