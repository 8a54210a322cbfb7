/** What would become of rows: their order, their tones, their sums. */
import type { DatasetId, DryCount } from '@/api/generated'

export const FATES = [
  'created',
  'changed',
  'withdrawn',
  'rejected',
  'held',
  'released',
  'expired',
  'surplus',
  'unchanged',
  'superseded',
] as const
export type Fate = (typeof FATES)[number]

const ALWAYS: Fate[] = ['created', 'changed', 'withdrawn', 'rejected', 'held', 'unchanged']

export const FATE_TONES: Record<Fate, string> = {
  created: 'good',
  changed: 'run',
  withdrawn: 'warn',
  rejected: 'bad',
  held: 'amber',
  released: 'good',
  expired: 'bad',
  surplus: 'warn',
  unchanged: 'quiet',
  superseded: 'quiet',
}

/** Rows of a fate, of all datasets or of one. */
export function rowsOf(fates: DryCount[], fate: Fate, dataset?: DatasetId): number {
  return fates
    .filter((one) => one.fate === fate && (dataset === undefined || one.dataset === dataset))
    .reduce((sum, one) => sum + one.rows, 0)
}

/** The fates that are shown: the usual ones, and what else there is. A verification always tells what was not sent. */
export function shownFates(fates: DryCount[], verifies: boolean): Fate[] {
  return FATES.filter(
    (fate) => ALWAYS.includes(fate) || (verifies && fate === 'surplus') || rowsOf(fates, fate) > 0,
  )
}
