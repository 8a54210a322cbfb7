import { describe, expect, it } from 'vitest'
import type { DryCount, ReachRow } from '../src/api/generated'
import { rowsOf, shownFates } from '../src/screens/sync/fates'
import {
  amount,
  emptyWish,
  idsOf,
  isPart,
  mayMove,
  missing,
  narrowed,
  request,
} from '../src/screens/sync/scope'

const reach: ReachRow[] = [
  {
    dataset: 'case_acceptance',
    window: 'asked',
    ids: 'asked',
    department: 'asked',
    region: 'asked',
    moves_cursor: true,
  },
  {
    dataset: 'case_step',
    window: 'left_out',
    ids: 'asked',
    department: 'impossible',
    region: 'impossible',
    moves_cursor: false,
  },
]

describe('what a run covers', () => {
  it('takes ids from lines and lists, each once', () => {
    expect(idsOf('a\nb, c；a\r\n\n d、b')).toEqual(['a', 'b', 'c', 'd'])
  })

  it('asks for what is missing before anything can be started', () => {
    expect(missing(emptyWish('window'))).toBe('wantsWindow')
    expect(missing(emptyWish('ids'))).toBe('wantsIds')
    expect(missing(emptyWish('full'))).toBeNull()
  })

  it('sends only what the chosen way needs', () => {
    const wish = { ...emptyWish('full'), ids: 'left over', window: ['a', 'b'] as [string, string] }
    const sent = request(7, wish)
    expect(sent.mode).toBe('full')
    expect(sent.scope?.ids).toEqual([])
    expect(sent.scope?.window).toBeNull()
    expect(isPart(wish)).toBe(false)
  })

  it('tells datasets that are cut here and those that cannot be narrowed', () => {
    expect(narrowed(emptyWish('window'), reach, 'left_out')).toEqual(['case_step'])
    const wish = { ...emptyWish('window'), department: 'D' }
    expect(narrowed(wish, reach, 'impossible')).toEqual(['case_step'])
    expect(narrowed(wish, reach, 'left_out')).toEqual([])
  })

  it('offers to move the cursor only where every dataset can', () => {
    expect(mayMove(emptyWish('window'), reach)).toBe(false)
    expect(mayMove({ ...emptyWish('window'), datasets: ['case_acceptance'] }, reach)).toBe(true)
    const filtered = { ...emptyWish('window'), datasets: ['case_acceptance' as const], region: 'R' }
    expect(mayMove(filtered, reach)).toBe(false)
    expect(mayMove(emptyWish('full'), reach)).toBe(false)
  })

  it('never shows 0 for an amount that is not known', () => {
    const told = amount({
      datasets: [
        { dataset: 'case_acceptance', rows: 5, error: null },
        { dataset: 'case_step', rows: null, error: null },
      ],
      left_out: [],
    })
    expect(told).toEqual({ rows: 5, unknown: ['case_step'] })
  })
})

describe('fates', () => {
  const fates: DryCount[] = [
    { dataset: 'case_acceptance', fate: 'created', rows: 3 },
    { dataset: 'case_step', fate: 'created', rows: 4 },
    { dataset: 'case_step', fate: 'released', rows: 1 },
  ]

  it('sums over datasets', () => {
    expect(rowsOf(fates, 'created')).toBe(7)
    expect(rowsOf(fates, 'created', 'case_step')).toBe(4)
  })

  it('shows what is usual, what there is, and what a verification is about', () => {
    expect(shownFates(fates, false)).toContain('released')
    expect(shownFates(fates, false)).not.toContain('surplus')
    expect(shownFates(fates, true)).toContain('surplus')
  })
})
