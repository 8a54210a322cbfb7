import { enableAutoUnmount, mount } from '@vue/test-utils'
import ElementPlus from 'element-plus'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import { i18n } from '../src/i18n'

vi.mock('../src/platform', () => ({ invoke: vi.fn(), channel: vi.fn() }))
vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }))
const { default: RowList } = await import('../src/parts/RowList.vue')

enableAutoUnmount(afterEach)
const rows = Array.from({ length: 1_000 }, (_, id) => ({ id, title: `row ${id}` }))
const make = (given: { rows?: typeof rows; stale?: boolean; told?: unknown[] } = {}) =>
  mount(RowList, {
    props: {
      columns: [{ key: 'title', title: 'Title', width: '1fr' }],
      rows,
      rowKey: (row: unknown) => (row as { id: number }).id,
      tickable: true,
      ticked: new Set<number | string>(),
      testid: 'list',
      ...given,
    },
    // A box tells of its change only in a document.
    attachTo: document.body,
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

  it('leaves the space bar to a box of its own that has the focus', async () => {
    const list = make()
    await list.trigger('keydown', { key: 'ArrowDown' })
    const other = list.findAll('input')[3]
    const space = new KeyboardEvent('keydown', { key: ' ', bubbles: true, cancelable: true })
    other?.element.dispatchEvent(space)
    expect(space.defaultPrevented).toBe(false)
    await other?.trigger('click')
    expect(list.emitted('tick')).toEqual([[rows[3]]])
  })

  it('leaves keys with Ctrl to the page', async () => {
    const list = make()
    await list.trigger('keydown', { key: 'ArrowDown' })
    await list.trigger('keydown', { key: 'Enter', ctrlKey: true })
    expect(list.emitted('open')).toBeUndefined()
  })

  it('keeps to the current row when others come and go, and takes the next where it is gone', async () => {
    const list = make()
    const current = () => list.emitted('current')?.at(-1)
    for (let step = 0; step < 3; step += 1) await list.trigger('keydown', { key: 'ArrowDown' })
    await list.setProps({ rows: rows.slice(1) })
    expect(current()).toEqual([rows[2]])
    await list.trigger('keydown', { key: 'ArrowDown' })
    expect(current()).toEqual([rows[3]])
    await list.setProps({ rows: [...rows.slice(1, 3), ...rows.slice(4)] })
    expect(current()).toEqual([rows[4]])
    await list.setProps({ rows: [] })
    expect(current()).toEqual([undefined])
  })

  it('stops at both ends', async () => {
    const list = make()
    await list.trigger('keydown', { key: 'ArrowUp' })
    await list.trigger('keydown', { key: 'End' })
    await list.trigger('keydown', { key: 'ArrowDown' })
    expect(list.emitted('current')?.map(([row]) => (row as { id: number }).id)).toEqual([0, 999, 999])
  })

  it('gives the places of plain rows to other rows instead of making them anew', async () => {
    const list = make({ told: [] })
    await nextTick()
    const before = list.findAll('[data-testid="list-row"]')
    await list.setProps({ rows: rows.slice(500) })
    const after = list.findAll('[data-testid="list-row"]')
    expect(after[0]?.text()).toBe('row 500')
    expect(after.map((row) => row.element)).toEqual(before.map((row) => row.element))
  })

  it('shows rows of an earlier asking without doing anything with them', async () => {
    const list = make({ stale: true })
    const row = list.get('[data-testid="list-row"]')
    expect(list.attributes('aria-busy')).toBe('true')
    await row.trigger('click')
    await row.get('input').trigger('click')
    for (const key of ['ArrowDown', 'Enter', ' ']) await list.trigger('keydown', { key })
    expect(list.emitted()).not.toHaveProperty('open')
    expect(list.emitted()).not.toHaveProperty('tick')
  })

  it('makes rows again for what they are told from, and not for less', async () => {
    const told = vi.fn((row: unknown) => (row as { title: string }).title)
    const list = mount(RowList, {
      props: {
        columns: [{ key: 'title', title: 'Title', width: '1fr' }],
        rows: rows.slice(0, 5),
        rowKey: (row: unknown) => (row as { id: number }).id,
        told: ['zh-CN'],
      },
      slots: { title: ({ row }: { row: unknown }) => told(row) },
      global: { plugins: [ElementPlus, i18n] },
    })
    await nextTick()
    told.mockClear()
    await list.setProps({ stale: true })
    await list.trigger('keydown', { key: 'ArrowDown' })
    expect(told).not.toHaveBeenCalled()
    await list.setProps({ stale: false })
    await list.trigger('keydown', { key: 'ArrowDown' })
    expect(told).toHaveBeenCalledTimes(1)
    await list.setProps({ told: ['en'] })
    expect(told).toHaveBeenCalledTimes(6)
  })

  it('does nothing with a row that came to the place of the one that was aimed at', async () => {
    const list = make({ told: [] })
    const row = list.get('[data-testid="list-row"]')
    await row.trigger('pointerdown')
    await list.setProps({ rows: rows.slice(500) })
    await row.get('input').trigger('click', { detail: 1 })
    await row.trigger('pointerdown')
    await list.setProps({ rows })
    await row.trigger('click', { detail: 1 })
    expect(list.emitted()).not.toHaveProperty('open')
    expect(list.emitted()).not.toHaveProperty('tick')
    await row.trigger('click')
    expect(list.emitted('open')).toEqual([[rows[0]]])
  })
})
