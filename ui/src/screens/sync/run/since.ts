/** What changed something after a run, in words. */
import { useI18n } from 'vue-i18n'
import type { ChangedSince } from '@/api/generated'

const PERSONAL = ['revalidation', 'ignore_rejections', 'reopen_rejections', 'ignore_expired']

/** Names who changed something: a run by its number, a person with the act. */
export function useSince() {
  const { t } = useI18n()
  return (since: ChangedSince): string => {
    if (since.actor === null) {
      return t(since.act === 'undo' ? 'lineage.act.undo' : 'lineage.act.run', { id: since.run_id })
    }
    const key = PERSONAL.includes(since.act) ? since.act : 'other'
    return t(`lineage.act.${key}`, { actor: since.actor, act: since.act })
  }
}
