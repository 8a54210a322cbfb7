/** Runs that go on, pause and resume, closing the window. */
import type { live as zhLive } from '../zh-CN/live'

export const live: typeof zhLive = {
  pause: 'Pause',
  pausing: 'It will pause after this page',
  resume: 'Resume',
  giveUp: 'Give up',
  dismiss: 'Dismiss',
  request: 'Waiting for',
  requestSince: 'for {t}',
  attempt: 'try {n}',
  elsewhere: 'run by {owner}',
  bySchedule: 'started by the schedule',
  ofTotal: '{n} / {total}',
  interruptedTitle: '{n} interrupted',
  interruptedText:
    'The program or the computer stopped in the middle of a run. Everything committed is kept; continuing goes on from there.',
  interruptedAt: 'interrupted {at}, {n} records read',
  continueRun: 'Continue',
  continueAll: 'Continue all',
  giveUpTitle: 'Give up the interrupted run',
  giveUpText:
    'Give up run {id} of “{name}”? The {n} records that were committed are kept, the rest is not read; the next increment begins where it did.',
  giveUpConfirm: 'Give up the run',
  pausedText:
    'Paused, also over restarts. The schedule does not start this connection until it is resumed or cancelled.',
  closingTitle: 'Runs are going on',
  closingText: 'Closing the program interrupts:',
  closingRow: '{name}: run {id}, {n} records read',
  closingHint: 'What was committed is kept, and interrupted runs can be continued at the next start.',
  closingWait: 'Close when they have ended',
  closingInterrupt: 'Interrupt and close',
  closingStay: 'Do not close',
  waitingTitle: 'Closing when the runs have ended',
  waitingStay: 'Do not close',
}
