import { flushPromises, mount } from '@vue/test-utils'
import ElementPlus from 'element-plus'
import { describe, expect, it, vi } from 'vitest'
import { defineComponent, h, ref } from 'vue'
import type { DatasetSource, Profile, TableInspection } from '../src/api/generated'

const invoke = vi.fn()
vi.mock('../src/platform', () => ({ invoke, channel: (each: unknown) => each }))
const { i18n } = await import('../src/i18n')
const { default: TablePanel } = await import('../src/screens/connections/TablePanel.vue')

const inspection: TableInspection = {
  tables: [{ name: 'up_pro_result', comment: '办件结果', rows: 1200 }],
  columns: [
    {
      name: 'row_guid',
      kind: 'text',
      comment: '唯一标识',
      nullable: false,
      key_place: 1,
      readable: true,
      writable: false,
    },
  ],
}

async function show(connectionId: number | null, column = 'row_guid') {
  const table = {
    table: 'up_pro_result',
    key: [],
    batch_rows: 1000,
    polling: { kind: 'flag', column, pending: ['0'] },
    receipts: null,
  }
  const source = ref({ table } as unknown as DatasetSource)
  const Host = defineComponent(
    () => () =>
      h(TablePanel, {
        modelValue: source.value,
        'onUpdate:modelValue': (changed: DatasetSource) => (source.value = changed),
        profile: {} as Profile,
        connectionId,
      }),
  )
  const wrapper = mount(Host, { global: { plugins: [i18n, ElementPlus] } })
  await flushPromises()
  return wrapper
}

describe('the tables of a database', () => {
  it('are looked up with the table that is set, and its columns are listed', async () => {
    invoke.mockReset().mockResolvedValue(inspection)
    const wrapper = await show(4)
    expect(invoke).toHaveBeenCalledWith('inspect_table', {
      request: { connection_id: 4, profile: {}, table: 'up_pro_result' },
    })
    const row = wrapper.get('[data-testid=table-columns] tbody tr').text()
    expect(row).toContain('唯一标识')
    expect(wrapper.text()).not.toContain('表中没有此字段')
  })

  it('tell of a polling column that the table does not have', async () => {
    invoke.mockReset().mockResolvedValue(inspection)
    expect((await show(4, 'flag')).text()).toContain('表中没有此字段')
  })

  it('say what is wrong and what to do when the database does not answer', async () => {
    invoke
      .mockReset()
      .mockRejectedValue({ code: 'provider', message: 'x', retryable: false, details: 'other_database' })
    expect((await show(4)).text()).toContain('另一种数据库')
  })

  it('are not asked for before the connection is saved', async () => {
    invoke.mockReset()
    expect((await show(null)).text()).toContain('保存连接后')
    expect(invoke).not.toHaveBeenCalled()
  })
})
