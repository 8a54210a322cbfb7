/** All words of this language. */
import { common } from './common'
import { connections, overview } from './connections'
import { audit, identity, settings } from './identity'
import { rejected } from './rejected'
import { records, sync } from './sync'

export default { ...common, overview, connections, sync, records, rejected, identity, audit, settings }
