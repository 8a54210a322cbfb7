/** Ways for decisions to the portal to begin from. */
import type { DecisionTarget, Envelope, HttpAct, Interface } from '@/api/generated'

export type TargetKind = DecisionTarget['kind'] | 'none'

export const KINDS: TargetKind[] = ['scim', 'http', 'sql', 'none']

const EXTENSION = 'urn:zhengqiao:scim:extension:identity:2.0:User:'
const NO_ACT: HttpAct = { method: 'POST', path: '', body: '' }
const NO_ENVELOPE: Envelope = {
  records: '',
  code: '',
  success: [],
  busy_codes: [],
  expired_codes: [],
  message: '',
  total: '',
  next_cursor: '',
  has_more: '',
}

/** A way of a kind, filled with what practice has. */
export function newTarget(kind: TargetKind): DecisionTarget | null {
  switch (kind) {
    case 'scim':
      return {
        kind,
        base_url: '',
        auth: { kind: 'none' },
        path: 'Users',
        attribute: `${EXTENSION}boundTo`,
        deactivate_merged: false,
      }
    case 'http':
      return {
        kind,
        base_url: '',
        auth: { kind: 'none' },
        read_path: 'accounts/{account_id}',
        bound_to: '/bound_to',
        active: '',
        envelope: NO_ENVELOPE,
        key_header: 'Idempotency-Key',
        link: {
          method: 'PUT',
          path: 'accounts/{account_id}/binding',
          body: '{"identity_key": "{identity_key}"}',
        },
        unlink: { method: 'DELETE', path: 'accounts/{account_id}/binding', body: '' },
        merge: NO_ACT,
        undo_merge: NO_ACT,
      }
    case 'sql':
      return {
        kind,
        base_url: '',
        user: '',
        read: 'SELECT bound_to FROM portal_account WHERE account_id = :account_id',
        link: 'UPDATE portal_account SET bound_to = :identity_key WHERE account_id = :account_id',
        unlink: 'UPDATE portal_account SET bound_to = NULL WHERE account_id = :account_id',
        merge: '',
        undo_merge: '',
      }
    case 'none':
      return null
  }
}

/** Whether the connection's own address serves this kind of way. */
export function isOwnAddress(kind: TargetKind, of: Interface): boolean {
  if (kind === 'sql') return of === 'database'
  return of === 'scim' || of === 'http'
}
