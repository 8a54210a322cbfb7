/** The only door to the desktop shell. Screens never see it; `api/` and a few parts do. */
import { Channel, invoke as tauriInvoke } from '@tauri-apps/api/core'
import { getCurrentWindow } from '@tauri-apps/api/window'
import { open, save } from '@tauri-apps/plugin-dialog'

/** Calls a command of the host. */
export function invoke(name: string, args: Record<string, unknown>): Promise<unknown> {
  return tauriInvoke(name, args)
}

/** A channel whose messages are handed to `each`. */
export function channel<T>(each: (message: T) => void): unknown {
  const made = new Channel<T>()
  made.onmessage = each
  return made
}

/** Kind of file for a file dialog. */
export interface FileKind {
  name: string
  extensions: string[]
}

/** Asks where to write a file; `null` when the user changes their mind. */
export function pickSaveFile(title: string, name: string, kinds: FileKind[]): Promise<string | null> {
  return save({ title, defaultPath: name, filters: kinds })
}

/** Asks which file to read; `null` when the user changes their mind. */
export async function pickOpenFile(title: string, kinds: FileKind[]): Promise<string | null> {
  const path = await open({ title, filters: kinds, multiple: false, directory: false })
  return typeof path === 'string' ? path : null
}

/** Asks which files to read; empty when the user changes their mind. */
export async function pickOpenFiles(title: string, kinds: FileKind[]): Promise<string[]> {
  const paths = await open({ title, filters: kinds, multiple: true, directory: false })
  return Array.isArray(paths) ? paths : []
}

/** Names the window in the task bar. A window that cannot be named goes on without. */
export async function setTitle(title: string): Promise<void> {
  document.title = title
  try {
    await getCurrentWindow().setTitle(title)
  } catch {
    // Only the system's frame shows it.
  }
}
