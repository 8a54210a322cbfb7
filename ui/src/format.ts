/** Numbers, times and durations in the present language; times are those of UTC+8. */
import { computed, ref } from 'vue'
import { useI18n } from 'vue-i18n'

const EAST_8 = 8 * 3_600_000

/** What makes a language's formatter once: making one takes longer than a hundred uses of it. */
function once<T>(make: (language: string) => T): (language: string) => T {
  const made = new Map<string, T>()
  return (language) => {
    const found = made.get(language) ?? make(language)
    made.set(language, found)
    return found
  }
}
const numbers = once((language) => new Intl.NumberFormat(language))
const sizes = once((language) => new Intl.NumberFormat(language, { maximumFractionDigits: 1 }))
const distances = once((language) => new Intl.RelativeTimeFormat(language, { numeric: 'auto' }))

/** A moment in UTC+8, in full. */
export function fullMoment(ms: number): string {
  return new Date(ms + EAST_8)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, '')
}

/** A moment as short as it can be told: today's by its time alone. */
export function shortMoment(ms: number, now: number): string {
  const full = fullMoment(ms)
  return full.slice(0, 10) === fullMoment(now).slice(0, 10) ? full.slice(11, 16) : full.slice(0, 16)
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
]

/** How long ago, in words. */
export function ago(ms: number, now: number, language: string): string {
  const distance = ms - now
  const words = distances(language)
  for (const [unit, size] of UNITS) {
    if (Math.abs(distance) >= size) return words.format(Math.round(distance / size), unit)
  }
  return words.format(0, 'second')
}

/** A number with the language's separators. */
export function count(value: number, language: string): string {
  return numbers(language).format(value)
}

/** A size with a fitting unit. */
export function bytes(value: number, language: string): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let size = value
  let unit = 0
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024
    unit += 1
  }
  const told = unit > 0 && size < 10 ? sizes(language).format(size) : count(Math.round(size), language)
  return `${told} ${units[unit]}`
}

/** A length of time: `0:05`, `12:07`, `1:02:03`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const two = (value: number) => String(value).padStart(2, '0')
  const hours = Math.floor(seconds / 3600)
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return hours > 0 ? `${hours}:${rest}` : rest.replace(/^0/, '')
}

/** Several words in a row. */
export function list(words: string[], language: string): string {
  return words.join(language === 'en' ? '; ' : '；')
}

/** The functions above, bound to the present language. */
export function useFormat() {
  const { locale } = useI18n()
  return {
    count: (value: number) => count(value, locale.value),
    bytes: (value: number) => bytes(value, locale.value),
    duration,
    list: (words: string[]) => list(words, locale.value),
    language: computed(() => locale.value),
  }
}

const now = ref(Date.now())
setInterval(() => (now.value = Date.now()), 30_000)

/** The present, every thirty seconds: one clock for all that tell how long ago. */
export function useNow() {
  if (Date.now() - now.value > 5_000) now.value = Date.now()
  return now
}
