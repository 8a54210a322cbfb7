/** How a dataset is asked for less. */
import type { narrow as zhNarrow } from '../zh-CN/narrow'

export const narrow: typeof zhNarrow = {
  title: 'Asked for less',
  hint: {
    http: 'Parameters that the provider takes; without its own, a window uses those of increments. An empty one is not taken.',
    database:
      'Windows and ids are looked for in the columns of the mapping; name the others where they differ.',
    file: 'A file is always read whole; what lies outside is left out here.',
    scim: 'Users outside the scope are left out here.',
    ldap: 'Entries outside the scope are left out here.',
  },
  ownWindow: 'A window has parameters of its own',
  fromParam: 'Parameter of the beginning',
  toParam: 'Parameter of the end',
  byIds: 'Can be asked by ids',
  idsParam: 'Parameter of the ids',
  separator: 'Separator',
  most: 'Ids a request',
  departmentParam: 'Department parameter',
  regionParam: 'Region parameter',
  departmentColumn: 'Department column',
  regionColumn: 'Region column',
  onlyDepartment: 'Always only this department',
  onlyRegion: 'Always only this region',
}
