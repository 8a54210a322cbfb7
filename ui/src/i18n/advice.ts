/** What to do about a fault, by its code. The command line has the same words from the same file. */
import words from './advice.json'

/** The words of every code in one language. */
export function adviceIn(language: 'zh' | 'en'): Record<string, string> {
  return Object.fromEntries(Object.entries(words).map(([code, text]) => [code, text[language]]))
}
