/** Computes what a change would do to everything that is cached, in the background of the host. */
import { ref } from 'vue'
import { call } from '@/api/call'
import type { Effect, StartEffect } from '@/api/generated'

/** A computation that can be watched and cancelled; it goes on when the screen is left. */
export function useEffect() {
  const effect = ref<Effect | null>(null)
  const counting = ref(false)
  const error = ref<unknown>()
  let latest = 0

  /** Computes; `true` when everything was looked at. */
  async function run(request: StartEffect): Promise<boolean> {
    const mine = ++latest
    counting.value = true
    error.value = undefined
    effect.value = null
    try {
      const id = await call('start_effect', request)
      const show = (message: Effect) => {
        if (mine === latest) effect.value = message
      }
      const result = await call('watch_effect', id, show)
      show(result)
      return result.state === 'done'
    } catch (reason) {
      if (mine === latest) error.value = reason
      return false
    } finally {
      if (mine === latest) counting.value = false
    }
  }

  async function cancel() {
    if (counting.value && effect.value) await call('cancel_effect', { effect_id: effect.value.effect_id })
  }

  function forget() {
    latest += 1
    counting.value = false
    effect.value = null
    error.value = undefined
  }

  return { effect, counting, error, run, cancel, forget }
}

/** Whether a change does anything to what is cached. */
export function changesAnything(effect: Effect): boolean {
  return effect.datasets.some(
    (one) => one.would_pass + one.would_fail + one.would_change + one.fail_otherwise > 0,
  )
}
