import { mount } from '@vue/test-utils'
import ElementPlus from 'element-plus'
import { describe, expect, it, vi } from 'vitest'
import { i18n } from '../src/i18n'

vi.mock('../src/platform', () => ({ invoke: vi.fn(), channel: vi.fn() }))
vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }))
const { default: RowList } = await import('../src/parts/RowList.vue')

const rows = Array.from({ length: 1_000 }, (_, id) => ({ id, title: `row ${id}` }))
const make = () =>
  mount(RowList, {
    props: {
      columns: [{ key: 'title', title: 'Title', width: '1fr' }],
      rows,
      rowKey: (row: unknown) => (row as { id: number }).id,
      tickable: true,
      ticked: new Set<number | string>(),
      testid: 'list',
    },
    global: { plugins: [ElementPlus, i18n] },
  })

describe('RowList', () => {
  it('keeps only the rows in sight in the document', () => {
    const shown = make().findAll('[data-testid="list-row"]')
    expect(shown.length).toBeGreaterThan(10)
    expect(shown.length).toBeLessThan(60)
  })

  it('walks with the arrow keys, opens with Enter and ticks with the space bar', async () => {
    const list = make()
    await list.trigger('keydown', { key: 'ArrowDown' })
    await list.trigger('keydown', { key: 'ArrowDown' })
    await list.trigger('keydown', { key: 'Enter' })
    await list.trigger('keydown', { key: ' ' })
    expect(list.emitted('open')?.[0]).toEqual([rows[1]])
    expect(list.emitted('tick')?.[0]).toEqual([rows[1]])
  })

  it('leaves keys with Ctrl to the page', async () => {
    const list = make()
    await list.trigger('keydown', { key: 'ArrowDown' })
    await list.trigger('keydown', { key: 'Enter', ctrlKey: true })
    expect(list.emitted('open')).toBeUndefined()
  })

  it('stops at both ends', async () => {
    const list = make()
    await list.trigger('keydown', { key: 'ArrowUp' })
    await list.trigger('keydown', { key: 'End' })
    await list.trigger('keydown', { key: 'ArrowDown' })
    expect(list.emitted('current')?.map(([row]) => (row as { id: number }).id)).toEqual([0, 999, 999])
  })
})
