/** What several screens ask for. */
import { QueryClient, useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { call } from './call'
import type { DatasetId, FieldRow, RuleRow } from './generated'

/**
 * The cache of answers. What the host wrote in the meantime is seen at the next look at a screen.
 * An answer is replaced as a whole, so that nobody watches its parts.
 */
export const queryClient = new QueryClient({
  defaultOptions: { queries: { staleTime: 2_000, retry: false, refetchOnWindowFocus: true, shallow: true } },
})

/**
 * What was asked of the same owner, the second part of a query's key, stays in sight until the answer to
 * the next question is there. What another owner has is never shown in its place.
 */
export function keptOf(owner: () => unknown) {
  return <T>(before: T | undefined, asked?: { queryKey: readonly unknown[] }): T | undefined =>
    asked?.queryKey[1] === owner() ? before : undefined
}

/** Everything that a write may have changed is asked for again. */
export function refreshAll(): Promise<void> {
  return queryClient.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'fixed' })
}

/** All connections. */
export function useConnections() {
  return useQuery({ queryKey: ['connections'], queryFn: () => call('list_connections', {}) })
}

/** Names of datasets, fields and rules in the present language. */
export function useNames() {
  const { locale } = useI18n()
  const datasets = useQuery({
    queryKey: ['fixed', 'datasets'],
    queryFn: () => call('list_datasets', {}),
    staleTime: Infinity,
  })
  const rules = useQuery({
    queryKey: ['fixed', 'rules'],
    queryFn: () => call('list_rules', {}),
    staleTime: Infinity,
  })
  const zh = computed(() => locale.value === 'zh-CN')
  const byId = computed(() => new Map(datasets.data.value?.map((row) => [row.id, row])))
  const byCode = computed(() => new Map(rules.data.value?.map((row) => [row.code, row])))
  const fields = computed(
    () =>
      new Map(
        datasets.data.value?.map((row) => [row.id, new Map(row.fields.map((field) => [field.name, field]))]),
      ),
  )
  return {
    datasets: computed(() => datasets.data.value ?? []),
    rules: computed(() => rules.data.value ?? []),
    dataset: (id: DatasetId | string | null): string => {
      const row = byId.value.get(id as DatasetId)
      if (!row) return id ?? ''
      return zh.value ? row.zh : row.en
    },
    field: (dataset: DatasetId, name: string): string => {
      const row = fields.value.get(dataset)?.get(name)
      return row && zh.value ? row.zh : name
    },
    fieldRow: (dataset: DatasetId, name: string): FieldRow | undefined =>
      fields.value.get(dataset)?.get(name),
    rule: (code: string): string => {
      const row = byCode.value.get(code)
      if (!row) return code
      return zh.value ? row.title_zh : row.title_en
    },
    advice: (code: string): string => {
      const row = byCode.value.get(code)
      if (!row) return ''
      return zh.value ? row.advice_zh : row.advice_en
    },
    ruleRow: (code: string): RuleRow | undefined => byCode.value.get(code),
  }
}
