import { VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import ElementPlus from 'element-plus'
import { describe, expect, it, vi } from 'vitest'
import { computed, defineComponent, ref } from 'vue'
import type {
  DatasetId,
  FieldRow,
  Mapping,
  MappingPreview,
  Profile,
  RuleSettings,
} from '../src/api/generated'

const invoke = vi.fn()
vi.mock('../src/platform', () => ({ invoke, channel: (each: unknown) => each }))
const { i18n } = await import('../src/i18n')
const { default: MappingEditor } = await import('../src/screens/connections/mapping/MappingEditor.vue')

const fields: FieldRow[] = ['case_no', 'applicant_type'].map((name) => ({
  name,
  zh: name,
  kind: 'text',
  required: true,
  personal: 'none' as FieldRow['personal'],
  code_list: name === 'applicant_type' ? 'applicant_type' : null,
  source: '',
}))
const preview: MappingPreview = {
  fields: [{ field: 'applicant_type', received: 'G', steps: [], mapped: 'G', findings: [] }],
  passing: 1,
  rejected: 2,
  unknown_codes: [{ field: 'applicant_type', code: 'G', records: 2 }],
  missing_required: ['case_no'],
}
const answers: Record<string, unknown> = {
  list_datasets: [{ id: 'case_accept', zh: '办件', en: 'Cases', system: 'cases', flow: 'in', fields }],
  list_rules: [],
  list_code_lists: [
    {
      name: 'applicant_type',
      zh: '申请人类型',
      variants: [{ name: 'practice', source: '', codes: [{ code: '1', name: '自然人' }] }],
    },
  ],
  sample_dataset: {
    sample_id: 7,
    records: 3,
    from: 'provider',
    problem: null,
    places: [{ source: '办件编号', comment: '', samples: ['A1'], filled: 3 }],
    proposals: [{ field: 'case_no', source: '办件编号', score: 90, why: 'alias' }],
  },
  preview_mapping: preview,
}

async function show(initial: Mapping) {
  invoke.mockImplementation((name: string) => Promise.resolve(answers[name]))
  const mapping = ref(initial)
  const rules = ref({ code_variants: {}, code_additions: {} } as unknown as RuleSettings)
  const page = mount(
    defineComponent({
      components: { MappingEditor },
      setup: () => ({
        mapping,
        rules,
        dataset: 'case_accept' as DatasetId,
        profile: computed(() => ({}) as Profile),
      }),
      template:
        '<MappingEditor v-model="mapping" v-model:rules="rules" :dataset="dataset" :profile="profile" :connection-id="null" />',
    }),
    { global: { plugins: [ElementPlus, i18n, VueQueryPlugin] } },
  )
  await flushPromises()
  return { page, mapping, rules }
}

describe('MappingEditor', () => {
  it('keeps what is typed letter by letter, also through the field’s own name', async () => {
    const { page, mapping } = await show({ fields: [] })
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
    const { page, mapping } = await show({
      fields: [{ field: 'applicant_type', source: 'kind', transforms: [table] }],
    })
    const input = page.find('[data-testid=code-table]')
    const area = input.element.tagName === 'TEXTAREA' ? input : input.find('textarea')
    await area.setValue('G = 1\nF')
    expect((area.element as HTMLTextAreaElement).value).toBe('G = 1\nF')
    expect(page.find('.wrong').text()).toContain('2')
    expect(mapping.value.fields[0]?.transforms).toEqual([table])
    await area.setValue('G = 1\nF = 2')
    expect(page.find('.wrong').exists()).toBe(false)
    expect(mapping.value.fields[0]?.transforms).toEqual([{ ...table, table: { G: '1', F: '2' } }])
  })

  it('puts required fields without a value first and takes the proposals for them', async () => {
    const { page, mapping } = await show({ fields: [] })
    const rows = page.findAll('[data-testid=mapping-row]')
    expect(rows.map((row) => row.attributes('data-field'))).toEqual(['case_no', 'applicant_type'])
    await page.find('[data-testid=take-proposals]').trigger('click')
    expect(mapping.value.fields).toEqual([{ field: 'case_no', source: '办件编号', transforms: [] }])
    const input = page.find('[data-field=case_no] input').element as HTMLInputElement
    expect(input.value).toBe('办件编号')
  })

  it('shows the sample’s verdict and the codes that are in no list', async () => {
    const { page } = await show({ fields: [] })
    expect(page.find('[data-testid=sample-verdict]').text()).toMatch(/1.*2/)
    expect(page.find('[data-field=applicant_type] [data-testid=unknown-code]').text()).toContain('G')
  })
})
