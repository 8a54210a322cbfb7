/** Keys that mean the same on every page: Ctrl+Enter does the main action, Ctrl+F goes to the filter. */
import { onBeforeUnmount, onMounted } from 'vue'

const MAIN = '.el-button--primary:not(.is-disabled):not(.is-loading)'

/** The dialog or drawer that lies above the page, if one is open. */
function above(): HTMLElement | null {
  const open = [...document.querySelectorAll<HTMLElement>('.el-overlay')].filter(
    (overlay) => overlay.style.display !== 'none',
  )
  return open.at(-1) ?? null
}

/** Does the main action of what is in front; `false` when there is none that may be done now. */
export function doMainAction(title: ParentNode): boolean {
  const overlay = above()
  const button = overlay
    ? overlay.querySelector<HTMLButtonElement>(`.el-dialog__footer ${MAIN}`)
    : title.querySelector<HTMLButtonElement>(MAIN)
  if (!button || button.closest('[inert]')) return false
  button.click()
  return true
}

/** Puts the cursor into the page's search, or into its first filter. */
export function goToFilter(): boolean {
  if (above()) return false
  const field =
    document.querySelector<HTMLElement>('.filters .search input, .filters input.search') ??
    document.querySelector<HTMLElement>('.filters input')
  field?.focus()
  return field !== null
}

/** In a dialog, Enter in a field of one line is the field's own: it must not be done twice. */
function isOwn(event: KeyboardEvent): boolean {
  return event.target instanceof HTMLInputElement && event.target.closest('.el-overlay') !== null
}

/** Listens to both keys for as long as the page is shown. */
export function usePageKeys(title: () => ParentNode | undefined): void {
  function keys(event: KeyboardEvent) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return
    if (event.repeat || event.defaultPrevented) return
    const element = title()
    if (event.key === 'Enter') {
      if (element && !isOwn(event) && doMainAction(element)) event.preventDefault()
    } else if (event.key.toLowerCase() === 'f' && goToFilter()) event.preventDefault()
  }
  onMounted(() => window.addEventListener('keydown', keys))
  onBeforeUnmount(() => window.removeEventListener('keydown', keys))
}
