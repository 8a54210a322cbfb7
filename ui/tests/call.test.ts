import { beforeEach, describe, expect, it, vi } from 'vitest'

const invoke = vi.fn()
vi.mock('../src/platform', () => ({ invoke, channel: (each: unknown) => each }))
const { call, CallError, toCallError } = await import('../src/api/call')

describe('call', () => {
  beforeEach(() => {
    // A function that is returned here would be called after the test.
    invoke.mockReset()
  })

  it('sends the request under its name', async () => {
    invoke.mockResolvedValue({ run_id: 7, resumed: false })
    const request = { connection_id: 1, datasets: [], mode: 'full' as const }
    await expect(call('start_sync', request)).resolves.toEqual({ run_id: 7, resumed: false })
    expect(invoke).toHaveBeenCalledWith('start_sync', { request })
  })

  it('rejects with the code that the host told', async () => {
    invoke.mockRejectedValue({
      code: 'locked',
      message: 'the cache is locked',
      retryable: true,
      details: null,
    })
    const failed = call('list_connections', {})
    await expect(failed).rejects.toBeInstanceOf(CallError)
    await failed.catch((error: InstanceType<typeof CallError>) => {
      expect([error.code, error.retryable]).toEqual(['locked', true])
    })
  })

  it('takes anything else that is thrown for an error of the program', () => {
    const error = toCallError('boom')
    expect([error.code, error.message]).toEqual(['internal', 'boom'])
  })

  it('hands a channel to the command that reports progress', async () => {
    invoke.mockResolvedValue({ run_id: 3, ended: true })
    const each = vi.fn()
    await call('watch_run', { run_id: 3 }, each)
    expect(invoke).toHaveBeenCalledWith('watch_run', { request: { run_id: 3 }, onProgress: each })
  })
})
