import { mount } from '@vue/test-utils'
import ElementPlus from 'element-plus'
import { describe, expect, it, vi } from 'vitest'
import type { Counts, RunDatasetRow } from '../src/api/generated'
import { i18n } from '../src/i18n'

vi.mock('../src/platform', () => ({ invoke: vi.fn(), channel: vi.fn() }))
const { default: Funnel } = await import('../src/screens/sync/run/Funnel.vue')

const counts: Counts = {
  fetched: 100,
  accepted: 40,
  unchanged: 30,
  held: 5,
  rejected: 10,
  withdrawn: 5,
  superseded: 10,
}
const part = (delivered: number | null): RunDatasetRow => ({
  dataset: 'review',
  state: 'succeeded',
  code: null,
  message: null,
  counts,
  released: 0,
  delivered,
  pages: 1,
  provider_total: null,
  left_out: 0,
  started_at: 1,
  ended_at: 2,
})
const make = (parts: RunDatasetRow[]) =>
  mount(Funnel, { props: { counts, parts }, global: { plugins: [ElementPlus, i18n] } })

describe('Funnel', () => {
  it('loses at each step exactly the rows that are named beside it', () => {
    const steps = make([part(null)])
      .findAll('b')
      .map((number) => number.text())
    expect(steps).toEqual(['100', '100', '90', '75', '–'])
  })

  it('never shows a number for a library that there is not', () => {
    expect(
      make([part(null)])
        .find('[data-testid="funnel-delivered"]')
        .text(),
    ).toContain('未设置')
    const delivered = make([part(3), part(4), part(null)]).find('[data-testid="funnel-delivered"]')
    expect(delivered.text()).toContain('7')
    expect(delivered.text()).not.toContain('未设置')
  })
})
