/** The reconciliation that is being watched: kept beside the screens, so that leaving one loses nothing. */
import { shallowRef } from 'vue'
import { call, toCallError, type CallError } from '@/api/call'
import type { ReconciliationCell, ReconciliationProgress } from '@/api/generated'
import { refreshAll } from '@/api/queries'

export const progress = shallowRef<ReconciliationProgress | null>(null)
export const failure = shallowRef<CallError | null>(null)
let watched = 0

/** Follows a reconciliation until it ends; a second call for the same one changes nothing. */
export async function follow(id: number): Promise<void> {
  if (watched === id) return
  watched = id
  failure.value = null
  try {
    await call('watch_reconciliation', { reconciliation_id: id }, (message) => {
      if (watched === message.reconciliation_id) progress.value = message.ended ? null : message
    })
  } catch (reason) {
    failure.value = toCallError(reason)
  } finally {
    if (watched === id) {
      watched = 0
      progress.value = null
    }
    await refreshAll()
  }
}

const TONES: Record<string, string> = {
  equal: 'good',
  healed: 'good',
  differs: 'amber',
  over: 'warn',
  short: 'warn',
  running: 'run',
  failed: 'bad',
}

/** The tone of a reconciliation's or cell's state. */
export function toneOf(state: string): string {
  return TONES[state] ?? 'quiet'
}

/** By how many a cell differs, for its word. */
export function differenceOf(cell: ReconciliationCell): number {
  if (cell.provider === null || cell.state === 'differs') return cell.open_keys
  return Math.abs(cell.provider - cell.received)
}

/** Datasets against days: what stands where. */
export interface Matrix {
  days: string[]
  rows: {
    dataset: ReconciliationCell['dataset']
    /** Whether a day without a cell is unknown, and not empty. */
    unknown: boolean
    /** In the order of the days. */
    cells: (ReconciliationCell | undefined)[]
  }[]
}

/** Arranges the cells; datasets keep the order that they were asked for in. */
export function arrange(datasets: ReconciliationCell['dataset'][], cells: ReconciliationCell[]): Matrix {
  const days = [...new Set(cells.map((cell) => cell.day))].sort().reverse()
  const rows = datasets.map((dataset) => {
    const own = cells.filter((cell) => cell.dataset === dataset)
    return {
      dataset,
      unknown: own.length === 0 || own.some((cell) => cell.state === 'unknown'),
      cells: days.map((day) => own.find((cell) => cell.day === day)),
    }
  })
  return { days, rows }
}
