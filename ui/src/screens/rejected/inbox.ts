/** What the inbox shows under a filter: causes, facets and the list. */
import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { computed, type ComputedRef } from 'vue'
import { call } from '@/api/call'
import type { RejectionFilter } from '@/api/generated'
import { keptOf } from '@/api/queries'

/** Asks for all three; what was there stays in sight until the answers for the next filter come. */
export function useInbox(activeId: ComputedRef<number | null>, filter: ComputedRef<RejectionFilter>) {
  const kept = keptOf(() => activeId.value)
  const causes = useQuery({
    // The other causes stay in sight under the same filter.
    queryKey: ['causes', activeId, computed(() => ({ ...filter.value, cause_id: null }))],
    queryFn: () => call('list_causes', { ...filter.value, cause_id: null }),
    placeholderData: kept,
  })
  const facets = useQuery({
    queryKey: ['facets', activeId, filter],
    queryFn: () => call('list_facets', filter.value),
    placeholderData: kept,
  })
  const days = computed(
    () => facets.data.value?.facets.find((facet) => facet.name === 'day')?.values.slice(0, 31) ?? [],
  )
  const pages = useInfiniteQuery({
    queryKey: ['rejections', activeId, filter],
    queryFn: ({ pageParam }) =>
      call('list_rejections', { filter: filter.value, before: pageParam, limit: 200 }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next,
    placeholderData: kept,
  })
  const rows = computed(() => pages.data.value?.pages.flatMap((page) => page.rejections) ?? [])
  const total = computed(() => pages.data.value?.pages[0]?.total ?? null)
  return {
    causes,
    facets,
    days,
    pages,
    rows,
    /** The list is that of the filter before: nothing is done with it. */
    stale: pages.isPlaceholderData,
    total,
  }
}
