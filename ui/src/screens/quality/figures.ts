/** The figures of quality: which there are, and their shares. */
import type { QualityFigures } from '@/api/generated'

/** The dimensions in their order; `passed` is the share that was accepted at once. */
export const DIMENSIONS = ['passed', 'incomplete', 'inaccurate', 'late', 'inconsistent', 'doubled'] as const
export type Dimension = (typeof DIMENSIONS)[number]

/** Contents that fall short in a dimension. */
export function flawed(figures: QualityFigures, dimension: Dimension): number {
  return dimension === 'passed' ? figures.judged - figures.passed : figures[dimension]
}

/** The share without a flaw; null where nothing can be said. */
export function share(figures: QualityFigures, dimension: Dimension): number | null {
  return figures.judged === 0 ? null : 1 - flawed(figures, dimension) / figures.judged
}

/** In percent with one digit; what is not whole is never shown as whole. */
export function percent(value: number | null): string {
  if (value === null) return '–'
  const shown = (value * 100).toFixed(1)
  return shown === '100.0' && value < 1 ? '99.9%' : `${shown}%`
}

/** How good a share is, as a tone. */
export function tone(value: number | null): string {
  if (value === null) return 'none'
  if (value >= 0.98) return 'good'
  return value >= 0.9 ? 'warn' : 'bad'
}
