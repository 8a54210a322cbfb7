/** What came of a decision, said in a note with "undo" in it. */
import { ElButton, ElMessage } from 'element-plus'
import { h, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { call } from '@/api/call'
import type { DecisionsMade } from '@/api/generated'
import { refreshAll } from '@/api/queries'
import { useFormat } from '@/format'

/** How long the note stays. */
const STAYS_MS = 10_000

/** Says what was decided, and takes it back. */
export function useOutcome(connectionId: Ref<number>, failed: (error: unknown) => void) {
  const { t } = useI18n()
  const { count, list } = useFormat()

  async function undo(act: number) {
    try {
      const told = await call('undo_binding_decisions', {
        connection_id: connectionId.value,
        bulk_id: act,
      })
      await refreshAll()
      const parts = [
        t('bindings.undone', { n: count(told.undone) }),
        ...(told.delivered > 0 ? [t('bindings.keptDelivered', { n: count(told.delivered) })] : []),
        ...(told.decided_anew > 0 ? [t('bindings.keptAnew', { n: count(told.decided_anew) })] : []),
      ]
      const kept = told.delivered + told.decided_anew > 0
      ElMessage({ type: kept ? 'warning' : 'success', message: list(parts), duration: STAYS_MS })
    } catch (error) {
      failed(error)
    }
  }

  function decided(made: DecisionsMade) {
    const parts = [
      t('bindings.decidedNow', { n: count(made.decided) }),
      ...made.skipped.map(
        (one) => `${t('bindings.skipped', { n: count(one.count) })} (${t(`bindings.why.${one.why}`)})`,
      ),
    ]
    const note = ElMessage({
      type: made.decided > 0 ? 'success' : 'warning',
      duration: STAYS_MS,
      showClose: true,
      message: h('span', { 'data-testid': 'decided-note' }, [
        list(parts),
        made.bulk_id === null
          ? null
          : h(
              ElButton,
              {
                link: true,
                type: 'primary',
                style: 'margin-left: 12px',
                'data-testid': 'decided-undo',
                onClick: () => {
                  note.close()
                  void undo(made.bulk_id ?? 0)
                },
              },
              () => t('bindings.undo'),
            ),
      ]),
    })
  }

  return { decided, undo }
}
