/** The run that is being watched: kept beside the screens, so that leaving one loses nothing. */
import { shallowRef } from 'vue'
import { toCallError, watchRun, type CallError } from '@/api/call'
import type { RunProgress } from '@/api/generated'
import { refreshAll } from '@/api/queries'

export const progress = shallowRef<RunProgress | null>(null)
export const failure = shallowRef<CallError | null>(null)
let watched = 0

/** Follows a run until it ends; a second call for the same run changes nothing. */
export async function follow(runId: number): Promise<void> {
  if (watched === runId) return
  watched = runId
  failure.value = null
  try {
    const show = (message: RunProgress) => {
      if (watched === message.run_id) progress.value = message
    }
    show(await watchRun(runId, show))
  } catch (reason) {
    failure.value = toCallError(reason)
  } finally {
    if (watched === runId) watched = 0
    await refreshAll()
  }
}
