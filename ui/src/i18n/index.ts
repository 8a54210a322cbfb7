/** The words of both languages; Chinese is written first and decides which keys there are. */
import { createI18n } from 'vue-i18n'
import en from './en'
import zh from './zh-CN'

export type Language = 'zh-CN' | 'en'

let system: Language = 'zh-CN'

export const i18n = createI18n({
  legacy: false,
  locale: system,
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': zh, en },
})

/** The language that is meant by a setting; what names none means the system's. */
export function languageOf(setting: string): Language {
  return setting === 'zh-CN' || setting === 'en' ? setting : system
}

/** Switches the language of every text, number and date. */
export function setLanguage(setting: string): void {
  const language = languageOf(setting)
  i18n.global.locale.value = language
  document.documentElement.lang = language
}

/**
 * Takes over the system's language. The host tells it, because the web view reports "C" or "en-US"
 * where the system's locale is not installed.
 */
export function setSystemLanguage(told: string, setting: string): void {
  system = told === 'en' ? 'en' : 'zh-CN'
  setLanguage(setting)
}
