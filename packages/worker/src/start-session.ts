import { buildExecution } from './attempts/build-execution.ts'
import { buildFetching } from './fetching/build-fetching.ts'
import { LeakedLeases } from './fetching/leaked-leases.ts'
import { heartbeatSender } from './heartbeat-sender.ts'
import { operatorRequests } from './operator-requests.ts'
import { Session } from './session.ts'
import type { WorkerSettings } from './settings.ts'
import type { WorkerDeps } from './worker-deps.ts'
import type { WorkerStart } from './worker-start.ts'

/**
 * Builds the parts of a worker, each from those before it, and starts them. Rejects with SETTINGS_INVALID when the task
 * modules cannot be loaded.
 */
export async function startSession(deps: WorkerDeps, settings: WorkerSettings, start: WorkerStart): Promise<Session> {
  const { storage, wakeups, clock, events, log } = deps
  const { drainMs, killGraceMs, heartbeatMs } = settings
  const ending = new AbortController()
  const onError = (error: unknown): void => void events.emit('round.failed', { service: 'worker', error })
  const context = { ending, start, onError }

  const execution = await buildExecution(deps, settings, context)
  const fetching = buildFetching(deps, settings, context, execution)
  const { slots, settler, shared, loopWatch } = execution
  const { claimer, registration } = fetching
  const requests = operatorRequests({ ...execution, ...fetching, clock, log, drainMs })
  const heartbeats = heartbeatSender({
    ...execution,
    ...fetching,
    requests,
    leaked: new LeakedLeases({ storage, log, slots, settler, claimer, onError }),
    storage,
    clock,
    events,
    intervalMs: heartbeatMs,
    onError,
  })

  // An empty detail: the connection is back, and notifications may have been lost meanwhile.
  const isForThis = (detail: string): boolean => detail === '' || detail === registration.workerId
  let unlisten: (() => Promise<void>) | undefined
  try {
    unlisten = await wakeups.on('asked', (detail) => isForThis(detail) && heartbeats.wake())
    loopWatch.start()
    await heartbeats.start()
  } catch (error) {
    loopWatch.stop()
    await Promise.all([unlisten?.(), shared.stop()])
    throw error
  }
  const parts = { ...execution, ...fetching, requests, heartbeats, unlisten }
  return new Session({ ...parts, ...context, storage, clock, events, drainMs, killGraceMs })
}
