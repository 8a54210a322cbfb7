/** What ends when, and how urgent that is: warnings 60, 30 and 7 days before. */
import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { call } from '@/api/call'
import type { ExpiryRow } from '@/api/generated'

const DAY_MS = 86_400_000

/** The spans of the calendar, the most urgent first. */
export const SPANS = ['over', 'week', 'month', 'two_months', 'later'] as const
export type Span = (typeof SPANS)[number]

/** In which span a moment falls. */
export function spanOf(notAfterMs: number, now: number): Span {
  const days = (notAfterMs - now) / DAY_MS
  if (days <= 0) return 'over'
  if (days <= 7) return 'week'
  if (days <= 30) return 'month'
  return days <= 60 ? 'two_months' : 'later'
}

/** The tone of a span. */
export function toneOfSpan(span: Span): string {
  return { over: 'bad', week: 'bad', month: 'amber', two_months: 'warn', later: 'quiet' }[span]
}

/** Days that are left, begun ones counted; negative when it is over. */
export function daysLeft(notAfterMs: number, now: number): number {
  return Math.ceil((notAfterMs - now) / DAY_MS)
}

/** Everything that ends one day over all connections, with its span, the next first. */
export function useExpiries() {
  const query = useQuery({ queryKey: ['expiries'], queryFn: () => call('list_expiries', {}) })
  const rows = computed(() => {
    const now = Date.now()
    return (query.data.value ?? []).map((row: ExpiryRow) => ({ ...row, span: spanOf(row.not_after_ms, now) }))
  })
  const warnings = computed(() => rows.value.filter((row) => row.span !== 'later'))
  return { query, rows, warnings }
}
