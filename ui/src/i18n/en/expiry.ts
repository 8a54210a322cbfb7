/** The calendar of what ends. */
import type { expiry as zhExpiry } from '../zh-CN/expiry'

export const expiry: typeof zhExpiry = {
  title: 'Expiry calendar',
  open: 'Expiries',
  openWarn: 'Expiries ({n} soon)',
  hint: 'Secrets by the day noted, certificates as the last test saw them. Warnings 60, 30 and 7 days before.',
  soon: 'Ends soon',
  none: 'No end is known yet',
  noneText:
    'A connection test notes when certificates end; note the end of a secret under authentication of its connection.',
  left: '{n} days left',
  overFor: 'over for {n} days',
  span: {
    over: 'Over',
    week: 'Within 7 days',
    month: 'Within 30 days',
    two_months: 'Within 60 days',
    later: 'Later',
  },
  kind: {
    secret: 'Secret',
    next_secret: 'Waiting secret',
    token: 'Token',
    server_certificate: 'Server certificate',
    client_certificate: 'Client certificate',
    ca_bundle: 'Extra authority',
    site_key: 'Site key',
    site_certificate: 'Site certificate',
  },
}
