import { Agent, request } from 'node:http'
import { nowMs } from '@taskflow/bench/moment.ts'
import { type Submission, submissionAt } from './mix.ts'

interface Load {
  readonly url: string
  readonly token: string
  /** Submissions a second. */
  readonly rate: number
  /** Keeps what a caller was answered. */
  note(line: string): void
}

/** What became of the calls since the last look. */
export interface Calls {
  readonly latenciesMs: readonly number[]
  readonly failures: number
  /** How many wait for their answer at this moment. */
  readonly inFlight: number
}

export interface SteadyLoad {
  take(): Calls
  /** The first few answers that nobody should have got. */
  readonly complaints: readonly string[]
  readonly submitted: number
  /** Resolves when every call has its answer. */
  stop(): Promise<void>
}

// Two hundred a second come one by one; what is late is sent with the next tick.
const TICK_MS = 5
const MOST_SOCKETS = 64
const KEPT_COMPLAINTS = 10
const PATIENCE_MS = 30_000

/**
 * Submits by the clock, not by the answers: who waits for an answer before the next call measures a slow server less often, and
 * so too kindly.
 */
export function steadyLoad({ url, token, rate, note }: Load): SteadyLoad {
  const agent = new Agent({ keepAlive: true, maxSockets: MOST_SOCKETS })
  const { hostname, port } = new URL(url)
  const complaints: string[] = []
  const open = new Set<Promise<void>>()
  let latenciesMs: number[] = []
  let failures = 0
  let submitted = 0
  const startedMs = nowMs()
  const timer = setInterval(() => {
    const due = Math.floor(((nowMs() - startedMs) / 1_000) * rate)
    while (submitted < due) track(submit(submissionAt(submitted++)))
  }, TICK_MS)

  function track(work: Promise<void>): void {
    const counted = work.catch((error: Error) => {
      failures++
      if (complaints.length < KEPT_COMPLAINTS) complaints.push(error.message)
    })
    open.add(counted)
    void counted.then(() => open.delete(counted))
  }

  async function submit({ task, key, isRepeated = false, cancelAfterMs }: Submission): Promise<void> {
    const at = nowMs()
    const body = JSON.stringify({ ...task, payload: { at, delayMs: task.delayMs ?? 0 } })
    for (let time = 0; time <= Number(isRepeated); time++) {
      const calledMs = nowMs()
      const { id } = await post('/v1/tasks', body, 201, key)
      latenciesMs.push(nowMs() - calledMs)
      note(`submitted ${nowMs().toFixed(3)} ${id} ${key ?? '-'}`)
      if (cancelAfterMs === undefined) continue
      await new Promise((resolve) => setTimeout(resolve, cancelAfterMs))
      const { state } = await post(`/v1/tasks/${id}/cancel`, '', 200)
      note(`cancelled ${nowMs().toFixed(3)} ${id} ${state}`)
    }
  }

  function post(path: string, body: string, expected: number, key?: string): Promise<{ id: string; state: string }> {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-length': Buffer.byteLength(body),
      ...(body !== '' && { 'content-type': 'application/json' }),
      ...(key !== undefined && { 'idempotency-key': key }),
    }
    return new Promise((resolve, reject) => {
      const call = request({ agent, hostname, port, path, method: 'POST', headers, timeout: PATIENCE_MS }, (reply) => {
        let text = ''
        reply.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        reply.on('error', reject)
        reply.on('end', () => {
          if (reply.statusCode === expected) resolve(JSON.parse(text))
          else reject(new Error(`Expected ${expected} of ${path}, got ${reply.statusCode}: ${text.slice(0, 300)}`))
        })
      })
      call.on('timeout', () => call.destroy(new Error(`No answer to ${path} within ${PATIENCE_MS} ms`)))
      call.on('error', reject)
      call.end(body)
    })
  }

  return {
    complaints,
    get submitted() {
      return submitted
    },
    take() {
      const taken = { latenciesMs, failures, inFlight: open.size }
      latenciesMs = []
      failures = 0
      return taken
    },
    async stop() {
      clearInterval(timer)
      await Promise.all(open)
      agent.destroy()
    },
  }
}
