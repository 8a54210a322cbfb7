//! What a provider is asked to do about a finding.
//!
//! A rule's advice is for the administrator, who can also mend the mapping. A department can only mend its
//! data, so the rules whose advice says something else are asked for in other words.

use zhengqiao_domain::{Finding, Rule};

use super::Words;

/// What to do in words: the right value where it was computed, else what the rule asks for.
pub fn ask(finding: &Finding, words: Words) -> String {
    let request = request(finding.rule, words);
    match &finding.remedy {
        Some(remedy) if remedy.certain => {
            format!("{}{}", words.of("请改为：", "Change it to: "), remedy.value)
        }
        Some(remedy) => format!(
            "{}{}{}{request}",
            words.of("可能应为：", "Perhaps meant: "),
            remedy.value,
            words.of("（推测，请核对）；", " (a guess, please check); ")
        ),
        None => request.to_owned(),
    }
}

fn request(rule: Rule, words: Words) -> &'static str {
    let (zh, en) = match rule {
        Rule::FormatCharacters => (
            "请检查字符编码，更正后重新推送",
            "Check the character encoding and publish again",
        ),
        Rule::FormatFullWidth => ("请改为半角字符", "Use half-width characters"),
        Rule::FormatStructure => (
            "请按单个文本或数字推送该字段",
            "Publish a single text or number in this field",
        ),
        Rule::FormatCertKey => (
            "请按散列算法重新计算后推送",
            "Compute the hash again and publish it",
        ),
        Rule::RequiredMissing => ("请补全该字段", "Fill the field in"),
        Rule::RequiredPlaceholder => (
            "请填写真实值，“无”“0”等视为未填",
            "Give the real value; placeholders count as missing",
        ),
        Rule::CodeUnknown => ("请改为代码表中的代码", "Use a code of the list"),
        Rule::CodeExtension => ("请说明该扩充代码的含义", "Say what the extension means"),
        Rule::CaseFuture | Rule::TimelinessFuture => (
            "请核对该时间；如普遍偏晚，请检查服务器时钟",
            "Check the time, and your server's clock if many are late",
        ),
        Rule::ReviewDetailMismatch => (
            "详情首位数字应等于满意度，请核对",
            "The first digit of the details must equal the satisfaction",
        ),
        Rule::ReferenceItem => (
            "请补推所引用的事项，或更正引用的编码",
            "Publish the service item that it refers to, or correct the reference",
        ),
        Rule::ReferenceCase => (
            "请补推所引用的办件，或更正引用的编号",
            "Publish the case that it refers to, or correct the reference",
        ),
        Rule::ReferenceLegalPerson => (
            "请补推所引用的法人，或更正引用的标识",
            "Publish the legal person that it refers to, or correct the reference",
        ),
        Rule::HoldExpired => (
            "请核对所引用的上级数据是否缺失，并补推",
            "See whether what it refers to is missing, and publish it",
        ),
        Rule::TimelinessLate => ("请检查推送频率", "Check how often you publish"),
        Rule::DuplicateKey => (
            "请删除重复记录，或更正重复的编号",
            "Remove the duplicate or correct its number",
        ),
        Rule::WithdrawalLimit => (
            "请确认是否确需撤销该记录",
            "Confirm that the record is to be withdrawn",
        ),
        other => {
            let info = other.info();
            return if words.0 {
                info.zh.advice
            } else {
                info.en.advice
            };
        }
    };
    if words.0 { zh } else { en }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhengqiao_domain::{Remedy, Severity};

    fn finding(rule: Rule, remedy: Option<(&str, bool)>) -> Finding {
        Finding {
            rule,
            field: "f".into(),
            value: None,
            severity: Severity::Reject,
            expected: None,
            remedy: remedy.map(|(value, certain)| Remedy {
                value: value.into(),
                certain,
            }),
        }
    }

    #[test]
    fn a_value_that_is_determined_is_asked_for_and_a_guess_is_called_one() {
        let zh = Words(true);
        let certain = finding(Rule::CreditCodeCheck, Some(("X1", true)));
        assert_eq!(ask(&certain, zh), "请改为：X1");
        let guess = finding(Rule::CodeUnknown, Some(("2", false)));
        assert_eq!(
            ask(&guess, zh),
            "可能应为：2（推测，请核对）；请改为代码表中的代码"
        );
    }

    #[test]
    fn no_department_is_told_to_mend_a_mapping() {
        for rule in zhengqiao_domain::rules::ALL {
            for words in [Words(true), Words(false)] {
                let text = ask(&finding(*rule, None), words);
                assert!(
                    !text.is_empty()
                        && (*rule == Rule::DeliveryRefused
                            || !["映射", "提供方", "mapping", "Ask the provider"]
                                .iter()
                                .any(|word| text.contains(word))),
                    "{}: {text}",
                    rule.code()
                );
            }
        }
    }
}
