import { mount } from '@vue/test-utils'
import ElementPlus from 'element-plus'
import { afterEach, describe, expect, it, vi } from 'vitest'
import PageTitle from '../src/parts/PageTitle.vue'

const press = (key: string) => {
  const event = new KeyboardEvent('keydown', { key, ctrlKey: true, cancelable: true })
  window.dispatchEvent(event)
  return event.defaultPrevented
}

describe('page keys', () => {
  const act = vi.fn()
  let page: ReturnType<typeof mount> | undefined
  const show = (slot: string) => {
    page = mount(
      {
        components: { PageTitle },
        template: `<section><PageTitle title="t">${slot}</PageTitle></section>`,
        methods: { act },
      },
      { global: { plugins: [ElementPlus] }, attachTo: document.body },
    )
  }
  const dialog = (html: string, display = '') => {
    const overlay = document.createElement('div')
    overlay.className = 'el-overlay'
    overlay.style.display = display
    overlay.innerHTML = html
    document.body.append(overlay)
    return overlay
  }
  afterEach(() => {
    page?.unmount()
    document.body.innerHTML = ''
    act.mockReset()
  })

  it('does the main action with Ctrl+Enter', () => {
    show('<el-button>other</el-button><el-button type="primary" @click="act">main</el-button>')
    expect(press('Enter')).toBe(true)
    expect(act).toHaveBeenCalledTimes(1)
  })

  it('leaves a disabled main action alone', () => {
    show('<el-button type="primary" disabled @click="act">main</el-button>')
    expect(press('Enter')).toBe(false)
    expect(act).not.toHaveBeenCalled()
  })

  it('does what the open dialog is for, and nothing of the page below it', () => {
    show('<el-button type="primary" @click="act">main</el-button>')
    const inDialog = vi.fn()
    const footer = '<div class="el-dialog__footer"><button class="el-button--primary"></button></div>'
    dialog(footer).querySelector('button')?.addEventListener('click', inDialog)
    expect(press('Enter')).toBe(true)
    expect([inDialog.mock.calls.length, act.mock.calls.length]).toEqual([1, 0])
  })

  it('never presses a dangerous button', () => {
    show('<el-button type="primary" @click="act">main</el-button>')
    dialog('<div class="el-dialog__footer"><button class="el-button--danger"></button></div>')
    expect(press('Enter')).toBe(false)
    expect(act).not.toHaveBeenCalled()
  })

  it('leaves Enter in a field of a dialog to the field', () => {
    show('')
    const inDialog = vi.fn()
    const overlay = dialog(
      '<input /><div class="el-dialog__footer"><button class="el-button--primary"></button></div>',
    )
    overlay.querySelector('button')?.addEventListener('click', inDialog)
    overlay
      .querySelector('input')
      ?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, bubbles: true }))
    expect(inDialog).not.toHaveBeenCalled()
  })

  it('does nothing that another listener has done already', () => {
    show('<el-button type="primary" @click="act">main</el-button>')
    const event = new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, cancelable: true })
    event.preventDefault()
    window.dispatchEvent(event)
    expect(act).not.toHaveBeenCalled()
  })

  it('looks past a dialog that is closed', () => {
    show('<el-button type="primary" @click="act">main</el-button>')
    dialog('', 'none')
    press('Enter')
    expect(act).toHaveBeenCalledTimes(1)
  })

  it('puts the cursor into the search with Ctrl+F', () => {
    show('')
    document.body.insertAdjacentHTML(
      'beforeend',
      '<div class="filters"><input id="first" /><div class="search"><input id="wanted" /></div></div>',
    )
    expect(press('f')).toBe(true)
    expect(document.activeElement?.id).toBe('wanted')
  })
})
