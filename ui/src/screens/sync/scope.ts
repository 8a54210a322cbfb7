/** What a run is to cover, as the dialog holds it, and as the host is asked. */
import type { DatasetId, ReachRow, RunMode, StartSync, SyncProbe } from '@/api/generated'

export const COVERS = ['incremental', 'full', 'window', 'ids', 'verify'] as const
export type Covers = (typeof COVERS)[number]

export interface Wish {
  covers: Covers
  datasets: DatasetId[]
  window: [string, string] | null
  ids: string
  department: string
  region: string
  movesCursor: boolean
}

export function emptyWish(covers: Covers): Wish {
  return { covers, datasets: [], window: null, ids: '', department: '', region: '', movesCursor: false }
}

/** The ids of a text: one a line, or separated by commas; each once. */
export function idsOf(text: string): string[] {
  const all = text
    .split(/[\s,，;；、]+/)
    .map((id) => id.trim())
    .filter((id) => id !== '')
  return [...new Set(all)]
}

/** What is still missing: the key of its words. */
export function missing(wish: Wish): 'wantsWindow' | 'wantsIds' | null {
  if (wish.covers === 'window' && !wish.window) return 'wantsWindow'
  if (wish.covers === 'ids' && idsOf(wish.ids).length === 0) return 'wantsIds'
  return null
}

/** Whether the run covers less than its mode does. */
export function isPart(wish: Wish): boolean {
  return wish.covers === 'window' || wish.covers === 'ids' || wish.department !== '' || wish.region !== ''
}

/** Whether it may move the place where the next incremental run begins. */
export function mayMove(wish: Wish, reach: ReachRow[]): boolean {
  const narrowed = wish.covers === 'window' || wish.covers === 'ids'
  const filtered = wish.department !== '' || wish.region !== ''
  return narrowed && !filtered && chosen(wish, reach).every((row) => row.moves_cursor)
}

/** The datasets that would be read. */
export function chosen(wish: Wish, reach: ReachRow[]): ReachRow[] {
  return wish.datasets.length === 0 ? reach : reach.filter((row) => wish.datasets.includes(row.dataset))
}

/** Datasets that a narrowing needs read whole, or that cannot be narrowed so at all. */
export function narrowed(wish: Wish, reach: ReachRow[], how: 'left_out' | 'impossible'): DatasetId[] {
  return chosen(wish, reach)
    .filter((row) => {
      const ways = [
        wish.covers === 'window' ? row.window : null,
        wish.covers === 'ids' ? row.ids : null,
        wish.department !== '' ? row.department : null,
        wish.region !== '' ? row.region : null,
      ]
      if (how === 'left_out' && ways.includes('impossible')) return false
      return ways.includes(how)
    })
    .map((row) => row.dataset)
}

/** The request to the host. */
export function request(connection_id: number, wish: Wish): StartSync {
  const mode: RunMode = wish.covers === 'verify' ? 'verify' : wish.covers === 'full' ? 'full' : 'incremental'
  return {
    connection_id,
    datasets: wish.datasets,
    mode,
    scope: {
      window: wish.covers === 'window' && wish.window ? { from: wish.window[0], to: wish.window[1] } : null,
      ids: wish.covers === 'ids' ? idsOf(wish.ids) : [],
      department: wish.department.trim() || null,
      region: wish.region.trim() || null,
      moves_cursor: wish.movesCursor,
    },
  }
}

/** What is known of the amount: rows, and the datasets that none are told for. */
export function amount(probe: SyncProbe): { rows: number; unknown: DatasetId[] } {
  return {
    rows: probe.datasets.reduce((sum, one) => sum + (one.rows ?? 0), 0),
    unknown: probe.datasets.filter((one) => one.rows === null).map((one) => one.dataset),
  }
}
