/**
 * The active connection on every surface. Dialogs, drawers, messages and the palette open beside the
 * frame, so the document itself carries name and environment, and `tokens.css` draws them everywhere.
 */
import { watch, type Ref } from 'vue'
import { setTitle } from './platform'

/** A text as a CSS string. */
export function cssString(text: string): string {
  const escaped = text.replace(/["\\]/g, (one) => `\\${one}`)
  return `"${escaped.replace(/[\u0000-\u001f]/g, ' ')}"`
}

/** What is shown of a connection: its name, and its environment's word. */
export interface Surface {
  name: string
  environment: string
  word: string
}

/** Keeps the document and the window's title as the active connection says. */
export function useSurface(surface: Ref<Surface | null>, product: Ref<string>) {
  watch(
    [surface, product],
    ([now, title]) => {
      const root = document.documentElement
      if (!now) {
        delete root.dataset.environment
        root.style.removeProperty('--here')
        void setTitle(title)
        return
      }
      root.dataset.environment = now.environment
      root.style.setProperty('--here', cssString(`${now.name} · ${now.word}`))
      void setTitle(`${title} — ${now.name} · ${now.word}`)
    },
    { immediate: true },
  )
}
