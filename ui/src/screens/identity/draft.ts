/**
 * Claim mapping and review policy as they are being edited. The draft stays when a tab or screen is left,
 * so that it can be tried on everyone before it is saved.
 */
import { useQuery } from '@tanstack/vue-query'
import { computed, reactive, type Ref } from 'vue'
import { call } from '@/api/call'
import { refreshAll } from '@/api/queries'
import type { ClaimRow, IdentitySettings, ReviewPolicy } from '@/api/generated'

interface Draft {
  based_on: number
  settings: IdentitySettings
}

const drafts = reactive(new Map<number, Draft>())
/** The latest trial of each connection. */
export const trials = reactive(new Map<number, number>())

/** Names of the extension's and the enterprise's fields are long; their last part tells them apart. */
export function shortField(name: string): string {
  return name.startsWith('urn:') ? name.slice(name.lastIndexOf(':') + 1) : name
}

export function useDraft(connectionId: Ref<number>) {
  const query = useQuery({
    queryKey: ['identity-mapping', connectionId],
    queryFn: () => call('get_identity_mapping', { connection_id: connectionId.value }),
  })
  const mapping = computed(() => query.data.value)
  const draft = computed(() => drafts.get(connectionId.value))
  const settings = computed(() => draft.value?.settings ?? mapping.value?.settings)
  const changed = computed(
    () =>
      draft.value !== undefined &&
      JSON.stringify(draft.value.settings) !== JSON.stringify(mapping.value?.settings),
  )
  /** Somebody saved another version since the editing began. */
  const outdated = computed(
    () => changed.value && mapping.value !== undefined && draft.value?.based_on !== mapping.value.version,
  )

  function change(next: IdentitySettings) {
    const based_on = changed.value ? draft.value?.based_on : mapping.value?.version
    drafts.set(connectionId.value, { based_on: based_on ?? 0, settings: next })
  }

  return {
    query,
    mapping,
    settings,
    changed,
    outdated,
    setClaims: (claims: ClaimRow[]) => settings.value && change({ ...settings.value, claims }),
    setPolicy: (policy: ReviewPolicy) => settings.value && change({ ...settings.value, policy }),
    discard: () => drafts.delete(connectionId.value),
    async save(note: string) {
      if (!settings.value) return
      await call('save_identity_mapping', {
        connection_id: connectionId.value,
        based_on: draft.value?.based_on ?? mapping.value?.version ?? 0,
        note,
        settings: settings.value,
      })
      drafts.delete(connectionId.value)
      await refreshAll()
    },
  }
}
