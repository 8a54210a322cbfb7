/** What the list of bindings is narrowed by. */
import type { BindingFilter, DecisionAct } from '@/api/generated'

/** Everything. */
export function everything(): BindingFilter {
  return { state: null, conflict: null, kind: null, site: null, open: null, search: null }
}

/** Whether a filter leaves anything out. */
export function isNarrow(filter: BindingFilter): boolean {
  return Object.values(filter).some((value) => value !== null && value !== '')
}

/** The acts that need nothing but a reason, by key. */
export const KEYS: Record<string, DecisionAct> = { l: 'link', u: 'unlink', d: 'do_not_touch', t: 'later' }

/** All keys of the bindings with the words for what they do. */
export const KEY_WORDS = [
  ['↑ ↓', 'walk'],
  ['Enter', 'open'],
  ['Space', 'tick'],
  ['L', 'link'],
  ['U', 'unlink'],
  ['D', 'shield'],
  ['T', 'later'],
  ['Ctrl F', 'search'],
  ['Esc', 'close'],
  ['?', 'help'],
] as const

/** A day so many days from today, as `YYYY-MM-DD` in UTC+8. */
export function dayFromNow(days: number, now = Date.now()): string {
  return new Date(now + 8 * 3_600_000 + days * 86_400_000).toISOString().slice(0, 10)
}
