/** What each way of proving who asks needs to know. */
import type { Auth, PresetRow } from '@/api/generated'

export type AuthKind = Auth['kind']

/** One setting. `options` make it a choice; without them it is a text. */
export interface AuthField {
  key: string
  /** The name that the provider gave the asker. */
  id?: boolean
  required?: boolean
  wide?: boolean
  options?: string[]
  toggle?: boolean
}

const TEXT_FORMS = ['hex', 'hex_upper', 'base64']
const BLOCK_MODES = ['ecb', 'cbc']
const STAMP_FORMS = ['seconds', 'milliseconds', 'compact']

/** The settings of each kind, in the order of the form. */
export const AUTH_FIELDS: Record<AuthKind, AuthField[]> = {
  none: [],
  api_key: [{ key: 'header', id: true, required: true }],
  bearer: [],
  basic: [{ key: 'user', id: true, required: true }],
  gateway: [{ key: 'requester_id', id: true, required: true }],
  timed_gateway: [
    { key: 'requester_id', id: true, required: true },
    { key: 'secret_path', required: true },
    { key: 'secret_service_id' },
    { key: 'secret_at', required: true },
    { key: 'ends_at' },
    { key: 'mode', options: BLOCK_MODES },
    { key: 'key_form', options: ['text', 'hex', 'base64'] },
    { key: 'text_form', options: TEXT_FORMS },
  ],
  tif: [
    { key: 'paas_id', id: true, required: true },
    { key: 'upper_case', toggle: true },
  ],
  jis: [
    { key: 'app_mark', id: true, required: true },
    { key: 'wrap_in', options: ['form', 'query', 'json_body'] },
    { key: 'time_form', options: STAMP_FORMS },
  ],
  sm2_envelope: [
    { key: 'app_mark', id: true, required: true },
    { key: 'public_key', required: true, wide: true },
    { key: 'proof', options: ['encrypted', 'signed'] },
    { key: 'sealing', options: ['values', 'whole', 'nothing'] },
    { key: 'layout', options: ['c1c3c2', 'c1c2c3', 'der'] },
    { key: 'text_form', options: TEXT_FORMS },
    { key: 'signer_id' },
    { key: 'sealed_at' },
  ],
  sealed_body: [
    { key: 'app_code', id: true, required: true },
    { key: 'public_key', required: true, wide: true },
    { key: 'version' },
    { key: 'sm4_key', options: ['derived', 'text', 'hex'] },
    { key: 'mode', options: BLOCK_MODES },
    { key: 'text_form', options: TEXT_FORMS },
    { key: 'signature_form', options: ['raw', 'der'] },
    { key: 'signer_id' },
    { key: 'time_form', options: STAMP_FORMS },
  ],
  oauth2_client: [
    { key: 'client_id', id: true, required: true },
    { key: 'token_path', required: true },
    { key: 'token_method', options: ['GET', 'POST'] },
    { key: 'client_in', options: ['form', 'query', 'basic'] },
    { key: 'token_in', options: ['query', 'header'] },
    { key: 'scope' },
  ],
}

/** Every kind, in the order of the menu. */
export const AUTH_KINDS = Object.keys(AUTH_FIELDS) as AuthKind[]

/** Kinds that rest on an algorithm that no longer protects (弱算法). */
export const WEAK_KINDS: readonly AuthKind[] = ['jis']

/** What the secret of a kind is made of; several parts are written one a line. */
export function secretParts(kind: AuthKind): string[] {
  if (kind === 'sm2_envelope') return ['app_word', 'private_key']
  if (kind === 'sealed_body') return ['app_secret', 'private_key']
  return kind === 'none' ? [] : ['secret']
}

/** The parts that were typed as one secret; a part that stands alone is written as it is. */
export function joinParts(parts: Record<string, string>, names: string[]): string {
  if (names.length <= 1) return parts[names[0] ?? ''] ?? ''
  return names
    .filter((name) => (parts[name] ?? '').trim() !== '')
    .map((name) => `${name}=${(parts[name] ?? '').replaceAll(/[\r\n]+/g, '')}`)
    .join('\n')
}

/** A kind's settings to begin from: those of the first preset that has it. */
export function newAuth(kind: AuthKind, presets: PresetRow[]): Auth | undefined {
  return structuredClone(presets.find((preset) => preset.profile.auth.kind === kind)?.profile.auth)
}
