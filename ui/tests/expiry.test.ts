import { describe, expect, it } from 'vitest'
import { daysLeft, spanOf } from '../src/parts/expiry'

const DAY = 86_400_000
const NOW = 1_800_000_000_000

describe('expiry', () => {
  it('warns 60, 30 and 7 days before, and tells what is over', () => {
    const days = [-1, 0, 1, 7, 8, 30, 31, 60, 61]
    expect(days.map((day) => spanOf(NOW + day * DAY, NOW))).toEqual([
      'over',
      'over',
      'week',
      'week',
      'month',
      'month',
      'two_months',
      'two_months',
      'later',
    ])
  })

  it('counts a day that has begun as one that is left', () => {
    expect([daysLeft(NOW + 1, NOW), daysLeft(NOW + DAY, NOW), daysLeft(NOW - 2 * DAY, NOW)]).toEqual([
      1, 1, -2,
    ])
  })
})
