import { describe, expect, it } from 'vitest'
import { i18n, languageOf, setSystemLanguage } from '../src/i18n'
import en from '../src/i18n/en'
import zh from '../src/i18n/zh-CN'

function leaves(words: object, at = ''): [string, string][] {
  return Object.entries(words).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${at}${key}`, value] as [string, string]] : leaves(value, `${at}${key}.`),
  )
}

const placeholders = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort()

describe('words', () => {
  const chinese = leaves(zh)
  const english = new Map(leaves(en))

  it('has every text in both languages with the same placeholders', () => {
    expect(chinese.length).toBe(english.size)
    for (const [key, text] of chinese) {
      expect(placeholders(english.get(key) ?? ''), key).toEqual(placeholders(text))
    }
  })

  it('has no empty text and none that breaks the message syntax', () => {
    for (const [key, text] of [...chinese, ...english]) {
      expect(text, key).not.toBe('')
      expect(text, key).not.toMatch(/[@|]/)
    }
  })

  it('leaves no Chinese in the English texts except the name of the language itself', () => {
    const left = [...english].filter(
      ([key, text]) => /\p{Script=Han}/u.test(text) && key !== 'settings.languageZh',
    )
    expect(left).toEqual([])
  })

  it('takes what names no language for the language of the system, Chinese at first', () => {
    expect(['', 'C', 'en'].map(languageOf)).toEqual(['zh-CN', 'zh-CN', 'en'])
    setSystemLanguage('en', '')
    expect(i18n.global.locale.value).toBe('en')
    setSystemLanguage('en', 'zh-CN')
    expect(i18n.global.locale.value).toBe('zh-CN')
  })
})
