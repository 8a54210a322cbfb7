/** The fields of each sign-on protocol, in the order of the form. */
import type { ProtocolSettings } from '@/api/generated'

export type FieldKind = 'text' | 'address' | 'list' | 'switch' | 'number' | 'choice' | 'parameters'

/** One field of the form. */
export interface Field {
  name: string
  kind: FieldKind
  /** The word of its label, where the name alone would mean something else. */
  label?: string
  optional?: boolean
  options?: (string | number)[]
}

const text = (name: string, optional = false): Field => ({ name, kind: 'text', optional })
const address = (name: string, optional = false): Field => ({ name, kind: 'address', optional })
const PROVINCE: Field = address('province_logout', true)
const EXTRA: Field = { name: 'extra', kind: 'parameters' }
const CLIENT_AUTH: Field = { name: 'client_auth', kind: 'choice', options: ['basic', 'post', 'none'] }

/** What everybody fills in, and what only some do. */
export const FIELDS: Record<ProtocolSettings['kind'], { first: Field[]; more: Field[] }> = {
  oidc: {
    first: [
      address('issuer'),
      text('client_id'),
      { name: 'scopes', kind: 'list' },
      { name: 'user_info', kind: 'switch' },
    ],
    more: [CLIENT_AUTH, { name: 'clock_skew_s', kind: 'number' }, EXTRA],
  },
  oauth2: {
    first: [
      address('authorize'),
      address('token'),
      { ...address('user_info'), label: 'user_info_address' },
      text('client_id'),
      { name: 'scopes', kind: 'list' },
      text('claims_at', true),
    ],
    more: [
      address('logout', true),
      PROVINCE,
      CLIENT_AUTH,
      { name: 'token_in', kind: 'choice', options: ['header', 'query', 'form'] },
      text('token_at'),
      { name: 'pkce', kind: 'switch' },
      { name: 'exchange_in_query', kind: 'switch' },
      EXTRA,
    ],
  },
  cas: {
    first: [address('server'), { name: 'version', kind: 'choice', options: [2, 3] }],
    more: [PROVINCE, EXTRA],
  },
  ticket: {
    first: [address('login'), address('interface'), text('app_mark'), text('claims_at', true)],
    more: [
      address('logout', true),
      PROVINCE,
      text('return_name', true),
      text('ticket_name'),
      text('validate_service'),
      text('natural_service'),
      text('legal_service'),
      text('success_code'),
      text('code_at'),
      text('message_at', true),
      text('token_at'),
      { name: 'as_form', kind: 'switch' },
    ],
  },
  relay: {
    first: [address('server'), text('param_key'), text('uuid', true), PROVINCE],
    more: [
      text('return_name', true),
      text('verid_name'),
      text('login_path'),
      text('user_path'),
      text('logout_path', true),
      text('success_at', true),
      text('claims_at', true),
    ],
  },
}

/** Protocols that prove themselves with a secret. */
export const WITH_SECRET = new Set<string>(['oidc', 'oauth2', 'ticket'])

/** Fields of the encryption of values, by cipher. */
export const CIPHER_FIELDS: Record<string, Field[]> = {
  none: [],
  aes: [
    { name: 'mode', kind: 'choice', options: ['ecb', 'cbc'] },
    { name: 'key_form', kind: 'choice', options: ['text', 'hex', 'base64'] },
    { name: 'text_form', kind: 'choice', options: ['base64', 'hex', 'hex_upper'] },
  ],
  sm4: [
    { name: 'mode', kind: 'choice', options: ['ecb', 'cbc'] },
    { name: 'key_form', kind: 'choice', options: ['text', 'hex', 'base64'] },
    { name: 'text_form', kind: 'choice', options: ['base64', 'hex', 'hex_upper'] },
  ],
  sm2: [
    { name: 'layout', kind: 'choice', options: ['c1c3c2', 'c1c2c3', 'der'] },
    { name: 'text_form', kind: 'choice', options: ['base64', 'hex', 'hex_upper'] },
  ],
}
