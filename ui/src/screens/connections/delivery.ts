/** A library to begin from, of each kind. */
import type { Target } from '@/api/generated'
import type { AuthKind } from './auth'

export type TargetKind = 'none' | Target['kind']

/** Ways of proving who asks that a portal's interface usually has. */
export const PUSH_KINDS: AuthKind[] = ['none', 'api_key', 'basic', 'gateway', 'oauth2_client']

/** What a kind begins with: as the host has it. */
export function newTarget(kind: TargetKind): Target | null {
  if (kind === 'postgres') return { kind, url: '', user: '', schema: 'zhengqiao', batch_rows: 5000 }
  if (kind === 'none') return null
  return {
    kind,
    url: '',
    path: 'records',
    auth: { kind: 'none' },
    batch_rows: 500,
    envelope: {
      records: '/results',
      code: '/code',
      success: ['0', '200'],
      busy_codes: [],
      expired_codes: [],
      message: '/message',
      total: '',
      next_cursor: '',
      has_more: '',
    },
    record_key: '/key',
    record_code: '/code',
    accepted_codes: ['0', '200'],
    later_codes: [],
    record_message: '/message',
  }
}
