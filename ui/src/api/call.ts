/** Calls the host's commands by their names, with the types that the host generated. */
import { channel, invoke } from '@/platform'
import type { ApiError, CommandMap, ErrorCode, ProgressMap } from './generated'

type Request<K extends keyof CommandMap> = CommandMap[K]['request']
type Response<K extends keyof CommandMap> = CommandMap[K]['response']

/** A failure that the host told. */
export class CallError extends Error {
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly details: string | null

  constructor(error: ApiError) {
    super(error.message)
    this.code = error.code
    this.retryable = error.retryable
    this.details = error.details
  }
}

/** Turns whatever a call was rejected with into a [CallError]. */
export function toCallError(reason: unknown): CallError {
  if (reason instanceof CallError) return reason
  if (typeof reason === 'object' && reason !== null && 'code' in reason && 'message' in reason) {
    return new CallError(reason as ApiError)
  }
  const message = reason instanceof Error ? reason.message : String(reason)
  return new CallError({ code: 'internal', message, retryable: false, details: null })
}

async function send<T>(name: string, args: Record<string, unknown>): Promise<T> {
  try {
    return (await invoke(name, args)) as T
  } catch (reason) {
    throw toCallError(reason)
  }
}

/** Calls a command. Rejects with a [CallError]. */
export function call<K extends keyof CommandMap>(name: K, request: Request<K>): Promise<Response<K>>
/** Calls a command that tells how far it is. Rejects with a [CallError]. */
export function call<K extends keyof ProgressMap>(
  name: K,
  request: Request<K>,
  onProgress: (message: ProgressMap[K]) => void,
): Promise<Response<K>>
export function call(name: string, request: unknown, onProgress?: (message: never) => void): Promise<never> {
  return send(name, onProgress ? { request, onProgress: channel(onProgress) } : { request })
}
