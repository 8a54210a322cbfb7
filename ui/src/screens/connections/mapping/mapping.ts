/** Edits a dataset's mapping: which field comes from where, through which steps. */
import type { FieldMap, FieldRow, Mapping, Proposal, SamplePlace, Transform } from '@/api/generated'

/** A field as the editor shows it, listed in the mapping or not. */
export interface Line {
  field: FieldRow
  source: string
  transforms: Transform[]
}

/**
 * Every field of a dataset with its mapping; required fields without a value first. `missing` are
 * those of a sample; before there is one, a field without a source counts as missing.
 */
export function linesOf(fields: FieldRow[], mapping: Mapping, missing?: string[]): Line[] {
  const listed = new Map(mapping.fields.map((map) => [map.field, map]))
  const lines = fields.map((field) => {
    const map = listed.get(field.name)
    return { field, source: map?.source ?? '', transforms: map?.transforms ?? [] }
  })
  const lacks = (line: Line) => (missing ? missing.includes(line.field.name) : line.source === '')
  const rank = (line: Line) => (line.field.required ? 0 : 2) + (lacks(line) ? 0 : 1)
  return lines.sort((one, other) => rank(one) - rank(other))
}

/** Changes one field. A field that takes its own name unchanged is not listed. */
export function withField(mapping: Mapping, name: string, source: string, transforms: Transform[]): Mapping {
  const isPlain = (source === '' || source === name) && transforms.length === 0
  const changed: FieldMap = { field: name, source: source === '' ? name : source, transforms }
  const at = mapping.fields.findIndex((map) => map.field === name)
  if (isPlain) return { fields: mapping.fields.filter((map) => map.field !== name) }
  if (at < 0) return { fields: [...mapping.fields, changed] }
  return { fields: mapping.fields.map((map, index) => (index === at ? changed : map)) }
}

/** Every kind of step, in the order of the menu. */
export const TRANSFORMS: Transform['kind'][] = [
  'trim',
  'half_width',
  'upper_case',
  'lower_case',
  'date_form',
  'code_table',
  'default',
  'constant',
  'concatenate',
  'split',
  'substring',
  'capture',
  'replace',
  'strip_prefix',
  'strip_suffix',
  'pad_left',
]

/** A step of a kind, with nothing filled in yet. */
export function newTransform(kind: Transform['kind']): Transform {
  switch (kind) {
    case 'half_width':
    case 'upper_case':
    case 'lower_case':
      return { kind }
    case 'trim':
      return { kind, inner: false }
    case 'date_form':
      return { kind, forms: [] }
    case 'code_table':
      return { kind, table: {} }
    case 'constant':
    case 'default':
      return { kind, value: '' }
    case 'concatenate':
      return { kind, sources: [], separator: '' }
    case 'split':
      return { kind, separator: ',', part: 1 }
    case 'capture':
      return { kind, pattern: '' }
    case 'replace':
      return { kind, from: '', to: '' }
    case 'substring':
      return { kind, begin: 1, length: 0 }
    case 'pad_left':
      return { kind, width: 2 }
    case 'strip_prefix':
      return { kind, prefix: '' }
    case 'strip_suffix':
      return { kind, suffix: '' }
  }
}

/** A code table as lines of text. */
export function tableText(table: Partial<Record<string, string>>): string {
  return Object.entries(table)
    .map(([theirs, ours]) => `${theirs} = ${ours ?? ''}`)
    .join('\n')
}

/** Reads lines of text into a code table; a number is the first line that is wrong. */
export function readTable(text: string): Record<string, string> | number {
  const table = new Map<string, string>()
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const cut = line.indexOf('=')
    const theirs = line.slice(0, Math.max(0, cut)).trim()
    const ours = line.slice(cut + 1).trim()
    if (cut < 0 || theirs === '' || ours === '' || table.has(theirs)) return at + 1
    table.set(theirs, ours)
  }
  return Object.fromEntries(table)
}

/**
 * The steps with one more pair of codes: in the last step where that is a code table that leaves what
 * it does not know, else in a new one behind it.
 */
export function withCode(steps: Transform[], theirs: string, ours: string): Transform[] {
  const last = steps.at(-1)
  if (last?.kind === 'code_table' && last.other === undefined)
    return [...steps.slice(0, -1), { ...last, table: { ...last.table, [theirs]: ours } }]
  return [...steps, { kind: 'code_table', table: { [theirs]: ours } }]
}

/** The proposals worth showing: likely sources of fields that have none of their own. */
export function openProposals(mapping: Mapping, proposals: Proposal[], places: SamplePlace[]): Proposal[] {
  const listed = new Set(mapping.fields.map((map) => map.field))
  const present = new Set(places.filter((place) => place.filled > 0).map((place) => place.source))
  return proposals.filter((one) => !listed.has(one.field) && !present.has(one.field))
}

/** The mapping with all of these proposals taken. */
export function takeProposals(mapping: Mapping, proposals: Proposal[]): Mapping {
  return proposals.reduce((taken, one) => withField(taken, one.field, one.source, []), mapping)
}

/** The same without one key. */
export function without<T extends object>(of: T, key: string): T {
  return Object.fromEntries(Object.entries(of).filter(([name]) => name !== key)) as T
}
