/** Counts what a mapping would change in what is cached, as far as it got. */
import { onScopeDispose, ref } from 'vue'
import { call, countMappingEffect } from '@/api/call'
import type { CountEffect, MappingEffect } from '@/api/generated'

/** A count that can be watched and cancelled; leaving the screen cancels it. */
export function useEffect() {
  const effect = ref<MappingEffect | null>(null)
  const counting = ref(false)
  const error = ref<unknown>()

  /** Counts; `true` when everything was looked at. */
  async function run(request: CountEffect): Promise<boolean> {
    counting.value = true
    error.value = undefined
    effect.value = null
    try {
      const result = await countMappingEffect(request, (progress) => (effect.value = progress))
      effect.value = result
      return result.done
    } catch (reason) {
      error.value = reason
      return false
    } finally {
      counting.value = false
    }
  }

  async function cancel() {
    if (counting.value) await call('cancel_count', {})
  }

  function forget() {
    effect.value = null
    error.value = undefined
  }

  onScopeDispose(() => void cancel())
  return { effect, counting, error, run, cancel, forget }
}

/** Whether a counted mapping changes anything that is cached. */
export function changesAnything(effect: MappingEffect): boolean {
  return effect.would_pass + effect.would_fail + effect.would_change > 0
}
