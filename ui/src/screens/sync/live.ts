/** The runs that are watched: kept beside the screens, so that leaving one loses nothing. */
import { useQuery } from '@tanstack/vue-query'
import { computed, shallowReactive, shallowRef, watch } from 'vue'
import { call, toCallError, type CallError } from '@/api/call'
import type { RunProgress } from '@/api/generated'
import { refreshAll } from '@/api/queries'

/** By run, in the order in which they began. */
export const progresses = shallowReactive(new Map<number, RunProgress>())
export const failure = shallowRef<CallError | null>(null)
export const isAnyRunning = computed(() => [...progresses.values()].some((one) => !one.ended))
const watched = new Set<number>()

/** Follows a run until it ends or waits; a second call for the same run changes nothing. */
export async function follow(runId: number): Promise<void> {
  if (watched.has(runId)) return
  watched.add(runId)
  failure.value = null
  const show = (message: RunProgress) => {
    if (!progresses.has(message.run_id)) {
      for (const [id, old] of progresses) {
        if (old.ended && old.connection === message.connection) progresses.delete(id)
      }
    }
    progresses.set(message.run_id, message)
  }
  try {
    show(await call('watch_run', { run_id: runId }, show))
    // The banner tells of interrupted runs.
    if (progresses.get(runId)?.standing === 'interrupted') progresses.delete(runId)
  } catch (reason) {
    failure.value = toCallError(reason)
  } finally {
    watched.delete(runId)
    await refreshAll()
  }
}

/** Takes an ended run from the live view. */
export function dismiss(runId: number) {
  progresses.delete(runId)
}

/** The runs that have not ended, of whatever program; those that go on or wait are followed. */
export function useActiveRuns() {
  const query = useQuery({
    queryKey: ['active-runs'],
    queryFn: () => call('list_active_runs', {}),
    refetchInterval: 2_000,
  })
  watch(
    query.data,
    (runs) => {
      for (const active of runs ?? []) {
        const { run_id } = active.run
        const waits = active.standing === 'paused'
        const told = progresses.get(run_id)
        // A run that waits is looked at once; one that goes on is followed.
        if (active.standing !== 'interrupted' && !(waits && told?.standing === 'paused')) void follow(run_id)
      }
      // A run that waited and was cancelled elsewhere has ended; its last counters are shown.
      for (const [id, told] of progresses) {
        const gone = runs && !runs.some((active) => active.run.run_id === id)
        if (gone && told.standing === 'paused') void follow(id)
      }
    },
    { immediate: true },
  )
  return query
}
