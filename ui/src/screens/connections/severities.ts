/** The severities that a connection chose, beside the defaults. */
import type { RuleRow, RuleSettings, Severity } from '@/api/generated'

type Severities = RuleSettings['severities']

/** Chooses one; the default is not listed. */
export function withSeverity(
  list: Severities,
  code: string,
  severity: Severity,
  usual: Severity,
): Severities {
  const rest = Object.fromEntries(Object.entries(list).filter(([one]) => one !== code))
  return severity === usual ? rest : { ...rest, [code]: severity }
}

/** Rules whose code, title or source has the text; only those of `chosen` where it is given. */
export function matchingRules(rules: RuleRow[], text: string, chosen: Severities | null): RuleRow[] {
  const wanted = text.trim().toLowerCase()
  return rules.filter(
    (rule) =>
      (chosen === null || rule.code in chosen) &&
      [rule.code, rule.title_zh, rule.title_en, rule.source].some((part) =>
        part.toLowerCase().includes(wanted),
      ),
  )
}
