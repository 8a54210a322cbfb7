//! 实施编码: credit code 18, exercising level 1, catalogue code 12, and 2 of a handling item.

/// The parts of a national task code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts<'a> {
    /// Characters 1–18.
    pub credit_code: &'a str,
    /// Character 19.
    pub level: &'a str,
    /// Characters 20–31.
    pub catalog: &'a str,
    /// Characters 32–33, for a handling item.
    pub handle_item: Option<&'a str>,
}

/// How a task code is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskCode<'a> {
    /// The national form.
    National(Parts<'a>),
    /// A form of a province: with hyphens, or letters after the credit code.
    Local,
    /// Neither.
    Malformed,
}

/// Reads a task code.
pub fn parse(text: &str) -> TaskCode<'_> {
    if text.contains('-')
        || text.bytes().skip(18).any(|byte| !byte.is_ascii_digit())
        || text.bytes().any(|byte| byte.is_ascii_lowercase())
    {
        return if text.is_ascii() {
            TaskCode::Local
        } else {
            TaskCode::Malformed
        };
    }
    if !matches!(text.len(), 31 | 33) || !text.is_ascii() {
        return TaskCode::Malformed;
    }
    let head_fits = text.bytes().take(18).all(|byte| {
        byte.is_ascii_digit() || (byte.is_ascii_uppercase() && !b"IOSVZ".contains(&byte))
    });
    let level_fits = (b'1'..=b'7').contains(&text.as_bytes()[18]);
    if !head_fits || !level_fits {
        return TaskCode::Malformed;
    }
    TaskCode::National(Parts {
        credit_code: &text[..18],
        level: &text[18..19],
        catalog: &text[19..31],
        handle_item: text.get(31..).filter(|rest| !rest.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_national_code_comes_apart_into_its_parts() {
        let TaskCode::National(parts) = parse("11440100696927671X3440102001000") else {
            panic!("national")
        };
        assert_eq!(
            (parts.credit_code, parts.level, parts.catalog),
            ("11440100696927671X", "3", "440102001000")
        );
        assert_eq!(parts.handle_item, None);
        let TaskCode::National(parts) = parse("11440100696927671X344010200100001") else {
            panic!("national")
        };
        assert_eq!(parts.handle_item, Some("01"));
    }

    #[test]
    fn a_province_s_own_form_is_local_and_a_short_number_malformed() {
        assert_eq!(
            parse("511Z07001006-511602000000-000-11511301008778183N-1-00"),
            TaskCode::Local
        );
        assert_eq!(parse("1144010069692767"), TaskCode::Malformed);
        assert_eq!(
            parse("11440100696927671X9440102001000"),
            TaskCode::Malformed
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            parse(&text);
        }
    }
}
