/** What to do about a fault, by its code. The command line has the same words from the same file. */
import words from './advice.json'
import siteIssues from './site-issues.json'

/** The words of every code in one language. */
export function adviceIn(language: 'zh' | 'en'): Record<string, string> {
  return Object.fromEntries(Object.entries(words).map(([code, text]) => [code, text[language]]))
}

/** What may be wrong with a site, in one language. The command line and the exports have the same words. */
export function siteIssuesIn(language: 'zh' | 'en'): Record<string, string> {
  return Object.fromEntries(Object.entries(siteIssues).map(([code, text]) => [code, text[language]]))
}
