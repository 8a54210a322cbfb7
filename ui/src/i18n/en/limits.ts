/** Limits, retention and severities of a connection. */
import type { limits as zh } from '../zh-CN/limits'

export const limits: typeof zh = {
  guards: 'Guards',
  guardsHint:
    'What goes beyond stops and waits for a decision; nothing slips through. 0 switches a guard off.',
  rejectRate: 'Rejected rows at most (%)',
  rejectRateMin: 'Judged from so many rows',
  implausible: 'Times the usual rows that are doubted',
  withdrawalRows: 'Withdrawals in a run at most',
  withdrawalPercent: 'Withdrawals at most (% of accepted)',
  retention: 'Retention',
  retentionHint:
    'Accepted records are not affected. The law asks for six months of network logs. 0 keeps for ever.',
  requestLog: 'Days to keep request logs',
  resolved: 'Days to keep resolved rejections',
  severities: 'Severity of rules',
  severitiesHint:
    'The defaults are national practice. A change holds for this connection, for later checks and for checking again.',
  showRules: 'Show {n} rules ({changed} changed)',
  hideRules: 'Hide the rules',
  searchRules: 'Find a rule by name, code or source',
  onlyChanged: 'Changed only ({n})',
  noRule: 'No rule matches',
  usual: 'Default: {severity}',
}
