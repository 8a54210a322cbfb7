/** Steps in words. */
import { useQuery } from '@tanstack/vue-query'
import { useI18n } from 'vue-i18n'
import { call } from '@/api/call'
import type { MendStep } from '@/api/generated'
import { useNames } from '@/api/queries'

/** How a step is told in the present language. */
export function useStepWords(): (step: MendStep) => string {
  const { t, locale } = useI18n()
  const names = useNames()
  const lists = useQuery({
    queryKey: ['fixed', 'code-lists'],
    queryFn: () => call('list_code_lists', {}),
    staleTime: Infinity,
  })
  const listName = (name: string): string => {
    const row = lists.data.value?.find((one) => one.name === name)
    return row && locale.value === 'zh-CN' ? row.zh : name
  }
  return (step) => {
    switch (step.kind) {
      case 'add_code':
        return t('mend.step.add_code', { list: listName(step.list), code: step.code, name: step.name })
      case 'set_variant':
        return t('mend.step.set_variant', { list: listName(step.list), variant: step.variant })
      case 'set_severity':
        return t('mend.step.set_severity', {
          rule: names.rule(step.rule),
          severity: t(`severity.${step.severity}`),
        })
      case 'map_code':
        return t('mend.step.map_code', {
          dataset: names.dataset(step.dataset),
          field: names.field(step.dataset, step.field),
          from: step.from,
          to: step.to,
        })
      case 'add_transform': {
        const { kind } = step.transform
        const told = step.transform.kind === 'date_form' ? ` ${step.transform.forms.join('、')}` : ''
        return t('mend.step.add_transform', {
          dataset: names.dataset(step.dataset),
          field: names.field(step.dataset, step.field),
          transform: `${t(`dataset.transform.${kind}`)}${told}`,
        })
      }
      case 'set_field':
        return t('mend.step.set_field', {
          dataset: names.dataset(step.dataset),
          field: names.field(step.dataset, step.field),
          source: step.source,
        })
      case 'ignore_cause':
        return t('mend.step.ignore_cause', {
          dataset: names.dataset(step.dataset),
          rule: names.rule(step.rule),
          field: names.field(step.dataset, step.field),
          until: step.until ? t('mend.ignore.untilDate', { date: step.until }) : t('mend.ignore.ever'),
        })
    }
  }
}
