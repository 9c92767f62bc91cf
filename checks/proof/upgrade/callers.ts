import type { Clock } from '@taskflow/kernel'
import type { TaskId, TaskState } from '@taskflow/tasks'
import type { Witness } from '@taskflow/testing/witness'
import { type Member, TOKEN } from './member.ts'

/** One call of a caller, until it was answered. */
interface Call {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly key?: string
  readonly body?: object
  /** A status that is an answer too: what a second try is told when the first had done it, and its answer was lost. */
  readonly whenDone?: number
}

type Tried<Body> = { readonly body: Body; readonly version: string } | { readonly refusal: string }

interface TaskAnswer {
  readonly id: TaskId
  readonly state: TaskState
  readonly payload: unknown
}

interface Given {
  readonly clock: Clock
  /** The API processes that take requests now, as a proxy before them knows; read at each try. */
  readonly apis: () => readonly Member[]
  /** Tasks go to these by turns. */
  readonly queues: readonly string[]
  /** Where handlers note what they saw. */
  readonly file: string
}

/** What callers saw of the service. */
export interface CallersReport {
  readonly calls: number
  /** Refusals that may be tried again, by their code: the caller did, and was answered. */
  readonly refusals: Readonly<Record<string, number>>
  /** From a first try to the answer, at worst. */
  readonly longestPauseMs: number
  /** What no caller may ever see, in sentences. */
  readonly wrong: readonly string[]
}

/** A task that some API process answered for. */
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
  /** Lets each end its call, and starts no more. Rejects when one gave up. */
  stop(): Promise<void>
}

const CALLERS = 4
const THINK_MS = 50
const BATCH = 6
// Six times the drain of a worker.
const LONG_MS = 3_000
// Longer than everything that is to happen to the service.
const PATIENCE_MS = 240_000
const REPLY_MS = 15_000
const PAUSE_MS = 100

/**
 * Careful callers: each submission has a key, a refusal that may be tried again is, by whichever API process comes next, and an
 * answer is compared with what was asked. Some ask twice, some ask for what they submitted, some cancel.
 */
export function startCallers({ clock, apis, queues, file }: Given): Callers {
  const witnesses: Witness[] = []
  const accepted = new Map<string, Accepted>()
  const refusals: Record<string, number> = {}
  const wrong: string[] = []
  let [calls, longestPauseMs, turn, count] = [0, 0, 0, 0]
  let isOver = false

  /** The body of the answer, and who gave it. */
  async function insist<Body>(call: Call): Promise<{ body: Body; version: string }> {
    const startedMs = clock.monotonicMs()
    for (;;) {
      const takers = apis()
      const member = takers[turn++ % takers.length]
      const tried: Tried<Body> = member ? await attempt(member, call) : { refusal: 'no API process' }
      const tookMs = clock.monotonicMs() - startedMs
      if ('body' in tried) {
        calls++
        longestPauseMs = Math.max(longestPauseMs, tookMs)
        return tried
      }
      refusals[tried.refusal] = (refusals[tried.refusal] ?? 0) + 1
      if (tookMs > PATIENCE_MS) throw new Error(`${call.method} ${call.path} was not answered: ${tried.refusal}`)
      await clock.sleep(PAUSE_MS)
    }
  }

  async function attempt<Body>(
    { url, version }: Member,
    { method, path, key, body, whenDone }: Call,
  ): Promise<Tried<Body>> {
    try {
      const reply = await fetch(url + path, {
        method,
        headers: {
          authorization: `Bearer ${TOKEN}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(key !== undefined && { 'idempotency-key': key }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(REPLY_MS),
      })
      const answer = (await reply.json()) as Body & { code?: string; detail?: string }
      if (reply.ok || reply.status === whenDone) return { body: answer, version: version.name }
      const refusal = `${reply.status} ${answer.code}`
      if (reply.status !== 503) wrong.push(`${method} ${path} by ${version.name}: ${refusal}, ${answer.detail}`)
      return { refusal }
    } catch (error) {
      const { code, name } = ((error as Error).cause ?? error) as { code?: string; name: string }
      return { refusal: code ?? name }
    }
  }

  const now = (): number => clock.now().getTime()
  const queueOf = (n: number): string => queues[n % queues.length] as string

  type Known = Pick<Accepted, 'queue' | 'isLong'>

  function acknowledge(key: string, taskIds: readonly string[], by: string, known: (index: number) => Known): void {
    const atMs = now()
    witnesses.push({ kind: 'submitted', atMs, taskIds, key })
    taskIds.forEach((id, index) => {
      if (!accepted.has(id)) accepted.set(id, { atMs, by, ...known(index) })
    })
  }

  async function submit(n: number): Promise<void> {
    const key = `key-${n}`
    const isToBeCancelled = n % 10 === 3
    const isLong = n % 11 === 0
    const task = {
      type: n % 7 === 0 ? 'upgrade.stumbling' : 'upgrade.steady',
      queue: queueOf(n),
      payload: { file, ms: isLong ? LONG_MS : n % 40 },
      labels: { 'idempotency-key': key },
      ...(isToBeCancelled ? { delayMs: 3_600_000 } : n % 5 === 1 && { delayMs: 400 }),
    }
    const call: Call = { method: 'POST', path: '/v1/tasks', key, body: task }
    for (let times = n % 4 === 0 ? 2 : 1; times > 0; times--) {
      const { body, version } = await insist<TaskAnswer>(call)
      acknowledge(key, [body.id], version, () => ({ queue: task.queue, isLong }))
      if (times > 1) continue
      if (n % 3 === 0) await read(body.id, task.payload)
      if (isToBeCancelled) await cancel(body.id)
    }
  }

  async function submitBatch(n: number): Promise<void> {
    const key = `batch-${n}`
    const tasks = Array.from({ length: BATCH }, (_, index) => ({
      type: 'upgrade.steady',
      queue: queueOf(index),
      payload: { file, ms: index },
      labels: { 'idempotency-key': key },
    }))
    const { body, version } = await insist<{ ids: readonly string[] }>({
      method: 'POST',
      path: '/v1/tasks/batch',
      key,
      body: { tasks },
    })
    acknowledge(key, body.ids, version, (index) => ({ queue: queueOf(index), isLong: false }))
  }

  const get = async (id: string): Promise<TaskAnswer> =>
    (await insist<TaskAnswer>({ method: 'GET', path: `/v1/tasks/${id}` })).body

  async function read(id: string, payload: object): Promise<void> {
    const body = await get(id)
    if (body.id !== id || JSON.stringify(body.payload) !== JSON.stringify(payload))
      wrong.push(`task ${id} reads as ${JSON.stringify(body)}`)
  }

  async function cancel(id: TaskId): Promise<void> {
    await insist({ method: 'POST', path: `/v1/tasks/${id}/cancel`, body: {}, whenDone: 409 })
    const { state } = await get(id)
    witnesses.push({ kind: 'cancelled', atMs: now(), taskId: id, state })
    if (state !== 'cancelled') wrong.push(`task ${id} was scheduled and cancelled, and is ${state}`)
  }

  async function caller(): Promise<void> {
    while (!isOver) {
      const n = count++
      await (n % 13 === 12 ? submitBatch(n) : submit(n))
      await clock.sleep(THINK_MS)
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
