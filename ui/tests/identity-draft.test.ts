import { describe, expect, it } from 'vitest'
import { shortField } from '@/screens/identity/draft'
import { PRESETS, readRanks } from '@/screens/identity/ranks'

describe('level ranks', () => {
  it('are listed by rank, whatever their words', () => {
    const ranks = Object.fromEntries([...(PRESETS.guangdong ?? []), ['L1', 1], ['一级', 1]])
    expect(readRanks(ranks).map(([, rank]) => rank)).toEqual([1, 1, 2, 3, 4, 5])
  })

  it('have four words in Guangdong and four nationally', () => {
    expect(PRESETS.guangdong?.map(([level]) => level)).toEqual(['二级', '三级', '四级', '五级'])
    expect(PRESETS.national?.map(([level]) => level)).toEqual(['L1', 'L2', 'L3', 'L4'])
  })
})

describe('portal fields', () => {
  it('are shown without the prefix of an extension, and as they are without one', () => {
    const own = 'urn:zhengqiao:scim:extension:identity:2.0:User:certKey'
    expect(shortField(own)).toBe('certKey')
    expect(shortField('emails[type eq "work"].value')).toBe('emails[type eq "work"].value')
  })
})
