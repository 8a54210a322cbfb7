import { flushPromises, mount } from '@vue/test-utils'
import { VueQueryPlugin } from '@tanstack/vue-query'
import ElementPlus from 'element-plus'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { i18n } from '../src/i18n'
import type { ActiveRun, Closing, RunProgress } from '../src/api/generated'

type Listener = (message: unknown) => void
const listeners = new Map<number, { tell: Listener; end: Listener }>()
let active: ActiveRun[] = []
let closing: ((message: Closing) => void) | undefined
const calls: string[] = []

vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }))
vi.mock('../src/platform', () => ({
  channel: (each: Listener) => each,
  invoke: (name: string, args: { request: { run_id: number }; onProgress?: Listener }) => {
    calls.push(name)
    if (name === 'list_active_runs') return Promise.resolve(active)
    if (name === 'watch_closing') {
      closing = args.onProgress
      return Promise.resolve({})
    }
    if (name === 'watch_run' && args.onProgress) {
      const tell = args.onProgress
      return new Promise((end) => listeners.set(args.request.run_id, { tell, end }))
    }
    return Promise.resolve({})
  },
}))
const { follow, progresses } = await import('../src/screens/sync/live')
const { default: ClosingDialog } = await import('../src/parts/ClosingDialog.vue')

function progress(run_id: number, connection: string, more: Partial<RunProgress> = {}): RunProgress {
  const zero = { fetched: 0, accepted: 0, unchanged: 0, held: 0, rejected: 0, withdrawn: 0, superseded: 0 }
  return {
    run_id,
    connection,
    environment: 'test',
    standing: 'running',
    request: null,
    state: 'running',
    counts: zero,
    datasets: [],
    elapsed_ms: 0,
    records_per_s: 0,
    remaining_ms: null,
    ended: false,
    ...more,
  }
}

function run(run_id: number, here: boolean): ActiveRun {
  return {
    run: {
      run_id,
      connection_id: 1,
      connection: '省级',
      environment: 'production',
      mode: 'full',
      state: 'running',
      code: null,
      message: null,
      started_at: 0,
      ended_at: null,
      counts: progress(run_id, '').counts,
    },
    standing: 'running',
    here,
    owner: '',
    asked_by: '',
    heartbeat_at: 0,
  }
}

describe('the live view', () => {
  beforeEach(() => {
    progresses.clear()
    listeners.clear()
  })

  it('follows several runs at once and each only once', async () => {
    void follow(1)
    void follow(1)
    void follow(2)
    expect([...listeners.keys()]).toEqual([1, 2])
    listeners.get(1)?.tell(progress(1, 'a'))
    listeners.get(2)?.tell(progress(2, 'b'))
    expect([...progresses.keys()]).toEqual([1, 2])
    for (const id of [1, 2]) listeners.get(id)?.end(progress(id, 'a', { ended: true, standing: null }))
    await flushPromises()
  })

  it('keeps an ended run in sight until its connection runs again', async () => {
    void follow(3)
    listeners.get(3)?.end(progress(3, 'a', { ended: true, standing: null, state: 'succeeded' }))
    await flushPromises()
    expect(progresses.get(3)?.state).toBe('succeeded')
    void follow(4)
    listeners.get(4)?.tell(progress(4, 'b'))
    expect([...progresses.keys()]).toEqual([3, 4])
    void follow(5)
    listeners.get(5)?.tell(progress(5, 'a'))
    expect([...progresses.keys()]).toEqual([4, 5])
    for (const id of [4, 5]) listeners.get(id)?.end(progress(id, 'a', { ended: true, standing: null }))
    await flushPromises()
  })

  it('leaves an interrupted run to the banner', async () => {
    void follow(6)
    listeners.get(6)?.end(progress(6, 'a', { ended: true, standing: 'interrupted', state: 'paused' }))
    await flushPromises()
    expect(progresses.has(6)).toBe(false)
  })
})

describe('closing the window', () => {
  const make = () =>
    mount(ClosingDialog, {
      attachTo: document.body,
      global: { plugins: [ElementPlus, i18n, VueQueryPlugin] },
    })
  const click = async (id: string) => {
    document.querySelector<HTMLElement>(`[data-testid=${id}]`)?.click()
    await flushPromises()
  }

  it('names the runs, and interrupts them only when that is chosen', async () => {
    const dialog = make()
    await flushPromises()
    closing?.({ runs: [run(7, true)] })
    await flushPromises()
    expect(document.body.textContent).toContain('省级：运行 7')
    await click('closing-stay')
    expect(calls).not.toContain('leave_app')
    closing?.({ runs: [run(7, true)] })
    await flushPromises()
    await click('closing-interrupt')
    expect(calls).toContain('leave_app')
    dialog.unmount()
  })

  it('waits for the runs of this program and then closes', async () => {
    calls.length = 0
    active = [run(8, true), run(9, false)]
    const dialog = make()
    await flushPromises()
    closing?.({ runs: [run(8, true)] })
    await flushPromises()
    await click('closing-wait')
    expect(document.querySelector('[data-testid=closing-waiting]')).not.toBeNull()
    expect(calls).not.toContain('leave_app')
    active = [run(9, false)]
    await vi.waitFor(() => expect(calls).toContain('leave_app'), { timeout: 8_000 })
    dialog.unmount()
  }, 12_000)
})
