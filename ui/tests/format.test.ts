import { describe, expect, it } from 'vitest'
import { ago, bytes, count, duration, fullMoment, list, shortMoment } from '../src/format'

const MOMENT = Date.UTC(2026, 0, 31, 16, 5, 9)

describe('format', () => {
  it('shows moments in UTC+8 whatever the machine is set to', () => {
    expect(fullMoment(MOMENT)).toBe('2026-02-01 00:05:09')
    expect(shortMoment(MOMENT, MOMENT + 60_000)).toBe('00:05')
    expect(shortMoment(MOMENT, MOMENT + 86_400_000)).toBe('2026-02-01 00:05')
  })

  it('tells how long ago in the language', () => {
    expect(ago(MOMENT, MOMENT + 180_000, 'zh-CN')).toBe('3分钟前')
    expect(ago(MOMENT, MOMENT + 180_000, 'en')).toBe('3 minutes ago')
  })

  it('puts words in a row as the language does', () => {
    expect(list(['a', 'b'], 'en')).toBe('a; b')
    expect(list(['甲', '乙'], 'zh-CN')).toBe('甲；乙')
  })

  it('shows lengths of time, numbers and sizes', () => {
    expect([5_000, 727_000, 3_723_000].map(duration)).toEqual(['0:05', '12:07', '1:02:03'])
    expect(count(1_234_567, 'zh-CN')).toBe('1,234,567')
    expect(bytes(1_572_864, 'en')).toBe('1.5 MiB')
  })
})
