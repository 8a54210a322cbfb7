/** The words of both languages; Chinese is written first and decides which keys there are. */
import { createI18n } from 'vue-i18n'
import en from './en'
import zh from './zh-CN'

export type Language = 'zh-CN' | 'en'

/** The language of a system's setting; "C" and the like are no language. */
export function systemLanguage(setting: string | undefined): Language {
  return setting?.toLowerCase().startsWith('en') ? 'en' : 'zh-CN'
}

export const i18n = createI18n({
  legacy: false,
  locale: systemLanguage(navigator.language),
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': zh, en },
})

/** Switches the language of every text, number and date. */
export function setLanguage(chosen: string): void {
  const language = chosen === 'zh-CN' || chosen === 'en' ? chosen : systemLanguage(navigator.language)
  i18n.global.locale.value = language
  document.documentElement.lang = language
}
