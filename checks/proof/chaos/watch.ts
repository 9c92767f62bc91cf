import { setTimeout as pause } from 'node:timers/promises'
import { postgresDatabase, statement } from '@taskflow/database'
import { nowMs } from '@taskflow/testing/measuring/machine-clock'
import { within } from '@taskflow/testing/wait'
import { calmSince, type Sample } from './recovery.ts'

/**
 * Samples the state of the run over a direct connection to the database, which no harm to the processes' networks
 * affects.
 */
export interface Watch {
  readonly samples: readonly Sample[]
  /**
   * Resolves once the run has been calm for a while, with the moment at which the calm began; undefined after the
   * timeout.
   */
  untilCalm(fromMs: number, timeoutMs: number): Promise<number | undefined>
  /** Resolves with whether every task finished in time. */
  untilFinished(timeoutMs: number): Promise<boolean>
  stop(): Promise<void>
}

const SAMPLE_EVERY_MS = 250
const PATIENCE_MS = 2_000

interface Row {
  unfinished: number
  waiting_ms: number | null
  silent_ms: number | null
}

const look = statement<readonly [], Row>({
  name: 'chaos_look',
  columns: ['unfinished', 'waiting_ms', 'silent_ms'],
  text: `
    select count(*)::integer as unfinished,
           (extract(epoch from clock_now() - min(queued_at) filter (where task.state = 'queued')) * 1000)::float8 as waiting_ms,
           (extract(epoch from clock_now() - min(heartbeat_at) filter (where task.state = 'running')) * 1000)::float8 as silent_ms
    from task left join worker on worker.id = task.worker_id`,
})

/** @param primaryUrl gives the address of the current primary: a former one shows a state that has passed */
export function watch(primaryUrl: () => string): Watch {
  let url = primaryUrl()
  let db = postgresDatabase({ url, poolSize: 1 })
  const samples: Sample[] = []
  let isStopped = false

  async function sample(): Promise<Sample> {
    if (url !== primaryUrl()) {
      await db.close()
      url = primaryUrl()
      db = postgresDatabase({ url, poolSize: 1 })
    }
    const row = await within(PATIENCE_MS, db.run(look, [])).then(
      ([row]) => row,
      () => undefined,
    )
    return {
      atMs: nowMs(),
      waitingMs: row && (row.waiting_ms ?? 0),
      silentMs: row?.silent_ms ?? 0,
      unfinished: row?.unfinished ?? Number.NaN,
    }
  }

  async function keepSampling(): Promise<void> {
    while (!isStopped) {
      samples.push(await sample())
      await pause(SAMPLE_EVERY_MS)
    }
  }
  const sampling = keepSampling()

  async function until<Value>(found: () => Value | undefined, timeoutMs: number): Promise<Value | undefined> {
    const deadlineMs = nowMs() + timeoutMs
    for (;;) {
      const value = found()
      if (value !== undefined || nowMs() > deadlineMs) return value
      await pause(SAMPLE_EVERY_MS)
    }
  }

  return {
    samples,
    untilCalm: (fromMs, timeoutMs) => until(() => calmSince(samples, fromMs), timeoutMs),
    async untilFinished(timeoutMs) {
      const fromMs = nowMs()
      const isDone = (): true | undefined => {
        const last = samples.at(-1)
        return last && last.atMs > fromMs && last.unfinished === 0 ? true : undefined
      }
      return (await until(isDone, timeoutMs)) === true
    },
    async stop() {
      isStopped = true
      await sampling
      await db.close()
    },
  }
}
