/** Words of the sources of portal accounts: SCIM services and directories. */
import type { directory as zh } from '../zh-CN/directory'

export const directory: typeof zh = {
  path: 'Path of the users',
  scimRows: 'Users a page',
  ldapRows: 'Entries a page',
  filter: 'Filter',
  attributes: 'Attributes (between commas; empty means all)',
  paging: 'Paging',
  pagings: { offered: 'As the service offers', index: 'By index', cursor: 'By cursor' },
  scimHint:
    'An incremental run reads users whose meta.lastModified is later than the last run; a service that does not announce filters is read whole. The mapping names sources by SCIM paths, as name.formatted or phoneNumbers[type eq "mobile"].value.',
  base: 'Base entry',
  scope: 'Search scope',
  scopes: { subtree: 'Everything below', one_level: 'Directly below' },
  time: 'Attribute with the last change (empty: read everything always)',
  ldapHint:
    'Write the address as ldaps://host; ldap://host is encrypted with StartTLS first, except on this machine. The user is the name of the entry to bind as. Referrals are not followed. Several values are joined with semicolons, binary ones written in Base64.',
}
