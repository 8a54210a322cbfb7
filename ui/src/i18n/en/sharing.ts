/** Folders, tags and shared files of connections; changing secrets. */
import type { sharing as zh } from '../zh-CN/sharing'

export const sharing: typeof zh = {
  folder: 'Folder',
  noFolder: 'No folder',
  tags: 'Tags',
  tagsHint: 'Enter adds one',
  search: 'Find by name, address, folder or tag',
  allFolders: 'All folders',
  allTags: 'All tags',
  kind: 'Connection file',
  pick: 'Choose a file',
  orPaste: 'or paste its content (TOML)',
  importHint:
    'The file is laid over what there is: what it names is taken, what it leaves out stays, and so do local secrets.',
  look: 'See the changes',
  planHint: 'This is what the import would change. Tick the connections to take.',
  state: { new: 'New', changed: 'Changed', same: 'Unchanged' },
  take: 'Import {n} connections',
  taken: 'Imported: {added} new, {changed} changed',
  back: 'Back',
  exportAll: 'Export all',
  saveAs: 'Save as a file',
  saved: 'Saved to {path}, without secrets',
  nothing: 'No connection matches',
  clear: 'Clear the filter',
  next: {
    waits:
      'A new secret ({four}, {when}) waits for its test. Until it passes, runs go on with the present one.',
    four: 'ends in {four}',
    noFour: 'kept',
    discard: 'Discard the new secret',
    tag: 'New secret untested',
    took: 'The new secret passed its test and is in use.',
    refused: 'The provider did not accept the new secret; runs go on with the present one.',
  },
  expires: 'The secret ends on',
  expiresHint: 'The day that the provider told; reminders come 60, 30 and 7 days before.',
  passphrase: {
    title: 'Change the passphrase',
    old: 'Present passphrase',
    new: 'New passphrase, eight characters or more',
    again: 'The new passphrase again',
    differ: 'The two are not the same',
    done: 'The passphrase was changed',
  },
}
