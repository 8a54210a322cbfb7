import { describe, expect, it } from 'vitest'
import type { ReconciliationCell } from '@/api/generated'
import { arrange, differenceOf } from '@/screens/sync/reconciling'

function cell(change: Partial<ReconciliationCell>): ReconciliationCell {
  return {
    dataset: 'review',
    day: '2026-01-01',
    department: null,
    state: 'equal',
    provider: 5,
    received: 5,
    accepted: 5,
    rejected: 0,
    held: 0,
    withdrawn: 0,
    looked: false,
    open_keys: 0,
    healed_keys: 0,
    ...change,
  }
}

describe('the matrix of a reconciliation', () => {
  it('has the newest day first and the datasets in their order', () => {
    const made = arrange(
      ['review', 'service_item'],
      [
        cell({}),
        cell({ day: '2026-01-02', dataset: 'service_item' }),
        cell({ day: '2026-01-02', state: 'short', received: 3 }),
      ],
    )
    expect(made.days).toEqual(['2026-01-02', '2026-01-01'])
    expect(made.rows.map((row) => row.dataset)).toEqual(['review', 'service_item'])
    expect(made.rows[0]?.cells.map((cell) => cell?.state)).toEqual(['short', 'equal'])
  })

  it('says of a dataset without any figure that it is unknown, not that it has none', () => {
    const made = arrange(['review', 'case_step'], [cell({})])
    expect(made.rows.map((row) => row.unknown)).toEqual([false, true])
  })

  it('tells by how many a cell differs, and by how many keys where the counts agree', () => {
    expect(differenceOf(cell({ state: 'short', received: 3 }))).toBe(2)
    expect(differenceOf(cell({ state: 'over', received: 9 }))).toBe(4)
    expect(differenceOf(cell({ state: 'differs', open_keys: 3 }))).toBe(3)
  })
})
