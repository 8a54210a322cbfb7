/** The filter of rejected records, kept in the address so that it can be gone back to. */
import { computed, type ComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import type { DatasetId, Outcome, RejectionFilter } from '@/api/generated'

/** A filter that narrows by nothing but what is given. */
export function rejectionsWith(part: Partial<RejectionFilter>): RejectionFilter {
  return {
    connection_id: null,
    dataset: null,
    state: null,
    outcome: null,
    rule: null,
    field: null,
    cause_id: null,
    department: null,
    region: null,
    run_id: null,
    day: null,
    search: null,
    decision_id: null,
    answer: null,
    report_id: null,
    overdue: false,
    ...part,
  }
}

export interface Filter {
  filter: ComputedRef<RejectionFilter>
  isNarrow: ComputedRef<boolean>
  narrow: (name: string, value: string | number | null | undefined) => void
  clear: () => void
  /** Puts a saved filter in place of the present one. */
  apply: (saved: RejectionFilter) => void
}

const QUERY: [keyof RejectionFilter, string][] = [
  ['dataset', 'dataset'],
  ['state', 'state'],
  ['outcome', 'outcome'],
  ['rule', 'rule'],
  ['field', 'field'],
  ['cause_id', 'cause'],
  ['department', 'department'],
  ['region', 'region'],
  ['run_id', 'run'],
  ['day', 'day'],
  ['search', 'search'],
  ['decision_id', 'decision'],
  ['answer', 'answer'],
  ['report_id', 'report'],
  ['overdue', 'overdue'],
]

/** Reads and writes the filter of the active connection. */
export function useFilter(connectionId: ComputedRef<number | null>): Filter {
  const route = useRoute()
  const router = useRouter()
  const one = (name: string): string | null => (route.query[name] ? String(route.query[name]) : null)
  const number = (name: string): number | null => (one(name) ? Number(one(name)) : null)

  const filter = computed<RejectionFilter>(() => ({
    connection_id: connectionId.value,
    dataset: one('dataset') as DatasetId | null,
    state: one('state'),
    outcome: one('outcome') as Outcome | null,
    rule: one('rule'),
    field: one('field'),
    cause_id: number('cause'),
    department: one('department'),
    region: one('region'),
    run_id: number('run'),
    day: one('day'),
    search: one('search'),
    decision_id: number('decision'),
    answer: one('answer'),
    report_id: number('report'),
    overdue: one('overdue') !== null,
  }))
  return {
    filter,
    isNarrow: computed(() => Object.keys(route.query).some((name) => name !== 'open')),
    narrow: (name, value) => {
      const query = { ...route.query }
      if (value === null || value === undefined || value === '') Reflect.deleteProperty(query, name)
      else query[name] = String(value)
      router.replace({ path: '/rejected', query })
    },
    clear: () => router.replace('/rejected'),
    apply: (saved) => {
      const given = QUERY.flatMap(([part, name]) => (saved[part] ? [[name, String(saved[part])]] : []))
      router.replace({ path: '/rejected', query: Object.fromEntries(given) })
    },
  }
}
