import { setTimeout as pause } from 'node:timers/promises'
import { postgresDatabase, statement } from '@taskflow/database'
import { within } from '@taskflow/testing/wait'
import { machineMs } from './machine-time.ts'
import { calmSince, type Sample } from './recovery.ts'

/** Looks at the database directly, whatever is done to the ways of the processes, and sees how the run does. */
export interface Watch {
  readonly samples: readonly Sample[]
  /** Resolves once all has been calm for a while, with the moment since when; undefined when the time is up before. */
  untilCalm(fromMs: number, timeoutMs: number): Promise<number | undefined>
  /** Resolves with whether nothing is left to do. */
  untilFinished(timeoutMs: number): Promise<boolean>
  stop(): Promise<void>
}

const LOOK_EVERY_MS = 250
const PATIENCE_MS = 2_000

interface Look {
  unfinished: number
  waiting_ms: number | null
  silent_ms: number | null
}

const look = statement<readonly [], Look>({
  name: 'chaos_look',
  columns: ['unfinished', 'waiting_ms', 'silent_ms'],
  text: `
    select count(*)::integer as unfinished,
           (extract(epoch from clock_now() - min(queued_at) filter (where task.state = 'queued')) * 1000)::float8 as waiting_ms,
           (extract(epoch from clock_now() - min(heartbeat_at) filter (where task.state = 'running')) * 1000)::float8 as silent_ms
    from task left join worker on worker.id = task.worker_id`,
})

export function watch(url: string): Watch {
  const db = postgresDatabase({ url, poolSize: 1 })
  const samples: Sample[] = []
  let isStopped = false

  async function sample(): Promise<Sample> {
    const row = await within(PATIENCE_MS, db.run(look, [])).then(
      ([row]) => row,
      () => undefined,
    )
    return {
      atMs: machineMs(),
      waitingMs: row && (row.waiting_ms ?? 0),
      silentMs: row?.silent_ms ?? 0,
      unfinished: row?.unfinished ?? Number.NaN,
    }
  }

  async function keepLooking(): Promise<void> {
    while (!isStopped) {
      samples.push(await sample())
      await pause(LOOK_EVERY_MS)
    }
  }
  const looking = keepLooking()

  async function until<Value>(found: () => Value | undefined, timeoutMs: number): Promise<Value | undefined> {
    const deadlineMs = machineMs() + timeoutMs
    for (;;) {
      const value = found()
      if (value !== undefined || machineMs() > deadlineMs) return value
      await pause(LOOK_EVERY_MS)
    }
  }

  return {
    samples,
    untilCalm: (fromMs, timeoutMs) => until(() => calmSince(samples, fromMs), timeoutMs),
    async untilFinished(timeoutMs) {
      const askedMs = machineMs()
      const isDone = (): true | undefined => {
        const last = samples.at(-1)
        return last && last.atMs > askedMs && last.unfinished === 0 ? true : undefined
      }
      return (await until(isDone, timeoutMs)) === true
    },
    async stop() {
      isStopped = true
      await looking
      await db.close()
    },
  }
}
