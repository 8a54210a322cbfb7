/** Sharing of connections as files. */
import type { ConnectionRow } from '@/api/generated'

/** What a shared file is called in a file dialog. */
export const FILE_KIND = { extensions: ['toml'] }

/** The connections that a search finds, by folder and name; the search looks at everything shown. */
export function foundConnections(
  rows: ConnectionRow[],
  search: string,
  folder: string | null,
  tag: string | null,
): ConnectionRow[] {
  const words = search.trim().toLowerCase().split(/\s+/).filter(Boolean)
  return rows
    .filter((row) => folder === null || row.folder === folder)
    .filter((row) => tag === null || row.tags.includes(tag))
    .filter((row) => {
      const text = [row.name, row.base_url, row.folder, ...row.tags].join(' ').toLowerCase()
      return words.every((word) => text.includes(word))
    })
    .sort((one, other) => one.folder.localeCompare(other.folder) || one.name.localeCompare(other.name))
}

/** Everything of a kind that the connections name, in order. */
export function namesOf(rows: ConnectionRow[], pick: (row: ConnectionRow) => string[]): string[] {
  return [...new Set(rows.flatMap(pick))].filter((name) => name !== '').sort()
}
