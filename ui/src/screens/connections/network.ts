/** Secrets of the network that are typed and not saved yet, and files read into the form. */
import type { NetworkSecretRow, SaveNetworkSecrets } from '@/api/generated'

/** Bytes of a certificate file at most. */
const MAX_BYTES = 1024 * 1024

/** What was typed. `null` leaves what is kept; an empty key forgets it. */
export interface NetworkDraft {
  password: string
  key: string | null
  pkcs12: { name: string; content: string; passphrase: string } | null
}

/** Nothing typed. */
export function emptyDraft(): NetworkDraft {
  return { password: '', key: null, pkcs12: null }
}

/** What to save of a draft, or `null` when there is nothing. */
export function toSave(connection_id: number, draft: NetworkDraft): SaveNetworkSecrets | null {
  if (draft.password === '' && draft.key === null && draft.pkcs12 === null) return null
  return {
    connection_id,
    proxy_password: draft.password === '' ? null : draft.password,
    client_key: draft.key,
    client_pkcs12: draft.pkcs12 && {
      content: draft.pkcs12.content,
      passphrase: draft.pkcs12.passphrase,
    },
  }
}

/** Whether a secret of this name is kept. */
export function isKept(rows: NetworkSecretRow[], name: string): boolean {
  return rows.some((row) => row.name === name)
}

/** The lines of a bypass list, without empty ones. */
export function toLines(text: string): string[] {
  return text
    .split(/[\n,;，；]/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** A file's bytes as base64; `null` when it is too large. */
export async function readBase64(file: File): Promise<string | null> {
  if (file.size > MAX_BYTES) return null
  const bytes = new Uint8Array(await file.arrayBuffer())
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

/** A file's text; `null` when it is too large. */
export async function readText(file: File): Promise<string | null> {
  return file.size > MAX_BYTES ? null : await file.text()
}
