/** Numbers, times and durations in the present language; times are those of UTC+8. */
import { computed, onUnmounted, ref } from 'vue'
import { useI18n } from 'vue-i18n'

const ZONE = 'Asia/Shanghai'

/** A moment in UTC+8, in full. */
export function fullMoment(ms: number): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: ZONE,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(ms)
  const get = (type: string) => parts.find((part) => part.type === type)?.value ?? ''
  return `${get('year')}-${get('month')}-${get('day')} ${get('hour')}:${get('minute')}:${get('second')}`
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
  const words = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  for (const [unit, size] of UNITS) {
    if (Math.abs(distance) >= size) return words.format(Math.round(distance / size), unit)
  }
  return words.format(0, 'second')
}

/** A number with the language's separators. */
export function count(value: number, language: string): string {
  return new Intl.NumberFormat(language).format(value)
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
  const digits = unit > 0 && size < 10 ? 1 : 0
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(size)} ${units[unit]}`
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

/** The present, every thirty seconds. */
export function useNow() {
  const now = ref(Date.now())
  const timer = setInterval(() => (now.value = Date.now()), 30_000)
  onUnmounted(() => clearInterval(timer))
  return now
}
