import { mount } from '@vue/test-utils'
import ElementPlus from 'element-plus'
import { describe, expect, it } from 'vitest'
import { defineComponent, ref } from 'vue'
import type { FieldRow, Mapping } from '../src/api/generated'
import { i18n } from '../src/i18n'
import MappingTable from '../src/screens/connections/MappingTable.vue'

const fields: FieldRow[] = ['case_no', 'applicant_type'].map((name) => ({
  name,
  zh: name,
  kind: 'text',
  required: true,
  personal: 'none' as FieldRow['personal'],
  code_list: null,
  source: '',
}))

function show(initial: Mapping) {
  const mapping = ref(initial)
  const page = mount(
    defineComponent({
      components: { MappingTable },
      setup: () => ({ mapping, fields }),
      template: '<MappingTable v-model="mapping" :fields="fields" />',
    }),
    { global: { plugins: [ElementPlus, i18n] } },
  )
  return { page, mapping }
}

describe('MappingTable', () => {
  it('keeps what is typed letter by letter, also through the field’s own name', async () => {
    const { page, mapping } = show({ fields: [] })
    const input = page.find('[data-field=case_no] input')
    for (const text of ['case', 'case_no', 'case_no_x']) {
      await input.setValue(text)
      expect((input.element as HTMLInputElement).value).toBe(text)
    }
    expect(mapping.value.fields).toEqual([{ field: 'case_no', source: 'case_no_x', transforms: [] }])
    await input.setValue('case_no')
    expect(mapping.value.fields).toEqual([])
  })

  it('takes over a code table once every line is right, and says which is not', async () => {
    const table = { kind: 'code_table' as const, table: { G: '1' } }
    const { page, mapping } = show({
      fields: [{ field: 'applicant_type', source: 'kind', transforms: [table] }],
    })
    const input = page.find('textarea')
    await input.setValue('G = 1\nF')
    expect((input.element as HTMLTextAreaElement).value).toBe('G = 1\nF')
    expect(page.find('.wrong').text()).toContain('2')
    expect(mapping.value.fields[0]?.transforms).toEqual([table])
    await input.setValue('G = 1\nF = 2')
    expect(page.find('.wrong').exists()).toBe(false)
    expect(mapping.value.fields[0]?.transforms).toEqual([{ ...table, table: { G: '1', F: '2' } }])
  })
})
