import { setTimeout as pause } from 'node:timers/promises'
import { hasCode, type Task, TaskFlow, type TaskFlowApiError } from '@taskflow/sdk'
import type { TaskId } from '@taskflow/tasks'
import { insist } from '@taskflow/testing/insist'
import { ADMIN_TOKEN } from '@taskflow/testing/start-taskflow'
import type { Witness } from '@taskflow/testing/witness'
import type { Member } from './member.ts'

interface Given {
  /** The API processes that serve requests, as a proxy before them knows; read before each try. */
  readonly apis: () => readonly Member[]
  /** Tasks go to these in turn. */
  readonly queues: readonly string[]
  /** Where handlers note what they see. */
  readonly file: string
}

/** The service as its callers saw it. */
export interface CallersReport {
  readonly calls: number
  /** Refusals after which the caller tried again and was answered, by code. */
  readonly refusals: Readonly<Record<string, number>>
  /** From a first try to its answer, at worst. */
  readonly longestPauseMs: number
  /** Answers that no caller may ever get, in sentences. */
  readonly wrong: readonly string[]
}

/** A task that an API process accepted. */
export interface Accepted {
  readonly atMs: number
  readonly queue: string
  /** The version of that process. */
  readonly by: string
  /** It outlives the drain of its worker. */
  readonly isLong: boolean
}

export interface Callers {
  readonly witnesses: readonly Witness[]
  /** By the task's id. */
  readonly accepted: ReadonlyMap<string, Accepted>
  readonly report: CallersReport
  /** Lets callers finish their calls, and starts no more. Rejects when one gave up. */
  stop(): Promise<void>
}

const CALLERS = 4
const THINK_MS = 50
const BATCH = 6
// Six times as long as the drain of a worker.
const LONG_MS = 3_000
// Longer than everything that happens to the service.
const PATIENCE_MS = 240_000
const REPLY_MS = 15_000
const PAUSE_MS = 100

/**
 * Careful callers: each submission has a key, a call that fails is repeated with the next API process, and an answer is
 * compared with what was submitted. Some submit twice, some read what they submitted, some cancel.
 */
export function startCallers({ apis, queues, file }: Given): Callers {
  const witnesses: Witness[] = []
  const accepted = new Map<string, Accepted>()
  const refusals: Record<string, number> = {}
  const wrong: string[] = []
  let [calls, longestPauseMs, turn, count] = [0, 0, 0, 0]
  let isOver = false

  /** The answer, and the version of the process that gave it. */
  async function untilAnswered<Body>(
    call: (client: TaskFlow) => Promise<Body>,
  ): Promise<{ body: Body; version: string }> {
    const startedMs = performance.now()
    const answer = await insist(
      { apis, first: turn++, pauseMs: PAUSE_MS, timeoutMs: PATIENCE_MS, onFailure: countRefusal },
      async ({ url, version }) => ({
        body: await call(new TaskFlow({ url, token: ADMIN_TOKEN, retries: 0, timeoutMs: REPLY_MS })),
        version: version.name,
      }),
    )
    calls++
    longestPauseMs = Math.max(longestPauseMs, performance.now() - startedMs)
    return answer
  }

  function countRefusal(error: Error): void {
    const refusal = nameOf(error as TaskFlowApiError)
    refusals[refusal] = (refusals[refusal] ?? 0) + 1
    const { status = 503 } = error as TaskFlowApiError
    if (status !== 503) wrong.push(`a caller was refused: ${refusal}, ${error.message}`)
  }

  const queueOf = (n: number): string => queues[n % queues.length] as string

  type Known = Pick<Accepted, 'queue' | 'isLong'>

  function acknowledge(key: string, taskIds: readonly string[], by: string, known: (index: number) => Known): void {
    const atMs = Date.now()
    witnesses.push({ kind: 'submitted', atMs, taskIds, key })
    taskIds.forEach((id, index) => {
      if (!accepted.has(id)) accepted.set(id, { atMs, by, ...known(index) })
    })
  }

  async function submit(n: number): Promise<void> {
    const idempotencyKey = `key-${n}`
    const isToBeCancelled = n % 10 === 3
    const isLong = n % 11 === 0
    const type = n % 7 === 0 ? 'upgrade.stumbling' : 'upgrade.steady'
    const payload = { file, ms: isLong ? LONG_MS : n % 40 }
    const options = {
      queue: queueOf(n),
      labels: { 'idempotency-key': idempotencyKey },
      ...(isToBeCancelled ? { delayMs: 3_600_000 } : n % 5 === 1 && { delayMs: 400 }),
    }
    for (let times = n % 4 === 0 ? 2 : 1; times > 0; times--) {
      const { body, version } = await untilAnswered(({ tasks }) =>
        tasks.submit(type, payload, options, { idempotencyKey }),
      )
      acknowledge(idempotencyKey, [body.id], version, () => ({ queue: options.queue, isLong }))
      if (times > 1) continue
      if (n % 3 === 0) await read(body.id, payload)
      if (isToBeCancelled) await cancel(body.id)
    }
  }

  async function submitBatch(n: number): Promise<void> {
    const idempotencyKey = `batch-${n}`
    // The client gives each of its requests a key; here there is one.
    const key = `${idempotencyKey}:0`
    const batch = Array.from({ length: BATCH }, (_, index) => ({
      type: 'upgrade.steady',
      queue: queueOf(index),
      payload: { file, ms: index },
      labels: { 'idempotency-key': key },
    }))
    const { body, version } = await untilAnswered(({ tasks }) => tasks.submitMany(batch, { idempotencyKey }))
    acknowledge(key, body, version, (index) => ({ queue: queueOf(index), isLong: false }))
  }

  const get = async (id: string): Promise<Task> => (await untilAnswered(({ tasks }) => tasks.get(id))).body

  async function read(id: string, payload: object): Promise<void> {
    const task = await get(id)
    if (task.id !== id || JSON.stringify(task.payload) !== JSON.stringify(payload))
      wrong.push(`task ${id} reads as ${JSON.stringify(task)}`)
  }

  async function cancel(id: string): Promise<void> {
    await untilAnswered(({ tasks }) => tasks.cancel(id)).catch((error: unknown) => {
      // An earlier try has cancelled it, and the answer was lost.
      if (!hasCode(error, 'TASK_STATE_CONFLICT')) throw error
    })
    const { state } = await get(id)
    witnesses.push({ kind: 'cancelled', atMs: Date.now(), taskId: id as TaskId, state })
    if (state !== 'cancelled') wrong.push(`task ${id} was scheduled and cancelled, and is ${state}`)
  }

  async function caller(): Promise<void> {
    while (!isOver) {
      const n = count++
      await (n % 13 === 12 ? submitBatch(n) : submit(n))
      await pause(THINK_MS)
    }
  }

  const ended = Promise.all(Array.from({ length: CALLERS }, caller))
  ended.catch(() => {})
  return {
    witnesses,
    accepted,
    get report() {
      return { calls, refusals, longestPauseMs, wrong }
    },
    async stop() {
      isOver = true
      await ended
    },
  }
}

/** The name under which a refusal is counted: the server's code, or why the server could not be reached. */
function nameOf({ status, code, message, cause }: TaskFlowApiError): string {
  if (status !== undefined) return `${status} ${code}`
  const { cause: reason, name } = (cause ?? {}) as { cause?: { code?: string }; name?: string }
  return reason?.code ?? name ?? message
}
