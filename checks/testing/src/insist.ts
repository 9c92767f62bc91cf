import type { TaskFlowApiError } from '@taskflow/sdk'
import { systemClock } from './system-clock.ts'

interface Insistence<Api> {
  /**
   * The API processes, as a proxy before them knows them; read before each try. The caller waits while there is none.
   */
  readonly apis: () => readonly Api[]
  /** The place of the first that is called; the others follow in turn. */
  readonly first?: number
  readonly pauseMs?: number
  readonly timeoutMs?: number
  /** Once it aborts, the caller gives up. */
  readonly signal?: AbortSignal
  /** Called with each failure after which the caller tries again. */
  onFailure?(error: Error): void
}

const PAUSE_MS = 200

/**
 * A careful caller: calls one API process after another until one answers. Whether a call that failed had an effect is
 * unknown, so a submission must carry the same idempotency key each time. Throws an error that repetition cannot help
 * against, such as a 4xx, and the last failure when the time is up.
 */
export async function insist<Api, Answer>(
  { apis, first = 0, pauseMs = PAUSE_MS, timeoutMs = Number.POSITIVE_INFINITY, signal, onFailure }: Insistence<Api>,
  call: (api: Api) => Promise<Answer>,
): Promise<Answer> {
  const deadline = performance.now() + timeoutMs
  for (let tried = 0; ; tried++) {
    const serving = apis()
    try {
      if (serving.length === 0) throw NOBODY
      return await call(serving[(first + tried) % serving.length] as Api)
    } catch (error) {
      if (!isPassing(error) || signal?.aborted || performance.now() > deadline) throw error
      onFailure?.(error as Error)
    }
    await systemClock.sleep(pauseMs, signal)
  }
}

const NOBODY = new Error('no API process')

function isPassing(error: unknown): boolean {
  const { code, status = 0 } = error as TaskFlowApiError
  return error === NOBODY || code === 'SERVER_UNREACHABLE' || status === 429 || status >= 500
}
