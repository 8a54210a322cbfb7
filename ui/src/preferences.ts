/** Language, appearance and density: applied to the document, kept by the host. */
import { ref } from 'vue'
import { call } from './api/call'
import type { Settings } from './api/generated'
import { setLanguage } from './i18n'

export const settings = ref<Settings>({ language: '', appearance: '', density: 'compact' })

const dark = window.matchMedia('(prefers-color-scheme: dark)')

function apply(): void {
  setLanguage(settings.value.language)
  const isDark = settings.value.appearance === 'dark' || (settings.value.appearance === '' && dark.matches)
  document.documentElement.classList.toggle('dark', isDark)
  document.documentElement.classList.toggle('comfortable', settings.value.density === 'comfortable')
}

dark.addEventListener('change', apply)

/** Takes the user's choices from the host; what cannot be read leaves the system's. */
export async function loadSettings(): Promise<void> {
  settings.value = await call('get_settings', {})
  apply()
}

/** Changes some of the choices and keeps them. */
export async function changeSettings(change: Partial<Settings>): Promise<void> {
  settings.value = { ...settings.value, ...change }
  apply()
  settings.value = await call('save_settings', settings.value)
}

/** Row height of lists in pixels. */
export function rowHeight(): number {
  return settings.value.density === 'comfortable' ? 40 : 32
}
