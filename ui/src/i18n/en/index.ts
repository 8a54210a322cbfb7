/** All words of this language. */
import { adviceIn } from '../advice'
import { common } from './common'
import { connections, overview } from './connections'
import { dataset } from './dataset'
import { dry } from './dry'
import { expiry } from './expiry'
import { audit, identity, settings } from './identity'
import { limits } from './limits'
import { auth, file, mapping } from './mapping'
import { narrow } from './narrow'
import { network } from './network'
import { rejected } from './rejected'
import { sharing } from './sharing'
import { records, sync } from './sync'
import { table } from './table'

export default {
  advice: adviceIn('en'),
  ...common,
  overview,
  connections,
  dataset,
  limits,
  narrow,
  network,
  expiry,
  auth,
  file,
  mapping,
  table,
  sharing,
  sync,
  dry,
  records,
  rejected,
  identity,
  audit,
  settings,
}
