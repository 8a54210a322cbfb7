/** Deliveries that are being watched: kept beside the screens, so that leaving one loses nothing. */
import { shallowRef } from 'vue'
import { call } from '@/api/call'
import type { DeliveryProgress } from '@/api/generated'
import { refreshAll } from '@/api/queries'

/** The deliveries that go on, by connection. */
export const going = shallowRef<Record<number, DeliveryProgress>>({})
const watched = new Set<number>()

/** Follows a delivery until it ends; a second call meanwhile changes nothing. */
export async function followDelivery(connectionId: number): Promise<void> {
  if (watched.has(connectionId)) return
  watched.add(connectionId)
  try {
    await call('watch_delivery', { connection_id: connectionId }, (progress) => {
      going.value = { ...going.value, [connectionId]: progress }
    })
  } catch {
    // The library was taken away meanwhile; the list says so.
  } finally {
    // The lists are asked first, so that nothing older is shown for a moment.
    await refreshAll()
    going.value = Object.fromEntries(
      Object.entries(going.value).filter(([id]) => Number(id) !== connectionId),
    )
    watched.delete(connectionId)
  }
}
