import { afterEach, describe, expect, it, vi } from 'vitest'
import { nextTick, ref } from 'vue'

const setTitle = vi.fn()
vi.mock('../src/platform', () => ({ setTitle }))
const { cssString, useSurface } = await import('../src/surface')
type Surface = import('../src/surface').Surface

describe('the active connection on every surface', () => {
  afterEach(() => setTitle.mockReset())

  it('is on the document, in the window title, and gone again when there is none', async () => {
    const surface = ref<Surface | null>({ name: '省级平台', environment: 'production', word: '生产' })
    useSurface(surface, ref('政桥'))
    const root = document.documentElement
    expect(root.dataset.environment).toBe('production')
    expect(root.style.getPropertyValue('--here')).toBe('"省级平台 · 生产"')
    expect(setTitle).toHaveBeenLastCalledWith('政桥 — 省级平台 · 生产')
    surface.value = null
    await nextTick()
    expect(root.dataset.environment).toBeUndefined()
    expect(root.style.getPropertyValue('--here')).toBe('')
    expect(setTitle).toHaveBeenLastCalledWith('政桥')
  })

  it('cannot be left by a name with quotes, backslashes or line ends', () => {
    expect(cssString('a"b\\c\nd')).toBe('"a\\"b\\\\c d"')
  })
})
