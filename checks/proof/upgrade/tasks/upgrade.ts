/** Work that is watched from outside: each run notes what it saw, also one whose result is never accepted. */
import { appendFileSync } from 'node:fs'
import { defineTask, type TaskContext } from '@taskflow/sdk'

interface Job {
  /** Where witnesses are noted. */
  readonly file: string
  readonly ms: number
}

/** Which version runs this; in the environment of the worker. */
const VERSION = process.env.UPGRADE_VERSION ?? 'unknown'

type Seen = Pick<TaskContext, 'task' | 'fencingToken' | 'attempt'>

function note(
  file: string,
  kind: 'started' | 'ended' | 'aborted',
  { task, fencingToken, attempt }: Seen,
  more: object,
): void {
  const witness = { kind, atMs: Date.now(), taskId: task.id, leaseId: fencingToken, attempt, ...more }
  appendFileSync(file, `${JSON.stringify(witness)}\n`)
}

/** Throws what the signal says when it aborts before. */
async function take(ms: number, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  await Promise.race([aborted, new Promise((resolve) => setTimeout(resolve, ms))])
  signal.throwIfAborted()
}

/** The result names the lease of the attempt that produced it. */
async function work({ file, ms }: Job, ctx: TaskContext): Promise<{ leaseId: string }> {
  note(file, 'started', ctx, { process: VERSION })
  ctx.signal.addEventListener('abort', () => note(file, 'aborted', ctx, { reason: (ctx.signal.reason as Error).name }))
  await take(ms, ctx.signal)
  const result = { leaseId: ctx.fencingToken }
  note(file, 'ended', ctx, { result: JSON.stringify(result) })
  return result
}

export const steady = defineTask({ type: 'upgrade.steady', run: work })

/** Fails at first, of its own doing. */
export const stumbling = defineTask({
  type: 'upgrade.stumbling',
  retry: { baseMs: 100, maxMs: 200 },
  run(job: Job, ctx) {
    if (ctx.attempt > 1) return work(job, ctx)
    note(job.file, 'started', ctx, { process: VERSION })
    note(job.file, 'ended', ctx, { result: null })
    throw new Error('It stumbled')
  },
})
