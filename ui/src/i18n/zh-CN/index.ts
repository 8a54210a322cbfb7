/** All words of this language. */
import { common } from './common'
import { connections, overview } from './connections'
import { dataset } from './dataset'
import { audit, identity, settings } from './identity'
import { limits } from './limits'
import { rejected } from './rejected'
import { sharing } from './sharing'
import { records, sync } from './sync'

export default {
  ...common,
  overview,
  connections,
  dataset,
  limits,
  sharing,
  sync,
  records,
  rejected,
  identity,
  audit,
  settings,
}
