import { setTimeout as pause } from 'node:timers/promises'
import { defineTask, PermanentError, type TaskContext } from '@taskflow/sdk'
import { nowMs } from '@taskflow/testing/measuring/machine-clock'
import { type Act, type Script, TYPES } from '../script.ts'
import { countTurn, type Line, witnessFile } from '../witness-file.ts'

const SNOOZE_MS = 700
const NAME = `${process.pid}`

let write: ((line: Line) => void) | undefined

function folderOf(): string {
  const { CHAOS_WITNESSES } = process.env
  if (CHAOS_WITNESSES === undefined) throw new Error('Expected CHAOS_WITNESSES to name the folder of witnesses')
  return CHAOS_WITNESSES
}

async function play({ acts }: Script, context: TaskContext): Promise<{ leaseId: string }> {
  write ??= witnessFile(folderOf())
  const { attempt, signal, task, fencingToken: leaseId } = context
  const seen = { taskId: task.id, leaseId }
  const note = write
  note({
    kind: 'started',
    atMs: nowMs(),
    ...seen,
    attempt,
    process: NAME,
    claimedAgoMs: Date.now() - claimedAtMs(leaseId),
  })
  signal.addEventListener('abort', () =>
    note({
      kind: 'aborted',
      atMs: nowMs(),
      ...seen,
      reason: (signal.reason as Error | undefined)?.name ?? 'unknown',
    }),
  )
  const end = (result: string | null): void => note({ kind: 'ended', atMs: nowMs(), ...seen, attempt, result })
  try {
    await perform(acts[Math.min(attempt, acts.length) - 1] as Act, context)
  } catch (error) {
    end(null)
    throw error
  }
  end(JSON.stringify({ leaseId }))
  return { leaseId }
}

async function perform(
  { ms, does, isStubborn, isBlocking, kills = Number.POSITIVE_INFINITY }: Act,
  context: TaskContext,
) {
  const { signal, task } = context
  const turn = (name: string): number => countTurn(folderOf(), name, task.id)
  if (isBlocking) block(ms)
  else await pause(ms, undefined, isStubborn ? {} : { signal }).catch(() => signal.throwIfAborted())
  if (does === 'fail') throw new Error('The script makes the handler fail')
  if (does === 'fail for good') throw new PermanentError('The script makes the handler fail for good')
  // A snooze uses no attempt, so the same act repeats.
  if (does === 'snooze' && turn('snoozes') === 1) context.snooze(SNOOZE_MS)
  if (does === 'kill its process' && turn('deaths') <= kills) {
    process.kill(process.pid, 'SIGKILL')
    await new Promise<never>(() => {})
  }
}

function block(ms: number): void {
  const untilMs = performance.now() + ms
  while (performance.now() < untilMs);
}

/**
 * The UUIDv7 of a lease holds the time of its claim, by the clock of the claiming worker, which is this process's own.
 */
const claimedAtMs = (leaseId: string): number => Number.parseInt(leaseId.replace('-', '').slice(0, 12), 16)

export const playShared = defineTask({ type: TYPES.shared, run: play })
export const playInThread = defineTask({ type: TYPES.thread, isolation: 'thread', run: play })
export const playInProcess = defineTask({ type: TYPES.process, isolation: 'process', run: play })
