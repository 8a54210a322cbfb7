/** The columns of the list of bindings. */
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'

/** The columns in the present language. */
export function useColumns() {
  const { t } = useI18n()
  return computed(() => [
    { key: 'state', title: t('sync.state'), width: '104px' },
    { key: 'kind', title: t('identity.kindTitle'), width: '104px' },
    { key: 'account', title: t('identity.account'), width: 'minmax(190px, 1.2fr)' },
    { key: 'identity', title: t('identity.person'), width: 'minmax(130px, 1fr)' },
    { key: 'conflicts', title: t('identity.conflicts'), width: 'minmax(200px, 2fr)' },
    { key: 'decision', title: t('bindings.decision'), width: '150px' },
  ])
}
