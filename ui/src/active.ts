/** The connection that the user works with, shown on every surface. */
import { computed, ref } from 'vue'
import { useConnections } from './api/queries'

const chosen = ref<number | null>(null)

/** The chosen connection; the first one until another is chosen. */
export function useActive() {
  const connections = useConnections()
  const active = computed(
    () =>
      connections.data.value?.find((row) => row.connection_id === chosen.value) ??
      connections.data.value?.[0] ??
      null,
  )
  return {
    connections,
    active,
    activeId: computed(() => active.value?.connection_id ?? null),
    choose: (id: number) => (chosen.value = id),
  }
}
