import { describe, expect, it } from 'vitest'
import type { FieldRow } from '../src/api/generated'
import {
  linesOf,
  newTransform,
  openProposals,
  readTable,
  tableText,
  TRANSFORMS,
  withCode,
  withField,
} from '../src/screens/connections/mapping/mapping'
import { changePager, newIncremental } from '../src/screens/connections/paging'

const field = (name: string, required: boolean): FieldRow => ({
  name,
  zh: name,
  kind: 'text',
  required,
  personal: 'none' as FieldRow['personal'],
  code_list: null,
  source: '',
})

describe('mapping', () => {
  it('lists required fields without a source first', () => {
    const fields = [field('a', false), field('b', true), field('c', true)]
    const lines = linesOf(fields, { fields: [{ field: 'b', source: 'bb', transforms: [] }] })
    expect(lines.map((line) => line.field.name)).toEqual(['c', 'b', 'a'])
  })

  it('lists required fields first that a sample has no value for', () => {
    const lines = linesOf([field('a', true), field('b', true)], { fields: [] }, ['b'])
    expect(lines.map((line) => line.field.name)).toEqual(['b', 'a'])
  })

  it('maps a code in the last table, or in a new one where that gives unknown codes away', () => {
    const table = { kind: 'code_table' as const, table: { a: '1' } }
    expect(withCode([table], 'b', '2')).toEqual([{ ...table, table: { a: '1', b: '2' } }])
    const closed = { ...table, other: '9' }
    expect(withCode([closed], '8', '2')).toEqual([closed, { kind: 'code_table', table: { 8: '2' } }])
  })

  it('proposes nothing for fields that have a source or a column of their own name', () => {
    const proposal = (name: string) => ({ field: name, source: `s-${name}`, score: 90, why: 'name' })
    const open = openProposals(
      { fields: [{ field: 'a', source: 'x', transforms: [] }] },
      ['a', 'b', 'c'].map(proposal),
      [{ source: 'b', comment: '', samples: ['1'], filled: 1 }],
    )
    expect(open.map((one) => one.field)).toEqual(['c'])
  })

  it('adds, changes and forgets a field, and leaves the others as they are', () => {
    const other = { field: 'x', source: '/y', transforms: [] }
    const added = withField({ fields: [other] }, 'a', 'aa', [])
    expect(added.fields).toEqual([other, { field: 'a', source: 'aa', transforms: [] }])
    const changed = withField(added, 'a', '', [newTransform('upper_case')])
    expect(changed.fields[1]).toEqual({ field: 'a', source: 'a', transforms: [{ kind: 'upper_case' }] })
    expect(withField(changed, 'a', 'a', []).fields).toEqual([other])
  })

  it('reads back the code table that it wrote', () => {
    const table = { '01': '1', 男: 'M', 'a b': 'x=y' }
    expect(readTable(tableText(table))).toEqual(table)
  })

  it('names the first wrong line of a code table', () => {
    const wrong = ['a = 1\nb', 'a = 1\n\n= 2', 'a = 1\nb =', 'a = 1\na = 2'].map(readTable)
    expect(wrong).toEqual([2, 3, 2, 2])
  })

  it('makes every transform that can be chosen', () => {
    expect(TRANSFORMS.map((kind) => newTransform(kind).kind)).toEqual(TRANSFORMS)
  })

  it('keeps size and its parameter when the kind of paging changes', () => {
    const page = changePager({ kind: 'offset', offset_param: 'o', size_param: 'n', size: 50 }, 'page')
    expect(page).toEqual({ kind: 'page', page_param: 'page', size_param: 'n', size: 50, first: 1 })
    expect(changePager(page, 'single')).toEqual({ kind: 'single' })
  })

  it('takes what is not offered for no increment', () => {
    expect([newIncremental('none'), newIncremental('cursor')]).toEqual([null, { kind: 'cursor' }])
  })
})
