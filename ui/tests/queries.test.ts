import { describe, expect, it, vi } from 'vitest'

vi.mock('../src/platform', () => ({ invoke: vi.fn(), channel: vi.fn() }))
const { keptOf } = await import('../src/api/queries')

describe('what stays in sight while the next answer is awaited', () => {
  it('is what the same connection had, and never what another one has', () => {
    let connection = 1
    const kept = keptOf(() => connection)
    const asked = { queryKey: ['rejections', 1, { state: 'open' }] }
    expect(kept('rows', asked)).toBe('rows')
    connection = 2
    expect(kept('rows', asked)).toBeUndefined()
    expect(kept('rows', undefined)).toBeUndefined()
  })
})
