/** Which colour a word has. */
const TONES: Record<string, string> = {
  succeeded: 'good',
  accepted: 'good',
  linked: 'good',
  resolved: 'good',
  ok: 'good',
  finished_with_rejections: 'warn',
  warn: 'warn',
  held: 'amber',
  hold: 'amber',
  needs_decision: 'amber',
  ambiguous: 'amber',
  conflicting: 'warn',
  failed: 'bad',
  rejected: 'bad',
  reject: 'bad',
  orphaned: 'bad',
  missing_required: 'bad',
  running: 'run',
  overdue: 'bad',
  open_again: 'warn',
  corrected: 'amber',
  unwritten: 'warn',
  new: 'good',
  changed: 'amber',
  contradicting: 'bad',
  mistyped: 'bad',
  unknown: 'bad',
  unclear: 'warn',
  uncomputed: 'warn',
  elsewhere: 'warn',
  earlier: 'warn',
}

/** The tone of a state's word; what has none is quiet. */
export function toneOf(word: string): string {
  return TONES[word] ?? 'quiet'
}
