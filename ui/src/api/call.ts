/** Calls the host's commands by their names, with the types that the host generated. */
import { channel, invoke } from '@/platform'
import type {
  ApiError,
  Closing,
  CommandMap,
  DecisionDeliveryProgress,
  DecisionDeliveryReport,
  DeliverDecisions,
  DeliveryProgress,
  Effect,
  ErrorCode,
  ReconciliationProgress,
  ReportDetail,
  ReportProgress,
  RewriteReport,
  RunProgress,
  TestDeliveryTarget,
  TestLayer,
  TestReport,
  WriteReport,
} from './generated'

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
export function call<K extends keyof CommandMap>(name: K, request: Request<K>): Promise<Response<K>> {
  return send(name, { request })
}

/** Tests a connection; each layer is handed out as it ends. */
export function testConnection(
  connection_id: number,
  onLayer: (layer: TestLayer) => void,
): Promise<TestReport> {
  return send('test_connection', { request: { connection_id }, onLayer: channel(onLayer) })
}

/** Tests a connection's library; each layer is handed out as it ends. */
export function testDeliveryTarget(
  request: TestDeliveryTarget,
  onLayer: (layer: TestLayer) => void,
): Promise<TestReport> {
  return send('test_delivery_target', { request, onLayer: channel(onLayer) })
}

/** Tells how a delivery goes on until it ends. */
export function watchDelivery(
  connection_id: number,
  onProgress: (progress: DeliveryProgress) => void,
): Promise<DeliveryProgress> {
  return send('watch_delivery', { request: { connection_id }, onProgress: channel(onProgress) })
}

/** Tells how a run goes on until it ends. */
export function watchRun(run_id: number, onProgress: (progress: RunProgress) => void): Promise<RunProgress> {
  return send('watch_run', { request: { run_id }, onProgress: channel(onProgress) })
}

/** Tells how a dry run goes on until it ends. */
export function watchDryRun(
  dry_id: number,
  onProgress: (progress: RunProgress) => void,
): Promise<RunProgress> {
  return send('watch_dry_run', { request: { dry_id }, onProgress: channel(onProgress) })
}

/** From now on the window is asked here what becomes of its runs when it is closed. */
export function watchClosing(onClosing: (closing: Closing) => void): Promise<unknown> {
  return send('watch_closing', { request: {}, onClosing: channel(onClosing) })
}

/** Tells how the computation of an effect goes on until it ends. */
export function watchEffect(effect_id: number, onProgress: (effect: Effect) => void): Promise<Effect> {
  return send('watch_effect', { request: { effect_id }, onProgress: channel(onProgress) })
}

/** Tells how a reconciliation goes on until it ends. */
export function watchReconciliation(
  reconciliation_id: number,
  onProgress: (progress: ReconciliationProgress) => void,
): Promise<ReconciliationProgress> {
  return send('watch_reconciliation', { request: { reconciliation_id }, onProgress: channel(onProgress) })
}

/** Writes a list of problems; tells how far it is. */
export function writeReport(
  request: WriteReport,
  onProgress: (progress: ReportProgress) => void,
): Promise<ReportDetail> {
  return send('write_report', { request, onProgress: channel(onProgress) })
}

/** Writes the file of a list of problems again; tells how far it is. */
export function rewriteReport(
  request: RewriteReport,
  onProgress: (progress: ReportProgress) => void,
): Promise<ReportDetail> {
  return send('rewrite_report', { request, onProgress: channel(onProgress) })
}

/** Brings decisions to the portal, or says what would be brought; tells how far it is. */
export function deliverDecisions(
  request: DeliverDecisions,
  onProgress: (progress: DecisionDeliveryProgress) => void,
): Promise<DecisionDeliveryReport> {
  return send('deliver_decisions', { request, onProgress: channel(onProgress) })
}
