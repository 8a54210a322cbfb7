/** All words of this language. */
import { adviceIn, siteIssuesIn } from '../advice'
import { accounts, decisions } from './accounts'
import { bindings } from './bindings'
import { common } from './common'
import { connections, overview } from './connections'
import { dataset } from './dataset'
import { directory } from './directory'
import { dry } from './dry'
import { delivery } from './delivery'
import { expiry } from './expiry'
import { guards } from './guards'
import { audit, identity, settings } from './identity'
import { identityMapping, whatIf } from './identityChange'
import { inbox } from './inbox'
import { limits } from './limits'
import { lineage } from './lineage'
import { live } from './live'
import { auth, file, mapping } from './mapping'
import { mend } from './mend'
import { narrow } from './narrow'
import { network } from './network'
import { overriding } from './overriding'
import { quality } from './quality'
import { reconcile } from './reconciliation'
import { rejected } from './rejected'
import { reports } from './reports'
import { schedule } from './schedule'
import { sharing } from './sharing'
import { records, sync } from './sync'
import { sites } from './sites'
import { table } from './table'
import { testLogin } from './testLogin'

export default {
  advice: adviceIn('en'),
  siteIssue: siteIssuesIn('en'),
  ...common,
  accounts,
  decisions,
  bindings,
  overview,
  connections,
  dataset,
  directory,
  delivery,
  limits,
  lineage,
  narrow,
  network,
  expiry,
  auth,
  file,
  mapping,
  mend,
  table,
  sharing,
  schedule,
  live,
  sync,
  dry,
  records,
  guards,
  overriding,
  quality,
  reconcile,
  inbox,
  rejected,
  reports,
  identity,
  sites,
  identityMapping,
  whatIf,
  testLogin,
  audit,
  settings,
}
