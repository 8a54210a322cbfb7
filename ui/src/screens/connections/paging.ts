/** Paging and increment of a dataset, as the form changes them. */
import type { Incremental, Pager, Slices } from '@/api/generated'

export const PAGERS: Pager['kind'][] = ['page', 'offset', 'cursor', 'link', 'single']

/** Paging of another kind; what both kinds have is kept. */
export function changePager(from: Pager, kind: Pager['kind']): Pager {
  const size = 'size' in from ? from.size : 100
  const size_param = 'size_param' in from ? from.size_param : 'size'
  switch (kind) {
    case 'page':
      return { kind, page_param: 'page', size_param, size, first: 1 }
    case 'offset':
      return { kind, offset_param: 'offset', size_param, size }
    case 'cursor':
      return { kind, cursor_param: 'cursor', size_param, size, cursor_header: '' }
    case 'link':
      return { kind, size_param, size }
    default:
      return { kind: 'single' }
  }
}

/** Asking for changes in another way; `none` means that everything is asked for each time. */
export function newIncremental(kind: string): Incremental | null {
  if (kind === 'window') return { kind, from_param: 'from', to_param: 'to', overlap_s: 300 }
  if (kind === 'version') return { kind, param: 'version' }
  return kind === 'cursor' ? { kind } : null
}

/** Reading in slices of a day, with the parameters of the window where there is one. */
export function newSlices(incremental: Incremental | null): Slices {
  const window = incremental?.kind === 'window' ? incremental : null
  return {
    from_param: window?.from_param ?? 'from',
    to_param: window?.to_param ?? 'to',
    begin: '2020-01-01 00:00:00',
    hours: 24 * 30,
    overlap_s: window?.overlap_s ?? 600,
  }
}
