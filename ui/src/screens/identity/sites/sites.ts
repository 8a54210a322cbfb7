/** What the pieces of the site review share. */
import type { Site, SiteRow } from '@/api/generated'

/** A site of which nothing is known yet. */
export function emptySite(): Site {
  return {
    name: '',
    address: '',
    site_key: '',
    application_id: '',
    callback: '',
    local_logout: '',
    province_logout: '',
    clear_fields: [],
    key_expires_on: null,
    note: '',
  }
}

/** The worst of what the last probe saw: failed, warn or ok. */
export function worstProbe(row: SiteRow): string {
  for (const state of ['failed', 'warn']) {
    if (row.probe.some((each) => each.state === state)) return state
  }
  return 'ok'
}
