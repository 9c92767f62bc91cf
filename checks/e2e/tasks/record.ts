import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineTask, type TaskContext } from '@taskflow/sdk'
import { untilOpen } from './hold.ts'

interface Note {
  /** Where the runs are noted; nowhere if absent. */
  readonly folder?: string | undefined
  readonly n: number
  /** How long it takes; no time if absent. */
  readonly ms?: number | undefined
  /** Done only once this file is there. */
  readonly gate?: string | undefined
}

/** A line for each run, also of one whose result is never accepted. */
export function noteRun(folder: string, { task, fencingToken }: Pick<TaskContext, 'task' | 'fencingToken'>): void {
  appendFileSync(join(folder, 'runs'), `${task.id} ${fencingToken}\n`)
}

/** Takes its time; throws what the signal says when it aborts before. */
async function take(ms: number, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  await Promise.race([aborted, new Promise((resolve) => setTimeout(resolve, ms))])
  signal.throwIfAborted()
}

/** Work with a known result. */
export const record = defineTask({
  type: 'record',
  async run({ folder, n, ms, gate }: Note, ctx) {
    if (folder !== undefined) noteRun(folder, ctx)
    if (ms !== undefined) await take(ms, ctx.signal)
    if (gate !== undefined) await untilOpen(gate, ctx.signal)
    return { square: n * n }
  },
})
